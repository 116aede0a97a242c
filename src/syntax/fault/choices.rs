//! Faults of `if`, `match` and typed parameters.

use super::place::Spot;
use crate::diag::{Diagnostic, codes};
use crate::syntax::grammar::Rule;

impl Spot<'_> {
    /// `if a { b } else { c }`, `if a b`
    pub(super) fn no_then(&self) -> Option<Diagnostic> {
        if !self.expected.contains(&Rule::then_word) {
            return None;
        }
        let hint = match self.word() {
            "{" => "write `if condition then value else value`, without braces",
            _ => "write `if condition then value else value`",
        };
        let found =
            if self.ends_line() { "the line ends".to_owned() } else { format!("{} was found", self.found(self.here)) };
        Some(
            self.error(&codes::NO_THEN, format!("an `if` needs `then` after its condition, but {found}"))
                .label("`then` is expected here")
                .hint(hint),
        )
    }

    /// `match status { approved => "A" }`, `match status { "approved" "A" }`
    pub(super) fn no_arm(&self) -> Option<Diagnostic> {
        let in_match = self.open_bracket().is_some_and(|open| self.is_match(open));
        if !in_match {
            return None;
        }
        if self.expected.contains(&Rule::arm_pattern) || self.expected.contains(&Rule::any) {
            let word = self.word();
            let hint = if word == "else" {
                "what counts for all other values is written `_ => …`".to_owned()
            } else if word.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_') && !word.is_empty() {
                format!("a text stands in quotes: `\"{word}\" => …`; conditions are written with `if`")
            } else {
                "write an arm such as `\"approved\" => \"A\"`, and `_ => …` for all other values".to_owned()
            };
            return Some(
                self.error(&codes::UNEXPECTED, "an arm of a `match` begins with a value, or with `_`")
                    .label("a text in quotes, a number, a day, `true`, `false` or `_` is expected here")
                    .hint(hint),
            );
        }
        self.expected.contains(&Rule::becomes).then(|| {
            self.error(&codes::WRONG_ARROW, "`=>` separates the values of an arm from what they become")
                .label("`=>` is expected here")
                .hint("an arm is `\"approved\", \"closed\" => \"A\"`")
        })
    }

    /// Whether a brace is that of a `match`: no other block's word stands nearer.
    fn is_match(&self, open: usize) -> bool {
        let words = (self.range.start..open).rev().map(|index| self.cut.word(index));
        words.into_iter().find(|word| matches!(*word, "match" | "each" | "map" | "{" | "}" | "=")) == Some("match")
    }
}
