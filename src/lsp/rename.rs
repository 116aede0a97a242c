//! Renaming lets, variables, functions, aliases, lookups and flows, also inside of texts.
//!
//! A rename is tried on a copy first: it is refused if the copy has an error more, or if
//! another name would be caught.

use super::analysis::Analysis;
use super::symbol::{self, Kind, Symbol};
use super::view::View;
use crate::diag::Span;
use lsp_types::{PrepareRenameResponse, TextEdit, WorkspaceEdit};
use std::collections::HashMap;

/// Words that cannot be names.
const RESERVED: &[&str] =
    &["and", "or", "not", "in", "each", "as", "where", "else", "if", "then", "match", "true", "false", "null", "_"];

/// The word that would be renamed.
///
/// # Errors
/// A sentence that says why it cannot be.
pub fn prepare(view: &View, offset: usize) -> Result<PrepareRenameResponse, String> {
    let (span, _) = renamable(view, offset)?;
    let placeholder = view.analysis.slice(span).to_owned();
    Ok(PrepareRenameResponse::RangeWithPlaceholder { range: view.range(span), placeholder })
}

/// What has to be written where.
///
/// # Errors
/// A sentence that says why the name cannot be given.
#[expect(clippy::mutable_key_type, reason = "the protocol's own type of an edit is keyed by addresses")]
pub fn rename(view: &View, offset: usize, name: &str) -> Result<WorkspaceEdit, String> {
    let (_, symbol) = renamable(view, offset)?;
    if !is_name(name) {
        return Err(format!("`{name}` is no name: names are letters, digits and `_`, and begin with a letter"));
    }
    let places = symbol::places(view, symbol);
    if places.iter().any(|span| span.source.0 != 0) {
        return Err("the name is also used in another file: change it there by hand first".to_owned());
    }
    verify(view, symbol, &places, name)?;
    let edits = places.iter().map(|span| TextEdit::new(view.range(*span), name.to_owned())).collect();
    let changes = HashMap::from([(view.document.uri.clone(), edits)]);
    Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}

fn renamable(view: &View, offset: usize) -> Result<(Span, Symbol), String> {
    let (span, symbol) = symbol::at(view, offset).ok_or("there is no name here that could be changed")?;
    let refusal = match symbol.kind {
        Kind::Let | Kind::Declared | Kind::Function | Kind::Alias | Kind::Lookup | Kind::Flow => None,
        Kind::Scope => Some("the word after `per` is the system's own"),
        Kind::Field => Some("a field is called as the target calls it"),
        Kind::Column => Some("a column is called as its file or resource calls it"),
        Kind::Connection => Some("a connection is called as its system"),
    };
    let unreadable = view.analysis.diagnostics.iter().any(|found| found.is_error() && found.code.id < "E02");
    match refusal {
        Some(refusal) => Err(refusal.to_owned()),
        None if unreadable => Err("first mend what cannot be read: names may stand in it".to_owned()),
        None => Ok((span, symbol)),
    }
}

fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    begins && name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_') && !RESERVED.contains(&name)
}

/// Tries the new name on a copy.
fn verify(view: &View, symbol: Symbol, places: &[Span], name: &str) -> Result<(), String> {
    let mut ordered = places.to_vec();
    ordered.sort_unstable();
    let mut text = String::new();
    let mut done = 0;
    let mut definition = symbol.definition;
    for span in &ordered {
        text.push_str(view.document.text.get(done..span.start as usize).unwrap_or(""));
        if *span == symbol.definition {
            definition = Span::new(span.source, text.len(), text.len() + name.len());
        }
        text.push_str(name);
        done = span.end as usize;
    }
    text.push_str(view.document.text.get(done..).unwrap_or(""));
    let after = Analysis::of_text(&view.document.path, text.into(), view.open, view.house);
    if after.errors() > view.analysis.errors() {
        let new = after.diagnostics.iter().find(|found| {
            found.is_error() && view.analysis.diagnostics.iter().all(|before| before.message != found.message)
        });
        return Err(new.map_or_else(|| format!("`{name}` cannot stand here"), |found| found.message.clone()));
    }
    let copy = View { analysis: &after, ..*view };
    if symbol::places(&copy, Symbol { definition, ..symbol }).len() != places.len() {
        return Err(format!("`{name}` would be taken for another `{name}`"));
    }
    Ok(())
}
