//! The sandbox: the outside world made of memory. A seeded contractor stocks one fake
//! for each connector; the real connector code speaks HTTP to them. What they accept is
//! written down before it is answered, so that the next run meets the same world.

mod awkward;
mod billing;
mod chart;
mod clock;
mod contractor;
mod courier;
mod direct_costs;
mod error;
mod faults;
mod jobs;
mod journal;
mod line;
mod names;
mod orders;
mod payments;
mod random;
mod server;
mod station;
mod structure;
mod suppliers;
mod taxes;
mod transport;
mod world;

pub use clock::SandboxClock;
pub use contractor::contractor;
pub use courier::Courier;
pub use error::SandboxError;
pub use faults::{Fault, Faults, FaultsError};
pub use random::Random;
pub use server::{Served, bind, serve};
pub use world::{DEFAULT_SEED, SPEED, Sandbox, SandboxOptions};
