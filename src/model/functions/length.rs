//! `length(value)`: the characters of a text, the items of a list.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "length",
    doc: "How many characters a text has, or how many items a list.",
    parameters: &[Parameter { name: "value", ty: "text or list", optional: false }],
    rule,
    evaluate,
    examples: &[("length('Maß')", "3"), ("length([1, 2, 3])", "3")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let ty = signature::settled(arguments, 0)?;
    match ty.kind {
        Kind::Text { .. } | Kind::List(_) | Kind::Unknown => Ok(Type::new(Kind::Integer)),
        _ => Err(signature::refuse(
            0,
            format!("a {ty} has no length"),
            "give a text or a list; `length(text(…))` counts the characters of anything else",
        )),
    }
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let length = match values.first() {
        Some(Value::List(_)) => signature::items_of(values, 0).count(),
        _ => signature::text_of(values, 0).chars().count(),
    };
    Ok(Value::Integer(i64::try_from(length).unwrap_or(i64::MAX)))
}
