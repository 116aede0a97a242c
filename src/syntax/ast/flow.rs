//! Flows and their clauses.

use super::{Expr, Lost, Name, Otherwise, ResourceName, Spanned, To};
use crate::diag::Span;

/// `flow name { clauses }`
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    pub name: Name,
    pub clauses: Vec<Clause>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    From(From),
    Where { condition: Expr, span: Span },
    Let(Let),
    Map(Map),
    Require(Require),
    To(To),
    Match(Matching),
    Run { when: RunWhen, span: Span },
    Reconcile(Reconcile),
}

impl Clause {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::From(from) => from.span,
            Self::Let(entry) => entry.span,
            Self::Map(map) => map.span,
            Self::Require(require) => require.span,
            Self::To(to) => to.span,
            Self::Match(matching) => matching.span,
            Self::Reconcile(reconcile) => reconcile.span,
            Self::Where { span, .. } | Self::Run { span, .. } => *span,
        }
    }
}

/// `match office.vendors as vendor { natural keys  ambiguous hold "…" }`
#[derive(Clone, Debug, PartialEq)]
pub struct Matching {
    pub resource: ResourceName,
    pub alias: Name,
    /// In the order in which they are tried.
    pub keys: Vec<Expr>,
    pub ambiguous: Vec<Otherwise>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunWhen {
    /// `run every 15m`
    Every(Spanned<crate::value::Span>),
    /// `run on webhook`: the place of the word.
    Webhook(Span),
}

/// `reconcile daily at 05:00 lookback 35d`
#[derive(Clone, Debug, PartialEq)]
pub struct Reconcile {
    /// Minutes after midnight.
    pub at: Spanned<u32>,
    pub lookback: Spanned<crate::value::Span>,
    pub span: Span,
}

/// `from office.bills as invoice [per project [where …]]`
#[derive(Clone, Debug, PartialEq)]
pub struct From {
    pub resource: ResourceName,
    pub alias: Name,
    pub per: Option<Per>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Per {
    pub name: Name,
    pub filter: Option<Expr>,
}

/// `let name = expr [else hold "…"]`
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    pub name: Name,
    pub value: Expr,
    pub otherwise: Option<Otherwise>,
    pub span: Span,
}

/// `map { … }`, and the body of an `each`.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    pub entries: Vec<MapEntry>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MapEntry {
    Let(Let),
    Field { name: Name, value: Expr, span: Span },
}

/// `require condition else hold|reject|skip "…"`
#[derive(Clone, Debug, PartialEq)]
pub struct Require {
    pub condition: Expr,
    pub otherwise: Otherwise,
    pub span: Span,
}
