//! `text(value)`: any single value as text.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "text",
    doc: "A number, day, instant, length of time or truth value as text, with the digits that it carries.",
    parameters: &[Parameter { name: "value", ty: "any single value", optional: false }],
    rule,
    evaluate,
    examples: &[("text(12.50)", "12.50"), ("text(2026-10-31)", "2026-10-31"), ("text(true)", "true"), ("text(7)", "7")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let ty = signature::settled(arguments, 0)?;
    match ty.kind {
        Kind::List(_) => Err(signature::refuse(
            0,
            format!("this is a {ty}, not a single value"),
            "name one of the list, or put texts together with `join(…, ', ')`",
        )),
        Kind::Record(_) => {
            Err(signature::refuse(0, format!("this is a {ty}, not a single value"), "name one of its fields"))
        }
        Kind::Unknown => Ok(Type::unknown()),
        _ => Ok(Type::new(Kind::Text { max: longest(ty) })),
    }
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(values.first().map(Value::to_string).unwrap_or_default().into())
}

/// How many characters the text of a value of this type has at most; `None` when nothing bounds it.
pub fn longest(ty: &Type) -> Option<u32> {
    match ty.kind {
        Kind::Text { max } => max,
        Kind::Integer => Some(20),
        // A sign, a zero, a point and 28 digits; or a sign, 29 digits and a point.
        Kind::Decimal => Some(31),
        Kind::Boolean => Some(5),
        // Years before 0 and after 9999 carry a sign and six digits.
        Kind::Date => Some(13),
        Kind::DateTime => Some(33),
        Kind::Duration => Some(26),
        Kind::List(_) | Kind::Record(_) | Kind::Unknown => None,
    }
}
