//! The company directory's vendors. Inactive ones are listed apart.

use super::changes::Change;
use super::errors::{answer, invalid, missing, not_found};
use super::filters::Filters;
use super::paging::{COMMON, page};
use super::request::Request;
use super::shapes::{instant, merged, only, without};
use super::stock::Stock;
use crate::connector::contractor::Vendor;
use crate::value::Timestamp;
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// `GET /rest/v1.0/vendors`: active ones.
pub fn list(stock: &Stock, request: &Request<'_>) -> HttpResponse {
    if request.integer("company_id").is_none() {
        return missing("company_id");
    }
    listed(stock, request, true)
}

/// `GET /rest/v1.0/companies/{company_id}/vendors/inactive`
pub fn inactive(stock: &Stock, request: &Request<'_>) -> HttpResponse {
    listed(stock, request, false)
}

fn listed(stock: &Stock, request: &Request<'_>, active: bool) -> HttpResponse {
    let filters = Filters::of(request);
    let search = request.parameter("filters[search]").map(str::to_lowercase);
    let found = |vendor: &Vendor| {
        search.as_ref().is_none_or(|text| {
            let texts = [Some(&vendor.name), vendor.supplier_code.as_ref(), vendor.registration.as_ref()];
            texts.into_iter().flatten().any(|candidate| candidate.to_lowercase().contains(text))
        })
    };
    let mut vendors: Vec<&Vendor> = stock
        .contractor
        .vendors
        .iter()
        .filter(|vendor| is_active(stock, vendor) == active && found(vendor))
        .filter(|vendor| filters.allows_id("id", vendor.id))
        .filter(|vendor| filters.allows("origin_id", origin_id(stock, vendor).as_deref()))
        .filter(|vendor| filters.allows_instant("updated_at", changed(stock, vendor)))
        .filter(|vendor| filters.allows_instant("created_at", vendor.created))
        .collect();
    vendors.sort_by_key(|vendor| vendor.id);
    if request.parameter("sort") == Some("name") {
        vendors.sort_by(|left, right| left.name.cmp(&right.name));
    }
    page(request, COMMON, &vendors, |vendor| view(stock, request, vendor))
}

/// `GET /rest/v1.0/vendors/{id}`: inactive ones too.
pub fn one(stock: &Stock, request: &Request<'_>, id: i64) -> HttpResponse {
    if request.integer("company_id").is_none() {
        return missing("company_id");
    }
    stock.vendor(id).map_or_else(|| not_found("Vendor"), |vendor| answer(200, &view(stock, request, vendor)))
}

fn view(stock: &Stock, request: &Request<'_>, vendor: &Vendor) -> Json {
    const EXTENDED: [&str; 9] = [
        "bidding",
        "bidding_distribution",
        "children_count",
        "company_vendor",
        "legal_name",
        "parent",
        "project_ids",
        "standard_cost_codes",
        "trades",
    ];
    match request.parameter("view").unwrap_or("extended") {
        "compact" => only(show(stock, vendor), &["id", "name"]),
        "normal" => without(show(stock, vendor), &EXTENDED),
        "summary" => {
            let mut summary = only(show(stock, vendor), &["id", "name", "contact_count", "synced_to_erp"]);
            // A text in every other view.
            summary["business_id"] = (vendor.id % 100_000).into();
            summary
        }
        _ => show(stock, vendor),
    }
}

fn show(stock: &Stock, vendor: &Vendor) -> Json {
    let mut shown = merged(normal(vendor), extension(stock, vendor));
    if let Some((fields, _)) = stock.vendor_edits(vendor.id) {
        shown = merged(shown, Json::Object(fields.clone()));
        // The name once more.
        shown["company"] = shown["name"].clone();
        shown["synced_to_erp"] = (!shown["origin_id"].is_null()).into();
    }
    shown["updated_at"] = instant(changed(stock, vendor));
    shown
}

/// Names that a vendor's body may hold.
const WRITABLE: [&str; 25] = [
    "name",
    "address",
    "city",
    "zip",
    "state_code",
    "country_code",
    "business_phone",
    "mobile_phone",
    "fax_number",
    "email_address",
    "website",
    "is_active",
    "authorized_bidder",
    "prequalified",
    "labor_union",
    "union_member",
    "non_union_prevailing_wage",
    "license_number",
    "abbreviated_name",
    "trade_name",
    "notes",
    "origin_id",
    "origin_data",
    "origin_code",
    "parent_id",
];

/// `POST /rest/v1.0/vendors` and `PATCH /rest/v1.0/vendors/{id}`. Two of one name are no
/// trouble; two of one ledger key are.
pub fn write(
    stock: &mut Stock,
    request: &Request<'_>,
    id: Option<i64>,
    now: Timestamp,
) -> (HttpResponse, Option<Change>) {
    let change = match written(stock, request, id, now) {
        Ok(change) => change,
        Err(refusal) => return (refusal, None),
    };
    change.apply(stock);
    let Change::VendorWritten { id: number, .. } = &change else { return (not_found("Vendor"), None) };
    let shown = stock.vendor(*number).map(|vendor| show(stock, vendor)).unwrap_or_default();
    (answer(if id.is_some() { 200 } else { 201 }, &shown), Some(change))
}

fn written(stock: &Stock, request: &Request<'_>, id: Option<i64>, at: Timestamp) -> Result<Change, HttpResponse> {
    let body = request.json();
    if body["company_id"].as_i64() != Some(stock.contractor.company_id) {
        return Err(missing("company_id"));
    }
    let wanted = body["vendor"].as_object().filter(|fields| !fields.is_empty()).ok_or_else(|| missing("vendor"))?;
    if id.is_some_and(|id| stock.vendor(id).is_none()) {
        return Err(not_found("Vendor"));
    }
    let blank = |value: Option<&Json>| value.and_then(Json::as_str).is_none_or(|name| name.trim().is_empty());
    if blank(wanted.get("name")) && (id.is_none() || wanted.contains_key("name")) {
        return Err(invalid("name", "can't be blank"));
    }
    if let Some(origin) = wanted.get("origin_id").and_then(Json::as_str) {
        let mut others = stock.contractor.vendors.iter().filter(|vendor| Some(vendor.id) != id);
        if others.any(|vendor| origin_id(stock, vendor).as_deref() == Some(origin)) {
            return Err(invalid("origin_id", "has already been taken"));
        }
    }
    let known = wanted.iter().filter(|(name, _)| WRITABLE.contains(&name.as_str()));
    let fields = known.map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Change::VendorWritten { id: id.unwrap_or_else(|| stock.next_vendor_id()), at, fields })
}

/// The normal view.
fn normal(vendor: &Vendor) -> Json {
    let register = vendor.registration.as_ref().map(|identifier| {
        json!({
            "id": vendor.id % 100_000,
            "type": "ein",
            "identifier": identifier,
            "verified_at": null,
            "verification_status": null,
        })
    });
    json!({
        "id": vendor.id,
        "name": vendor.name,
        "company": vendor.name,
        "abbreviated_name": null,
        "address": null,
        "attachments": [],
        "authorized_bidder": true,
        "business_id": (vendor.id % 100_000).to_string(),
        "business_phone": null,
        "business_register": register,
        "city": vendor.city,
        "contact_count": 1,
        "country_code": "US",
        "created_at": instant(vendor.created),
        "email_address": vendor.email,
        "fax_number": null,
        "is_active": vendor.active,
        "is_connected": false,
        "labor_union": null,
        "license_number": null,
        "logo": null,
        "mobile_phone": null,
        "non_union_prevailing_wage": false,
        "notes": null,
        "origin_id": stocked_origin(vendor),
        "origin_code": vendor.supplier_code,
        "origin_data": null,
        "prequalified": false,
        "primary_contact": null,
        "state_code": vendor.state,
        "synced_to_erp": vendor.supplier_code.is_some(),
        "trade_name": null,
        "union_member": false,
        "updated_at": instant(vendor.created),
        "vendor_group": null,
        "website": null,
        "zip": null,
    })
}

/// What the extended view adds.
fn extension(stock: &Stock, vendor: &Vendor) -> Json {
    let commitments = stock.contractor.commitments.iter().filter(|commitment| commitment.vendor == vendor.id);
    let projects: BTreeSet<i64> = commitments.map(|commitment| commitment.project).collect();
    json!({
        "bidding": {"affirmative_action": false, "small_business": false, "minority_business_enterprise": false},
        "bidding_distribution": [],
        "children_count": 0,
        "company_vendor": true,
        "legal_name": vendor.name,
        "parent": null,
        "project_ids": projects,
        "standard_cost_codes": [],
        "trades": [],
    })
}

/// The ledger key that the vendor has now.
fn origin_id(stock: &Stock, vendor: &Vendor) -> Option<String> {
    match stock.vendor_edits(vendor.id).and_then(|(fields, _)| fields.get("origin_id")) {
        Some(written) => written.as_str().map(str::to_owned),
        None => stocked_origin(vendor),
    }
}

fn stocked_origin(vendor: &Vendor) -> Option<String> {
    vendor.supplier_code.as_ref().map(|code| format!("supplier:{code}"))
}

fn is_active(stock: &Stock, vendor: &Vendor) -> bool {
    let written = stock.vendor_edits(vendor.id).and_then(|(fields, _)| fields.get("is_active")?.as_bool());
    written.unwrap_or(vendor.active)
}

fn changed(stock: &Stock, vendor: &Vendor) -> Timestamp {
    stock.vendor_edits(vendor.id).map_or(vendor.created, |(_, at)| *at)
}

/// All vendors: their links, and whether they are in use.
pub fn book(stock: &Stock) -> Json {
    let line = |vendor: &Vendor| {
        let shown = show(stock, vendor);
        json!({
            "id": vendor.id, "name": shown["name"], "origin_id": shown["origin_id"],
            "origin_code": shown["origin_code"], "is_active": shown["is_active"],
        })
    };
    stock.contractor.vendors.iter().map(line).collect()
}
