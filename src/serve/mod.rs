//! `mlc serve`: many customers' pipelines in one process, on their schedules and by the
//! webhooks of the systems that they read, with a console for the people who look after them.
//!
//! ```text
//!  schedule ─┐                         ┌─ console (pages)
//!  webhooks ─┼─> Customer ─> engine    ├─ api (the same as JSON)
//!  people ───┘      │                  ├─ operations (health, metrics, notices)
//!                 store ─> Index ──────┘
//! ```
//!
//! A [`House`] holds the [`Customer`]s; each has one pipeline file, one store, and one turn at a
//! time. What pages show of all records comes from an [`Index`] that sees every commit, so that
//! no page ever reads the whole store. The outside comes in through the traits of
//! [`crate::world`]; how a file is opened is the [`Opener`]'s.

pub mod act;
pub mod api;
pub mod clockwork;
pub mod console;
mod customer;
pub mod door;
mod house;
pub mod http;
mod index;
mod opener;
pub mod operations;
pub mod reload;
pub mod schedule;
mod shared;
pub mod statements;
mod status;
mod trail;
mod watchdog;
mod watched;
pub mod webhook;

pub use customer::Customer;
pub use house::{House, HouseStatus, Outside};
pub use index::{Index, Summary, Totals};
pub use opener::{Opened, Opener, Refusal};
pub use shared::Bounds;
pub use status::{FlowStatus, Ran, Running, Status, Trouble};
pub use trail::Trail;
pub use watched::{Watched, Watching};
