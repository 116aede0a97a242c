//! How records are called before people: `subcontractor invoice TCC-0192 of project 24-017`.

use crate::connector::ResourceSpec;
use crate::value::{Record, Value};

/// A source record, and the scope record in which it lies.
pub(super) fn of(spec: &ResourceSpec, record: &Record, scope: Option<(&ResourceSpec, &Record)>) -> String {
    match scope {
        Some((scope_spec, scope)) => format!("{} of {}", plain(spec, record), plain(scope_spec, scope)),
        None => plain(spec, record),
    }
}

/// One record by itself: its title, and the first of its label fields that is there.
pub(super) fn plain(spec: &ResourceSpec, record: &Record) -> String {
    let name = spec
        .label
        .iter()
        .chain(&spec.identity)
        .filter_map(|field| record.get(field))
        .find(|value| !value.is_null())
        .map_or_else(|| "?".to_owned(), Value::to_string);
    format!("{} {name}", spec.title)
}
