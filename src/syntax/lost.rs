//! What can still be seen of an entry that could not be read: its keyword and its name.

use super::ast::{Lost, Name};
use super::lexeme::{Kind, Lexeme, cut};
use crate::diag::Span;

/// Words that open an entry and are followed by what they declare.
const DECLARING: &[&str] = &["let", "flow", "lookup", "connect", "verify", "fn"];

/// A word whose name stands behind a second word: `extend flow name`.
const EXTENDING: &[&str] = &["extend"];

/// Words that open an entry and declare nothing by name.
const OPENING: &[&str] = &[
    "pipeline",
    "notify",
    "vars",
    "from",
    "where",
    "map",
    "require",
    "to",
    "match",
    "run",
    "reconcile",
    "key",
    "on",
    "digest",
    "retry",
    "guard",
    "settle",
    "approve",
    "mark",
    "missing",
    "test",
    "given",
    "with",
    "expect",
];

/// Reads keyword and name off the first words of an entry.
pub fn lost(text: &str, place: &dyn Fn(usize, usize) -> Span) -> Lost {
    let (lexemes, _) = cut(text.lines().next().unwrap_or(""));
    let word = |index: usize| lexemes.get(index).filter(|lexeme| lexeme.kind == Kind::Word);
    let is = |lexeme: &Lexeme, words: &[&str]| words.contains(&lexeme.text(text));
    let assigned = lexemes.get(1).is_some_and(|sign| matches!(sign.text(text), "=" | ":" | ":=" | "=="));
    let first = word(0);
    let (keyword, name) = match first {
        Some(first) if assigned => (None, Some(first)),
        Some(first) if is(first, DECLARING) => (Some(first), word(1)),
        Some(first) if is(first, EXTENDING) => (Some(first), word(2)),
        Some(first) if is(first, OPENING) => (Some(first), None),
        _ => (None, first),
    };
    Lost {
        keyword: keyword.map(|lexeme| lexeme.text(text).into()),
        name: name.map(|lexeme| Name { text: lexeme.text(text).into(), span: place(lexeme.start, lexeme.end) }),
        span: place(0, text.trim_end().len()),
    }
}
