//! `money(number)`: an amount as people write it.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "money",
    doc: "The amount as people write it: thousands apart, at least two digits after the point.",
    parameters: &[Parameter { name: "number", ty: "decimal", optional: false }],
    rule,
    evaluate,
    examples: &[("money(1234567.8)", "1,234,567.80"), ("money(9000)", "9,000.00")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::number(arguments, 0)?;
    Ok(Type::text_of(LONGEST))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(values.first().and_then(Value::as_decimal).unwrap_or_default().money().into())
}

/// A sign, 29 digits, nine separators, a point, and two digits that were filled up.
const LONGEST: u32 = 42;
