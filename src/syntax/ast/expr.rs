//! Expressions.

use super::{Map, Name, Operator, Path, Segment, Template};
use crate::diag::Span;
use crate::value::{Date, Decimal};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `'plain text'`
    Plain(Arc<str>),
    /// `"text with {{ names }}"`
    Template(Template),
    Integer(i64),
    /// `9_000.00`
    Decimal(Decimal),
    Boolean(bool),
    /// `2026-10-31`
    Date(Date),
    /// `24h`
    Duration(crate::value::Span),
    /// `["a", "b"]`
    List(Vec<Expr>),
    Path(Path),
    /// `name(args)`
    Call {
        name: Name,
        arguments: Vec<Expr>,
    },
    /// `value | name(args)`: the value becomes the first argument.
    Pipe {
        value: Box<Expr>,
        name: Name,
        arguments: Vec<Expr>,
    },
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary {
        operator: Operator,
        operator_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `each list as item [where …] { fields }`
    Each(Box<Each>),
    /// `{ name = expr … }`
    Record(Map),
    If(Box<If>),
    Match(Box<Match>),
    /// What stands in the value of a call: `lookup(arguments).field`.
    Within {
        value: Box<Expr>,
        segments: Vec<Segment>,
    },
    /// `lookup(arguments) on day`
    On {
        call: Box<Expr>,
        day: Box<Expr>,
    },
}

/// `if condition then value [else value]`; without `else` the value may be absent.
#[derive(Clone, Debug, PartialEq)]
pub struct If {
    pub condition: Expr,
    pub then: Expr,
    pub otherwise: Option<Expr>,
}

/// `match value { "a", "b" => value  _ => value }`: the first arm that fits counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    pub value: Expr,
    pub arms: Vec<Arm>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    pub patterns: Vec<ArmPattern>,
    pub value: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ArmPattern {
    Any(Span),
    /// A text, number, day, length of time, `true` or `false`.
    Literal(Expr),
}

impl ArmPattern {
    pub fn span(&self) -> Span {
        match self {
            Self::Any(span) => *span,
            Self::Literal(expr) => expr.span,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Each {
    pub list: Expr,
    pub alias: Name,
    pub filter: Option<Expr>,
    pub body: Map,
}
