//! Tests of pipelines, from outside: they pass, they fail with what differs, they are
//! blessed, they are captured from a run; and a pipeline to begin with.

use crate::support::{mlc, mlc_in, quickstart_in, root, scratch};
use mlc::connectors::drivers;
use mlc::diag::Sources;
use mlc::host::DiskFiles;
use mlc::syntax::parse;
use mlc::{model, program};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// The quickstart with one piece of its text exchanged.
fn changed(folder: &Path, from: &str, to: &str) -> String {
    quickstart_in(folder);
    let path = folder.join("quickstart.mlc");
    let text = fs::read_to_string(&path).expect("the quickstart");
    assert!(text.contains(from), "the quickstart has no {from}");
    let text = text.replacen(from, to, 1);
    fs::write(&path, &text).expect("written");
    text
}

#[test]
fn the_quickstart_s_tests_pass_and_leave_nothing_behind() {
    let dir = scratch();
    quickstart_in(dir.path());
    let outcome = mlc_in(dir.path(), &["test", "quickstart.mlc"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert!(outcome.stdout.contains("3 tests pass"), "{outcome}");
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 2, "something was written");

    let one = mlc_in(dir.path(), &["test", "quickstart.mlc", "--filter", "CREDIT", "--format", "json"]);
    let report = json(&one.stdout);
    assert_eq!((one.code, &report["passed"], &report["failed"]), (0, &1.into(), &0.into()), "{one}");
    assert_eq!(report["tests"][0]["record"]["total"], "-1250.00", "{one}");

    let none = mlc_in(dir.path(), &["test", "quickstart.mlc", "--filter", "no such"]);
    assert_eq!(none.code, 2, "{none}");
    assert!(none.stderr.contains("a credit is posted with its sign"), "{none}");
}

#[test]
fn tests_of_every_kind_pass() {
    let outcome = mlc(&["test", "tests/corpus/right/tests.mlc", "--format", "json"]);
    let report = json(&outcome.stdout);
    assert_eq!((outcome.code, &report["passed"], &report["failed"]), (0, &7.into(), &0.into()), "{outcome}");
}

#[test]
fn what_a_file_declares_and_extends_stands_in_place_of_what_it_brings_in() {
    let test = |path: &str| {
        let outcome = mlc(&["test", path, "--format", "json"]);
        let report = json(&outcome.stdout);
        (outcome.code, report["passed"].clone(), report["failed"].clone())
    };
    // The tests of the file that is brought in are its own.
    assert_eq!(test("tests/corpus/right/customer.mlc"), (0, 2.into(), 0.into()));
    assert_eq!(test("tests/corpus/right/parts/standard.mlc"), (0, 1.into(), 0.into()));
}

#[test]
fn tests_do_not_change_what_a_pipeline_is() {
    let text = fs::read_to_string(root().join("examples/quickstart.mlc")).expect("the quickstart");
    let (without, tests) = text.split_once("# What must stay true").expect("the tests stand at the end");
    assert!(tests.contains("\ntest "));
    let hash = |text: &str| {
        let mut sources = Sources::new();
        let id = sources.add("quickstart.mlc", text);
        let parsed = parse(&sources, id);
        let files = DiskFiles::new(root().join("examples"));
        let model = model::check(&parsed.file, &mut sources, &files, drivers()).model.expect("a model");
        program::compile(model).hash().to_owned()
    };
    assert_eq!(hash(&text), hash(without));
}

#[test]
fn a_changed_mapping_fails_with_what_differs() {
    let dir = scratch();
    changed(dir.path(), "amount      = item.net_amount", "amount      = item.net_amount * 2");
    let outcome = mlc_in(dir.path(), &["test", "quickstart.mlc"]);
    assert_eq!(outcome.code, 1, "{outcome}");
    insta::assert_snapshot!("another_outcome", outcome.stdout);

    changed(dir.path(), "      gl_account  = to.gl_account\n", "      gl_account  = \"9\"\n");
    let outcome = mlc_in(dir.path(), &["test", "quickstart.mlc", "--filter", "retainage"]);
    assert_eq!(outcome.code, 1, "{outcome}");
    insta::assert_snapshot!("another_value", outcome.stdout);

    let report = json(&mlc_in(dir.path(), &["test", "quickstart.mlc", "--format", "json"]).stdout);
    let differs = &report["tests"][0]["differences"][0];
    assert_eq!(differs["field"], "lines[0].gl_account", "{report:#}");
    assert_eq!((&differs["wanted"], &differs["got"]), (&"\"5310\"".into(), &"\"9\"".into()), "{report:#}");
}

#[test]
fn another_sentence_fails() {
    let dir = scratch();
    let rule = "expect held \"cost code {{ cost_code }} with cost type {{ cost_type }} has no GL account; add a row to cost-codes.csv\"";
    changed(dir.path(), rule, "expect held \"cost code 99-999 is unknown\"");
    let outcome = mlc_in(dir.path(), &["test", "quickstart.mlc", "--filter", "nobody"]);
    assert_eq!(outcome.code, 1, "{outcome}");
    insta::assert_snapshot!("another_sentence", outcome.stdout);
}

#[test]
fn a_file_that_does_not_check_is_not_tested() {
    let dir = scratch();
    changed(dir.path(), "vendor_id      = 101", "vendor_id      = \"101\"");
    let outcome = mlc_in(dir.path(), &["test", "quickstart.mlc"]);
    assert_eq!(outcome.code, 2, "{outcome}");
    assert!(outcome.stderr.contains("E0706") && outcome.stdout.is_empty(), "{outcome}");
}

#[test]
fn blessing_changes_single_values_and_nothing_else() {
    let dir = scratch();
    let before =
        changed(dir.path(), "lines[0].gl_account == \"5310\"", "lines[0].gl_account == \"5999\"  # hand-written");
    let outcome = mlc_in(dir.path(), &["test", "quickstart.mlc", "--bless"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    let after = fs::read_to_string(dir.path().join("quickstart.mlc")).expect("the quickstart");
    assert_eq!(after, before.replace("\"5999\"", "\"5310\""));
    assert_eq!(mlc_in(dir.path(), &["test", "quickstart.mlc"]).code, 0);
}

#[test]
fn blessing_writes_another_outcome_whole() {
    let dir = scratch();
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let text = changed(dir.path(), "expect posted { lines[0].amount == -1_250.00, total < 0 }", "expect skipped");
    let path = dir.path().join("quickstart.mlc");
    fs::write(&path, windows(&text)).expect("written");
    let outcome = mlc_in(dir.path(), &["test", "quickstart.mlc", "--bless"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    let wanted = "expect posted {\n    supplier == \"S00417\"\n    reference == \"24-011-9-CR\"\n    invoice_date == 2026-10-31\n    \
                  description == \"Subcontract billing\"\n    count(lines) == 1\n    lines[0].gl_account == \"5310\"\n    \
                  lines[0].cost_center == \"C030\"\n    lines[0].project == \"J24011\"\n    lines[0].amount == -1250.00\n    \
                  lines[0].description == \"Progress billing\"\n    total == -1250.00\n  }";
    let after = fs::read_to_string(&path).expect("the quickstart");
    assert_eq!(after, windows(&text.replace("expect skipped", wanted)));
    let again = mlc_in(dir.path(), &["test", "quickstart.mlc", "--bless"]);
    assert!(again.code == 0 && fs::read_to_string(&path).expect("the quickstart") == after, "{again}");
}

#[test]
fn a_record_of_a_run_becomes_a_test_that_passes() {
    let dir = scratch();
    quickstart_in(dir.path());
    assert_eq!(mlc_in(dir.path(), &["run", "quickstart.mlc", "--quiet"]).code, 1);
    let listed = json(&mlc_in(dir.path(), &["status", "quickstart.mlc", "--all", "--format", "json"]).stdout);
    let path = dir.path().join("quickstart.mlc");
    for outcome in ["posted", "held", "skipped"] {
        let of = |record: &&Value| record["outcome"] == outcome;
        let records = listed.as_array().or_else(|| listed["records"].as_array()).expect("records");
        let key = records.iter().find(of).and_then(|record| record["key"].as_str()).expect(outcome);
        let captured = mlc_in(dir.path(), &["test", "quickstart.mlc", "--capture", key, "--redact", "name,login"]);
        assert_eq!(captured.code, 0, "{captured}");
        assert!(captured.stdout.contains(&format!("expect {outcome}")), "{captured}");
        let again = mlc_in(dir.path(), &["test", "quickstart.mlc", "--capture", key]);
        assert!(again.code == 2 && again.stderr.contains("is there already"), "{again}");

        let id = key.rsplit('/').next().expect("an id");
        let fixture = dir.path().join(format!("fixtures/subcontractor_invoices-{id}.json"));
        let fixture = json(&fs::read_to_string(fixture).expect("a fixture"));
        assert_eq!(fixture["captured"], "procore.requisitions");
        assert_eq!(fixture["scope"]["name"], "redacted");
        let text = fs::read_to_string(&path).expect("the quickstart");
        fs::write(&path, format!("{text}\n{}", captured.stdout)).expect("written");
    }
    let outcome = mlc_in(dir.path(), &["test", "quickstart.mlc"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert!(outcome.stdout.contains("6 tests pass"), "{outcome}");
}

#[test]
fn the_pipeline_to_begin_with_checks_passes_and_runs() {
    let dir = scratch();
    let made = mlc_in(dir.path(), &["init", "acme"]);
    assert_eq!(made.code, 0, "{made}");
    insta::assert_snapshot!("init", made.stdout.replace('\\', "/"));
    let acme = dir.path().join("acme");
    let checked = mlc_in(&acme, &["check", "pipeline.mlc"]);
    assert!(checked.code == 0 && checked.stdout.contains("all well"), "{checked}");
    let tested = mlc_in(&acme, &["test", "pipeline.mlc"]);
    assert!(tested.code == 0 && tested.stdout.contains("1 test passes"), "{tested}");
    let run = mlc_in(&acme, &["run", "pipeline.mlc", "--quiet", "--format", "json"]);
    assert!(run.code == 1 && json(&run.stdout)["posted"].as_u64() > Some(300), "{run}");

    let before = fs::read(acme.join("pipeline.mlc")).expect("a pipeline");
    let again = mlc_in(dir.path(), &["init", "acme"]);
    assert!(again.code == 2 && again.stderr.contains("is there already"), "{again}");
    assert_eq!(fs::read(acme.join("pipeline.mlc")).expect("a pipeline"), before);
}
