//! The tenant profile's part on QXtend: where its services are, what they are called, and
//! how much they bear.

use crate::value::Span;
use serde::Deserialize;

/// All that a tenant may set under `qxtend`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qxtend {
    /// The web application, as the tenant named it.
    pub webapp: String,
    /// Below the web application.
    pub path: String,
    /// Exactly as the tenant spells it: capitals count.
    pub receiver: String,
    /// The version of documents that name none of their own.
    pub version: String,
    /// The whole document is one transaction.
    pub scope_transaction: bool,
    /// Codes travel as they are stored, not as the user's language translates them.
    pub mnemonics_raw: bool,
    pub credentials: Credentials,
    /// Ask for answers without the records that were written.
    pub suppress_response_detail: bool,
    /// Documents in flight at once, at least 1; each takes an agent of the pool.
    pub concurrency: usize,
    pub timeout_seconds: u64,
    /// Rows asked for at once.
    pub page_size: u64,
    /// Keys asked for with one range.
    pub keys_per_request: usize,
    /// A range that fills more pages than this is asked in halves.
    pub most_pages_per_range: u64,
    pub fin_api: FinApi,
    pub custom_service: CustomService,
    pub invoice: Invoices,
}

/// Where the user's name and password travel.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Credentials {
    /// In the session context of each document.
    Context,
    /// In the HTTP header, where a proxy or the receiver asks for it.
    Basic,
    Both,
}

/// How the queries of the Financials API are asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinApi {
    /// The data set that holds the `tFilter` rows.
    pub filter_set: String,
    /// The number of the first row, from 1.
    pub first_row: String,
    /// How many rows.
    pub row_count: String,
}

/// The tenant's own read service, beside QXtend.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomService {
    /// From the root of the host.
    pub path: String,
    pub namespace: String,
    /// What its parameters begin with.
    pub prefix: String,
    /// What its columns begin with.
    pub column_prefix: String,
    /// The table of its rows.
    pub row: String,
}

/// What a supplier invoice needs here and not over REST.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoices {
    /// The supplier control account, which takes the other side of the cost lines.
    pub control_account: String,
    /// An invoice whose lines name lines of its order is matched with the receipts as it is
    /// posted; otherwise people match it.
    pub match_receipts: bool,
    /// The daybook of matches.
    pub matching_daybook: String,
}

impl Qxtend {
    /// How long one exchange may take.
    pub fn timeout(&self) -> Span {
        Span::from_secs(self.timeout_seconds)
    }

    /// The counts that must be at least 1, by their names in the profile.
    pub fn counts(&self) -> [(&'static str, u64); 5] {
        [
            ("qxtend.concurrency", self.concurrency as u64),
            ("qxtend.timeout_seconds", self.timeout_seconds),
            ("qxtend.page_size", self.page_size),
            ("qxtend.keys_per_request", self.keys_per_request as u64),
            ("qxtend.most_pages_per_range", self.most_pages_per_range),
        ]
    }
}
