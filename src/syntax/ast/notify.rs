//! Whom a pipeline tells, and of what.

use super::{Lost, Setting, Spanned};
use crate::diag::Span;
use crate::value::Decimal;

/// `notify { mail = […]  webhook = …  rules }`
#[derive(Clone, Debug, PartialEq)]
pub struct Notify {
    pub settings: Vec<Setting>,
    pub rules: Vec<Notice>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// `on parked after 4h`
    Parked { after: Spanned<crate::value::Span>, span: Span },
    /// `on nothing read`
    NothingRead { span: Span },
    /// `on budget above 80%`
    Budget { above: Spanned<Decimal>, span: Span },
    /// `on failed run`
    FailedRun { span: Span },
    /// `digest daily at 07:00`: minutes after midnight.
    Digest { at: Spanned<u32>, span: Span },
}

impl Notice {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Parked { span, .. }
            | Self::NothingRead { span }
            | Self::Budget { span, .. }
            | Self::FailedRun { span }
            | Self::Digest { span, .. } => *span,
        }
    }
}
