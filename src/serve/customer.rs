//! One customer: one pipeline file, one store, one turn at a time.

use super::index::Index;
use super::opener::{Opened, Refusal};
use super::shared::Shared;
use super::statements::Statements;
use super::status::Status;
use super::trail::Trail;
use super::watchdog;
use crate::engine::{Options, Report, RunError, RunErrorKind};
use crate::store::{AuditEntry, RecordId, Store, StoreError};
use std::path::PathBuf;
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError, RwLock};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, watch};

pub struct Customer {
    /// The pipeline's name.
    pub name: String,
    pub file: PathBuf,
    /// Summaries of all its records.
    pub index: Arc<Index>,
    /// The reconciliations that people asked for.
    pub statements: Statements,
    trail: Arc<Trail>,
    pub(super) shared: Arc<Shared>,
    opened: RwLock<Arc<Opened>>,
    /// What the files were when they were last opened, or refused.
    taken: Lock<String>,
    /// Why the file as it stands now is not the one that counts.
    refused: RwLock<Option<Refusal>>,
    status: Lock<Status>,
    turn: Arc<Mutex<()>>,
    /// Another program counts now.
    pub(super) changed: Notify,
    retired: watch::Sender<bool>,
}

impl Customer {
    /// `opened.setup.store` is one that keeps `index` and `trail` current.
    pub(super) fn new(
        file: PathBuf,
        opened: Opened,
        index: Arc<Index>,
        trail: Arc<Trail>,
        shared: Arc<Shared>,
    ) -> Self {
        let taken = shared.opener.taken(&file);
        Self {
            name: opened.name().to_owned(),
            file,
            index,
            statements: Statements::default(),
            trail,
            shared,
            opened: RwLock::new(Arc::new(opened)),
            taken: Lock::new(taken),
            refused: RwLock::default(),
            status: Lock::default(),
            turn: Arc::default(),
            changed: Notify::new(),
            retired: watch::Sender::new(false),
        }
    }

    /// The program that counts now. Whoever works with it goes on with it when another takes
    /// its place.
    pub fn opened(&self) -> Arc<Opened> {
        Arc::clone(&self.opened.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn store(&self) -> Arc<dyn Store> {
        self.opened().store()
    }

    /// One record's entries of the audit log, the oldest first.
    pub fn events(&self, id: &RecordId) -> Result<Vec<AuditEntry>, StoreError> {
        self.trail.events(self.store().as_ref(), id)
    }

    /// When its flows are due, what they did last, and what is going on.
    pub fn status(&self) -> Status {
        self.lock_status().clone()
    }

    pub(super) fn lock_status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held by whoever runs, replays or decides on a record: two never work on one customer at
    /// the same time.
    pub fn turn(&self) -> &Mutex<()> {
        &self.turn
    }

    /// The same, to be handed on to [`Self::run_within`].
    pub async fn take_turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// Runs when it is this run's turn, with the files as they are then. Goes on to its end also
    /// when nobody waits for it any more; is asked to stop when the process drains.
    pub async fn run(self: &Arc<Self>, options: &Options) -> Result<Report, RunError> {
        let turn = self.take_turn().await;
        self.run_within(turn, options).await
    }

    /// Runs in the turn that was taken.
    pub async fn run_within(
        self: &Arc<Self>,
        turn: OwnedMutexGuard<()>,
        options: &Options,
    ) -> Result<Report, RunError> {
        // A file that is refused is told of there; the program from before goes on.
        let _ = self.refresh();
        if self.shared.is_draining() || self.is_retired() {
            return Err(not_begun("the server is stopping", "it goes on when the server is started again"));
        }
        if let Some(Refusal { message, mend, .. }) = self.shared.opener.forbids(&self.file, &self.opened()) {
            let error = not_begun(message, mend);
            tracing::error!(pipeline = self.name, mend = error.mend, "not run: {}", error.message);
            self.lock_status().failed(self.shared.clock.now(), &options.flows, &error);
            return Err(error);
        }
        watchdog::run(self, turn, options).await
    }

    /// Why the file as it stands now is not used; `None` while it is.
    pub fn refused(&self) -> Option<Refusal> {
        self.refused.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the files as they stand now, if any of them is another than it was.
    pub fn refresh(&self) -> Result<(), Refusal> {
        if self.shared.opener.look(&self.file) == *self.taken.lock().unwrap_or_else(PoisonError::into_inner) {
            return self.refused().map_or(Ok(()), Err);
        }
        self.reload()
    }

    /// Takes the files as they stand now, if they check clean; else the program that counts goes on.
    pub fn reload(&self) -> Result<(), Refusal> {
        // Held to the end: of two who reload, the later one sees the later files.
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let opener = &self.shared.opener;
        let opened = opener.open(&self.file, Some(&self.opened())).and_then(|opened| self.same(opened));
        *taken = opener.taken(&self.file);
        let refusal = match opened {
            Ok(opened) => {
                let same = self.opened().setup.program.hash() == opened.setup.program.hash();
                *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(opened);
                self.changed.notify_one();
                tracing::info!(pipeline = self.name, file = %self.file.display(), same, "loaded again");
                None
            }
            Err(refusal) => Some(refusal),
        };
        let before =
            std::mem::replace(&mut *self.refused.write().unwrap_or_else(PoisonError::into_inner), refusal.clone());
        match refusal {
            None => Ok(()),
            Some(refusal) => {
                if before.as_ref() != Some(&refusal) {
                    let Refusal { message, mend, .. } = &refusal;
                    let (pipeline, file) = (&self.name, self.file.display());
                    tracing::error!(pipeline, %file, mend, "refused, and the program from before goes on: {message}");
                }
                Err(refusal)
            }
        }
    }

    /// Its file is gone: nothing new is begun, what is going on is asked to stop.
    pub(super) fn retire(&self) {
        self.retired.send_replace(true);
    }

    pub fn is_retired(&self) -> bool {
        *self.retired.borrow()
    }

    /// Returns when the process drains, or this customer is served no more.
    pub(super) async fn stopped(&self) {
        let (mut retired, mut draining) = (self.retired.subscribe(), self.shared.draining());
        tokio::select! {
            // A sender that is gone can no longer ask, and both live as long as the house.
            _ = retired.wait_for(|retired| *retired) => {}
            _ = draining.wait_for(|draining| *draining) => {}
        }
    }

    /// Another name is another state: not to be taken while this one is open.
    fn same(&self, opened: Opened) -> Result<Opened, Refusal> {
        if opened.name() == self.name {
            return Ok(opened);
        }
        Err(Refusal {
            message: format!(
                "{} holds the pipeline `{}` now; `{}` is what was opened, and its state goes by that name",
                self.file.display(),
                opened.name(),
                self.name
            ),
            mend: "name it as before, or start the server again".to_owned(),
            world: false,
        })
    }
}

fn not_begun(message: impl Into<String>, mend: impl Into<String>) -> RunError {
    RunError { kind: RunErrorKind::World, message: message.into(), mend: mend.into(), report: None }
}
