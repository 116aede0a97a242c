//! Which deliveries wait, in memory: how many, since when, and that another has come, without
//! a look into the store. Changed by each commit that goes through [`crate::serve::Watched`].

use crate::store::{Store, StoreError};
use crate::value::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A connection, and the other side's id.
pub(in crate::serve) type DeliveryId = (String, String);

/// Those of one store.
pub struct Waiting {
    since: Mutex<BTreeMap<DeliveryId, Timestamp>>,
    /// Goes up when another waits.
    version: watch::Sender<u64>,
}

impl Waiting {
    pub(in crate::serve) fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let waiting = store.deliveries(true)?.into_iter();
        let since = waiting.map(|delivery| ((delivery.connection, delivery.id), delivery.received)).collect();
        Ok(Self { since: Mutex::new(since), version: watch::Sender::new(0) })
    }

    pub fn len(&self) -> usize {
        self.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// When the one that waits longest came.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.lock().values().min().copied()
    }

    /// When the latest of them came.
    pub fn newest(&self) -> Option<Timestamp> {
        self.lock().values().max().copied()
    }

    /// For those who wait for another.
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Takes from the store how these stand now. A commit may have failed and taken effect, and
    /// two may end in either order: what the store says under the lock is what counts.
    pub(in crate::serve) fn note(&self, store: &dyn Store, ids: Vec<DeliveryId>) {
        if ids.is_empty() {
            return;
        }
        let mut more = false;
        let mut since = self.lock();
        for (connection, id) in ids {
            match store.delivery(&connection, &id) {
                Ok(Some(delivery)) if delivery.is_waiting() => {
                    more |= since.insert((connection, id), delivery.received).is_none();
                }
                Ok(_) => drop(since.remove(&(connection, id))),
                // A store that cannot be read answers nobody; who starts it again counts anew.
                Err(_) => {}
            }
        }
        drop(since);
        if more {
            self.version.send_modify(|version| *version += 1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<DeliveryId, Timestamp>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
