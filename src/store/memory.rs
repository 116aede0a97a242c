//! A store in memory: same promises as the one on disk, but for durability. For tests and plans.
//!
//! It can be told to fail one commit, before or after that took effect: what a caller
//! sees when the process or the disk dies at that moment.

use super::{
    Actor, AuditEntry, Batch, Cursor, Delivery, Event, Head, Intent, KeptList, Operation, Payload, RecordEntry,
    RecordId, RunEntry, Store, StoreError, StoreErrorKind, audit,
};
use crate::value::Timestamp;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// All state in one place behind one lock.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

/// When a commit fails that was told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing of the batch is kept.
    Before,
    /// All of the batch is kept, but the caller is told that it failed.
    After,
}

#[derive(Default)]
struct State {
    tables: Tables,
    head: Head,
    audit: Vec<AuditEntry>,
    commits: u64,
    failure: Option<(u64, Moment)>,
}

#[derive(Clone, Default)]
struct Tables {
    records: BTreeMap<RecordId, RecordEntry>,
    links: BTreeMap<(String, String), RecordId>,
    intents: BTreeMap<RecordId, Intent>,
    cursors: BTreeMap<(String, String), Cursor>,
    runs: BTreeMap<(Timestamp, String), RunEntry>,
    payloads: BTreeMap<String, Payload>,
    lists: BTreeMap<String, KeptList>,
    deliveries: BTreeMap<(String, String), Delivery>,
}

impl MemoryStore {
    /// An empty store, without a single audit entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the `nth` commit from now on (1 is the next) fail, once.
    pub fn fail_commit(&self, nth: u64, moment: Moment) {
        let mut state = self.lock();
        state.failure = Some((state.commits + nth, moment));
    }

    /// How many commits were asked for, failed ones among them.
    pub fn commits(&self) -> u64 {
        self.lock().commits
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn commit(&mut self, batch: Batch) -> Result<Head, StoreError> {
        self.commits += 1;
        let moment = self.failure.filter(|(nth, _)| *nth == self.commits).map(|(_, moment)| moment);
        if moment == Some(Moment::Before) {
            return Err(told_to_fail());
        }
        self.tables.check_links(&batch.operations)?;
        batch.operations.into_iter().for_each(|operation| self.tables.apply(operation));
        batch.events.into_iter().for_each(|event| self.append(event));
        match moment {
            Some(_) => Err(told_to_fail()),
            None => Ok(self.head.clone()),
        }
    }

    fn append(&mut self, event: Event) {
        let entry = audit::chain(&self.head, Actor::default(), event);
        self.head = Head { number: entry.number, hash: entry.hash.clone() };
        self.audit.push(entry);
    }
}

impl Tables {
    fn check_links(&self, operations: &[Operation]) -> Result<(), StoreError> {
        let mut new: BTreeMap<(&str, &str), &RecordId> = BTreeMap::new();
        for operation in operations {
            let Operation::PutLink { flow, target_key, record } = operation else { continue };
            let owner = self.links.get(&(flow.clone(), target_key.clone()));
            let owner = owner.or_else(|| new.get(&(flow.as_str(), target_key.as_str())).copied());
            if let Some(owner) = owner.filter(|owner| *owner != record) {
                return Err(StoreError::link_taken(target_key, owner, record));
            }
            new.insert((flow, target_key), record);
        }
        Ok(())
    }

    fn apply(&mut self, operation: Operation) {
        match operation {
            Operation::PutRecord(entry) => {
                self.records.insert(entry.id.clone(), *entry);
            }
            Operation::PutLink { flow, target_key, record } => {
                self.links.insert((flow, target_key), record);
            }
            Operation::PutIntent(intent) => {
                self.intents.insert(intent.record.clone(), *intent);
            }
            Operation::RemoveIntent { record } => {
                self.intents.remove(&record);
            }
            Operation::PutCursor(cursor) => {
                self.cursors.insert((cursor.flow.clone(), cursor.scope.clone()), cursor);
            }
            Operation::PutRun(run) => {
                self.runs.insert((run.started, run.id.clone()), *run);
            }
            Operation::PutPayload(payload) => {
                self.payloads.insert(payload.name().to_owned(), payload);
            }
            Operation::ReceiveDelivery(delivery) => {
                let id = (delivery.connection.clone(), delivery.id.clone());
                self.deliveries.entry(id).or_insert(*delivery);
            }
            Operation::PutDelivery(delivery) => {
                self.deliveries.insert((delivery.connection.clone(), delivery.id.clone()), *delivery);
            }
            Operation::ForgetDelivery { connection, id } => {
                self.deliveries.remove(&(connection, id));
            }
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, batch: Batch) -> Result<Head, StoreError> {
        self.lock().commit(batch)
    }

    fn record(&self, id: &RecordId) -> Result<Option<RecordEntry>, StoreError> {
        Ok(self.lock().tables.records.get(id).cloned())
    }

    fn records(&self, flow: Option<&str>) -> Result<Vec<RecordEntry>, StoreError> {
        let state = self.lock();
        let wanted = |entry: &&RecordEntry| flow.is_none_or(|flow| entry.id.flow == flow);
        Ok(state.tables.records.values().filter(wanted).cloned().collect())
    }

    fn link(&self, flow: &str, target_key: &str) -> Result<Option<RecordId>, StoreError> {
        Ok(self.lock().tables.links.get(&(flow.to_owned(), target_key.to_owned())).cloned())
    }

    fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        Ok(self.lock().tables.intents.values().cloned().collect())
    }

    fn cursor(&self, flow: &str, scope: &str) -> Result<Option<Cursor>, StoreError> {
        Ok(self.lock().tables.cursors.get(&(flow.to_owned(), scope.to_owned())).cloned())
    }

    fn cursors(&self, flow: &str) -> Result<Vec<Cursor>, StoreError> {
        Ok(self.lock().tables.cursors.values().filter(|cursor| cursor.flow == flow).cloned().collect())
    }

    fn runs(&self, most: usize) -> Result<Vec<RunEntry>, StoreError> {
        Ok(self.lock().tables.runs.values().rev().take(most).cloned().collect())
    }

    fn audit(&self, from: u64, most: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let state = self.lock();
        Ok(state.audit.iter().filter(|entry| entry.number >= from).take(most).cloned().collect())
    }

    fn payload(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().tables.payloads.get(name).map(|payload| payload.bytes().to_vec()))
    }

    fn delivery(&self, connection: &str, id: &str) -> Result<Option<Delivery>, StoreError> {
        Ok(self.lock().tables.deliveries.get(&(connection.to_owned(), id.to_owned())).cloned())
    }

    fn deliveries(&self, waiting: bool) -> Result<Vec<Delivery>, StoreError> {
        let state = self.lock();
        let wanted = |delivery: &&Delivery| delivery.is_waiting() == waiting;
        Ok(state.tables.deliveries.values().filter(wanted).cloned().collect())
    }

    fn keep_list(&self, name: &str, list: &KeptList) -> Result<(), StoreError> {
        self.lock().tables.lists.insert(name.to_owned(), list.clone());
        Ok(())
    }

    fn kept_list(&self, name: &str) -> Result<Option<KeptList>, StoreError> {
        Ok(self.lock().tables.lists.get(name).cloned())
    }

    fn head(&self) -> Result<Head, StoreError> {
        Ok(self.lock().head.clone())
    }
}

fn told_to_fail() -> StoreError {
    StoreError::new(StoreErrorKind::Io, "the store in memory was told to fail here", "")
}

#[cfg(test)]
mod tests {
    use super::{MemoryStore, Moment};
    use crate::store::{Batch, Operation, Store, contract};

    #[tokio::test]
    async fn it_keeps_the_contract() {
        contract::all(&MemoryStore::new()).await;
    }

    #[tokio::test]
    async fn a_commit_fails_before_or_after_it_took_effect() {
        let store = MemoryStore::new();
        let record = contract::record("bills", "1");
        let batch = Batch { operations: vec![Operation::PutRecord(Box::new(record.clone()))], events: Vec::new() };
        store.fail_commit(2, Moment::Before);
        store.commit(Batch::default()).await.expect("not yet");
        assert!(store.commit(batch.clone()).await.is_err());
        assert_eq!(store.record(&record.id).expect("read"), None);
        store.fail_commit(1, Moment::After);
        assert!(store.commit(batch).await.is_err());
        assert_eq!(store.record(&record.id).expect("read"), Some(record));
        store.commit(Batch::default()).await.expect("once only");
        assert_eq!(store.commits(), 4);
    }
}
