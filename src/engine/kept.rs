//! What the store keeps of the lists that a run reads whole, and under which name.

use super::context::Context;
use super::stored;
use crate::connector::Fetch;
use crate::store::{KeptList, ListContent};
use crate::value::{Record, RecordType, Value, to_json};
use std::fmt::Write as _;

/// `office.vendors`, `office.codes of 24017`, `office.vendors with active=false`.
pub(super) fn name(connection: &str, request: &Fetch) -> String {
    let mut name = format!("{connection}.{}", request.resource);
    if let Some(scope) = &request.scope {
        let _ = write!(name, " of {scope}");
    }
    for (field, value) in &request.filters {
        let _ = write!(name, " with {field}={value}");
    }
    name
}

/// Keeps a list. A disk that refuses does not stop a run for that: only a backtest needs it.
pub(super) fn keep(context: &Context, name: &str, records: &[Record], unreadable: &[String]) {
    if context.plan {
        return;
    }
    let content = ListContent {
        records: records.iter().map(|record| to_json(&Value::record(record.clone()))).collect(),
        unreadable: unreadable.to_vec(),
    };
    let list = KeptList { run: context.run.clone(), at: context.clock.now(), content };
    if let Err(error) = context.store.keep_list(name, &list) {
        context.tally.warn(format!("{name} could not be kept for a backtest: {}; {}", error.message, error.hint));
    }
}

/// The records of a kept list, with their types. `None` if one no longer fits the catalogue:
/// a list with a hole would answer otherwise than the whole.
pub(super) fn records(ty: &RecordType, list: &KeptList) -> Option<Vec<Record>> {
    list.content.records.iter().map(|json| stored::record_of(ty, json)).collect()
}
