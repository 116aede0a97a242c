//! `replace(text, from, to)`: every occurrence of one text by another.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "replace",
    doc: "The text with every occurrence of `from` replaced by `to`.",
    parameters: &[
        Parameter { name: "text", ty: "text", optional: false },
        Parameter { name: "from", ty: "text", optional: false },
        Parameter { name: "to", ty: "text", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("replace('03-300', '-', '')", "03300"), ("replace('a/b/c', '/', ' ')", "a b c")],
};

fn rule(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let ty = signature::text(arguments, 0)?;
    signature::text(arguments, 1)?;
    signature::text(arguments, 2)?;
    let length = |at: usize| {
        constants.get(at).and_then(Option::as_ref).and_then(Value::as_text).map(|text| text.chars().count())
    };
    if length(1) == Some(0) {
        return Err(signature::refuse(1, "there is nothing to look for in an empty text", "write the text to replace"));
    }
    let grows = !matches!((length(1), length(2)), (Some(from), Some(to)) if to <= from);
    Ok(if grows && ty.is_text() { Type::text() } else { ty.clone() })
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let (text, from, to) =
        (signature::text_of(values, 0), signature::text_of(values, 1), signature::text_of(values, 2));
    if from.is_empty() {
        return Ok(text.into());
    }
    let grown = text.matches(from).count().saturating_mul(to.len().saturating_sub(from.len()));
    if grown.saturating_add(text.len()) > signature::LONGEST_TEXT {
        return Err(OutOfRange);
    }
    Ok(text.replace(from, to).into())
}
