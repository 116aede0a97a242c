//! QAD, as Adaptive ERP over REST or as Enterprise Edition by QXtend: masters, purchase orders,
//! receipts and periods to read, supplier invoices and payments to write.
//!
//! `catalogue.yaml` and the files of `catalogue/` say what there is, a tenant `profile` where
//! one tenant differs. `connection` carries out the engine's operations: `reading`, `ask` and
//! `browse` find records, `readiness` says whether receipts are there, `dress` and `envelope`
//! dress records, `client` and `auth` send them, and `error` is the one place where an answer
//! becomes an error. `probe` looks at what a pipeline needs before it runs, by the tenant's own
//! `swagger` too. `fake` is the same system in memory. `qxtend` does the same over SOAP,
//! with the same catalogue, profile and rules.

mod ask;
mod auth;
mod browse;
mod catalogue;
mod client;
mod connection;
mod dress;
mod envelope;
mod error;
mod fake;
mod key;
mod probe;
mod profile;
mod query;
mod qxtend;
mod readiness;
mod reading;
mod shared;
mod swagger;
#[cfg(test)]
mod tests;

use crate::connector::{Catalogue, Connector, Driver, Error, Opening};

/// QAD's line in the list of connectors.
pub const DRIVER: Driver =
    Driver { name: "qad", catalogue: catalogue::shipped, profiled, open, fake: fake::stocked, webhook: None };

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
