//! One session at a time for a tenant, however many connections of a run lead there.
//!
//! A connection is known by the way out that it shares with the others of its run and by
//! the tenant's address. Invariant: what is kept here keeps nothing alive; with the last
//! connection its entry is worth nothing, and the next one begins anew.

use crate::world::Transport;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::Semaphore;

type Known = BTreeMap<(usize, String), Weak<Semaphore>>;

static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());

/// The turns of this tenant. How many there are at once is what its first connection says.
pub fn of(transport: &Arc<dyn Transport>, host: &str, at_once: usize) -> Arc<Semaphore> {
    // A connection holds its transport, so that the address is not another's while its turns live.
    let place = (Arc::as_ptr(transport).cast::<()>().addr(), host.to_owned());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|_, turns| turns.strong_count() > 0);
    if let Some(turns) = known.get(&place).and_then(Weak::upgrade) {
        return turns;
    }
    let turns = Arc::new(Semaphore::new(at_once));
    known.insert(place, Arc::downgrade(&turns));
    turns
}
