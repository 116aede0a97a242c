//! One pipeline, parsed and checked, with what the checker told of its words.

use super::document::Document;
use super::facts::Facts;
use super::overlay::{Documents, Overlay};
use crate::connector::Driver;
use crate::diag::{Diagnostic, SourceId, Sources, Span};
use crate::model::{self, Files};
use crate::syntax::lexeme::{Lexeme, cut};
use crate::syntax::{self, File};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the server is given: the connectors, and how files beside a pipeline are read.
#[derive(Clone, Copy)]
pub struct House {
    pub drivers: &'static [Driver],
    /// The files on disk that the pipeline at this path may name.
    pub disk: fn(&Path) -> Box<dyn Files>,
    /// The names in a folder beside the pipeline at this path; those of folders end in `/`.
    pub list: fn(&Path, &str) -> Vec<String>,
}

pub struct Analysis {
    pub text: Arc<str>,
    pub file: File,
    pub sources: Sources,
    /// Errors and warnings, by position.
    pub diagnostics: Vec<Diagnostic>,
    pub facts: Facts,
    pub lexemes: Vec<Lexeme>,
    /// Files that the pipeline names.
    pub read: BTreeSet<PathBuf>,
}

impl Analysis {
    pub fn of(document: &Document, open: &Documents, house: House) -> Self {
        Self::of_text(&document.path, document.text.clone(), open, house)
    }

    /// As if the document at the path had this text.
    pub fn of_text(path: &Path, text: Arc<str>, open: &Documents, house: House) -> Self {
        let mut sources = Sources::new();
        let id = sources.add(path, without_mark(&text));
        let parsed = syntax::parse(&sources, id);
        let files = Overlay::new(path, open, (house.disk)(path));
        let mut facts = Facts::default();
        let checked = model::check_observed(&parsed.file, &mut sources, &files, house.drivers, &[], Some(&mut facts));
        let mut diagnostics = parsed.diagnostics;
        diagnostics.extend(checked.diagnostics);
        diagnostics.sort_by_key(|diagnostic| (diagnostic.label.span.source, diagnostic.label.span.start));
        let lexemes = cut(&text).0;
        Self { file: parsed.file, sources, diagnostics, facts, lexemes, read: files.into_read(), text }
    }

    /// The text under a span of the pipeline file.
    pub fn slice(&self, span: Span) -> &str {
        self.sources.slice(span)
    }

    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    /// The word that a byte lies in, its end included.
    pub fn word_at(&self, offset: usize) -> Option<Span> {
        let lexeme = self.lexemes.iter().find(|lexeme| {
            lexeme.kind == syntax::lexeme::Kind::Word && (lexeme.start..=lexeme.end).contains(&offset)
        })?;
        Some(Span::new(SourceId(0), lexeme.start, lexeme.end))
    }
}

/// Blanks in place of a byte order mark, so that places stay as they are.
fn without_mark(text: &Arc<str>) -> Arc<str> {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => ["   ", rest].concat().into(),
        None => text.clone(),
    }
}
