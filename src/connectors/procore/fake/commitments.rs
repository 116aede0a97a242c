//! Subcontracts (work order contracts) and purchase orders (purchase order contracts).

use super::errors::{answer, missing, not_found};
use super::filters::Filters;
use super::g702::{add, percent, sub, total};
use super::paging::{COMMON, page};
use super::request::Request;
use super::shapes::{currency, day, instant, short_money, without};
use super::stock::Stock;
use super::structure::{show_type, wbs_code};
use crate::connector::contractor::{Commitment, CommitmentLine, InvoiceLine};
use crate::value::{Decimal, Timestamp};
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

/// `GET /rest/v1.0/work_order_contracts`, `GET /rest/v1.0/purchase_order_contracts`
pub fn list(stock: &Stock, request: &Request<'_>, subcontracts: bool) -> HttpResponse {
    let Some(project) = request.integer("project_id") else { return missing("project_id") };
    if stock.visible_project(project).is_none() {
        return not_found("Project");
    }
    let filters = Filters::of(request);
    // Nothing is ever deleted here, so a wish for deleted ones alone finds nothing.
    let deleted_only = request.parameter("filters[include_deleted]") == Some("only");
    let mut kept: Vec<&Commitment> = stock
        .contractor
        .commitments
        .iter()
        .filter(|commitment| commitment.project == project && commitment.subcontract == subcontracts && !deleted_only)
        .filter(|commitment| filters.allows_id("id", commitment.id))
        .filter(|commitment| filters.allows("status", Some(status(commitment))))
        .filter(|_| filters.allows("origin_id", None))
        .filter(|commitment| filters.allows_instant("created_at", created(commitment)))
        .filter(|commitment| filters.allows_instant("updated_at", created(commitment)))
        .collect();
    kept.sort_by_key(|commitment| commitment.id);
    page(request, COMMON, &kept, |commitment| show(stock, commitment))
}

/// `GET …/{id}`: with its lines, and more of the vendor.
pub fn one(stock: &Stock, request: &Request<'_>, subcontracts: bool, id: i64) -> HttpResponse {
    let commitment = match find(stock, request, subcontracts, id) {
        Ok(commitment) => commitment,
        Err(refusal) => return refusal,
    };
    let mut body = show(stock, commitment);
    body["vendor"]["origin_id"] = Json::Null;
    body["vendor"]["origin_data"] = Json::Null;
    body["created_by_id"] = 9001.into();
    body["invoice_contacts"] = json!([]);
    body["payments_issued"] = json!([]);
    body["change_order_packages"] = json!([]);
    // An object for one kind and a list for the other, as declared.
    body["attachments"] = if subcontracts { json!([]) } else { Json::Null };
    body["line_items"] = lines(stock, commitment).into();
    answer(200, &without(body, &["billing_schedule_of_values_status"]))
}

/// `GET …/{id}/line_items`
pub fn line_items(stock: &Stock, request: &Request<'_>, subcontracts: bool, id: i64) -> HttpResponse {
    match find(stock, request, subcontracts, id) {
        Ok(commitment) => page(request, COMMON, &lines(stock, commitment), Json::clone),
        Err(refusal) => refusal,
    }
}

fn find<'a>(
    stock: &'a Stock,
    request: &Request<'_>,
    subcontracts: bool,
    id: i64,
) -> Result<&'a Commitment, HttpResponse> {
    let project = request.integer("project_id").ok_or_else(|| missing("project_id"))?;
    stock.visible_project(project).ok_or_else(|| not_found("Project"))?;
    stock
        .commitment(id)
        .filter(|commitment| commitment.project == project && commitment.subcontract == subcontracts)
        .ok_or_else(|| not_found("Contract"))
}

fn show(stock: &Stock, commitment: &Commitment) -> Json {
    let of_kind = |change: bool| {
        total(commitment.lines.iter().filter(|line| line.change_order == change).map(|line| line.amount))
    };
    let (original, changes) = (of_kind(false), of_kind(true));
    let revised = add(original, changes);
    let chain = stock.chain(commitment.id);
    let approved = chain.iter().filter(|requisition| requisition.is_approved());
    let invoiced = total(approved.flat_map(|requisition| &requisition.invoice.lines).map(InvoiceLine::net));
    let paid = Decimal::ZERO;
    let zero = short_money(Decimal::ZERO);
    let mut body = json!({
        "id": commitment.id,
        "number": commitment.number,
        "title": commitment.title,
        "status": status(commitment),
        "executed": commitment.approved,
        "accounting_method": "amount",
        "vendor": {"id": commitment.vendor, "company": stock.vendor(commitment.vendor).map(|vendor| &vendor.name)},
        "project": {"id": commitment.project, "name": stock.project(commitment.project).map(|project| &project.name)},
        "grand_total": short_money(original),
        "approved_change_orders": short_money(changes),
        "pending_change_orders": zero,
        "draft_change_orders_amount": zero,
        "revised_contract": short_money(revised),
        "pending_revised_contract": short_money(revised),
        "total_draw_requests_amount": zero,
        "total_requisitions_amount": short_money(invoiced),
        "total_payments": short_money(paid),
        "remaining_balance_outstanding": short_money(sub(revised, paid)),
        "percentage_paid": percent(paid, revised).fixed(2),
        "retainage_percent": short_money(commitment.retainage_percent),
        "requisitions_are_enabled": true,
        "private": true,
        "show_line_items_to_non_admins": false,
        "contract_date": day(Some(commitment.date)),
        "approval_letter_date": null,
        "execution_date": day(commitment.approved.then_some(commitment.date)),
        "issued_on_date": null,
        "letter_of_intent_date": null,
        "returned_date": null,
        "signed_contract_received_date": null,
        "description": "",
        "origin_id": null,
        "origin_code": null,
        "origin_data": null,
        "created_at": instant(created(commitment)),
        "updated_at": instant(created(commitment)),
        "deleted_at": null,
        "currency_configuration": currency(&stock.contractor.currency),
    });
    let own: &[&str] = if commitment.subcontract {
        &[
            "contract_start_date",
            "contract_estimated_completion_date",
            "actual_completion_date",
            "inclusions",
            "exclusions",
        ]
    } else {
        &["assignee", "bill_to_address", "ship_to_address", "ship_via", "payment_terms", "delivery_date"]
    };
    for name in own {
        body[*name] = Json::Null;
    }
    if !commitment.subcontract {
        body["billing_schedule_of_values_status"] = "draft".into();
    }
    body
}

fn lines(stock: &Stock, commitment: &Commitment) -> Vec<Json> {
    commitment.lines.iter().enumerate().map(|(index, line)| show_line(stock, commitment, index, line)).collect()
}

fn show_line(stock: &Stock, commitment: &Commitment, index: usize, line: &CommitmentLine) -> Json {
    let code = stock.cost_code(line.cost_code).map(|code| {
        json!({
            "id": stock.project_cost_code_id(commitment.project, line.cost_code),
            "code": code.code,
            "full_code": code.full_code(),
            "name": code.name,
            "origin_id": null,
        })
    });
    let holder = if commitment.subcontract { "WorkOrderContract" } else { "PurchaseOrderContract" };
    let amount = short_money(line.amount);
    json!({
        "id": line.id,
        "description": line.description,
        "amount": amount,
        "total_amount": amount,
        "extended_amount": amount,
        "extended_type": "manual",
        "quantity": "1.0",
        "unit_cost": amount,
        "uom": null,
        "position": index + 1,
        "cost_code": code,
        "line_item_type": stock.cost_type(line.cost_type).map(show_type),
        "wbs_code": without(
            wbs_code(stock, commitment.project, line.cost_code, line.cost_type),
            &["segment_items"],
        ),
        "tax_code_id": null,
        "holder": {"id": commitment.id, "holder_type": holder},
        "company": {"id": stock.contractor.company_id, "name": stock.contractor.company_name},
        "project": {"id": commitment.project, "name": stock.project(commitment.project).map(|project| &project.name)},
        "origin_id": null,
        "origin_data": null,
        "created_at": instant(created(commitment)),
        "updated_at": instant(created(commitment)),
        "change_event_line_item": null,
        "currency_configuration": currency(&stock.contractor.currency),
    })
}

/// In Title Case, unlike an invoice's.
fn status(commitment: &Commitment) -> &'static str {
    if commitment.approved { "Approved" } else { "Draft" }
}

fn created(commitment: &Commitment) -> Timestamp {
    commitment.date.to_string().parse().unwrap_or(Timestamp::from_unix(0))
}
