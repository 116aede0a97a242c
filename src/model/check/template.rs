//! Templates: each `{{ … }}` is a path that must be known, and a value that can stand in a text.

use super::Checker;
use super::expr::with_article;
use super::scope::Scope;
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::model::functions;
use crate::model::template::{self, FILTERS, Filter, RawPiece};
use crate::model::{Expr, ExprKind, Piece, Template};
use crate::syntax::{self as ast, parse_path};
use crate::value::{Kind, Type, Value};

/// Whether a value that may be absent can stand in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// In a value that goes to the target: never.
    Refused,
    /// In a sentence for people: it stands as `(missing)`.
    Shown,
}

impl Checker<'_> {
    /// A text: constant if it has no places to fill.
    pub(super) fn template(&mut self, scope: &mut Scope, text: &ast::Template, absent: Absent) -> Expr {
        let Some(pieces) = self.pieces(scope, text, absent) else { return Expr::unknown(text.span) };
        match pieces.as_slice() {
            [] => Expr::constant(Value::text(""), text.span),
            [Piece::Literal(literal)] => Expr::constant(Value::Text(literal.clone()), text.span),
            _ => {
                let unclear = |piece: &Piece| matches!(piece, Piece::Value { value, .. } if value.ty.is_unknown());
                let text_type = Type::new(Kind::Text { max: longest(&pieces) });
                let ty = if pieces.iter().any(unclear) { Type::unknown() } else { text_type };
                Expr { kind: ExprKind::Template(Template { pieces, span: text.span }), ty, span: text.span }
            }
        }
    }

    /// A sentence for people.
    pub(super) fn sentence(&mut self, scope: &mut Scope, text: &ast::Template) -> Template {
        let pieces = self.pieces(scope, text, Absent::Shown).unwrap_or_default();
        Template { pieces, span: text.span }
    }

    fn pieces(&mut self, scope: &mut Scope, text: &ast::Template, absent: Absent) -> Option<Vec<Piece>> {
        match template::parse(&text.text) {
            Ok(raw) => Some(raw.into_iter().map(|piece| self.piece(scope, text, piece, absent)).collect()),
            Err(error) => {
                let place = text.place(error.range.0, error.range.1);
                self.report(
                    Diagnostic::error(&codes::TEMPLATE_TEXT, place, error.message)
                        .label("cannot be read")
                        .hint(error.hint),
                );
                None
            }
        }
    }

    fn piece(&mut self, scope: &mut Scope, text: &ast::Template, piece: RawPiece, absent: Absent) -> Piece {
        match piece {
            RawPiece::Literal(literal) => Piece::Literal(literal),
            RawPiece::Value { path_text, range, filters } => {
                let place = |start: usize, end: usize| text.place(range.0 + start, range.0 + end);
                let mut value = match parse_path(&path_text, &place) {
                    Ok(path) => self.expr(scope, &path),
                    Err(diagnostic) => {
                        self.report(diagnostic);
                        Expr::unknown(text.place(range.0, range.1))
                    }
                };
                let ty = self.filtered(&value, &filters);
                if ty.is_unknown() || !self.printable(&value, &ty, &path_text, absent) {
                    value.ty = Type::unknown();
                }
                Piece::Value { value, filters }
            }
        }
    }

    /// The type after all filters.
    fn filtered(&mut self, value: &Expr, filters: &[Filter]) -> Type {
        let mut ty = value.ty.clone();
        for filter in filters {
            if ty.is_unknown() {
                break;
            }
            match template::filter_result(&ty, filter) {
                Ok(result) => ty = result,
                Err(reason) => {
                    self.wrong_filter(value.span, filter, &reason);
                    return Type::unknown();
                }
            }
        }
        ty
    }

    fn wrong_filter(&mut self, place: Span, filter: &Filter, reason: &str) {
        let known = FILTERS.contains(&filter.name.as_str());
        let hint = match nearest(&filter.name, FILTERS.iter().copied()) {
            Some(near) if !known => format!("did you mean `{near}`?"),
            _ if !known => format!("the filters of a text are {}", super::listed(FILTERS.iter().copied(), 20)),
            _ => "compute the value with `let` before the text, and name it here".to_owned(),
        };
        self.report(
            Diagnostic::error(&codes::TEMPLATE_VALUE, place, format!("the filter `{}` does not fit here", filter.name))
                .label(reason)
                .hint(hint),
        );
    }

    /// Whether the value can stand in a text at all; says so if not.
    fn printable(&mut self, value: &Expr, ty: &Type, path: &str, absent: Absent) -> bool {
        if let Kind::List(_) | Kind::Record(_) = ty.kind {
            let hint = match ty.kind {
                Kind::List(_) => {
                    format!("show how many there are: `{{{{ {path} | length }}}}`, or one of them: `{path}[0]`")
                }
                _ => format!("name one of its fields: `{{{{ {path}.… }}}}`"),
            };
            self.report(
                Diagnostic::error(&codes::TEMPLATE_VALUE, value.span, format!("`{path}` cannot stand in a text"))
                    .label(format!("this is {}", with_article(ty)))
                    .hint(hint),
            );
            return false;
        }
        if absent == Absent::Refused && ty.optional {
            let name = super::operands::name_for(path);
            self.report(
                Diagnostic::error(
                    &codes::MAY_BE_ABSENT,
                    value.span,
                    format!("`{path}` may be absent, and the text would have a hole"),
                )
                .label(format!("this is `{ty}`: it is not always there"))
                .hint(format!(
                    "stop the record first: `let {name} = {path} else hold \"…\"`, or say what stands there instead: `let {name} = {path} ?? {}`",
                    super::operands::instead(ty).unwrap_or("…"),
                )),
            );
        }
        true
    }
}

/// The longest that the text can be, in characters.
fn longest(pieces: &[Piece]) -> Option<u32> {
    pieces.iter().try_fold(0_u32, |sum, piece| {
        let length = match piece {
            Piece::Literal(literal) => u32::try_from(literal.chars().count()).ok()?,
            Piece::Value { value, filters } => {
                let ty = filters.iter().try_fold(value.ty.clone(), |ty, filter| template::filter_result(&ty, filter));
                functions::longest(&ty.ok()?)?
            }
        };
        sum.checked_add(length)
    })
}
