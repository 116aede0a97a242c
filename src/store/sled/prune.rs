//! Dropping what is only of use for a while: what was read, sent and answered, and the
//! reports of runs. The audit log stays whole, with the hashes of what was dropped.
//!
//! Kept is what any entry of the log names that is young enough, and all of a record that
//! somebody still has to look at.

use super::{Held, SledStore};
use crate::store::payload::named_in;
use crate::store::portable::Row;
use crate::store::{Actor, AuditEntry, Event, EventKind, RunEntry, StoreError, audit, codec, disk, keys};
use crate::value::{Span, Timestamp};
use serde_json::json;
use std::collections::HashSet;
use std::path::Path;

/// So many runs keep their reports, however old they are.
const RUNS: usize = 100;

/// What was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    pub payloads: u64,
    pub runs: u64,
    pub bytes_before: u64,
    pub bytes_after: u64,
}

impl SledStore {
    /// Drops what was last needed longer ago than `age`. Without `now` it is the time of the
    /// newest entry of the log.
    pub fn prune(folder: &Path, age: Span, now: Option<Timestamp>, by: Actor) -> Result<Pruned, StoreError> {
        let held = Held::of(folder, by)?;
        let now = now.map_or_else(|| held.shelf.latest(&held.head), Ok)?;
        let before = now.minus(age);
        let mut pruned = Pruned { bytes_before: disk::size(folder), ..Pruned::default() };
        let kept = Kept::find(&held, before)?;
        let mut dropped = Pruned::default();
        held.shelf.rows(|row| {
            match row.tree {
                "payloads" => dropped.payloads += u64::from(kept.drops(&row)),
                "runs" => dropped.runs += u64::from(kept.drops(&row)),
                _ => {}
            }
            Ok(())
        })?;
        (pruned.payloads, pruned.runs) = (dropped.payloads, dropped.runs);
        if pruned.payloads + pruned.runs > 0 {
            let detail = json!({ "before": before, "payloads": pruned.payloads, "runs": pruned.runs });
            let event = Event { at: now, run: String::new(), kind: EventKind::PayloadsDropped, record: None, detail };
            let (blobs, place) = (held.shelf.blobs.clone(), folder.to_owned());
            held.changed(vec![event], |row| kept.change(row, |value| codec::without_source(value, &blobs, &place)))?;
        }
        pruned.bytes_after = disk::size(folder);
        Ok(pruned)
    }
}

/// What is still needed.
struct Kept {
    /// Names of payloads.
    payloads: HashSet<String>,
    /// Keys of runs.
    runs: HashSet<Vec<u8>>,
}

impl Kept {
    fn find(held: &Held, before: Timestamp) -> Result<Self, StoreError> {
        let shelf = &held.shelf;
        let mut kept = Self { payloads: HashSet::new(), runs: HashSet::new() };
        let mut runs: Vec<(Timestamp, Vec<u8>)> = Vec::new();
        shelf.rows(|row| {
            match row.tree {
                "records" => {
                    let entry = shelf.decode_record(&row.value)?;
                    if entry.updated >= before || entry.outcome.needs_attention() || entry.owes_mark() {
                        kept.payloads.extend(codec::file_of(&row.value, true));
                    }
                }
                "audit" => {
                    let entry: AuditEntry = shelf.decode(&row.value)?;
                    if entry.event.at >= before {
                        kept.payloads.extend(named_in(&entry.event.detail).into_iter().map(|named| named.name));
                    }
                }
                "runs" => {
                    let run: RunEntry = shelf.decode(&row.value)?;
                    runs.push((run.started, keys::run(run.started, &run.id)));
                }
                _ => {}
            }
            Ok(())
        })?;
        let old = runs.len().saturating_sub(RUNS);
        let young = runs.into_iter().enumerate().filter(|(place, (started, _))| *place >= old || *started >= before);
        kept.runs = young.map(|(_, (_, key))| key).collect();
        Ok(kept)
    }

    fn drops(&self, row: &Row) -> bool {
        match row.tree {
            "payloads" => !self.payloads.contains(&audit::hex(&row.key)),
            "runs" => !self.runs.contains(&row.key),
            _ => false,
        }
    }

    /// `bare` gives a record's value without its source.
    fn change(&self, row: Row, bare: impl Fn(&[u8]) -> Result<Vec<u8>, StoreError>) -> Result<Option<Row>, StoreError> {
        if self.drops(&row) {
            return Ok(None);
        }
        let source = (row.tree == "records").then(|| codec::file_of(&row.value, true)).flatten();
        match source.filter(|name| !self.payloads.contains(name)) {
            Some(_) => Ok(Some(Row { value: bare(&row.value)?, ..row })),
            None => Ok(Some(row)),
        }
    }
}
