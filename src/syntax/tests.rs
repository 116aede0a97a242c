//! What the parser makes of right texts, and what it says about wrong ones.

use super::{Clause, Expr, ExprKind, File, Flow, Item, Map, MapEntry, Parsed, parse};
use crate::diag::{Sources, Style, render};

fn parsed(text: &str) -> (Parsed, String) {
    let mut sources = Sources::new();
    let id = sources.add("test.mlc", text);
    let parsed = parse(&sources, id);
    let shown = render(&parsed.diagnostics, &sources, Style::Plain);
    (parsed, shown)
}

/// The tree of a text that must be right.
fn file(text: &str) -> File {
    let (parsed, shown) = parsed(text);
    assert!(parsed.diagnostics.is_empty(), "{shown}");
    parsed.file
}

#[test]
fn the_design_s_file_is_read_whole() {
    let file = file(include_str!("../../tests/corpus/later/design.mlc"));
    assert_eq!(file.items.len(), 7);
    assert!(file.comments.len() > 10);
}
