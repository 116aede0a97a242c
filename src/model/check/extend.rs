//! `extend flow`: what a customer's file says differently of a flow that stands elsewhere.
//!
//! Takes a tree with `extend` items and hands on one without them, in which each flow
//! reads as if it had been written so in the first place: map fields and settings of
//! `to` are replaced or added, lets, requires and natural keys too. Findings inside of an extension
//! carry the place of the flow that it extends.

use super::{Checker, lost};
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::syntax::{self as ast, Clause, Flow, Item, Map, MapEntry, Name, Rule, To};
use std::sync::Arc;

/// An extension that was taken into its flow.
pub(super) struct Extended {
    /// Of the `extend` block.
    pub span: Span,
    /// The name of the flow, where it stands.
    pub original: Span,
}

impl Checker<'_> {
    /// The file with its extensions carried out, in the order in which they stand.
    pub(super) fn extend_flows(&mut self, mut file: ast::File) -> ast::File {
        let items = std::mem::take(&mut file.items);
        let (extensions, mut items): (Vec<Item>, Vec<Item>) =
            items.into_iter().partition(|item| matches!(item, Item::Extend(_)));
        for extension in extensions {
            let Item::Extend(extension) = extension else { continue };
            let flow = items.iter_mut().find_map(|item| match item {
                Item::Flow(flow) if flow.name.text == extension.name.text => Some(flow),
                _ => None,
            });
            match flow {
                Some(flow) => self.extend(flow, extension),
                None if lost::may_be(&file.lost, "flow", &extension.name.text) => {}
                None => {
                    let names = names(&items);
                    self.no_flow(&extension.name, &names);
                }
            }
        }
        file.items = items;
        file
    }

    /// Says that there is no flow of this name.
    pub(super) fn no_flow(&mut self, name: &Name, flows: &[Arc<str>]) {
        if let Some(left_out) = self.left_out.iter().find(|left_out| left_out.text == name.text) {
            let place = left_out.span;
            return self.left_out_flow(name, place);
        }
        let hint = match nearest(&name.text, flows.iter().map(|flow| &**flow)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if flows.is_empty() => "bring in the file that declares it: `use \"flows.mlc\"`".to_owned(),
            None if flows.len() == 1 => format!("the only one is `{}`", flows[0]),
            None => format!("there are {}", super::listed(flows.iter().map(|flow| &**flow), 12)),
        };
        self.report(
            Diagnostic::error(&codes::UNKNOWN_FLOW, name.span, format!("there is no flow `{}`", name.text))
                .label("not known")
                .hint(hint),
        );
    }

    fn left_out_flow(&mut self, name: &Name, place: Span) {
        self.report(
            Diagnostic::error(&codes::UNKNOWN_FLOW, name.span, format!("the flow `{}` was left out", name.text))
                .label("needed here")
                .related(place, "left out here")
                .hint(format!("take `{0}` out of the `without`, or write a flow `{0}` of your own", name.text)),
        );
    }

    fn extend(&mut self, flow: &mut Flow, extension: Flow) {
        self.extended.push(Extended { span: extension.span, original: flow.name.span });
        flow.lost.extend(extension.lost);
        // Where the last clause went that was added: those after it may need it.
        let mut added = 0;
        for clause in extension.clauses {
            match clause {
                Clause::Map(map) => match find(flow, |clause| matches!(clause, Clause::Map(_))) {
                    Some(Clause::Map(original)) => extend_map(original, map),
                    _ => flow.clauses.push(Clause::Map(map)),
                },
                Clause::To(to) => match find(flow, |clause| matches!(clause, Clause::To(_))) {
                    Some(Clause::To(original)) => self.extend_to(original, to),
                    _ => flow.clauses.push(Clause::To(to)),
                },
                Clause::Let(ast::Let { ref name, .. }) if sets(flow, &name.text).is_some() => {
                    if let Some(known) = sets(flow, &name.text).and_then(|at| flow.clauses.get_mut(at)) {
                        *known = clause;
                    }
                }
                Clause::Let(_) | Clause::Where { .. } => {
                    let at = self.earliest(flow, &clause).max(added);
                    flow.clauses.insert(at, clause);
                    added = at + 1;
                }
                Clause::Match(matching) => match find(flow, |clause| matches!(clause, Clause::Match(_))) {
                    Some(Clause::Match(original)) => *original = matching,
                    _ => {
                        let at =
                            flow.clauses.iter().position(|clause| matches!(clause, Clause::Map(_) | Clause::To(_)));
                        flow.clauses.insert(at.unwrap_or(flow.clauses.len()), Clause::Match(matching));
                    }
                },
                Clause::Require(_) => {
                    let at = flow.clauses.iter().position(|clause| matches!(clause, Clause::To(_)));
                    flow.clauses.insert(at.unwrap_or(flow.clauses.len()), clause);
                }
                Clause::Run { .. } | Clause::Reconcile(_) => {
                    let same = |other: &Clause| std::mem::discriminant(other) == std::mem::discriminant(&clause);
                    flow.clauses.retain(|other| !same(other));
                    flow.clauses.push(clause);
                }
                Clause::From(_) => self.not_extended(clause.span(), flow.name.span),
            }
        }
    }

    /// Where a clause can stand at the earliest: below the `from` and `where`s of the flow,
    /// and below what it speaks of.
    fn earliest(&self, flow: &Flow, clause: &Clause) -> usize {
        let text = self.text(clause.span());
        let words: Vec<&str> = text.split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_')).collect();
        let is_before = |other: &Clause| match other {
            Clause::From(_) | Clause::Where { .. } => true,
            Clause::Let(entry) => words.contains(&&*entry.name.text),
            Clause::Match(matching) => words.contains(&&*matching.alias.text),
            _ => false,
        };
        flow.clauses.iter().rposition(is_before).map_or(0, |at| at + 1)
    }

    fn extend_to(&mut self, original: &mut To, to: To) {
        let (theirs, ours) = (&original.resource, &to.resource);
        if (&theirs.connection.text, &theirs.resource.text) != (&ours.connection.text, &ours.resource.text) {
            let theirs = format!("{}.{}", theirs.connection.text, theirs.resource.text);
            self.report(
                Diagnostic::error(&codes::EXTENSION, ours.span(), "an extension cannot change where records go")
                    .label("another target")
                    .related(original.resource.span(), "the flow writes here")
                    .hint(format!("write `to {theirs} {{ … }}`; for another target make a flow of your own")),
            );
            return;
        }
        for rule in to.rules {
            let same = |other: &Rule| std::mem::discriminant(other) == std::mem::discriminant(&rule);
            match original.rules.iter_mut().find(|other| same(other) && !within(other.span(), to.span)) {
                Some(other) => *other = rule,
                None => original.rules.push(rule),
            }
        }
        original.lost.extend(to.lost);
    }

    fn not_extended(&mut self, place: Span, original: Span) {
        self.report(
            Diagnostic::error(&codes::EXTENSION, place, "an extension cannot change where records come from")
                .label("not in an extension")
                .related(original, "the flow stands here")
                .hint("an extension holds `where`, `let`, `match`, `map`, `require`, `to`, `run` and `reconcile`; else make a flow of your own"),
        );
    }
}

/// Adds the place of the original to what is said inside of an extension.
pub(super) fn point_back(found: &mut [Diagnostic], extended: &[Extended]) {
    for diagnostic in found {
        let place = diagnostic.label.span;
        if let Some(extension) = extended.iter().find(|extension| within(place, extension.span))
            && diagnostic.related.iter().all(|label| label.span != extension.original)
        {
            diagnostic
                .related
                .push(crate::diag::Label { span: extension.original, text: "the flow that is extended".to_owned() });
        }
    }
}

fn within(inner: Span, outer: Span) -> bool {
    inner.source == outer.source && outer.start <= inner.start && inner.end <= outer.end
}

fn names(items: &[Item]) -> Vec<Arc<str>> {
    let name = |item: &Item| match item {
        Item::Flow(flow) => Some(flow.name.text.clone()),
        _ => None,
    };
    items.iter().filter_map(name).collect()
}

fn find(flow: &mut Flow, wanted: impl Fn(&Clause) -> bool) -> Option<&mut Clause> {
    flow.clauses.iter_mut().find(|clause| wanted(clause))
}

/// A field that the map has is replaced where it stands; another is added at the end.
fn extend_map(original: &mut Map, map: Map) {
    original.lost.extend(map.lost);
    for entry in map.entries {
        let place =
            original.entries.iter_mut().find(|other| same_entry(other, &entry) && !within(span(other), map.span));
        match place {
            Some(other) => *other = entry,
            None => original.entries.push(entry),
        }
    }
}

fn same_entry(one: &MapEntry, other: &MapEntry) -> bool {
    match (one, other) {
        (MapEntry::Field { name: one, .. }, MapEntry::Field { name: other, .. }) => one.text == other.text,
        (MapEntry::Let(one), MapEntry::Let(other)) => one.name.text == other.name.text,
        _ => false,
    }
}

fn span(entry: &MapEntry) -> Span {
    match entry {
        MapEntry::Let(entry) => entry.span,
        MapEntry::Field { span, .. } => *span,
    }
}

/// Which clause of the flow is the `let` of this name.
fn sets(flow: &Flow, name: &str) -> Option<usize> {
    flow.clauses.iter().position(|clause| matches!(clause, Clause::Let(entry) if *entry.name.text == *name))
}
