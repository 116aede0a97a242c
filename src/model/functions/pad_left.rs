//! `pad_left(text, n, fill)`: a text filled up from the left.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "pad_left",
    doc: "The text with the fill character before it, so that it has at least n characters; a longer text stays as it is.",
    parameters: &[
        Parameter { name: "text", ty: "text", optional: false },
        Parameter { name: "n", ty: "integer", optional: false },
        Parameter { name: "fill", ty: "text", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("pad_left('417', 6, '0')", "000417"), ("pad_left('1234567', 6, '0')", "1234567")],
};

fn rule(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let ty = signature::text(arguments, 0)?;
    let least = signature::constant(arguments, constants, 1, 1..=1_000)?;
    let fill = signature::constant_text(arguments, constants, 2, "'0'")?;
    if let Some(fill) = fill.filter(|fill| fill.chars().count() != 1) {
        return Err(signature::refuse(2, format!("`{fill}` is not one character"), "write one character, such as '0'"));
    }
    let Some(least) = least else { return Ok(Type::unknown()) };
    let least = u32::try_from(least).unwrap_or(u32::MAX);
    Ok(match ty.kind {
        Kind::Text { max: Some(max) } => Type::text_of(max.max(least)),
        _ => ty.clone(),
    })
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let text = signature::text_of(values, 0);
    let missing = signature::count_of(values, 1).saturating_sub(text.chars().count());
    Ok(format!("{}{text}", signature::text_of(values, 2).repeat(missing)).into())
}
