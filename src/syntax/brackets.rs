//! Brackets: which closes which, and those without a partner.
//!
//! As long as all of them pair up, that is all there is to it. When they do not, the
//! indentation tells which one is to blame: a block whose text was indented ends, at the
//! latest, before the first line that stands as far left as the block's own line.
//! Every bracket fault is reported here and once; what reads the text later stays silent
//! about the same places.

use super::lexeme::{Bracket, Kind, Lexeme, Strange};
use crate::diag::{Diagnostic, SourceId, Span, codes};

/// Where a bracket's inside ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Index of the closing lexeme, or of the first that no longer belongs inside.
    pub at: usize,
    pub closed: bool,
}

impl End {
    /// Index of the first lexeme after the group.
    pub fn after(self) -> usize {
        self.at + usize::from(self.closed)
    }
}

#[derive(Debug, Default)]
pub struct Brackets {
    /// By lexeme; only opening ones have an end.
    ends: Vec<Option<End>>,
    /// Lexemes that a fault is about.
    guilty: Vec<usize>,
    pub faults: Vec<Diagnostic>,
}

impl Brackets {
    /// Where the group that opens at this lexeme ends.
    pub fn end(&self, open: usize) -> Option<End> {
        self.ends.get(open).copied().flatten()
    }

    /// Whether a closing bracket closes nothing.
    pub fn is_stray(&self, lexeme: usize) -> bool {
        self.ends[lexeme].is_none() && self.guilty.binary_search(&lexeme).is_ok()
    }

    /// Whether a fault was reported about one of these lexemes.
    pub fn blames(&self, range: &std::ops::Range<usize>) -> bool {
        let from = self.guilty.partition_point(|lexeme| *lexeme < range.start);
        self.guilty.get(from).is_some_and(|lexeme| *lexeme < range.end)
    }
}

/// Pairs the brackets of a text.
pub fn pair(text: &str, lexemes: &[Lexeme], source: SourceId) -> Brackets {
    let plain = Pairing::new(text, lexemes, source, false).run();
    if plain.faults.is_empty() { plain } else { Pairing::new(text, lexemes, source, true).run() }
}

struct Pairing<'t> {
    text: &'t str,
    lexemes: &'t [Lexeme],
    source: SourceId,
    /// Whether to go by the indentation.
    careful: bool,
    /// More braces are closed than opened.
    excess: bool,
    stack: Vec<usize>,
    brackets: Brackets,
}

impl<'t> Pairing<'t> {
    fn new(text: &'t str, lexemes: &'t [Lexeme], source: SourceId, careful: bool) -> Self {
        let count = |kind| lexemes.iter().filter(|lexeme| lexeme.kind == kind).count();
        let excess = count(Kind::Close(Bracket::Brace)) > count(Kind::Open(Bracket::Brace));
        let brackets = Brackets { ends: vec![None; lexemes.len()], ..Brackets::default() };
        Self { text, lexemes, source, careful, excess, stack: Vec::new(), brackets }
    }

    fn run(mut self) -> Brackets {
        for index in 0..self.lexemes.len() {
            if self.careful && self.lexemes[index].first {
                self.end_by_indent(index);
            }
            match self.lexemes[index].kind {
                Kind::Open(_) => self.stack.push(index),
                Kind::Close(bracket) => self.close(index, bracket),
                _ => {}
            }
        }
        while let Some(open) = self.stack.pop() {
            self.unclosed(open, self.lexemes.len());
        }
        self.brackets.guilty.sort_unstable();
        self.brackets.faults.sort_by_key(|fault| fault.label.span.start);
        self.brackets
    }

    /// Ends the groups that the line which begins here is too far left to belong to.
    fn end_by_indent(&mut self, index: usize) {
        let here = self.lexemes[index];
        while let Some(&open) = self.stack.last() {
            let opener = self.lexemes[open];
            let outside = match here.kind {
                Kind::Close(Bracket::Brace) => here.indent < opener.indent,
                Kind::Close(_) | Kind::Open(Bracket::Brace) => false,
                _ => here.indent <= opener.indent,
            };
            if !outside || !self.is_indented(open) {
                break;
            }
            self.stack.pop();
            self.unclosed(open, index);
        }
    }

    /// Whether the first line inside a group stands further right than the group's own line.
    fn is_indented(&self, open: usize) -> bool {
        let opener = self.lexemes[open];
        if opener.kind != Kind::Open(Bracket::Brace) {
            return true;
        }
        let next = self.lexemes[open + 1..].iter().find(|lexeme| lexeme.first);
        next.is_some_and(|next| next.indent > opener.indent)
    }

    fn close(&mut self, index: usize, bracket: Bracket) {
        if bracket == Bracket::Brace && self.is_surplus(index) {
            return self.stray(index);
        }
        if bracket == Bracket::Brace {
            let holds_brace = self.stack.iter().any(|open| self.lexemes[*open].kind == Kind::Open(Bracket::Brace));
            if !holds_brace {
                return self.stray(index);
            }
            while let Some(open) = self.stack.pop() {
                if self.lexemes[open].kind == Kind::Open(Bracket::Brace) {
                    self.brackets.ends[open] = Some(End { at: index, closed: true });
                    return;
                }
                self.unclosed(open, index);
            }
            return;
        }
        match self.stack.last() {
            Some(&open) if self.lexemes[open].kind == Kind::Open(bracket) => {
                self.stack.pop();
                self.brackets.ends[open] = Some(End { at: index, closed: true });
            }
            Some(&open) if self.lexemes[open].kind != Kind::Open(Bracket::Brace) => {
                self.stack.pop();
                self.mismatched(open, index);
            }
            _ => self.stray(index),
        }
    }

    /// A brace that stands alone on a line deeper than the block that it would close.
    fn is_surplus(&self, index: usize) -> bool {
        let here = self.lexemes[index];
        let Some(&open) = self.stack.last() else { return false };
        self.careful && self.excess && here.first && here.indent > self.lexemes[open].indent && self.is_indented(open)
    }

    fn unclosed(&mut self, open: usize, at: usize) {
        self.brackets.ends[open] = Some(End { at, closed: false });
        self.brackets.guilty.push(open);
        if self.text_swallowed_it(open, at) {
            return;
        }
        let (sign, partner) = (self.lexemes[open].text(self.text), self.partner(open));
        let last = self.lexemes[at.saturating_sub(1).max(open)];
        let mut fault = Diagnostic::error(
            &codes::BRACKET_NOT_CLOSED,
            self.span(open),
            format!("this `{sign}` is never closed: a `{partner}` is missing"),
        )
        .label("opened here")
        .hint(format!("add `{partner}` where the block or the list ends"));
        if last.start > self.lexemes[open].start {
            fault = fault.related(
                Span::new(self.source, last.end, last.end),
                format!("`{partner}` is missing at the latest here"),
            );
        }
        self.brackets.faults.push(fault);
    }

    fn mismatched(&mut self, open: usize, close: usize) {
        self.brackets.ends[open] = Some(End { at: close, closed: true });
        self.brackets.guilty.push(close);
        let (sign, found, partner) =
            (self.lexemes[open].text(self.text), self.lexemes[close].text(self.text), self.partner(open));
        self.brackets.faults.push(
            Diagnostic::error(
                &codes::WRONG_CLOSING_BRACKET,
                self.span(close),
                format!("`{found}` does not close a `{sign}`"),
            )
            .label(format!("`{partner}` is expected here"))
            .related(self.span(open), "opened here")
            .hint(format!("write `{partner}` in place of `{found}`")),
        );
    }

    fn stray(&mut self, index: usize) {
        self.brackets.guilty.push(index);
        if self.text_swallowed_it(0, index) {
            return;
        }
        let sign = self.lexemes[index].text(self.text);
        self.brackets.faults.push(
            Diagnostic::error(&codes::WRONG_CLOSING_BRACKET, self.span(index), format!("this `{sign}` closes nothing"))
                .label("nothing is open here")
                .hint(format!("take this `{sign}` away, or add the bracket that it should close")),
        );
    }

    /// Whether a text that was never closed hides a bracket between two lexemes: then the
    /// missing quote is the fault, and the bracket only follows from it.
    fn text_swallowed_it(&self, from: usize, to: usize) -> bool {
        self.lexemes[from..to.min(self.lexemes.len())].iter().any(|lexeme| {
            lexeme.kind == Kind::Strange(Strange::UnclosedText)
                && lexeme.text(self.text).contains(['{', '}', '(', ')', '[', ']'])
        })
    }

    fn partner(&self, open: usize) -> char {
        match self.lexemes[open].kind {
            Kind::Open(Bracket::Paren) => ')',
            Kind::Open(Bracket::List) => ']',
            _ => '}',
        }
    }

    fn span(&self, lexeme: usize) -> Span {
        Span::new(self.source, self.lexemes[lexeme].start, self.lexemes[lexeme].end)
    }
}
