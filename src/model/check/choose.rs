//! `if` and `match`: every branch is checked, and the type holds the values of all.

use super::Checker;
use super::expr::{common, with_article};
use super::join::join;
use super::narrow::learn;
use super::operands::{short, shown};
use super::scope::Scope;
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{Arm, Expr, ExprKind, If, Match};
use crate::syntax::{self as ast, ArmPattern};
use crate::value::{Kind, Type, Value};
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn choice(&mut self, scope: &mut Scope, choice: &ast::If, span: Span) -> Expr {
        let condition = self.condition(scope, &choice.condition);
        let known = scope.bounds();
        learn(scope, &condition);
        let then = self.expr(scope, &choice.then);
        scope.forget(known);
        let otherwise = choice.otherwise.as_ref().map(|value| self.expr(scope, value));
        let ty = match &otherwise {
            Some(value) => self.branches([&then, value], "both values of an `if` must be of one kind"),
            None => then.ty.clone().optional(),
        };
        Expr { kind: ExprKind::If(Box::new(If { condition, then, otherwise })), ty, span }
    }

    /// `stops` tells that the `let` around it says what becomes of a value that no arm takes.
    pub(super) fn cases(&mut self, scope: &mut Scope, cases: &ast::Match, span: Span, stops: bool) -> Expr {
        let value = self.expr(scope, &cases.value);
        let value = if self.matchable(&value) { self.settle(value, "`match`") } else { value };
        let mut arms = Vec::with_capacity(cases.arms.len());
        for arm in &cases.arms {
            let patterns = self.arm_patterns(&value, arm);
            arms.push(Arm { patterns, value: self.expr(scope, &arm.value) });
        }
        let whole = self.covered(&value, cases, &arms, stops);
        let mut ty = self.branches(arms.iter().map(|arm| &arm.value), "all arms of a `match` must be of one kind");
        ty.optional |= !whole;
        Expr { kind: ExprKind::Match(Box::new(Match { value, arms })), ty, span }
    }

    /// The type of all branches; unknown (and said) if they are of different kinds.
    fn branches<'e>(&mut self, values: impl IntoIterator<Item = &'e Expr>, rule: &str) -> Type {
        let mut joined: Option<(Type, Span)> = None;
        for value in values {
            let (ty, first) = match joined {
                None => (value.ty.clone(), value.span),
                Some((ty, first)) if ty.is_unknown() || value.ty.is_unknown() => (Type::unknown(), first),
                Some((ty, first)) => match join(&ty, &value.ty) {
                    Ok(both) => (both, first),
                    Err(clash) => {
                        let of = if clash.field.is_empty() { String::new() } else { format!(" in `{}`", clash.field) };
                        self.report(
                            Diagnostic::error(&codes::MIXED_KINDS, value.span, rule)
                                .label(format!("this is {}{of}", with_article(&clash.right)))
                                .related(first, format!("this is {}{of}", with_article(&clash.left)))
                                .hint(format!(
                                    "write {} here, or make both text with `text(…)`",
                                    with_article(&clash.left)
                                )),
                        );
                        return Type::unknown();
                    }
                },
            };
            joined = Some((ty, first));
        }
        joined.map_or_else(Type::unknown, |(ty, _)| ty)
    }

    /// Whether it is a plain value; says so if not.
    fn matchable(&mut self, value: &Expr) -> bool {
        if let Kind::List(_) | Kind::Record(_) = value.ty.kind {
            let text = self.text(value.span);
            self.report(
                Diagnostic::error(&codes::MATCH_PATTERN, value.span, "`match` compares plain values")
                    .label(format!("this is {}", with_article(&value.ty)))
                    .hint(format!("match a field of it: `match {}.…`", short(&text))),
            );
            return false;
        }
        true
    }

    /// The values of an arm; `None` for `_`.
    fn arm_patterns(&mut self, value: &Expr, arm: &ast::Arm) -> Option<Vec<Value>> {
        let mut values = Vec::with_capacity(arm.patterns.len());
        let mut any = false;
        for pattern in &arm.patterns {
            match pattern {
                ArmPattern::Any(_) => any = true,
                ArmPattern::Literal(literal) => values.extend(self.arm_value(value, literal)),
            }
        }
        (!any).then_some(values)
    }

    fn arm_value(&mut self, value: &Expr, literal: &ast::Expr) -> Option<Value> {
        let wrong = |label: String, hint: String| {
            Diagnostic::error(&codes::MATCH_PATTERN, literal.span, "this value can never be equal to what is matched")
                .label(label)
                .hint(hint)
        };
        let Some(known) = super::settings::literal(literal) else {
            let hint = "compare with `if … == … then … else …`: an arm holds plain values";
            self.report(wrong("a template".to_owned(), hint.to_owned()));
            return None;
        };
        let pattern = Expr::constant(known.clone(), literal.span);
        if let Value::Text(text) = &known
            && text.contains('*')
        {
            let hint = "patterns are for lookups; here write `if starts_with(…, \"…\") then … else …`";
            self.report(wrong("`*` stands for itself here".to_owned(), hint.to_owned()));
            return None;
        }
        if value.ty.is_unknown() || matches!(value.ty.kind, Kind::List(_) | Kind::Record(_)) {
            return Some(known);
        }
        if common(&value.ty, &pattern.ty).is_none() {
            let text = self.text(value.span);
            let hint = match value.ty.kind {
                Kind::Text { .. } => format!("write it as text: `\"{known}\"`"),
                _ => format!("write {}", with_article(&value.ty)),
            };
            let label =
                format!("this is {}, {} is {}", with_article(&pattern.ty), shown(&text), with_article(&value.ty));
            self.report(wrong(label, hint));
            return None;
        }
        self.known_values(value, &pattern);
        Some(known)
    }

    /// Whether some arm takes each value that can come. Says which arms are never reached,
    /// and which values no arm takes.
    fn covered(&mut self, value: &Expr, cases: &ast::Match, arms: &[Arm], stops: bool) -> bool {
        let mut left = closed(value);
        let mut seen: Vec<(Value, Span)> = Vec::new();
        let mut any: Option<Span> = None;
        for (arm, read) in cases.arms.iter().zip(arms) {
            if let Some(first) = any {
                self.unreachable(arm.span, first, "everything is taken here");
                continue;
            }
            if read.patterns.is_none() {
                if left.as_ref().is_some_and(Vec::is_empty) {
                    let all = seen.last().map_or(arm.span, |(_, span)| *span);
                    self.unreachable(arm.span, all, "with this all values are taken");
                }
                any = Some(arm.span);
            }
            self.repeated_values(arm, &mut seen);
            for taken in read.patterns.iter().flatten() {
                left.iter_mut().for_each(|left| left.retain(|one| one != taken));
            }
        }
        let whole = any.is_some() || left.as_ref().is_some_and(Vec::is_empty);
        let unclear = value.ty.is_unknown() || matches!(value.ty.kind, Kind::List(_) | Kind::Record(_));
        if !whole && !stops && !unclear {
            self.open(value, left);
        }
        // What was told to be open has no second fault for being absent.
        whole || !stops
    }

    fn repeated_values(&mut self, arm: &ast::Arm, seen: &mut Vec<(Value, Span)>) {
        for pattern in &arm.patterns {
            let ArmPattern::Literal(literal) = pattern else { continue };
            let Some(value) = super::settings::literal(literal) else { continue };
            match seen.iter().find(|(first, _)| equal(first, &value)) {
                Some((_, first)) => self.unreachable(literal.span, *first, "the same value is taken here"),
                None => seen.push((value, literal.span)),
            }
        }
    }

    fn unreachable(&mut self, place: Span, first: Span, related: &str) {
        self.report(
            Diagnostic::warning(
                &codes::UNREACHABLE_ARM,
                place,
                "this is never reached: the first arm that fits counts",
            )
            .label("never reached")
            .related(first, related)
            .hint("take it out, or move it up"),
        );
    }

    fn open(&mut self, value: &Expr, left: Option<Vec<Value>>) {
        let text = self.text(value.span);
        let (label, hint) = match left {
            Some(left) => {
                let names: Vec<String> = left.iter().map(ToString::to_string).collect();
                let left = super::listed(names.iter().map(String::as_str), 6);
                (format!("no arm for {left}"), format!("add an arm for {left}, or `_ => …`"))
            }
            None => (
                "it can have other values".to_owned(),
                "add `_ => …` for all other values, or `else hold \"…\"` after the `match` of a `let`".to_owned(),
            ),
        };
        self.report(
            Diagnostic::error(
                &codes::MATCH_OPEN,
                value.span,
                format!("this `match` does not say what counts for every value of {}", shown(&text)),
            )
            .label(label)
            .hint(hint),
        );
    }
}

/// All values that an expression can have, if they are known.
fn closed(value: &Expr) -> Option<Vec<Value>> {
    if value.ty.kind == Kind::Boolean {
        return Some(vec![Value::Bool(true), Value::Bool(false)]);
    }
    closed_texts(value).map(|texts| texts.into_iter().map(Value::Text).collect())
}

/// All texts that an expression can be, if they are known.
pub(super) fn closed_texts(value: &Expr) -> Option<Vec<Arc<str>>> {
    let both = |left: &Expr, right: &Expr| {
        let (mut all, more) = (closed_texts(left)?, closed_texts(right)?);
        all.extend(more);
        Some(all)
    };
    match &value.kind {
        ExprKind::Constant(Value::Text(text)) => Some(vec![text.clone()]),
        ExprKind::Otherwise(left, right) => both(left, right),
        ExprKind::If(choice) => match &choice.otherwise {
            Some(otherwise) => both(&choice.then, otherwise),
            None => closed_texts(&choice.then),
        },
        ExprKind::Match(cases) => {
            cases.arms.iter().map(|arm| closed_texts(&arm.value)).collect::<Option<Vec<_>>>().map(|all| all.concat())
        }
        ExprKind::Field(base, name) => match &base.ty.kind {
            Kind::Record(record) => {
                record.fields.get(name).filter(|field| field.closed).map(|field| field.values.clone())
            }
            _ => None,
        },
        _ => None,
    }
}

/// Equality as at run time: numbers by amount.
fn equal(left: &Value, right: &Value) -> bool {
    left.as_decimal().zip(right.as_decimal()).map_or_else(|| left == right, |(left, right)| left == right)
}
