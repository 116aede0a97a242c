//! Operations: health, metrics, and telling people what needs them.
//!
//! ```text
//!  store ─> History ─┐                      ┌─> /healthz, /metrics
//!  Index ────────────┼─> Situation ─────────┤
//!  rate budgets ─────┘                      └─> troubles ─> Memory ─> Parcels ─> mail, webhook
//! ```
//!
//! What to tell is decided by pure functions of a [`situation`] and the time; the [`memory`] of what was
//! told is noted beside the customer's store, so that a restart neither tells again nor forgets
//! what is not delivered. A message that cannot be delivered is counted, logged and tried again.

pub mod delivery;
pub mod digest;
pub mod health;
pub mod history;
pub mod memory;
pub mod message;
pub mod meters;
pub mod metrics;
pub mod parcel;
pub mod situation;
pub mod steps;
pub mod trouble;
mod watch;

pub use meters::Meters;
pub use watch::{Watchman, watch};

use super::Customer;
use super::http::{Access, Route};
use crate::store::StoreError;
use crate::world::{Notebook, Post, Secrets};
use axum::http::Method;
use axum::routing::get;
use history::History;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What it takes to tell somebody.
pub struct Means {
    pub secrets: Arc<dyn Secrets>,
    /// `None` where no mail server is known; letters then wait, visibly.
    pub post: Option<Arc<dyn Post>>,
    pub notebook: Arc<dyn Notebook>,
}

/// What a house counts and remembers for its operators.
#[derive(Default)]
pub struct Operations {
    pub meters: Meters,
    histories: Mutex<BTreeMap<String, History>>,
    means: OnceLock<Means>,
    /// The memory of each customer as it was last noted down.
    noted: Mutex<BTreeMap<String, String>>,
}

impl Operations {
    /// Gives it what it takes to tell somebody; only the first time counts.
    pub fn equip(&self, means: Means) {
        // A house is equipped once, where it is made.
        let _ = self.means.set(means);
    }

    pub(super) fn means(&self) -> Option<&Means> {
        self.means.get()
    }

    /// The runs of a customer, with what is new taken in.
    pub fn with_history<T>(&self, customer: &Customer, ask: impl FnOnce(&History) -> T) -> Result<T, StoreError> {
        let mut histories = self.histories.lock().unwrap_or_else(PoisonError::into_inner);
        let history = histories.entry(customer.name.clone()).or_default();
        history.refresh(customer.store().as_ref(), || customer.turn().try_lock().is_err())?;
        Ok(ask(history))
    }

    fn is_noted(&self, pipeline: &str, text: &str) -> bool {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.get(pipeline).is_some_and(|before| before == text)
    }

    fn noted(&self, pipeline: &str, text: String) {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).insert(pipeline.to_owned(), text);
    }
}

pub fn routes() -> Vec<Route> {
    vec![
        Route { method: Method::GET, path: "/healthz", access: Access::Open, handler: || get(health::healthz) },
        // Amounts and customers' names stand in it, and a proxy on the same machine makes
        // everybody look as if they came from here.
        Route { method: Method::GET, path: "/metrics", access: Access::SIGNED_IN, handler: || get(metrics::metrics) },
    ]
}
