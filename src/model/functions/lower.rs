//! `lower(text)`: a text in small letters, never longer than it was.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "lower",
    doc: "The text in small letters. A letter that would become several (ß) stays, so that the text keeps its length.",
    parameters: &[Parameter { name: "text", ty: "text", optional: false }],
    rule,
    evaluate,
    examples: &[("lower('TCC-0192')", "tcc-0192"), ("lower('ÄRGER')", "ärger")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::text(arguments, 0).cloned()
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::text_of(values, 0).chars().map(lower_char).collect::<String>().into())
}

fn lower_char(letter: char) -> char {
    let mut mapped = letter.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => letter,
    }
}
