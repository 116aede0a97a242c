//! Whether a record fits the catalogue: what QAD would cut, round or refuse is refused here.

use crate::connector::{Error, ErrorKind, FieldSpec, Permanence};
use crate::value::{Decimal, Record, Value};
use indexmap::IndexMap;

/// Refuses missing and empty fields, text that is too long, values that QAD does not know,
/// and digits that it would round.
pub fn fields_fit(fields: &IndexMap<String, FieldSpec>, record: &Record) -> Result<(), Error> {
    fit_in(fields, record, "")
}

/// The sum of `amount` over a list; `None` where one has none, or it is out of range.
pub fn sum(items: &[Value]) -> Option<Decimal> {
    items
        .iter()
        .map(|item| item.as_record().and_then(|item| item.get("amount")).and_then(Value::as_decimal))
        .try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount?))
}

fn fit_in(fields: &IndexMap<String, FieldSpec>, record: &Record, place: &str) -> Result<(), Error> {
    for (name, spec) in fields.iter().filter(|(_, spec)| !spec.read_only && spec.derive.is_empty()) {
        let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        match record.get(name).filter(|value| !value.is_null()) {
            None if spec.required => return Err(refused(format!("`{place}` has no value"), "map it")),
            None => {}
            Some(value) => value_fits(spec, value, &place)?,
        }
    }
    Ok(())
}

fn value_fits(spec: &FieldSpec, value: &Value, place: &str) -> Result<(), Error> {
    match value {
        Value::Text(text) if spec.required && text.trim().is_empty() => {
            Err(refused(format!("`{place}` is empty"), "give it a value in the mapping"))
        }
        Value::Text(text) => match spec.max {
            Some(max) if text.chars().count() > max as usize => Err(refused(
                format!("`{place}` holds {} characters, QAD takes {max}: `{text}`", text.chars().count()),
                "shorten it in the mapping",
            )),
            _ if spec.closed && !spec.values.iter().any(|known| known.as_str() == text.as_ref()) => Err(refused(
                format!("`{place}` is `{text}`, which QAD does not know"),
                &format!("map one of {}", spec.values.join(", ")),
            )),
            _ => Ok(()),
        },
        Value::Decimal(number) => match spec.places {
            Some(places) if number.places() > places => Err(refused(
                format!("`{place}` is {number}, but amounts in this currency have {places} digits after the point"),
                "round it in the mapping, where it can be seen",
            )),
            _ => Ok(()),
        },
        Value::List(items) => items.iter().enumerate().try_for_each(|(index, item)| match item.as_record() {
            Some(item) => fit_in(&spec.fields, item, &format!("{place}[{index}]")),
            None => Ok(()),
        }),
        _ => Ok(()),
    }
}

pub fn refused(message: impl Into<String>, mend: &str) -> Error {
    Error::new(ErrorKind::Refused, Permanence::Permanent, message).mend(mend)
}
