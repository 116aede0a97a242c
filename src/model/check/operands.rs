//! What the place of a value asks of it: that it is there, that it is a number, a
//! condition, a list.

use super::Checker;
use super::expr::with_article;
use super::scope::Scope;
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{Expr, ExprKind};
use crate::syntax as ast;
use crate::value::{Kind, Type};

impl Checker<'_> {
    /// A value that is there. `user` is what needs it: "`==`", "a list".
    pub(super) fn settled(&mut self, scope: &mut Scope, expr: &ast::Expr, user: &str) -> Expr {
        let value = self.expr(scope, expr);
        self.settle(value, user)
    }

    /// Says that a value may be absent; it counts as settled afterwards.
    pub(super) fn settle(&mut self, mut value: Expr, user: &str) -> Expr {
        if value.ty.optional && !value.ty.is_unknown() && !self.expecting {
            let text = self.text(value.span);
            let message = format!("{} may be absent, and {user} needs a value", shown(&text));
            let hint = match instead(&value.ty) {
                _ if matches!(value.kind, ExprKind::If(_)) => {
                    "say what counts when the condition does not hold: `… else …`".to_owned()
                }
                Some(default) => format!(
                    "say what counts when it is absent: `({0} ?? {default})`; or stop the record first: `let {1} = {0} else hold \"…\"`",
                    short(&text),
                    name_for(&text),
                ),
                None => format!("stop the record first: `let {} = {} else hold \"…\"`", name_for(&text), short(&text)),
            };
            self.report(
                Diagnostic::error(&codes::MAY_BE_ABSENT, value.span, message)
                    .label(format!("this is `{}`: it is not always there", value.ty))
                    .hint(hint),
            );
        }
        value.ty.optional = false;
        value
    }

    /// A value that is true or false.
    pub(super) fn condition(&mut self, scope: &mut Scope, expr: &ast::Expr) -> Expr {
        let value = self.settled(scope, expr, "a condition");
        if !matches!(value.ty.kind, Kind::Boolean | Kind::Unknown) {
            let text = self.text(value.span);
            self.report(
                Diagnostic::error(&codes::NOT_A_CONDITION, value.span, "a condition must be true or false")
                    .label(format!("this is {}", with_article(&value.ty)))
                    .hint(format!("compare it with something, for example `{} == …`", short(&text))),
            );
        }
        value
    }

    /// A number. `user` is what needs it.
    pub(super) fn number(&mut self, scope: &mut Scope, expr: &ast::Expr, user: &str) -> Expr {
        let value = self.settled(scope, expr, user);
        self.as_number(value, user)
    }

    /// Says that a value is no number; it is of unknown type afterwards.
    pub(super) fn as_number(&mut self, mut value: Expr, user: &str) -> Expr {
        if !(value.ty.is_number() || value.ty.is_unknown()) {
            self.not_a_number(&value, user);
            value.ty = Type::unknown();
        }
        value
    }

    fn not_a_number(&mut self, value: &Expr, user: &str) {
        let hint = match value.ty.kind {
            Kind::Text { .. } => "texts are put together in a template: `\"{{ first }}-{{ second }}\"`",
            Kind::List(_) => "add a list up with `sum(…)`, or take one of it with `[0]`",
            Kind::Date | Kind::DateTime | Kind::Duration => {
                "a day is moved by a length of time: `day + 30d`; `mlc schema --functions` lists what else there is"
            }
            _ => "use a field that holds a number",
        };
        self.report(
            Diagnostic::error(&codes::NOT_A_NUMBER, value.span, format!("{user} works on numbers"))
                .label(format!("this is {}", with_article(&value.ty)))
                .hint(hint),
        );
    }

    /// The type of a list's items; unknown (and said) if it is no list.
    pub(super) fn items(&mut self, value: &Expr, user: &str) -> Type {
        match &value.ty.kind {
            Kind::List(item) => (**item).clone(),
            Kind::Unknown => Type::unknown(),
            _ => {
                self.no_list(value.span, &value.ty, user);
                Type::unknown()
            }
        }
    }

    pub(super) fn no_list(&mut self, span: Span, ty: &Type, user: &str) {
        let hint = match &ty.kind {
            Kind::Record(record) => {
                let lists = record.fields.iter().filter(|(_, field)| matches!(field.ty.kind, Kind::List(_)));
                let lists: Vec<&str> = lists.map(|(name, _)| &**name).collect();
                if lists.is_empty() {
                    "use a field that holds a list".to_owned()
                } else {
                    format!("its lists are {}", super::listed(lists, 6))
                }
            }
            _ => "use a field that holds a list, or write one: `[…]`".to_owned(),
        };
        self.report(
            Diagnostic::error(&codes::NOT_A_LIST, span, format!("{user} needs a list"))
                .label(format!("this is {}", with_article(ty)))
                .hint(hint),
        );
    }
}

/// A literal that could stand for an absent value of the type.
pub(super) fn instead(ty: &Type) -> Option<&'static str> {
    match ty.kind {
        Kind::Text { .. } => Some("\"…\""),
        Kind::Integer | Kind::Decimal => Some("0"),
        Kind::Boolean => Some("false"),
        Kind::List(_) => Some("[]"),
        _ => None,
    }
}

/// A name that a `let` for this text could have.
pub(super) fn name_for(text: &str) -> String {
    let last = text.rsplit(['.', '(', ' ']).next().unwrap_or("");
    let name: String = last.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && text.contains('.') { name } else { "value".to_owned() }
}

/// The text in a hint: whole if it is short and on one line.
pub(super) fn short(text: &str) -> &str {
    if text.chars().count() > 60 || text.contains('\n') || text.is_empty() { "…" } else { text }
}

/// The text in a message.
pub(super) fn shown(text: &str) -> String {
    match short(text) {
        "…" => "this value".to_owned(),
        text => format!("`{text}`"),
    }
}
