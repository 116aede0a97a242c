//! What all customers of a house have in common.

use super::opener::Opener;
use crate::value::Span;
use crate::world::Clock;
use std::sync::Arc;
use tokio::sync::watch;

/// For how long a run may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Then it is told of, and asked to stop.
    pub run: Span,
    /// One that does not stop within this is broken off, as if the process had died: the next
    /// run settles what was open.
    pub grace: Span,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { run: Span::from_secs(6 * 3_600), grace: Span::from_secs(15 * 60) }
    }
}

pub struct Shared {
    pub clock: Arc<dyn Clock>,
    pub opener: Arc<dyn Opener>,
    pub bounds: Bounds,
    drain: watch::Sender<bool>,
}

impl Shared {
    pub fn new(clock: Arc<dyn Clock>, opener: Arc<dyn Opener>, bounds: Bounds) -> Self {
        Self { clock, opener, bounds, drain: watch::Sender::new(false) }
    }

    /// From now on nothing is begun, and whatever goes on is asked to stop.
    pub fn drain(&self) {
        self.drain.send_replace(true);
    }

    pub fn is_draining(&self) -> bool {
        *self.drain.borrow()
    }

    pub fn draining(&self) -> watch::Receiver<bool> {
        self.drain.subscribe()
    }
}
