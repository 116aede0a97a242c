//! Tests of a pipeline, and the records that they are given.

use super::{Expr, Lost, Name, Outcome, Spanned, Text};
use crate::diag::Span;

/// `test "name" { flow …  given …  with …  expect … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    pub name: Text,
    pub entries: Vec<TestEntry>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TestEntry {
    /// `flow subcontractor_invoices`
    Flow { name: Name, span: Span },
    /// `given { … }`, `given json "…"`: the source record. With a name before it, the scope's.
    Given { scope: Option<Name>, fixture: Fixture, span: Span },
    /// `with vendor(101) => { name = "Ash Concrete" }`
    With { lookup: Name, inputs: Vec<Expr>, row: FixtureRecord, span: Span },
    /// `with match => { id = 7 name = "Ash Concrete" }`: a record that `match` looks among.
    WithMatch { record: FixtureRecord, span: Span },
    /// `expect posted { total == 9_000.00 }`, `expect held "…"`
    Expect(Expect),
}

/// Where a record comes from that a test is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Fixture {
    /// `json "fixtures/retainage.json"`
    File {
        format: Name,
        path: Text,
    },
    Record(FixtureRecord),
}

/// `{ name = value  nested { … }  items = [ { … }, { … } ] }`: the fields that matter.
#[derive(Clone, Debug, PartialEq)]
pub struct FixtureRecord {
    pub fields: Vec<FixtureField>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FixtureField {
    pub name: Name,
    pub value: FixtureValue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FixtureValue {
    Record(FixtureRecord),
    List { records: Vec<FixtureRecord>, span: Span },
    Plain(Expr),
}

impl FixtureValue {
    pub fn span(&self) -> Span {
        match self {
            Self::Record(record) => record.span,
            Self::List { span, .. } => *span,
            Self::Plain(value) => value.span,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    pub ended: Spanned<Ended>,
    /// The sentence that the record stops with: filled in, or as the rule writes it.
    pub sentence: Option<Text>,
    pub conditions: Vec<Expr>,
    pub span: Span,
}

/// How a record leaves a flow, as a test sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Posted,
    Held,
    Rejected,
    Skipped,
}

impl Ended {
    pub const ALL: [Self; 4] = [Self::Posted, Self::Held, Self::Rejected, Self::Skipped];

    pub fn word(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Skipped => "skipped",
        }
    }
}

impl std::convert::From<Outcome> for Ended {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Hold => Self::Held,
            Outcome::Reject => Self::Rejected,
            Outcome::Skip => Self::Skipped,
        }
    }
}
