//! The end of a delivery: settled, put back by a person, forgotten after its time.

use crate::serve::Customer;
use crate::store::{Batch, Delivery, DeliveryState, Operation, Store, StoreError};
use crate::value::{Span, Timestamp};
use std::cmp::Reverse;

/// So long a settled one is known, so that a second of the same id is seen to be the same.
pub const KNOWN: Span = Span::from_secs(14 * 24 * 60 * 60);

/// And so many at most, the latest.
const MOST: usize = 100_000;

/// In one commit; more would keep those waiting who want to be answered.
const TOGETHER: usize = 200;

/// Settles each in its way. Those that stand before one that fails are settled.
pub async fn settle(
    store: &dyn Store,
    deliveries: impl IntoIterator<Item = (Delivery, DeliveryState)>,
) -> Result<usize, StoreError> {
    let put = |(delivery, state)| Operation::PutDelivery(Box::new(Delivery { state, ..delivery }));
    commit(store, deliveries.into_iter().map(put).collect()).await
}

/// Forgets what was settled long ago. How many were forgotten.
pub async fn forget(store: &dyn Store, now: Timestamp) -> Result<usize, StoreError> {
    let mut settled = store.deliveries(false)?;
    settled.sort_by_key(|one| Reverse(one.received));
    let young = settled.iter().take(MOST).take_while(|delivery| delivery.received >= now.minus(KNOWN)).count();
    let old = settled.into_iter().skip(young);
    let forget = |delivery: Delivery| Operation::ForgetDelivery { connection: delivery.connection, id: delivery.id };
    commit(store, old.map(forget).collect()).await
}

/// Has one looked at again that is known, however it ended. Whether it is known.
pub async fn retry(customer: &Customer, connection: &str, id: &str) -> Result<bool, StoreError> {
    let store = customer.store();
    let Some(delivery) = store.delivery(connection, id)? else { return Ok(false) };
    settle(store.as_ref(), [(delivery, DeliveryState::Waiting)]).await.map(|_| true)
}

async fn commit(store: &dyn Store, operations: Vec<Operation>) -> Result<usize, StoreError> {
    for some in operations.chunks(TOGETHER) {
        store.commit(Batch { operations: some.to_vec(), events: Vec::new() }).await?;
    }
    Ok(operations.len())
}
