//! A store whose commits the index sees.

use super::index::{Index, Summary};
use super::trail::Trail;
use crate::store::{
    AuditEntry, Batch, Cursor, Delivery, Head, Intent, KeptList, Operation, RecordEntry, RecordId, RunEntry, Store,
    StoreError, StoreErrorKind,
};
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Passes everything on, and sees to its end what was begun: a caller who goes away leaves no
/// commit that the index does not know of. What a commit says of records goes into the index when it is kept.
#[derive(Clone)]
pub struct Watched {
    inner: Arc<dyn Store>,
    index: Arc<Index>,
    trail: Arc<Trail>,
}

/// A store, and what is known of it.
pub struct Watching {
    pub store: Arc<dyn Store>,
    pub index: Arc<Index>,
    pub trail: Arc<Trail>,
}

impl Watched {
    /// The store, and what it keeps current from now on.
    pub fn over(inner: Arc<dyn Store>) -> Result<Watching, StoreError> {
        let index = Arc::new(Index::of(inner.as_ref())?);
        let trail = Arc::new(Trail::of(inner.as_ref())?);
        let store = Arc::new(Self { inner, index: Arc::clone(&index), trail: Arc::clone(&trail) });
        Ok(Watching { store, index, trail })
    }

    async fn commit_and_note(&self, batch: Batch) -> Result<Head, StoreError> {
        let records = batch.operations.iter().filter_map(|operation| match operation {
            Operation::PutRecord(entry) => Some(Summary::of(entry)),
            _ => None,
        });
        let changed: Vec<Summary> = records.collect();
        let told: Vec<Option<RecordId>> = batch.events.iter().map(|event| event.record.clone()).collect();
        let deliveries: Vec<_> = batch.operations.iter().filter_map(delivery_of).collect();
        let committed = self.inner.commit(batch).await;
        self.index.waiting.note(self.inner.as_ref(), deliveries);
        if let Ok(head) = &committed {
            self.index.put(changed);
            self.trail.note(head, &told);
            return committed;
        }
        if committed.as_ref().is_err_and(|error| error.kind != StoreErrorKind::LinkTaken) {
            self.index.refusing.store(true, Ordering::Relaxed);
        }
        // Whether a commit that failed took effect is not known: the store tells.
        let ids = changed.into_iter().map(|summary| summary.id);
        let known = ids.filter_map(|id| self.inner.record(&id).ok().flatten());
        self.index.put(known.map(|entry| Summary::of(&entry)).collect());
        committed
    }
}

#[async_trait]
impl Store for Watched {
    async fn commit(&self, batch: Batch) -> Result<Head, StoreError> {
        let this = self.clone();
        let committed = tokio::spawn(async move { this.commit_and_note(batch).await }).await;
        committed.unwrap_or_else(|error| {
            let message = format!("a commit broke down: {error}");
            Err(StoreError::new(StoreErrorKind::Io, message, "report this; the next run settles what is open"))
        })
    }

    fn record(&self, id: &RecordId) -> Result<Option<RecordEntry>, StoreError> {
        self.inner.record(id)
    }

    fn records(&self, flow: Option<&str>) -> Result<Vec<RecordEntry>, StoreError> {
        self.inner.records(flow)
    }

    fn link(&self, flow: &str, target_key: &str) -> Result<Option<RecordId>, StoreError> {
        self.inner.link(flow, target_key)
    }

    fn attention(&self, flow: &str) -> Result<Vec<RecordId>, StoreError> {
        self.inner.attention(flow)
    }

    fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        self.inner.intents()
    }

    fn cursor(&self, flow: &str, scope: &str) -> Result<Option<Cursor>, StoreError> {
        self.inner.cursor(flow, scope)
    }

    fn cursors(&self, flow: &str) -> Result<Vec<Cursor>, StoreError> {
        self.inner.cursors(flow)
    }

    fn runs(&self, most: usize) -> Result<Vec<RunEntry>, StoreError> {
        self.inner.runs(most)
    }

    fn audit(&self, from: u64, most: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.inner.audit(from, most)
    }

    fn payload(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.payload(name)
    }

    fn delivery(&self, connection: &str, id: &str) -> Result<Option<Delivery>, StoreError> {
        self.inner.delivery(connection, id)
    }

    fn deliveries(&self, waiting: bool) -> Result<Vec<Delivery>, StoreError> {
        self.inner.deliveries(waiting)
    }

    fn keep_list(&self, name: &str, list: &KeptList) -> Result<(), StoreError> {
        self.inner.keep_list(name, list)
    }

    fn kept_list(&self, name: &str) -> Result<Option<KeptList>, StoreError> {
        self.inner.kept_list(name)
    }

    fn head(&self) -> Result<Head, StoreError> {
        self.inner.head()
    }
}

/// The delivery that the operation is about.
fn delivery_of(operation: &Operation) -> Option<(String, String)> {
    match operation {
        Operation::ReceiveDelivery(delivery) | Operation::PutDelivery(delivery) => {
            Some((delivery.connection.clone(), delivery.id.clone()))
        }
        Operation::ForgetDelivery { connection, id } => Some((connection.clone(), id.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Watched, Watching};
    use crate::store::{Batch, MemoryStore, Moment, Operation, Outcome, RecordEntry, Store, contract};
    use std::sync::Arc;

    fn putting(record: &RecordEntry) -> Batch {
        Batch { operations: vec![Operation::PutRecord(Box::new(record.clone()))], events: Vec::new() }
    }

    #[tokio::test]
    async fn it_keeps_the_contract() {
        let watching = Watched::over(Arc::new(MemoryStore::new())).expect("watched");
        contract::all(watching.store.as_ref()).await;
    }

    #[tokio::test]
    async fn the_index_knows_what_was_there_and_what_came() {
        let (old, new) = (contract::record("bills", "1"), contract::record("bills", "2"));
        let inner = Arc::new(MemoryStore::new());
        inner.commit(putting(&old)).await.expect("kept");
        let Watching { store, index, .. } = Watched::over(inner).expect("watched");
        let mut changes = index.changes();
        store.commit(putting(&new)).await.expect("kept");
        assert!(changes.has_changed().expect("the index lives"));
        changes.borrow_and_update();
        assert_eq!(index.totals(|_| true).records, 2);
        store.commit(putting(&RecordEntry { outcome: Outcome::Posted, ..new.clone() })).await.expect("kept");
        assert_eq!(index.get(&new.id).expect("there").outcome, Outcome::Posted);
        assert_eq!(index.totals(|summary| summary.needs_attention()).records, 1);
    }

    #[tokio::test]
    async fn the_trail_leads_to_a_record_s_entries_whoever_commits_beside_it() {
        let (one, other) = (contract::id("bills", "1"), contract::id("bills", "2"));
        let event = |number, id: &crate::store::RecordId| crate::store::Event {
            record: Some(id.clone()),
            ..contract::event(crate::store::EventKind::Read, number)
        };
        let inner = Arc::new(MemoryStore::new());
        let before = Batch { operations: Vec::new(), events: vec![event(0, &one), event(1, &other)] };
        inner.commit(before).await.expect("kept");
        let Watching { store, trail, .. } = Watched::over(inner).expect("watched");
        for number in 2..6 {
            let events = vec![event(number * 2, &one), event(number * 2 + 1, &other), contract_without_record()];
            store.commit(Batch { operations: Vec::new(), events }).await.expect("kept");
        }
        let numbers = |id| -> Vec<u64> {
            let entries = trail.events(store.as_ref(), id).expect("read");
            entries.iter().map(|entry| entry.event.detail["n"].as_u64().expect("a number")).collect()
        };
        assert_eq!(numbers(&one), [0, 4, 6, 8, 10]);
        assert_eq!(numbers(&other), [1, 5, 7, 9, 11]);
    }

    fn contract_without_record() -> crate::store::Event {
        contract::event(crate::store::EventKind::RunEnded, 99)
    }

    #[tokio::test]
    async fn a_commit_that_failed_is_believed_only_as_far_as_it_took_effect() {
        for (moment, there) in [(Moment::Before, false), (Moment::After, true)] {
            let inner = Arc::new(MemoryStore::new());
            inner.fail_commit(1, moment);
            let Watching { store, index, .. } = Watched::over(inner).expect("watched");
            let record = contract::record("bills", "1");
            assert!(store.commit(putting(&record)).await.is_err());
            assert_eq!(index.get(&record.id).is_some(), there, "{moment:?}");
        }
    }
}
