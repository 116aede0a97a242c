//! Tests of a file: a record that a flow is given, and how it should leave the flow.
//!
//! Invariant: the records are of the types that the source's catalogue says, and the
//! conditions can be evaluated over what the flow maps.

use super::{Expr, Link, LookupId};
use crate::diag::Span;
use crate::syntax::Ended;
use crate::value::Record;
use std::sync::Arc;

pub struct Test {
    pub name: Arc<str>,
    /// By its name.
    pub flow: Arc<str>,
    pub source: Record,
    /// `None` where the flow has no scope.
    pub scope: Option<Record>,
    /// Rows of lookups that a run reads from a resource, as records of that resource.
    pub rows: Vec<(LookupId, Record)>,
    /// Records of other flows that stand on both sides.
    pub links: Vec<GivenLink>,
    /// The records of the target that `match` looks among.
    pub candidates: Vec<Record>,
    pub expect: Expectation,
    /// Of the name.
    pub span: Span,
}

/// `with linked(vendors, 101) => { … }`: what asking for it yields.
pub struct GivenLink {
    pub link: Link,
    pub flow: Arc<str>,
    pub number: String,
    pub record: Record,
}

pub struct Expectation {
    pub ended: Ended,
    pub sentence: Option<Sentence>,
    /// Over one local: the mapped record, or a record of the `reason`.
    pub conditions: Vec<Expr>,
    pub locals: usize,
    /// The whole `expect`.
    pub span: Span,
}

/// The sentence that a record should stop with.
pub enum Sentence {
    /// Filled in, word for word.
    Exact(Arc<str>),
    /// As the rule writes it, whatever it is filled with; in the form of [`super::template::plain`].
    Rule(Arc<str>),
}
