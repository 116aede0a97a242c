//! What a request looks at: one document with its analysis.

use super::address::uri_of;
use super::analysis::{Analysis, House};
use super::document::Document;
use super::overlay::Documents;
use super::position::{Encoding, Lines};
use crate::connector::Catalogue;
use crate::diag::Span;
use crate::syntax::Item;
use lsp_types::{Location, Position, Range};

#[derive(Clone, Copy)]
pub struct View<'a> {
    pub document: &'a Document,
    pub analysis: &'a Analysis,
    pub open: &'a Documents,
    pub house: House,
    pub encoding: Encoding,
    /// The editor fills places of a completion one by one.
    pub snippets: bool,
}

impl<'a> View<'a> {
    pub fn offset(&self, position: Position) -> usize {
        self.document.offset(position, self.encoding)
    }

    /// A span of this document as the editor counts it.
    pub fn range(&self, span: Span) -> Range {
        self.document.range(span.start as usize, span.end as usize, self.encoding)
    }

    /// A span of any text that the analysis read.
    pub fn location(&self, span: Span) -> Option<Location> {
        if span.source.0 == 0 {
            return Some(Location::new(self.document.uri.clone(), self.range(span)));
        }
        let source = self.analysis.sources.get(span.source)?;
        let lines = Lines::of(&source.text);
        let range = lines.range(&source.text, span.start as usize, span.end as usize, self.encoding);
        Some(Location::new(uri_of(&source.path)?, range))
    }

    /// The catalogue of a connection: with its tenant profile if that could be read.
    pub fn catalogue(&self, connection: &str) -> Option<&'a Catalogue> {
        let opened = self.analysis.facts.catalogues().find(|(span, _)| self.analysis.slice(*span) == connection);
        if let Some((_, catalogue)) = opened {
            return Some(catalogue);
        }
        let driver = self.house.drivers.iter().find(|driver| driver.name == connection)?;
        Some((driver.catalogue)())
    }

    /// The connections that the file opens.
    pub fn connections(&self) -> impl Iterator<Item = &'a str> {
        self.analysis.file.items.iter().filter_map(|item| match item {
            Item::Connect(connect) => Some(&*connect.name.text),
            _ => None,
        })
    }
}
