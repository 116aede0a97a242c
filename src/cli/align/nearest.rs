//! What a missing row might say: the rows of the same lookup that are most like it.
//!
//! Only a proposal, for a person to take or to correct: nothing is ever posted by it.

use crate::model::{Lookup, Pattern, Row};
use crate::program::likeness;
use crate::value::Value;

/// The outputs of a row that is there, and why they are proposed.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub values: Vec<Value>,
    /// `like "03-300", "S" (cost-codes.csv line 12)`.
    pub because: String,
}

/// Below this nothing is alike enough to be worth a line.
const ALIKE: f64 = 0.4;

/// The best row that verification has not refused; `None` where none is like it.
pub fn nearest(lookup: &Lookup, refused: &[usize], inputs: &[Value]) -> Option<Proposal> {
    let texts: Vec<String> = inputs.iter().map(ToString::to_string).collect();
    let rows = lookup.rows.iter().enumerate().filter(|(number, _)| !refused.contains(number));
    let (likeness, row) = rows
        .map(|(_, row)| (likeness(row, &texts), row))
        // The first of several that are equally like it: the most specific.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    (likeness >= ALIKE).then(|| Proposal { values: row.values.clone(), because: because(row) })
}

fn because(row: &Row) -> String {
    let patterns: Vec<String> = row.patterns.iter().map(shown).collect();
    format!("like {} ({})", patterns.join(", "), row.place)
}

fn shown(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Any => "_".to_owned(),
        Pattern::Exact(text) => format!("\"{text}\""),
        Pattern::Glob(runs) => format!("\"{}\"", runs.join("*")),
    }
}
