//! Change orders: packages of all contracts of a project, and the newer lists that keep those
//! of commitments and those of prime contracts apart and are shown whole, without pages.

use super::commitments::show_line;
use super::errors::{answer, missing, not_found};
use super::filters::Filters;
use super::paging::{COMMON, page};
use super::request::Request;
use super::shapes::{currency, day, instant, short_money, without};
use super::stock::Stock;
use crate::connector::contractor::{ChangeOrder, Contract};
use crate::value::{Date, Timestamp};
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

/// `GET /rest/v1.0/change_order_packages?project_id=`, of one contract with `contract_id`.
pub fn packages(stock: &Stock, request: &Request<'_>) -> HttpResponse {
    let Some(project) = request.integer("project_id") else { return missing("project_id") };
    if stock.visible_project(project).is_none() {
        return not_found("Project");
    }
    let filters = Filters::of(request);
    let wish = request.parameter("filters[include_deleted]");
    let contract = request.integer("contract_id");
    let kept: Vec<&ChangeOrder> = stock
        .contractor
        .change_orders
        .iter()
        .filter(|order| order.project == project && is_wanted(wish, order.deleted))
        .filter(|order| contract.is_none_or(|id| id == contract_id(order)))
        .filter(|order| filters.allows_id("id", order.id))
        .filter(|order| filters.allows_instant("created_at", order.created))
        .filter(|order| filters.allows_instant("updated_at", order.updated))
        .filter(|order| reads(&filters, "due_date", order.due) && reads(&filters, "reviewed_at", order.approved))
        .collect();
    page(request, COMMON, &kept, |order| package(stock, order))
}

/// `GET /rest/v1.0/change_order_packages/{id}?project_id=`: with its lines.
pub fn one_package(stock: &Stock, request: &Request<'_>, id: i64) -> HttpResponse {
    let Some(project) = request.integer("project_id") else { return missing("project_id") };
    let visible = stock.visible_project(project).is_some();
    let mut all = stock.contractor.change_orders.iter();
    let found = all.find(|order| visible && order.id == id && order.project == project && order.deleted.is_none());
    let Some(order) = found else { return not_found("ChangeOrderPackage") };
    let mut body = without(package(stock, order), &["created_by_id"]);
    body["type"] = match order.contract {
        Contract::Commitment(_) => "CommitmentContractChangeOrder".into(),
        Contract::Prime(_) => "PrimeContractChangeOrder".into(),
    };
    for name in ["review_notes", "revised_substantial_completion_date", "schedule_impact_amount", "reviewer"] {
        body[name] = Json::Null;
    }
    body["description"] = order.title.as_str().into();
    body["position"] = 1.into();
    body["private"] = true.into();
    body["creator"] = json!({"id": 9001, "login": "service-account@sandbox.invalid", "name": "Service Account"});
    body["attachments"] = json!([]);
    let unknown = [
        "amount",
        "company",
        "created_at",
        "updated_at",
        "extended_type",
        "origin_id",
        "origin_data",
        "project",
        "tax_code_id",
        "change_event_line_item",
    ];
    let lines = order.lines.iter().enumerate();
    let lines = lines.map(|(at, line)| {
        let mut line = without(show_line(stock, order.project, (order.id, "ChangeOrderPackage"), at, line), &unknown);
        line["markup_line_items"] = json!([]);
        line
    });
    body["line_items"] = lines.collect();
    answer(200, &body)
}

/// `GET /rest/v1.0/projects/{project_id}/commitment_change_orders` and `…/prime_change_orders`.
pub fn list(stock: &Stock, request: &Request<'_>, project: i64, prime: bool) -> HttpResponse {
    if stock.visible_project(project).is_none() {
        return not_found("Project");
    }
    let filters = Filters::of(request);
    let extended = is_extended(request);
    let kept = of_kind(stock, project, prime)
        .filter(|order| filters.allows_id("id", order.id))
        .filter(|order| filters.allows_id("contract_id", contract_id(order)))
        .filter(|order| filters.allows_id("legacy_package_id", order.id))
        .filter(|order| filters.allows("status", Some(&order.status)))
        .filter(|order| filters.allows_instant("updated_at", order.updated))
        .filter(|order| vendor(stock, order).is_none_or(|id| filters.allows_id("vendor_id", id)));
    answer(200, &kept.map(|order| change_order(stock, order, extended)).collect())
}

/// `GET …/{id}`
pub fn one(stock: &Stock, request: &Request<'_>, project: i64, prime: bool, id: i64) -> HttpResponse {
    let visible = stock.visible_project(project).is_some();
    let found = of_kind(stock, project, prime).find(|order| visible && order_id(order) == id);
    let Some(order) = found else { return not_found("ChangeOrder") };
    let mut body = change_order(stock, order, is_extended(request));
    body["attachments"] = json!([]);
    answer(200, &body)
}

fn is_extended(request: &Request<'_>) -> bool {
    request.parameter("view") == Some("extended")
}

fn of_kind(stock: &Stock, project: i64, prime: bool) -> impl Iterator<Item = &ChangeOrder> {
    let orders = stock.contractor.change_orders.iter();
    orders
        .filter(move |order| order.project == project && order.deleted.is_none())
        .filter(move |order| matches!(order.contract, Contract::Prime(_)) == prime)
}

/// Whether a record that may be deleted is asked for.
pub fn is_wanted(wish: Option<&str>, deleted: Option<Timestamp>) -> bool {
    match wish {
        Some("only") => deleted.is_some(),
        Some("with") => true,
        _ => deleted.is_none(),
    }
}

/// A range of days; a day that is not there is in none.
fn reads(filters: &Filters<'_>, name: &str, value: Option<Date>) -> bool {
    let moment = value.and_then(|day| day.to_string().parse::<Timestamp>().ok());
    filters.allows_instant(name, moment.unwrap_or(Timestamp::from_unix(i64::from(i32::MIN))))
}

fn contract_id(order: &ChangeOrder) -> i64 {
    match order.contract {
        Contract::Commitment(id) | Contract::Prime(id) => id,
    }
}

fn vendor(stock: &Stock, order: &ChangeOrder) -> Option<i64> {
    match order.contract {
        Contract::Commitment(id) => stock.commitment(id).map(|commitment| commitment.vendor),
        Contract::Prime(_) => None,
    }
}

/// The newer lists have numbers of their own, and name the package's beside it.
fn order_id(order: &ChangeOrder) -> i64 {
    order.id + 1_000_000
}

/// What the commitment's record shows of its change orders.
pub fn embedded(stock: &Stock, order: &ChangeOrder) -> Json {
    let unknown = [
        "created_by_id",
        "executed",
        "revision",
        "grand_total",
        "designated_reviewer",
        "custom_fields",
        "origin_code",
        "signed_change_order_received_date",
    ];
    let mut shown = without(package(stock, order), &unknown);
    shown["currency_configuration"] = currency(&stock.contractor.currency);
    shown
}

fn package(stock: &Stock, order: &ChangeOrder) -> Json {
    let code = &stock.contractor.currency;
    json!({
        "id": order.id,
        "contract_id": contract_id(order),
        "number": order.number,
        "title": order.title,
        "status": order.status,
        "executed": order.status == "approved",
        "grand_total": short_money(order.amount),
        "revision": 0,
        "due_date": day(order.due),
        "invoiced_date": null,
        "paid_date": null,
        "reviewed_at": order.approved.and_then(|day| day.to_string().parse::<Timestamp>().ok()).map(instant),
        "signed_change_order_received_date": null,
        "designated_reviewer": null,
        "origin_id": null,
        "origin_code": null,
        "origin_data": null,
        "created_at": instant(order.created),
        "created_by_id": 9001,
        "updated_at": instant(order.updated),
        "deleted_at": order.deleted.map(instant),
        "currency_configuration": {"base_currency_iso_code": code, "currency_iso_code": code},
        "custom_fields": {},
    })
}

fn change_order(stock: &Stock, order: &ChangeOrder, extended: bool) -> Json {
    let prime = matches!(order.contract, Contract::Prime(_));
    let mut shown = json!({
        "id": order_id(order),
        "batch_id": null,
        "contract_id": contract_id(order),
        "legacy_package_id": order.id,
        "legacy_request_id": null,
        "location_id": null,
        "type": if prime { "PrimeChangeOrder" } else { "CommitmentChangeOrder" },
        "number": order.number,
        "title": order.title,
        "description": order.title,
        "reference": null,
        "status": order.status,
        "revision": 0,
        "grand_total": short_money(order.amount),
        "schedule_impact_amount": null,
        "executed": order.status == "approved",
        "paid": false,
        "private": true,
        "signature_required": false,
        "field_change": false,
        "due_date": day(order.due),
        "invoiced_date": null,
        "revised_substantial_completion_date": null,
        "signed_change_order_received_date": null,
        "reviewed_at": order.approved.and_then(|day| day.to_string().parse::<Timestamp>().ok()).map(instant),
        "created_at": instant(order.created),
        "updated_at": instant(order.updated),
        "created_by": {"id": 9001, "name": "Service Account"},
        "designated_reviewer": null,
        "received_from": null,
        "reviewed_by": null,
        "change_order_change_reason": null,
        "custom_fields": {},
        "currency_configuration": currency(&stock.contractor.currency),
    });
    if prime {
        shown["paid_date"] = Json::Null;
    }
    if extended {
        shown["change_events"] = json!([]);
    }
    shown
}
