//! The tests that look at `mlc` from outside, in one binary.

#![allow(
    clippy::disallowed_methods,
    reason = "tests stand outside the house: they wait, measure and read the environment"
)]

mod adopt;
mod align;
mod api;
mod backtest;
mod browser;
mod console;
mod corpus;
mod costs;
mod decimals;
mod docs;
mod door;
#[cfg(feature = "lsp")]
mod editing;
mod editors;
mod evidence;
mod examples;
mod flows;
mod fmt;
mod fuzzed;
mod hooks;
mod house;
mod jsonpath;
mod keeping;
mod ledger;
mod limits;
#[cfg(feature = "lsp")]
mod lsp;
mod mlc_test;
mod operations;
mod ping;
mod quickstart;
mod qxtend;
mod reckoning;
mod reckoning_costs;
mod reckoning_orders;
mod reconcile;
mod replay;
mod resources;
mod scenarios;
mod schedules;
mod segments;
mod serve;
mod served;
mod shapes;
mod small;
mod soundness;
#[cfg(feature = "xlsx")]
mod spreadsheet;
mod state;
mod support;
mod trouble;
mod vault;
mod vendors;
mod walls;
mod webhooks;
mod why;
mod wrong_input;
