//! The company directory's vendors. Inactive ones are listed apart.

use super::errors::{answer, missing, not_found};
use super::filters::Filters;
use super::paging::{COMMON, page};
use super::request::Request;
use super::shapes::{instant, merged, only, without};
use super::stock::Stock;
use crate::connector::contractor::Vendor;
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
        .filter(|vendor| vendor.active == active && found(vendor))
        .filter(|vendor| filters.allows_id("id", vendor.id))
        .filter(|vendor| filters.allows("origin_id", origin_id(vendor).as_deref()))
        .filter(|vendor| filters.allows_instant("updated_at", vendor.created))
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
    merged(normal(vendor), extension(stock, vendor))
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
        "origin_id": origin_id(vendor),
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

fn origin_id(vendor: &Vendor) -> Option<String> {
    vendor.supplier_code.as_ref().map(|code| format!("supplier:{code}"))
}
