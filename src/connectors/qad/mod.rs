//! QAD Adaptive ERP over REST: suppliers, GL accounts, cost centers and projects to read,
//! supplier invoices to write.
//!
//! `catalogue.yaml` says what there is, a tenant `profile` where one tenant differs.
//! `connection` carries out the engine's operations: `ask` and `browse` find records,
//! `invoice` and `envelope` dress them for the wire, `client` and `auth` send them, and
//! `error` is the one place where an answer becomes an error. `fake` is the same system in
//! memory.

mod ask;
mod auth;
mod browse;
mod catalogue;
mod client;
mod connection;
mod envelope;
mod error;
mod invoice;
mod profile;
mod query;
