//! `format_date(date, pattern)`: a day as another system writes it.

use super::day_pattern::DayPattern;
use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "format_date",
    doc: "The day as text. The pattern is made of `YYYY` or `YY`, `MM` or `MMM` (Jan), `DD`, and signs between them.",
    parameters: &[
        Parameter { name: "date", ty: "date", optional: false },
        Parameter { name: "pattern", ty: "text", optional: false },
    ],
    rule,
    evaluate,
    examples: &[
        ("format_date(2026-10-03, 'MM/DD/YYYY')", "10/03/2026"),
        ("format_date(2026-10-03, 'DD-MMM-YY')", "03-Oct-26"),
        ("format_date(2026-10-03, 'YYYYMM')", "202610"),
    ],
};

fn rule(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::date(arguments, 0)?;
    let Some(text) = signature::constant_text(arguments, constants, 1, "'MM/DD/YYYY'")? else {
        return Ok(Type::unknown());
    };
    let pattern = DayPattern::parse(&text).map_err(|wrong| wrong.at(1))?;
    Ok(Type::text_of(pattern.longest()))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let pattern = DayPattern::parse(signature::text_of(values, 1)).ok();
    Ok(signature::date_of(values, 0).zip(pattern).map(|(date, pattern)| pattern.write(date).into()).unwrap_or_default())
}
