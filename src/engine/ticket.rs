//! Which records of a pass are not yet settled. The cursor of a source may only move when
//! every record of the pass has an outcome that is durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Goes with one record to wherever it is settled. Dropped unsettled, the pass stays open.
pub(super) struct Ticket {
    settled: Arc<AtomicU64>,
    _out: mpsc::Sender<()>,
}

impl Ticket {
    pub fn settle(self) {
        self.settled.fetch_add(1, Ordering::AcqRel);
    }
}

/// The tickets of one pass.
pub(super) struct Tickets {
    issued: u64,
    settled: Arc<AtomicU64>,
    out: mpsc::Sender<()>,
    back: mpsc::Receiver<()>,
}

impl Tickets {
    pub fn new() -> Self {
        let (out, back) = mpsc::channel(1);
        Self { issued: 0, settled: Arc::default(), out, back }
    }

    pub fn issue(&mut self) -> Ticket {
        self.issued += 1;
        Ticket { settled: self.settled.clone(), _out: self.out.clone() }
    }

    /// Waits until no ticket is out any more; whether all of them were settled.
    pub async fn all_settled(self) -> bool {
        let Self { issued, settled, out, mut back } = self;
        drop(out);
        // Nothing is ever sent: the channel ends when the last ticket is gone.
        while back.recv().await.is_some() {}
        settled.load(Ordering::Acquire) == issued
    }
}

#[cfg(test)]
mod tests {
    use super::Tickets;

    #[tokio::test]
    async fn a_ticket_that_was_dropped_keeps_the_pass_open() {
        let mut tickets = Tickets::new();
        let (one, two) = (tickets.issue(), tickets.issue());
        one.settle();
        drop(two);
        assert!(!tickets.all_settled().await);
    }

    #[tokio::test]
    async fn all_settled_waits_for_the_last_one() {
        let mut tickets = Tickets::new();
        let ticket = tickets.issue();
        let late = tokio::spawn(async move {
            tokio::task::yield_now().await;
            ticket.settle();
        });
        assert!(tickets.all_settled().await);
        late.await.expect("task");
    }
}
