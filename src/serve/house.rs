//! All customers of one process, and the outside that they share.

use super::customer::Customer;
use super::http::Door;
use super::opener::{Opener, Refusal};
use super::operations::Operations;
use super::shared::{Bounds, Shared};
use super::watched::{Watched, Watching};
use super::webhook::Counts;
use crate::value::Timestamp;
use crate::world::{Clock, Entropy, Transport};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Notify, watch};

/// What the process has of the outside.
#[derive(Clone)]
pub struct Outside {
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub transport: Arc<dyn Transport>,
}

pub struct House {
    pub outside: Outside,
    pub opener: Arc<dyn Opener>,
    pub door: Arc<dyn Door>,
    pub operations: Operations,
    pub(super) shared: Arc<Shared>,
    /// What became of the deliveries of other systems.
    pub webhooks: Counts,
    customers: RwLock<BTreeMap<String, Arc<Customer>>>,
    /// Files that could not be opened yet, and why.
    closed: RwLock<BTreeMap<PathBuf, Refusal>>,
    began: Timestamp,
    /// Goes up when customers come or go.
    changes: watch::Sender<u64>,
    /// Somebody wants all files to be looked at now.
    pub(super) look: Notify,
}

/// How the process does, beside its customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HouseStatus {
    pub since: Timestamp,
    /// Nothing new is begun: the process is about to end.
    pub draining: bool,
    pub customers: usize,
    /// Customers whose runs go on.
    pub busy: Vec<String>,
    /// Files that are not served at all.
    pub closed: usize,
    /// Customers whose file as it stands now is refused; an earlier one counts.
    pub refused: Vec<String>,
}

impl House {
    pub fn new(outside: Outside, opener: Arc<dyn Opener>, door: Arc<dyn Door>) -> Self {
        Self::bounded(outside, opener, door, Bounds::default())
    }

    /// With other bounds on its runs.
    pub fn bounded(outside: Outside, opener: Arc<dyn Opener>, door: Arc<dyn Door>, bounds: Bounds) -> Self {
        let shared = Arc::new(Shared::new(Arc::clone(&outside.clock), Arc::clone(&opener), bounds));
        let began = outside.clock.now();
        Self {
            outside,
            opener,
            door,
            operations: Operations::default(),
            shared,
            webhooks: Counts::default(),
            customers: RwLock::default(),
            closed: RwLock::default(),
            began,
            changes: watch::Sender::new(0),
            look: Notify::new(),
        }
    }

    pub fn status(&self) -> HouseStatus {
        let customers = self.customers();
        let names = |wanted: &dyn Fn(&Customer) -> bool| {
            customers.iter().filter(|customer| wanted(customer)).map(|customer| customer.name.clone()).collect()
        };
        HouseStatus {
            since: self.began,
            draining: self.is_draining(),
            customers: customers.len(),
            busy: names(&|customer| customer.lock_status().running.is_some()),
            closed: self.closed.read().unwrap_or_else(PoisonError::into_inner).len(),
            refused: names(&|customer| customer.refused().is_some()),
        }
    }

    /// From now on nothing is begun; runs that go on take up nothing new and settle what is in flight.
    pub fn drain(&self) {
        self.shared.drain();
    }

    pub fn is_draining(&self) -> bool {
        self.shared.is_draining()
    }

    /// Returns when the process is asked to drain.
    pub async fn draining(&self) {
        // The sender lives as long as the house.
        let _ = self.shared.draining().wait_for(|draining| *draining).await;
    }

    /// Returns when nobody works for any customer.
    pub async fn at_rest(&self) {
        for customer in self.customers() {
            drop(customer.take_turn().await);
        }
    }

    /// Opens all files anew, changed or not: what they name outside of them may be another.
    pub fn look_again(&self) {
        self.look.notify_one();
    }

    /// For those who wait for customers that come or go.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Opens a file; one that is refused is remembered with its reason, and may be tried again.
    pub fn admit(&self, file: &Path) -> Result<Arc<Customer>, Refusal> {
        let admitted = self.open(file);
        let mut closed = self.closed.write().unwrap_or_else(PoisonError::into_inner);
        match &admitted {
            Ok(_) => closed.remove(file),
            Err(refusal) => closed.insert(file.to_owned(), refusal.clone()),
        };
        drop(closed);
        if admitted.is_ok() {
            self.changes.send_modify(|version| *version += 1);
        }
        admitted
    }

    /// A file is served no more.
    pub fn retire(&self, file: &Path) {
        self.closed.write().unwrap_or_else(PoisonError::into_inner).remove(file);
        let mut customers = self.customers.write().unwrap_or_else(PoisonError::into_inner);
        let gone = customers.extract_if(.., |_, customer| customer.file == file).map(|(_, customer)| customer);
        let gone: Vec<Arc<Customer>> = gone.collect();
        drop(customers);
        gone.iter().for_each(|customer| customer.retire());
        self.opener.close(file);
        self.changes.send_modify(|version| *version += 1);
    }

    fn open(&self, file: &Path) -> Result<Arc<Customer>, Refusal> {
        let mut opened = self.opener.open(file, None)?;
        let refused =
            |error: crate::store::StoreError| Refusal { message: error.message, mend: error.hint, world: true };
        let watched = Watched::over(opened.setup.store).map_err(refused);
        let Watching { store, index, trail } = watched.inspect_err(|_| self.opener.close(file))?;
        opened.setup.store = store;
        let customer = Arc::new(Customer::new(file.to_owned(), opened, index, trail, Arc::clone(&self.shared)));
        let mut customers = self.customers.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = customers.get(&customer.name) {
            self.opener.close(file);
            return Err(Refusal {
                message: format!(
                    "{} and {} are both the pipeline `{}`",
                    other.file.display(),
                    file.display(),
                    customer.name
                ),
                mend: "give each customer's pipeline a name of its own".to_owned(),
                world: false,
            });
        }
        customers.insert(customer.name.clone(), Arc::clone(&customer));
        Ok(customer)
    }

    pub fn customer(&self, name: &str) -> Option<Arc<Customer>> {
        self.customers.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// In the order of their names.
    pub fn customers(&self) -> Vec<Arc<Customer>> {
        self.customers.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Files that could not be opened, and why.
    pub fn closed(&self) -> Vec<(PathBuf, Refusal)> {
        let closed = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        closed.iter().map(|(file, refusal)| (file.clone(), refusal.clone())).collect()
    }
}
