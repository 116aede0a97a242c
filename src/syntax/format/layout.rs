//! Tokens to lines: where a line ends, and how far the next one is indented.
//!
//! An entry that the outline knows begins a line; inside it the author's line breaks stay,
//! except in its head (around `=`, before `{`). A block that its author wrote on one line
//! stays there while it holds one entry. At most one empty line stays, between entries.

use super::line::{Line, Word};
use super::outline::Outline;
use super::space;
use super::token::{Comment, Token};
use crate::syntax::lexeme::{Bracket, Kind};
use std::collections::BTreeMap;

pub struct Layout<'a, 't> {
    tokens: &'a [Token<'t>],
    outline: &'a Outline,
    /// Opening brackets by token, with the token that closes each.
    pairs: BTreeMap<usize, usize>,
    frames: Vec<Frame>,
    lines: Vec<Line<'t>>,
}

/// A bracket that is open.
struct Frame {
    kind: FrameKind,
    /// Of the line on which it opened.
    indent: usize,
    /// The line on which it opened, and how many words that had then.
    opened: (usize, usize),
    /// Where the entry that stands in it ends, as far as that is known.
    known_until: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FrameKind {
    /// The whole text, or a block whose entries the outline knows.
    Block,
    /// Such a block on one line.
    Inline,
    /// Any other brace.
    Brace,
    /// A round or square bracket.
    Group,
}

/// Words and signs after which a line goes on, if the author broke it there all the same.
const JOINS_NEXT: &[&str] = &["=", "=>", "->", "as", "each", "not", "from", "per"];

/// What never begins a line of its own.
const JOINS_LAST: &[&str] = &["=", "=>", "->", "as", "{", ",", "%"];

/// Words that go on with what stands before them.
const CONTINUING: &[&str] = &["and", "or", "not", "in", "as", "else", "where", "each", "then"];

impl<'a, 't> Layout<'a, 't> {
    pub fn new(tokens: &'a [Token<'t>], outline: &'a Outline) -> Self {
        let whole = Frame { kind: FrameKind::Block, indent: 0, opened: (0, 0), known_until: 0 };
        Self { tokens, outline, pairs: pairs(tokens), frames: vec![whole], lines: Vec::new() }
    }

    pub fn lines(mut self) -> Vec<Line<'t>> {
        for at in 0..self.tokens.len() {
            self.token(at);
        }
        self.lines
    }

    fn token(&mut self, at: usize) {
        let token = &self.tokens[at];
        let begins = self.begins(at);
        let indent = self.indent(at, begins);
        self.comments(at, begins, indent);
        if at + 1 == self.tokens.len() {
            return;
        }
        if self.breaks(at, begins) {
            let may_part = begins && !self.is_after_open(at) && !self.lines.is_empty();
            let blank = token.newlines > 1 && may_part;
            self.lines.push(Line { indent, blank, begins, ..Line::default() });
        }
        if begins {
            let end = self.outline.entry_at(token.start).unwrap_or(token.end);
            self.frame_mut().known_until = end;
        }
        let fresh = self.lines.last().is_none_or(Line::is_comment);
        let spaces = if fresh { 0 } else { self.spaces(at) };
        if let Some(line) = self.lines.last_mut() {
            line.words.push(Word { text: token.text, spaces });
        }
        self.bracket(at);
    }

    /// The spaces between a token and the one before it on its line.
    fn spaces(&self, at: usize) -> usize {
        let token = &self.tokens[at];
        let is_next = |last: &Token| !last.opens() && last.text != ",";
        let parted = self.outline.is_part(token.start) && self.tokens[..at].last().is_some_and(is_next);
        usize::from(space::is_apart(&self.tokens[..at], token, self.outline)) + usize::from(parted)
    }

    fn bracket(&mut self, at: usize) {
        let token = &self.tokens[at];
        if token.opens() {
            let (indent, words) = self.lines.last().map_or((0, 0), |line| (line.indent, line.words.len()));
            let opened = (self.lines.len().saturating_sub(1), words);
            self.frames.push(Frame { kind: self.kind(at), indent, opened, known_until: token.end });
        } else if token.closes() && self.frames.len() > 1 {
            self.frames.pop();
        }
    }

    /// The comments before a token.
    fn comments(&mut self, at: usize, begins: bool, indent: usize) {
        let token = &self.tokens[at];
        let may_part = self.may_part(at, begins);
        let indent = if token.closes() { self.frame().indent + 1 } else { indent };
        let mut opened = at > 0 && self.tokens[at - 1].opens();
        for Comment { text, own_line, newlines } in token.comments.iter().cloned() {
            match self.lines.last_mut().filter(|_| !own_line) {
                Some(line) => line.comment = Some(text),
                None => {
                    let blank = newlines > 1 && may_part && !opened && !self.lines.is_empty();
                    self.lines.push(Line { indent, blank, comment: Some(text), ..Line::default() });
                    opened = false;
                }
            }
        }
    }

    fn frame(&self) -> &Frame {
        self.frames.last().expect("the whole text is never closed")
    }

    fn frame_mut(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the whole text is never closed")
    }

    /// Whether this token is the first line after an opening bracket.
    fn is_after_open(&self, at: usize) -> bool {
        at > 0 && self.tokens[at - 1].opens() && !self.tokens[at].comments.iter().any(|comment| comment.own_line)
    }

    /// Whether an item or entry begins with this token.
    fn begins(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        match self.frame().kind {
            FrameKind::Group | FrameKind::Inline => false,
            _ if token.closes() || at + 1 == self.tokens.len() => false,
            FrameKind::Brace => self.new_line(at) && self.is_first_word(at),
            FrameKind::Block if self.outline.entry_at(token.start).is_some() => true,
            FrameKind::Block => token.start >= self.frame().known_until && self.new_line(at) && self.is_first_word(at),
        }
    }

    /// Whether the author began a line with this token.
    fn new_line(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        at == 0 || token.newlines > 0
    }

    /// Whether a line that the outline does not know begins an entry, and does not go on with one.
    fn is_first_word(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        let starts = match token.kind {
            Kind::Word => !CONTINUING.contains(&token.text),
            Kind::Template | Kind::Plain | Kind::Number => true,
            _ => false,
        };
        starts
            && at.checked_sub(1).is_none_or(|before| {
                let last = &self.tokens[before];
                last.is_value() || last.opens() || last.text == "%" || last.text == "," && self.is_in_brace()
            })
    }

    fn is_in_brace(&self) -> bool {
        self.frame().kind == FrameKind::Brace
    }

    /// Whether an empty line before this token may stay.
    fn may_part(&self, at: usize, begins: bool) -> bool {
        begins || self.frame().kind != FrameKind::Group && self.tokens[at].closes() || at + 1 == self.tokens.len()
    }

    /// Whether this token begins a line of the result.
    fn breaks(&self, at: usize, begins: bool) -> bool {
        let token = &self.tokens[at];
        if self.lines.last().is_none_or(Line::is_comment) || !token.comments.is_empty() {
            return true;
        }
        match self.frame().kind {
            FrameKind::Block if begins || token.closes() => !(token.closes() && self.is_empty(at)),
            _ if token.closes() && self.opened_at_line_end() => true,
            _ => token.newlines > 0 && !self.joins(at),
        }
    }

    /// Whether what the open bracket holds begins on a line of its own; then so does what closes it.
    fn opened_at_line_end(&self) -> bool {
        let (line, words) = self.frame().opened;
        line + 1 < self.lines.len() && self.lines[line].words.len() == words
    }

    /// `{}`
    fn is_empty(&self, close: usize) -> bool {
        close > 0 && self.tokens[close - 1].opens()
    }

    /// Whether the author's line break before this token goes.
    fn joins(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        let last = &self.tokens[at - 1];
        let whole = self.frames.iter().all(|frame| frame.kind != FrameKind::Brace);
        let known = self.frames.iter().rev().find(|frame| frame.kind != FrameKind::Group);
        let inside = whole && known.is_some_and(|frame| token.start < frame.known_until);
        let head = JOINS_NEXT.contains(&last.text)
            || JOINS_LAST.contains(&token.text)
            || self.outline.is_keyword(last.start) && last.text != "else";
        inside && (head || last.text == "-" && !space::is_apart(&self.tokens[..at], token, self.outline))
    }

    /// Steps before a line that begins with this token.
    fn indent(&self, at: usize, begins: bool) -> usize {
        let frame = self.frame();
        if at + 1 == self.tokens.len() {
            return 0;
        }
        if self.tokens[at].closes() {
            return frame.indent;
        }
        let inner = frame.indent + usize::from(self.frames.len() > 1);
        match frame.kind {
            FrameKind::Block | FrameKind::Brace if !begins => inner + 1,
            FrameKind::Inline | FrameKind::Group | FrameKind::Block | FrameKind::Brace => inner,
        }
    }

    /// What the bracket at a token opens.
    fn kind(&self, at: usize) -> FrameKind {
        if self.tokens[at].kind != Kind::Open(Bracket::Brace) {
            return FrameKind::Group;
        }
        let Some(close) = self.block_end(at) else { return FrameKind::Brace };
        if self.is_on_one_line(at, close) { FrameKind::Inline } else { FrameKind::Block }
    }

    /// The closing token of a block that the outline knows.
    fn block_end(&self, at: usize) -> Option<usize> {
        self.pairs.get(&at).copied().filter(|close| self.outline.closes_block(self.tokens[*close].end))
    }

    /// Whether a block stands on one line and may stay there: it holds one entry, and so do
    /// the blocks in it.
    fn is_on_one_line(&self, open: usize, close: usize) -> bool {
        let inside = &self.tokens[open + 1..=close];
        let one_line = inside.iter().all(|token| token.newlines == 0 && token.comments.is_empty());
        one_line && self.single_entries(open, close)
    }

    fn single_entries(&self, open: usize, close: usize) -> bool {
        let mut entries = 0;
        let mut at = open + 1;
        while at < close {
            if self.outline.entry_at(self.tokens[at].start).is_some() {
                entries += 1;
            }
            match self.pairs.get(&at) {
                Some(end) if self.block_end(at).is_some() && !self.single_entries(at, *end) => return false,
                Some(end) if self.block_end(at).is_some() => at = end + 1,
                _ => at += 1,
            }
        }
        entries <= 1
    }
}

/// Each opening bracket with its closing one.
fn pairs(tokens: &[Token]) -> BTreeMap<usize, usize> {
    let mut pairs = BTreeMap::new();
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.opens() {
            open.push(at);
        } else if token.closes() {
            pairs.extend(open.pop().map(|start| (start, at)));
        }
    }
    pairs
}

/// An item of several lines stands apart from its neighbours.
pub fn part_items(lines: &mut [Line]) {
    let starts: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].begins && lines[*at].indent == 0).collect();
    for pair in starts.windows(2) {
        let &[item, next] = pair else { continue };
        let last = (item..next).rev().find(|at| !lines[*at].is_comment() || lines[*at].indent > 0).unwrap_or(item);
        let is_long = |at: usize| lines.get(at + 1).is_some_and(|line| line.indent > 0);
        let is_long = last > item || is_long(next);
        if is_long && lines[last + 1..=next].iter().all(|line| !line.blank) {
            lines[last + 1].blank = true;
        }
    }
}
