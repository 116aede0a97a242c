//! Sending a group and reading it back: steps 4 and 5 of `post`. The store is not touched here.

use super::ask::{self, LATE_LOOKS};
use super::brake::StopKind;
use super::flow_run::FlowRun;
use super::mapping::Ready;
use super::send::{self, Answer, Sent};
use crate::connector::{Connector, Error, Found, Key};
use futures_util::stream::{self, StreamExt as _};
use std::sync::atomic::{AtomicU32, Ordering};
use tracing::Instrument as _;

/// Writes in flight at once. Ledgers give an integration few sessions, and each write holds one.
const POSTS_AT_ONCE: usize = 2;

/// After so many records in a row that could not be delivered, the target is taken to be down.
const LOST_IN_A_ROW: u32 = 3;

/// A record to be sent, and the one that it updates.
pub(super) struct Order {
    pub ready: Ready,
    pub existing: Option<Found>,
}

/// A record that was sent, and what was read back of it.
pub(super) struct Delivery {
    pub order: Order,
    pub sent: Sent,
    pub read_back: Option<Result<Vec<Found>, Error>>,
}

/// Sends the orders side by side. `lost` counts from group to group.
pub(super) async fn deliver(
    flow: &FlowRun,
    connection: &dyn Connector,
    orders: Vec<Order>,
    lost: &AtomicU32,
) -> Vec<Delivery> {
    let deliveries = stream::iter(orders).map(|order| deliver_one(flow, connection, order, lost));
    let mut deliveries = deliveries.buffer_unordered(POSTS_AT_ONCE).collect::<Vec<_>>().await;
    read_back(flow, &mut deliveries).await;
    deliveries
}

async fn deliver_one(flow: &FlowRun, connection: &dyn Connector, order: Order, lost: &AtomicU32) -> Delivery {
    let span = tracing::info_span!("record", record = %order.ready.seen.id);
    let sent = send::send(flow, connection, &order.ready, order.existing.clone()).instrument(span).await;
    count_lost(flow, &sent.answer, lost);
    Delivery { order, sent, read_back: None }
}

/// A target that is down fails every record: better stop than park them all.
fn count_lost(flow: &FlowRun, answer: &Answer, lost: &AtomicU32) {
    match answer {
        Answer::Exhausted(error) | Answer::Unknown(error) => {
            let lost = lost.fetch_add(1, Ordering::Relaxed) + 1;
            if lost >= LOST_IN_A_ROW {
                let message =
                    format!("{} could not take {lost} records in a row: {}", flow.target_title, error.message);
                flow.context.brake.pull(StopKind::World, message, error.mend.clone());
            }
        }
        Answer::NotSent => {}
        _ => lost.store(0, Ordering::Relaxed),
    }
}

/// What is not shown at once is looked for again. The brake does not cut this short: what
/// was sent is settled.
async fn read_back(flow: &FlowRun, deliveries: &mut [Delivery]) {
    let target = flow.flow().target();
    let mut waits = LATE_LOOKS.iter();
    loop {
        let mut open: Vec<&mut Delivery> = deliveries.iter_mut().filter(|delivery| delivery.wants_look()).collect();
        if open.is_empty() {
            return;
        }
        let keys: Vec<Key> = open.iter().map(|delivery| delivery.order.ready.key.clone()).collect();
        match ask::find(&flow.context, &target.connection, &target.resource, &keys).await {
            Ok(found) => {
                open.iter_mut().zip(found).for_each(|(delivery, found)| delivery.read_back = Some(Ok(found)));
            }
            Err(error) => open.iter_mut().for_each(|delivery| delivery.read_back = Some(Err(error.clone()))),
        }
        if !deliveries.iter().any(Delivery::wants_look) {
            return;
        }
        match waits.next() {
            Some(&wait) => flow.context.clock.sleep(wait).await,
            None => return,
        }
    }
}

impl Delivery {
    /// Answered with success, and not yet seen on the other side.
    fn wants_look(&self) -> bool {
        let unseen = match &self.read_back {
            None => true,
            Some(Ok(found)) => found.is_empty(),
            Some(Err(_)) => false,
        };
        matches!(self.sent.answer, Answer::Stored(_)) && unseen
    }
}
