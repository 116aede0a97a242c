//! What no shipped catalogue can show, and what the model holds.

use super::{Checked, check};
use crate::connector::{Catalogue, Driver};
use crate::diag::Sources;
use crate::model::{ExprKind, FileText, Files, Pattern, Step};
use crate::syntax::parse;
use std::sync::OnceLock;

const CATALOGUE: &str = "
connector: books
title: Books
sources: {HOUSE: made up}
settings:
  url: {type: url, default: 'https://books.example', doc: Address}
credentials: [{name: token, doc: Token}]
resources:
  totals:
    title: total
    plural: totals
    doc: Totals
    operations: [show]
    identity: [id]
    source: HOUSE
    fields: {id: {type: integer, required: true, doc: Number}}
  entries:
    title: entry
    plural: entries
    doc: Entries
    operations: [list, create]
    identity: [id]
    natural_keys: [[id]]
    source: HOUSE
    fields:
      id: {type: integer, required: true, doc: Number}
      amount: {type: decimal, required: true, doc: Amount}
      note: {type: text, max: 10, doc: Note}
";

fn catalogue() -> &'static Catalogue {
    static READ: OnceLock<Catalogue> = OnceLock::new();
    READ.get_or_init(|| Catalogue::read(CATALOGUE).expect("the test's catalogue"))
}

const DRIVER: Driver = Driver {
    name: "books",
    catalogue,
    profiled: Catalogue::read,
    open: |_| unreachable!("nothing is opened by checking"),
    fake: |_| unreachable!("nothing is faked by checking"),
    webhook: None,
};

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<FileText, String> {
        Err(format!("no {path} in this test"))
    }
}

fn checked(text: &str) -> Checked {
    let mut sources = Sources::new();
    let id = sources.add("test.mlc", text);
    let parsed = parse(&sources, id);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    check(&parsed.file, &mut sources, &NoFiles, &[DRIVER])
}

fn codes(text: &str) -> Vec<&'static str> {
    checked(text).diagnostics.iter().map(|found| found.code.id).collect()
}

fn flow(from: &str, map: &str, to: &str) -> String {
    format!(
        "connect books {{ credentials = env(\"BOOKS\") }}\n\
         flow copies {{\n from books.{from} as entry\n map {{ {map} }}\n to books.entries {{ {to} }}\n}}\n"
    )
}

#[test]
fn what_cannot_be_listed_is_no_source() {
    assert_eq!(codes(&flow("totals", "id = entry.id\n amount = 1", "key id")), ["E0208"]);
}

#[test]
fn what_cannot_be_changed_takes_no_update() {
    let text = flow("entries", "id = entry.id\n amount = 1", "key id\n on change update");
    assert_eq!(codes(&text), ["E0413"]);
}

#[test]
fn lets_hide_map_fields_and_frames_hold_them_all() {
    let text = "connect books { credentials = env(\"BOOKS\") }\n\
        flow copies {\n from books.entries as entry\n let amount = entry.amount * 2\n\
        map { id = entry.id\n amount = 5\n note = 'x' }\n require amount > 1 else hold \"{{ amount }}\"\n\
        to books.entries { key id } }\n";
    let checked = checked(text);
    let model = checked.model.expect("no error");
    let flow = &model.flows[0];
    let names: Vec<&str> = flow.locals.iter().map(|local| &*local.name).collect();
    assert_eq!(names, ["entry", "amount", "id", "amount", "note"]);
    let Some(Step::Require { condition, .. }) = flow.steps.last() else { panic!("a require comes last") };
    let ExprKind::Binary(_, left, _) = &condition.kind else { panic!("a comparison") };
    assert!(matches!(left.kind, ExprKind::Local(local) if local.0 == 1), "the let is meant, not the field");
    assert_eq!(model.connections[0].settings.text("url"), Some("https://books.example"));
}

#[test]
fn rows_stand_most_specific_first() {
    let text = format!(
        "lookup code(a, b) -> (c) {{\n _, _ => 'any'\n 'x*', _ => 'glob'\n 'x*', 'y' => 'both'\n 'xyz', _ => 'exact'\n}}\n{}",
        flow(
            "entries",
            "let c = code('x', 'y') else hold \"none\"\n id = entry.id\n amount = 1\n note = c.c",
            "key id"
        )
    );
    let model = checked(&text).model.expect("no error");
    let values: Vec<String> = model.lookups[0].rows.iter().map(|row| row.values[0].to_string()).collect();
    assert_eq!(values, ["exact", "both", "glob", "any"]);
    assert_eq!(model.lookups[0].rows[3].patterns, [Pattern::Any, Pattern::Any]);
}

#[test]
fn a_lost_line_is_no_missing_field() {
    let mut sources = Sources::new();
    let text = flow("entries", "id = entry.id\n amount = = 1", "key id");
    let id = sources.add("test.mlc", text);
    let parsed = parse(&sources, id);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert!(check(&parsed.file, &mut sources, &NoFiles, &[DRIVER]).diagnostics.is_empty());
}
