//! Payloads: what was read, sent and answered, kept once under the SHA-256 of its bytes.
//!
//! An event does not hold a payload, it names it: `{"sha256": "…", "bytes": 1840}`. So the
//! chain vouches for the payload, and does not break when one is removed after its time.

use super::audit;
use serde_json::{Value, json};

/// Bytes with their name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    name: String,
    bytes: Vec<u8>,
}

impl Payload {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { name: audit::sha256(&bytes), bytes }
    }

    pub fn of_json(value: &Value) -> Self {
        Self::new(value.to_string().into_bytes())
    }

    /// SHA-256 of the bytes, in hex.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How an event names it.
    pub fn reference(&self) -> Value {
        json!({ "sha256": self.name, "bytes": self.bytes.len() })
    }
}

/// A payload as an event names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Where in the event: `source`, `exchanges/0/request`.
    pub place: String,
    pub name: String,
    pub bytes: u64,
}

/// All payloads that an event's detail names, in the order in which they stand.
pub fn named_in(detail: &Value) -> Vec<Named> {
    let mut found = Vec::new();
    look(detail, "", &mut found);
    found
}

fn look(value: &Value, place: &str, found: &mut Vec<Named>) {
    let below = |step: &str| if place.is_empty() { step.to_owned() } else { format!("{place}/{step}") };
    match value {
        Value::Object(fields) => {
            let named = fields.get("sha256").and_then(Value::as_str).zip(fields.get("bytes").and_then(Value::as_u64));
            if let Some((name, bytes)) = named {
                found.push(Named { place: place.to_owned(), name: name.to_owned(), bytes });
                return;
            }
            fields.iter().for_each(|(name, value)| look(value, &below(name), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| look(item, &below(&index.to_string()), found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Payload, named_in};
    use serde_json::json;

    #[test]
    fn what_an_event_names_is_found_where_it_stands() {
        let (one, two) = (Payload::of_json(&json!({"a": 1})), Payload::new(b"<x/>".to_vec()));
        let detail = json!({"source": one.reference(), "exchanges": [{"request": two.reference(), "status": 200}]});
        let found = named_in(&detail);
        let places: Vec<(&str, &str, u64)> =
            found.iter().map(|named| (named.place.as_str(), named.name.as_str(), named.bytes)).collect();
        assert_eq!(places, [("source", one.name(), 7), ("exchanges/0/request", two.name(), 4)]);
        assert_eq!(one.name(), "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862");
    }
}
