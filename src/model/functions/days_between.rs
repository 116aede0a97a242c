//! `days_between(from, to)`: how many days lie between two.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "days_between",
    doc: "How many days it is from one day to the other; negative if the second is earlier.",
    parameters: &[
        Parameter { name: "from", ty: "date", optional: false },
        Parameter { name: "to", ty: "date", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("days_between(2026-10-31, 2026-11-30)", "30"), ("days_between(2026-10-31, 2026-10-30)", "-1")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::date(arguments, 0)?;
    signature::date(arguments, 1)?;
    Ok(Type::new(Kind::Integer))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let days = signature::date_of(values, 0).zip(signature::date_of(values, 1));
    Ok(days.map(|(from, to)| from.days_until(to).into()).unwrap_or_default())
}
