//! What a pipeline can make of a record that it does not post.

use super::Template;
use crate::diag::Span;

/// The outcomes that a pipeline can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Hold,
    Reject,
    Skip,
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Reject => "reject",
            Self::Skip => "skip",
        }
    }
}

/// `else hold|reject|skip "…"`
#[derive(Clone, Debug, PartialEq)]
pub struct Otherwise {
    pub outcome: Outcome,
    pub sentence: Template,
    pub span: Span,
}
