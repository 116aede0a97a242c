//! Faults of items and entries: their words, names, signs and blocks.

use super::place::{RESERVED, Spot, separator};
use crate::diag::{Diagnostic, codes, nearest};
use crate::syntax::expected::{after_value, wants_value};
use crate::syntax::grammar::Rule;
use crate::syntax::lexeme::{Kind, Lexeme};
use crate::syntax::split::{Block, ITEMS};

impl Spot<'_> {
    /// An item that begins with no item's word.
    pub(super) fn no_item(&self) -> Option<Diagnostic> {
        let word = self.cut.word(self.range.start);
        if self.block.is_some()
            || !(self.expected.contains(&Rule::item) || self.expected.contains(&Rule::pipeline_word))
        {
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
    pub(super) fn no_entry(&self) -> Option<Diagnostic> {
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
        } else if block == Block::Lookup && matches!(self.cut.word(self.range.start + 1), "=>" | ",") {
            format!("a pattern of a row stands in quotes: `\"{word}\"`")
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
    pub(super) fn no_assignment(&self) -> Option<Diagnostic> {
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
            "-" | "/" => (
                "a name holds letters, digits and `_`, nothing else".to_owned(),
                format!("write `{name}_{}`", self.cut.word(self.here + 1)),
            ),
            ":" | ":=" | "=>" | "->" => {
                (format!("a value is given with `=`, not with `{found}`"), format!("write `{name} = …`"))
            }
            "" => (format!("`{name}` is given no value"), format!("write `{name} = ` and its value")),
            _ => (format!("`=` is missing after `{name}`"), format!("write `{name} = {}`", self.short(self.here))),
        };
        Some(self.error(&codes::NO_ASSIGNMENT, message).label("`=` is expected here").hint(hint))
    }

    pub(super) fn separator(&self) -> Option<Diagnostic> {
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

    pub(super) fn wrong_arrow(&self) -> Option<Diagnostic> {
        let right = if self.expected.contains(&Rule::becomes) {
            "=>"
        } else if self.expected.contains(&Rule::arrow) {
            "->"
        } else {
            return None;
        };
        let in_test = self.block == Some(Block::Test);
        let what = if in_test {
            "what a lookup is asked from what it gives"
        } else if right == "=>" {
            "the patterns of a row from its values"
        } else {
            "the inputs of a lookup from its outputs"
        };
        let hint = if in_test {
            "a row is `with vendor(101) => { name = \"Ash Concrete\" }`, a record to match with `with match => { id = 7 }`"
        } else if right == "=>" {
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

    pub(super) fn no_alias(&self) -> Option<Diagnostic> {
        let after_from = self.cut.word(self.range.start) == "from" && self.block == Some(Block::Flow);
        // `connect` may name its connection, and need not.
        let may_name = self.cut.word(self.range.start) == "connect";
        if may_name || !self.expected.contains(&Rule::as_word) {
            return None;
        }
        let (message, hint) = if self.cut.word(self.range.start) == "match" {
            ("a `match` says what a matched record is called", "write `match connection.resource as other { … }`")
        } else if after_from {
            ("a `from` says what one record is called", "write `from connection.resource as invoice`")
        } else {
            ("an `each` says what one item is called", "write `each invoice.items[*] as item { … }`")
        };
        // Between `each` and `as` stands any expression, so what came may belong to that.
        Some(self.error(&codes::NO_ALIAS, message).label("`as` and a name are expected here").hint(hint))
    }

    /// `from requisitions`, `to supplier_invoices`, `verify x in accounts`, `from csv`
    pub(super) fn no_resource(&self) -> Option<Diagnostic> {
        let keyword = self.cut.word(self.range.start);
        if !self.expected.contains(&Rule::dot)
            || after_value(self.expected)
            || !matches!(keyword, "from" | "to" | "verify" | "match")
        {
            return None;
        }
        let name = self.cut.word(self.here - 1);
        if matches!(name, "csv" | "xlsx") && self.block == Some(Block::Lookup) {
            return Some(
                self.error(&codes::NO_NAME, format!("`from {name}` needs the path of a file"))
                    .label("a text in quotes is expected here")
                    .hint(format!("write `from {name} \"cost-codes.{name}\"`")),
            );
        }
        let (what, form) = match keyword {
            "verify" => ("a field to verify in", "connection.resource.field"),
            _ => ("a resource", "connection.resource"),
        };
        Some(
            self.error(&codes::NO_NAME, format!("{what} is named `{form}`"))
                .label("`.` and a name are expected here")
                .hint(self.form()),
        )
    }

    pub(super) fn reserved_name(&self) -> Option<Diagnostic> {
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

    pub(super) fn no_block(&self) -> Option<Diagnostic> {
        // A record begins with `{` as well, wherever a value can stand.
        if !self.expected.contains(&Rule::open) || wants_value(self.expected) {
            return None;
        }
        let what = self.cut.word(self.range.start);
        Some(
            self.error(&codes::NO_BLOCK, format!("the block of `{what}` does not begin with `{{`"))
                .label("`{` is expected here")
                .hint(format!("write `{what} … {{` and close the block with `}}`")),
        )
    }

    pub(super) fn no_name(&self) -> Option<Diagnostic> {
        if wants_value(self.expected) || self.here == self.range.start {
            return None;
        }
        let before = self.cut.word(self.here - 1);
        let keyword = matches!(before, "connect" | "lookup" | "flow" | "let" | "as" | "per" | "key" | "verify");
        let hint = match (before, self.expected) {
            ("key", expected) if expected.contains(&Rule::name) && self.ends_line() => self.form(),
            ("from", expected) if expected.contains(&Rule::name) && self.block == Some(Block::Lookup) => {
                match self.cut.lexemes.get(self.here) {
                    Some(Lexeme { kind: Kind::Template | Kind::Plain, .. }) if !self.ends_line() => {
                        format!("say which kind of file it is: `from csv {}`", self.short(self.here))
                    }
                    _ => self.form(),
                }
            }
            ("pipeline", expected) if expected.contains(&Rule::text) || expected.contains(&Rule::template) => {
                "write `pipeline \"name\" {`".to_owned()
            }
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
}
