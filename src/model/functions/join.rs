//! `join(list, separator)`: the texts of a list, one after the other.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "join",
    doc: "The texts of a list, one after the other, with the separator between them.",
    parameters: &[
        Parameter { name: "list", ty: "list of text", optional: false },
        Parameter { name: "separator", ty: "text", optional: false },
    ],
    rule,
    evaluate,
    examples: &[("join(['a', 'b', 'c'], ', ')", "a, b, c")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let item = signature::list(arguments, 0)?;
    signature::text(arguments, 1)?;
    if item.is_text() || item.is_unknown() {
        return Ok(Type::text());
    }
    Err(signature::refuse(
        0,
        format!("this is a list of {item}, where a list of text is wanted"),
        "name a list of texts, such as `lines.description`",
    ))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let separator = signature::text_of(values, 1);
    let mut joined = String::new();
    for (index, item) in signature::items_of(values, 0).enumerate() {
        if index > 0 {
            joined.push_str(separator);
        }
        joined.push_str(item.as_text().unwrap_or(""));
        if joined.len() > signature::LONGEST_TEXT {
            return Err(OutOfRange);
        }
    }
    Ok(joined.into())
}
