//! What hooks can be told of, and the lists that say so. Not every name of the real one is
//! here: those of costs and contracts are, and enough of the others to choose among.

use super::super::errors::{answer, missing};
use super::super::paging::{Sizes, page_under};
use super::super::request::Request;
use super::forms::{FORMS, named};
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

const EVENTS: [&str; 3] = ["create", "update", "delete"];

/// Lists of the newer version.
pub const NEWER: Sizes = Sizes { default: 10, largest: 100 };

/// A name, and the events that it does not have.
struct Name {
    name: &'static str,
    without: &'static [&'static str],
}

const fn all(name: &'static str) -> Name {
    Name { name, without: &[] }
}

const fn but(name: &'static str, without: &'static [&'static str]) -> Name {
    Name { name, without }
}

const COMPANY: &[Name] = &[
    all("Change Types"),
    all("Company Insurances"),
    but("Company Users", &["delete"]),
    but("Company Vendors", &["delete"]),
    all("Departments"),
    all("ERP Requests"),
    all("Line Item Types"),
    but("Projects", &["delete"]),
    but("Standard Cost Code Lists", &["update", "delete"]),
    all("Standard Cost Codes"),
    but("Trades", &["update"]),
];

const PROJECT: &[Name] = &[
    all("Budget Changes"),
    all("Budget Line Items"),
    all("Budget Modifications"),
    but("Budget View Snapshots", &["update", "delete"]),
    all("Change Event Line Items"),
    all("Change Events"),
    all("Change Order Packages"),
    all("Change Order Requests"),
    all("Company Direct Cost Line Items"),
    all("Contract Payments"),
    all("Cost Codes"),
    all("Daily Logs"),
    all("Direct Cost Line Items"),
    all("Direct Costs"),
    all("Draw Requests"),
    all("Payment Applications"),
    all("Potential Change Order Line Items"),
    all("Potential Change Orders"),
    all("Prime Contract Line Items"),
    all("Prime Contracts"),
    all("Project Insurances"),
    but("Project Users", &["update"]),
    but("Project Vendors", &["update"]),
    all("Purchase Order Contract Line Items"),
    all("Purchase Order Contracts"),
    all("RFIs"),
    all("Sub Jobs"),
    all("Submittals"),
    all("Work Order Contract Line Items"),
    all("Work Order Contracts"),
];

fn names(scope: Option<i64>) -> &'static [Name] {
    if scope.is_some() { PROJECT } else { COMPANY }
}

/// Whether a hook there can be told of that; the complaint if not.
pub fn fits(scope: Option<i64>, named: &str, event: &str) -> Result<(), &'static str> {
    let found =
        names(scope).iter().find(|name| name.name == named).ok_or("resource_name is not included in the list")?;
    let known = EVENTS.contains(&event) && !found.without.contains(&event);
    known.then_some(()).ok_or("event_type is not supported by the resource")
}

/// `GET /rest/v1.0/webhooks/resources?project_id=`
pub fn older(scope: Option<i64>) -> HttpResponse {
    let item = |name: &Name| {
        let event = |event: &str| (!name.without.contains(&event)).then(|| event.to_owned());
        json!({
            "name": name.name,
            "api_version": "v2",
            "product_category": "Financials",
            "tools": name.name,
            "except": name.without,
            "create": event("create"),
            "update": event("update"),
            "delete": event("delete"),
        })
    };
    answer(200, &names(scope).iter().map(item).collect())
}

/// `GET /rest/v1.0/webhooks/resources/api_versions?project_id=`
pub fn versions() -> HttpResponse {
    answer(200, &json!(["v2", "v3.0", "v4.0"]))
}

/// `GET /rest/v2.0/companies/{company_id}[/projects/{project_id}]/webhooks/resources?payload_version=`
pub fn newer(request: &Request<'_>, scope: Option<i64>) -> HttpResponse {
    let Some(form) = request.parameter("payload_version").and_then(named) else { return missing("payload_version") };
    debug_assert!(FORMS.contains(&form));
    let item = |name: &Name| -> Json {
        let actions: Vec<&str> = EVENTS.into_iter().filter(|event| !name.without.contains(event)).collect();
        json!({
            "category": "Financials",
            "tool": name.name,
            "name": name.name,
            "payload_version": form,
            "actions": actions,
        })
    };
    page_under("data", request, NEWER, names(scope), item)
}
