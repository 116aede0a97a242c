//! Brackets: which closes which, and those without a partner.
//!
//! As long as all of them pair up, that is all there is to it. When they do not, the
//! indentation tells which one is to blame: a block whose text was indented ends, at the
//! latest, before the first line that stands as far left as the block's own line.
//! Every bracket fault is reported here and once; what reads the text later stays silent
//! about the same places.

use super::lexeme::{Bracket, Kind, Lexeme, Strange};
use super::limits::MAX_FAULTS;
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
    /// Lexemes that a fault was reported about.
    guilty: Vec<usize>,
    /// Closing lexemes that close nothing.
    strays: Vec<usize>,
    /// Some bracket has no partner, reported or not.
    uneven: bool,
    pub faults: Vec<Diagnostic>,
    /// Faults beyond [`MAX_FAULTS`].
    pub more: usize,
}

impl Brackets {
    /// Where the group that opens at this lexeme ends.
    pub fn end(&self, open: usize) -> Option<End> {
        self.ends.get(open).copied().flatten()
    }

    /// Whether a closing bracket closes nothing.
    pub fn is_stray(&self, lexeme: usize) -> bool {
        self.strays.binary_search(&lexeme).is_ok()
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
    if !plain.uneven { plain } else { Pairing::new(text, lexemes, source, true).run() }
}

struct Pairing<'t> {
    text: &'t str,
    lexemes: &'t [Lexeme],
    source: SourceId,
    /// Whether to go by the indentation.
    careful: bool,
    /// More braces are closed than opened.
    excess: bool,
    /// Texts that were never closed and hide a bracket, by lexeme.
    swallowing: Vec<usize>,
    /// By lexeme: how far the next line that begins after it is indented.
    next_indent: Vec<Option<usize>>,
    stack: Vec<usize>,
    /// Braces among the stack.
    open_braces: usize,
    brackets: Brackets,
}

impl<'t> Pairing<'t> {
    fn new(text: &'t str, lexemes: &'t [Lexeme], source: SourceId, careful: bool) -> Self {
        let count = |kind| lexemes.iter().filter(|lexeme| lexeme.kind == kind).count();
        let excess = count(Kind::Close(Bracket::Brace)) > count(Kind::Open(Bracket::Brace));
        let brackets = Brackets { ends: vec![None; lexemes.len()], ..Brackets::default() };
        let hides = |index: &usize| {
            let lexeme = lexemes[*index];
            lexeme.kind == Kind::Strange(Strange::UnclosedText)
                && lexeme.text(text).contains(['{', '}', '(', ')', '[', ']'])
        };
        let swallowing = (0..lexemes.len()).filter(hides).collect();
        let next_indent = next_indents(lexemes);
        let (stack, open_braces) = (Vec::new(), 0);
        Self { text, lexemes, source, careful, excess, swallowing, next_indent, stack, open_braces, brackets }
    }

    fn run(mut self) -> Brackets {
        for index in 0..self.lexemes.len() {
            if self.careful && self.lexemes[index].first {
                self.end_by_indent(index);
            }
            match self.lexemes[index].kind {
                Kind::Open(_) => self.push(index),
                Kind::Close(bracket) => self.close(index, bracket),
                _ => {}
            }
        }
        while let Some(open) = self.pop() {
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
            self.pop();
            self.unclosed(open, index);
        }
    }

    fn push(&mut self, open: usize) {
        self.open_braces += usize::from(self.is_brace(open));
        self.stack.push(open);
    }

    fn pop(&mut self) -> Option<usize> {
        let open = self.stack.pop()?;
        self.open_braces -= usize::from(self.is_brace(open));
        Some(open)
    }

    fn is_brace(&self, open: usize) -> bool {
        self.lexemes[open].kind == Kind::Open(Bracket::Brace)
    }

    /// Whether the first line inside a group stands further right than the group's own line.
    fn is_indented(&self, open: usize) -> bool {
        !self.is_brace(open) || self.next_indent[open].is_some_and(|next| next > self.lexemes[open].indent)
    }

    fn close(&mut self, index: usize, bracket: Bracket) {
        if bracket == Bracket::Brace && self.is_surplus(index) {
            return self.stray(index);
        }
        if bracket == Bracket::Brace {
            if self.open_braces == 0 {
                return self.stray(index);
            }
            while let Some(open) = self.pop() {
                if self.is_brace(open) {
                    self.brackets.ends[open] = Some(End { at: index, closed: true });
                    return;
                }
                self.unclosed(open, index);
            }
            return;
        }
        match self.stack.last() {
            Some(&open) if self.lexemes[open].kind == Kind::Open(bracket) => {
                self.pop();
                self.brackets.ends[open] = Some(End { at: index, closed: true });
            }
            Some(&open) if self.lexemes[open].kind != Kind::Open(Bracket::Brace) => {
                self.pop();
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
        self.brackets.uneven = true;
        if self.text_swallowed_it(open, at) {
            return;
        }
        self.brackets.guilty.push(open);
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
        self.report(fault);
    }

    fn report(&mut self, fault: Diagnostic) {
        if self.brackets.faults.len() < MAX_FAULTS {
            self.brackets.faults.push(fault);
        } else {
            self.brackets.more += 1;
        }
    }

    fn mismatched(&mut self, open: usize, close: usize) {
        self.brackets.ends[open] = Some(End { at: close, closed: true });
        self.brackets.guilty.push(close);
        self.brackets.uneven = true;
        let (sign, found, partner) =
            (self.lexemes[open].text(self.text), self.lexemes[close].text(self.text), self.partner(open));
        self.report(
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
        self.brackets.strays.push(index);
        self.brackets.uneven = true;
        if self.text_swallowed_it(0, index) {
            return;
        }
        self.brackets.guilty.push(index);
        let sign = self.lexemes[index].text(self.text);
        self.report(
            Diagnostic::error(&codes::WRONG_CLOSING_BRACKET, self.span(index), format!("this `{sign}` closes nothing"))
                .label("nothing is open here")
                .hint(format!("take this `{sign}` away, or add the bracket that it should close")),
        );
    }

    /// Whether a text that was never closed hides a bracket between two lexemes: then the
    /// missing quote is the fault, and the bracket only follows from it.
    fn text_swallowed_it(&self, from: usize, to: usize) -> bool {
        let next = self.swallowing.partition_point(|text| *text < from);
        self.swallowing.get(next).is_some_and(|text| *text < to)
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

/// For each lexeme, how far the first line that begins after it is indented.
fn next_indents(lexemes: &[Lexeme]) -> Vec<Option<usize>> {
    let mut indents = vec![None; lexemes.len()];
    let mut next = None;
    for (index, lexeme) in lexemes.iter().enumerate().rev() {
        indents[index] = next;
        if lexeme.first {
            next = Some(lexeme.indent);
        }
    }
    indents
}
