//! `count(list)`: how many a list holds.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "count",
    doc: "How many items the list holds.",
    parameters: &[Parameter { name: "list", ty: "list", optional: false }],
    rule,
    evaluate,
    examples: &[("count(['a', 'b'])", "2")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::list(arguments, 0)?;
    Ok(Type::new(Kind::Integer))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(Value::Integer(i64::try_from(signature::items_of(values, 0).count()).unwrap_or(i64::MAX)))
}
