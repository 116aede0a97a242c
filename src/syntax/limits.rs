//! What may be read at all: bytes that are text, of a size and depth that no phase
//! after this one needs to fear.
//!
//! Takes bytes or a text, hands on a text or one clear error. Everything that recurses
//! over the text or its tree relies on [`MAX_NESTING`] and [`MAX_DEPTH`].

use super::lexeme::{Kind, Lexeme};
use crate::diag::{Diagnostic, SourceId, Span, codes};

/// The longest file that is read: 1 MiB.
pub const MAX_BYTES: usize = 1 << 20;

/// How deep brackets may stand in each other.
pub const MAX_NESTING: usize = 64;

/// How deep an expression's tree may grow: operators on one path from its root to a leaf.
pub const MAX_DEPTH: usize = 256;

/// How many faults of a file are put into words before the rest is only counted.
pub const MAX_FAULTS: usize = 500;

/// How many syntax errors one file shows before the rest is only counted.
pub const MAX_ERRORS: usize = 20;

/// Why bytes are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotText {
    /// Bytes before the first that does not belong to any character.
    pub offset: usize,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub byte: u8,
}

/// Reads bytes as UTF-8. A byte order mark at the start is not part of the text.
///
/// # Errors
/// The place of the first byte that is not UTF-8.
pub fn decode(bytes: &[u8]) -> Result<String, NotText> {
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(body).map(str::to_owned).map_err(|error| {
        let offset = error.valid_up_to();
        let before = std::str::from_utf8(&body[..offset]).unwrap_or("");
        NotText {
            offset,
            line: before.matches('\n').count() + 1,
            column: before.rsplit('\n').next().unwrap_or("").chars().count() + 1,
            byte: body.get(offset).copied().unwrap_or(0),
        }
    })
}

impl NotText {
    /// The readable part of the bytes, for [`crate::diag::Sources`], so that the place can be shown.
    pub fn readable(bytes: &[u8]) -> String {
        let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let end = body.len().min(MAX_BYTES);
        String::from_utf8_lossy(&body[..end]).into_owned()
    }

    /// The finding, for a source that holds [`NotText::readable`].
    pub fn diagnostic(&self, source: SourceId) -> Diagnostic {
        let span = Span::new(source, self.offset, self.offset + char::REPLACEMENT_CHARACTER.len_utf8());
        let message =
            format!("line {}, column {} is not UTF-8 text (byte 0x{:02X})", self.line, self.column, self.byte);
        Diagnostic::error(&codes::UNREADABLE_TEXT, span, message)
            .label("this byte is no part of a character")
            .hint("save the file as UTF-8: most editors offer it under \"save with encoding\"")
    }
}

/// Refuses a text that is too large or is no text, before anything else looks at it.
pub fn refuse(text: &str, source: SourceId) -> Option<Diagnostic> {
    if text.len() > MAX_BYTES {
        #[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
        let size = text.len() as f64 / MAX_BYTES as f64;
        return Some(
            Diagnostic::error(
                &codes::TOO_LARGE,
                Span::new(source, 0, 0),
                format!("the file holds {size:.1} MiB; a pipeline file holds at most 1 MiB"),
            )
            .label("a file of this size is not read")
            .hint("move long tables into a CSV file: `from csv \"cost-codes.csv\"` inside the lookup"),
        );
    }
    let noise = text.char_indices().find(|(_, sign)| sign.is_control() && !matches!(sign, '\t' | '\n' | '\r'))?;
    let (offset, sign) = noise;
    let kind =
        if sign == '\0' { "a NUL character".into() } else { format!("the control character U+{:04X}", sign as u32) };
    Some(
        Diagnostic::error(
            &codes::NOT_A_PIPELINE_FILE,
            Span::new(source, offset, offset + sign.len_utf8()),
            format!("this is not a pipeline file: it holds {kind}"),
        )
        .label("text does not hold this")
        .hint("check the path: a binary file (a spreadsheet, an archive) may have been named by mistake"),
    )
}

/// Refuses brackets that stand too deep in each other.
pub fn refuse_nesting(lexemes: &[Lexeme], source: SourceId) -> Option<Diagnostic> {
    let mut depth = 0_usize;
    for lexeme in lexemes {
        match lexeme.kind {
            Kind::Open(_) => depth += 1,
            Kind::Close(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Some(
                Diagnostic::error(
                    &codes::NESTED_TOO_DEEP,
                    Span::new(source, lexeme.start, lexeme.end),
                    format!("brackets stand more than {MAX_NESTING} deep in each other"),
                )
                .label(format!("bracket number {} that is open at once", depth))
                .hint(
                    "name the inner parts with `let` and use their names, or look for brackets that were never closed",
                ),
            );
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{decode, refuse};
    use crate::diag::SourceId;

    #[test]
    fn bytes_that_are_not_utf8_are_placed() {
        let error = decode(b"flow a {\n  \xE9t\xE9 = 1\n}").expect_err("latin-1");
        assert_eq!((error.line, error.column, error.byte), (2, 3, 0xE9));
        assert!(error.diagnostic(SourceId(0)).message.contains("line 2, column 3"));
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        assert_eq!(decode(b"\xEF\xBB\xBFflow").as_deref(), Ok("flow"));
    }

    #[test]
    fn a_binary_file_is_told_from_a_text() {
        assert!(refuse("a\r\n\tb", SourceId(0)).is_none());
        assert_eq!(refuse("PK\u{3}\u{4}", SourceId(0)).map(|error| error.code.id), Some("E0003"));
    }
}
