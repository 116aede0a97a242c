//! `take(text, n)`: the first characters of a text.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "take",
    doc: "The first n characters of a text; a shorter text stays as it is. For descriptions, never for keys: two texts can become one.",
    parameters: &[
        Parameter { name: "text", ty: "text", optional: false },
        Parameter { name: "n", ty: "integer", optional: false },
    ],
    rule,
    evaluate,
    examples: &[
        ("take('Progress billing', 8)", "Progress"),
        ("take('Übermaß', 2)", "Üb"),
        ("take('short', 40)", "short"),
    ],
};

fn rule(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let ty = signature::text(arguments, 0)?;
    let most = signature::constant(arguments, constants, 1, 1..=100_000)?;
    Ok(most.map_or_else(Type::unknown, |most| signature::cut(ty, most)))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let text = signature::text_of(values, 0);
    Ok(text.chars().take(signature::count_of(values, 1)).collect::<String>().into())
}
