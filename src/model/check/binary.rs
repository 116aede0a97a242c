//! Operators between two values.

use super::Checker;
use super::expr::{common, with_article};
use super::operands::{short, shown};
use super::scope::Scope;
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::model::{Expr, ExprKind};
use crate::syntax::{self as ast, Operator};
use crate::value::{Kind, Type, Value};

impl Checker<'_> {
    pub(super) fn binary(
        &mut self,
        scope: &mut Scope,
        operator: Operator,
        operator_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        let user = format!("`{}`", operator.word());
        let (left, right, ty) = match operator {
            Operator::Or | Operator::And => {
                let (left, right) = (self.condition(scope, left), self.condition(scope, right));
                (left, right, Type::new(Kind::Boolean))
            }
            Operator::Equal | Operator::NotEqual => {
                let (left, right) = (self.settled(scope, left, &user), self.settled(scope, right, &user));
                self.equality(&left, &right, operator_span, operator);
                (left, right, Type::new(Kind::Boolean))
            }
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                let (left, right) = (self.settled(scope, left, &user), self.settled(scope, right, &user));
                self.order(&left, &right, operator_span, operator);
                (left, right, Type::new(Kind::Boolean))
            }
            Operator::In | Operator::NotIn => {
                let (left, right) = (self.settled(scope, left, &user), self.settled(scope, right, &user));
                self.membership(&left, &right, operator_span, operator);
                (left, right, Type::new(Kind::Boolean))
            }
            Operator::Otherwise => return self.otherwise(scope, left, right, span),
            Operator::Add | Operator::Subtract => return self.sum(scope, operator, left, right, span),
            Operator::Multiply | Operator::Divide => {
                let left = self.number(scope, left, &user);
                // Of two operands that are no numbers one is enough to say so.
                let right = match left.ty.is_unknown() {
                    true => self.settled(scope, right, &user),
                    false => self.number(scope, right, &user),
                };
                let ty = self.arithmetic(&left, &right, operator);
                (left, right, ty)
            }
        };
        Expr { kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)), ty, span }
    }

    pub(super) fn arithmetic(&mut self, left: &Expr, right: &Expr, operator: Operator) -> Type {
        let zero = right.known().and_then(|value| value.as_decimal()).is_some_and(|value| value.is_zero());
        if operator == Operator::Divide && zero {
            self.report(
                Diagnostic::error(&codes::DIVISION_BY_ZERO, right.span, "nothing can be divided by zero")
                    .label("this is always zero")
                    .hint("divide by another value, or drop the division"),
            );
        }
        if left.ty.is_unknown() || right.ty.is_unknown() {
            return Type::unknown();
        }
        let whole = matches!((&left.ty.kind, &right.ty.kind), (Kind::Integer, Kind::Integer));
        Type::new(if whole && operator != Operator::Divide { Kind::Integer } else { Kind::Decimal })
    }

    fn equality(&mut self, left: &Expr, right: &Expr, place: Span, operator: Operator) {
        if !self.comparable(left, &right.ty, right, place, operator) {
            return;
        }
        if let Kind::List(_) | Kind::Record(_) = left.ty.kind {
            self.report(
                Diagnostic::error(&codes::COMPARISON, place, format!("`{}` compares plain values", operator.word()))
                    .label(format!("both sides are {}", plural(&left.ty)))
                    .hint("compare a field of them, or what `sum(…)` or `count(…)` make of them"),
            );
            return;
        }
        self.known_values(left, right);
        self.known_values(right, left);
    }

    fn order(&mut self, left: &Expr, right: &Expr, place: Span, operator: Operator) {
        if !self.comparable(left, &right.ty, right, place, operator) {
            return;
        }
        let ordered = [&left.ty.kind, &right.ty.kind].iter().all(|kind| {
            matches!(kind, Kind::Integer | Kind::Decimal | Kind::Date | Kind::DateTime | Kind::Duration | Kind::Unknown)
        });
        if !ordered {
            self.report(
                Diagnostic::error(
                    &codes::COMPARISON,
                    place,
                    format!("`{}` orders numbers, days and times", operator.word()),
                )
                .label(format!("both sides are {}", plural(&left.ty)))
                .hint("compare with `==` or `!=`, or use a field that holds a number or a day"),
            );
        }
    }

    fn membership(&mut self, left: &Expr, right: &Expr, place: Span, operator: Operator) {
        let item = match &right.ty.kind {
            Kind::List(item) => (**item).clone(),
            Kind::Unknown => return,
            _ => {
                let text = self.text(right.span);
                self.report(
                    Diagnostic::error(
                        &codes::NOT_A_LIST,
                        right.span,
                        format!("`{}` needs a list on its right", operator.word()),
                    )
                    .label(format!("this is {}", with_article(&right.ty)))
                    .hint(format!("write a list: `[{}]`", short(&text))),
                );
                return;
            }
        };
        if !self.comparable(left, &item, right, place, operator) {
            return;
        }
        if let ExprKind::List(items) = &right.kind {
            for item in items {
                self.known_values(left, item);
            }
        }
    }

    /// Whether the kinds can be equal; says so if not.
    fn comparable(&mut self, left: &Expr, right_type: &Type, right: &Expr, place: Span, operator: Operator) -> bool {
        if left.ty.is_unknown() || right_type.is_unknown() {
            return false;
        }
        if common(&left.ty, right_type).is_some() {
            return true;
        }
        let hint = self.comparison_hint(left, right_type, right);
        self.report(
            Diagnostic::error(
                &codes::COMPARISON,
                place,
                format!("{} cannot be compared with {}", with_article(&left.ty), with_article(right_type)),
            )
            .label(format!("`{}` is between different types", operator.word()))
            .related(left.span, format!("this is `{}`", left.ty))
            .related(right.span, format!("this is `{}`", right.ty))
            .hint(hint),
        );
        false
    }

    fn comparison_hint(&self, left: &Expr, right_type: &Type, right: &Expr) -> String {
        let (left_text, right_text) = (self.text(left.span), self.text(right.span));
        match (&left.ty.kind, &right_type.kind) {
            (Kind::Text { .. }, kind)
                if !matches!(kind, Kind::List(_) | Kind::Record(_)) && right.known().is_some() =>
            {
                match right.ty.kind {
                    Kind::List(_) => "write the values of the list in quotes".to_owned(),
                    _ => format!("write it as text: `\"{}\"`", short(&right_text)),
                }
            }
            (kind, Kind::Text { .. }) if left.known().is_some() && !matches!(kind, Kind::List(_)) => {
                format!("write it as text: `\"{}\"`", short(&left_text))
            }
            (Kind::Integer | Kind::Decimal, Kind::Text { .. }) => {
                "write the number without quotes, or compare with a field that holds a number".to_owned()
            }
            (Kind::Date, Kind::Text { .. }) | (Kind::Text { .. }, Kind::Date) => {
                "a day is written without quotes: `2026-10-31`".to_owned()
            }
            (Kind::Date, Kind::DateTime) | (Kind::DateTime, Kind::Date) => {
                "a day and an instant are not the same kind; take the day of the instant with `date(…)`".to_owned()
            }
            (Kind::List(_), _) => {
                format!("a list is searched with `in`: `{} in {}`", short(&right_text), short(&left_text))
            }
            (_, Kind::List(_)) => {
                format!("a list is searched with `in`: `{} in {}`", short(&left_text), short(&right_text))
            }
            _ => "compare values of one type".to_owned(),
        }
    }

    /// Warns if a literal is not among the values that a field is known to take.
    pub(super) fn known_values(&mut self, field: &Expr, literal: &Expr) {
        let (Some(Value::Text(text)), Some(values)) = (literal.known(), values_of(field)) else { return };
        if values.iter().any(|value| **value == *text) {
            return;
        }
        let names = || values.iter().map(|value| &**value);
        let hint = match nearest(&text.to_lowercase(), names()) {
            Some(near) => format!("did you mean `\"{near}\"`? The known values are {}", super::listed(names(), 12)),
            None => format!("the known values are {}", super::listed(names(), 12)),
        };
        let field = self.text(field.span);
        self.report(
            Diagnostic::warning(
                &codes::UNKNOWN_VALUE,
                literal.span,
                format!("{} is not known to take the value \"{text}\"", shown(&field)),
            )
            .label("not among its known values")
            .hint(hint),
        );
    }

    fn otherwise(&mut self, scope: &mut Scope, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
        let (left, right) = (self.expr(scope, left), self.expr(scope, right));
        if !left.ty.optional && !left.ty.is_unknown() {
            let text = self.text(left.span);
            self.report(
                Diagnostic::warning(&codes::NEVER_ABSENT, right.span, format!("{} is always there", shown(&text)))
                    .label("never used")
                    .related(left.span, "always has a value")
                    .hint("take `??` and what follows it out"),
            );
        }
        let ty = match common(&left.ty, &right.ty) {
            Some(ty) => Type { optional: right.ty.optional, ..ty },
            None => {
                self.report(
                    Diagnostic::error(&codes::MIXED_KINDS, right.span, "both sides of `??` must be of one kind")
                        .label(format!("this is {}", with_article(&right.ty)))
                        .related(left.span, format!("this is {}", with_article(&left.ty)))
                        .hint(format!("write {} on the right", with_article(&left.ty))),
                );
                left.ty.clone().settled()
            }
        };
        Expr { kind: ExprKind::Otherwise(Box::new(left), Box::new(right)), ty, span }
    }
}

/// The values that a field is known to take, if the expression is such a field.
pub(super) fn values_of(value: &Expr) -> Option<Vec<std::sync::Arc<str>>> {
    let (base, name) = match &value.kind {
        ExprKind::Field(base, name) | ExprKind::Project(base, name) => (base, name),
        ExprKind::Otherwise(left, _) => return values_of(left),
        ExprKind::If(_) | ExprKind::Match(_) => return super::choose::closed_texts(value),
        _ => return None,
    };
    let record = match &base.ty.kind {
        Kind::Record(record) => record,
        Kind::List(item) => match &item.kind {
            Kind::Record(record) => record,
            _ => return None,
        },
        _ => return None,
    };
    let values = &record.fields.get(name)?.values;
    (!values.is_empty()).then(|| values.clone())
}

fn plural(ty: &Type) -> &'static str {
    match ty.kind {
        Kind::Text { .. } => "texts",
        Kind::Boolean => "true or false",
        Kind::List(_) => "lists",
        Kind::Record(_) => "records",
        _ => "of one type",
    }
}
