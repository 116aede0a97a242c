//! `year(date)`: the year of a day.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "year",
    doc: "The year of the day.",
    parameters: &[Parameter { name: "date", ty: "date", optional: false }],
    rule,
    evaluate,
    examples: &[("year(2026-10-31)", "2026")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::date(arguments, 0)?;
    Ok(Type::new(Kind::Integer))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::date_of(values, 0).map(|date| i64::from(date.year()).into()).unwrap_or_default())
}
