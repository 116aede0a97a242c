//! `parse_date(text, pattern)`: a day out of the text of another system.

use super::day_pattern::DayPattern;
use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "parse_date",
    doc: "The day that the text names, absent if it does not follow the pattern or there is no such day. The pattern is made of `YYYY`, `MM` or `MMM` (Jan), `DD`, and signs between them.",
    parameters: &[
        Parameter { name: "text", ty: "text", optional: false },
        Parameter { name: "pattern", ty: "text", optional: false },
    ],
    rule,
    evaluate,
    examples: &[
        ("parse_date('10/03/2026', 'MM/DD/YYYY')", "2026-10-03"),
        ("parse_date('20261003', 'YYYYMMDD')", "2026-10-03"),
        ("parse_date('2026-02-30', 'YYYY-MM-DD')", ""),
    ],
};

fn rule(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::text(arguments, 0)?;
    if let Some(text) = signature::constant_text(arguments, constants, 1, "'MM/DD/YYYY'")? {
        DayPattern::parse(&text).and_then(|pattern| pattern.names_a_day()).map_err(|wrong| wrong.at(1))?;
    }
    Ok(Type::new(Kind::Date).optional())
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let pattern = DayPattern::parse(signature::text_of(values, 1)).ok();
    let date = pattern.and_then(|pattern| pattern.read(signature::text_of(values, 0).trim()));
    Ok(date.map(Value::from).unwrap_or_default())
}
