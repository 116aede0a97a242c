//! What the records that stand on the other side were made of: the source as it was when
//! they were posted, out of the audit log. The ledger keeps the source as it was read last.

use super::error::RunError;
use crate::store::{AuditEntry, RecordEntry, RecordId, Store};
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};

/// How many entries of the log are read at once.
const PAGE: usize = 1_000;

/// Source records, by what became of them.
#[derive(Default)]
pub(super) struct Origins {
    /// The hash of the source of what stands there, by record.
    hashes: HashMap<RecordId, String>,
    /// Those that are not the source as it was read last.
    earlier: HashMap<RecordId, Json>,
}

impl Origins {
    pub fn of(store: &dyn Store, entries: &[RecordEntry]) -> Result<Self, RunError> {
        let standing: HashMap<&RecordId, &str> = entries
            .iter()
            .filter(|entry| entry.reference.is_some())
            .filter_map(|entry| Some((&entry.id, entry.target_hash.as_deref()?)))
            .collect();
        let mut origins = Self::default();
        if standing.is_empty() {
            return Ok(origins);
        }
        // The first that tells of what stands there tells what it was made of.
        each(store, |audit| {
            let (Some(id), detail) = (&audit.event.record, &audit.event.detail) else { return };
            let made = detail["reference"].is_string() && detail["target_hash"].as_str() == standing.get(id).copied();
            if let Some(hash) = detail["source_hash"].as_str().filter(|_| made) {
                origins.hashes.entry(id.clone()).or_insert_with(|| hash.to_owned());
            }
        })?;
        let moved = |entry: &&RecordEntry| origins.hashes.get(&entry.id).is_some_and(|hash| *hash != entry.source_hash);
        let moved: HashSet<&RecordId> = entries.iter().filter(moved).map(|entry| &entry.id).collect();
        if moved.is_empty() {
            return Ok(origins);
        }
        let mut earlier = HashMap::new();
        each(store, |audit| {
            let Some(id) = audit.event.record.as_ref().filter(|id| moved.contains(id)) else { return };
            let detail = &audit.event.detail;
            let wanted = origins.hashes.get(id).map(String::as_str);
            if detail["source"].is_object() && detail["source_hash"].as_str() == wanted {
                earlier.insert(id.clone(), detail["source"].clone());
            }
        })?;
        for (id, source) in earlier {
            if let Some(json) = whole(store, source)? {
                origins.earlier.insert(id, json);
            }
        }
        Ok(origins)
    }

    /// What the record was when it was posted; `None` if the log does not tell.
    pub fn source<'a>(&'a self, entry: &'a RecordEntry) -> Option<&'a Json> {
        match self.hashes.get(&entry.id) {
            Some(hash) if *hash == entry.source_hash => Some(&entry.source),
            Some(_) => self.earlier.get(&entry.id),
            None => None,
        }
    }
}

/// A snapshot as an event holds it, or the payload that it names; `None` if that was removed
/// after its time.
fn whole(store: &dyn Store, source: Json) -> Result<Option<Json>, RunError> {
    let named = source.as_object().filter(|fields| fields.len() == 2 && fields.contains_key("bytes"));
    let Some(name) = named.and_then(|fields| fields.get("sha256")?.as_str()) else { return Ok(Some(source)) };
    let bytes = store.payload(name)?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

fn each(store: &dyn Store, mut take: impl FnMut(&AuditEntry)) -> Result<(), RunError> {
    let mut from = 1;
    loop {
        let page = store.audit(from, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        from = last.number + 1;
        page.iter().for_each(&mut take);
    }
}
