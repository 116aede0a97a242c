//! `to_cent(number)`: an amount to the cent.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "to_cent",
    doc: "The amount to the cent, half a cent away from zero: `round(number, 2)`.",
    parameters: &[Parameter { name: "number", ty: "decimal", optional: false }],
    rule,
    evaluate,
    examples: &[("to_cent(10.005)", "10.01"), ("to_cent(-10.005)", "-10.01"), ("to_cent(7)", "7")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::number(arguments, 0)?;
    Ok(Type::new(Kind::Decimal))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(values.first().and_then(Value::as_decimal).unwrap_or_default().rounded(2).into())
}
