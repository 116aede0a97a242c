//! From a name to where it is given and used, and from a file's name to the file.

use super::address::{plain, uri_of};
use super::symbol;
use super::view::View;
use crate::connector::SettingType;
use crate::diag::Span;
use crate::syntax::{ExprKind, Item, LookupEntry, Setting};
use lsp_types::{Location, Range};

/// Where what stands at a byte is given.
pub fn definition(view: &View, offset: usize) -> Option<Location> {
    if let Some(location) = file(view, offset) {
        return Some(location);
    }
    let (_, symbol) = symbol::at(view, offset)?;
    view.location(symbol.definition)
}

/// Where what stands at a byte is used.
pub fn references(view: &View, offset: usize, with_definition: bool) -> Option<Vec<Location>> {
    let (_, symbol) = symbol::at(view, offset)?;
    let places = symbol::places(view, symbol);
    let skipped = usize::from(!with_definition);
    Some(places.into_iter().skip(skipped).filter_map(|span| view.location(span)).collect())
}

/// The file that is named at a byte.
fn file(view: &View, offset: usize) -> Option<Location> {
    let path = view.analysis.file.items.iter().find_map(|item| named_in(view, item, offset))?;
    let folder = view.document.path.parent()?;
    let uri = uri_of(&plain(&folder.join(path)))?;
    Some(Location::new(uri, Range::default()))
}

fn named_in<'a>(view: &View<'a>, item: &'a Item, offset: usize) -> Option<&'a str> {
    let inside = |span: Span| (span.start as usize..=span.end as usize).contains(&offset);
    match item {
        Item::Lookup(lookup) => lookup.entries.iter().find_map(|entry| match entry {
            LookupEntry::FromFile { path, .. } if inside(path.span) => Some(&*path.text),
            _ => None,
        }),
        Item::Connect(connect) => {
            let setting = connect.settings.iter().find(|setting| inside(setting.value.span))?;
            let spec = view.catalogue(&connect.name.text)?.settings.get(&*setting.name.text)?;
            (spec.ty == SettingType::File).then(|| text_of(setting)).flatten()
        }
        _ => None,
    }
}

fn text_of(setting: &Setting) -> Option<&str> {
    match &setting.value.kind {
        ExprKind::Plain(text) => Some(text),
        ExprKind::Template(template) => Some(&template.text),
        _ => None,
    }
}
