//! Subcontracts (work order contracts) and purchase orders (purchase order contracts).

use super::change_orders::{embedded, is_wanted};
use super::errors::{answer, missing, not_found};
use super::filters::Filters;
use super::g702::{add, percent, sub, total};
use super::paging::{COMMON, page};
use super::payments;
use super::request::Request;
use super::shapes::{currency, day, instant, short_money, without};
use super::stock::Stock;
use super::structure::show_type;
use super::wbs::{BudgetCode, short_code};
use crate::connector::contractor::{ChangeOrder, Commitment, CommitmentLine, Contract, InvoiceLine};
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
    let wish = request.parameter("filters[include_deleted]");
    let mut kept: Vec<&Commitment> = stock
        .contractor
        .commitments
        .iter()
        .filter(|commitment| commitment.project == project && commitment.subcontract == subcontracts)
        .filter(|commitment| is_wanted(wish, deleted(stock, commitment)))
        .filter(|commitment| filters.allows_id("id", commitment.id))
        .filter(|commitment| filters.allows("status", Some(status(commitment))))
        .filter(|_| filters.allows("origin_id", None))
        .filter(|commitment| filters.allows_instant("created_at", created(commitment)))
        .filter(|commitment| filters.allows_instant("updated_at", changed(stock, commitment)))
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
    body["payments_issued"] = stock.payments_of(commitment.id).map(payments::embedded).collect();
    body["change_order_packages"] = change_orders(stock, commitment).map(|order| embedded(stock, order)).collect();
    // An object for one kind and a list for the other, as declared.
    body["attachments"] = if subcontracts { json!([]) } else { Json::Null };
    body["line_items"] = lines(stock, commitment).into();
    answer(200, &without(body, &["billing_schedule_of_values_status"]))
}

/// `GET …/{id}/line_items`
pub fn line_items(stock: &Stock, request: &Request<'_>, subcontracts: bool, id: i64) -> HttpResponse {
    match find(stock, request, subcontracts, id) {
        Ok(commitment) => {
            let filters = Filters::of(request);
            let moment = created(commitment);
            let in_time = ["created_at", "updated_at"].iter().all(|name| filters.allows_instant(name, moment));
            let number = |line: &Json, path: &str| line.pointer(path).and_then(Json::as_i64).unwrap_or_default();
            let mut kept = lines(stock, commitment);
            kept.retain(|line| {
                in_time
                    && filters.allows_id("id", number(line, "/id"))
                    && filters.allows_id("cost_code_id", number(line, "/cost_code/id"))
                    && filters.allows_id("line_item_type_id", number(line, "/line_item_type/id"))
            });
            page(request, COMMON, &kept, Json::clone)
        }
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
        .filter(|commitment| deleted(stock, commitment).is_none())
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
    let paid = total(stock.payments_of(commitment.id).map(|payment| payment.amount));
    let zero = short_money(Decimal::ZERO);
    let waiting = |statuses: &[&str]| {
        let orders = change_orders(stock, commitment).filter(|order| statuses.contains(&order.status.as_str()));
        total(orders.map(|order| order.amount))
    };
    let pending = waiting(&["pending", "proceeding"]);
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
        "pending_change_orders": short_money(pending),
        "draft_change_orders_amount": short_money(waiting(&["draft"])),
        "revised_contract": short_money(revised),
        "pending_revised_contract": short_money(add(revised, pending)),
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
        "updated_at": instant(changed(stock, commitment)),
        "deleted_at": deleted(stock, commitment).map(instant),
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
    let holder = if commitment.subcontract { "WorkOrderContract" } else { "PurchaseOrderContract" };
    let moment = instant(created(commitment));
    let show = |(index, line)| {
        let mut shown = show_line(stock, commitment.project, (commitment.id, holder), index, line);
        shown["created_at"] = moment.clone();
        shown["updated_at"] = moment.clone();
        shown
    };
    commitment.lines.iter().enumerate().map(show).collect()
}

/// A line of a contract or of a change order; `holder` is its id and its kind.
pub fn show_line(stock: &Stock, project: i64, holder: (i64, &str), index: usize, line: &CommitmentLine) -> Json {
    let code = stock.cost_code(line.cost_code).map(|code| {
        json!({
            "id": stock.project_cost_code_id(project, line.cost_code),
            "code": code.code,
            "full_code": code.full_code(),
            "name": code.name,
            "origin_id": null,
        })
    });
    let amount = short_money(line.amount);
    let taxed = stock.contractor.taxed_lines.get(&line.id);
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
        "wbs_code": short_code(stock, project, BudgetCode::of_line(stock, line)),
        "tax_code_id": taxed.and_then(|at| stock.contractor.tax_codes.get(*at)).map(|code| code.id),
        "holder": {"id": holder.0, "holder_type": holder.1},
        "company": {"id": stock.contractor.company_id, "name": stock.contractor.company_name},
        "project": {"id": project, "name": stock.project(project).map(|project| &project.name)},
        "origin_id": null,
        "origin_data": null,
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

fn deleted(stock: &Stock, commitment: &Commitment) -> Option<Timestamp> {
    stock.contractor.deleted_commitments.get(&commitment.id).copied()
}

/// Deleting is a change too.
fn changed(stock: &Stock, commitment: &Commitment) -> Timestamp {
    deleted(stock, commitment).unwrap_or_else(|| created(commitment))
}

/// The change orders of the commitment that are there.
fn change_orders<'a>(stock: &'a Stock, commitment: &'a Commitment) -> impl Iterator<Item = &'a ChangeOrder> {
    let orders = stock.contractor.change_orders.iter();
    orders.filter(|order| order.contract == Contract::Commitment(commitment.id) && order.deleted.is_none())
}
