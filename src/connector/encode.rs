//! Typed records to wire records, as the catalogue says: wire names, and amounts with
//! exactly the places that the system keeps. The inverse of `decode` for target fields.

use super::catalogue::FieldSpec;
use crate::value::{Record, Value};
use indexmap::IndexMap;

/// Encodes the fields that the record has; absent ones are left out, not sent as null.
pub fn encode(fields: &IndexMap<String, FieldSpec>, record: &Record) -> Record {
    let mut wire = Record::new();
    for (name, spec) in fields {
        if spec.read_only || !spec.derive.is_empty() {
            continue;
        }
        if let Some(value) = record.get(name).filter(|value| !value.is_null()) {
            wire.insert(spec.wire_name(name), value_of(spec, value));
        }
    }
    wire
}

fn value_of(spec: &FieldSpec, value: &Value) -> Value {
    match value {
        Value::Decimal(number) => spec
            .places
            .map_or(Value::Decimal(*number), |places| Value::Decimal(number.fixed(places).parse().unwrap_or(*number))),
        Value::Record(inner) if !spec.fields.is_empty() => encode(&spec.fields, inner).into(),
        Value::List(items) if !spec.fields.is_empty() => items
            .iter()
            .map(|item| item.as_record().map_or_else(|| item.clone(), |item| encode(&spec.fields, item).into()))
            .collect::<Vec<_>>()
            .into(),
        other => other.clone(),
    }
}
