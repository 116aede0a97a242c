//! What is counted while the process lives, for `/metrics`.

use super::trouble::Kind;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What became of an attempt to tell somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    Sent,
    Failed,
    GivenUp,
}

impl Told {
    pub fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub notices: BTreeMap<(String, Kind, Told), u64>,
    pub notices_waiting: BTreeMap<String, u64>,
}

#[derive(Default)]
pub struct Meters {
    counts: Mutex<Counts>,
}

impl Meters {
    pub fn notice(&self, pipeline: &str, kind: Kind, told: Told) {
        *self.counts().notices.entry((pipeline.to_owned(), kind, told)).or_default() += 1;
    }

    pub fn notices_waiting(&self, pipeline: &str, waiting: usize) {
        self.counts().notices_waiting.insert(pipeline.to_owned(), waiting as u64);
    }

    pub fn read(&self) -> Counts {
        self.counts().clone()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
