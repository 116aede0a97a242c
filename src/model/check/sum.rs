//! `+` and `-`: numbers, lists that are joined, and days that are moved.

use super::Checker;
use super::expr::with_article;
use super::join::join;
use super::scope::Scope;
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{Expr, ExprKind};
use crate::syntax::{self as ast, Operator};
use crate::value::{Kind, Type, Value};

/// The seconds of a day.
const DAY: u64 = 86_400;

impl Checker<'_> {
    pub(super) fn sum(
        &mut self,
        scope: &mut Scope,
        operator: Operator,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        let user = format!("`{}`", operator.word());
        let (left, right) = (self.settled(scope, left, &user), self.settled(scope, right, &user));
        let adds = operator == Operator::Add;
        let (left, right, ty) = match (&left.ty.kind, &right.ty.kind) {
            (Kind::List(_), Kind::List(_)) if adds => {
                let ty = self.joined_lists(&left, &right);
                (left, right, ty)
            }
            (Kind::List(_), kind) if adds && *kind != Kind::Unknown => {
                self.not_joined(&right);
                (left, right, Type::unknown())
            }
            (Kind::Date, Kind::Duration) => {
                self.whole_days(&right);
                (left, right, Type::new(Kind::Date))
            }
            (Kind::DateTime, Kind::Duration) => (left, right, Type::new(Kind::DateTime)),
            (Kind::Date, Kind::Date) if !adds => (left, right, Type::new(Kind::Integer)),
            _ => {
                let left = self.as_number(left, &user);
                // Of two operands that are no numbers one is enough to say so.
                let right = if left.ty.is_unknown() { right } else { self.as_number(right, &user) };
                let ty = self.arithmetic(&left, &right, operator);
                (left, right, ty)
            }
        };
        Expr { kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)), ty, span }
    }

    fn joined_lists(&mut self, left: &Expr, right: &Expr) -> Type {
        match join(&left.ty, &right.ty) {
            Ok(ty) => ty,
            Err(clash) => {
                let of = if clash.field.is_empty() { String::new() } else { format!("`{}` is ", clash.field) };
                self.report(
                    Diagnostic::error(&codes::MIXED_KINDS, right.span, "lists that are joined hold items of one kind")
                        .label(format!("here {of}{}", with_article(&clash.right)))
                        .related(left.span, format!("here {of}{}", with_article(&clash.left)))
                        .hint("give both the same fields, each of the same type"),
                );
                Type::unknown()
            }
        }
    }

    fn not_joined(&mut self, right: &Expr) {
        let hint = match right.ty.kind {
            Kind::Record(_) => "put it into a list: `[ … ]`",
            _ => "add a list up with `sum(…)`, or join it with another list",
        };
        self.report(
            Diagnostic::error(&codes::NOT_A_LIST, right.span, "a list is joined with a list")
                .label(format!("this is {}", with_article(&right.ty)))
                .hint(hint),
        );
    }

    /// A day has no hours that could be added to.
    fn whole_days(&mut self, length: &Expr) {
        let whole = match length.known() {
            Some(Value::Duration(length)) => length.as_secs().is_multiple_of(DAY) && length.subsec_nanos() == 0,
            _ => false,
        };
        if !whole {
            self.report(
                Diagnostic::error(&codes::MOVED_DAY, length.span, "a day is moved by whole days")
                    .label("not known to be whole days")
                    .hint("write the days, for example `30d`"),
            );
        }
    }
}
