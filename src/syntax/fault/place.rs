//! The place where reading stopped, and the checks that know what happened there.

use crate::diag::{Diagnostic, SourceId, Span, codes, nearest};
use crate::syntax::expected::{after_value, in_words, wants_value};
use crate::syntax::grammar::{Failure, Rule};
use crate::syntax::lexeme::{Bracket, Kind, Lexeme};
use crate::syntax::split::{Block, Cut, ITEMS};
use std::ops::Range;

const RESERVED: &[&str] = &["and", "or", "not", "in", "each", "as", "where", "else", "true", "false", "null", "_"];

pub struct Spot<'t> {
    cut: Cut<'t>,
    source: SourceId,
    range: &'t Range<usize>,
    block: Option<Block>,
    expected: &'t [Rule],
    exhausted: bool,
    /// Index of the lexeme at the place; the end of the range if nothing more came.
    here: usize,
}

impl<'t> Spot<'t> {
    pub fn new(
        cut: Cut<'t>,
        source: SourceId,
        range: &'t Range<usize>,
        block: Option<Block>,
        failure: &'t Failure,
    ) -> Self {
        let at = cut.bytes(range).start + failure.at;
        let here = range.start + cut.lexemes[range.clone()].partition_point(|lexeme| lexeme.end <= at);
        Self { cut, source, range, block, expected: &failure.expected, exhausted: failure.exhausted, here }
    }

    pub fn explain(&self) -> Diagnostic {
        let checks = [
            Self::too_deep,
            Self::no_item,
            Self::no_entry,
            Self::no_assignment,
            Self::separator,
            Self::equals,
            Self::wrong_arrow,
            Self::no_alias,
            Self::no_outcome,
            Self::no_sentence,
            Self::gap_before_bracket,
            Self::reserved_name,
            Self::no_block,
            Self::no_name,
            Self::no_value,
            Self::surplus,
        ];
        checks.iter().find_map(|check| check(self)).unwrap_or_else(|| self.anything())
    }

    fn too_deep(&self) -> Option<Diagnostic> {
        self.exhausted.then(|| {
            Diagnostic::error(&codes::NESTED_TOO_DEEP, self.whole(), "this is nested too deep to be read")
                .label("too many parts inside each other")
                .hint("name the inner parts with `let` and use their names")
        })
    }

    /// An item that begins with no item's word.
    fn no_item(&self) -> Option<Diagnostic> {
        let word = self.cut.word(self.range.start);
        if self.block.is_some() || !self.expected.contains(&Rule::pipeline_word) {
            return None;
        }
        let span = self.span(self.range.start);
        let first = self.cut.lexemes[self.range.start];
        if first.kind != Kind::Word {
            return Some(
                Diagnostic::error(
                    &codes::UNKNOWN_ITEM,
                    span,
                    format!("{} stands outside of any block", self.found(self.range.start)),
                )
                .label("an item does not begin so")
                .hint("a file is a row of `pipeline`, `connect`, `lookup` and `flow` blocks"),
            );
        }
        let inside = [Block::Flow, Block::Lookup, Block::To].into_iter().find(|block| block.words().contains(&word));
        let hint = match (nearest(word, ITEMS.iter().copied()), inside) {
            (_, Some(block)) => format!("`{word}` stands inside {}: is a `}}` too many above?", block.title()),
            (Some(meant), None) => format!("did you mean `{meant}`?"),
            (None, None) => "a file is a row of `pipeline`, `connect`, `lookup` and `flow` blocks".to_owned(),
        };
        Some(
            Diagnostic::error(&codes::UNKNOWN_ITEM, span, format!("`{word}` begins no item of a file"))
                .label("unknown here")
                .hint(hint),
        )
    }

    /// An entry that begins with none of its block's words.
    fn no_entry(&self) -> Option<Diagnostic> {
        let block = self.block.filter(|block| !block.assigns())?;
        let first = self.cut.lexemes[self.range.start];
        let word = self.cut.word(self.range.start);
        let is_row = block == Block::Lookup && (word == "_" || matches!(first.kind, Kind::Template | Kind::Plain));
        if block.words().contains(&word) || is_row {
            return None;
        }
        let span = self.span(self.range.start);
        let known = || block.words().iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let elsewhere = [Block::Flow, Block::To, Block::Lookup].into_iter().find(|other| other.words().contains(&word));
        let hint = if let Some(meant) = nearest(word, block.words().iter().copied()) {
            format!("did you mean `{meant}`?")
        } else if self.cut.word(self.range.start + 1) == "=" && block == Block::Flow {
            "a field of the target is set inside `map { … }`; a value for later use is `let name = …`".to_owned()
        } else if let Some(other) = elsewhere {
            format!("`{word}` stands inside {}", other.title())
        } else if block == Block::Lookup {
            format!("a lookup holds rows (`\"01-*\", _ => \"5100\"`) and {}", known())
        } else {
            format!("{} holds {}", block.title(), known())
        };
        Some(
            Diagnostic::error(
                &codes::UNKNOWN_ENTRY,
                span,
                format!("{} does not begin an entry of {}", self.found(self.range.start), block.title()),
            )
            .label("unknown here")
            .hint(hint),
        )
    }

    /// `name: value`, `name == value`, `name value`, `let name value`
    fn no_assignment(&self) -> Option<Diagnostic> {
        if !self.expected.contains(&Rule::assign) {
            return None;
        }
        let name = self.cut.word(self.here - 1);
        let found = if self.ends_line() { "" } else { self.cut.word(self.here) };
        if found == "==" {
            return Some(
                Diagnostic::error(&codes::EQUALS, self.span(self.here), "`==` compares; a value is given with `=`")
                    .label("a single `=` is expected here")
                    .hint(format!("write `{name} = …`")),
            );
        }
        if self.block == Some(Block::Connect) && nearest(name, ["sandbox"]).is_some() {
            return Some(
                Diagnostic::error(&codes::NO_ASSIGNMENT, self.span(self.here - 1), format!("`{name}` has no value"))
                    .label("neither `name = value` nor `sandbox`")
                    .hint("did you mean `sandbox`?"),
            );
        }
        let (message, hint) = match found {
            ":" | ":=" | "=>" | "->" => {
                (format!("a value is given with `=`, not with `{found}`"), format!("write `{name} = …`"))
            }
            "" => (format!("`{name}` is given no value"), format!("write `{name} = ` and its value")),
            _ => (format!("`=` is missing after `{name}`"), format!("write `{name} = {}`", self.short(self.here))),
        };
        Some(self.error(&codes::NO_ASSIGNMENT, message).label("`=` is expected here").hint(hint))
    }

    fn separator(&self) -> Option<Diagnostic> {
        let comma = |index: usize| index < self.range.end && self.cut.word(index) == ",";
        let at_end = |index: usize| {
            index + 1 >= self.cut.lexemes.len() || self.cut.lexemes[index + 1].first || index + 1 >= self.range.end
        };
        if comma(self.here) && at_end(self.here) && !wants_value(self.expected) {
            return Some(separator(",", self.span(self.here)));
        }
        let before = self.here.checked_sub(1).filter(|before| *before >= self.range.start)?;
        (comma(before) && self.here == self.range.end && self.outside_brackets(before))
            .then(|| separator(",", self.span(before)))
    }

    /// `=` where two values are compared.
    fn equals(&self) -> Option<Diagnostic> {
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

    fn wrong_arrow(&self) -> Option<Diagnostic> {
        let right = if self.expected.contains(&Rule::becomes) {
            "=>"
        } else if self.expected.contains(&Rule::arrow) {
            "->"
        } else {
            return None;
        };
        let what = if right == "=>" {
            "the patterns of a row from its values"
        } else {
            "the inputs of a lookup from its outputs"
        };
        let hint = if right == "=>" {
            "a row is `\"01-*\", \"L\" => \"5100\", \"C100\"`"
        } else {
            "a lookup begins `lookup name(input) -> (output) {`"
        };
        let found =
            if self.ends_line() { "the line ends".to_owned() } else { format!("{} was found", self.found(self.here)) };
        Some(
            self.error(&codes::WRONG_ARROW, format!("`{right}` separates {what}, but {found}"))
                .label(format!("`{right}` is expected here"))
                .hint(hint),
        )
    }

    fn no_alias(&self) -> Option<Diagnostic> {
        let after_from = self.cut.word(self.range.start) == "from" && self.block == Some(Block::Flow);
        let names_each = self.expected.contains(&Rule::as_word);
        if !names_each {
            return None;
        }
        let (message, hint) = if after_from {
            ("a `from` says what one record is called", "write `from connection.resource as invoice`")
        } else {
            ("an `each` says what one item is called", "write `each invoice.items[*] as item { … }`")
        };
        // Between `each` and `as` stands any expression, so what came may belong to that.
        Some(self.error(&codes::NO_ALIAS, message).label("`as` and a name are expected here").hint(hint))
    }

    fn no_outcome(&self) -> Option<Diagnostic> {
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
    fn no_sentence(&self) -> Option<Diagnostic> {
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
    fn gap_before_bracket(&self) -> Option<Diagnostic> {
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

    fn reserved_name(&self) -> Option<Diagnostic> {
        let word = self.word();
        if !self.expected.contains(&Rule::name)
            || !RESERVED.contains(&word)
            || self.ends_line()
            || wants_value(self.expected)
        {
            return None;
        }
        Some(
            self.error(&codes::RESERVED_NAME, format!("`{word}` is a word of the language and cannot be a name"))
                .label("a name is expected here")
                .hint(format!("choose another name, such as `{}_value`", word.trim_matches('_'))),
        )
    }

    fn no_block(&self) -> Option<Diagnostic> {
        if !self.expected.contains(&Rule::open) {
            return None;
        }
        let what = self.cut.word(self.range.start);
        Some(
            self.error(&codes::NO_BLOCK, format!("the block of `{what}` does not begin with `{{`"))
                .label("`{` is expected here")
                .hint(format!("write `{what} … {{` and close the block with `}}`")),
        )
    }

    fn no_name(&self) -> Option<Diagnostic> {
        if wants_value(self.expected) || self.here == self.range.start {
            return None;
        }
        let before = self.cut.word(self.here - 1);
        let keyword = matches!(before, "connect" | "lookup" | "flow" | "let" | "as" | "per" | "key" | "verify");
        let hint = match (before, self.expected) {
            ("pipeline", expected) if expected.contains(&Rule::template) => "write `pipeline \"name\" {`".to_owned(),
            ("to", expected) if expected.contains(&Rule::name) => "write `to connection.resource {`".to_owned(),
            ("from", expected) if expected.contains(&Rule::name) => "write `from connection.resource`".to_owned(),
            (_, expected) if keyword && expected.contains(&Rule::name) => match self.cut.lexemes.get(self.here) {
                Some(Lexeme { kind: Kind::Template | Kind::Plain, .. }) if !self.ends_line() => {
                    format!(
                        "write the name without quotes: `{before} {}`",
                        self.cut.word(self.here).trim_matches(['"', '\''])
                    )
                }
                _ => format!("write `{before}` and a name of letters, digits and `_`"),
            },
            _ => return None,
        };
        Some(
            self.error(&codes::NO_NAME, format!("`{before}` needs a name")).label("a name is expected here").hint(hint),
        )
    }

    fn no_value(&self) -> Option<Diagnostic> {
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
    fn surplus(&self) -> Option<Diagnostic> {
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
            _ => "a new line is expected here",
        };
        let hint = match self.cut.lexemes[self.here].kind {
            Kind::Number | Kind::Word | Kind::Template | Kind::Plain if open.is_some() => {
                "separate values in brackets with `,`".to_owned()
            }
            Kind::Word if nearest(self.word(), ["and", "or", "in", "else", "where"]).is_some() => {
                format!("did you mean `{}`?", nearest(self.word(), ["and", "or", "in", "else", "where"]).unwrap_or(""))
            }
            _ if after_value(self.expected) => {
                "join two values with an operator, or put the second entry on a new line".to_owned()
            }
            _ => format!("take {} away, or put it on a line of its own", self.found(self.here)),
        };
        Some(self.error(&codes::SURPLUS, message).label(label).hint(hint))
    }

    fn anything(&self) -> Diagnostic {
        let expected = in_words(self.expected);
        let found =
            if self.ends_line() { "the line ends".to_owned() } else { format!("{} was found", self.found(self.here)) };
        self.error(&codes::UNEXPECTED, format!("{expected} is expected here, but {found}"))
            .label(format!("{expected} is expected"))
            .hint(self.form())
    }

    /// What the entry as a whole looks like.
    fn form(&self) -> String {
        let form = match (self.cut.word(self.range.start), self.block) {
            ("key", _) => "key supplier, reference",
            ("on", _) => "on change hold",
            ("retry", _) => "retry 5 times from 2s to 5m",
            ("guard", _) => "guard 500 records, 5% rejected",
            ("verify", _) => "verify gl_account in connection.resource.field where active",
            ("missing", _) => "missing hold \"no account for {{ cost_code }}\"",
            ("from", Some(Block::Lookup)) => "from csv \"cost-codes.csv\"` or `from connection.resource where active",
            ("from", _) => "from connection.resource as record per project where project.active",
            ("require", _) => "require total == invoice.total else reject \"…\"",
            ("let", _) => "let name = value else hold \"…\"",
            ("to", _) => "to connection.resource { key reference }",
            ("lookup", _) => "lookup name(input) -> (output) { … }",
            ("connect", _) => "connect name { … }",
            ("flow", _) => "flow name { … }",
            ("pipeline", _) => "pipeline \"name\" { timezone = \"America/Chicago\" }",
            (_, Some(Block::Lookup)) => "\"01-*\", \"L\" => \"5100\", \"C100\"",
            _ => "name = value",
        };
        format!("it is written `{form}`")
    }

    fn error(&self, code: &'static crate::diag::Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, self.here_span(), message)
    }

    /// The place: the lexeme there, or the end of the line before, if nothing more came on it.
    fn here_span(&self) -> Span {
        if self.here > self.range.start && self.ends_line() {
            let end = self.cut.lexemes[self.here - 1].end;
            return Span::new(self.source, end, end);
        }
        self.span(self.here.min(self.cut.lexemes.len().saturating_sub(1)))
    }

    fn ends_line(&self) -> bool {
        self.here >= self.range.end || (self.here > self.range.start && self.cut.lexemes[self.here].first)
    }

    fn word(&self) -> &'t str {
        if self.here < self.range.end { self.cut.word(self.here) } else { "" }
    }

    /// The innermost bracket of the entry that is open at the place.
    fn open_bracket(&self) -> Option<usize> {
        let holds = |open: &usize| self.cut.brackets.end(*open).is_some_and(|end| end.at >= self.here);
        (self.range.start..self.here)
            .rev()
            .filter(|index| matches!(self.cut.lexemes[*index].kind, Kind::Open(_)))
            .find(holds)
    }

    fn outside_brackets(&self, index: usize) -> bool {
        !(self.range.start..index).any(|open| self.cut.brackets.end(open).is_some_and(|end| end.at > index))
    }

    /// How a lexeme is named in a sentence.
    fn found(&self, index: usize) -> String {
        let lexeme = self.cut.lexemes[index];
        match lexeme.kind {
            Kind::Template | Kind::Plain => format!("the text {}", self.short(index)),
            Kind::Number => format!("the number `{}`", self.short(index)),
            _ => format!("`{}`", self.short(index)),
        }
    }

    fn short(&self, index: usize) -> String {
        let text = self.cut.word(index);
        if text.chars().count() <= 30 {
            return text.to_owned();
        }
        text.chars().take(29).chain(['…']).collect()
    }

    fn span(&self, index: usize) -> Span {
        let lexeme = self.cut.lexemes[index];
        Span::new(self.source, lexeme.start, lexeme.end)
    }

    fn whole(&self) -> Span {
        let bytes = self.cut.bytes(self.range);
        Span::new(self.source, bytes.start, bytes.end)
    }
}

/// `;` or `,` between entries.
pub fn separator(sign: &str, span: Span) -> Diagnostic {
    Diagnostic::error(&codes::SEPARATOR, span, format!("entries are not separated by `{sign}`"))
        .label("not needed")
        .hint(format!("take the `{sign}` away: each entry stands on its own line"))
}
