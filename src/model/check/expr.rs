//! Expressions: what each means and of which type it is.

use super::join::join;
use super::scope::Scope;
use super::{Checker, template::Absent};
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{Expr, ExprKind};
use crate::syntax as ast;
use crate::value::{Kind, Type, Value};

impl Expr {
    /// What stands for an expression that could not be understood.
    pub(super) fn unknown(span: Span) -> Self {
        Self { kind: ExprKind::Constant(Value::Null), ty: Type::unknown(), span }
    }

    pub(super) fn constant(value: Value, span: Span) -> Self {
        let ty = type_of(&value);
        Self { kind: ExprKind::Constant(value), ty, span }
    }

    /// The value, if it is known before any record is read.
    pub(crate) fn known(&self) -> Option<Value> {
        match &self.kind {
            ExprKind::Constant(value) if !value.is_null() => Some(value.clone()),
            ExprKind::List(items) => items.iter().map(Self::known).collect::<Option<_>>().map(Value::list),
            _ => None,
        }
    }
}

/// The type of a literal.
fn type_of(value: &Value) -> Type {
    Type::new(match value {
        Value::Text(text) => Kind::Text { max: u32::try_from(text.chars().count()).ok() },
        Value::Bool(_) => Kind::Boolean,
        Value::Integer(_) => Kind::Integer,
        Value::Decimal(_) => Kind::Decimal,
        Value::Date(_) => Kind::Date,
        Value::DateTime(_) => Kind::DateTime,
        Value::Duration(_) => Kind::Duration,
        Value::Null | Value::List(_) | Value::Record(_) => Kind::Unknown,
    })
}

impl Checker<'_> {
    /// The meaning and type of an expression. Its value may be absent.
    pub(super) fn expr(&mut self, scope: &mut Scope, expr: &ast::Expr) -> Expr {
        self.deeper(|checker| checker.one_expr(scope, expr))
    }

    fn one_expr(&mut self, scope: &mut Scope, expr: &ast::Expr) -> Expr {
        let span = expr.span;
        match &expr.kind {
            ast::ExprKind::Plain(text) => Expr::constant(Value::Text(text.clone()), span),
            ast::ExprKind::Template(template) => self.template(scope, template, Absent::Refused),
            ast::ExprKind::Integer(number) => Expr::constant(Value::Integer(*number), span),
            ast::ExprKind::Decimal(number) => Expr::constant(Value::Decimal(*number), span),
            ast::ExprKind::Boolean(flag) => Expr::constant(Value::Bool(*flag), span),
            ast::ExprKind::Date(date) => Expr::constant(Value::Date(*date), span),
            ast::ExprKind::Duration(length) => Expr::constant(Value::Duration(*length), span),
            ast::ExprKind::List(items) => self.list(scope, items, span),
            ast::ExprKind::Path(path) => self.path(scope, path),
            ast::ExprKind::Call { name, arguments } => {
                let arguments: Vec<&ast::Expr> = arguments.iter().collect();
                self.call(scope, name, &arguments, span)
            }
            ast::ExprKind::Pipe { value, name, arguments } => {
                let arguments: Vec<&ast::Expr> = std::iter::once(&**value).chain(arguments).collect();
                self.call(scope, name, &arguments, span)
            }
            ast::ExprKind::Not(inner) => {
                let inner = self.condition(scope, inner);
                Expr { kind: ExprKind::Not(Box::new(inner)), ty: Type::new(Kind::Boolean), span }
            }
            ast::ExprKind::Negate(inner) => self.negate(scope, inner, span),
            ast::ExprKind::Binary { operator, operator_span, left, right } => {
                self.binary(scope, *operator, *operator_span, left, right, span)
            }
            ast::ExprKind::Each(each) => self.each(scope, each, span),
            ast::ExprKind::Record(body) => self.record(scope, body, span),
            ast::ExprKind::If(choice) => self.choice(scope, choice, span),
            ast::ExprKind::Match(cases) => self.cases(scope, cases, span, false),
            ast::ExprKind::Within { value, segments } => {
                let value = self.expr(scope, value);
                self.followed(scope, value, segments, span)
            }
            ast::ExprKind::On { call, day } => self.dated(scope, call, day, span),
        }
    }

    fn list(&mut self, scope: &mut Scope, items: &[ast::Expr], span: Span) -> Expr {
        let mut ty = Type::unknown();
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            let value = self.settled(scope, item, "a list");
            match join(&ty, &value.ty) {
                Ok(both) => ty = both,
                Err(_) => self.report(
                    Diagnostic::error(&codes::MIXED_KINDS, value.span, "the values of a list are of different kinds")
                        .label(format!("this is {}, those before it are {ty}", with_article(&value.ty)))
                        .hint("write all of them as one kind, for example all as texts in quotes"),
                ),
            }
            values.push(value);
        }
        Expr { kind: ExprKind::List(values), ty: Type::list(ty), span }
    }

    fn negate(&mut self, scope: &mut Scope, inner: &ast::Expr, span: Span) -> Expr {
        let inner = self.number(scope, inner, "`-`");
        let folded = match &inner.kind {
            ExprKind::Constant(Value::Integer(number)) => number.checked_neg().map(Value::Integer),
            ExprKind::Constant(Value::Decimal(number)) => Some(Value::Decimal(number.negated())),
            _ => None,
        };
        match folded {
            Some(value) => Expr::constant(value, span),
            None => Expr { ty: inner.ty.clone(), kind: ExprKind::Negate(Box::new(inner)), span },
        }
    }
}

/// The type that holds values of both; `None` if they are of different kinds. Optionality
/// is the left one's.
pub(super) fn common(left: &Type, right: &Type) -> Option<Type> {
    let kind = match (&left.kind, &right.kind) {
        (Kind::Unknown, other) | (other, Kind::Unknown) => other.clone(),
        (Kind::Text { max: Some(a) }, Kind::Text { max: Some(b) }) => Kind::Text { max: Some(*a.max(b)) },
        (Kind::Text { .. }, Kind::Text { .. }) => Kind::Text { max: None },
        (Kind::Integer | Kind::Decimal, Kind::Decimal) | (Kind::Decimal, Kind::Integer) => Kind::Decimal,
        (Kind::List(a), Kind::List(b)) => Kind::List(Box::new(common(a, b)?)),
        (Kind::Record(a), Kind::Record(b)) if a == b => Kind::Record(a.clone()),
        (a, b) if a == b => a.clone(),
        _ => return None,
    };
    Some(Type { kind, optional: left.optional })
}

/// `a decimal`, `an integer`, `a list of text`: for sentences.
pub(super) fn with_article(ty: &Type) -> String {
    match &ty.kind {
        Kind::Text { .. } => "text".to_owned(),
        Kind::Integer => "an integer".to_owned(),
        Kind::Unknown => "unknown".to_owned(),
        kind => named(&kind.to_string()),
    }
}

/// `a vendor`, `an item`; what stands in backticks has no article.
pub(super) fn named(noun: &str) -> String {
    match noun.chars().next() {
        Some('`') => noun.to_owned(),
        Some('a' | 'e' | 'i' | 'o' | 'u' | 'A' | 'E' | 'I' | 'O') => format!("an {noun}"),
        _ => format!("a {noun}"),
    }
}
