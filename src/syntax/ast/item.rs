//! Items, the parts that a file is made of, and those of them that need no file of their own.

use super::{Expr, Flow, Lookup, Lost, Name, Notify, Test, Text};
use crate::diag::Span;

#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Pipeline(Pipeline),
    Connect(Connect),
    Lookup(Lookup),
    Flow(Flow),
    Function(Function),
    Constant(Constant),
    Vars(Vars),
    Test(Test),
    Use(Use),
    /// `extend flow name { clauses }`: what of a flow is to be another way.
    Extend(Flow),
    Notify(Notify),
}

/// `use "file.mlc" [without flow, flow]`
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    pub path: Text,
    /// Flows of that file that are left out.
    pub without: Vec<Name>,
    pub span: Span,
}

/// `pipeline "name" { timezone = "…"  currency = "…" }`
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    pub name: Text,
    pub settings: Vec<Setting>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

/// `connect SYSTEM { setting = value … }`, or `connect SYSTEM as NAME { … }`, with `sandbox` alone on a line allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Connect {
    /// What the file calls the connection: the system itself, or the name after `as`.
    pub name: Name,
    /// The system before `as`, where there is one.
    pub named_system: Option<Name>,
    pub settings: Vec<Setting>,
    /// The word `sandbox`, if it stands in the block.
    pub sandbox: Option<Span>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

impl Connect {
    /// The system that is connected.
    pub fn system(&self) -> &Name {
        self.named_system.as_ref().unwrap_or(&self.name)
    }
}

/// `name = value`
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    pub name: Name,
    pub value: Expr,
}

/// `fn net(item: office.bills.lines) = item.net_amount`
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub name: Name,
    pub parameters: Vec<Parameter>,
    pub body: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: Name,
    pub ty: Option<TypeName>,
}

/// A type as it is written: `decimal`, `text?`, `list of date`, `office.bills.lines`.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeName {
    pub list: bool,
    /// One name, or a connection, its resource, and fields of it.
    pub path: Vec<Name>,
    pub optional: bool,
    pub span: Span,
}

/// `let name = expr` outside of any flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    pub name: Name,
    pub value: Expr,
    pub span: Span,
}

/// `vars { environment = "test"  limit: decimal = 250_000 }`
#[derive(Clone, Debug, PartialEq)]
pub struct Vars {
    pub entries: Vec<Var>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Var {
    pub name: Name,
    pub ty: Option<TypeName>,
    pub value: Expr,
}
