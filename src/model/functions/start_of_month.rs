//! `start_of_month(date)`: the first day of a month.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "start_of_month",
    doc: "The first day of the day's month.",
    parameters: &[Parameter { name: "date", ty: "date", optional: false }],
    rule,
    evaluate,
    examples: &[("start_of_month(2026-10-31)", "2026-10-01")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::date(arguments, 0)?;
    Ok(Type::new(Kind::Date))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::date_of(values, 0).map(|date| date.start_of_month().into()).unwrap_or_default())
}
