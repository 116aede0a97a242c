//! Records on their way out and back, resource by resource.
//!
//! Takes a record in the pipeline's names; checks what QAD would only find out late or
//! hide; hands on the wire record with this tenant's defaults. And the other way round.
//! Invariant: no amount and no text is changed to make it fit. What most resources need is
//! said here, where one needs more it has a file of its own.

mod fit;
mod invoice;
mod payment;

use super::profile::{DateFormat, Profile};
use crate::connector::{Error, ResourceSpec, encode};
use crate::value::{Record, Value};

/// What holds for all records of one connection.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    pub profile: &'a Profile,
    pub domain: &'a str,
    pub entity: &'a str,
}

/// How the records of one resource are dressed for the wire.
pub trait Dress: Sync {
    /// Refuses a record that would be refused, rounded or cut on the other side.
    fn check(&self, spec: &ResourceSpec, terms: Terms<'_>, record: &Record) -> Result<(), Error> {
        let _ = terms;
        fit::fields_fit(&spec.fields, record)
    }

    /// The wire fields of those that the record has. `whole` is the record as it will stand.
    fn changes(&self, spec: &ResourceSpec, terms: Terms<'_>, record: &Record, whole: &Record) -> Record {
        let _ = whole;
        dated(encode(&spec.fields, record), terms.profile.invoice.dates)
    }

    /// What a new record gets where the pipeline is silent, by the catalogue's names; a name
    /// that the catalogue does not have stands on the wire as it is.
    fn defaults(&self, terms: Terms<'_>, record: &Record) -> Vec<(&'static str, Value)> {
        let _ = record;
        vec![("entity", terms.entity.into())]
    }

    /// The wire record as the catalogue describes it.
    fn incoming(&self, spec: &ResourceSpec, wire: Record) -> Record {
        let _ = spec;
        wire
    }

    /// The names on the wire of a field that the catalogue calls so; most have one.
    fn sent_as<'a>(&self, wire: &'a str) -> Vec<&'a str> {
        vec![wire]
    }

    /// A decoded record as pipelines see it.
    fn seen(&self, record: Record) -> Record {
        record
    }

    /// What the answer to a write says that it stored, without what was never sent; and what
    /// to warn of, where less was stored than was sent.
    fn echoed(&self, terms: Terms<'_>, sent: &Record, echo: Record) -> (Record, Option<String>) {
        let _ = (terms, sent);
        (echo, None)
    }
}

/// Resources that need more than a plain dress.
const DRESSES: &[(&str, &dyn Dress)] = &[
    ("supplier_invoices", &invoice::Invoice),
    ("ap_payments", &payment::SupplierPayment),
    ("customer_payments", &payment::CustomerPayment),
];

struct Plain;

impl Dress for Plain {}

/// The dress of a resource.
pub fn of(resource: &str) -> &'static dyn Dress {
    DRESSES.iter().find(|(name, _)| *name == resource).map_or(&Plain, |(_, dress)| *dress)
}

/// The wire record of a new record.
pub fn outgoing(dress: &dyn Dress, spec: &ResourceSpec, terms: Terms<'_>, record: &Record) -> Record {
    let mut wire = dress.changes(spec, terms, record, record);
    for (name, value) in dress.defaults(terms, record) {
        let name = spec.fields.get(name).map_or(name, |field| field.wire_name(name));
        if wire.get(name).is_none() {
            wire.insert(name, value);
        }
    }
    wire.insert("concurrencyHash", "");
    wire.insert("dataOperation", "C");
    wire
}

/// Calendar days in the form that the entity takes; never shifted by a time zone.
fn dated(wire: Record, format: DateFormat) -> Record {
    let write = |value: &Value| match (value, format) {
        (Value::Date(day), DateFormat::Day) => Value::from(day.to_string()),
        (Value::Date(day), DateFormat::Instant) => Value::from(format!("{day}T00:00:00.000Z")),
        _ => value.clone(),
    };
    wire.iter().map(|(name, value)| (name.clone(), write(value))).collect()
}

/// A text that says something.
fn filled<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    record.get(name).and_then(Value::as_text).filter(|text| !text.trim().is_empty())
}
