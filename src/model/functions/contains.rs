//! `contains(text, part)`: whether a text holds another.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "contains",
    doc: "Whether the text holds the part, capitals counting.",
    parameters: &[
        Parameter { name: "text", ty: "text", optional: false },
        Parameter { name: "part", ty: "text", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("contains('Net 30 days', '30')", "true"), ("contains('Net 30 days', 'net')", "false")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::text(arguments, 0)?;
    signature::text(arguments, 1)?;
    Ok(Type::new(Kind::Boolean))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::text_of(values, 0).contains(signature::text_of(values, 1)).into())
}
