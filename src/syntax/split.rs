//! Where items and their entries begin.
//!
//! Takes lexemes and their brackets, hands on ranges of lexemes. Items are always cut so;
//! entries only in an item that the grammar could not read whole, by the lines on which
//! they begin.

use super::brackets::Brackets;
use super::lexeme::{Bracket, Kind, Lexeme};
use std::ops::Range;

/// Words that begin an item.
pub const ITEMS: &[&str] =
    &["pipeline", "connect", "lookup", "flow", "test", "use", "extend", "fn", "let", "vars", "notify"];

/// Words that go on with an expression or a clause, and so never begin an entry.
const CONTINUING: &[&str] = &["and", "or", "not", "in", "as", "else", "where", "each", "if", "then"];

/// How many lexemes of an entry are searched for an `each`, so that cutting stays linear.
const LONGEST_EACH_HEAD: usize = 64;

/// A block by what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    Pipeline,
    Connect,
    Lookup,
    Flow,
    Map,
    To,
    Vars,
    Test,
    Notify,
}

impl Block {
    /// The words that begin its entries; empty where any name does.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Flow => &["from", "where", "match", "let", "map", "require", "to", "run", "reconcile"],
            Self::To => &["key", "on", "retry", "guard", "settle", "approve", "mark"],
            Self::Lookup => &["from", "verify", "missing"],
            Self::Test => &["flow", "given", "with", "expect"],
            Self::Notify => &["mail", "webhook", "on", "digest"],
            Self::Pipeline | Self::Connect | Self::Map | Self::Vars => &[],
        }
    }

    /// Those of its words that begin an entry also in the middle of a line.
    fn inner_words(self) -> &'static [&'static str] {
        match self {
            Self::Flow => &["let", "map", "require", "to"],
            Self::To => &["on", "retry", "guard"],
            Self::Lookup => &["verify", "missing"],
            Self::Notify => &["mail", "webhook", "on", "digest"],
            Self::Pipeline | Self::Connect | Self::Map | Self::Vars | Self::Test => &[],
        }
    }

    /// Whether its entries are `name = value`.
    pub fn assigns(self) -> bool {
        self.words().is_empty()
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Pipeline => "the pipeline block",
            Self::Connect => "a connect block",
            Self::Lookup => "a lookup",
            Self::Flow => "a flow",
            Self::Map => "a map",
            Self::To => "a `to` block",
            Self::Vars => "the vars block",
            Self::Test => "a test",
            Self::Notify => "the notify block",
        }
    }
}

/// A text as lexemes with their brackets.
#[derive(Clone, Copy)]
pub struct Cut<'t> {
    pub text: &'t str,
    pub lexemes: &'t [Lexeme],
    pub brackets: &'t Brackets,
}

impl<'t> Cut<'t> {
    pub fn word(&self, index: usize) -> &'t str {
        self.lexemes.get(index).map_or("", |lexeme| lexeme.text(self.text))
    }

    /// The bytes that a range of lexemes covers.
    pub fn bytes(&self, range: &Range<usize>) -> Range<usize> {
        if range.is_empty() {
            let at = self.lexemes.get(range.start).map_or(self.text.len(), |lexeme| lexeme.start);
            return at..at;
        }
        self.lexemes[range.start].start..self.lexemes[range.end - 1].end
    }

    /// The first brace that opens directly in a range.
    pub fn first_brace(&self, range: &Range<usize>) -> Option<usize> {
        let mut index = range.start;
        while index < range.end {
            match self.lexemes[index].kind {
                Kind::Open(Bracket::Brace) => return Some(index),
                _ => index = self.after(index),
            }
        }
        None
    }

    /// The lexeme after this one, or after the group that it opens.
    fn after(&self, index: usize) -> usize {
        self.brackets.end(index).map_or(index + 1, |end| end.after().max(index + 1))
    }

    /// Cuts the whole text into items.
    pub fn items(&self) -> Vec<Range<usize>> {
        let mut items = Vec::new();
        let mut index = 0;
        while index < self.lexemes.len() {
            if self.brackets.is_stray(index) {
                index += 1;
                continue;
            }
            let end = self.item_end(index);
            items.push(index..end);
            index = end;
        }
        items
    }

    fn item_end(&self, start: usize) -> usize {
        let mut index = start;
        loop {
            let after_brace = self.lexemes[index].kind == Kind::Open(Bracket::Brace);
            index = self.after(index);
            let Some(lexeme) = self.lexemes.get(index) else { return index };
            let word = lexeme.text(self.text);
            let is_word = lexeme.kind == Kind::Word && !CONTINUING.contains(&word);
            let ends_with_line = matches!(self.word(start), "use" | "let" | "fn");
            let complete = after_brace || (lexeme.first && ends_with_line && !self.joins(index - 1));
            // An item's word that stands further right is more likely an entry of the same name.
            let begins_item = lexeme.first && ITEMS.contains(&word) && lexeme.indent <= self.lexemes[start].indent;
            if self.brackets.is_stray(index) || (is_word && (complete || begins_item)) {
                return index;
            }
        }
    }

    /// Cuts the inside of a block into entries.
    pub fn entries(&self, block: Block, body: Range<usize>) -> Vec<Range<usize>> {
        let mut entries: Vec<Range<usize>> = Vec::new();
        let mut index = body.start;
        while index < body.end {
            let next = self.after(index).min(body.end);
            if self.brackets.is_stray(index) {
                index = next;
                continue;
            }
            let joined = entries.last().is_some_and(|entry| entry.end == index && !self.begins(block, entry, index));
            match entries.last_mut().filter(|_| joined) {
                Some(entry) => entry.end = next,
                None => entries.push(index..next),
            }
            index = next;
        }
        entries
    }

    /// Whether a lexeme begins a new entry after the one that is being cut.
    fn begins(&self, block: Block, entry: &Range<usize>, index: usize) -> bool {
        let lexeme = self.lexemes[index];
        let word = lexeme.text(self.text);
        let assigned = self.word(index + 1) == "=";
        let is_word = lexeme.kind == Kind::Word && word != "_";
        if !lexeme.first {
            // Several entries on one line are cut only where nothing else can be meant.
            let follows = is_word && !self.joins(index - 1) && self.word(index - 1) != "let";
            return follows && (block.assigns() && assigned || block.inner_words().contains(&word));
        }
        if block == Block::Lookup && self.is_row(index) {
            return true;
        }
        if !is_word {
            return false;
        }
        if block.words().contains(&word) && !self.inside_each(entry, index) {
            return true;
        }
        if CONTINUING.contains(&word) {
            return false;
        }
        assigned || word == "let" || !self.joins(index - 1)
    }

    /// Whether the line that begins here is a row, right or wrong.
    fn is_row(&self, index: usize) -> bool {
        let lexeme = self.lexemes[index];
        let is_pattern = matches!(lexeme.kind, Kind::Template | Kind::Plain) || lexeme.text(self.text) == "_";
        if is_pattern && self.word(index - 1) != "=>" {
            return true;
        }
        let line = self.lexemes[index + 1..].iter().take_while(|lexeme| !lexeme.first);
        line.map(|lexeme| lexeme.text(self.text)).any(|word| word == "=>")
    }

    /// A `where` on a line of its own belongs to the `each` whose block is still to come.
    fn inside_each(&self, entry: &Range<usize>, index: usize) -> bool {
        self.word(index) == "where"
            && index - entry.start <= LONGEST_EACH_HEAD
            && (entry.start..index).any(|at| self.word(at) == "each")
            && self.first_brace(&(entry.start..index)).is_none()
    }

    /// Whether a line that ends in this lexeme goes on.
    fn joins(&self, index: usize) -> bool {
        let lexeme = self.lexemes[index];
        match lexeme.kind {
            Kind::Sign => !matches!(self.word(index), ";" | ","),
            Kind::Word => CONTINUING.contains(&self.word(index)),
            _ => false,
        }
    }
}
