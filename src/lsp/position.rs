//! Places: bytes of a text, and lines and columns as the editor counts them.
//!
//! An editor counts columns in UTF-16 units, or in bytes where both sides agreed on it.
//! Lines end in `\n`, `\r\n` or a lone `\r`. Invariant: every position becomes a byte at
//! the start of a character, also one that lies outside of the text.

use lsp_types::{Position, Range};

/// What columns are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    Utf8,
    #[default]
    Utf16,
}

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub struct Lines(Vec<usize>);

impl Lines {
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends = |at: &usize| match bytes.get(*at) {
            Some(b'\n') => true,
            Some(b'\r') => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        Self(std::iter::once(0).chain((0..bytes.len()).filter(ends).map(|at| at + 1)).collect())
    }

    /// The byte of a position: the end of the line or of the text if it lies outside.
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        let Some(start) = self.0.get(position.line as usize).copied() else { return text.len() };
        let line = self.line(text, position.line as usize);
        let mut left = position.character as usize;
        for (at, sign) in line.char_indices() {
            let width = encoding.width(sign);
            if left < width {
                return start + at;
            }
            left -= width;
        }
        start + line.len()
    }

    /// The position of a byte.
    pub fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let line = self.0.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.0.get(line).copied().unwrap_or(0);
        let before = self.line(text, line).char_indices().take_while(|(at, _)| start + at < offset);
        let column: usize = before.map(|(_, sign)| encoding.width(sign)).sum();
        Position::new(narrow(line), narrow(column))
    }

    pub fn range(&self, text: &str, start: usize, end: usize, encoding: Encoding) -> Range {
        Range::new(self.position(text, start, encoding), self.position(text, end, encoding))
    }

    /// A line without its end.
    fn line<'t>(&self, text: &'t str, line: usize) -> &'t str {
        let start = self.0.get(line).copied().unwrap_or(text.len());
        let end = self.0.get(line + 1).copied().unwrap_or(text.len());
        text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }
}

impl Encoding {
    fn width(self, sign: char) -> usize {
        match self {
            Self::Utf8 => sign.len_utf8(),
            Self::Utf16 => sign.len_utf16(),
        }
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Lines};
    use lsp_types::Position;

    const TEXT: &str = "a\r\n𝄞ü = 1\rx\n";

    #[test]
    fn wide_characters_count_as_the_editor_counts_them() {
        let lines = Lines::of(TEXT);
        let equals = TEXT.find('=').expect("there");
        for (encoding, column) in [(Encoding::Utf16, 4), (Encoding::Utf8, 7)] {
            let position = Position::new(1, column);
            assert_eq!(lines.position(TEXT, equals, encoding), position);
            assert_eq!(lines.offset(TEXT, position, encoding), equals);
        }
    }

    #[test]
    fn a_place_outside_is_the_nearest_inside() {
        let lines = Lines::of(TEXT);
        assert_eq!(lines.offset(TEXT, Position::new(0, 99), Encoding::Utf16), 1);
        assert_eq!(lines.offset(TEXT, Position::new(99, 0), Encoding::Utf16), TEXT.len());
        // In the middle of a pair of surrogates.
        assert_eq!(lines.offset(TEXT, Position::new(1, 1), Encoding::Utf16), 3);
        assert_eq!(lines.position(TEXT, TEXT.len(), Encoding::Utf16), Position::new(3, 0));
        assert_eq!(lines.position(TEXT, 999, Encoding::Utf16), Position::new(3, 0));
    }

    #[test]
    fn every_byte_comes_back() {
        let lines = Lines::of(TEXT);
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (at, sign) in TEXT.char_indices().filter(|(_, sign)| !matches!(sign, '\r' | '\n')) {
                let position = lines.position(TEXT, at, encoding);
                assert_eq!(lines.offset(TEXT, position, encoding), at, "{sign}");
            }
        }
    }
}
