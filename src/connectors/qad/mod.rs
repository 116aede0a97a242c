//! QAD, as Adaptive ERP over REST or as Enterprise Edition by QXtend: suppliers, GL accounts, cost centers and projects to read,
//! supplier invoices to write.
//!
//! `catalogue.yaml` and the files of `catalogue/` say what there is, a tenant `profile` where one tenant differs.
//! `connection` carries out the engine's operations: `ask` and `browse` find records,
//! `invoice` and `envelope` dress them for the wire, `client` and `auth` send them, and
//! `error` is the one place where an answer becomes an error. `fake` is the same system in
//! memory. `qxtend` does the same over SOAP, with the same catalogue, profile and rules.

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
mod profile;
mod query;
mod qxtend;
#[cfg(test)]
mod tests;

use crate::connector::{Catalogue, Connector, Driver, Error, Opening};

/// QAD's line in the list of connectors.
pub const DRIVER: Driver = Driver { name: "qad", catalogue: catalogue::shipped, profiled, open, fake: fake::stocked };

/// Opens a connection by the interface that `api` names.
fn open(opening: Opening) -> Result<Box<dyn Connector>, Error> {
    match opening.settings.text("api") {
        Some("qxtend") => qxtend::open(opening),
        _ => connection::open(opening),
    }
}

/// The catalogue with a tenant profile laid over it.
fn profiled(profile: &str) -> Result<Catalogue, String> {
    catalogue::Tenant::read(Some(profile)).map(|tenant| tenant.catalogue)
}
