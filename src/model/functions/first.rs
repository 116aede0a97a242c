//! `first(list)`: the first of a list, if it holds any.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "first",
    doc: "The first item of a list; absent if the list is empty.",
    parameters: &[Parameter { name: "list", ty: "list", optional: false }],
    rule,
    evaluate,
    examples: &[("first(['a', 'b'])", "a")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    Ok(signature::list(arguments, 0)?.optional())
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::items_of(values, 0).next().cloned().unwrap_or_default())
}
