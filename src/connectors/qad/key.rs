//! Keys: how records are named, on the wire, to people, and in a pipeline.

use super::catalogue::ResourceWire;
use super::query::Query;
use crate::connector::{Key, ResourceSpec};
use crate::value::{Record, Value};

/// `10USACO/2026/SI/1234`
pub fn reference(spec: &ResourceSpec, record: &Record) -> String {
    let parts: Vec<String> =
        spec.identity.iter().filter_map(|name| record.get(name)).map(ToString::to_string).collect();
    parts.join("/")
}

/// What to call a record whose number is not known yet.
pub fn named(spec: &ResourceSpec, record: &Record) -> String {
    let parts = spec.natural_keys.first().into_iter().flatten().filter_map(|name| record.get(name));
    parts.map(ToString::to_string).collect::<Vec<_>>().join(" / ")
}

/// The key parameters of a record, by their wire names.
pub fn keys_of(spec: &ResourceSpec, wire: &ResourceWire, record: &Record) -> Query {
    wire.keys.iter().fold(Query::new(), |query, key| {
        let field = spec.fields.iter().find(|(name, field)| field.wire_name(name) == key);
        match field.and_then(|(name, _)| record.get(name)).filter(|value| !value.is_null()) {
            Some(value) => query.with(key, value.to_string()),
            None => query,
        }
    })
}

/// The query with those of the resource's key parameters that `keys` has.
pub fn with_keys(query: Query, wire: &ResourceWire, keys: &Query) -> Query {
    wire.keys.iter().fold(query, |query, key| match keys.get(key) {
        Some(value) => query.with(key, value),
        None => query,
    })
}

/// One part of a key.
pub fn part<'a>(key: &'a Key, name: &str) -> Option<&'a Value> {
    key.0.iter().find(|(field, _)| field.as_ref() == name).map(|(_, value)| value)
}

/// Whether a record carries every part of the key. QAD compares codes without regard to
/// case and to blanks at the end, so two such keys are one there.
pub fn carries(record: &Record, key: &Key) -> bool {
    key.0.iter().all(|(name, wanted)| match (record.get(name), wanted) {
        (Some(Value::Text(there)), Value::Text(wanted)) => folded(there) == folded(wanted),
        (Some(there), wanted) => match (there.as_decimal(), wanted.as_decimal()) {
            (Some(there), Some(wanted)) => there == wanted,
            _ => there == wanted,
        },
        (None, wanted) => wanted.is_null(),
    })
}

/// As QAD compares codes.
pub fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}
