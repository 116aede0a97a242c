//! The syntax tree: what a file says, before anything is known of names or types.
//!
//! Every node carries its span, so that later phases point at the right words.
//! Comments are kept aside by position, so that the formatter can put them back.

mod expr;
mod flow;
mod item;
mod lookup;
mod notify;
mod operator;
mod outcome;
mod path;
mod target;
mod template;
mod test;

pub use expr::{Arm, ArmPattern, Each, Expr, ExprKind, If, Match};
pub use flow::{Clause, Flow, From, Let, Map, MapEntry, Matching, Per, Reconcile, Require, RunWhen};
pub use item::{Connect, Constant, Function, Item, Parameter, Pipeline, Setting, TypeName, Use, Var, Vars};
pub use lookup::{Lookup, LookupEntry, LookupRow, Pattern};
pub use notify::{Notice, Notify};
pub use operator::Operator;
pub use outcome::{Otherwise, Outcome};
pub use path::{Path, Segment, SegmentKind};
pub use target::{Rule, To};
pub use template::Template;
pub use test::{Ended, Expect, Fixture, FixtureField, FixtureRecord, FixtureValue, Test, TestEntry};

use crate::diag::Span;
use std::sync::Arc;

/// A whole file. Items that could not be read are left out; their diagnostics say so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    pub items: Vec<Item>,
    pub comments: Vec<Comment>,
    /// Items that could not be read.
    pub lost: Vec<Lost>,
}

/// An item or entry that could not be read; a diagnostic says why. Later phases must not
/// conclude anything from its absence: what it names is unknown, not undeclared.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// The word that it begins with, if that is a keyword: `let`, `to`, `lookup`.
    pub keyword: Option<Arc<str>>,
    /// What it declares or sets, as far as that could be seen.
    pub name: Option<Name>,
    pub span: Span,
}

/// `# …` up to the end of its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    pub span: Span,
    /// Nothing but white space stands before it on its line.
    pub own_line: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    pub text: Arc<str>,
    pub span: Span,
}

/// A text in quotes where no template is meant: names, paths.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    pub text: Arc<str>,
    pub span: Span,
}

/// `connection.resource`
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceName {
    pub connection: Name,
    pub resource: Name,
}

impl ResourceName {
    pub fn span(&self) -> Span {
        self.connection.span.to(self.resource.span)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}
