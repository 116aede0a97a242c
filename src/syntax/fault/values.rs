//! Faults of values, of what follows them, and of outcomes and their sentences.

use super::place::{RESERVED, Spot};
use crate::diag::{Diagnostic, codes, nearest};
use crate::syntax::expected::{after_value, wants_value};
use crate::syntax::grammar::Rule;
use crate::syntax::lexeme::{Bracket, Kind, Lexeme};

impl Spot<'_> {
    /// `=` where two values are compared.
    pub(super) fn equals(&self) -> Option<Diagnostic> {
        (self.word() == "=" && after_value(self.expected)).then(|| {
            Diagnostic::error(
                &codes::EQUALS,
                self.span(self.here),
                "`=` gives a value; two values are compared with `==`",
            )
            .label("`==` is expected here")
            .hint("write `==`")
        })
    }

    /// A `require` that does not say what else.
    pub(super) fn no_else(&self) -> Option<Diagnostic> {
        let wants = self.expected.contains(&Rule::else_word) || self.expected.contains(&Rule::otherwise);
        (wants && self.ends_line() && self.cut.word(self.range.start) == "require").then(|| {
            self.error(&codes::NO_OUTCOME, "a `require` says what becomes of a record that does not fulfil it")
                .label("`else` and an outcome are expected here")
                .hint("add `else hold \"…\"` (looked at again on every run) or `else reject \"…\"` (a person must change something)")
        })
    }

    pub(super) fn no_outcome(&self) -> Option<Diagnostic> {
        if !self.expected.contains(&Rule::outcome) {
            return None;
        }
        let before = self.cut.word(self.here.saturating_sub(1));
        let meant = nearest(self.word(), ["hold", "reject", "skip"]).filter(|_| !self.ends_line());
        let hint = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!(
                "write `{before} hold \"…\"` (looked at again on every run), `{before} reject \"…\"` (a person must change something) or `{before} skip \"…\"`"
            ),
        };
        Some(
            self.error(
                &codes::NO_OUTCOME,
                format!("`{before}` says what becomes of the record: `hold`, `reject` or `skip`"),
            )
            .label("an outcome is expected here")
            .hint(hint),
        )
    }

    /// An outcome without its sentence.
    pub(super) fn no_sentence(&self) -> Option<Diagnostic> {
        let before = self.cut.word(self.here.checked_sub(1)?);
        if !self.expected.contains(&Rule::template)
            || !matches!(before, "hold" | "reject" | "skip")
            || self.here == self.range.start
        {
            return None;
        }
        let plain = self.here < self.range.end && self.cut.lexemes[self.here].kind == Kind::Plain;
        let hint = if plain {
            let inner = self.cut.word(self.here).trim_matches('\'');
            format!("write `{before} \"{inner}\"`")
        } else {
            format!("write `{before} \"…\"`: what is wrong with the record, for the person who reads it")
        };
        let message = if plain {
            "a sentence stands in double quotes, so that it can name values".to_owned()
        } else {
            format!("`{before}` needs a sentence that says why")
        };
        Some(self.error(&codes::NO_SENTENCE, message).label("a text in double quotes is expected here").hint(hint))
    }

    /// `f (x)`, `a [0]`, `f(x).y`
    pub(super) fn gap_before_bracket(&self) -> Option<Diagnostic> {
        if !after_value(self.expected) || self.here == self.range.start {
            return None;
        }
        let (before, name) = (self.cut.lexemes[self.here - 1], self.cut.word(self.here - 1));
        let touching = self.cut.lexemes.get(self.here).is_some_and(|lexeme| lexeme.start == before.end);
        let (message, hint) = match (self.word(), before.kind) {
            ("(" | "[", Kind::Word) if !touching => {
                let sign = self.word();
                (
                    format!("`{sign}` follows its name at once"),
                    format!("write `{name}{sign}` without white space between them"),
                )
            }
            ("." | "..", Kind::Word) if !touching => (
                format!("`{}` follows its name at once", self.word()),
                "write the path without white space, as in `invoice.vendor.name`".to_owned(),
            ),
            ("." | "[" | "..", Kind::Close(_)) => (
                "a path begins with a name, not with a bracket".to_owned(),
                "give the value a name first: `let found = …`, then `found.field`".to_owned(),
            ),
            ("[" | ".", _) => (
                "this is no step of a path".to_owned(),
                "after a name may follow `.field`, `[0]`, `[*]` or `[?@.amount > 0]`".to_owned(),
            ),
            _ => return None,
        };
        Some(self.error(&codes::BAD_SEGMENT, message).label("this does not belong to what stands before it").hint(hint))
    }

    /// `invoice.5`, `invoice..`
    pub(super) fn no_field(&self) -> Option<Diagnostic> {
        let before = self
            .here
            .checked_sub(1)
            .filter(|before| *before >= self.range.start)
            .map_or("", |before| self.cut.word(before));
        let wants = self.expected.contains(&Rule::word) || self.expected.contains(&Rule::field_segment);
        let dots = |word: &str| matches!(word, "." | "..");
        if !wants || !(dots(before) || dots(self.word())) || self.expected.contains(&Rule::name) {
            return None;
        }
        let hint = match self.cut.lexemes.get(self.here) {
            Some(Lexeme { kind: Kind::Number, .. }) if !self.ends_line() => {
                format!("the n-th of a list is written `[{}]`", self.word())
            }
            _ => "after a `.` stands the name of a field, as in `invoice.total`".to_owned(),
        };
        Some(
            self.error(&codes::BAD_SEGMENT, "a field's name is missing in this path")
                .label("a name is expected here")
                .hint(hint),
        )
    }

    pub(super) fn no_value(&self) -> Option<Diagnostic> {
        if !wants_value(self.expected) {
            return None;
        }
        let before =
            self.here.checked_sub(1).filter(|before| *before >= self.range.start).map(|before| self.cut.word(before));
        let before = before.unwrap_or("");
        let word = self.word();
        let hint = if RESERVED.contains(&word) && !self.ends_line() {
            format!("`{word}` is a word of the language; a path begins with the name of a record or of a `let`")
        } else if matches!(
            before,
            "or" | "and" | "not" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "??" | "+" | "-" | "*" | "/"
        ) {
            format!("`{before}` needs a value on its right, or take it away")
        } else {
            "a value is a path, a text in quotes, a number, a list `[…]` or a call `name(…)`".to_owned()
        };
        Some(
            self.error(&codes::NO_VALUE, format!("a value is missing after `{before}`"))
                .label(if self.ends_line() {
                    "the line ends here".to_owned()
                } else {
                    format!("{} is no value", self.found(self.here))
                })
                .hint(hint),
        )
    }

    /// Something after an entry that was complete.
    pub(super) fn surplus(&self) -> Option<Diagnostic> {
        if self.ends_line() && self.here == self.range.end {
            return None;
        }
        if !self.expected.contains(&Rule::EOI) && !after_value(self.expected) {
            return None;
        }
        let before = self.here.checked_sub(1).filter(|before| *before >= self.range.start);
        let message = match before {
            Some(before) => format!("{} does not go on after {}", self.found(self.here), self.found(before)),
            None => format!("{} does not belong here", self.found(self.here)),
        };
        let open = self.open_bracket().map(|open| self.cut.lexemes[open].kind);
        let label = match open {
            Some(Kind::Open(Bracket::Paren)) => "an operator, `,` or `)` is expected here",
            Some(Kind::Open(Bracket::List)) => "an operator, `,` or `]` is expected here",
            _ if after_value(self.expected) => "an operator or a new entry is expected here",
            _ if self.expected.contains(&Rule::comma) => "`,` or a new line is expected here",
            _ => "a new line is expected here",
        };
        let hint = match self.cut.lexemes[self.here].kind {
            Kind::Number | Kind::Word | Kind::Template | Kind::Plain | Kind::Open(_)
                if matches!(open, Some(Kind::Open(Bracket::Paren | Bracket::List))) =>
            {
                "separate values in brackets with `,`".to_owned()
            }
            Kind::Word if nearest(self.word(), ["and", "or", "in", "else", "where"]).is_some() => {
                format!("did you mean `{}`?", nearest(self.word(), ["and", "or", "in", "else", "where"]).unwrap_or(""))
            }
            _ if after_value(self.expected) => {
                "join two values with an operator, or put the second entry on a new line".to_owned()
            }
            _ if self.expected.contains(&Rule::comma) => self.form(),
            _ => format!("take {} away, or put it on a line of its own", self.found(self.here)),
        };
        Some(self.error(&codes::SURPLUS, message).label(label).hint(hint))
    }
}
