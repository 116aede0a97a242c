//! `upper(text)`: a text in CAPITALS, never longer than it was.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "upper",
    doc: "The text in CAPITALS. A letter that would become several (ß) stays, so that the text keeps its length.",
    parameters: &[Parameter { name: "text", ty: "text", optional: false }],
    rule,
    evaluate,
    examples: &[("upper('tcc-0192')", "TCC-0192"), ("upper('Maß')", "MAß")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::text(arguments, 0).cloned()
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::text_of(values, 0).chars().map(upper_char).collect::<String>().into())
}

fn upper_char(letter: char) -> char {
    let mut mapped = letter.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => letter,
    }
}
