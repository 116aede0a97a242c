//! The tests that look at `mlc` from outside, in one binary.

#![allow(
    clippy::disallowed_methods,
    reason = "tests stand outside the house: they wait, measure and read the environment"
)]

mod align;
mod corpus;
mod decimals;
mod docs;
mod editors;
mod fmt;
mod fuzzed;
mod jsonpath;
#[cfg(feature = "lsp")]
mod lsp;
mod mlc_test;
mod ping;
mod quickstart;
mod reckoning;
mod served;
mod soundness;
mod state;
mod support;
mod trouble;
mod vendors;
mod wrong_input;
