//! `max(list)`: the largest of a list, if it holds any.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "max",
    doc: "The largest of a list of numbers, days or instants; absent if the list is empty.",
    parameters: &[Parameter { name: "list", ty: "list of decimal", optional: false }],
    rule,
    evaluate,
    examples: &[("max([2.5, 1, 9])", "9")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    super::order::rule(arguments)
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::items_of(values, 0)
        .max_by(|left, right| super::order::compare(left, right))
        .cloned()
        .unwrap_or_default())
}
