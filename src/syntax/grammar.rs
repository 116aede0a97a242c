//! The grammar: the only place that runs the parser generator's code.
//!
//! Takes a text and the rule that it should be, hands on pairs or the place of the failure
//! with the rules that would have fitted there.

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::{Pair, Pairs};

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/mlc.pest"]
struct Grammar;

pub type Node<'t> = Pair<'t, Rule>;

/// Where reading stopped, and what would have fitted there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Bytes from the start of the text that was read.
    pub at: usize,
    pub expected: Vec<Rule>,
    /// The parser gave up because the text is nested too deep for the stack that is left.
    pub exhausted: bool,
}

/// Reads a text as a rule.
pub fn read(rule: Rule, text: &str) -> Result<Pairs<'_, Rule>, Failure> {
    Grammar::parse(rule, text).map_err(|error| {
        let at = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
        };
        match error.variant {
            ErrorVariant::ParsingError { positives, .. } => Failure { at, expected: positives, exhausted: false },
            ErrorVariant::CustomError { .. } => Failure { at, expected: Vec::new(), exhausted: true },
        }
    })
}
