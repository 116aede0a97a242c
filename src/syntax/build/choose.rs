//! Expressions that choose between values: `if` and `match`.

use super::{Builder, Parts};
use crate::syntax::ast::{Arm, ArmPattern, Expr, ExprKind, If, Match};
use crate::syntax::grammar::{Node, Rule};

impl Builder<'_> {
    /// `if condition then value [else value]`
    pub(super) fn choice(&mut self, node: Node) -> Option<If> {
        let parts = Parts::of(node).rest(Rule::expr);
        let mut built = parts.into_iter().map(|part| self.expr(part)).collect::<Vec<_>>().into_iter();
        let mut next = || built.next().expect("an `if` has a condition and a value");
        let (condition, then) = (next(), next());
        let otherwise = match built.next() {
            Some(value) => Some(value?),
            None => None,
        };
        Some(If { condition: condition?, then: then?, otherwise })
    }

    /// `match value { patterns => value … }`
    pub(super) fn cases(&mut self, node: Node) -> Option<Match> {
        let mut parts = Parts::of(node);
        let value = self.expr(parts.need(Rule::expr));
        let arms: Vec<_> = parts.rest(Rule::arm).into_iter().map(|part| self.arm(part)).collect();
        Some(Match { value: value?, arms: arms.into_iter().collect::<Option<_>>()? })
    }

    fn arm(&mut self, node: Node) -> Option<Arm> {
        let span = self.span(&node);
        let (mut patterns, mut value) = (Vec::new(), None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::arm_pattern => patterns.push(self.arm_pattern(part)),
                Rule::expr => value = self.expr(part),
                _ => {}
            }
        }
        Some(Arm { patterns: patterns.into_iter().collect::<Option<_>>()?, value: value?, span })
    }

    fn arm_pattern(&mut self, node: Node) -> Option<ArmPattern> {
        let span = self.span(&node);
        let part = node.into_inner().next().expect("a pattern is of one of several kinds");
        if part.as_rule() == Rule::any {
            return Some(ArmPattern::Any(span));
        }
        if part.as_rule() == Rule::negative {
            let number = self.number(&Parts::of(part).need(Rule::number))?;
            let kind = match number.kind {
                ExprKind::Integer(number) => ExprKind::Integer(-number),
                ExprKind::Decimal(number) => ExprKind::Decimal(number.negated()),
                kind => kind,
            };
            return Some(ArmPattern::Literal(Expr { kind, span }));
        }
        self.primary_expr(part).map(ArmPattern::Literal)
    }

    /// The day behind a call: `on invoice.billing_date`
    pub(super) fn asked_on(&mut self, call: Expr, node: Node) -> Option<ExprKind> {
        let day = Parts::of(node).need(Rule::day).into_inner().next().expect("a day is of one of several kinds");
        let day = self.primary_expr(day)?;
        Some(ExprKind::On { call: Box::new(call), day: Box::new(day) })
    }

    /// A value without operators around it.
    fn primary_expr(&mut self, node: Node) -> Option<Expr> {
        self.primary(node).map(|operand| operand.expr)
    }
}
