//! Which values have an order, and what it is.

use super::{ArgumentError, signature};
use crate::value::{Kind, Type, Value};
use std::cmp::Ordering;

/// The type rule of `min` and `max`.
pub(super) fn rule(arguments: &[Type]) -> Result<Type, ArgumentError> {
    let item = signature::list(arguments, 0)?;
    match item.kind {
        Kind::Integer | Kind::Decimal | Kind::Date | Kind::DateTime | Kind::Duration | Kind::Unknown => {
            Ok(item.optional())
        }
        _ => Err(signature::refuse(
            0,
            format!("this is a list of {item}, which has no smallest and largest"),
            "name a list of numbers, days or instants, such as `lines.amount`",
        )),
    }
}

/// The items' type of argument `at`, a list of values that can be told apart and put in order.
pub(super) fn single_values(arguments: &[Type], at: usize) -> Result<Type, ArgumentError> {
    let item = signature::list(arguments, at)?;
    if is_single(&item) || item.is_unknown() {
        return Ok(item.settled());
    }
    Err(signature::refuse(
        at,
        format!("this is a list of {item}, where a list of single values is wanted"),
        "name a list of texts, numbers, days or instants, such as `lines.gl_account`",
    ))
}

/// Whether values of a type are texts, numbers, truth values, days, instants or lengths of time.
pub(super) fn is_single(ty: &Type) -> bool {
    !matches!(ty.kind, Kind::List(_) | Kind::Record(_) | Kind::Unknown)
}

/// For each value, the index of the first that equals it. All are of one type.
pub(super) fn firsts(values: &[&Value]) -> Vec<usize> {
    let mut by_value: Vec<usize> = (0..values.len()).collect();
    by_value.sort_by(|left, right| compare(values[*left], values[*right]));
    let mut firsts = vec![0; values.len()];
    let mut first = None;
    for at in by_value {
        // The sort is stable, so equal values stand in their order.
        let same = first.filter(|first: &usize| compare(values[*first], values[at]) == Ordering::Equal);
        firsts[at] = *first.insert(same.unwrap_or(at));
    }
    firsts
}

/// The order of two values of one type; numbers go by amount. Values that have no order are equal.
pub fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::DateTime(left), Value::DateTime(right)) => left.cmp(right),
        (Value::Duration(left), Value::Duration(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Integer(left), Value::Integer(right)) => left.cmp(right),
        _ => left.as_decimal().zip(right.as_decimal()).map_or(Ordering::Equal, |(left, right)| left.cmp(&right)),
    }
}
