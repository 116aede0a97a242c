//! Where values come from: the field, the row, the line.

use super::{BILL, PIPELINE, evaluate, job, lookup, program, record, tables};
use crate::program::Evaluation;
use crate::program::trace::{Hit, Trace, Traced, What};

fn traced(bill: &str) -> Trace {
    let program = program(PIPELINE);
    let tables = tables(&program);
    let trace = program.trace(&program.flows()[0], &tables, &record(bill), Some(&job()), None);
    assert_eq!(trace.evaluation, evaluate(bill), "the trace ends otherwise");
    trace
}

fn value<'a>(trace: &'a Trace, path: &str) -> &'a Traced {
    let found = trace.values.iter().find(|value| value.path.to_string() == path);
    found.unwrap_or_else(|| panic!("no {path} in {:?}", trace.values))
}

/// What a value was made of, in words; what only decided in parentheses.
fn story(value: &Traced) -> Vec<String> {
    let words = |what: &What| match what {
        What::Read { of, path, value } => format!("{of:?} {path} = {value}"),
        What::Constant(value) => format!("constant {value}"),
        What::Function(name) => format!("{name}()"),
        What::Template => "text".to_owned(),
        What::Lookup { asked, output } => {
            let output = output.as_ref().map_or_else(String::new, |(name, value)| format!(" {name} {value}"));
            let row = match &asked.hit {
                Hit::Own(row) => program(PIPELINE).lookups()[asked.lookup.0].rows[*row].place.clone(),
                other => format!("{other:?}"),
            };
            format!("{row}{output}")
        }
    };
    let steps = value.from.iter().map(|step| {
        let words = words(&step.what);
        if step.because { format!("({words})") } else { words }
    });
    steps.collect()
}

#[test]
fn each_value_is_traced_to_its_own_line_and_row() {
    let trace = traced(BILL);
    assert_eq!(
        story(value(&trace, "lines[1].account")),
        ["test.mlc line 8 account 5310", "(Source lines[1].code = 03-310)", "(Source lines[1].kind = X)"]
    );
    assert_eq!(story(value(&trace, "lines[1].amount")), ["Source lines[1].amount = 500.5"]);
    assert_eq!(
        story(value(&trace, "lines[0].note")),
        ["take()", "constant Progress billing", "(Source lines[0].note = )"]
    );
    assert_eq!(story(value(&trace, "lines[1].note")), ["take()", "Source lines[1].note = Rebar"]);
    assert_eq!(story(value(&trace, "reference")), ["shorten()", "text", "Scope number = J-1", "Source number = INV-7"]);
    assert_eq!(
        story(value(&trace, "total")),
        ["sum()", "Source lines[0].amount = 1000", "Source lines[1].amount = 500.5"]
    );
    let supplier = value(&trace, "supplier");
    let What::Lookup { asked, .. } = &supplier.from[0].what else { panic!("{supplier:?}") };
    assert_eq!(asked.hit, Hit::Elsewhere("site.vendors, id 42".into(), vec!["S42".into()]));
    assert_eq!(asked.inputs[0].read.as_ref().map(|(_, path)| path.pointer()).as_deref(), Some("/vendor"));
}

#[test]
fn a_value_has_the_line_of_its_field_and_a_step_the_line_that_asks() {
    let trace = traced(BILL);
    let line = |at: u32| PIPELINE[..at as usize].matches('\n').count() + 1;
    let text = |at: u32| PIPELINE.lines().nth(line(at) - 1).unwrap_or_default().trim();
    let account = value(&trace, "lines[0].account");
    assert_eq!(text(account.span.start), "account = to.account");
    assert_eq!(text(account.from[0].span.start), "let to  = account(line.code, line.kind)");
}

#[test]
fn the_questions_are_told_in_order_and_with_their_answers() {
    let told = |bill: &str| {
        let checks = traced(bill).checks;
        checks.iter().map(|check| format!("{} {}", check.rule, check.passed)).collect::<Vec<_>>()
    };
    assert_eq!(told(BILL), ["where true", "let true", "require true"]);
    assert_eq!(told(&BILL.replace("approved", "open")), ["where false"]);
    assert_eq!(told(&BILL.replace("1500.5", "1500.4")), ["where true", "let true", "require false"]);
}

#[test]
fn what_was_mapped_before_a_row_was_missing_is_there_with_the_rows_that_come_nearest() {
    let trace = traced(&BILL.replace(r#""03-310","kind":"X""#, r#""04-310","kind":"L""#));
    assert!(matches!(trace.evaluation, Evaluation::Stopped(_)));
    assert_eq!(story(value(&trace, "lines[0].account"))[0], "test.mlc line 7 account 5100");
    assert!(trace.values.iter().all(|value| !value.path.to_string().starts_with("lines[1]")), "{:?}", trace.values);
    let stopped = trace.stopped.expect("it stopped");
    assert_eq!(stopped.path.to_string(), "lines[1]");
    let asked = stopped.asked.expect("a lookup");
    assert_eq!((asked.lookup, &asked.hit), (lookup(&program(PIPELINE), "account"), &Hit::Nothing));
    let inputs: Vec<String> = asked.inputs.iter().map(|input| format!("{} {}", input.name, input.value)).collect();
    assert_eq!(inputs, ["code 04-310", "kind L"]);
    let program = program(PIPELINE);
    let rows = &program.lookups()[asked.lookup.0].rows;
    let nearest: Vec<&str> = stopped.nearest.iter().map(|row| rows[*row].place.as_str()).collect();
    assert_eq!(nearest.first(), Some(&"test.mlc line 7"), "{nearest:?}");
}

#[test]
fn a_value_of_very_many_parts_counts_those_that_it_leaves_off() {
    let line = r#"{"code":"01-100","kind":"L","amount":1}"#;
    let many = vec![line; 2_000].join(",");
    let (before, _) = BILL.split_once(r#""lines":["#).expect("lines");
    let trace = traced(&format!(r#"{}"lines":[{many}]}}"#, before.replace("1500.5", "2000")));
    assert!(matches!(trace.evaluation, Evaluation::Mapped(_)), "{:?}", trace.evaluation);
    let total = value(&trace, "total");
    assert_eq!((total.from.len(), total.left_off), (500, 1_501));
}
