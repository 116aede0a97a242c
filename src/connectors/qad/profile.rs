//! The tenant profile: where one tenant's system differs from the next.
//!
//! Takes the text of a profile file, lays it over the embedded default profile key by
//! key, and hands on a typed [`Profile`]. A key that nobody reads is an error, so a
//! misspelt override never goes unnoticed.

use super::qxtend::profile::Qxtend;
use crate::value::Span;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_yaml::Value as Yaml;

/// All that a tenant may set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub auth: Auth,
    pub http: Http,
    pub browse: Browse,
    pub invoice: InvoiceDefaults,
    pub payment: PaymentDefaults,
    pub errors: Errors,
    /// What differs where the tenant is reached by QXtend.
    pub qxtend: Qxtend,
    /// Where the tenant shows its own Swagger (JSON), below the base address.
    #[serde(default)]
    pub swagger: Option<String>,
    /// By the catalogue's resource names.
    pub resources: IndexMap<String, ResourceOverride>,
}

/// Where tokens come from, and their two clocks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Below the base address.
    pub token_path: String,
    /// Absolute life of a session, in minutes.
    pub session_minutes: u64,
    /// How long a session lives unused, in minutes.
    pub idle_minutes: u64,
}

/// How requests look.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Without one, the front door of some tenants answers with a challenge page.
    pub user_agent: String,
    /// The language of messages and labels.
    pub language: String,
    pub timeout_seconds: u64,
    /// Requests in flight at once, at least 1.
    pub concurrency: usize,
}

/// How lists are read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Browse {
    pub path: String,
    /// The browse that lists the columns of a browse.
    pub fields_id: String,
    pub paging: Paging,
    pub page_size: u64,
    /// Keys that travel in one range filter.
    pub keys_per_request: usize,
    /// A range that fills more pages than this is asked in halves.
    pub most_pages_per_range: u64,
}

/// How the next page is asked for. No public client has shown which one holds everywhere.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Paging {
    /// `page` rises and `pageAction` becomes `next`.
    PageAndNext,
    /// Only `page` rises.
    PageOnly,
}

/// What a supplier invoice gets where the pipeline does not say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceDefaults {
    #[serde(rename = "type")]
    pub kind: String,
    pub currency: String,
    pub daybook: String,
    /// The daybook of credit notes and their corrections.
    pub credit_note_daybook: String,
    /// The status of an invoice whose lines are coded to accounts.
    pub status_code: String,
    /// The status of an invoice with a purchase order: it waits for its receipts to be matched.
    pub status_code_matched: String,
    /// Statuses that wait for receivers to be matched and keep no coded lines.
    pub uncoded_status_codes: Vec<String>,
    pub taxable: bool,
    pub dates: DateFormat,
}

/// What a payment gets where the pipeline does not say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentDefaults {
    pub instrument: String,
    pub status: String,
    /// The daybook of the bank that pays suppliers.
    pub daybook: String,
    /// The daybook of the bank that customers pay into.
    pub receipts_daybook: String,
}

/// How an entity writes a calendar day.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum DateFormat {
    /// `2026-10-31`
    Day,
    /// `2026-10-31T00:00:00.000Z`
    Instant,
}

/// Codes in answers that mean something to the engine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Errors {
    /// The record changed since it was read.
    pub stale_lock: Vec<String>,
}

/// Where a tenant's resource differs from the catalogue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceOverride {
    pub path: Option<String>,
    /// The name of the list in bodies.
    pub array: Option<String>,
    pub view_uri: Option<String>,
    /// Key parameters, by their wire names.
    pub keys: Option<Vec<String>>,
    /// The browse that lists it.
    pub browse: Option<String>,
    /// The browse that lists its lines, where they have one of their own.
    pub lines_browse: Option<String>,
    /// What it is called over QXtend; laid over the catalogue's, key by key.
    pub qxtend: Option<Yaml>,
    /// By the catalogue's field names; `lines.amount` steps into a list.
    pub fields: IndexMap<String, FieldOverride>,
}

/// Where a tenant's field differs from the catalogue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FieldOverride {
    /// Its name in the business entity.
    pub wire: Option<String>,
    /// Its column in the browse.
    pub column: Option<String>,
    /// Longest text, in characters.
    pub max: Option<u32>,
    /// The values that this tenant knows.
    pub values: Option<Vec<String>>,
}

impl InvoiceDefaults {
    /// Whether a status keeps no lines that are coded to accounts.
    pub fn is_uncoded(&self, status: &str) -> bool {
        self.status_code_matched == status || self.uncoded_status_codes.iter().any(|code| code == status)
    }
}

impl Profile {
    /// The default profile with `overrides` (a YAML text) laid over it. The error is one sentence.
    pub fn read(overrides: Option<&str>) -> Result<Self, String> {
        let mut merged: Yaml = serde_yaml::from_str(include_str!("default-profile.yaml"))
            .map_err(|error| format!("the default tenant profile is broken: {error}"))?;
        if let Some(text) = overrides {
            let own: Yaml =
                serde_yaml::from_str(text).map_err(|error| format!("the tenant profile is not YAML: {error}"))?;
            match own {
                Yaml::Null => {}
                Yaml::Mapping(_) => lay_over(&mut merged, own),
                _ => return Err("the tenant profile must be a list of keys such as `invoice:` and `browse:`".into()),
            }
        }
        let profile: Self =
            serde_yaml::from_value(merged).map_err(|error| format!("the tenant profile is wrong: {error}"))?;
        profile.sound().map(|()| profile)
    }

    /// How long one exchange may take.
    pub fn timeout(&self) -> Span {
        Span::from_secs(self.http.timeout_seconds)
    }

    fn sound(&self) -> Result<(), String> {
        let counts = [
            ("auth.session_minutes", self.auth.session_minutes),
            ("auth.idle_minutes", self.auth.idle_minutes),
            ("http.timeout_seconds", self.http.timeout_seconds),
            ("http.concurrency", self.http.concurrency as u64),
            ("browse.page_size", self.browse.page_size),
            ("browse.keys_per_request", self.browse.keys_per_request as u64),
            ("browse.most_pages_per_range", self.browse.most_pages_per_range),
        ];
        match counts.iter().chain(&self.qxtend.counts()).find(|(_, count)| *count == 0) {
            Some((name, _)) => Err(format!("the tenant profile is wrong: `{name}` must be at least 1")),
            None if self.http.user_agent.trim().is_empty() => {
                Err("the tenant profile is wrong: `http.user_agent` must not be empty".to_owned())
            }
            None => Ok(()),
        }
    }
}

/// Mappings are merged, everything else is replaced.
pub fn lay_over(base: &mut Yaml, own: Yaml) {
    match (base, own) {
        (Yaml::Mapping(base), Yaml::Mapping(own)) => {
            for (key, value) in own {
                match base.get_mut(&key) {
                    Some(slot) => lay_over(slot, value),
                    None => {
                        base.insert(key, value);
                    }
                }
            }
        }
        (base, own) => *base = own,
    }
}

#[cfg(test)]
mod tests {
    use super::{Paging, Profile};

    #[test]
    fn a_tenants_file_overrides_key_by_key() {
        let profile = Profile::read(Some("invoice: {daybook: APINV}\nbrowse: {paging: page_only}")).expect("profile");
        assert_eq!(profile.invoice.daybook, "APINV");
        assert_eq!(profile.invoice.status_code, "AP-GLALLOC");
        assert_eq!(profile.browse.paging, Paging::PageOnly);
        assert_eq!(profile.browse.page_size, 200);
    }

    #[test]
    fn an_empty_file_changes_nothing() {
        assert_eq!(Profile::read(Some("# nothing\n")).expect("profile").auth.session_minutes, 480);
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let error = Profile::read(Some("invoice: {daybok: X}")).expect_err("misspelt");
        assert!(error.contains("daybok"), "{error}");
    }

    #[test]
    fn a_count_of_nothing_is_refused() {
        let error = Profile::read(Some("http: {concurrency: 0}")).expect_err("zero");
        assert_eq!(error, "the tenant profile is wrong: `http.concurrency` must be at least 1");
    }
}
