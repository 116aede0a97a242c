//! Whole pipelines through the real front end, evaluated over records, against a small
//! catalogue of its own.

mod language;
mod trace;
mod wanted;

use super::{Evaluation, Mapped, Program, Stop, Tables, compile};
use crate::connector::{Catalogue, Driver};
use crate::diag::{Sources, Style, render};
use crate::model::{FileText, Files, LookupId, check};
use crate::syntax::{Outcome, parse};
use crate::value::{Decimal, Record, Value, from_json};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use std::sync::OnceLock;

const CATALOGUE: &str = r"
connector: site
title: Site
sources: { test: made for tests }
settings:
  company: { type: integer, required: true, doc: The company. }
credentials: []
resources:
  jobs:
    title: job
    plural: jobs
    doc: Jobs.
    operations: [list]
    identity: [id]
    source: test
    fields:
      id: { type: integer, required: true, doc: Id. }
      number: { type: text, required: true, max: 20, doc: Number. }
      active: { type: boolean, required: true, doc: Active. }
      size: { type: integer, required: true, doc: Size. }
  bills:
    title: bill
    plural: bills
    doc: Bills.
    operations: [list]
    scope: { name: job, resource: jobs, field: id }
    identity: [id]
    source: test
    fields:
      id: { type: integer, required: true, doc: Id. }
      number: { type: text, required: true, max: 60, doc: Number. }
      status: { type: text, required: true, values: [open, approved], doc: Status. }
      vendor: { type: integer, required: true, doc: Vendor. }
      vendor_name: { type: text, doc: Vendor's name. }
      due: { type: decimal, required: true, doc: Due. }
      day: { type: date, doc: Day. }
      lines:
        type: list
        required: true
        doc: Lines.
        fields:
          code: { type: text, required: true, max: 20, doc: Code. }
          kind: { type: text, required: true, max: 10, doc: Kind. }
          amount: { type: decimal, required: true, doc: Amount. }
          note: { type: text, doc: Note. }
  vendors:
    title: vendor
    plural: vendors
    doc: Vendors.
    operations: [list, update]
    identity: [id]
    marks: { code: {} }
    source: test
    fields:
      id: { type: integer, required: true, doc: Id. }
      code: { type: text, max: 20, doc: Code. }
      active: { type: boolean, required: true, doc: Active. }
  accounts:
    title: GL account
    plural: GL accounts
    doc: Accounts.
    operations: [list]
    identity: [code]
    source: test
    fields:
      code: { type: text, required: true, max: 8, doc: Code. }
      active: { type: boolean, required: true, doc: Active. }
  vouchers:
    title: voucher
    plural: vouchers
    doc: Vouchers.
    operations: [list, create, update]
    identity: [reference]
    natural_keys: [[supplier, reference]]
    settles: [accounts]
    settled_by: { accounts: [jobs, accounts] }
    source: test
    fields:
      supplier: { type: text, required: true, max: 20, doc: Supplier. }
      reference: { type: text, required: true, max: 20, doc: Reference. }
      day: { type: date, doc: Day. }
      note: { type: text, max: 40, doc: Note. }
      total: { type: decimal, required: true, doc: Total. }
      lines:
        type: list
        required: true
        doc: Lines.
        fields:
          account: { type: text, required: true, max: 8, doc: Account. }
          amount: { type: decimal, required: true, doc: Amount. }
          note: { type: text, max: 40, doc: Note. }
";

const PIPELINE: &str = r#"
pipeline "test" { currency = "USD" }
connect site { company = 7
  sandbox }

lookup account(code, kind) -> (account) {
  "01-100", "L" => "5100"
  "03-3*", _    => "5310"
  "03-*", "M"   => "5999"
  "99", _       => "9900"
  verify account in site.accounts.code where active
  missing hold "no account for {{ code }}, {{ kind }}"
}

lookup supplier(id) -> (code) {
  from site.vendors where active
  missing hold "vendor {{ id }} is not a supplier yet"
}

flow bills {
  from site.bills as bill per job where job.active
  where bill.status in ["approved"]

  let found = supplier(bill.vendor)
  let vendor = found.code else hold "vendor {{ bill.vendor_name }} ({{ bill.vendor }}) has no code"

  map {
    supplier  = vendor
    reference = "{{ job.number }}-{{ bill.number }}" | shorten(20)
    day       = bill.day
    note      = (bill.vendor_name ?? "nobody") | take(40)
    lines = each bill.lines[*] as line where line.amount != 0 {
      let to  = account(line.code, line.kind)
      account = to.account
      amount  = line.amount
      note    = (line.note ?? "Progress billing") | take(40)
    }
    total = sum(lines.amount)
  }

  require total == bill.due
    else reject "lines come to {{ total }}, the bill says {{ bill.due }}"

  to site.vouchers { key supplier, reference }
}
"#;

const BILL: &str = r#"{"id":1,"number":"INV-7","status":"approved","vendor":42,"vendor_name":"Tallow Creek",
  "due":1500.5,"lines":[
    {"code":"01-100","kind":"L","amount":1000},
    {"code":"03-310","kind":"X","amount":500.50,"note":"Rebar"},
    {"code":"unknown","kind":"X","amount":0}]}"#;

fn driver() -> Driver {
    fn catalogue() -> &'static Catalogue {
        static CATALOGUE_READ: OnceLock<Catalogue> = OnceLock::new();
        CATALOGUE_READ.get_or_init(|| Catalogue::read(CATALOGUE).expect("test catalogue"))
    }
    Driver {
        name: "site",
        catalogue,
        profiled: |_| Err("no profiles here".to_owned()),
        open: |_| unreachable!("nothing is opened here"),
        fake: |_| unreachable!("nothing is imitated here"),
        webhook: None,
    }
}

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<FileText, String> {
        Err(format!("{path} is not there"))
    }
}

fn program(text: &str) -> Program {
    let mut sources = Sources::new();
    let id = sources.add("test.mlc", text);
    let parsed = parse(&sources, id);
    assert!(parsed.diagnostics.is_empty(), "{}", render(&parsed.diagnostics, &sources, Style::Plain));
    let checked = check(&parsed.file, &mut sources, &NoFiles, &[driver()]);
    let model = checked.model;
    compile(model.unwrap_or_else(|| panic!("{}", render(&checked.diagnostics, &sources, Style::Plain))))
}

fn record(json: &str) -> Record {
    from_json(json).expect("json").as_record().expect("record").clone()
}

fn records(json: &str) -> Vec<Record> {
    let list = from_json(json).expect("json");
    list.as_list().expect("list").iter().map(|item| item.as_record().expect("record").clone()).collect()
}

fn job() -> Record {
    record(r#"{"id":9,"number":"J-1","active":true,"size":3}"#)
}

fn lookup(program: &Program, name: &str) -> LookupId {
    LookupId(program.lookups().iter().position(|lookup| &*lookup.name == name).expect("lookup"))
}

const VENDORS: &str =
    r#"[{"id":42,"code":"S42","active":true},{"id":43,"active":true},{"id":44,"code":"S44","active":false}]"#;

fn tables(program: &Program) -> Tables {
    let mut tables = Tables::new(program);
    tables.load(program, lookup(program, "supplier"), &records(VENDORS));
    tables
}

fn evaluate(bill: &str) -> Evaluation {
    let program = program(PIPELINE);
    program.flows()[0].evaluate(&tables(&program), &record(bill), Some(&job()))
}

fn mapped(evaluation: Evaluation) -> Mapped {
    match evaluation {
        Evaluation::Mapped(mapped) => mapped,
        other => panic!("not mapped: {other:?}"),
    }
}

fn stopped(evaluation: Evaluation) -> Stop {
    match evaluation {
        Evaluation::Stopped(stop) => stop,
        other => panic!("not stopped: {other:?}"),
    }
}

#[test]
fn a_bill_becomes_a_voucher() {
    let mapped = mapped(evaluate(BILL));
    assert_eq!(
        Value::record(mapped.target).to_string(),
        concat!(
            r#"{"supplier":"S42","reference":"J-1-INV-7","note":"Tallow Creek","lines":["#,
            r#"{"account":"5100","amount":1000,"note":"Progress billing"},"#,
            r#"{"account":"5310","amount":500.5,"note":"Rebar"}],"total":1500.5}"#
        )
    );
    assert_eq!(mapped.key.to_string(), "S42 / J-1-INV-7");
}

#[test]
fn where_skips_also_values_that_nobody_knew() {
    assert_eq!(evaluate(&BILL.replace("approved", "some_new_status")), Evaluation::Skipped);
}

#[test]
fn what_is_absent_or_wrong_stops_with_its_sentence() {
    let stop = stopped(evaluate(&BILL.replace("1500.5", "1500.4")));
    assert_eq!(stop.outcome, Outcome::Reject);
    assert_eq!(stop.sentence, "lines come to 1500.5, the bill says 1500.4");
    assert_eq!(stop.kind, "lines come to {{ total }}, the bill says {{ bill.due }}");
    assert!(stop.mend.contains("looked at again when either changes"));

    let no_code = BILL.replace("42", "43").replace(r#""vendor_name":"Tallow Creek","#, "");
    assert_eq!(stopped(evaluate(&no_code)).sentence, "vendor (missing) (43) has no code");

    for id in ["44", "45"] {
        let stop = stopped(evaluate(&BILL.replace("42", id)));
        assert_eq!((stop.outcome, stop.sentence), (Outcome::Hold, format!("vendor {id} is not a supplier yet")));
        assert_eq!(stop.kind, "vendor {{ id }} is not a supplier yet");
    }

    let stop = stopped(evaluate(&BILL.replace("01-100", "01-100 ")));
    assert_eq!(stop.sentence, "no account for 01-100 , L");
}

#[test]
fn the_most_specific_row_wins_and_case_counts() {
    for (code, kind, account) in [("03-310", "M", Some("5310")), ("03-500", "M", Some("5999")), ("03-500", "m", None)] {
        let bill = BILL.replace(r#""code":"01-100","kind":"L""#, &format!(r#""code":"{code}","kind":"{kind}""#));
        match (evaluate(&bill), account) {
            (Evaluation::Mapped(mapped), Some(account)) => {
                let lines = mapped.target.get("lines").and_then(Value::as_list).expect("lines");
                assert_eq!(lines[0].as_record().and_then(|line| line.get("account")), Some(&account.into()));
            }
            (Evaluation::Stopped(stop), None) => assert_eq!(stop.sentence, "no account for 03-500, m"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn rows_that_verification_refuses_hold_only_the_records_that_meet_them() {
    let program = program(PIPELINE);
    let mut tables = tables(&program);
    let accounts = r#"[{"code":"5100","active":true},{"code":"5310","active":true},{"code":"9900","active":false}]"#;
    let verified = tables.verify(&program, lookup(&program, "account"), 0, &records(accounts));
    assert_eq!(verified.checked, 4);
    assert_eq!(
        verified.refused,
        [
            r#"GL account "9900" (test.mlc line 10) is not in the list of active GL accounts"#,
            r#"GL account "5999" (test.mlc line 9) is not in the list of active GL accounts"#,
        ]
    );
    let flow = &program.flows()[0];
    assert!(matches!(flow.evaluate(&tables, &record(BILL), Some(&job())), Evaluation::Mapped(_)));
    let bad = BILL.replace(r#""01-100","kind":"L""#, r#""99","kind":"L""#);
    let stop = stopped(flow.evaluate(&tables, &record(&bad), Some(&job())));
    assert_eq!((stop.outcome, &stop.sentence), (Outcome::Hold, &verified.refused[0]));
    assert_eq!(stop.kind, "a GL account is not in the list of active GL accounts");

    let verified = tables.verify(&program, lookup(&program, "account"), 0, &[]);
    assert_eq!(verified.refused.len(), 4);
    assert!(verified.refused[0].ends_with("could not be verified: site.accounts came back empty"), "{verified:?}");
}

#[test]
fn two_records_for_one_input_are_ambiguous_only_if_they_differ() {
    let program = program(PIPELINE);
    let mut tables = Tables::new(&program);
    let id = lookup(&program, "supplier");
    let twice = |second: &str| format!(r#"[{{"id":42,"code":"S42","active":true}},{second}]"#);
    let run = |tables: &Tables| program.flows()[0].evaluate(tables, &record(BILL), Some(&job()));
    assert!(stopped(run(&tables)).sentence.contains("has not been read"));
    tables.load(&program, id, &records(&twice(r#"{"id":42,"code":"S42","active":true}"#)));
    assert!(matches!(run(&tables), Evaluation::Mapped(_)));
    tables.load(&program, id, &records(&twice(r#"{"id":42,"code":"S43","active":true}"#)));
    let stop = stopped(run(&tables));
    assert_eq!(stop.outcome, Outcome::Hold);
    assert_eq!(stop.sentence, "site.vendors has several records with id 42: it is not clear which one is meant");
    tables.load(&program, id, &records(&twice(r#"{"id":42,"code":"S43","active":false}"#)));
    assert!(matches!(run(&tables), Evaluation::Mapped(_)));
}

#[test]
fn the_scope_filter_chooses_what_is_read() {
    let program = program(PIPELINE);
    let flow = &program.flows()[0];
    let tables = tables(&program);
    assert!(flow.wants_scope(&tables, &job()));
    assert!(!flow.wants_scope(&tables, &record(r#"{"id":9,"number":"J-1","active":false,"size":3}"#)));
}

#[test]
fn awkward_values_break_nothing() {
    let long = "ü".repeat(5_000);
    let target = mapped(evaluate(&BILL.replace("INV-7", &long).replace("Tallow Creek", &long))).target;
    let reference = target.get("reference").and_then(Value::as_text).expect("reference");
    assert!(reference.chars().count() == 20 && reference.contains('~'), "{reference}");
    assert_eq!(target.get("note").and_then(Value::as_text).map(|note| note.chars().count()), Some(40));

    let credit = BILL.replace("1000", "-2000").replace("1500.5", "-1499.5");
    assert_eq!(mapped(evaluate(&credit)).target.get("total").map(Value::to_string).as_deref(), Some("-1499.5"));

    let none = mapped(evaluate(r#"{"id":1,"number":"n","status":"approved","vendor":42,"due":0,"lines":[]}"#)).target;
    assert_eq!(none.get("total").map(Value::to_string).as_deref(), Some("0"));
    assert_eq!(none.get("note"), Some(&"nobody".into()));

    let control = stopped(evaluate(&BILL.replace("1000", "1").replace("01-100", "01\\n\\u001b[31m")));
    assert_eq!(control.sentence, "no account for 01  [31m, L");
}

#[test]
fn amounts_that_cannot_be_exact_are_rejected() {
    let huge = "79228162514264337593543950335";
    let mut bill = record(BILL);
    let amount: Decimal = huge.parse().expect("decimal");
    let line = |amount: Decimal| {
        let mut line = record(r#"{"code":"01-100","kind":"L"}"#);
        line.insert("amount", amount);
        Value::from(line)
    };
    bill.insert("lines", vec![line(amount), line(amount)]);
    let program = program(PIPELINE);
    let stop = stopped(program.flows()[0].evaluate(&tables(&program), &bill, Some(&job())));
    assert_eq!(stop.outcome, Outcome::Reject);
    assert_eq!(stop.sentence, "an amount in this record is too large to compute exactly (at `total`)");
    assert_eq!(stop.kind, "an amount in this record is too large to compute exactly");
}

#[test]
fn a_division_by_zero_rejects_the_record() {
    let text = PIPELINE.replace("total = sum(lines.amount)", "total = sum(lines.amount) / bill.due * bill.due");
    let program = program(&text);
    let zero = BILL.replace("1500.5", "0");
    let stop = stopped(program.flows()[0].evaluate(&tables(&program), &record(&zero), Some(&job())));
    assert_eq!(stop.sentence, "the pipeline divides by an amount that is zero in this record (at `total`)");
}

#[test]
fn a_text_of_texts_has_an_end() {
    let mut lets = String::from("let a0 = \"{{ bill.number }}{{ bill.number }}\"\n");
    for step in 1..40 {
        lets.push_str(&format!("let a{step} = \"{{{{ a{0} }}}}{{{{ a{0} }}}}\"\n", step - 1));
    }
    let text = PIPELINE
        .replace("  map {", &format!("{lets}  map {{"))
        .replace(r#"(bill.vendor_name ?? "nobody") | take(40)"#, "a39 | take(40)");
    let program = program(&text);
    let stop = stopped(program.flows()[0].evaluate(&tables(&program), &record(BILL), Some(&job())));
    assert!(stop.sentence.starts_with("a text in this record grows past"), "{}", stop.sentence);
}

/// An expression of the language, evaluated as the `note` of a voucher.
fn note(expression: &str) -> Option<String> {
    let map = format!("note = text({expression}) | take(40)");
    let text = PIPELINE.replace(r#"note      = (bill.vendor_name ?? "nobody") | take(40)"#, &map);
    let program = program(&text);
    let target = mapped(program.flows()[0].evaluate(&tables(&program), &record(BILL), Some(&job()))).target;
    target.get("note").map(Value::to_string)
}

#[test]
fn expressions_mean_what_they_say() {
    for (expression, shown) in [
        ("1 + 2 * 3", "7"),
        ("-(0.10 + 0.20)", "-0.30"),
        ("7 / 2", "3.5"),
        ("bill.lines[0].amount ?? 0", "1000"),
        ("bill.lines[-1].code ?? 'none'", "unknown"),
        ("bill.lines[7].code ?? 'none'", "none"),
        ("count(bill.lines[?@.amount > 0])", "2"),
        ("sum(bill.lines[?@.amount > 0.5].amount)", "1500.5"),
        ("count(bill.lines.note)", "1"),
        ("bill.due > 1500 and not (bill.status == 'open')", "true"),
        ("'a' in ['b', 'c'] or 1 not in [1.0]", "false"),
        ("2026-10-31 < 2026-11-01", "true"),
        ("\"{{ bill.number | lower }}/{{ bill.vendor_name | default('x') | upper }}\"", "inv-7/TALLOW CREEK"),
        ("max(bill.lines.amount) ?? 0", "1000"),
    ] {
        assert_eq!(note(expression).as_deref(), Some(shown), "{expression}");
    }
}

#[test]
fn examples_of_the_functions_hold_in_a_pipeline() {
    for function in crate::model::functions::all() {
        for (expression, shown) in function.examples.iter().filter(|(_, shown)| shown.chars().count() <= 40) {
            let called = expression.split('(').next().unwrap_or("");
            let instead = match called {
                "after" | "before" | "fits" => "''",
                "first" | "last" if expression.contains('\'') => "''",
                "parse_date" => "2026-01-01",
                "max" | "min" if shown.contains('-') => "2026-01-01",
                "decimal" | "first" | "integer" | "last" | "max" | "min" => "0",
                _ => {
                    assert_eq!(note(expression).as_deref(), Some(*shown), "{expression}");
                    continue;
                }
            };
            let shown = if shown.is_empty() { instead.trim_matches('\'') } else { shown };
            let value = format!("{expression} ?? {instead}");
            assert_eq!(note(&value).as_deref(), Some(shown), "{expression}");
        }
    }
}

#[test]
fn long_chains_need_no_deep_stack() {
    for expression in [format!("0{}", " + 1".repeat(200)), format!("1{}", " | text() | length()".repeat(60))] {
        assert!(note(&expression).is_some(), "{expression}");
    }
}

#[test]
fn queries_with_extreme_numbers_select_what_is_there() {
    let most = "9007199254740991";
    for (query, count) in [
        (format!("[0:{most}]"), "3"),
        (format!("[-{most}:{most}:{most}]"), "1"),
        (format!("[{most}:-{most}:-{most}]"), "1"),
        (format!("[::-{most}]"), "1"),
        ("[0:3:0]".to_owned(), "0"),
        (format!("[{most}:]"), "0"),
        (format!("[?@.amount < -{most}]"), "0"),
    ] {
        assert_eq!(note(&format!("count(bill.lines{query})")).as_deref(), Some(count), "{query}");
    }
}

/// Values of any kind, three levels deep.
fn anything() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i64>().prop_map(|cents| Decimal::cents(cents).into()),
        any::<String>().prop_map(Value::from),
        Just("approved".into()),
    ];
    plain.prop_recursive(3, 24, 4, |inner| {
        let names = prop::sample::select(vec!["code", "kind", "amount", "note", "id", "number"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..5).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect::<Record>()
                .into()),
        ]
    })
}

proptest! {
    /// Connectors decode by the catalogue, but evaluation does not lean on that.
    #[test]
    fn no_record_breaks_the_machine(values in prop::collection::vec(anything(), 8), scope in anything()) {
        let program = shared();
        let names = ["id", "number", "vendor", "vendor_name", "due", "day", "lines", "status"];
        let mut bill: Record = names.into_iter().map(Into::into).zip(values).collect();
        bill.insert("status", "approved");
        let mut job = job();
        job.insert("number", scope);
        let tables = tables(program);
        let flow = &program.flows()[0];
        let evaluation = flow.evaluate(&tables, &bill, Some(&job));
        prop_assert_eq!(&evaluation, &flow.evaluate(&tables, &bill, Some(&job)));
        flow.wants_scope(&tables, &bill);
        if let Evaluation::Stopped(stop) = evaluation {
            prop_assert!(!stop.sentence.is_empty() && !stop.sentence.contains('\n'));
        }
    }

    #[test]
    fn totals_are_exact(cents in prop::collection::vec(-10_000_000_000_i64..10_000_000_000, 0..40)) {
        let program = shared();
        let mut bill = record(BILL);
        let line = |cents: &i64| {
            let mut line = record(r#"{"code":"01-100","kind":"L"}"#);
            line.insert("amount", Decimal::cents(*cents));
            Value::from(line)
        };
        bill.insert("lines", cents.iter().map(line).collect::<Vec<_>>());
        bill.insert("due", Decimal::cents(cents.iter().sum()));
        let mapped = mapped(program.flows()[0].evaluate(&tables(program), &bill, Some(&job())));
        let total = mapped.target.get("total").and_then(Value::as_decimal);
        prop_assert_eq!(total, Some(Decimal::cents(cents.iter().sum())));
    }
}

fn shared() -> &'static Program {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    PROGRAM.get_or_init(|| program(PIPELINE))
}

#[test]
fn the_hash_says_what_is_posted_and_not_how_it_is_written() {
    let plain = program(PIPELINE);
    let hash = plain.flows()[0].hash();
    assert_eq!(hash.len(), 64);
    let same = [
        PIPELINE.replace("\n  ", "\n\n      # note\n "),
        PIPELINE.replace(" as line ", " as item ").replace("line.", "item."),
        PIPELINE.replace(
            "key supplier, reference",
            "key supplier, reference\n retry 3 times from 1s to 2s\n guard 5 records",
        ),
    ];
    for text in &same {
        let program = program(text);
        assert_eq!(program.flows()[0].hash(), hash, "{text}");
        assert_eq!(program.hash(), plain.hash(), "{text}");
    }
    let other = [
        ("\"01-100\", \"L\" => \"5100\"", "\"01-100\", \"L\" => \"5101\""),
        ("take(40)", "take(39)"),
        ("line.amount != 0", "line.amount != 1"),
        ("[\"approved\"]", "[\"open\"]"),
        ("key supplier, reference", "key supplier, reference\n on change ignore"),
        ("from site.vendors where active", "from site.vendors"),
        ("where job.active", "where job.size > 1"),
    ];
    for (from, to) in other {
        let program = program(&PIPELINE.replace(from, to));
        assert_ne!(program.flows()[0].hash(), hash, "{to}");
        assert_ne!(program.hash(), plain.hash(), "{to}");
    }
    let elsewhere = program(&PIPELINE.replace("company = 7", "company = 8"));
    assert_eq!(elsewhere.flows()[0].hash(), hash);
    assert_ne!(elsewhere.hash(), plain.hash());
    assert_eq!(plain.flows()[0].lookups().len(), 2);
}
