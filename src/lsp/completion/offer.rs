//! The list that is offered: each entry with its type, its text and its rank.

use super::super::describe::{self, Origin, origin, spec_type, type_text};
use super::super::facts::Known;
use super::super::keywords;
use super::super::view::View;
use crate::connector::{Catalogue, FieldSpec, ResourceSpec, SettingSpec};
use crate::model::functions::{self, Function};
use crate::model::observe::{Giver, Visible};
use crate::model::template::FILTERS;
use crate::syntax::{self, Lookup};
use crate::value::RecordType;
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, InsertTextFormat, MarkupContent, MarkupKind,
    TextEdit,
};
use std::ops::Range;
use std::sync::Arc;

pub struct Offers<'a> {
    view: View<'a>,
    /// The bytes that an entry replaces.
    word: Range<usize>,
    items: Vec<CompletionItem>,
}

/// Better ones first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Needed,
    Near,
    Usual,
    Far,
}

impl<'a> Offers<'a> {
    pub fn new(view: View<'a>, word: Range<usize>) -> Self {
        Self { view, word, items: Vec::new() }
    }

    pub fn into_items(self) -> Vec<CompletionItem> {
        self.items
    }

    fn push(&mut self, label: &str, kind: CompletionItemKind, rank: Rank, text: Insert) -> Option<&mut CompletionItem> {
        if self.items.iter().any(|item| item.label == label) {
            return None;
        }
        let range = self.view.document.range(self.word.start, self.word.end, self.view.encoding);
        let (new_text, format) = match text {
            Insert::Snippet(snippet) if self.view.snippets => (snippet, Some(InsertTextFormat::SNIPPET)),
            Insert::Snippet(_) | Insert::Label => (label.to_owned(), None),
            Insert::Text(text) => (text, None),
        };
        self.items.push(CompletionItem {
            label: label.to_owned(),
            kind: Some(kind),
            sort_text: Some(format!("{}{:04}", rank as u8, self.items.len())),
            insert_text_format: format,
            text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text })),
            ..CompletionItem::default()
        });
        self.items.last_mut()
    }

    pub fn word(&mut self, word: &str) {
        self.snippet(word, "");
    }

    /// A word of the language, with what usually follows it.
    pub fn snippet(&mut self, word: &str, body: &str) {
        let text = if body.is_empty() { Insert::Label } else { Insert::Snippet(format!("{word}{body}")) };
        if let Some(item) = self.push(word, CompletionItemKind::KEYWORD, Rank::Usual, text) {
            item.detail = keywords::text(word.split(' ').next().unwrap_or(word)).map(str::to_owned);
        }
    }

    pub fn connection(&mut self, name: &str, catalogue: Option<&Catalogue>) {
        if let Some(item) = self.push(name, CompletionItemKind::MODULE, Rank::Near, Insert::Label) {
            item.detail = catalogue.map(|catalogue| catalogue.title.clone());
        }
    }

    pub fn resource(&mut self, connection: &str, known: &Known, spec: &ResourceSpec, rank: Rank) {
        let doc = describe::resource(connection, known);
        if let Some(item) = self.push(&known.name, CompletionItemKind::CLASS, rank, Insert::Label) {
            item.detail = Some(spec.plural.clone());
            item.documentation = Some(markdown(doc));
        }
    }

    /// A name in scope.
    pub fn visible(&mut self, visible: &Visible) {
        let kind = match visible.giver {
            Giver::Alias | Giver::Let => CompletionItemKind::VARIABLE,
            Giver::Constant | Giver::Var => CompletionItemKind::CONSTANT,
            Giver::Field => CompletionItemKind::FIELD,
        };
        if let Some(item) = self.push(&visible.name, kind, Rank::Near, Insert::Label) {
            item.detail = Some(type_text(&visible.ty));
        }
    }

    /// The fields of a record.
    pub fn fields(&mut self, record: &Arc<RecordType>) {
        for (name, field) in &record.fields {
            let doc = origin(&self.view, record, name).map_or_else(|| field.doc.to_string(), |origin| origin.text());
            if let Some(item) = self.push(name, CompletionItemKind::FIELD, Rank::Near, Insert::Label) {
                item.detail = Some(type_text(&field.ty));
                item.documentation = (!doc.is_empty()).then(|| markdown(doc));
            }
        }
    }

    /// A field of the target, to be filled.
    pub fn target_field(&mut self, name: &str, origin: &Origin, assigned: bool) {
        let rank = if origin.field.required { Rank::Needed } else { Rank::Usual };
        let text = if assigned { Insert::Label } else { Insert::Text(format!("{name} = ")) };
        let doc = origin.text();
        if let Some(item) = self.push(name, CompletionItemKind::PROPERTY, rank, text) {
            item.detail = Some(target_type(origin.field));
            item.documentation = Some(markdown(doc));
        }
    }

    pub fn setting(&mut self, name: &str, spec: &SettingSpec) {
        let rank = if spec.required { Rank::Needed } else { Rank::Usual };
        if let Some(item) = self.push(name, CompletionItemKind::PROPERTY, rank, Insert::Text(format!("{name} = "))) {
            item.documentation = Some(markdown(spec.doc.clone()));
        }
    }

    /// A setting that is no catalogue's, with what follows its name.
    pub fn own_setting(&mut self, name: &str, body: &str) {
        let text = Insert::Snippet(format!("{name} = {body}"));
        if let Some(item) = self.push(name, CompletionItemKind::PROPERTY, Rank::Usual, text) {
            item.detail = keywords::text(name).map(str::to_owned);
        }
    }

    pub fn lookup(&mut self, lookup: &Lookup) {
        let name = &lookup.name.text;
        let text = Insert::Snippet(format!("{name}($0)"));
        if let Some(item) = self.push(name, CompletionItemKind::FUNCTION, Rank::Usual, text) {
            item.detail = Some(describe::lookup_head(lookup));
            item.documentation = Some(markdown(describe::lookup(lookup)));
        }
    }

    /// A function of the file.
    pub fn declared(&mut self, function: &syntax::Function, piped: bool) {
        let name = &function.name.text;
        let alone = piped && function.parameters.len() == 1;
        let text = if alone { Insert::Label } else { Insert::Snippet(format!("{name}($0)")) };
        if let Some(item) = self.push(name, CompletionItemKind::FUNCTION, Rank::Usual, text) {
            item.detail = Some(describe::declared_head(function));
        }
    }

    /// A value that a field is known to take.
    pub fn known_value(&mut self, value: &str, note: &str) {
        if let Some(item) = self.push(value, CompletionItemKind::ENUM_MEMBER, Rank::Needed, Insert::Label) {
            item.detail = Some(note.to_owned());
        }
    }

    pub fn file(&mut self, name: &str) {
        let kind = if name.ends_with('/') { CompletionItemKind::FOLDER } else { CompletionItemKind::FILE };
        self.push(name, kind, Rank::Near, Insert::Label);
    }

    /// All functions. After `|` the first argument stands before it.
    pub fn functions(&mut self, piped: bool) {
        for function in functions::all() {
            self.function(function, function.name, piped);
        }
    }

    /// What may stand after `|` in a template.
    pub fn filters(&mut self) {
        for name in FILTERS {
            match functions::find(name) {
                Some(function) => self.function(function, name, true),
                None => self.value(name, "what stands there when the value is absent: `default('…')`"),
            }
        }
    }

    fn function(&mut self, function: &Function, name: &str, piped: bool) {
        let alone = piped && function.parameters.iter().skip(1).all(|parameter| parameter.optional);
        let text = if alone { Insert::Label } else { Insert::Snippet(format!("{name}($0)")) };
        if let Some(item) = self.push(name, CompletionItemKind::FUNCTION, Rank::Far, text) {
            item.detail = Some(describe::signature(function));
            item.documentation = Some(markdown(describe::function(function)));
        }
    }

    /// One of a few words that stand at this place.
    pub fn value(&mut self, name: &str, doc: &str) {
        if let Some(item) = self.push(name, CompletionItemKind::VALUE, Rank::Usual, Insert::Label) {
            item.detail = (!doc.is_empty()).then(|| doc.to_owned());
        }
    }
}

enum Insert {
    Label,
    Text(String),
    /// With places to fill, where the editor knows them; else the label.
    Snippet(String),
}

fn target_type(field: &FieldSpec) -> String {
    let needed = if field.required { ", must be mapped" } else { "" };
    format!("{}{needed}", spec_type(field))
}

fn markdown(value: String) -> Documentation {
    Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value })
}
