//! What other systems tell of by themselves: received, kept, looked at.
//!
//! ```text
//!  POST ─> secret? ─> body, bounded ─> read by the connector ─> kept in the store ─> 200
//!                                                                    │
//!      settled <─ run over what was touched <─ gathered until quiet <┘
//! ```
//!
//! Invariants: nothing is answered with a 2xx before it is on disk; whatever is on disk stays
//! there as waiting until a run that looked at it has ended well, through crashes too; and
//! nothing that a delivery says is believed, since the record is always read again.

mod counts;
mod dispatch;
mod listening;
mod plan;
mod receive;
mod round;
mod secret;
mod settle;
#[cfg(test)]
mod tests;
mod waiting;

pub use counts::{Counts, Durations};
pub use dispatch::dispatch;
pub use listening::{Listening, listening};
pub use settle::retry;
pub use waiting::Waiting;

use super::House;
use super::http::{Access, Route};
use crate::value::Timestamp;
use axum::http::Method;
use axum::routing::post;

/// Where deliveries come in. No one signs in: each brings its connection's secret along.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/webhooks/{driver}/{connection}",
        access: Access::Open,
        handler: || post(receive::receive),
    }]
}

/// How many deliveries wait in all, and since when the oldest does.
pub fn waiting(house: &House) -> (usize, Option<Timestamp>) {
    let customers = house.customers();
    let waiting = || customers.iter().map(|customer| &customer.index.waiting);
    (waiting().map(Waiting::len).sum(), waiting().filter_map(Waiting::oldest).min())
}
