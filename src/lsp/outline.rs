//! The items of a file as a tree of names.

use super::view::View;
use crate::diag::Span;
use crate::syntax::{Clause, Connect, Flow, Item, Lookup, Map, MapEntry, Pipeline, Var};
use lsp_types::{DocumentSymbol, SymbolKind};

pub fn outline(view: &View) -> Vec<DocumentSymbol> {
    view.analysis.file.items.iter().filter_map(|item| symbol(view, item)).collect()
}

fn symbol(view: &View, item: &Item) -> Option<DocumentSymbol> {
    match item {
        Item::Pipeline(pipeline) => Some(of_pipeline(view, pipeline)),
        Item::Connect(connect) => Some(of_connect(view, connect)),
        Item::Lookup(lookup) => Some(of_lookup(view, lookup)),
        Item::Flow(flow) | Item::Extend(flow) => Some(of_flow(view, flow)),
        Item::Function(function) => {
            let places = (function.span, function.name.span);
            Some(node(view, &function.name.text, SymbolKind::FUNCTION, places, Vec::new()))
        }
        Item::Constant(constant) => {
            let places = (constant.span, constant.name.span);
            Some(node(view, &constant.name.text, SymbolKind::CONSTANT, places, Vec::new()))
        }
        Item::Vars(vars) => {
            let word = Span { end: vars.span.start.saturating_add(4).min(vars.span.end), ..vars.span };
            let of_var = |var: &Var| {
                let whole = var.name.span.to(var.value.span);
                node(view, &var.name.text, SymbolKind::CONSTANT, (whole, var.name.span), Vec::new())
            };
            let inner = vars.entries.iter().map(of_var).collect();
            Some(node(view, "vars", SymbolKind::STRUCT, (vars.span, word), inner))
        }
        Item::Test(test) => {
            Some(node(view, &test.name.text, SymbolKind::METHOD, (test.span, test.name.span), Vec::new()))
        }
        Item::Notify(notify) => {
            let word = Span { end: notify.span.start.saturating_add(6).min(notify.span.end), ..notify.span };
            Some(node(view, "notify", SymbolKind::EVENT, (notify.span, word), Vec::new()))
        }
        Item::Use(_) => None,
    }
}

#[expect(deprecated, reason = "the protocol's type still has the field that tags replaced")]
fn node(view: &View, name: &str, kind: SymbolKind, places: (Span, Span), inner: Vec<DocumentSymbol>) -> DocumentSymbol {
    let (whole, word) = places;
    // An editor refuses a name that lies outside of its own item.
    let whole = Span { start: whole.start.min(word.start), end: whole.end.max(word.end), ..whole };
    DocumentSymbol {
        // An empty name is refused as well.
        name: if name.trim().is_empty() { "…".to_owned() } else { name.to_owned() },
        detail: None,
        kind,
        tags: None,
        deprecated: None,
        range: view.range(whole),
        selection_range: view.range(word),
        children: (!inner.is_empty()).then_some(inner),
    }
}

fn of_pipeline(view: &View, pipeline: &Pipeline) -> DocumentSymbol {
    node(view, &pipeline.name.text, SymbolKind::PACKAGE, (pipeline.span, pipeline.name.span), Vec::new())
}

fn of_connect(view: &View, connect: &Connect) -> DocumentSymbol {
    node(view, &connect.name.text, SymbolKind::INTERFACE, (connect.span, connect.name.span), Vec::new())
}

fn of_lookup(view: &View, lookup: &Lookup) -> DocumentSymbol {
    let columns = lookup.inputs.iter().chain(&lookup.outputs);
    let columns = columns.map(|name| node(view, &name.text, SymbolKind::KEY, (name.span, name.span), Vec::new()));
    node(view, &lookup.name.text, SymbolKind::ENUM, (lookup.span, lookup.name.span), columns.collect())
}

fn of_flow(view: &View, flow: &Flow) -> DocumentSymbol {
    let mut inner = Vec::new();
    for clause in &flow.clauses {
        match clause {
            Clause::From(from) => {
                inner.push(node(
                    view,
                    &from.alias.text,
                    SymbolKind::VARIABLE,
                    (from.span, from.alias.span),
                    Vec::new(),
                ));
            }
            Clause::Let(entry) => {
                inner.push(node(
                    view,
                    &entry.name.text,
                    SymbolKind::VARIABLE,
                    (entry.span, entry.name.span),
                    Vec::new(),
                ));
            }
            Clause::Map(map) => {
                let word = Span { end: map.span.start.saturating_add(3).min(map.span.end), ..map.span };
                inner.push(node(view, "map", SymbolKind::STRUCT, (map.span, word), of_map(view, map)));
            }
            Clause::To(to) => {
                let name = format!("to {}.{}", to.resource.connection.text, to.resource.resource.text);
                inner.push(node(view, &name, SymbolKind::EVENT, (to.span, to.resource.span()), Vec::new()));
            }
            _ => {}
        }
    }
    node(view, &flow.name.text, SymbolKind::FUNCTION, (flow.span, flow.name.span), inner)
}

fn of_map(view: &View, map: &Map) -> Vec<DocumentSymbol> {
    let entry = |entry: &MapEntry| match entry {
        MapEntry::Let(entry) => {
            node(view, &entry.name.text, SymbolKind::VARIABLE, (entry.span, entry.name.span), Vec::new())
        }
        MapEntry::Field { name, span, .. } => node(view, &name.text, SymbolKind::FIELD, (*span, name.span), Vec::new()),
    };
    map.entries.iter().map(entry).collect()
}
