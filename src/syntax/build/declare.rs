//! Items that declare names for the whole file: `fn`, `let`, `vars`, and the types in them.

use super::{Builder, Parts, is_word};
use crate::syntax::ast::{Constant, Function, Parameter, TypeName, Var, Vars};
use crate::syntax::grammar::{Node, Rule};

impl Builder<'_> {
    pub(super) fn function(&mut self, node: Node) -> Option<Function> {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let name = self.name(&parts.need(Rule::name));
        let parameters = Parts::of(parts.need(Rule::parameters)).rest(Rule::parameter);
        let parameters = parameters.into_iter().map(|part| self.parameter(part)).collect();
        Some(Function { name, parameters, body: self.expr(parts.need(Rule::expr))?, span })
    }

    fn parameter(&self, node: Node) -> Parameter {
        let mut parts = Parts::of(node);
        let name = self.name(&parts.need(Rule::name));
        Parameter { name, ty: parts.take(Rule::type_name).map(|part| self.type_name(part)) }
    }

    fn type_name(&self, node: Node) -> TypeName {
        let span = self.span(&node);
        let mut named = TypeName { list: false, path: Vec::new(), optional: false, span };
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::list_word => named.list = true,
                Rule::maybe => named.optional = true,
                Rule::type_path => {
                    named.path = part.into_inner().filter(is_word).map(|part| self.name(&part)).collect();
                }
                _ => {}
            }
        }
        named
    }

    pub(super) fn constant(&mut self, node: Node) -> Option<Constant> {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let name = self.name(&parts.need(Rule::name));
        Some(Constant { name, value: self.expr(parts.need(Rule::expr))?, span })
    }

    pub fn vars(&mut self, node: Node) -> Vars {
        let span = self.span(&node);
        let mut lost = Vec::new();
        let entries = self.entries(Parts::of(node).rest(Rule::var), &mut lost, Self::var);
        Vars { entries, lost, span }
    }

    pub fn var(&mut self, node: Node) -> Option<Var> {
        let mut parts = Parts::of(node);
        let name = self.name(&parts.need(Rule::name));
        let (mut ty, mut value) = (None, None);
        for part in parts.0.into_iter().rev() {
            match part.as_rule() {
                Rule::type_name => ty = Some(self.type_name(part)),
                Rule::expr => value = self.expr(part),
                _ => {}
            }
        }
        Some(Var { name, ty, value: value? })
    }
}
