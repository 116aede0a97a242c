//! How much a row of a lookup is like what it was asked for: for proposals, and to say which
//! rows come nearest where none fits. Nothing is ever posted by it.

use crate::model::{Pattern, Row};

/// From 0 to 1. The first input leads: it is what people look for first.
pub fn likeness(row: &Row, inputs: &[String]) -> f64 {
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
