//! Contracts with owners. Several are listed under the plural, single ones under the singular.

use super::errors::{answer, missing, not_found};
use super::filters::Filters;
use super::g702::{percent, sub, total};
use super::paging::{COMMON, page};
use super::payments;
use super::request::Request;
use super::shapes::{currency, day, instant, short_money, without};
use super::stock::Stock;
use crate::connector::contractor::PrimeContract;
use crate::value::Timestamp;
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

/// `GET /rest/v1.0/prime_contracts?project_id=`
pub fn list(stock: &Stock, request: &Request<'_>) -> HttpResponse {
    let project = match visible(stock, request) {
        Ok(project) => project,
        Err(refusal) => return refusal,
    };
    let filters = Filters::of(request);
    let kept: Vec<&PrimeContract> = of_project(stock, project)
        .filter(|contract| filters.allows_id("id", contract.id))
        .filter(|contract| filters.allows_instant("updated_at", signed(contract)))
        .collect();
    page(request, COMMON, &kept, |contract| show(stock, contract))
}

/// `GET /rest/v1.0/prime_contract/{id}?project_id=`; without an id the project's first.
pub fn one(stock: &Stock, request: &Request<'_>, id: Option<i64>) -> HttpResponse {
    let project = match visible(stock, request) {
        Ok(project) => project,
        Err(refusal) => return refusal,
    };
    let found = of_project(stock, project).find(|contract| id.is_none_or(|id| contract.id == id));
    let Some(contract) = found else { return not_found("PrimeContract") };
    let paid = total(stock.payments_of(contract.id).map(|payment| payment.amount));
    let mut body = show(stock, contract);
    body["payments_received"] = stock.payments_of(contract.id).map(payments::embedded).collect();
    body["total_payments"] = short_money(paid);
    body["revised_contract_amount"] = short_money(contract.amount);
    body["outstanding_balance"] = short_money(sub(contract.amount, paid));
    body["percentage_paid"] = percent(paid, contract.amount).fixed(2).into();
    body["type"] = "PrimeContract".into();
    body["line_items"] = json!([]);
    body["change_order_packages"] = json!([]);
    // Only the list has it.
    answer(200, &without(body, &["origin_code"]))
}

fn visible(stock: &Stock, request: &Request<'_>) -> Result<i64, HttpResponse> {
    let project = request.integer("project_id").ok_or_else(|| missing("project_id"))?;
    stock.visible_project(project).map(|project| project.id).ok_or_else(|| not_found("Project"))
}

fn of_project(stock: &Stock, project: i64) -> impl Iterator<Item = &PrimeContract> {
    stock.contractor.prime_contracts.iter().filter(move |contract| contract.project == project)
}

fn show(stock: &Stock, contract: &PrimeContract) -> Json {
    let none = Json::Null;
    json!({
        "id": contract.id,
        "number": contract.number,
        "title": contract.title,
        "status": if contract.approved { "Approved" } else { "Draft" },
        "executed": contract.approved,
        "accounting_method": "amount",
        "grand_total": short_money(contract.amount),
        "approved_change_orders": "0.0",
        "retainage_percent": short_money(contract.retainage_percent),
        "private": true,
        "show_line_items_to_non_admins": false,
        "contract_date": day(Some(contract.date)),
        "contract_start_date": none,
        "contract_estimated_completion_date": none,
        "contract_termination_date": none,
        "actual_completion_date": none,
        "approval_letter_date": none,
        "execution_date": day(contract.approved.then_some(contract.date)),
        "issued_on_date": none,
        "letter_of_intent_date": none,
        "returned_date": none,
        "signed_contract_received_date": none,
        "description": "",
        "inclusions": "",
        "exclusions": "",
        "origin_id": null,
        "origin_code": null,
        "origin_data": null,
        "architect": null,
        "attachments": [],
        // The owner, who pays; the builder is the contractor.
        "vendor": {
            "id": 30_090_000 + contract.id % 1_000,
            "name": contract.owner,
            "origin_id": null,
            "origin_code": contract.customer_code,
            "is_active": true,
        },
        "contractor": {"id": stock.contractor.company_id, "name": stock.contractor.company_name},
        "created_by": null,
        "created_at": instant(signed(contract)),
        "updated_at": instant(signed(contract)),
        "deleted_at": null,
        "currency_configuration": currency(&stock.contractor.currency),
    })
}

fn signed(contract: &PrimeContract) -> Timestamp {
    contract.date.to_string().parse().unwrap_or(Timestamp::from_unix(0))
}
