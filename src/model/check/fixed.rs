//! Values that stand before any record is read: in settings and in the rows of lookups.
//!
//! A literal, or the name of a variable or of a plain `let` of the file; in a text these
//! names may stand between `{{` and `}}`.

use super::Checker;
use super::scope::Scope;
use crate::model::{Expr, ExprKind, Piece};
use crate::syntax as ast;
use crate::value::Value;

/// What an expression says that should be fixed.
pub(super) enum Fixed {
    Value(Value),
    /// It is none; nothing was said of that.
    Not,
    /// What is wrong was said.
    Wrong,
}

impl Fixed {
    pub fn value(self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Not | Self::Wrong => None,
        }
    }
}

impl Checker<'_> {
    pub(super) fn fixed(&mut self, expr: &ast::Expr) -> Fixed {
        if let Some(value) = super::settings::literal(expr) {
            return Fixed::Value(value);
        }
        let named = match &expr.kind {
            ast::ExprKind::Path(path) => path.segments.is_empty(),
            ast::ExprKind::Template(_) => true,
            _ => false,
        };
        if !named {
            return Fixed::Not;
        }
        let value = self.expr(&mut Scope::default(), expr);
        match filled(&value) {
            Some(value) => Fixed::Value(value),
            None if value.ty.is_unknown() => Fixed::Wrong,
            None => Fixed::Not,
        }
    }
}

/// The value of a constant, or of a text whose places hold constants.
fn filled(expr: &Expr) -> Option<Value> {
    let ExprKind::Template(template) = &expr.kind else { return expr.known() };
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => Some(text.to_string()),
        Piece::Value { value, filters } if filters.is_empty() => value.known().map(|value| value.to_string()),
        Piece::Value { .. } => None,
    };
    template.pieces.iter().map(piece).collect::<Option<String>>().map(Value::text)
}
