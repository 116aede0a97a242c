//! Which entries of the audit log are about a record: their numbers, in memory, so that one
//! record's story is not looked for in the whole log.
//!
//! Filled once from the log when the store is opened, and by each commit after that.

use crate::store::{AuditEntry, Event, Head, RecordId, Store, StoreError, audit};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub struct Trail(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// By record, in the order of the log.
    numbers: HashMap<RecordId, Vec<u64>>,
}

impl Trail {
    /// Walks the whole log once.
    pub fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let mut known = Known::default();
        audit::walk(store, |entry| {
            known.note(entry.number, &entry.event);
            Ok::<(), StoreError>(())
        })?;
        Ok(Self(Mutex::new(known)))
    }

    /// Events that were kept in one batch, whose newest entry is `head`.
    pub(super) fn note(&self, head: &Head, records: &[Option<RecordId>]) {
        let first = head.number + 1 - (records.len() as u64).min(head.number);
        let mut known = self.lock();
        for (number, record) in (first..).zip(records) {
            if let Some(record) = record {
                known.add(number, record);
            }
        }
    }

    /// All entries about the record, the oldest first.
    pub fn events(&self, store: &dyn Store, id: &RecordId) -> Result<Vec<AuditEntry>, StoreError> {
        let numbers = self.lock().numbers.get(id).cloned().unwrap_or_default();
        let mut found = Vec::with_capacity(numbers.len());
        for number in numbers {
            let entries = store.audit(number, 1)?;
            found.extend(entries.into_iter().filter(|entry| entry.event.record.as_ref() == Some(id)));
        }
        Ok(found)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn note(&mut self, number: u64, event: &Event) {
        if let Some(record) = &event.record {
            self.add(number, record);
        }
    }

    fn add(&mut self, number: u64, record: &RecordId) {
        let numbers = self.numbers.entry(record.clone()).or_default();
        // Batches of two callers may be told in another order than they were kept.
        let place = numbers.partition_point(|known| *known < number);
        if numbers.get(place) != Some(&number) {
            numbers.insert(place, number);
        }
    }
}
