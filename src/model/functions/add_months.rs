//! `add_months(date, n)`: the same day so many months later.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "add_months",
    doc: "The same day so many months later, or earlier if the number is negative; the last day of the month where it has no such day.",
    parameters: &[
        Parameter { name: "date", ty: "date", optional: false },
        Parameter { name: "n", ty: "integer", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("add_months(2026-10-31, 1)", "2026-11-30"), ("add_months(2026-10-15, -12)", "2025-10-15")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::date(arguments, 0)?;
    signature::whole(arguments, 1)?;
    Ok(Type::new(Kind::Date))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let months = values.get(1).and_then(Value::as_integer).unwrap_or_default();
    Ok(signature::date_of(values, 0).map(|date| date.plus_months(months).into()).unwrap_or_default())
}
