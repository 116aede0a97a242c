//! `round_half_even(number, places)`: rounded half to the even neighbour.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "round_half_even",
    doc: "The number rounded half to the even neighbour, as banks do over many amounts, to so many digits after the point (2 unless given).",
    parameters: &[
        Parameter { name: "number", ty: "decimal", optional: false },
        Parameter { name: "places", ty: "integer", optional: true },
    ],
    rule,
    evaluate,
    examples: &[
        ("round_half_even(2.345)", "2.34"),
        ("round_half_even(2.355)", "2.36"),
        ("round_half_even(-2.5, 0)", "-2"),
    ],
};

fn rule(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::number(arguments, 0)?;
    if arguments.len() > 1 {
        signature::constant(arguments, constants, 1, 0..=10)?;
    }
    Ok(Type::new(Kind::Decimal))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let places = values.get(1).and_then(Value::as_integer).and_then(|places| u32::try_from(places).ok()).unwrap_or(2);
    Ok(values.first().and_then(Value::as_decimal).unwrap_or_default().rounded_half_even(places).into())
}
