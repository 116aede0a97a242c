//! The world made of the real machine: the only place with the network, the clock, the
//! environment, randomness and the terminal.
//!
//! [`world`] makes the [`World`] of a run; [`DiskFiles`] reads what a pipeline names.
#![allow(clippy::disallowed_methods, reason = "host is the real machine")]

mod clock;
mod entropy;
mod files;
pub mod question;
mod secrets;
pub mod signal;
pub mod terminal;
mod transport;

pub use clock::MachineClock;
pub use entropy::MachineEntropy;
pub use files::{DiskFiles, names_beside, read_input, read_text, replace_text, write_new};
pub use secrets::EnvironmentSecrets;
pub use transport::HttpTransport;

use crate::world::World;
use std::sync::Arc;

/// The real outside.
pub fn world() -> World {
    World {
        transport: Arc::new(HttpTransport::new()),
        clock: Arc::new(MachineClock),
        secrets: Arc::new(EnvironmentSecrets::new()),
        entropy: Arc::new(MachineEntropy),
    }
}
