//! Which tokens of one line touch each other.
//!
//! Takes two neighbours and says whether a space stands between them. Where the language
//! cares for white space (after a name, before `.`, `(` and `[`), the text decides.

use super::outline::Outline;
use super::token::{RESERVED, Token};
use crate::syntax::lexeme::{Bracket, Kind};

/// Whether a space stands before `token`. `before` are all tokens before it.
pub fn is_apart(before: &[Token], token: &Token, outline: &Outline) -> bool {
    let Some(last) = before.last() else { return false };
    if matches!(last.text, "." | ".." | "..." | "(" | "[") || matches!(token.text, "." | ".." | "," | ")" | "]") {
        return false;
    }
    if last.text == "{" && token.text == "}" {
        return false;
    }
    match token.kind {
        Kind::Open(Bracket::List) if token.text.len() > 1 => !token.glued,
        Kind::Open(Bracket::Paren) => !(is_called(last, token, outline) || is_head(before, outline)),
        _ if is_open_sign(token.text) || is_open_sign(last.text) => !token.glued,
        Kind::Sign if token.text == "%" => last.kind != Kind::Number,
        _ => !is_sign_of_number(before, last, outline),
    }
}

/// Whether a `(` after this word holds its arguments.
fn is_called(word: &Token, paren: &Token, outline: &Outline) -> bool {
    word.kind == Kind::Word && paren.glued && !RESERVED.contains(&word.text) && !outline.is_keyword(word.start)
}

/// `lookup name`: the inputs follow at once.
fn is_head(before: &[Token], outline: &Outline) -> bool {
    before.iter().rev().nth(1).is_some_and(|word| word.text == "lookup" && outline.is_keyword(word.start))
}

/// Signs that the language does not know by themselves: they stay as they are.
fn is_open_sign(sign: &str) -> bool {
    matches!(sign, "?" | ":" | "::" | "?." | ";" | "@" | "$")
}

/// Whether `last` is a minus that belongs to what follows it.
fn is_sign_of_number(before: &[Token], last: &Token, outline: &Outline) -> bool {
    let is_left = |left: &Token| left.is_value() && !outline.is_keyword(left.start);
    last.text == "-" && !before.iter().rev().nth(1).is_some_and(is_left)
}
