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
