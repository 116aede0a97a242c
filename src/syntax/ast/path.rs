//! Paths: a name and the way on from it.

use super::Name;
use crate::diag::Span;
use std::sync::Arc;

/// A name in scope and RFC 9535 segments after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    pub root: Name,
    pub segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub kind: SegmentKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SegmentKind {
    /// `.name` or `['name']`
    Field(Arc<str>),
    /// `[0]`, `[-1]`
    Index(i64),
    /// `[*]` or `.*`
    Wildcard,
    /// A slice, a filter, a descendant or several selectors: its text, for the JSONPath interpreter.
    Query(Arc<str>),
}
