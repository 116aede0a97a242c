//! A fake with its journal: what a change passes before its answer goes out.

use super::error::SandboxError;
use super::journal::{Journal, Story};
use crate::connector::{Delivery, Fake, Settings};
use crate::value::Timestamp;
use crate::world::{Credential, HttpRequest, HttpResponse};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One vendor's system in memory.
pub struct Station {
    pub name: &'static str,
    pub base_url: String,
    inner: Mutex<Inner>,
}

struct Inner {
    fake: Box<dyn Fake>,
    /// `None` when nothing is to be kept.
    journal: Option<Journal>,
    /// Once a change could not be written down, nothing is answered any more.
    broken: Option<SandboxError>,
}

impl Inner {
    /// Writes down what has changed.
    fn write_down(&mut self, now: Timestamp) -> Result<(), SandboxError> {
        let changes = self.fake.take_changes();
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.append(now, changes)
        {
            self.broken = Some(error.clone());
            return Err(error);
        }
        Ok(())
    }
}

impl Station {
    /// Tells the fake what happened before.
    pub fn new(name: &'static str, mut fake: Box<dyn Fake>, story: Option<&Story>, journal: Option<Journal>) -> Self {
        for change in story.iter().flat_map(|story| &story.entries).flat_map(|entry| &entry.changes) {
            fake.apply(change);
        }
        // What was told is not news.
        fake.take_changes();
        let base_url = fake.base_url();
        Self { name, base_url, inner: Mutex::new(Inner { fake, journal, broken: None }) }
    }

    /// Answers one request, after what it changed was written down.
    pub fn answer(&self, request: &HttpRequest, now: Timestamp) -> Result<HttpResponse, SandboxError> {
        let mut inner = self.lock();
        if let Some(error) = &inner.broken {
            return Err(error.clone());
        }
        let response = inner.fake.answer(request, now);
        inner.write_down(now)?;
        Ok(response)
    }

    /// What the fake wants to tell others by now.
    pub fn due(&self, now: Timestamp) -> Result<Vec<Delivery>, SandboxError> {
        let mut inner = self.lock();
        if let Some(error) = &inner.broken {
            return Err(error.clone());
        }
        let due = inner.fake.due(now);
        inner.write_down(now)?;
        Ok(due)
    }

    /// What a delivery was answered with, if it was.
    pub fn answered(&self, delivery: u64, status: Option<u16>, now: Timestamp) {
        self.lock().fake.answered(delivery, status, now);
    }

    /// What a `connect` block needs to reach it at `base_url`.
    pub fn settings(&self, base_url: &str) -> Settings {
        self.lock().fake.settings(base_url)
    }

    /// The same for a connection that sets some of them itself.
    pub fn settings_for(&self, wanted: &Settings) -> Settings {
        self.lock().fake.settings_for(&self.base_url, wanted)
    }

    pub fn credential(&self) -> Credential {
        self.lock().fake.credential()
    }

    pub fn books(&self) -> serde_json::Value {
        self.lock().fake.books()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
