//! Types, fields, functions, lookups and resources in words, as Markdown.

use super::facts::Known;
use super::view::View;
use crate::connector::{Catalogue, FieldSpec, ResourceSpec, SpecType};
use crate::model::functions::Function;
use crate::syntax::{self, Item, Lookup, LookupEntry, Name};
use crate::value::{Kind, RecordType, Type};
use indexmap::IndexMap;
use std::sync::Arc;

/// `text(40)?`, `list of item`.
pub fn type_text(ty: &Type) -> String {
    let mark = if ty.optional { "?" } else { "" };
    match &ty.kind {
        Kind::Text { max: Some(max) } => format!("text({max}){mark}"),
        Kind::List(item) => format!("list of {}{mark}", type_text(item)),
        Kind::Record(record) => format!("{}{mark}", record.name.trim_matches('`')),
        kind => format!("{kind}{mark}"),
    }
}

/// A line of the language in a block of its own.
pub fn code(line: &str) -> String {
    format!("```mlc\n{line}\n```")
}

/// Paragraphs, without the empty ones.
pub fn paragraphs(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// `take(text: text, n: integer)`
pub fn signature(function: &Function) -> String {
    let parameters: Vec<String> = function
        .parameters
        .iter()
        .map(|parameter| {
            let mark = if parameter.optional { "?" } else { "" };
            format!("{}{mark}: {}", parameter.name, parameter.ty)
        })
        .collect();
    format!("{}({})", function.name, parameters.join(", "))
}

pub fn function(function: &Function) -> String {
    let examples = function.examples.iter().take(2).map(|(call, shows)| format!("`{call}` is `{shows}`"));
    paragraphs([code(&signature(function)), function.doc.to_owned(), examples.collect::<Vec<_>>().join("  \n")])
}

pub fn lookup(lookup: &Lookup) -> String {
    let rows = lookup.entries.iter().filter(|entry| matches!(entry, LookupEntry::Row(_))).count();
    let mut facts = Vec::new();
    if rows > 0 {
        facts.push(if rows == 1 { "one row stands here".to_owned() } else { format!("{rows} rows stand here") });
    }
    for entry in &lookup.entries {
        match entry {
            LookupEntry::FromFile { path, .. } => facts.push(format!("rows from `{}`", path.text)),
            LookupEntry::FromResource { resource, .. } => {
                facts.push(format!("rows from `{}.{}`", resource.connection.text, resource.resource.text));
            }
            LookupEntry::Missing { outcome, .. } => {
                facts.push(format!("without a fitting row: {}", outcome.word()));
            }
            LookupEntry::Row(_) | LookupEntry::Verify { .. } => {}
        }
    }
    paragraphs([code(&lookup_head(lookup)), facts.join("; ")])
}

/// `lookup dimension(cost_code) -> (gl_account)`
pub fn lookup_head(lookup: &Lookup) -> String {
    let list = |names: &[Name]| names.iter().map(|name| &*name.text).collect::<Vec<_>>().join(", ");
    format!("lookup {}({}) -> ({})", lookup.name.text, list(&lookup.inputs), list(&lookup.outputs))
}

/// `fn net(item: office.invoices.items)`
pub fn declared_head(function: &syntax::Function) -> String {
    let parameters = function.parameters.iter().map(|parameter| match &parameter.ty {
        Some(ty) => format!("{}: {}", parameter.name.text, written_type(ty)),
        None => parameter.name.text.to_string(),
    });
    format!("fn {}({})", function.name.text, parameters.collect::<Vec<_>>().join(", "))
}

/// A type as the file writes it.
fn written_type(ty: &syntax::TypeName) -> String {
    let path: Vec<&str> = ty.path.iter().map(|name| &*name.text).collect();
    let list = if ty.list { "list of " } else { "" };
    let mark = if ty.optional { "?" } else { "" };
    format!("{list}{}{mark}", path.join("."))
}

pub fn resource(connection: &str, known: &Known) -> String {
    let Some(spec) = known.spec() else { return String::new() };
    let operations: Vec<&str> = spec.operations.iter().map(|operation| operation.name()).collect();
    let mut facts = vec![format!("- can: {}", operations.join(", "))];
    if let Some(scope) = &spec.scope {
        facts.push(format!("- read per {}: `from {connection}.{} as … per {}`", scope.name, known.name, scope.name));
    }
    let keys: Vec<String> = spec.natural_keys.iter().map(|key| format!("`{}`", key.join(", "))).collect();
    if !keys.is_empty() {
        facts.push(format!("- asked by: {}", keys.join(" or ")));
    }
    if !spec.filters.is_empty() {
        facts.push(format!("- filters: {}", spec.filters.keys().cloned().collect::<Vec<_>>().join(", ")));
    }
    facts.push(format!(
        "- webhook: {}",
        spec.webhook.as_ref().map_or_else(|| "none, it is polled".to_owned(), ToString::to_string)
    ));
    facts.push(format!("- {}", whence(&known.catalogue, spec.grade.name(), &spec.source)));
    let title = format!("**{}** of {}: {}", spec.plural, known.catalogue.title, spec.doc);
    paragraphs([code(&format!("{connection}.{}", known.name)), title, facts.join("\n")])
}

/// `confirmed, OAS (the vendor's document)`
fn whence(catalogue: &Catalogue, grade: &str, source: &str) -> String {
    match catalogue.sources.get(source) {
        Some(long) => format!("{grade}, {source} ({long})"),
        None => format!("{grade}, {source}"),
    }
}

/// A field of a catalogue, with the resource that it is of.
pub struct Origin<'a> {
    pub catalogue: &'a Catalogue,
    pub resource: &'a ResourceSpec,
    pub field: &'a FieldSpec,
}

impl Origin<'_> {
    /// What it is, its known values, and how sure that is.
    pub fn text(&self) -> String {
        let field = self.field;
        let mut facts = Vec::new();
        if !field.values.is_empty() {
            let which = if field.closed { "one of" } else { "known values" };
            let values: Vec<String> = field.values.iter().map(|value| format!("`{value}`")).collect();
            facts.push(format!("- {which}: {}", values.join(", ")));
        }
        if let Some(max) = field.max {
            facts.push(format!("- at most {max} characters"));
        }
        if let Some(places) = field.places {
            facts.push(format!("- {places} digits after the point are kept"));
        }
        if let Some(default) = &field.default {
            facts.push(format!("- left out: {default}"));
        }
        if field.read_only {
            facts.push("- can only be read".to_owned());
        }
        if !field.derive.is_empty() {
            facts.push("- derived from other fields of the record".to_owned());
        }
        let grade = field.grade.unwrap_or(self.resource.grade).name();
        let source = field.source.as_deref().unwrap_or(&self.resource.source);
        facts.push(format!("- {}", whence(self.catalogue, grade, source)));
        paragraphs([field.doc.clone(), facts.join("\n")])
    }
}

/// `text(40)`, `list of text`: as a target takes it.
pub fn spec_type(field: &FieldSpec) -> String {
    let list_item = field.item.filter(|_| field.ty == SpecType::List);
    match (list_item, field.max) {
        (Some(item), _) => format!("list of {}", item.name()),
        (None, Some(max)) => format!("{}({max})", field.ty.name()),
        (None, None) => field.ty.name().to_owned(),
    }
}

/// The catalogue's field behind a field of a record, wherever the record came from.
pub fn origin<'a>(view: &View<'a>, record: &RecordType, field: &str) -> Option<Origin<'a>> {
    if let Some(lookup) = lookup_of(view, record) {
        return lookup_origin(view, lookup, field);
    }
    let used = view.analysis.facts.all().filter_map(|(_, seen)| match seen {
        crate::model::observe::Seen::Resource { catalogue, name } => {
            catalogue.resources.get(&**name).map(|spec| (&**catalogue, spec))
        }
        _ => None,
    });
    let others = view
        .analysis
        .facts
        .catalogues()
        .flat_map(|(_, catalogue)| catalogue.resources.values().map(move |spec| (&**catalogue, spec)));
    used.chain(others).find_map(|(catalogue, resource)| {
        let fields = fields_of(&resource.source_type(), &resource.fields, record)?;
        fields.get(field).map(|field| Origin { catalogue, resource, field })
    })
}

/// The fields, in a resource, of this very record or of one inside.
fn fields_of<'s>(
    here: &RecordType,
    fields: &'s IndexMap<String, FieldSpec>,
    wanted: &RecordType,
) -> Option<&'s IndexMap<String, FieldSpec>> {
    if here == wanted {
        return Some(fields);
    }
    here.fields.iter().find_map(|(name, field)| {
        let inner = record_in(&field.ty)?;
        fields_of(inner, &fields.get(&**name)?.fields, wanted)
    })
}

/// The record that a type is, or is a list of.
pub fn record_in(ty: &Type) -> Option<&Arc<RecordType>> {
    match &ty.kind {
        Kind::Record(record) => Some(record),
        Kind::List(item) => match &item.kind {
            Kind::Record(record) => Some(record),
            _ => None,
        },
        _ => None,
    }
}

/// The lookup that gives a record.
pub fn lookup_of<'a>(view: &View<'a>, record: &RecordType) -> Option<&'a Lookup> {
    let name = record.name.strip_prefix('`')?.strip_suffix('`')?;
    view.analysis.file.items.iter().find_map(|item| match item {
        Item::Lookup(lookup) if &*lookup.name.text == name => Some(lookup),
        _ => None,
    })
}

/// The field that a lookup's column is read from or verified in.
fn lookup_origin<'a>(view: &View<'a>, lookup: &Lookup, column: &str) -> Option<Origin<'a>> {
    lookup.entries.iter().find_map(|entry| {
        let (name, field) = match entry {
            LookupEntry::FromResource { resource, .. } => (resource, column),
            LookupEntry::Verify { output, resource, field, .. } if &*output.text == column => (resource, &*field.text),
            _ => return None,
        };
        let catalogue = view.catalogue(&name.connection.text)?;
        let resource = catalogue.resources.get(&*name.resource.text)?;
        Some(Origin { catalogue, resource, field: resource.fields.get(field)? })
    })
}
