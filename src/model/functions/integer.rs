//! `integer(text)`: the whole number that a text holds.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "integer",
    doc: "The whole number that the text holds; absent if it holds anything but digits and a sign before them, or more than fit.",
    parameters: &[Parameter { name: "text", ty: "text", optional: false }],
    rule,
    evaluate,
    examples: &[("integer('0042')", "42"), ("integer('42.0')", ""), ("integer('No. 42')", "")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::number_text(arguments, 0)?;
    Ok(Type::new(Kind::Integer).optional())
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    // Rust reads exactly this: a sign, digits, nothing else.
    Ok(signature::text_of(values, 0).trim().parse::<i64>().map(Value::from).unwrap_or_default())
}
