//! `end_of_month(date)`: the last day of a month.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "end_of_month",
    doc: "The last day of the day's month.",
    parameters: &[Parameter { name: "date", ty: "date", optional: false }],
    rule,
    evaluate,
    examples: &[("end_of_month(2028-02-03)", "2028-02-29")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::date(arguments, 0)?;
    Ok(Type::new(Kind::Date))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(signature::date_of(values, 0).map(|date| date.end_of_month().into()).unwrap_or_default())
}
