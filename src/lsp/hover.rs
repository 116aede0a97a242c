//! What the word under the cursor means, and where that is known from.

use super::context::{Context, Sort};
use super::describe::{self, Origin, code, origin, paragraphs, record_in, spec_type, type_text};
use super::facts::Known;
use super::keywords;
use super::target;
use super::view::View;
use crate::connector::Catalogue;
use crate::diag::Span;
use crate::model::observe::{Giver, Seen};
use crate::syntax::Item;
use crate::value::Type;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};
use std::sync::Arc;

pub fn hover(view: &View, offset: usize) -> Option<Hover> {
    let (span, text) = about(view, offset)?;
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: text });
    Some(Hover { contents, range: Some(view.range(span)) })
}

fn about(view: &View, offset: usize) -> Option<(Span, String)> {
    if let Some((span, seen)) = view.analysis.facts.at(offset)
        && let Some(text) = seen_text(view, span, seen)
    {
        return Some((span, text));
    }
    let word = view.analysis.word_at(offset)?;
    let text = declared(view, word)
        .or_else(|| setting(view, word))
        .or_else(|| key_field(view, word))
        .or_else(|| keyword(view, word))?;
    Some((word, text))
}

fn seen_text(view: &View, span: Span, seen: &Seen) -> Option<String> {
    let word = view.analysis.slice(span);
    match seen {
        Seen::Given { giver: Giver::Field, ty } => Some(filled(view, span, word, ty)),
        Seen::Given { giver, ty } | Seen::Name { giver, ty, .. } => Some(name(view, *giver, word, ty)),
        Seen::Field { of, name, ty: Some(ty) } => Some(field(view, of, name, ty)),
        Seen::Function(function) => Some(describe::function(function)),
        Seen::Declared { definition, ty } => Some(own_function(view, *definition, word, ty)),
        Seen::Lookup { definition, .. } => view.analysis.file.items.iter().find_map(|item| match item {
            Item::Lookup(lookup) if lookup.name.span == *definition => Some(describe::lookup(lookup)),
            _ => None,
        }),
        Seen::Resource { catalogue, name } => {
            let known = Known { catalogue: catalogue.clone(), name: name.clone() };
            known.spec().map(|_| describe::resource(connection_before(view, span), &known))
        }
        Seen::Connection { catalogue: Some(catalogue) } => Some(connection(catalogue)),
        Seen::ConnectionName { .. } => view.catalogue(word).map(connection),
        Seen::Connection { catalogue: None } | Seen::Field { ty: None, .. } => None,
        Seen::Unknown { .. } | Seen::UnknownFunction => None,
    }
}

/// The name before the dot before a resource.
fn connection_before<'a>(view: &View<'a>, span: Span) -> &'a str {
    let lexemes = &view.analysis.lexemes;
    let index = lexemes.iter().position(|lexeme| lexeme.start == span.start as usize);
    let before = index.and_then(|index| index.checked_sub(2)).and_then(|index| lexemes.get(index));
    before.map_or("", |lexeme| lexeme.text(&view.analysis.text))
}

fn name(view: &View, giver: Giver, word: &str, ty: &Type) -> String {
    let line = match giver {
        Giver::Let | Giver::Constant => format!("let {word}: {}", type_text(ty)),
        Giver::Var => format!("vars {{ {word}: {} }}", type_text(ty)),
        Giver::Alias | Giver::Field => format!("{word}: {}", type_text(ty)),
    };
    let doc = record_in(ty).map_or_else(String::new, |record| record_doc(view, record));
    let reach = match giver {
        Giver::Constant => "for the whole file",
        Giver::Var => "for the whole file; `--var NAME=VALUE` sets it for one run",
        Giver::Alias | Giver::Let | Giver::Field => "",
    };
    paragraphs([code(&line), doc, reach.to_owned()])
}

/// A function of the file, where it is declared and where it is called.
fn own_function(view: &View, definition: Span, word: &str, ty: &Type) -> String {
    let head = view.analysis.file.items.iter().find_map(|item| match item {
        Item::Function(function) if function.name.span == definition => Some(describe::declared_head(function)),
        _ => None,
    });
    let gives = if ty.is_unknown() { String::new() } else { format!("gives {}", type_text(ty)) };
    paragraphs([code(&head.unwrap_or_else(|| format!("fn {word}(…)"))), gives])
}

/// How many fields a record has, and the first of them.
fn record_doc(view: &View, record: &crate::value::RecordType) -> String {
    if let Some(lookup) = describe::lookup_of(view, record) {
        return format!("from `{}`", describe::lookup_head(lookup));
    }
    let shown: Vec<String> = record.fields.keys().take(8).map(|name| format!("`{name}`")).collect();
    let more = record.fields.len().saturating_sub(shown.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("fields: {}{rest}", shown.join(", "))
}

fn field(view: &View, of: &Type, name: &Arc<str>, ty: &Type) -> String {
    let Some(record) = record_in(of) else { return code(&format!("{name}: {}", type_text(ty))) };
    let known = origin(view, record, name).map(|origin| origin.text());
    let text = known.unwrap_or_else(|| {
        let field = record.fields.get(name);
        let values: Vec<String> =
            field.iter().flat_map(|field| &field.values).take(12).map(|value| format!("`{value}`")).collect();
        let doc = field.map_or_else(String::new, |field| field.doc.to_string());
        let values = if values.is_empty() { String::new() } else { format!("- known values: {}", values.join(", ")) };
        paragraphs([doc, values])
    });
    paragraphs([code(&format!("{name}: {}", type_text(ty))), text])
}

/// A field of the target, and the type that it is given.
fn filled(view: &View, span: Span, word: &str, ty: &Type) -> String {
    let given = if ty.is_unknown() { String::new() } else { format!("given: {}", type_text(ty)) };
    match target_field(view, span, word) {
        Some(origin) => {
            let needed = if origin.field.required { ", must be mapped" } else { "" };
            let line = code(&format!("{word}: {}", spec_type(origin.field)));
            paragraphs([line, origin.text(), format!("a field of the target{needed}"), given])
        }
        None => code(&format!("{word}: {}", type_text(ty))),
    }
}

fn target_field<'a>(view: &View<'a>, span: Span, word: &str) -> Option<Origin<'a>> {
    let context = Context::at(&view.analysis.text, &view.analysis.lexemes, span.start as usize);
    let target = target::around(view, &context)?;
    let field = target.fields.get(word)?;
    Some(Origin { catalogue: target.catalogue, resource: target.resource, field })
}

fn connection(catalogue: &Catalogue) -> String {
    let settings = catalogue.settings.iter().map(|(name, spec)| format!("- `{name}`: {}", spec.doc));
    let title = format!("A connection to {}, with {} resources", catalogue.title, catalogue.resources.len());
    paragraphs([code(&format!("connect {}", catalogue.connector)), title, settings.collect::<Vec<_>>().join("\n")])
}

/// The name of a lookup or flow where it is declared.
fn declared(view: &View, word: Span) -> Option<String> {
    view.analysis.file.items.iter().find_map(|item| match item {
        Item::Lookup(lookup) if lookup.name.span == word => Some(describe::lookup(lookup)),
        Item::Flow(flow) if flow.name.span == word => {
            let context = Context::at(&view.analysis.text, &view.analysis.lexemes, flow.span.end as usize - 1);
            let side = |side: Option<(&str, &str)>| side.map(|(system, resource)| format!("{system}.{resource}"));
            let way = side(context.source()).zip(side(context.target()));
            let way = way.map_or_else(String::new, |(from, to)| format!("from `{from}` to `{to}`"));
            Some(paragraphs([code(&format!("flow {}", flow.name.text)), way]))
        }
        _ => None,
    })
}

/// A setting of a `connect` block.
fn setting(view: &View, word: Span) -> Option<String> {
    let context = Context::at(&view.analysis.text, &view.analysis.lexemes, word.start as usize);
    let block = context.block().filter(|block| block.sort == Sort::Connect && context.entry.is_empty())?;
    let system = context.texts(block.head.clone()).get(1).copied()?;
    let name = view.analysis.slice(word);
    let spec = view.catalogue(system)?.settings.get(name)?;
    let default = spec.default.as_ref().map_or_else(String::new, |default| format!("- left out: `{default}`"));
    Some(paragraphs([code(&format!("{name} = …")), spec.doc.clone(), default]))
}

/// A field in `key a, b`.
fn key_field(view: &View, word: Span) -> Option<String> {
    let context = Context::at(&view.analysis.text, &view.analysis.lexemes, word.start as usize);
    if context.sort() != Some(Sort::To) || context.words().first() != Some(&"key") {
        return None;
    }
    let target = target::of_flow(view, &context)?;
    let name = view.analysis.slice(word);
    let field = target.fields.get(name)?;
    let origin = Origin { catalogue: target.catalogue, resource: target.resource, field };
    Some(paragraphs([code(&format!("{name}: {}", spec_type(field))), origin.text()]))
}

fn keyword(view: &View, word: Span) -> Option<String> {
    let name = view.analysis.slice(word);
    let dotted = word.start > 0 && view.analysis.text.as_bytes().get(word.start as usize - 1) == Some(&b'.');
    if dotted {
        return None;
    }
    keywords::text(name).map(|text| paragraphs([code(name), text.to_owned()]))
}
