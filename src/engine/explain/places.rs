//! Where a span lies, for people: each is looked up once, since the lines of an invoice share
//! their places.

use super::trace::Place;
use crate::diag::{Sources, Span};
use std::collections::HashMap;

pub(super) struct Places<'a> {
    sources: &'a Sources,
    known: HashMap<Span, Option<Place>>,
}

impl<'a> Places<'a> {
    pub fn new(sources: &'a Sources) -> Self {
        Self { sources, known: HashMap::new() }
    }

    /// `None` for a program that was made without its texts.
    pub fn of(&mut self, span: Span) -> Option<Place> {
        let sources = self.sources;
        self.known.entry(span).or_insert_with(|| place(sources, span)).clone()
    }

    /// The text under a span, on one line.
    pub fn text(&self, span: Span) -> String {
        self.sources.slice(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn place(sources: &Sources, span: Span) -> Option<Place> {
    let source = sources.get(span.source)?;
    let (line, column) = sources.position(span);
    let text = source.text.lines().nth(line - 1).unwrap_or_default().trim().to_owned();
    Some(Place { file: source.path.display().to_string(), line, column, text })
}
