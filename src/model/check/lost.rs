//! What could not be read: nothing is concluded from its absence.

use crate::syntax::{self as ast, Clause, ExprKind, Item, Lost, Map, MapEntry};

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
            Item::Function(function) => in_expr(&function.body),
            Item::Constant(constant) => in_expr(&constant.value),
            Item::Vars(vars) => !vars.lost.is_empty(),
            Item::Notify(notify) => !notify.lost.is_empty(),
            Item::Flow(flow) | Item::Extend(flow) => !flow.lost.is_empty() || flow.clauses.iter().any(in_clause),
            Item::Test(_) | Item::Use(_) => false,
        })
}

fn in_clause(clause: &Clause) -> bool {
    match clause {
        Clause::Map(map) => in_map(map),
        Clause::Let(entry) => in_expr(&entry.value),
        Clause::To(to) => !to.lost.is_empty(),
        _ => false,
    }
}

/// Also in what a value holds.
fn in_map(map: &Map) -> bool {
    !map.lost.is_empty()
        || map.entries.iter().any(|entry| match entry {
            MapEntry::Let(entry) => in_expr(&entry.value),
            MapEntry::Field { value, .. } => in_expr(value),
        })
}

/// In the blocks of a value.
fn in_expr(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Each(each) => in_map(&each.body) || in_expr(&each.list),
        ExprKind::Record(body) => in_map(body),
        ExprKind::List(items) => items.iter().any(in_expr),
        ExprKind::Binary { left, right, .. } => in_expr(left) || in_expr(right),
        ExprKind::If(choice) => in_expr(&choice.then) || choice.otherwise.as_ref().is_some_and(in_expr),
        ExprKind::Match(cases) => cases.arms.iter().any(|arm| in_expr(&arm.value)),
        ExprKind::Call { arguments, .. } => arguments.iter().any(in_expr),
        ExprKind::Pipe { value, arguments, .. } => in_expr(value) || arguments.iter().any(in_expr),
        _ => false,
    }
}
