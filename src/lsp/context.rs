//! Where in a pipeline a byte lies, by the words before it.
//!
//! Takes lexemes only, so that it knows its way also where nothing can be parsed yet.

use crate::syntax::lexeme::{Bracket, Kind, Lexeme};
use std::ops::Range;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Pipeline,
    Connect,
    Lookup,
    Flow,
    Map,
    Each,
    To,
    /// `match … as …` of a flow.
    Matching,
    /// `match … { … }` in an expression.
    Cases,
    Vars,
    Test,
    Notify,
    Other,
}

/// A block that is open at the byte.
#[derive(Clone, Debug)]
pub struct Block {
    pub sort: Sort,
    /// The lexemes from the beginning of its entry up to its brace.
    pub head: Range<usize>,
    /// The lexeme of its brace.
    pub open: usize,
}

/// The surroundings of a byte.
pub struct Context<'a> {
    text: &'a str,
    pub lexemes: &'a [Lexeme],
    /// From the outermost to the innermost.
    pub blocks: Vec<Block>,
    /// The lexemes of the entry before the word at the byte.
    pub entry: Range<usize>,
    /// The bytes of the word at the byte; empty if there is none.
    pub word: Range<usize>,
    /// Brackets that are open in the entry, outermost first.
    pub brackets: Vec<Bracket>,
}

/// Words that begin an item.
const ITEMS: &[&str] =
    &["pipeline", "connect", "lookup", "flow", "test", "use", "extend", "fn", "let", "vars", "notify"];
/// Words that go on with an entry at the beginning of a line.
const CONTINUING: &[&str] = &["and", "or", "not", "in", "as", "else", "each", "per"];

impl<'a> Context<'a> {
    pub fn at(text: &'a str, lexemes: &'a [Lexeme], offset: usize) -> Self {
        let touches = |lexeme: &Lexeme| lexeme.kind == Kind::Word && (lexeme.start..=lexeme.end).contains(&offset);
        let here = lexemes.iter().position(touches);
        let before = here.unwrap_or_else(|| lexemes.partition_point(|lexeme| lexeme.end <= offset));
        let word = here.map_or(offset..offset, |index| lexemes[index].start..lexemes[index].end);
        let mut walk = Walk { text, lexemes, blocks: Vec::new(), start: 0, brackets: Vec::new() };
        (0..before).for_each(|index| walk.step(index));
        let own_line = match here {
            Some(index) => lexemes[index].first,
            None => before.checked_sub(1).is_none_or(|last| text[lexemes[last].end..offset].contains('\n')),
        };
        if own_line && walk.ends_before(before) {
            walk.start = before;
        }
        let Walk { blocks, start, brackets, .. } = walk;
        Self { text, lexemes, blocks, entry: start.min(before)..before, word, brackets }
    }

    /// The innermost block.
    pub fn block(&self) -> Option<&Block> {
        self.blocks.last()
    }

    pub fn sort(&self) -> Option<Sort> {
        self.block().map(|block| block.sort)
    }

    /// Whether the entry that opened the innermost block begins with the word.
    pub fn begins_with(&self, word: &str) -> bool {
        self.block().is_some_and(|block| self.texts(block.head.clone()).first() == Some(&word))
    }

    /// The words of the entry before the one at the byte.
    pub fn words(&self) -> Vec<&'a str> {
        self.texts(self.entry.clone())
    }

    pub fn texts(&self, range: Range<usize>) -> Vec<&'a str> {
        self.lexemes.get(range).unwrap_or_default().iter().map(|lexeme| lexeme.text(self.text)).collect()
    }

    /// The flow around the byte, with the lexemes of its inside.
    pub fn flow(&self) -> Option<Range<usize>> {
        let block = self.blocks.iter().find(|block| block.sort == Sort::Flow)?;
        Some(block.open + 1..self.end_of(block.open))
    }

    /// Connection and resource that the flow around the byte goes to.
    pub fn target(&self) -> Option<(&'a str, &'a str)> {
        let inside = self.flow()?;
        let mut depth = 0_usize;
        for index in inside {
            match self.lexemes[index].kind {
                Kind::Open(_) => depth += 1,
                Kind::Close(_) => depth = depth.saturating_sub(1),
                Kind::Word if depth == 0 && self.word_of(index) == "to" && self.word_of(index + 2) == "." => {
                    return Some((self.word_of(index + 1), self.word_of(index + 3)));
                }
                _ => {}
            }
        }
        None
    }

    /// Connection and resource that the flow around the byte comes from.
    pub fn source(&self) -> Option<(&'a str, &'a str)> {
        let mut inside = self.flow()?;
        let from = inside.find(|index| self.word_of(*index) == "from" && self.word_of(index + 2) == ".")?;
        Some((self.word_of(from + 1), self.word_of(from + 3)))
    }

    /// The names that the innermost block gives with `name = …`.
    pub fn assigned(&self) -> Vec<&'a str> {
        let Some(block) = self.block() else { return Vec::new() };
        let mut depth = 0_usize;
        let mut names = Vec::new();
        for index in block.open + 1..self.end_of(block.open) {
            match self.lexemes[index].kind {
                Kind::Open(_) => depth += 1,
                Kind::Close(_) => depth = depth.saturating_sub(1),
                Kind::Word if depth == 0 && self.word_of(index + 1) == "=" && self.word_of(index - 1) != "let" => {
                    names.push(self.word_of(index));
                }
                _ => {}
            }
        }
        names
    }

    /// The fields that the blocks around the byte fill, from the map inwards: `lines`.
    pub fn nested(&self) -> Vec<&'a str> {
        let each = self.blocks.iter().filter(|block| block.sort == Sort::Each);
        each.map(|block| self.word_of(block.head.start)).collect()
    }

    /// The lexeme that closes a brace, or that begins the next item.
    fn end_of(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (index, lexeme) in self.lexemes.iter().enumerate().skip(open + 1) {
            match lexeme.kind {
                Kind::Open(Bracket::Brace) => depth += 1,
                Kind::Close(Bracket::Brace) if depth == 0 => return index,
                Kind::Close(Bracket::Brace) => depth -= 1,
                Kind::Word if begins_item(lexeme, self.text) => return index,
                _ => {}
            }
        }
        self.lexemes.len()
    }

    fn word_of(&self, index: usize) -> &'a str {
        self.lexemes.get(index).map_or("", |lexeme| lexeme.text(self.text))
    }
}

/// An item's word at the left edge: whatever was open before is over.
fn begins_item(lexeme: &Lexeme, text: &str) -> bool {
    lexeme.first && lexeme.indent == 0 && ITEMS.contains(&lexeme.text(text))
}

struct Walk<'a> {
    text: &'a str,
    lexemes: &'a [Lexeme],
    blocks: Vec<Block>,
    /// Where the entry began.
    start: usize,
    brackets: Vec<Bracket>,
}

impl<'a> Walk<'a> {
    fn step(&mut self, index: usize) {
        let lexeme = self.lexemes[index];
        if begins_item(&lexeme, self.text) {
            self.blocks.clear();
            self.brackets.clear();
            self.start = index;
            return;
        }
        if self.begins(index) {
            self.start = index;
        }
        match lexeme.kind {
            Kind::Open(Bracket::Brace) => {
                let head = self.start..index;
                let sort = self.sort(&head);
                self.blocks.push(Block { sort, head, open: index });
                self.brackets.clear();
                self.start = index + 1;
            }
            Kind::Close(Bracket::Brace) => {
                self.blocks.pop();
                self.brackets.clear();
                self.start = index + 1;
            }
            Kind::Open(bracket) => self.brackets.push(bracket),
            Kind::Close(_) => drop(self.brackets.pop()),
            _ => {}
        }
    }

    /// Whether a lexeme begins an entry.
    fn begins(&self, index: usize) -> bool {
        let word = self.word(index);
        if index == self.start || self.lexemes[index].kind != Kind::Word {
            return index == self.start || (self.lexemes[index].first && self.is_row(index));
        }
        if self.lexemes[index].first {
            return !CONTINUING.contains(&word) && self.ends_before(index);
        }
        let assigned = self.word(index + 1) == "=" && matches!(self.sort_here(), Some(Sort::Map | Sort::Each));
        assigned && self.word(index - 1) != "let" && self.ends_before(index)
    }

    fn is_row(&self, index: usize) -> bool {
        matches!(self.sort_here(), Some(Sort::Lookup | Sort::Cases))
            && matches!(self.lexemes[index].kind, Kind::Template | Kind::Plain)
            && self.ends_before(index)
    }

    fn sort_here(&self) -> Option<Sort> {
        self.blocks.last().map(|block| block.sort)
    }

    /// Whether an entry can end before this lexeme.
    fn ends_before(&self, index: usize) -> bool {
        let Some(last) = index.checked_sub(1) else { return true };
        if !self.brackets.is_empty() && index > self.start {
            return false;
        }
        match self.lexemes[last].kind {
            Kind::Sign => false,
            Kind::Word => !CONTINUING.contains(&self.word(last)) && self.word(last) != "where",
            _ => true,
        }
    }

    fn sort(&self, head: &Range<usize>) -> Sort {
        let words: Vec<&str> = head.clone().map(|index| self.word(index)).collect();
        match (self.sort_here(), words.first().copied().unwrap_or("")) {
            (None, "pipeline") => Sort::Pipeline,
            (None, "connect") => Sort::Connect,
            (None, "lookup") => Sort::Lookup,
            (None, "flow" | "extend") => Sort::Flow,
            (None, "test") => Sort::Test,
            (None, "vars") => Sort::Vars,
            (None, "notify") => Sort::Notify,
            (Some(Sort::Flow), "map") => Sort::Map,
            (Some(Sort::Flow), "to") => Sort::To,
            (Some(Sort::Flow), "match") => Sort::Matching,
            _ => match words.iter().rev().find(|word| matches!(**word, "each" | "match")) {
                Some(&"each") => Sort::Each,
                Some(_) => Sort::Cases,
                None => Sort::Other,
            },
        }
    }

    fn word(&self, index: usize) -> &'a str {
        self.lexemes.get(index).map_or("", |lexeme| lexeme.text(self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::{Context, Sort};
    use crate::syntax::lexeme::cut;

    /// The innermost block and the words before `§`.
    fn around(marked: &str) -> (Option<Sort>, Vec<String>, String) {
        let offset = marked.find('§').expect("a mark");
        let text = marked.replace('§', "");
        let (lexemes, _) = cut(&text);
        let context = Context::at(&text, &lexemes, offset);
        let words = context.words().into_iter().map(str::to_owned).collect();
        (context.sort(), words, text[context.word.clone()].to_owned())
    }

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn blocks_and_entries_are_known_while_they_are_typed() {
        let flow = "flow a {\n  from x.y as z\n  where z.a == 1\n";
        assert_eq!(around("fl§"), (None, words(&[]), "fl".to_owned()));
        assert_eq!(around(&format!("{flow}  le§")), (Some(Sort::Flow), words(&[]), "le".to_owned()));
        assert_eq!(around(&format!("{flow}  §")), (Some(Sort::Flow), words(&[]), String::new()));
        assert_eq!(around("flow a {\n  from x.§"), (Some(Sort::Flow), words(&["from", "x", "."]), String::new()));
        assert_eq!(
            around(&format!("{flow}  let b = z.§\n  map {{")),
            (Some(Sort::Flow), words(&["let", "b", "=", "z", "."]), String::new())
        );
        assert_eq!(around(&format!("{flow} map {{\n a = 1\n  §\n}}")), (Some(Sort::Map), words(&[]), String::new()));
        assert_eq!(
            around(&format!("{flow} map {{\n lines = each z.l as i where i.a != 0 {{\n  am§\n}}}}")),
            (Some(Sort::Each), words(&[]), "am".to_owned())
        );
        assert_eq!(around(&format!("{flow} to q.r {{\n  key a, §")).1, words(&["key", "a", ","]));
        assert_eq!(around("connect c { san§ }"), (Some(Sort::Connect), words(&[]), "san".to_owned()));
    }

    #[test]
    fn an_unclosed_block_ends_with_the_next_item() {
        let text = "lookup l(a) -> (b) {\n  missing hold \"\n\nflow f {\n  §";
        assert_eq!(around(text), (Some(Sort::Flow), words(&[]), String::new()));
    }

    #[test]
    fn the_target_is_found_in_front_and_behind() {
        let text =
            "flow f {\n map {\n lines = each a.b as c {\n  \n } }\n to q.invoices { key a } }\nflow g { to x.y {";
        let (lexemes, _) = cut(text);
        let context = Context::at(text, &lexemes, text.find("  \n").expect("blank") + 2);
        assert_eq!(context.target(), Some(("q", "invoices")));
        assert_eq!(context.nested(), ["lines"]);
        assert_eq!(context.sort(), Some(Sort::Each));
    }
}
