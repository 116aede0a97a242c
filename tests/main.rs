//! The tests that look at `mlc` from outside, in one binary.

#![allow(
    clippy::disallowed_methods,
    reason = "tests stand outside the house: they wait, measure and read the environment"
)]

mod align;
mod corpus;
mod costs;
mod decimals;
mod docs;
mod editors;
mod examples;
mod flows;
mod fmt;
mod fuzzed;
mod jsonpath;
mod ledger;
#[cfg(feature = "lsp")]
mod lsp;
mod mlc_test;
mod ping;
mod quickstart;
mod qxtend;
mod reckoning;
mod reckoning_costs;
mod reckoning_orders;
mod reconcile;
mod resources;
mod scenarios;
mod segments;
mod served;
mod shapes;
mod soundness;
#[cfg(feature = "xlsx")]
mod spreadsheet;
mod state;
mod support;
mod trouble;
mod vendors;
mod walls;
mod wrong_input;
