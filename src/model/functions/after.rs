//! `after(text, part)`: what stands behind a part of a text.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "after",
    doc: "What stands behind the first occurrence of the part; absent if the text does not hold it: `after(code, '-') ?? code`.",
    parameters: &[
        Parameter { name: "text", ty: "text", optional: false },
        Parameter { name: "part", ty: "text", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("after('03-300-A', '-')", "300-A"), ("after('300', '-')", "")],
};

fn rule(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let ty = signature::text(arguments, 0)?;
    signature::part(arguments, constants, 1)?;
    Ok(ty.clone().optional())
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let parts = signature::text_of(values, 0).split_once(signature::text_of(values, 1));
    Ok(parts.map(|parts| parts.1.into()).unwrap_or_default())
}
