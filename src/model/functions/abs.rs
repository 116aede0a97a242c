//! `abs(number)`: a number without its sign.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "abs",
    doc: "The number without its sign.",
    parameters: &[Parameter { name: "number", ty: "decimal", optional: false }],
    rule,
    evaluate,
    examples: &[("abs(-12.50)", "12.50"), ("abs(3)", "3")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::number(arguments, 0).cloned()
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    match values.first() {
        Some(Value::Integer(number)) => number.checked_abs().map(Value::Integer).ok_or(OutOfRange),
        Some(Value::Decimal(number)) => Ok(number.abs().into()),
        _ => Ok(Value::Null),
    }
}
