//! `min(list)`: the smallest of a list, if it holds any.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "min",
    doc: "The smallest of a list of numbers, days or instants; absent if the list is empty.",
    parameters: &[Parameter { name: "list", ty: "list of decimal", optional: false }],
    rule,
    evaluate,
    examples: &[("min([2.5, 1, 9])", "1"), ("min([2026-10-31, 2026-01-31])", "2026-01-31")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    super::order::rule(arguments)
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::items_of(values, 0)
        .min_by(|left, right| super::order::compare(left, right))
        .cloned()
        .unwrap_or_default())
}
