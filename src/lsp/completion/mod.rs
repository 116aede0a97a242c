//! What can be written at the cursor.
//!
//! What begins an entry, and what follows words of the language, is known by the words
//! before the cursor (`entries`). In expressions the checker is asked: the text is read
//! again with a name at the cursor that nobody has, and the checker tells what could have
//! stood there (`names`). Inside of a text only what stands in `{{ }}` counts.

mod entries;
mod files;
mod names;
mod offer;
mod used;
mod values;
mod words;

use super::context::Context;
use super::view::View;
use crate::syntax::lexeme::{Kind, Lexeme, Strange, cut};
use lsp_types::{CompletionList, CompletionResponse};
use offer::Offers;
use values::Quotes;

/// Signs after which the editor should ask, beside letters.
pub const TRIGGERS: &[&str] = &[".", "|", "{"];

pub fn complete(view: &View, offset: usize) -> CompletionResponse {
    let offers = offers(view, offset);
    CompletionResponse::List(CompletionList { is_incomplete: false, items: offers.into_items() })
}

fn offers<'a>(view: &View<'a>, offset: usize) -> Offers<'a> {
    let text = &view.analysis.text;
    let (lexemes, comments) = cut(text);
    if comments.iter().any(|comment| comment.start < offset && offset <= comment.end) {
        return Offers::new(*view, offset..offset);
    }
    let inside = lexemes.iter().find(|lexeme| {
        let open = matches!(lexeme.kind, Kind::Strange(Strange::UnclosedText));
        let quoted = matches!(lexeme.kind, Kind::Template | Kind::Plain);
        lexeme.start < offset && (quoted && offset < lexeme.end || open && offset <= lexeme.end)
    });
    if let Some(lexeme) = inside {
        return in_text(view, offset, lexeme, &lexemes);
    }
    let context = Context::at(text, &lexemes, offset);
    let mut offers = Offers::new(*view, context.word.start..offset);
    if !entries::offer(view, &context, &mut offers) {
        values::offer(view, &context, context.word.clone(), Quotes::Missing, &mut offers);
        names::offer(view, &context, &mut offers);
    }
    offers
}

/// Inside of quotes: between `{{` and `}}` of a template, and where values or files are known.
fn in_text<'a>(view: &View<'a>, offset: usize, lexeme: &Lexeme, lexemes: &[Lexeme]) -> Offers<'a> {
    let text = &view.analysis.text;
    let (start, whole) = (lexeme.start, lexeme.text(text));
    let before = &text[start..offset];
    let opening = before.rfind("{{").filter(|at| !before[*at..].contains("}}"));
    let Some(opening) = opening.filter(|_| whole.starts_with('"')) else {
        return in_plain_text(view, offset, lexeme, lexemes);
    };
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    let word = offset - before.len() + before.trim_end_matches(is_word).len();
    let mut offers = Offers::new(*view, word..offset);
    if before[opening..].contains('|') {
        offers.filters();
    } else {
        let end = offset + text[offset..].find(|sign| !is_word(sign)).unwrap_or(text.len() - offset);
        names::offer_in_template(view, word..end, &mut offers);
    }
    offers
}

/// The names of files and the values of fields stand alone in their quotes.
fn in_plain_text<'a>(view: &View<'a>, offset: usize, lexeme: &Lexeme, lexemes: &[Lexeme]) -> Offers<'a> {
    let text = &view.analysis.text;
    let closed = matches!(lexeme.kind, Kind::Template | Kind::Plain);
    let inside = lexeme.start + 1..if closed { lexeme.end - 1 } else { offset };
    let context = Context::at(text, lexemes, lexeme.start);
    let Some(written) = text.get(inside.start..offset) else { return Offers::new(*view, offset..offset) };
    if let Some(endings) = files::endings(view, &context) {
        let folder = written.rfind('/').map_or("", |slash| &written[..=slash]);
        let mut offers = Offers::new(*view, inside.start + folder.len()..inside.end.max(offset));
        files::offer(view, folder, endings, &mut offers);
        return offers;
    }
    let mut offers = Offers::new(*view, inside.start..inside.end.max(offset));
    values::offer(view, &context, lexeme.start..lexeme.end, Quotes::There, &mut offers);
    offers
}
