//! The world made of the real machine: the only place with the network, the clock, the
//! environment, randomness and the terminal.
//!
//! [`world`] makes the [`World`] of a run; [`DiskFiles`] reads what a pipeline names.
#![allow(clippy::disallowed_methods, reason = "host is the real machine")]

pub mod account;
mod capped;
mod clock;
mod entropy;
mod files;
mod mail;
mod notebook;
mod private_file;
mod prompt;
mod register;
mod secrets;
mod seen;
pub mod signal;
pub mod terminal;
mod transport;
mod vault;
mod vault_key;

pub use capped::Capped;
pub use clock::MachineClock;
pub use entropy::MachineEntropy;
pub use files::{DiskFiles, names_beside, read_input, read_input_secret, read_text, replace_text, write_new};
pub use mail::SmtpPost;
pub use notebook::DiskNotebook;
pub use prompt::{ask, can_ask};
pub use register::RegisterFile;
pub use secrets::MachineSecrets;
pub use seen::{Seen, SeenFiles};
pub use transport::{HttpTransport, choose_cryptography};
pub use vault::{VaultFile, random};
pub use vault_key::write_new_key;

use crate::world::World;
use std::sync::Arc;

/// The real outside.
pub fn world() -> World {
    World {
        transport: Arc::new(HttpTransport::new()),
        clock: Arc::new(MachineClock),
        secrets: Arc::new(MachineSecrets::new()),
        entropy: Arc::new(MachineEntropy),
    }
}
