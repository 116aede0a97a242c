//! What the type rules of the functions share: which types fit, and the sentences for
//! those that do not. An argument of unknown type fits everywhere.

use super::ArgumentError;
use crate::value::{Date, Kind, Type, Value};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// No text that a function makes is longer, in bytes: lets of lets could else grow without bound.
pub const LONGEST_TEXT: usize = 1 << 20;

/// The type of argument `at`, which must be settled.
pub(super) fn settled(arguments: &[Type], at: usize) -> Result<&Type, ArgumentError> {
    let Some(ty) = arguments.get(at) else {
        return Err(refuse(at, "an argument is missing here", "give every argument that has no default"));
    };
    if ty.optional && !ty.is_unknown() {
        return Err(refuse(
            at,
            format!("this can be absent (it is `{ty}`)"),
            "settle it first: write `?? …` after it, or take it out with `let … = … else hold \"…\"`",
        ));
    }
    Ok(ty)
}

/// Argument `at` as a text.
pub(super) fn text(arguments: &[Type], at: usize) -> Result<&Type, ArgumentError> {
    let ty = settled(arguments, at)?;
    if ty.is_text() || ty.is_unknown() {
        return Ok(ty);
    }
    let hint = match ty.kind {
        Kind::List(_) => "name one of the list (`[0]`, `first(…)`), or put its texts together with `join(…, ', ')`",
        Kind::Record(_) => "name one of its fields",
        _ => "write `text(…)` around it",
    };
    Err(refuse(at, format!("this is a {ty}, where a text is wanted"), hint))
}

/// Argument `at` as an integer or a decimal.
pub(super) fn number(arguments: &[Type], at: usize) -> Result<&Type, ArgumentError> {
    let ty = settled(arguments, at)?;
    if ty.is_number() || ty.is_unknown() {
        return Ok(ty);
    }
    let hint = match ty.kind {
        Kind::List(_) => "name one of the list (`[0]`, `first(… ) ?? 0`), or add it up with `sum(…)`",
        Kind::Record(_) => "name one of its fields",
        _ => "give an integer or a decimal",
    };
    Err(refuse(at, format!("this is a {ty}, where a number is wanted"), hint))
}

/// Argument `at` as a whole number.
pub(super) fn whole(arguments: &[Type], at: usize) -> Result<(), ArgumentError> {
    let ty = settled(arguments, at)?;
    match ty.kind {
        Kind::Integer | Kind::Unknown => Ok(()),
        Kind::Decimal => Err(refuse(at, "this is a decimal, where a whole number is wanted", "give an integer")),
        _ => Err(refuse(at, format!("this is a {ty}, where a whole number is wanted"), "give an integer")),
    }
}

/// Argument `at` as a day.
pub(super) fn date(arguments: &[Type], at: usize) -> Result<(), ArgumentError> {
    let ty = settled(arguments, at)?;
    match ty.kind {
        Kind::Date | Kind::Unknown => Ok(()),
        Kind::DateTime => Err(refuse(at, "this is an instant, where a day is wanted", "write `date(…)` around it")),
        Kind::Text { .. } => {
            Err(refuse(at, "this is a text, where a day is wanted", "read it first: `parse_date(…, 'YYYY-MM-DD')`"))
        }
        _ => Err(refuse(at, format!("this is a {ty}, where a day is wanted"), "give a date")),
    }
}

/// Argument `at` as a text that a number is read from.
pub(super) fn number_text(arguments: &[Type], at: usize) -> Result<(), ArgumentError> {
    let ty = settled(arguments, at)?;
    if ty.is_number() {
        return Err(refuse(at, format!("this is a number already (it is `{ty}`)"), "leave out the call"));
    }
    text(arguments, at).map(|_| ())
}

/// Argument `at` as a text to look for: not empty where it stands in the pipeline.
pub(super) fn part(arguments: &[Type], constants: &[Option<Value>], at: usize) -> Result<(), ArgumentError> {
    text(arguments, at)?;
    let known = constants.get(at).and_then(Option::as_ref).and_then(Value::as_text);
    if known == Some("") {
        return Err(refuse(at, "there is nothing to look for in an empty text", "write the text to look for"));
    }
    Ok(())
}

/// Argument `at` as a text that stands in the pipeline itself; `None` where it could not be typed.
pub(super) fn constant_text(
    arguments: &[Type],
    constants: &[Option<Value>],
    at: usize,
    example: &str,
) -> Result<Option<Arc<str>>, ArgumentError> {
    if text(arguments, at)?.is_unknown() {
        return Ok(None);
    }
    match constants.get(at).and_then(Option::as_ref).and_then(Value::as_text) {
        Some(text) => Ok(Some(text.into())),
        None => Err(refuse(
            at,
            "this must be a text that stands here",
            format!("write the text itself, such as {example}: what the result is depends on it"),
        )),
    }
}

/// The items' type of argument `at`, a list.
pub(super) fn list(arguments: &[Type], at: usize) -> Result<Type, ArgumentError> {
    let ty = settled(arguments, at)?;
    match &ty.kind {
        Kind::List(item) => Ok((**item).clone()),
        Kind::Unknown => Ok(Type::unknown()),
        _ => Err(refuse(
            at,
            format!("this is a {ty}, where a list is wanted"),
            "give a list, such as `invoice.items` or `lines.amount`",
        )),
    }
}

/// Argument `at` as a whole number that stands in the pipeline itself; `None` where it could not be typed.
pub(super) fn constant(
    arguments: &[Type],
    constants: &[Option<Value>],
    at: usize,
    range: RangeInclusive<i64>,
) -> Result<Option<i64>, ArgumentError> {
    let ty = settled(arguments, at)?;
    if ty.is_unknown() {
        return Ok(None);
    }
    let number = constants.get(at).and_then(Option::as_ref).and_then(Value::as_integer);
    let (least, most) = (range.start(), range.end());
    match number {
        Some(number) if range.contains(&number) => Ok(Some(number)),
        Some(number) => Err(refuse(
            at,
            format!("{number} is outside {least} to {most}"),
            format!("write a whole number from {least} to {most}"),
        )),
        None => Err(refuse(
            at,
            "this must be a whole number that stands here",
            format!("write the number itself, from {least} to {most}: the length of the result is decided by it"),
        )),
    }
}

/// The type of a text that is cut to `most` characters.
pub(super) fn cut(ty: &Type, most: i64) -> Type {
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    match ty.kind {
        Kind::Text { max: Some(max) } => Type::text_of(max.min(most)),
        _ => Type::text_of(most),
    }
}

pub(super) fn refuse(argument: usize, message: impl Into<String>, hint: impl Into<String>) -> ArgumentError {
    ArgumentError { argument, message: message.into(), hint: hint.into() }
}

/// The text of an argument that passed [`text`].
pub(super) fn text_of(values: &[Value], at: usize) -> &str {
    values.get(at).and_then(Value::as_text).unwrap_or("")
}

/// The items of an argument that passed [`list`]; absent ones are left out.
pub(super) fn items_of(values: &[Value], at: usize) -> impl Iterator<Item = &Value> {
    values.get(at).and_then(Value::as_list).unwrap_or(&[]).iter().filter(|item| !item.is_null())
}

/// The number of an argument that passed [`constant`].
pub(super) fn count_of(values: &[Value], at: usize) -> usize {
    values.get(at).and_then(Value::as_integer).and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
}

/// The day of an argument that passed [`date`].
pub(super) fn date_of(values: &[Value], at: usize) -> Option<Date> {
    match values.get(at) {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    }
}
