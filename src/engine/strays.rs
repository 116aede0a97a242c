//! Records that a `where` left out although nobody can say so: a field that it looks at
//! has a value that no document of the system names (a status of a later release). They
//! are left out as the pipeline says, and told, since nobody would miss them.

use super::flow_run::FlowRun;
use crate::value::{Record, Value};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Those of one run of a flow: how many, and the first, by field and value.
#[derive(Default)]
pub(super) struct Strays(Mutex<BTreeMap<(String, String), (u64, String)>>);

/// The field and value of a record that was left out which the catalogue does not know.
pub(super) fn unknown(flow: &FlowRun, record: &Record) -> Option<(String, String)> {
    flow.flow().looks_at().iter().find_map(|name| {
        let value = record.get(name).and_then(Value::as_text)?;
        let known = &flow.source.fields.get(&**name)?.values;
        let is_stray = !known.is_empty() && !known.iter().any(|known| known == value);
        is_stray.then(|| (name.to_string(), value.to_owned()))
    })
}

impl Strays {
    pub fn add(&self, place: (String, String), label: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(place).or_insert_with(|| (0, label.to_owned())).0 += 1;
    }

    /// Says what was left out so in this run.
    pub fn tell(&self, flow: &FlowRun) {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for ((field, value), (count, label)) in all {
            let (title, target) = (&flow.source_title, flow.flow().name());
            let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
            flow.context.tally.warn(format!(
                "{target}: {label}{more} left out, with `{value}` as {}: no document of {title} names that value. Say in \
                 the flow's `where` whether such records are wanted",
                field.replace('_', " ")
            ));
        }
    }
}
