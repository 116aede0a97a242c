//! Which fields an expression looks at, as far as it says so plainly. What goes through
//! `each`, `match` or a function of the file is not followed: nothing relies on these
//! names but the words that people read.

use crate::model::{Expr, ExprKind, LocalId, Step};
use std::sync::Arc;

/// The source record of a flow.
const SOURCE: LocalId = LocalId(0);

/// The fields of the source record that the `where`s of a flow look at, each once.
pub(super) fn of_wheres(steps: &[Step]) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    for step in steps {
        if let Step::Where { condition } = step {
            fields(condition, SOURCE, &mut names);
        }
    }
    names.sort();
    names.dedup();
    names
}

/// What one side of a key looks at, in words: `origin id`. `None` where that is not plain.
pub(super) fn in_words(expr: &Expr, record: LocalId) -> Option<String> {
    let mut names = Vec::new();
    fields(expr, record, &mut names);
    names.first().map(|name| name.replace('_', " "))
}

fn fields(expr: &Expr, record: LocalId, names: &mut Vec<Arc<str>>) {
    match &expr.kind {
        ExprKind::Field(base, name) => match &base.kind {
            ExprKind::Local(local) if *local == record => names.push(name.clone()),
            _ => fields(base, record, names),
        },
        ExprKind::Not(inner) => fields(inner, record, names),
        ExprKind::Binary(_, left, right) | ExprKind::Otherwise(left, right) => {
            fields(left, record, names);
            fields(right, record, names);
        }
        ExprKind::Call(_, items) | ExprKind::List(items) => items.iter().for_each(|item| fields(item, record, names)),
        _ => {}
    }
}
