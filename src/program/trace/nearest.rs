//! Which rows of a lookup come nearest to what it was asked for in vain.

use crate::model::Lookup;
use crate::program::likeness;
use crate::value::Value;

/// So many are named.
const MOST: usize = 3;

/// Below this nothing is alike enough to be named.
const ALIKE: f64 = 0.4;

/// Places among the lookup's own rows, the most alike first.
pub(super) fn nearest(lookup: &Lookup, inputs: &[Value]) -> Vec<usize> {
    let texts: Vec<String> = inputs.iter().map(ToString::to_string).collect();
    let rows = lookup.rows.iter().enumerate();
    let mut alike: Vec<(f64, usize)> =
        rows.map(|(number, row)| (likeness(row, &texts), number)).filter(|(likeness, _)| *likeness >= ALIKE).collect();
    // Stable: of those that are equally like it, the most specific first.
    alike.sort_by(|left, right| right.0.total_cmp(&left.0));
    alike.into_iter().take(MOST).map(|(_, number)| number).collect()
}
