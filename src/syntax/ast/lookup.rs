//! Lookups: tables, and where their rows come from.

use super::{Expr, Lost, Name, Outcome, Per, ResourceName, Spanned, Template, Text};
use crate::diag::Span;
use crate::value::Date;

/// `lookup dimension(cost_code, cost_type) -> (gl_account, cost_center) { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    pub name: Name,
    pub inputs: Vec<Name>,
    pub outputs: Vec<Name>,
    pub entries: Vec<LookupEntry>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum LookupEntry {
    /// `"03-3*", _ => "5310", "C300"`
    Row(LookupRow),
    /// `from csv "cost-codes.csv"`, `from xlsx "cost-codes.xlsx" sheet "Codes"`
    FromFile { format: Name, path: Text, sheet: Option<Text>, span: Span },
    /// `from office.vendors [per project [where …]] [where …]`; inputs and outputs are field names of the resource.
    FromResource { resource: ResourceName, per: Option<Per>, filter: Option<Expr>, span: Span },
    /// `verify gl_account in books.accounts.code where active`
    Verify { output: Name, resource: ResourceName, field: Name, filter: Option<Expr>, span: Span },
    /// `missing hold "…"`
    Missing { outcome: Outcome, sentence: Template, span: Span },
}

#[derive(Clone, Debug, PartialEq)]
pub struct LookupRow {
    pub patterns: Vec<Pattern>,
    pub values: Vec<Expr>,
    /// The first day on which it holds: `from 2026-10-01`.
    pub from: Option<Spanned<Date>>,
    /// The last day on which it holds: `until 2026-12-31`.
    pub until: Option<Spanned<Date>>,
    pub span: Span,
}

/// What a row asks of one input: `_` takes anything, `*` in a text any run of characters.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    Any(Span),
    Text(Text),
}
