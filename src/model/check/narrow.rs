//! What a `where` or `require` makes certain: after `require length(x) <= 8`, `x` has at
//! most eight characters.

use super::scope::Scope;
use crate::model::{Expr, ExprKind, LocalId};
use crate::syntax::Operator;
use crate::value::{Kind, Type, Value};
use std::sync::Arc;

/// Learns from a condition that holds from here on.
pub(super) fn learn(scope: &mut Scope, condition: &Expr) {
    let ExprKind::Binary(operator, left, right) = &condition.kind else { return };
    let (text, most) = match operator {
        Operator::And => {
            learn(scope, left);
            learn(scope, right);
            return;
        }
        Operator::LessOrEqual | Operator::Equal => (left, number(right)),
        Operator::Less => (left, number(right).and_then(|most| most.checked_sub(1))),
        Operator::GreaterOrEqual => (right, number(left)),
        Operator::Greater => (right, number(left).and_then(|most| most.checked_sub(1))),
        _ => return,
    };
    let ExprKind::Call(function, arguments) = &text.kind else { return };
    if let (true, Some((local, fields)), Some(most)) =
        (function.name == "length", arguments.first().and_then(place), most)
    {
        scope.bound(local, fields, most);
    }
}

/// The type of a path after what was learnt of it.
pub(super) fn narrowed(scope: &Scope, value: Expr) -> Expr {
    let Kind::Text { max } = value.ty.kind else { return value };
    let Some(most) = place(&value).and_then(|(local, fields)| scope.bound_of(local, &fields)) else { return value };
    let max = Some(max.map_or(most, |max| max.min(most)));
    Expr { ty: Type { kind: Kind::Text { max }, ..value.ty }, ..value }
}

/// The local and the fields of a plain path.
fn place(value: &Expr) -> Option<(LocalId, Vec<Arc<str>>)> {
    match &value.kind {
        ExprKind::Local(local) => Some((*local, Vec::new())),
        ExprKind::Field(base, name) => {
            let (local, mut fields) = place(base)?;
            fields.push(name.clone());
            Some((local, fields))
        }
        _ => None,
    }
}

fn number(value: &Expr) -> Option<u32> {
    match value.known() {
        Some(Value::Integer(number)) => u32::try_from(number).ok(),
        _ => None,
    }
}
