//! Records in the catalogue's names, turned into what QAD shows: entities with camelCase
//! names, and browse rows with dotted columns.

use crate::connector::{FieldSpec, ResourceSpec};
use crate::connectors::qad::catalogue::column;
use crate::value::{Record, Value};
use indexmap::IndexMap;

/// A business entity. Empty texts and absent values are `""`, absent numbers 0.
pub fn entity(fields: &IndexMap<String, FieldSpec>, record: &Record) -> Record {
    let shown = fields.iter().map(|(name, spec)| {
        let value = record.get(name).cloned().unwrap_or_default();
        (spec.wire_name(name).into(), entity_value(spec, value))
    });
    shown.collect()
}

fn entity_value(spec: &FieldSpec, value: Value) -> Value {
    match value {
        Value::Null => "".into(),
        Value::Date(day) => day.to_string().into(),
        Value::List(items) => Value::list(
            items
                .iter()
                .map(|item| item.as_record().map_or_else(|| item.clone(), |item| entity(&spec.fields, item).into()))
                .collect(),
        ),
        other => other,
    }
}

/// A browse row: only the fields that have a column; days as instants.
pub fn row(spec: &ResourceSpec, record: &Record) -> Record {
    let shown = spec.fields.iter().filter_map(|(name, field)| {
        let value = match record.get(name).cloned().unwrap_or_default() {
            Value::Null => "".into(),
            Value::Date(day) => format!("{day}T00:00:00.000Z").into(),
            other => other,
        };
        Some((column(field)?.into(), value))
    });
    shown.collect()
}
