//! `sum(list)`: the exact sum of a list of numbers.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Decimal, Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "sum",
    doc: "The exact sum of a list of numbers; zero for an empty list.",
    parameters: &[Parameter { name: "list", ty: "list of decimal", optional: false }],
    rule,
    evaluate,
    examples: &[("sum([1.10, 2.20, 3.30])", "6.60"), ("sum([1, 2])", "3")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let item = signature::list(arguments, 0)?;
    match item.kind {
        Kind::Integer | Kind::Decimal | Kind::Unknown => Ok(item.settled()),
        Kind::Record(_) => {
            Err(signature::refuse(0, "records cannot be added up", "name the field to add up: `sum(lines.amount)`"))
        }
        _ => Err(signature::refuse(
            0,
            format!("this is a list of {item}, where a list of numbers is wanted"),
            "name a list of numbers, such as `lines.amount`",
        )),
    }
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    exact(signature::items_of(values, 0))
}

/// The exact sum of numbers: whole if all of them are.
pub(super) fn exact<'a>(items: impl Iterator<Item = &'a Value>) -> Result<Value, OutOfRange> {
    let mut whole = Some(0_i64);
    let mut total = Decimal::ZERO;
    let mut decimals = false;
    for item in items {
        decimals |= item.as_integer().is_none();
        whole = whole.zip(item.as_integer()).and_then(|(sum, number)| sum.checked_add(number));
        total = item.as_decimal().and_then(|number| total.checked_add(number)).ok_or(OutOfRange)?;
    }
    if decimals { Ok(total.into()) } else { whole.map(Value::Integer).ok_or(OutOfRange) }
}
