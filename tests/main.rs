//! The tests that look at `mlc` from outside, in one binary.

#![allow(
    clippy::disallowed_methods,
    reason = "tests stand outside the house: they wait, measure and read the environment"
)]

mod corpus;
mod docs;
mod fuzzed;
mod jsonpath;
mod quickstart;
mod reckoning;
mod soundness;
mod support;
mod trouble;
mod wrong_input;
