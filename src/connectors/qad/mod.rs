//! QAD Adaptive ERP over REST: suppliers, GL accounts, cost centers and projects to read,
//! supplier invoices to write.
//!
//! `catalogue.yaml` and the files of `catalogue/` say what there is, a tenant `profile` where one tenant differs.
//! `connection` carries out the engine's operations: `ask` and `browse` find records,
//! `invoice` and `envelope` dress them for the wire, `client` and `auth` send them, and
//! `error` is the one place where an answer becomes an error. `probe` looks at what a
//! pipeline needs before it runs, by the tenant's own `swagger` too. `fake` is the same
//! system in memory.

mod ask;
mod auth;
mod browse;
mod catalogue;
mod client;
mod connection;
mod envelope;
mod error;
mod fake;
mod invoice;
mod key;
mod probe;
mod profile;
mod query;
mod swagger;
#[cfg(test)]
mod tests;

use crate::connector::{Catalogue, Driver};

/// QAD's line in the list of connectors.
pub const DRIVER: Driver =
    Driver { name: "qad", catalogue: catalogue::shipped, profiled, open: connection::open, fake: fake::stocked };

/// The catalogue with a tenant profile laid over it.
fn profiled(profile: &str) -> Result<Catalogue, String> {
    catalogue::Tenant::read(Some(profile)).map(|tenant| tenant.catalogue)
}
