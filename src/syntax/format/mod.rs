//! The formatter: the one layout of a pipeline file.
//!
//! Takes a text that was read without errors and hands on the same text laid out anew. It
//! moves nothing but white space: every token and every comment of the text stands in the
//! result, in its order, so the meaning cannot change. The tree only says where items and
//! entries begin ([`outline`]); whatever the outline does not know (what a later release
//! reads) keeps its own line breaks and is indented by its brackets. The way: the text is
//! cut into tokens with their comments ([`token`]), put on lines ([`layout`]) with the
//! spaces that belong between them ([`space`]), and lines that stand together are aligned
//! ([`align`]).

mod align;
mod layout;
mod line;
mod outline;
mod space;
mod token;

use super::File;

/// The text in the one layout. `file` is its tree, read without errors.
///
/// `None` if the result would not hold the very tokens and comments of the text, which
/// would be a fault of the formatter: the text then has to stay as it is.
pub fn format(text: &str, file: &File) -> Option<String> {
    let tokens = token::tokens(text);
    let outline = outline::Outline::of(file);
    let mut lines = layout::Layout::new(&tokens, &outline).lines();
    layout::part_items(&mut lines);
    align::align(&mut lines);
    let formatted: String = lines.iter().map(line::Line::render).collect();
    (kept(text) == kept(&formatted)).then_some(formatted)
}

/// What must not change: the tokens of the text, and its comments.
fn kept(text: &str) -> (Vec<&str>, Vec<&str>) {
    let tokens = token::tokens(text);
    let comments = tokens.iter().flat_map(|token| &token.comments).map(|comment| comment.text);
    (tokens.iter().map(|token| token.text).collect(), comments.collect())
}

#[cfg(test)]
mod tests;
