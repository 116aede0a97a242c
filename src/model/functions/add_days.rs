//! `add_days(date, n)`: so many days later.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "add_days",
    doc: "The day so many days later, or earlier if the number is negative.",
    parameters: &[
        Parameter { name: "date", ty: "date", optional: false },
        Parameter { name: "n", ty: "integer", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("add_days(2026-10-31, 30)", "2026-11-30"), ("add_days(2028-03-01, -1)", "2028-02-29")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::date(arguments, 0)?;
    signature::whole(arguments, 1)?;
    Ok(Type::new(Kind::Date))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let days = values.get(1).and_then(Value::as_integer).unwrap_or_default();
    Ok(signature::date_of(values, 0).map(|date| date.plus_days(days).into()).unwrap_or_default())
}
