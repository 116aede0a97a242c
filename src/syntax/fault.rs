//! Syntax errors in plain words.
//!
//! Takes an entry that the grammar refused, the place where it stopped and what would have
//! fitted; hands on at least one diagnostic. First comes what the language does not know
//! wherever it stands ([`foreign`]); else the first check that knows what happened at the
//! place speaks; the last one always does.

mod choices;
mod entries;
mod foreign;
mod place;
mod values;

use super::grammar::Failure;
use super::split::{Block, Cut};
use crate::diag::{Diagnostic, SourceId};
use std::ops::Range;

/// Says what is wrong with the lexemes of a range.
pub fn explain(
    cut: Cut,
    source: SourceId,
    range: &Range<usize>,
    block: Option<Block>,
    failure: &Failure,
) -> Vec<Diagnostic> {
    let foreign = foreign::find(cut, source, range);
    if !foreign.is_empty() {
        return foreign;
    }
    vec![place::Spot::new(cut, source, range, block, failure).explain()]
}
