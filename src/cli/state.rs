//! The state of earlier runs, opened to be looked at.

use super::actor::actor;
use super::arguments::Place;
use super::exit::Failure;
use super::identity::{Identity, identify};
use crate::host;
use crate::store::{SledStore, Store};

/// The store of a pipeline, and whose it is.
pub struct State {
    pub identity: Identity,
    pub store: SledStore,
}

impl State {
    /// Opens the state that runs have left behind; there must be one.
    pub fn open(place: &Place) -> Result<Self, Failure> {
        let identity = identify(place)?;
        let folder = identity.folder.store();
        let now = host::world().clock.now();
        let store = SledStore::open_existing_by(&folder, now, actor())?.ok_or_else(|| {
            Failure::wrong(
                format!("`{}` has not run yet: there is no state in {}", identity.name, folder.display()),
                format!("run it first: mlc run {}", place.file.display()),
            )
        })?;
        Ok(Self { identity, store })
    }

    pub fn store(&self) -> &dyn Store {
        &self.store
    }
}
