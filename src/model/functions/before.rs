//! `before(text, part)`: what stands in front of a part of a text.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "before",
    doc: "What stands in front of the first occurrence of the part; absent if the text does not hold it: `before(code, '-') ?? code`.",
    parameters: &[
        Parameter { name: "text", ty: "text", optional: false },
        Parameter { name: "part", ty: "text", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("before('03-300', '-')", "03"), ("before('300', '-')", "")],
};

fn rule(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let ty = signature::text(arguments, 0)?;
    signature::part(arguments, constants, 1)?;
    Ok(ty.clone().optional())
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let parts = signature::text_of(values, 0).split_once(signature::text_of(values, 1));
    Ok(parts.map(|parts| parts.0.into()).unwrap_or_default())
}
