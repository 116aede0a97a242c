//! Text to syntax tree.
//!
//! [`parse`] takes one source and hands on a [`File`] and what is wrong with the text. It
//! never panics and is bounded in size, depth and number of errors ([`limits`]). The way:
//! the text is cut into lexemes (`lexeme`), brackets are paired (`brackets`), items are
//! cut out (`split`), each is read by the grammar (`grammar`) and built (`build`).
//! An item that the grammar refuses is read entry by entry (`recover`), so that one fault
//! hides nothing else, and each fault is put into plain words (`fault`). [`format()`] lays a
//! right text out anew.

mod ast;
mod brackets;
mod build;
mod expected;
mod fault;
mod format;
mod grammar;
pub mod lexeme;
pub mod limits;
mod lost;
mod recover;
mod split;

pub use ast::*;
pub use format::format;
pub use limits::{NotText, decode};

use crate::diag::{Diagnostic, SourceId, Sources, Span, codes};
use build::Builder;
use limits::MAX_ERRORS;

/// A source as a tree, with all that is wrong with its text.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    pub file: File,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a source.
pub fn parse(sources: &Sources, id: SourceId) -> Parsed {
    let text = sources.get(id).map_or("", |source| &source.text);
    if let Some(refused) = limits::refuse(text, id) {
        return Parsed { file: File::default(), diagnostics: vec![refused] };
    }
    let (lexemes, comments) = lexeme::cut(text);
    if let Some(refused) = limits::refuse_nesting(&lexemes, id) {
        return Parsed { file: File::default(), diagnostics: vec![refused] };
    }
    let mut brackets = brackets::pair(text, &lexemes, id);
    let mut faults = std::mem::take(&mut brackets.faults);
    let cut = split::Cut { text, lexemes: &lexemes, brackets: &brackets };
    let recover::Read { items, lost, mut diagnostics, more, forgiven } = recover::items(cut, id);
    faults.retain(|fault| forgiven.binary_search(&fault.label.span).is_err());
    diagnostics.append(&mut faults);
    diagnostics.sort_by_key(|diagnostic| diagnostic.label.span.start);
    let more = more + brackets.more;
    let comment =
        |place: lexeme::CommentPlace| Comment { span: Span::new(id, place.start, place.end), own_line: place.own_line };
    let comments = comments.into_iter().map(comment).collect();
    Parsed { file: File { items, comments, lost }, diagnostics: capped(diagnostics, more) }
}

/// Reads a path of the language that stands alone, such as a name in a template.
/// `place` says where bytes of `text` lie in the source.
///
/// # Errors
/// What is wrong with it, at its place.
#[expect(clippy::result_large_err, reason = "an error is shown once and ends the work on this path")]
pub fn parse_path(text: &str, place: &dyn Fn(usize, usize) -> Span) -> Result<Expr, Diagnostic> {
    let wrong = |start: usize, end: usize| {
        Diagnostic::error(&codes::BAD_SEGMENT, place(start, end), format!("`{text}` is not a path"))
            .hint("a path is a name and what lies under it: `invoice.summary.amount`, `lines[0].amount`")
    };
    let (lexemes, _) = lexeme::cut(text);
    if text.len() > limits::MAX_BYTES || limits::refuse_nesting(&lexemes, SourceId(0)).is_some() {
        return Err(wrong(0, text.len()).label("too long or nested too deep"));
    }
    let mut nodes = match grammar::read(grammar::Rule::only_path, text) {
        Ok(nodes) => nodes,
        Err(failure) => {
            let at = failure.at.min(text.len());
            let end = text[at..].chars().next().map_or(at, |sign| at + sign.len_utf8());
            return Err(wrong(at, end).label(if at == 0 {
                "a path begins with a name"
            } else {
                "the path cannot go on so"
            }));
        }
    };
    let path = nodes.find_map(|node| node.into_inner().find(|part| part.as_rule() == grammar::Rule::path));
    let mut builder = Builder::new(place);
    let built = path.and_then(|node| builder.path_expr(node));
    built.ok_or_else(|| builder.diagnostics.pop().unwrap_or_else(|| wrong(0, text.len())))
}

/// Shows the first errors and counts the rest.
fn capped(mut diagnostics: Vec<Diagnostic>, more: usize) -> Vec<Diagnostic> {
    let more = more + diagnostics.len().saturating_sub(MAX_ERRORS);
    if more > 0 {
        let next =
            diagnostics.get(MAX_ERRORS).or(diagnostics.last()).map_or_else(Span::default, |next| next.label.span);
        diagnostics.truncate(MAX_ERRORS);
        diagnostics.push(
            Diagnostic::error(&codes::MORE_ERRORS, next, format!("and {more} more syntax errors"))
                .label("the next one is here")
                .hint("mend those above first and check again; many of the others may be of the same kind"),
        );
    }
    diagnostics
}

#[cfg(test)]
mod tests;
