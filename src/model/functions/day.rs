//! `day(date)`: the day of a month.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "day",
    doc: "The day of the month, from 1 to 31.",
    parameters: &[Parameter { name: "date", ty: "date", optional: false }],
    rule,
    evaluate,
    examples: &[("day(2026-10-31)", "31")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::date(arguments, 0)?;
    Ok(Type::new(Kind::Integer))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::date_of(values, 0).map(|date| i64::from(date.day()).into()).unwrap_or_default())
}
