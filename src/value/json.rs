//! JSON to [`Value`] and back, without a float in between.
//!
//! Numbers are read through their shortest decimal text; one that would not
//! survive that (more than 15 significant digits with a fraction) is refused,
//! never rounded. Dates stay text here: the catalogue says which texts are days.

use super::{Decimal, Record, Value};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// A text that is not JSON, or has a number that cannot be kept exactly.
#[derive(Debug, thiserror::Error)]
#[error("not readable as JSON: {0}")]
pub struct JsonError(#[from] serde_json::Error);

impl JsonError {
    /// Bytes from the start of the text that was read.
    pub fn offset(&self, text: &str) -> usize {
        let before = self.0.line().saturating_sub(1);
        let start: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
        let mut at = (start + self.0.column().saturating_sub(1)).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// What is wrong, without the place.
    pub fn reason(&self) -> String {
        if self.0.is_eof() {
            return "the text ends here, and the JSON is not complete".to_owned();
        }
        let whole = self.0.to_string();
        whole.split(" at line ").next().unwrap_or(&whole).to_owned()
    }
}

/// Reads one JSON text. Nesting is limited to 128 levels by the reader.
pub fn from_json(text: &str) -> Result<Value, JsonError> {
    Ok(serde_json::from_str(text)?)
}

/// Reads one JSON text in UTF-8.
pub fn from_json_slice(bytes: &[u8]) -> Result<Value, JsonError> {
    Ok(serde_json::from_slice(bytes)?)
}

/// Reads one JSON text in UTF-8 as another system sent it. A number that cannot be kept
/// exactly becomes a text that no number reads from: it costs the field that needs it,
/// not the whole answer (a map coordinate must not hide the invoices beside it).
pub fn from_wire_json(bytes: &[u8]) -> Result<Value, JsonError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Seed { tolerant: true }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// The value as a JSON tree for printing and for the store. Decimals become
/// strings, since a JSON number would pass through a float.
pub fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Integer(number) => (*number).into(),
        Value::Decimal(number) => number.to_string().into(),
        Value::Text(text) => text.as_ref().into(),
        Value::Date(_) | Value::DateTime(_) | Value::Duration(_) => value.to_string().into(),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Record(record) => {
            serde_json::Value::Object(record.iter().map(|(name, value)| (name.to_string(), to_json(value))).collect())
        }
    }
}

/// JSON text for the wire: decimals are written as numbers, digit by digit.
pub fn to_json_string(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Integer(number) => out.push_str(&number.to_string()),
        Value::Decimal(number) => out.push_str(&number.to_string()),
        Value::Text(text) => write_text(text, out),
        Value::Date(_) | Value::DateTime(_) | Value::Duration(_) => write_text(&value.to_string(), out),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Record(record) => {
            out.push('{');
            for (index, (name, item)) in record.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(name, out);
                out.push(':');
                write(item, out);
            }
            out.push('}');
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// As [`to_json_string`] writes it: the same number, digit by digit.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        to_json(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Seed { tolerant: false }.deserialize(deserializer)
    }
}

#[derive(Clone, Copy)]
struct Seed {
    /// Whether a number that cannot be kept exactly becomes a text, or an error.
    tolerant: bool,
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| Value::Decimal(Decimal::from(number)), Value::Integer))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        let exact = Decimal::from_json_float(number).map(Value::Decimal);
        exact
            .or_else(|| self.tolerant.then(|| Value::from(format!("{number} (inexact)"))))
            .ok_or_else(|| E::custom(format!("the number {number} has more digits than can be kept exactly")))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::list(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut record = Record::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(self)?;
            if record.get(&name).is_some() {
                return Err(A::Error::custom(format!("the name `{name}` stands twice in one object")));
            }
            record.insert(Arc::<str>::from(name), value);
        }
        Ok(Value::record(record))
    }
}

#[cfg(test)]
mod tests {
    use super::{from_json, from_wire_json, to_json_string};

    #[test]
    fn numbers_survive_digit_by_digit() {
        let text = r#"{"a":65700.5,"b":598134325600100,"c":"51500.00","d":[true,null],"e":"ü\"\n"}"#;
        assert_eq!(to_json_string(&from_json(text).expect("json")), text);
    }

    #[test]
    fn a_number_that_would_be_rounded_is_refused() {
        let error = from_json("[0.30000000000000004]").expect_err("too many digits").to_string();
        assert!(error.contains("more digits than can be kept exactly"), "{error}");
        assert!(from_json("1e400").is_err());
    }

    #[test]
    fn off_the_wire_an_inexact_number_costs_its_own_field_only() {
        let value = from_wire_json(br#"{"at":[-97.743061250000012],"net":"12.50","rate":1.5}"#).expect("readable");
        let record = value.as_record().expect("an object");
        assert_eq!(record.get("net").and_then(|net| net.as_text()), Some("12.50"));
        assert_eq!(record.get("rate").and_then(|rate| rate.as_decimal()), "1.5".parse().ok());
        let at = record.get("at").and_then(|at| at.as_list()).expect("a list");
        assert!(at[0].as_text().expect("a text").parse::<crate::value::Decimal>().is_err());
        assert!(from_wire_json(b"[1] 2").is_err());
    }

    #[test]
    fn a_name_that_stands_twice_is_refused() {
        assert!(from_json(r#"{"a":1,"a":2}"#).is_err());
    }
}
