//! `trim(text)`: a text without white space at its ends.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "trim",
    doc: "The text without white space at its beginning and end.",
    parameters: &[Parameter { name: "text", ty: "text", optional: false }],
    rule,
    evaluate,
    examples: &[("trim('  a b ')", "a b")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::text(arguments, 0).cloned()
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::text_of(values, 0).trim().into())
}
