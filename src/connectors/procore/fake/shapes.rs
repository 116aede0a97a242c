//! Small shapes that many answers share: amounts in text, instants, currency.

use crate::value::{Date, Decimal, Timestamp};
use serde_json::{Value as Json, json};

/// An amount as most invoices print it: two decimals, more if it has more.
pub fn money(amount: Decimal) -> Json {
    amount.fixed(amount.places().max(2)).into()
}

/// An amount as contracts print it: one decimal, more if it has more.
pub fn short_money(amount: Decimal) -> Json {
    amount.fixed(amount.places().max(1)).into()
}

pub fn instant(instant: Timestamp) -> Json {
    instant.whole_seconds().into()
}

pub fn day(day: Option<Date>) -> Json {
    day.map(|day| day.to_string()).into()
}

/// `03/31/26`, as the form prints a day.
pub fn form_day(day: Date) -> String {
    format!("{:02}/{:02}/{:02}", day.month(), day.day(), day.year().rem_euclid(100))
}

pub fn currency(code: &str) -> Json {
    json!({"currency_iso_code": code})
}

/// With the exchange rate, as newer endpoints have it: a JSON number.
pub fn full_currency(code: &str) -> Json {
    json!({"currency_iso_code": code, "base_currency_iso_code": code, "currency_exchange_rate": 1.0})
}

/// The members of both.
pub fn merged(left: Json, right: Json) -> Json {
    match (left, right) {
        (Json::Object(mut fields), Json::Object(more)) => {
            fields.extend(more);
            Json::Object(fields)
        }
        (left, _) => left,
    }
}

/// Keeps only the named members, in the object's own order.
pub fn only(record: Json, names: &[&str]) -> Json {
    match record {
        Json::Object(fields) => {
            Json::Object(fields.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect())
        }
        other => other,
    }
}

/// Leaves out the named members.
pub fn without(record: Json, names: &[&str]) -> Json {
    match record {
        Json::Object(fields) => {
            Json::Object(fields.into_iter().filter(|(name, _)| !names.contains(&name.as_str())).collect())
        }
        other => other,
    }
}
