//! The brake of a run: whoever finds that the run must not go on pulls it, and
//! everybody looks at it before beginning something new. What is in flight is settled.
//! The first reason stays.

use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// Why a run takes up nothing new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    pub kind: StopKind,
    pub message: String,
    pub mend: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopKind {
    /// A connection refuses the credential, is down, or is set up wrongly.
    World,
    /// The flow's `guard`.
    Guard,
    /// Somebody asked for it.
    Cancelled,
    /// The engine ended with an error.
    Error,
}

pub(super) struct Brake {
    reason: Mutex<Option<Stop>>,
    pulled: watch::Sender<bool>,
}

impl Brake {
    pub fn new() -> Self {
        Self { reason: Mutex::new(None), pulled: watch::Sender::new(false) }
    }

    pub fn pull(&self, kind: StopKind, message: impl Into<String>, mend: impl Into<String>) {
        let stop = Stop { kind, message: message.into(), mend: mend.into() };
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(stop);
        self.pulled.send_replace(true);
    }

    pub fn is_pulled(&self) -> bool {
        *self.pulled.borrow()
    }

    pub fn reason(&self) -> Option<Stop> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns as soon as the brake is pulled.
    pub async fn pulled(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.pulled.subscribe().wait_for(|pulled| *pulled).await;
    }
}
