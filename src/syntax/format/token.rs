//! Tokens with the comments before them.
//!
//! Takes the text, hands on its lexemes, joined and parted where the layout needs it: the
//! brackets of a path are one token, since white space in a JSONPath query is the query's,
//! and so is a day, which is no subtraction; two signs that only happen to touch are two. The last token is empty and stands for
//! the end of the text.

use crate::syntax::lexeme::{self, Bracket, CommentPlace, Kind, Lexeme};

#[derive(Clone, Debug)]
pub struct Token<'t> {
    pub text: &'t str,
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    /// Stands directly after the token before it.
    pub glued: bool,
    /// Line ends between what stands before it (a token or a comment) and it.
    pub newlines: usize,
    /// Comments between the token before it and this one.
    pub comments: Vec<Comment<'t>>,
}

#[derive(Clone, Debug)]
pub struct Comment<'t> {
    pub text: &'t str,
    pub own_line: bool,
    /// Line ends between what stands before it and it.
    pub newlines: usize,
}

impl Token<'_> {
    pub fn opens(&self) -> bool {
        matches!(self.kind, Kind::Open(_)) && self.text.len() == 1
    }

    pub fn closes(&self) -> bool {
        matches!(self.kind, Kind::Close(_))
    }

    /// A word, number, text or closing bracket: an operator may follow.
    pub fn is_value(&self) -> bool {
        match self.kind {
            Kind::Word => !RESERVED.contains(&self.text),
            Kind::Number | Kind::Template | Kind::Plain | Kind::Close(_) => true,
            Kind::Open(_) => self.text.len() > 1,
            Kind::Sign | Kind::Strange(_) => false,
        }
    }
}

/// Words that are never names: what follows them is never their arguments or segments.
pub const RESERVED: &[&str] = &["and", "or", "not", "in", "each", "as", "where", "else"];

/// Cuts a text that holds no errors.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let (lexemes, comments) = lexeme::cut(text);
    let mut cutter = Cutter { text, comments: comments.into_iter().peekable(), at: 0, tokens: Vec::new() };
    let mut index = 0;
    while let Some(lexeme) = lexemes.get(index) {
        let next = match lexeme.kind {
            _ if cutter.is_segment(lexeme) => after_group(&lexemes, index),
            Kind::Number if is_date(text, &lexemes[index..]) => index + 5,
            _ => index + 1,
        };
        cutter.push(lexeme.kind, lexeme.start, lexemes[next - 1].end);
        index = next;
    }
    cutter.push(Kind::Sign, text.len(), text.len());
    cutter.tokens
}

struct Cutter<'t> {
    text: &'t str,
    comments: std::iter::Peekable<std::vec::IntoIter<CommentPlace>>,
    /// The end of what was cut last, a token or a comment.
    at: usize,
    tokens: Vec<Token<'t>>,
}

impl Cutter<'_> {
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        if &self.text[start..end] == "--" {
            self.push(kind, start, start + 1);
            return self.push(kind, start + 1, end);
        }
        let glued = self.at == start && start > 0;
        let mut comments = Vec::new();
        while let Some(place) = self.comments.next_if(|place| place.start < start) {
            let newlines = self.newlines(place.start);
            comments.push(Comment {
                text: self.text[place.start..place.end].trim_end(),
                own_line: place.own_line,
                newlines,
            });
            self.at = place.end;
        }
        let newlines = self.newlines(start);
        // `.*` is a segment, not a product.
        let is_wildcard = glued && self.tokens.last().is_some_and(|last| matches!(last.text, "." | ".."));
        let kind = if is_wildcard { Kind::Word } else { kind };
        self.tokens.push(Token { text: &self.text[start..end], kind, start, end, glued, newlines, comments });
        self.at = end;
    }

    fn newlines(&self, until: usize) -> usize {
        self.text[self.at..until].bytes().filter(|byte| *byte == b'\n').count()
    }

    /// `[` directly after a name or a segment.
    fn is_segment(&self, lexeme: &Lexeme) -> bool {
        let continues = |last: &Token| last.is_value() && last.kind != Kind::Number || last.text == "..";
        lexeme.kind == Kind::Open(Bracket::List)
            && self.at == lexeme.start
            && self.tokens.last().is_some_and(|last| last.end == lexeme.start && continues(last))
    }
}

/// Whether these lexemes begin with a day, such as `2026-10-31`.
fn is_date(text: &str, lexemes: &[Lexeme]) -> bool {
    let Some((first, rest)) = lexemes.get(..5).and_then(|day| day.split_first()) else { return false };
    let mut end = first.end;
    let touching = rest.iter().all(|lexeme| lexeme.start == std::mem::replace(&mut end, lexeme.end));
    let digits = |lexeme: &Lexeme, count: usize| {
        lexeme.text(text).len() == count && lexeme.text(text).bytes().all(|byte| byte.is_ascii_digit())
    };
    let dashes = rest[0].text(text) == "-" && rest[2].text(text) == "-";
    touching && dashes && digits(first, 4) && digits(&rest[1], 2) && digits(&rest[3], 2)
}

/// The lexeme after the bracket that closes the one at `index`.
fn after_group(lexemes: &[Lexeme], index: usize) -> usize {
    let mut depth = 0_usize;
    for (at, lexeme) in lexemes.iter().enumerate().skip(index) {
        match lexeme.kind {
            Kind::Open(_) => depth += 1,
            Kind::Close(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    lexemes.len()
}
