//! Lexemes: the text cut into words, numbers, texts, brackets and signs.
//!
//! The grammar reads the text itself; lexemes are for what surrounds it: finding where
//! items and entries begin, pairing brackets, and naming what was found in an error.
//! Cutting never fails: what belongs nowhere is a lexeme of its own kind. One pass, linear.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Word,
    /// Digits with what sticks to them: `12`, `9_000.00`, `24h`, `1.`
    Number,
    /// `"…"`
    Template,
    /// `'…'`
    Plain,
    Open(Bracket),
    Close(Bracket),
    Sign,
    Strange(Strange),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bracket {
    Brace,
    Paren,
    List,
}

/// What the language does not know, wherever it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strange {
    /// A text whose closing quote is not on its line.
    UnclosedText,
    /// `// …` or `/* … */`
    ForeignComment,
    /// `“…”`, `‘…’`, or `` ` ``
    ForeignQuote,
    /// Any other character.
    Character,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lexeme {
    pub kind: Kind,
    /// Bytes in the text.
    pub start: usize,
    pub end: usize,
    /// Nothing stands before it on its line.
    pub first: bool,
    /// How far its line is indented, in characters.
    pub indent: usize,
}

impl Lexeme {
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start..self.end]
    }
}

/// A comment: bytes, and whether nothing stands before it on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommentPlace {
    pub start: usize,
    pub end: usize,
    pub own_line: bool,
}

/// Signs of several characters, longest first: the language's own, and those of others.
const SIGNS: &[&str] = &[
    "===", "!==", "...", "==", "!=", "<=", ">=", "=>", "->", "??", "..", "&&", "||", ":=", "::", "<>", "++", "--",
    "+=", "-=", "|>", "?.",
];

/// Cuts a text.
pub fn cut(text: &str) -> (Vec<Lexeme>, Vec<CommentPlace>) {
    let mut cutter = Cutter { text, at: 0, first: true, indent: 0, lexemes: Vec::new(), comments: Vec::new() };
    while cutter.step() {}
    (cutter.lexemes, cutter.comments)
}

struct Cutter<'t> {
    text: &'t str,
    at: usize,
    first: bool,
    indent: usize,
    lexemes: Vec<Lexeme>,
    comments: Vec<CommentPlace>,
}

impl Cutter<'_> {
    fn step(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let Some(sign) = rest.chars().next() else { return false };
        match sign {
            '\n' => {
                self.at += 1;
                self.first = true;
                self.indent = 0;
            }
            ' ' | '\t' | '\r' => {
                self.at += 1;
                if self.first {
                    self.indent += 1;
                }
            }
            '#' => {
                let end = self.at + line_length(rest);
                self.comments.push(CommentPlace { start: self.at, end, own_line: self.first });
                self.at = end;
            }
            _ => {
                let (kind, length) = measure(sign, rest, self.after_value());
                let (start, end) = (self.at, self.at + length);
                self.lexemes.push(Lexeme { kind, start, end, first: self.first, indent: self.indent });
                self.at = end;
                self.first = false;
            }
        }
        true
    }

    /// A word, number or closing bracket ends just here, so that `.5` is a segment, not a number.
    fn after_value(&self) -> bool {
        self.lexemes
            .last()
            .is_some_and(|last| last.end == self.at && matches!(last.kind, Kind::Word | Kind::Number | Kind::Close(_)))
    }
}

fn measure(sign: char, rest: &str, after_value: bool) -> (Kind, usize) {
    match sign {
        '{' => (Kind::Open(Bracket::Brace), 1),
        '}' => (Kind::Close(Bracket::Brace), 1),
        '(' => (Kind::Open(Bracket::Paren), 1),
        ')' => (Kind::Close(Bracket::Paren), 1),
        '[' => (Kind::Open(Bracket::List), 1),
        ']' => (Kind::Close(Bracket::List), 1),
        '"' => quoted(rest, '"', Kind::Template),
        '\'' => quoted(rest, '\'', Kind::Plain),
        '“' | '”' | '„' | '‘' | '’' | '«' | '»' => foreign_quote(rest),
        '`' => foreign_quote(rest),
        _ if sign.is_alphabetic() || sign == '_' => {
            let length = run(rest, |c| c.is_alphanumeric() || c == '_');
            (if rest[..length].is_ascii() { Kind::Word } else { Kind::Strange(Strange::Character) }, length)
        }
        '0'..='9' => (Kind::Number, number(rest)),
        '.' if !after_value && rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            (Kind::Number, 1 + number(&rest[1..]))
        }
        _ if rest.starts_with("//") => (Kind::Strange(Strange::ForeignComment), line_length(rest)),
        _ if rest.starts_with("/*") => {
            let end = rest.find("*/").map_or_else(|| line_length(rest), |at| at + 2);
            (Kind::Strange(Strange::ForeignComment), end)
        }
        _ if sign.is_ascii_punctuation() => {
            (Kind::Sign, SIGNS.iter().find(|long| rest.starts_with(**long)).map_or(1, |long| long.len()))
        }
        _ => (Kind::Strange(Strange::Character), run(rest, |c| !c.is_ascii() && !is_quote(c)).max(sign.len_utf8())),
    }
}

/// A text up to its closing quote, or, if that is not on the line, up to the line's end.
fn quoted(rest: &str, quote: char, kind: Kind) -> (Kind, usize) {
    let mut escaped = false;
    for (at, sign) in rest.char_indices().skip(1) {
        match sign {
            '\n' => break,
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if sign == quote => return (kind, at + 1),
            _ => {}
        }
    }
    (Kind::Strange(Strange::UnclosedText), rest[..line_length(rest)].trim_end().len())
}

fn is_quote(sign: char) -> bool {
    matches!(sign, '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '`')
}

/// From a typographic quote to its partner on the same line; alone if it has none.
fn foreign_quote(rest: &str) -> (Kind, usize) {
    let line = &rest[..line_length(rest)];
    let partner = line.char_indices().skip(1).find(|(_, sign)| is_quote(*sign));
    let alone = rest.chars().next().map_or(1, char::len_utf8);
    (Kind::Strange(Strange::ForeignQuote), partner.map_or(alone, |(at, sign)| at + sign.len_utf8()))
}

/// Digits, a point with or without digits after it, and any letters that stick to them.
fn number(rest: &str) -> usize {
    let sticky = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut length = run(rest, sticky);
    while rest[length..].starts_with('.') && !rest[length..].starts_with("..") {
        length += 1 + run(&rest[length + 1..], sticky);
    }
    length
}

fn run(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !belongs(c)).unwrap_or(rest.len())
}

fn line_length(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::{Kind, Strange, cut};

    fn pieces(text: &str) -> Vec<&str> {
        cut(text).0.iter().map(|lexeme| lexeme.text(text)).collect()
    }

    #[test]
    fn words_numbers_texts_and_signs() {
        assert_eq!(pieces("let a=b.c ?? 'x' # d"), ["let", "a", "=", "b", ".", "c", "??", "'x'"]);
        assert_eq!(pieces("9_000.00 24h 1. .5 a.5"), ["9_000.00", "24h", "1.", ".5", "a", ".", "5"]);
        assert_eq!(pieces(r#""a\"b" => x"#), [r#""a\"b""#, "=>", "x"]);
    }

    #[test]
    fn a_hash_inside_a_text_is_no_comment() {
        let (lexemes, comments) = cut("\"a # b\" # c");
        assert_eq!((lexemes.len(), comments.len()), (1, 1));
    }

    #[test]
    fn an_unclosed_text_ends_with_its_line() {
        let text = "a = \"b c \nd";
        let (lexemes, _) = cut(text);
        assert_eq!(lexemes[2].kind, Kind::Strange(Strange::UnclosedText));
        assert_eq!(lexemes[2].text(text), "\"b c");
        assert!(lexemes[3].first);
    }
}
