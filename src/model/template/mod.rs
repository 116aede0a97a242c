//! Templates: `"{{ project.project_number }}-{{ invoice.number | upper }}"`.
//!
//! Takes the text between double quotes and hands on its pieces: literal text, and values
//! named by a path with the filters that they go through. Of the template engine's language
//! only that much is let in, so that a template that passes the checker cannot fail later.

mod chain;
mod filter;

pub use chain::Chain;
pub use filter::{FILTERS, Filter, filter_result};

use crate::diag::nearest;
use crate::value::{Decimal, Value};
use std::sync::Arc;

/// A part of a template, before its paths are resolved.
#[derive(Clone, Debug, PartialEq)]
pub enum RawPiece {
    Literal(Arc<str>),
    Value {
        /// A path of the language: `lines[0].amount`.
        path_text: String,
        /// Bytes of the path in the template's text.
        range: (usize, usize),
        filters: Vec<Filter>,
    },
}

/// What a template may not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Bytes of the template's text.
    pub range: (usize, usize),
    pub message: String,
    pub hint: String,
}

type Parsed<T> = Result<T, TemplateError>;

/// Splits a template into its pieces. Neighbouring literals are one.
pub fn parse(text: &str) -> Parsed<Vec<RawPiece>> {
    let mut pieces = Vec::new();
    let mut scanner = Scanner { text, at: 0 };
    let mut trim = false;
    loop {
        let start = scanner.at;
        let opening = scanner.opening();
        let mut literal = &text[start..opening.unwrap_or(text.len())];
        if trim {
            literal = literal.trim_start();
        }
        let Some(opening) = opening else {
            push_literal(&mut pieces, literal);
            return Ok(pieces);
        };
        scanner.refuse_statements(opening)?;
        scanner.at = opening + 2;
        if scanner.eat("-") {
            literal = literal.trim_end();
        }
        push_literal(&mut pieces, literal);
        let (piece, trims) = scanner.value(opening)?;
        pieces.push(piece);
        trim = trims;
    }
}

fn push_literal(pieces: &mut Vec<RawPiece>, literal: &str) {
    if !literal.is_empty() {
        pieces.push(RawPiece::Literal(literal.into()));
    }
}

struct Scanner<'a> {
    text: &'a str,
    /// Always at the start of a character.
    at: usize,
}

impl Scanner<'_> {
    /// Where the next `{{`, `{%` or `{#` stands.
    fn opening(&self) -> Option<usize> {
        let rest = &self.text[self.at..];
        rest.match_indices('{')
            .map(|(at, _)| at)
            .find(|at| rest[at + 1..].starts_with(['{', '%', '#']))
            .map(|at| self.at + at)
    }

    fn refuse_statements(&self, at: usize) -> Parsed<()> {
        let rest = &self.text[at..];
        if rest.starts_with("{%") {
            return Err(self.error(
                (at, at + 2),
                "a template holds no statements (`{% … %}`)",
                "decide it in a `let` or a `where` above, and name the result here",
            ));
        }
        if rest.starts_with("{#") {
            return Err(self.error(
                (at, at + 2),
                "a template holds no comments (`{# … #}`)",
                "write the comment with `#` on a line of its own; in 'single quotes' text is taken as it stands",
            ));
        }
        Ok(())
    }

    /// The path and filters after `{{`, and whether white space after the `}}` goes.
    fn value(&mut self, opening: usize) -> Parsed<(RawPiece, bool)> {
        self.skip_space();
        let (start, end) = self.path(opening)?;
        let mut filters = Vec::new();
        loop {
            self.skip_space();
            if self.eat("-}}") {
                let path_text = self.text[start..end].to_owned();
                return Ok((RawPiece::Value { path_text, range: (start, end), filters }, true));
            }
            if self.eat("}}") {
                let path_text = self.text[start..end].to_owned();
                return Ok((RawPiece::Value { path_text, range: (start, end), filters }, false));
            }
            if !self.eat("|") {
                return Err(self.unexpected(opening));
            }
            filters.push(self.filter(opening)?);
        }
    }

    /// The extent of a path: brackets and the quotes in them are passed over whole.
    fn path(&mut self, opening: usize) -> Parsed<(usize, usize)> {
        let start = self.at;
        while let Some(next) = self.peek() {
            match next {
                '[' => self.brackets(opening)?,
                '*' if self.text[..self.at].ends_with('.') => self.at += 1,
                '.' | '_' => self.at += 1,
                _ if next.is_alphanumeric() => self.at += next.len_utf8(),
                _ => break,
            }
        }
        if start == self.at {
            return Err(self.no_path(opening));
        }
        if self.text[start..].starts_with(|first: char| first.is_ascii_digit()) {
            return Err(self.no_path(opening));
        }
        Ok((start, self.at))
    }

    fn brackets(&mut self, opening: usize) -> Parsed<()> {
        let mut depth = 0_usize;
        while let Some(next) = self.peek() {
            match next {
                '\'' | '"' => {
                    self.quoted(opening)?;
                    continue;
                }
                '[' | '(' => depth += 1,
                ']' | ')' => depth -= 1,
                _ => {}
            }
            self.at += next.len_utf8();
            if depth == 0 {
                return Ok(());
            }
        }
        Err(self.unclosed(opening))
    }

    fn filter(&mut self, opening: usize) -> Parsed<Filter> {
        self.skip_space();
        let start = self.at;
        while self.peek().is_some_and(|next| next.is_alphanumeric() || next == '_') {
            self.at += self.peek().map_or(0, char::len_utf8);
        }
        let name = self.text[start..self.at].to_owned();
        if name.is_empty() {
            return Err(self.unexpected(opening));
        }
        if !FILTERS.contains(&name.as_str()) {
            let hint = match nearest(&name, FILTERS.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("a template knows {}", FILTERS.join(", ")),
            };
            return Err(self.error((start, self.at), format!("there is no filter `{name}`"), hint));
        }
        let arguments = if self.eat("(") { self.arguments(opening)? } else { Vec::new() };
        Ok(Filter { name, arguments })
    }

    fn arguments(&mut self, opening: usize) -> Parsed<Vec<Value>> {
        let mut arguments = Vec::new();
        loop {
            self.skip_space();
            if self.eat(")") {
                return Ok(arguments);
            }
            arguments.push(self.constant(opening)?);
            self.skip_space();
            if !self.eat(",") && self.peek() != Some(')') {
                return Err(self.unexpected(opening));
            }
        }
    }

    fn constant(&mut self, opening: usize) -> Parsed<Value> {
        if matches!(self.peek(), Some('\'' | '"')) {
            return Ok(self.quoted(opening)?.into());
        }
        let start = self.at;
        while self.peek().is_some_and(|next| next.is_alphanumeric() || "_.-".contains(next)) {
            self.at += self.peek().map_or(0, char::len_utf8);
        }
        let word = &self.text[start..self.at];
        let digits = word.replace('_', "");
        let number = if word.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            digits
                .parse::<i64>()
                .map(Value::Integer)
                .ok()
                .or_else(|| digits.parse::<Decimal>().map(Value::Decimal).ok())
        } else {
            None
        };
        match word {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => number.ok_or_else(|| {
                self.error(
                    (start, self.at.max(start + self.peek().map_or(0, char::len_utf8))),
                    "a filter takes texts and numbers that stand in the template",
                    "write a text in 'single quotes' or a number; for anything else use a `let` above",
                )
            }),
        }
    }

    /// A text in quotes of either kind; a backslash takes the next character as it is.
    fn quoted(&mut self, opening: usize) -> Parsed<String> {
        let quote = self.peek();
        let mut text = String::new();
        let mut escaped = false;
        let start = self.at + 1;
        for (offset, next) in self.text[start..].char_indices() {
            if escaped {
                text.push(if next == 'n' { '\n' } else { next });
                escaped = false;
            } else if next == '\\' {
                escaped = true;
            } else if Some(next) == quote {
                self.at = start + offset + next.len_utf8();
                return Ok(text);
            } else {
                text.push(next);
            }
        }
        Err(self.unclosed(opening))
    }

    fn no_path(&self, opening: usize) -> TemplateError {
        match self.peek() {
            None => self.unclosed(opening),
            Some('}') => self.error(
                (opening, if self.text[self.at..].starts_with("}}") { self.at + 2 } else { self.at + 1 }),
                "nothing stands between the braces",
                "write the name of a value: `{{ invoice.number }}`",
            ),
            Some(next) => self.error(
                (self.at, self.at + next.len_utf8()),
                "a template names a value here",
                "write a path such as `invoice.number`; plain words stand outside of the braces",
            ),
        }
    }

    /// Why what stands after a path or a filter may not stand there.
    fn unexpected(&self, opening: usize) -> TemplateError {
        let Some(next) = self.peek() else { return self.unclosed(opening) };
        let range = (self.at, self.at + next.len_utf8());
        match next {
            '(' => self.error(
                range,
                "a template calls no functions",
                "write it as a filter, `{{ value | upper }}`, or call it in a `let` above and name the result here",
            ),
            '+' | '-' | '*' | '/' | '~' | '%' => {
                self.error(range, "a template does not compute", "compute it in a `let` above and name the result here")
            }
            '=' | '<' | '>' | '!' | '?' => self.error(
                range,
                "a template does not decide",
                "decide it in a `let` or a `where` above; a value that can be absent takes `| default('…')`",
            ),
            '}' => self.unclosed(opening),
            _ => self.error(
                range,
                "a template names one value, and filters after `|`",
                "write `{{ path }}` or `{{ path | filter }}`; plain words stand outside of the braces",
            ),
        }
    }

    fn unclosed(&self, opening: usize) -> TemplateError {
        self.error(
            (opening, self.text.len().min(opening + 2)),
            "this `{{` is not closed",
            "close it with `}}`; in 'single quotes' text is taken as it stands",
        )
    }

    fn error(&self, range: (usize, usize), message: impl Into<String>, hint: impl Into<String>) -> TemplateError {
        TemplateError { range, message: message.into(), hint: hint.into() }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, token: &str) -> bool {
        let there = self.text[self.at..].starts_with(token);
        if there {
            self.at += token.len();
        }
        there
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }
}

#[cfg(test)]
mod tests;
