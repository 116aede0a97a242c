//! What a missing row might say: the rows of the same lookup that are most like it.
//!
//! Only a proposal, for a person to take or to correct: nothing is ever posted by it.

use crate::model::{Lookup, Pattern, Row};
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

/// From 0 to 1. The first input leads: it is what people look for first.
fn likeness(row: &Row, inputs: &[String]) -> f64 {
    let mut sum = 0.0;
    let mut weights = 0.0;
    for (number, (pattern, input)) in row.patterns.iter().zip(inputs).enumerate() {
        let weight = if number == 0 { 2.0 } else { 1.0 };
        sum += weight * alike(pattern, input);
        weights += weight;
    }
    if weights == 0.0 { 0.0 } else { sum / weights }
}

fn alike(pattern: &Pattern, input: &str) -> f64 {
    match pattern {
        // A row for anything says little about this one.
        Pattern::Any => 0.4,
        Pattern::Exact(text) => same_start(text, input),
        Pattern::Glob(runs) => same_start(&runs.concat(), input),
    }
}

/// How much of the two texts is the same from their beginning on: codes are numbered by
/// division, so their beginnings tell more than their ends.
fn same_start(left: &str, right: &str) -> f64 {
    let longest = left.chars().count().max(right.chars().count());
    if longest == 0 {
        return 1.0;
    }
    let shared = left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count();
    // Counts of characters of a code: far below 2^52.
    let share = |count: usize| u32::try_from(count).map_or(1.0, f64::from);
    share(shared) / share(longest)
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

#[cfg(test)]
mod tests {
    use super::same_start;

    #[test]
    fn codes_of_one_division_are_alike() {
        assert!(same_start("03-300", "03-310") > same_start("03-300", "13-300"));
        assert_eq!(same_start("S", "S"), 1.0);
        assert_eq!(same_start("", ""), 1.0);
        assert_eq!(same_start("S", "L"), 0.0);
    }
}
