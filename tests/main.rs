//! The tests that look at `mlc` from outside, in one binary.

#![allow(
    clippy::disallowed_methods,
    reason = "tests stand outside the house: they wait, measure and read the environment"
)]

mod corpus;
mod quickstart;
mod reckoning;
mod support;
mod trouble;
mod vendors;
mod wrong_input;
