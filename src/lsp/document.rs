//! One text as the editor has it open, perhaps not saved.

use super::address::path_of;
use super::position::{Encoding, Lines};
use lsp_types::{Position, Range, TextDocumentContentChangeEvent, TextDocumentItem, Uri};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Document {
    pub uri: Uri,
    pub path: PathBuf,
    pub version: i32,
    pub text: Arc<str>,
    pub lines: Lines,
    /// A pipeline is checked; of other files only the text is kept.
    pub is_pipeline: bool,
}

impl Document {
    pub fn opened(item: TextDocumentItem) -> Self {
        let path = path_of(&item.uri);
        let is_pipeline = item.language_id == "mlc" || path.extension().is_some_and(|extension| extension == "mlc");
        let lines = Lines::of(&item.text);
        Self { path, is_pipeline, lines, uri: item.uri, version: item.version, text: item.text.into() }
    }

    /// Applies changes, in their order: of a part each, or of the whole text.
    pub fn change(&mut self, version: i32, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) {
        for change in changes {
            self.text = match change.range {
                None => change.text.into(),
                Some(range) => self.replaced(range, &change.text, encoding),
            };
            self.lines = Lines::of(&self.text);
        }
        self.version = version;
    }

    fn replaced(&self, range: Range, with: &str, encoding: Encoding) -> Arc<str> {
        let start = self.offset(range.start, encoding);
        let end = self.offset(range.end, encoding).max(start);
        [&self.text[..start], with, &self.text[end..]].concat().into()
    }

    pub fn offset(&self, position: Position, encoding: Encoding) -> usize {
        self.lines.offset(&self.text, position, encoding)
    }

    pub fn range(&self, start: usize, end: usize, encoding: Encoding) -> Range {
        self.lines.range(&self.text, start, end, encoding)
    }
}

#[cfg(test)]
mod tests {
    use super::Document;
    use crate::lsp::position::Encoding;
    use lsp_types::{Position, Range, TextDocumentContentChangeEvent, TextDocumentItem};

    fn change(from: (u32, u32), to: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        let range = Range::new(Position::new(from.0, from.1), Position::new(to.0, to.1));
        TextDocumentContentChangeEvent { range: Some(range), range_length: None, text: text.to_owned() }
    }

    #[test]
    fn changes_come_in_their_order() {
        let uri = "file:///a.mlc".parse().expect("an address");
        let item = TextDocumentItem::new(uri, "mlc".to_owned(), 1, "let 𝄞 = 1\r\nlet b = 2\r\n".to_owned());
        let mut document = Document::opened(item);
        let changes = vec![change((0, 4), (0, 6), "a"), change((0, 8), (1, 0), "3\n"), change((9, 0), (9, 9), "#")];
        document.change(2, changes, Encoding::Utf16);
        assert_eq!(&*document.text, "let a = 3\nlet b = 2\r\n#");
        let whole = TextDocumentContentChangeEvent { range: None, range_length: None, text: "x".to_owned() };
        document.change(3, vec![whole], Encoding::Utf16);
        assert_eq!((&*document.text, document.version), ("x", 3));
        // From back to front: nothing is lost.
        document.change(4, vec![change((0, 1), (0, 0), "y")], Encoding::Utf16);
        assert_eq!(&*document.text, "xy");
    }
}
