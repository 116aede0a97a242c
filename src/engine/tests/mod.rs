//! The engine against a small ledger in memory: nothing twice, nothing lost.

mod amended;
mod bench;
mod changes;
pub(super) mod clock;
mod corrections;
mod crashes;
mod decisions;
mod directory;
mod faults;
mod marks;
mod matches;
mod notices;
mod pipeline;
mod polls;
mod queues;
mod reading;
mod scoped;
mod side;
mod waits;
