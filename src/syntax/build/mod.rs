//! Pairs of the grammar to nodes of the tree.
//!
//! What the grammar lets pass but the language does not hold (a thirteenth month, a number
//! out of range, two comparisons in a row) is found here. A part that fails has put its
//! diagnostic into the builder and is `None`; the block around it keeps its other parts.

mod block;
mod choose;
mod declare;
mod expr;
mod literal;
mod notify;
mod test;

use super::ast::{Name, ResourceName};
use super::grammar::{Node, Rule};
use crate::diag::{Diagnostic, Span};

/// Where bytes of the text that is being read lie in its source.
pub type Place<'a> = &'a dyn Fn(usize, usize) -> Span;

/// Builds nodes out of pairs and collects what is wrong with them.
pub struct Builder<'a> {
    place: Place<'a>,
    pub diagnostics: Vec<Diagnostic>,
    /// Operators above the expression that is being built.
    depth: usize,
}

impl<'a> Builder<'a> {
    pub fn new(place: Place<'a>) -> Self {
        Self { place, diagnostics: Vec::new(), depth: 0 }
    }

    fn span(&self, node: &Node) -> Span {
        (self.place)(node.as_span().start(), end_of(node))
    }

    /// Where a node lies.
    pub fn span_of(&self, node: &Node) -> Span {
        self.span(node)
    }

    fn fail<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        self.diagnostics.push(diagnostic);
        None
    }

    fn name(&self, node: &Node) -> Name {
        Name { text: node.as_str().into(), span: self.span(node) }
    }

    /// `connection.resource`
    fn resource(&self, node: Node) -> ResourceName {
        let mut names = node.into_inner().filter(is_word).map(|part| self.name(&part));
        let mut next = || names.next().expect("a resource has two names");
        ResourceName { connection: next(), resource: next() }
    }
}

fn is_word(node: &Node) -> bool {
    matches!(node.as_rule(), Rule::name | Rule::word)
}

/// Where the last token of a node ends. The node itself may reach further, over white space
/// and comments that the grammar skipped before an optional part that did not come.
fn end_of(node: &Node) -> usize {
    let own = node.as_span().end();
    if matches!(node.as_rule(), Rule::template | Rule::plain) {
        return own;
    }
    node.clone().into_inner().rfind(|part| part.as_rule() != Rule::EOI).map_or(own, |last| end_of(&last))
}

/// The parts of a node, without those that only hold its shape.
struct Parts<'t>(Vec<Node<'t>>);

impl<'t> Parts<'t> {
    fn of(node: Node<'t>) -> Self {
        let mut parts: Vec<_> = node.into_inner().collect();
        parts.reverse();
        Self(parts)
    }

    /// The next part of this rule, if any is left; skips others.
    fn take(&mut self, rule: Rule) -> Option<Node<'t>> {
        while let Some(part) = self.0.pop() {
            if part.as_rule() == rule {
                return Some(part);
            }
        }
        None
    }

    /// Whether the next part is of this rule.
    fn next_is(&self, rule: Rule) -> bool {
        self.0.last().is_some_and(|part| part.as_rule() == rule)
    }

    /// The next part of this rule, which the grammar promises.
    fn need(&mut self, rule: Rule) -> Node<'t> {
        self.take(rule).expect("the grammar promises this part")
    }
}
