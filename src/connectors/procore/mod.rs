//! Procore: where subcontractor invoices, projects and vendors come from.
//!
//! Vendors can be written, an invoice can be given its name in the ledger, the rest is only
//! read, and the catalogue says so. What it can do is `catalogue`; requests are made in
//! `client`, those for lines that a list does not show in `lines`, those for lists inside of
//! contracts in `within`, writes in `write`, tokens in `auth`; a status becomes an error in
//! `error`; `probe` looks at what a pipeline needs before it runs; `webhook` reads deliveries, and
//! `hooks` keeps what they come by; `fake` answers as Procore does.

mod auth;
mod catalogue;
mod client;
mod error;
mod fake;
mod hooks;
mod lines;
mod parts;
mod probe;
mod query;
#[cfg(test)]
mod tests;
mod webhook;
mod within;
mod write;

use crate::connector::Driver;

/// The line that the list of connectors needs.
pub const DRIVER: Driver = Driver {
    name: "procore",
    catalogue: catalogue::catalogue,
    profiled: catalogue::profiled,
    open: client::Procore::open,
    fake: fake::stocked,
    webhook: Some(webhook::RECEIVING),
};
