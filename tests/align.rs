//! `mlc align`: the codes in use that have no row, against a count out of the contractor's
//! own books, and the way from the table that it writes to a lookup that is whole.

use crate::support::{mlc_in, quickstart_in, scratch};
use mlc::connector::contractor::Contractor;
use mlc::sandbox::contractor;
use mlc::value::Span;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const DAYS: u64 = 90;

/// Cost code and type of every line that bills something, on invoices that moved lately.
fn used(contractor: &Contractor) -> BTreeSet<(String, String)> {
    let opened = contractor.opened.expect("the story has a beginning");
    let since = opened.minus(Span::from_secs(DAYS * 24 * 60 * 60));
    let mut used = BTreeSet::new();
    for invoice in contractor.invoices.iter().filter(|invoice| invoice.updated >= since) {
        let commitment = contractor.commitments.iter().find(|one| one.id == invoice.commitment).expect("commitment");
        let project = contractor.projects.iter().find(|one| one.id == commitment.project).expect("project");
        if !project.active || !project.permitted {
            continue;
        }
        for line in invoice.lines.iter().filter(|line| !line.net().is_zero()) {
            let contract = commitment.lines.iter().find(|one| one.id == line.line).expect("line");
            let code = contractor.cost_codes[contract.cost_code].full_code();
            used.insert((code, contractor.cost_types[contract.cost_type].code.clone()));
        }
    }
    used
}

fn align(folder: &Path, more: &[&str]) -> (i32, Value) {
    let outcome = mlc_in(folder, &[&["align", "quickstart.mlc", "-q", "--format", "json"], more].concat());
    assert!(matches!(outcome.code, 0 | 1), "{outcome}");
    (outcome.code, serde_json::from_str(&outcome.stdout).expect("JSON"))
}

#[test]
fn every_code_in_use_is_counted_once_and_those_without_a_row_are_named() {
    let dir = scratch();
    quickstart_in(dir.path());
    let (code, found) = align(dir.path(), &["--lookup", "dimension"]);
    assert_eq!(code, 1);
    let table = &found["lookups"][0];
    assert_eq!(table["used"].as_u64(), Some(used(&contractor(1)).len() as u64));
    let lacking: Vec<(&str, &str)> = table["lacking"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|lack| (lack["inputs"][0].as_str().expect("a code"), lack["problem"].as_str().expect("a sentence")))
        .collect();
    assert_eq!(
        lacking,
        [
            ("12-350", "GL account \"5390\" (cost-codes.csv line 24) is not in the list of active GL accounts"),
            ("27-150", "no row"),
        ]
    );
    // It was the sandbox's company, and it is none the worse for it.
    assert_eq!(found["sandbox"], true);
    assert!(!dir.path().join(".mlc/state").exists() || mlc_in(dir.path(), &["status", "quickstart.mlc"]).code == 0);
}

#[test]
fn a_table_that_was_completed_makes_the_lookup_whole() {
    let dir = scratch();
    quickstart_in(dir.path());
    let (_, _) = align(dir.path(), &["--lookup", "dimension"]);
    let written = mlc_in(dir.path(), &["align", "quickstart.mlc", "-q", "--lookup", "dimension", "--out", "todo.csv"]);
    assert!(written.stdout.contains("wrote 2 rows to todo.csv: fill in `gl_account` and `cost_center`"), "{written}");
    let table = dir.path().join("cost-codes.csv");
    let mut text = fs::read_to_string(&table).expect("the table").replace("5390", "5310");
    let todo = fs::read_to_string(dir.path().join("todo.csv")).expect("the rows");
    assert!(todo.starts_with("cost_code,cost_type,gl_account,cost_center,nearest gl_account,"), "{todo}");
    let missing = todo.lines().find(|line| line.starts_with("27-150,S,,,")).expect("the row without an account");
    assert!(missing.contains("no row"));
    text.push_str("27-150,S,5330,C120,\n");
    fs::write(&table, text).expect("written");
    let (code, found) = align(dir.path(), &["--lookup", "dimension"]);
    assert_eq!((code, found["lookups"][0]["lacking"].as_array().map(Vec::len)), (0, Some(0)), "{found}");
    let again =
        mlc_in(dir.path(), &["align", "quickstart.mlc", "-q", "--lookup", "dimension", "--out", "cost-codes.csv"]);
    assert!(again.stdout.contains("There is nothing to complete"), "{again}");
}

#[test]
fn what_is_asked_wrongly_is_said() {
    let dir = scratch();
    quickstart_in(dir.path());
    for (arguments, sentence, code) in [
        (&["--lookup", "dimensions"][..], "the pipeline has no lookup `dimensions`", 2),
        (&["--flow", "invoices"], "the pipeline has no flow `invoices`", 2),
        (&["--out", "todo.txt"], "todo.txt is neither a .csv nor an .xlsx", 2),
        (&["--out", "cost-codes.csv", "--lookup", "dimension"], "cost-codes.csv is there already", 2),
    ] {
        let outcome = mlc_in(dir.path(), &[&["align", "quickstart.mlc", "-q"], arguments].concat());
        assert!(outcome.code == code && outcome.stderr.contains(sentence), "{arguments:?}: {outcome}");
    }
}
