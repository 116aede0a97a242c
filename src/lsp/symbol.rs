//! A name of the pipeline: what it is, where it is given, where it is used.

use super::describe::{lookup_of, record_in};
use super::view::View;
use crate::diag::{SourceId, Span};
use crate::model::observe::{Giver, Seen};
use crate::syntax::{Clause, Item, LookupEntry, Name};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Let,
    /// A `let` of the whole file, or a line of `vars`.
    Declared,
    Function,
    /// `from … as`, `each … as`.
    Alias,
    /// The word after `per`, which the catalogue gives.
    Scope,
    /// A field that a `map` or `each` fills.
    Field,
    Lookup,
    /// An input or output of a lookup.
    Column,
    Flow,
    Connection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub kind: Kind,
    /// Where the name is given.
    pub definition: Span,
}

/// The name at a byte: the word itself, and what it stands for.
pub fn at(view: &View, offset: usize) -> Option<(Span, Symbol)> {
    let inside = |span: Span| span.source.0 == 0 && (span.start as usize..=span.end as usize).contains(&offset);
    if let Some(symbol) = declared(view).into_iter().find(|symbol| inside(symbol.definition)) {
        return Some((symbol.definition, symbol));
    }
    if let Some((span, column)) = verified(view).into_iter().find(|(span, _)| inside(*span)) {
        return Some((span, column));
    }
    if let Some((span, flow)) = flow_uses(view).into_iter().find(|(span, _)| inside(*span)) {
        return Some((span, flow));
    }
    let (span, seen) = view.analysis.facts.at(offset)?;
    Some((span, meant(view, span, seen)?))
}

/// Every place of a name: where it is given first, then where it is used.
pub fn places(view: &View, symbol: Symbol) -> Vec<Span> {
    let used = view.analysis.facts.all().filter(|(span, seen)| meant(view, *span, seen) == Some(symbol));
    let mut places: Vec<Span> = used.map(|(span, _)| span).collect();
    let others = verified(view).into_iter().chain(flow_uses(view));
    places.extend(others.filter(|(_, other)| *other == symbol).map(|(span, _)| span));
    places.push(symbol.definition);
    places.sort_unstable();
    places.dedup();
    if let Some(index) = places.iter().position(|span| *span == symbol.definition) {
        places[..=index].rotate_right(1);
    }
    places
}

fn meant(view: &View, span: Span, seen: &Seen) -> Option<Symbol> {
    let (kind, definition) = match seen {
        Seen::Given { giver, .. } => (given(view, *giver, span), span),
        Seen::Name { definition, giver, .. } => (given(view, *giver, *definition), *definition),
        Seen::Lookup { definition, .. } => (Kind::Lookup, *definition),
        Seen::Declared { definition, .. } => (Kind::Function, *definition),
        Seen::Connection { .. } => (Kind::Connection, span),
        Seen::ConnectionName { definition } => (Kind::Connection, *definition),
        Seen::Field { of, name, ty: Some(_) } => {
            let lookup = lookup_of(view, record_in(of)?)?;
            let column = lookup.outputs.iter().find(|output| output.text == *name)?;
            (Kind::Column, column.span)
        }
        Seen::Field { .. } | Seen::Function(_) | Seen::Resource { .. } => return None,
        Seen::Unknown { .. } | Seen::UnknownFunction => return None,
    };
    Some(Symbol { kind, definition })
}

fn given(view: &View, giver: Giver, definition: Span) -> Kind {
    let here = |name: &Name| name.span == definition;
    match giver {
        Giver::Let => Kind::Let,
        Giver::Constant | Giver::Var => Kind::Declared,
        Giver::Field => Kind::Field,
        Giver::Alias if view.analysis.file.items.iter().any(|item| has_input(item, &here)) => Kind::Column,
        Giver::Alias if view.analysis.file.items.iter().any(|item| has_scope(item, &here)) => Kind::Scope,
        Giver::Alias => Kind::Alias,
    }
}

fn has_input(item: &Item, here: &dyn Fn(&Name) -> bool) -> bool {
    matches!(item, Item::Lookup(lookup) if lookup.inputs.iter().any(here))
}

fn has_scope(item: &Item, here: &dyn Fn(&Name) -> bool) -> bool {
    let Item::Flow(flow) = item else { return false };
    flow.clauses.iter().any(|clause| match clause {
        Clause::From(from) => from.per.as_ref().is_some_and(|per| here(&per.name)),
        _ => false,
    })
}

/// What the items of the file declare.
fn declared(view: &View) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    for item in &view.analysis.file.items {
        match item {
            Item::Lookup(lookup) => {
                symbols.push(Symbol { kind: Kind::Lookup, definition: lookup.name.span });
                let columns = lookup.inputs.iter().chain(&lookup.outputs);
                symbols.extend(columns.map(|name| Symbol { kind: Kind::Column, definition: name.span }));
            }
            Item::Flow(flow) => symbols.push(Symbol { kind: Kind::Flow, definition: flow.name.span }),
            _ => {}
        }
    }
    symbols
}

/// The outputs that lookups verify, with the columns that they mean.
fn verified(view: &View) -> Vec<(Span, Symbol)> {
    let mut found = Vec::new();
    for item in &view.analysis.file.items {
        let Item::Lookup(lookup) = item else { continue };
        for entry in &lookup.entries {
            let LookupEntry::Verify { output, .. } = entry else { continue };
            let column = lookup.outputs.iter().find(|column| column.text == output.text);
            found.extend(column.map(|column| (output.span, Symbol { kind: Kind::Column, definition: column.span })));
        }
    }
    found
}

/// Where flows are named by others: `flow NAME` in a test, `extend flow NAME`, and
/// `linked(NAME, …)` or `posted(NAME, …)`. Found by the words, since these name nothing but flows.
fn flow_uses(view: &View) -> Vec<(Span, Symbol)> {
    let text = &view.analysis.text;
    let lexemes = &view.analysis.lexemes;
    let word = |index: usize| lexemes.get(index).map_or("", |lexeme| lexeme.text(text));
    let names_flow = |index: usize| {
        let before = index.checked_sub(1).map_or("", word);
        before == "flow" || before == "(" && matches!(index.checked_sub(2).map_or("", word), "linked" | "posted")
    };
    let mut found = Vec::new();
    for (index, lexeme) in lexemes.iter().enumerate().filter(|(index, _)| names_flow(*index)) {
        let flow = view.analysis.file.items.iter().find_map(|item| match item {
            Item::Flow(flow) if &*flow.name.text == word(index) => Some(flow.name.span),
            _ => None,
        });
        let span = Span::new(SourceId(0), lexeme.start, lexeme.end);
        found.extend(flow.map(|definition| (span, Symbol { kind: Kind::Flow, definition })));
    }
    found
}
