//! The target of a flow, and the rules of posting.

use super::{Expr, Lost, Name, ResourceName, Spanned};
use crate::diag::Span;
use crate::value::Decimal;

/// `to books.invoices { rules }`
#[derive(Clone, Debug, PartialEq)]
pub struct To {
    pub resource: ResourceName,
    pub rules: Vec<Rule>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// `key supplier, reference`
    Key { fields: Vec<Name>, span: Span },
    /// `on change hold|update|correct|ignore`
    OnChange { action: Name, span: Span },
    /// `retry 5 times from 2s to 5m`
    Retry { times: Spanned<u32>, first: Spanned<crate::value::Span>, longest: Spanned<crate::value::Span>, span: Span },
    /// `guard 500 records, 5% rejected`: either part may stand alone.
    Guard { records: Option<Spanned<u64>>, rejected_percent: Option<Spanned<Decimal>>, span: Span },
    /// `settle receipts for 24h`
    Settle { what: Name, quiet: Spanned<crate::value::Span>, span: Span },
    /// `approve when total > 250_000`
    Approve { condition: Expr, span: Span },
    /// `mark = origin_id`
    Mark { field: Name, span: Span },
}

impl Rule {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Key { span, .. }
            | Self::OnChange { span, .. }
            | Self::Retry { span, .. }
            | Self::Guard { span, .. }
            | Self::Settle { span, .. }
            | Self::Approve { span, .. }
            | Self::Mark { span, .. } => *span,
        }
    }
}
