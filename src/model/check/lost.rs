//! What could not be read: nothing is concluded from its absence.

use crate::syntax::{self as ast, Clause, Item, Lost, Map, MapEntry};

/// Whether something of the name may be among what was lost.
pub(super) fn may_be(lost: &[Lost], keyword: &str, name: &str) -> bool {
    of(lost, keyword).any(|one| one.name.as_ref().is_none_or(|known| &*known.text == name))
}

/// Whether something that begins with the word may be among what was lost.
pub(super) fn any(lost: &[Lost], keyword: &str) -> bool {
    of(lost, keyword).next().is_some()
}

fn of<'l>(lost: &'l [Lost], keyword: &'l str) -> impl Iterator<Item = &'l Lost> {
    lost.iter().filter(move |one| one.keyword.as_deref().is_none_or(|word| word == keyword))
}

/// A clause that begins with no keyword: its first word is no name.
pub(super) fn nameless(lost: Lost) -> Lost {
    if lost.keyword.is_some() { lost } else { Lost { name: None, ..lost } }
}

/// Whether anything in the file was lost: then nothing is known to be unused.
pub(super) fn anywhere(file: &ast::File) -> bool {
    !file.lost.is_empty()
        || file.items.iter().any(|item| match item {
            Item::Pipeline(pipeline) => !pipeline.lost.is_empty(),
            Item::Connect(connect) => !connect.lost.is_empty(),
            Item::Lookup(lookup) => !lookup.lost.is_empty(),
            Item::Flow(flow) | Item::Extend(flow) => !flow.lost.is_empty() || flow.clauses.iter().any(in_clause),
            Item::Use(_) | Item::Later(_) => false,
        })
}

fn in_clause(clause: &Clause) -> bool {
    match clause {
        Clause::Map(map) => in_map(map),
        Clause::To(to) => !to.lost.is_empty(),
        _ => false,
    }
}

/// Also in what an `each` directly under a field holds.
fn in_map(map: &Map) -> bool {
    !map.lost.is_empty()
        || map.entries.iter().any(|entry| {
            let value = match entry {
                MapEntry::Let(entry) => &entry.value,
                MapEntry::Field { value, .. } => value,
            };
            matches!(&value.kind, ast::ExprKind::Each(each) if in_map(&each.body))
        })
}
