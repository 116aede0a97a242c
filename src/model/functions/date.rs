//! `date(instant)`: the calendar day of an instant.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "date",
    doc: "The calendar day of an instant, in UTC.",
    parameters: &[Parameter { name: "instant", ty: "datetime", optional: false }],
    rule,
    evaluate,
    examples: &[],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let ty = signature::settled(arguments, 0)?;
    match ty.kind {
        Kind::DateTime | Kind::Unknown => Ok(Type::new(Kind::Date)),
        Kind::Date => Err(signature::refuse(0, "this is a day already", "leave out `date(…)`")),
        _ => Err(signature::refuse(0, format!("this is a {ty}, where a datetime is wanted"), "give a datetime field")),
    }
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(match values.first() {
        Some(Value::DateTime(instant)) => instant.date().into(),
        _ => Value::Null,
    })
}
