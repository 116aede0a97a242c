//! `split(text, separator)`: the parts of a text.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "split",
    doc: "The parts of the text between the separators, empty ones too.",
    parameters: &[
        Parameter { name: "text", ty: "text", optional: false },
        Parameter { name: "separator", ty: "text", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("last(split('03-30-00', '-'))", "00"), ("count(split('a,,b', ','))", "3")],
};

fn rule(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let ty = signature::text(arguments, 0)?;
    signature::part(arguments, constants, 1)?;
    Ok(Type::list(ty.clone()))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let (text, separator) = (signature::text_of(values, 0), signature::text_of(values, 1));
    if separator.is_empty() {
        return Ok(Value::list(vec![text.into()]));
    }
    Ok(Value::list(text.split(separator).map(Value::from).collect()))
}
