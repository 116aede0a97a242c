//! What the parser makes of right texts, and what it says about wrong ones.

mod faults;
mod noise;
mod trees;

use super::{File, Parsed, parse};
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

/// Code and place (line and column) of each fault of a text.
fn faults(text: &str) -> Vec<(&'static str, usize, usize)> {
    let mut sources = Sources::new();
    let id = sources.add("test.mlc", text);
    let place = |diagnostic: &crate::diag::Diagnostic| {
        let (line, column) = sources.position(diagnostic.label.span);
        (diagnostic.code.id, line, column)
    };
    parse(&sources, id).diagnostics.iter().map(place).collect()
}

/// A flow around some clauses, which begin on line 2.
fn flow(clauses: &str) -> String {
    format!("flow invoices {{\n{clauses}\n}}\n")
}
