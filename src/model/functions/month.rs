//! `month(date)`: the month of a day.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "month",
    doc: "The month of the day, from 1 to 12.",
    parameters: &[Parameter { name: "date", ty: "date", optional: false }],
    rule,
    evaluate,
    examples: &[("month(2026-10-31)", "10")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::date(arguments, 0)?;
    Ok(Type::new(Kind::Integer))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::date_of(values, 0).map(|date| i64::from(date.month()).into()).unwrap_or_default())
}
