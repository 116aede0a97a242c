//! What pages show of all records, in memory: a summary of each, without its source and target.
//!
//! A contractor's state holds tens of thousands of records; a page that read them out of the
//! store would decode all of it. The index is filled once when the store is opened, and changed
//! by each commit that goes through [`super::Watched`].

use super::webhook::Waiting;
use crate::store::{Outcome, RecordEntry, RecordId, Store, StoreError};
use crate::value::{Decimal, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

/// One record, as far as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub id: RecordId,
    pub outcome: Outcome,
    pub label: String,
    pub reason: String,
    pub mend: String,
    pub kind: String,
    pub amount: Option<Decimal>,
    /// Held until a person says yes.
    pub awaits_approval: bool,
    /// How the other side names it.
    pub reference: Option<String>,
    pub target_key: Option<String>,
    pub run: String,
    pub first_seen: Timestamp,
    pub updated: Timestamp,
    /// When it was posted as it stands, by us.
    pub posted: Option<Timestamp>,
    /// Since when it waits; since when it is known, where it does not.
    pub since: Timestamp,
}

impl Summary {
    pub fn of(entry: &RecordEntry) -> Self {
        let asked = entry.approval.as_ref().is_some_and(|approval| approval.granted.is_none());
        Self {
            id: entry.id.clone(),
            outcome: entry.outcome,
            label: entry.label.clone(),
            reason: entry.reason.clone(),
            mend: entry.mend.clone(),
            kind: entry.kind.clone(),
            amount: entry.amount.as_ref().and_then(|amount| amount.parse().ok()),
            awaits_approval: asked && entry.outcome == Outcome::Held,
            reference: entry.reference.clone(),
            target_key: entry.target_key.clone(),
            run: entry.run.clone(),
            first_seen: entry.first_seen,
            updated: entry.updated,
            posted: entry.posted_at(),
            since: entry.waiting_since().unwrap_or(entry.first_seen),
        }
    }

    pub fn needs_attention(&self) -> bool {
        self.outcome.needs_attention()
    }

    /// Whether it stands on the other side as we posted it since then.
    pub fn posted_since(&self, since: Timestamp) -> bool {
        self.outcome == Outcome::Posted && self.posted.is_some_and(|posted| posted >= since)
    }
}

/// Counts and money of some records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    pub records: u64,
    pub amount: Decimal,
    /// Since when the oldest of them waits.
    pub oldest: Option<Timestamp>,
}

impl Totals {
    pub fn add(&mut self, summary: &Summary) {
        self.records += 1;
        // An amount that no longer fits into a sum is told by its record.
        let amount = summary.amount.unwrap_or_default();
        self.amount = self.amount.checked_add(amount).unwrap_or(self.amount);
        let since = summary.since;
        self.oldest = Some(self.oldest.map_or(since, |oldest| oldest.min(since)));
    }
}

/// The summaries of one store.
pub struct Index {
    summaries: RwLock<BTreeMap<RecordId, Arc<Summary>>>,
    /// Deliveries of other systems that wait for a run.
    pub waiting: Waiting,
    /// The store did not take what was to be written, and takes nothing more before it is opened anew.
    pub(super) refusing: AtomicBool,
    /// Goes up with every change.
    version: watch::Sender<u64>,
}

impl Index {
    /// Reads the whole store once.
    pub fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let entries = store.records(None)?;
        let summaries = entries.iter().map(|entry| (entry.id.clone(), Arc::new(Summary::of(entry)))).collect();
        let waiting = Waiting::of(store)?;
        Ok(Self {
            summaries: RwLock::new(summaries),
            waiting,
            refusing: AtomicBool::new(false),
            version: watch::Sender::new(0),
        })
    }

    /// Whether the store takes nothing more.
    pub fn refuses(&self) -> bool {
        self.refusing.load(Ordering::Relaxed)
    }

    pub fn get(&self, id: &RecordId) -> Option<Arc<Summary>> {
        self.read().get(id).cloned()
    }

    /// Those that are wanted, in the order of their ids.
    pub fn select(&self, wanted: impl Fn(&Summary) -> bool) -> Vec<Arc<Summary>> {
        self.read().values().filter(|summary| wanted(summary)).cloned().collect()
    }

    /// Looks at every one, in the order of their ids.
    pub fn each(&self, mut look: impl FnMut(&Summary)) {
        self.read().values().for_each(|summary| look(summary));
    }

    /// Counts, money and age of those that are wanted.
    pub fn totals(&self, wanted: impl Fn(&Summary) -> bool) -> Totals {
        let mut totals = Totals::default();
        self.read().values().filter(|summary| wanted(summary)).for_each(|summary| totals.add(summary));
        totals
    }

    pub fn len(&self) -> usize {
        self.read().len()
    }

    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// For those who wait for a change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    pub(super) fn put(&self, changed: Vec<Summary>) {
        if changed.is_empty() {
            return;
        }
        let mut summaries = self.write();
        for summary in changed {
            summaries.insert(summary.id.clone(), Arc::new(summary));
        }
        drop(summaries);
        self.version.send_modify(|version| *version += 1);
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<RecordId, Arc<Summary>>> {
        self.summaries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<RecordId, Arc<Summary>>> {
        self.summaries.write().unwrap_or_else(PoisonError::into_inner)
    }
}
