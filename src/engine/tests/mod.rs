//! The engine against a small ledger in memory: nothing twice, nothing lost.

pub(super) mod clock;
