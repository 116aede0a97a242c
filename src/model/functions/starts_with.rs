//! `starts_with(text, part)`: whether a text begins with another.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "starts_with",
    doc: "Whether the text begins with the part, capitals counting.",
    parameters: &[
        Parameter { name: "text", ty: "text", optional: false },
        Parameter { name: "part", ty: "text", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("starts_with('03-300', '03-')", "true"), ("starts_with('13-300', '03-')", "false")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::text(arguments, 0)?;
    signature::text(arguments, 1)?;
    Ok(Type::new(Kind::Boolean))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::text_of(values, 0).starts_with(signature::text_of(values, 1)).into())
}
