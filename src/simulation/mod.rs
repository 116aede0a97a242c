//! The simulation: the real engine and the real connectors, between fakes that people work
//! in and a network that fails, in a process that dies, on virtual time.
//!
//! A seed decides all of it, so the same seed tells the same tale, and an oracle that knows
//! neither the language nor the engine compares both books with what the papers said.
//! Nothing here looks at the machine: no time, no network, no randomness.

mod clock;
mod company;
mod extras;
mod many;
mod mortal;
mod network;
mod oracle;
mod post;
mod programs;
mod reckoning;
mod season;
mod setup;
mod stands;
mod story;
mod tale;
#[cfg(test)]
mod tests;
mod weather;
mod work;

pub use many::{Seeds, Simulated, simulate};
pub use oracle::Breach;
pub use programs::Programs;
pub use season::{BOUND, Lived, PROMPT, Season, season};
pub use story::{Told, play};
