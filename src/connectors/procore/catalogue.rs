//! Procore's catalogue as it ships, read once.
//!
//! The YAML is part of the program: that it reads is an invariant which a test keeps.
//! What only the client needs of a resource, its [`Call`], is read here too, so that a
//! mistake in a `wire` map is found by the same test.

use crate::connector::{Catalogue, ResourceSpec};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const HEAD: &str = include_str!("catalogue.yaml");

/// A file for each resource, in the order in which people are shown them.
const RESOURCES: &[(&str, &str)] = &[
    ("companies", include_str!("catalogue/companies.yaml")),
    ("projects", include_str!("catalogue/projects.yaml")),
    ("vendors", include_str!("catalogue/vendors.yaml")),
    ("requisitions", include_str!("catalogue/requisitions.yaml")),
    ("work_order_contracts", include_str!("catalogue/work_order_contracts.yaml")),
    ("purchase_order_contracts", include_str!("catalogue/purchase_order_contracts.yaml")),
    ("billing_periods", include_str!("catalogue/billing_periods.yaml")),
    ("cost_codes", include_str!("catalogue/cost_codes.yaml")),
    ("line_item_types", include_str!("catalogue/line_item_types.yaml")),
    ("direct_costs", include_str!("catalogue/direct_costs.yaml")),
    ("contract_payments", include_str!("catalogue/contract_payments.yaml")),
    ("prime_contracts", include_str!("catalogue/prime_contracts.yaml")),
    ("prime_contract_payments", include_str!("catalogue/prime_contract_payments.yaml")),
    ("tax_codes", include_str!("catalogue/tax_codes.yaml")),
    ("commitments", include_str!("catalogue/commitments.yaml")),
    ("work_order_contract_line_items", include_str!("catalogue/work_order_contract_line_items.yaml")),
    ("purchase_order_contract_line_items", include_str!("catalogue/purchase_order_contract_line_items.yaml")),
    ("change_orders", include_str!("catalogue/change_orders.yaml")),
    ("commitment_change_orders", include_str!("catalogue/commitment_change_orders.yaml")),
    ("prime_change_orders", include_str!("catalogue/prime_change_orders.yaml")),
    ("budget_line_items", include_str!("catalogue/budget_line_items.yaml")),
    ("wbs_codes", include_str!("catalogue/wbs_codes.yaml")),
    ("wbs_segments", include_str!("catalogue/wbs_segments.yaml")),
    ("sub_jobs", include_str!("catalogue/sub_jobs.yaml")),
];

/// The catalogue.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        Catalogue::assemble(HEAD, RESOURCES).expect("the embedded catalogue is well formed, a test reads it")
    })
}

/// Procore is the same for every tenant; there is nothing to lay over.
pub fn profiled(_profile: &str) -> Result<Catalogue, String> {
    Err("a Procore connection takes no profile: remove `profile` from its `connect` block".to_owned())
}

/// How a resource is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Path below the base URL; `{scope}` stands for the scope record's id.
    pub path: String,
    /// The query parameter that carries the company id.
    pub company: Option<String>,
    /// The path of those that the list leaves out, where there are such; `{company}` in it
    /// stands for the company's number.
    pub apart: Option<String>,
    /// The query parameter that carries the scope record's id.
    pub scope: Option<String>,
    /// Parameters that are always sent.
    pub query: BTreeMap<String, String>,
    /// Records asked for per page. The server may give fewer.
    pub per_page: u64,
    /// For what can be written: the key under which a body holds the record.
    pub body: Option<String>,
    /// The member under which each record is shown the scope that it was asked by.
    pub scope_as: Option<String>,
    /// Fields of the record that a body of a change also holds, beside that key.
    pub beside: Vec<String>,
    /// Where the lines of a record are found, if its list does not show them.
    pub lines: Option<Lines>,
    /// The records that its list must be asked for by, one after the other.
    pub within: Option<Within>,
    /// Several lists make up the resource.
    pub parts: Vec<Part>,
    /// Whether the list comes in pages; else all of it comes at once.
    pub paged: bool,
}

/// Where the lines of records are found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// Lists the lines of all records of the scope.
    pub list: String,
    /// One record with its lines; `{id}` stands for its id.
    pub show: String,
    /// The filter of `list` that takes a range of record ids.
    pub by: String,
}

/// A list that exists only inside of other records, which are listed first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// Paths that list those records, scoped like the resource itself.
    pub lists: Vec<String>,
    /// Parameters that are always sent to `lists`.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// The query parameter that carries the id of one of them; without it, `{within}` in the
    /// path stands for the id.
    pub parameter: Option<String>,
    /// The member under which each record shows the one that it lies in.
    pub shown_as: Option<String>,
    /// Amounts of theirs: where all of these are zero, there is nothing inside.
    #[serde(default)]
    pub idle: Vec<String>,
    /// All of them show the same: only the one with the smallest id is asked.
    #[serde(default)]
    pub alike: bool,
}

/// One of several lists that a resource is read from, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub path: String,
    /// What records of this list are, shown as their `type`.
    pub kind: String,
}

impl Call {
    /// Reads the resource's `wire` map. The error is one sentence.
    pub fn of(name: &str, resource: &ResourceSpec) -> Result<Self, String> {
        let read = || -> Result<Self, serde_yaml::Error> {
            let text = |key: &str| resource.wire.get(key).cloned().map(serde_yaml::from_value).transpose();
            let parts = resource.wire.get("parts").cloned().map(serde_yaml::from_value::<Vec<Part>>).transpose()?;
            let parts = parts.unwrap_or_default();
            let first = parts.first().map(|part| part.path.clone());
            Ok(Self {
                path: text("path")?.or(first).unwrap_or_default(),
                parts,
                paged: resource.wire.get("paged").cloned().map(serde_yaml::from_value).transpose()?.unwrap_or(true),
                company: text("company")?,
                apart: text("apart")?,
                body: text("body")?,
                beside: resource
                    .wire
                    .get("beside")
                    .cloned()
                    .map(serde_yaml::from_value)
                    .transpose()?
                    .unwrap_or_default(),
                scope: text("scope")?,
                scope_as: text("scope_as")?,
                lines: resource.wire.get("lines").cloned().map(serde_yaml::from_value).transpose()?,
                within: resource.wire.get("within").cloned().map(serde_yaml::from_value).transpose()?,
                query: resource.wire.get("query").cloned().map(serde_yaml::from_value).transpose()?.unwrap_or_default(),
                per_page: resource
                    .wire
                    .get("per_page")
                    .cloned()
                    .map(serde_yaml::from_value)
                    .transpose()?
                    .unwrap_or(100),
            })
        };
        let call = read().map_err(|error| format!("resource `{name}`: its wire map is wrong: {error}"))?;
        if !call.path.starts_with("/rest/") {
            return Err(format!("resource `{name}` has no path on the wire"));
        }
        let carried = call.scope.is_some() || call.path.contains("{scope}");
        if carried != resource.scope.is_some() {
            return Err(format!("resource `{name}`: its scope and its wire map disagree"));
        }
        Ok(call)
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, catalogue, profiled};
    use crate::connector::{FieldSpec, NoticeEvent};
    use crate::value::{Kind, Type};
    use indexmap::IndexMap;

    #[test]
    fn the_embedded_catalogue_reads_and_each_resource_can_be_called() {
        for (name, resource) in &catalogue().resources {
            Call::of(name, resource).expect("a call");
            assert_eq!(resource.identity, ["id"], "{name}");
        }
    }

    #[test]
    fn the_fields_that_the_main_flow_lives_on_are_typed_and_settled() {
        let invoice = catalogue().resources["requisitions"].source_type();
        let Kind::List(item) = &invoice.fields["items"].ty.kind else { panic!("items is a list") };
        let Kind::Record(item) = &item.kind else { panic!("of records") };
        assert_eq!(item.fields["net_amount"].ty, Type::new(Kind::Decimal));
        assert_eq!(invoice.fields["status"].ty, Type::text());
        let Kind::Record(code) = &item.fields["wbs_code"].ty.kind else { panic!("a record") };
        assert_eq!(code.fields["cost_code"].ty, Type::text().optional());
        let project = catalogue().resources["projects"].source_type();
        assert_eq!(project.fields["active"].ty, Type::new(Kind::Boolean));
    }

    #[test]
    fn every_fact_has_its_words_and_a_listed_source() {
        fn check(fields: &IndexMap<String, FieldSpec>) {
            for (name, field) in fields {
                assert!(!field.doc.is_empty(), "{name} has no words");
                assert!(field.source.iter().all(|source| catalogue().sources.contains_key(source)), "{name}");
                check(&field.fields);
            }
        }
        catalogue().resources.values().for_each(|resource| check(&resource.fields));
    }

    #[test]
    fn what_nobody_tells_of_is_polled_and_every_name_leads_to_its_resource() {
        for polled in ["requisitions", "billing_periods", "tax_codes", "wbs_codes", "wbs_segments", "companies"] {
            assert_eq!(catalogue().resources[polled].webhook, None, "{polled}");
        }
        for (name, resource) in &catalogue().resources {
            for named in resource.webhook.iter().flat_map(|webhook| &webhook.names) {
                assert!(catalogue().told_by(named).any(|found| found == name), "{name}");
            }
            let events = resource.webhook.iter().flat_map(|webhook| &webhook.events);
            assert!(events.into_iter().all(|event| !matches!(event, NoticeEvent::Other(_))), "{name}");
        }
        let of = |named| catalogue().told_by(named).collect::<Vec<_>>();
        assert_eq!(of("Work Order Contracts"), ["work_order_contracts", "commitments"]);
        assert_eq!(of("Direct Costs"), ["direct_costs"]);
    }

    #[test]
    fn a_profile_is_refused() {
        assert!(profiled("resources: {}").is_err());
    }
}
