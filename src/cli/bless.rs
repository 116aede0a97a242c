//! Writing what happened into the `expect` of a test.
//!
//! Takes the text of a pipeline and the tests that failed; hands on the same text with
//! other expectations. Invariant: not a byte outside of an `expect` changes.

use super::written::{conditions, literal, quoted};
use crate::diag::Sources;
use crate::program::{Difference, Test, Tried};
use std::ops::Range;

/// A place in the text, and what is to stand there.
pub type Edit = (Range<usize>, String);

/// The changes after which the test passes: of single values where that is enough.
pub fn edits(test: &Test, tried: &Tried, sources: &Sources) -> Vec<Edit> {
    let single: Option<Vec<Edit>> = tried.differences.iter().map(value_edit).collect();
    single.unwrap_or_else(|| {
        let span = test.expect();
        let text = sources.get(span.source).map_or("", |source| &source.text);
        let (start, end) = (span.start as usize, span.end as usize);
        vec![(start..end, expectation(tried, text, start))]
    })
}

/// The value that stood there, after a condition of the form `path == value`.
fn value_edit(difference: &Difference) -> Option<Edit> {
    let Difference::Condition { place, compared: Some(compared) } = difference else { return None };
    let span = place.literal?;
    Some((span.start as usize..span.end as usize, literal(&compared.got)?))
}

/// A whole `expect`, indented as the line that it begins on.
fn expectation(tried: &Tried, text: &str, start: usize) -> String {
    let line = text.get(..start).and_then(|before| before.rsplit('\n').next()).unwrap_or("");
    let indent: String = line.chars().take_while(|letter| letter.is_whitespace()).collect();
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    expect(tried, &indent, newline)
}

/// `expect …` as it happened.
pub fn expect(tried: &Tried, indent: &str, newline: &str) -> String {
    let word = tried.ended.word();
    let Some(record) = &tried.record else {
        return match quoted(&tried.sentence) {
            Some(sentence) => format!("expect {word} {sentence}"),
            None => format!("expect {word}"),
        };
    };
    let lines = conditions(record);
    let lines: String = lines.iter().map(|condition| format!("{indent}  {condition}{newline}")).collect();
    format!("expect {word} {{{newline}{lines}{indent}}}")
}

/// Carries out the changes.
pub fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut changed = String::with_capacity(text.len());
    let mut at = 0;
    for (range, new) in edits {
        changed.push_str(text.get(at..range.start).unwrap_or(""));
        changed.push_str(&new);
        at = range.end;
    }
    changed.push_str(text.get(at..).unwrap_or(""));
    changed
}
