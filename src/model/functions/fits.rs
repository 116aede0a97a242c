//! `fits(text, n)`: a text that is short enough, or nothing.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "fits",
    doc: "The text if it has at most n characters, else absent. For codes that must not be cut: `let code = fits(vendor.origin_code, 8) else hold \"…\"`.",
    parameters: &[
        Parameter { name: "text", ty: "text", optional: false },
        Parameter { name: "n", ty: "integer", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("fits('S00417', 8)", "S00417"), ("fits('S00417-OLD', 8)", "")],
};

fn rule(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let ty = signature::text(arguments, 0)?;
    let most = signature::constant(arguments, constants, 1, 1..=100_000)?;
    Ok(most.map_or_else(Type::unknown, |most| signature::cut(ty, most).optional()))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let text = signature::text_of(values, 0);
    let most = signature::count_of(values, 1);
    Ok(if text.chars().count() <= most { Value::text(text) } else { Value::Null })
}
