//! Branches, joined lists, functions, variables and rows that hold for some days.

use super::{driver, job, mapped, program, record, stopped};
use crate::diag::{Sources, Style, render};
use crate::model::{LookupId, Override, check_with};
use crate::program::{Evaluation, Program, Tables, compile};
use crate::syntax::{Outcome, parse};
use crate::value::Value;

const BILL: &str = r#"{"id":1,"number":"7","status":"approved","vendor":42,"due":150.5,"day":"2026-10-31","lines":[
    {"code":"01","kind":"L","amount":100},{"code":"02","kind":"M","amount":-20.5},{"code":"03","kind":"L","amount":0}]}"#;

/// A pipeline with items before its flow, clauses in it, and what its lines are made of.
fn pipeline(items: &str, clauses: &str, note: &str, lines: &str) -> String {
    format!(
        "connect site {{ company = 7\n sandbox }}\n{items}\nflow bills {{\n from site.bills as bill per job\n{clauses}\n \
         map {{\n supplier = \"S\"\n reference = \"r\"\n note = {note}\n lines = {lines}\n total = bill.due\n }}\n \
         to site.vouchers {{ key supplier, reference }}\n}}\n"
    )
}

fn run(program: &Program) -> Evaluation {
    let mut bill = record(BILL);
    bill.insert("day", "2026-10-31".parse::<crate::value::Date>().expect("a day"));
    program.flows()[0].evaluate(&Tables::new(program), &bill, Some(&job()))
}

/// What the note becomes.
fn note(items: &str, clauses: &str, note: &str) -> Option<String> {
    let program = program(&pipeline(items, clauses, note, "[]"));
    mapped(run(&program)).target.get("note").map(ToString::to_string)
}

#[test]
fn the_branch_that_holds_is_evaluated_and_no_other() {
    let value = |text| note("", "", text);
    assert_eq!(value("if bill.due > 100 then \"much\" else \"little\"").as_deref(), Some("much"));
    assert_eq!(
        value("if bill.due > 1000 then \"much\" else if bill.due > 150 then \"some\" else \"little\"").as_deref(),
        Some("some")
    );
    assert_eq!(value("if bill.due > 1000 then \"much\""), None);
    assert_eq!(
        value("if bill.due > 100 then \"much\" else text(1 / (bill.due - bill.due)) | take(9)").as_deref(),
        Some("much")
    );
    assert_eq!(
        value("match bill.status { \"open\" => \"a\"  \"draft\", \"approved\" => \"b\"  _ => \"c\" }").as_deref(),
        Some("b")
    );
    assert_eq!(value("match bill.due { 150.50 => \"by amount\"  _ => \"c\" }").as_deref(), Some("by amount"));
    assert_eq!(value("match bill.due > 0 { false => \"no\"  true => \"yes\" }").as_deref(), Some("yes"));
}

#[test]
fn a_match_without_its_value_stops_the_let() {
    let clauses = "let kind = match bill.status { \"open\" => \"a\" } else hold \"status {{ bill.status }}\"";
    let program = program(&pipeline("", clauses, "kind", "[]"));
    let stop = stopped(run(&program));
    assert_eq!((stop.outcome, stop.sentence.as_str()), (Outcome::Hold, "status approved"));
}

#[test]
fn joined_lists_stand_one_behind_the_other() {
    let lines = "each bill.lines as line where line.amount > 0 { account = \"1\"  amount = line.amount }\n \
                 + each bill.lines as line where line.amount < 0 { account = \"2\"  amount = line.amount  note = \"credit\" }\n \
                 + [ { let half = bill.due / 2  account = \"3\"  amount = half } ]\n + (if bill.due < 0 then [ { account = \"4\"  amount = 0 } ] else [])";
    let program = program(&pipeline("", "", "\"x\"", lines));
    let target = mapped(run(&program)).target;
    let lines = target.get("lines").and_then(Value::as_list).expect("lines");
    let seen: Vec<String> = lines
        .iter()
        .filter_map(Value::as_record)
        .map(|line| line.iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(seen, ["1 100", "2 -20.5 credit", "3 75.25"]);
}

#[test]
fn functions_have_frames_of_their_own() {
    let items = "let rate = 2\nfn twice(x: decimal) = x * rate\nfn four(x: decimal) = twice(twice(x))\n\
                 fn top(lines: list of decimal) = lines[0] ?? 0\n\
                 fn of(line: site.bills.lines) = if line.kind == \"L\" then twice(line.amount) else 0\n";
    let value = |text: &str| note(items, "let amounts = each bill.lines as line { a = of(line) }", text);
    assert_eq!(
        value("text(four(bill.due) + top(bill.lines.amount) + sum(amounts.a)) | take(9)").as_deref(),
        Some("902")
    );
}

#[test]
fn a_function_asks_lookups_for_its_flow() {
    let items = "lookup supplier(id) -> (code) { from site.vendors\n missing hold \"no {{ id }}\" }\n\
                 fn found(id: integer) = supplier(id)\nfn again(id: integer) = found(id)\n";
    let program = program(&pipeline(items, "let to = again(bill.vendor)", "to.code", "[]"));
    assert_eq!(program.flows()[0].lookups().len(), 1);
    let mut tables = Tables::new(&program);
    tables.load(&program, program.flows()[0].lookups()[0], &[record(r#"{"id":42,"code":"S42","active":true}"#)]);
    let target = mapped(program.flows()[0].evaluate(&tables, &record(BILL), Some(&job()))).target;
    assert_eq!(target.get("note").and_then(Value::as_text), Some("S42"));
}

/// Sixteen times the double of a list is more than any record may make.
#[test]
fn lists_that_double_have_an_end() {
    let clauses: String = (0..40).fold("let a0 = each bill.lines as line { x = 1 }\n".to_owned(), |text, index| {
        format!("{text}let a{} = a{index} + a{index}\n", index + 1)
    });
    let program = program(&pipeline("", &clauses, "text(count(a40)) | take(9)", "[]"));
    assert!(stopped(run(&program)).sentence.contains("more than"));
}

#[test]
fn functions_that_lead_to_many_calls_have_an_end() {
    let mut items = String::from("fn f0(x: decimal) = x + 1\n");
    for index in 1..13 {
        items.push_str(&format!("fn f{index}(x: decimal) = f{0}(x) + f{0}(x)\n", index - 1));
    }
    assert_eq!(note(&items, "", "text(f12(0)) | take(9)").as_deref(), Some("4096"));
}

#[test]
fn functions_as_deep_as_allowed_need_no_deep_stack() {
    let mut items = String::from("fn f0(x: decimal) = x\n");
    for index in 1..80 {
        items.push_str(&format!("fn f{index}(x: decimal) = 1 + (f{}(x))\n", index - 1));
    }
    assert_eq!(note(&items, "", &format!("text({}f79(0)) | take(9)", "1 + ".repeat(120))).as_deref(), Some("199"));
}

#[test]
fn the_row_of_the_day_is_found_most_specific_first() {
    let items = "lookup d(code) -> (account) {\n \"0*\" => \"A\" until 2026-09-30\n \"0*\" => \"B\" from 2026-10-01\n \
                 \"01\" => \"C\" from 2026-11-01\n \"01\" => \"D\" until 2025-12-31\n \"02\" => \"E\"\n missing hold \"none\"\n}\n";
    let value = |day: &str| note(items, &format!("let to = d(bill.lines[0].code ?? \"\") on {day}"), "to.account");
    for (day, account) in [
        ("2025-12-31", "D"),
        ("2026-01-01", "A"),
        ("2026-09-30", "A"),
        ("2026-10-01", "B"),
        ("2026-10-31", "B"),
        ("2026-11-01", "C"),
    ] {
        assert_eq!(value(day).as_deref(), Some(account), "{day}");
    }
}

#[test]
fn days_are_moved_and_counted() {
    let value = |text: &str| note("", "let day = bill.day else hold \"no day\"", text);
    assert_eq!(value("text(day + 1d)").as_deref(), Some("2026-11-01"));
    assert_eq!(value("text(day - 365d)").as_deref(), Some("2025-10-31"));
    assert_eq!(value("text(day - 2026-01-01) | take(9)").as_deref(), Some("303"));
    assert_eq!(value("text(2026-01-01 - day) | take(9)").as_deref(), Some("-303"));
    assert_eq!(value("text(9999-12-31 + 400d)").as_deref(), Some("9999-12-31"));
}

fn with_vars(text: &str, vars: &[&str]) -> Program {
    let mut sources = Sources::new();
    let id = sources.add("test.mlc", text);
    let parsed = parse(&sources, id);
    let overrides: Vec<Override> = vars.iter().filter_map(|var| Override::read(var, &mut sources)).collect();
    let checked = check_with(&parsed.file, &mut sources, &super::NoFiles, &[driver()], &overrides);
    compile(checked.model.unwrap_or_else(|| panic!("{}", render(&checked.diagnostics, &sources, Style::Plain))))
}

#[test]
fn variables_set_from_outside_are_in_the_hash() {
    let items = "vars {\n limit: decimal = 100\n word = \"a\"\n day = 2026-01-01\n}\nlet double = limit * 2\n";
    let text = pipeline(items, "where day < 2027-01-01", "if bill.due > double then word else \"less\"", "[]");
    let plain = with_vars(&text, &[]);
    let set = with_vars(&text, &["limit=75.25", "word=b=c"]);
    let note = |program: &Program| mapped(run(program)).target.get("note").map(ToString::to_string);
    assert_eq!((note(&plain).as_deref(), note(&set).as_deref()), (Some("less"), Some("less")));
    assert_eq!(note(&with_vars(&text, &["limit=75", "word=b=c"])).as_deref(), Some("b=c"));
    assert_ne!(plain.hash(), set.hash());
    assert_ne!(plain.flows()[0].hash(), set.flows()[0].hash());
    assert_eq!(plain.hash(), with_vars(&text, &["limit=100", "word=a"]).hash());
}

#[test]
fn the_hash_is_that_of_what_a_function_computes() {
    let hash =
        |items: &str| program(&pipeline(items, "", "text(f(bill.due)) | take(9)", "[]")).flows()[0].hash().to_owned();
    let once = hash("fn f(x: decimal) = x + 1\n");
    assert_eq!(once, hash("# a comment\nfn f(amount: decimal) =\n  amount + 1\n"));
    assert_ne!(once, hash("fn f(x: decimal) = x + 2\n"));
    assert_ne!(
        hash("fn g(x: decimal) = x\nfn f(x: decimal) = g(x)\n"),
        hash("fn g(x: decimal) = x + 1\nfn f(x: decimal) = g(x)\n")
    );
}

#[test]
fn a_lookup_keeps_the_records_that_a_function_of_the_file_keeps() {
    let items = "vars { wanted = \"S4\" }\nfn ours(code: text?) = starts_with(code ?? \"\", wanted)\n\
                 lookup supplier(id) -> (code) {\n from site.vendors where ours(code) and active\n}";
    let clauses = "let found = supplier(42).code ?? \"none\"\n let other = supplier(43).code ?? \"none\"";
    let program = program(&pipeline(items, clauses, "\"{{ found }} {{ other }}\" | take(40)", "[]"));
    let mut tables = Tables::new(&program);
    let vendors = [r#"{"id":42,"code":"S42","active":true}"#, r#"{"id":43,"code":"T43","active":true}"#].map(record);
    tables.load(&program, LookupId(0), &vendors);
    let target = mapped(program.flows()[0].evaluate(&tables, &record(BILL), Some(&job()))).target;
    assert_eq!(target.get("note").and_then(Value::as_text), Some("S42 none"));
}
