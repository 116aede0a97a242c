//! `ends_with(text, part)`: whether a text ends in another.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "ends_with",
    doc: "Whether the text ends in the part, capitals counting.",
    parameters: &[
        Parameter { name: "text", ty: "text", optional: false },
        Parameter { name: "part", ty: "text", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("ends_with('INV-7-R', '-R')", "true"), ("ends_with('INV-7', '-R')", "false")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::text(arguments, 0)?;
    signature::text(arguments, 1)?;
    Ok(Type::new(Kind::Boolean))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::text_of(values, 0).ends_with(signature::text_of(values, 1)).into())
}
