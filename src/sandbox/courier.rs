//! Carries what the fakes want to tell to those who asked for it, and their answers back.
//!
//! The fakes say what is due and learn what it was answered with; the way there is the
//! caller's transport, so that a test carries in memory what a server carries over TCP.

use super::clock::SandboxClock;
use super::error::SandboxError;
use super::station::Station;
use crate::value::Span;
use crate::world::{Clock, Transport};
use futures_util::future::join_all;
use std::sync::Arc;

/// How often it is looked whether something is due.
const PAUSE: Span = Span::from_millis(200);

/// Goes its rounds over all fakes of a sandbox.
#[derive(Clone)]
pub struct Courier {
    pub(super) stations: Arc<Vec<Station>>,
    pub(super) clock: Arc<SandboxClock>,
}

impl Courier {
    /// Sends what is due now, all of it at once. Tells how many deliveries that were.
    ///
    /// # Errors
    /// A sandbox that cannot write down what it gave up.
    pub async fn round(&self, transport: &dyn Transport) -> Result<usize, SandboxError> {
        let mut due = Vec::new();
        for station in self.stations.iter() {
            due.extend(station.due(self.clock.now())?.into_iter().map(|delivery| (station, delivery)));
        }
        let carried = due.into_iter().map(async |(station, delivery)| {
            let answer = transport.send(delivery.request).await;
            station.answered(delivery.id, answer.ok().map(|answer| answer.status), self.clock.now());
        });
        Ok(join_all(carried).await.len())
    }

    /// Goes its rounds for as long as the sandbox holds.
    pub async fn run(self, transport: Arc<dyn Transport>) -> Result<(), SandboxError> {
        loop {
            // While there is something to carry, nobody waits for more.
            if self.round(transport.as_ref()).await? == 0 {
                self.clock.sleep(PAUSE).await;
            }
        }
    }
}
