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
    line_row(&spec.fields, record)
}

/// The same of a line.
pub fn line_row(fields: &IndexMap<String, FieldSpec>, record: &Record) -> Record {
    let shown = fields.iter().filter_map(|(name, field)| {
        let value = match record.get(name).cloned().unwrap_or_default() {
            Value::Null => "".into(),
            Value::Date(day) => format!("{day}T00:00:00.000Z").into(),
            other => other,
        };
        Some((column(field)?.into(), value))
    });
    shown.collect()
}

/// Fields that every record of a resource has and that nobody asks for; `{code}` is its code.
const EXTRAS: &[(&str, &[(&str, &str)])] = &[
    (
        "suppliers",
        &[
            ("sharedSetCode", "SUPSET"),
            ("businessRelationCode", "BR-{code}"),
            ("invoiceStatusCode", "AP-NOALLOC"),
            ("invoiceControlGLProfileCode", "AP-CTRL"),
            ("creditNoteControlGLProfileCode", "AP-CTRL"),
            ("prePaymentControlGLProfileCode", "AP-PREPAY"),
            ("purchaseAccountGLProfileCode", "PURCH"),
        ],
    ),
    ("customers", &[("sharedSetCode", "CUSSET"), ("businessRelationCode", "BR-{code}")]),
    ("purchase_orders", &[("daybookSetCode", "USA"), ("ERSPriceListOption", "0"), ("exchangeRateType", "ACCOUNTING")]),
];

/// Adds them.
pub fn with_extras(resource: &str, code: &str, mut entity: Record) -> Record {
    let extras = EXTRAS.iter().find(|(name, _)| *name == resource).map_or(&[][..], |(_, extras)| *extras);
    for (name, text) in extras {
        entity.insert(*name, text.replace("{code}", code));
    }
    entity
}
