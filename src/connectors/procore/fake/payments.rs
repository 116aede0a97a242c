//! Contract payments: money paid against a commitment, money received on a prime contract.
//!
//! One resource for both; the contract decides which it is. Always asked for by contract,
//! and no filter is known.

use super::errors::{answer, missing, not_found};
use super::paging::{COMMON, Sizes, page};
use super::request::Request;
use super::shapes::{day, instant, only, short_money};
use super::stock::Stock;
use crate::connector::contractor::{ContractPayment, Contractor, OwnerPayment};
use crate::value::{Date, Decimal, Timestamp};
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

/// A payment, whichever way the money went.
#[derive(Clone, Debug)]
pub struct Payment {
    pub id: i64,
    /// A commitment or a prime contract.
    pub contract: i64,
    pub requisition: Option<i64>,
    pub number: i64,
    pub amount: Decimal,
    pub check_number: Option<String>,
    pub date: Option<Date>,
    pub invoice_number: Option<String>,
    pub notes: Option<String>,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// Once set, the payment is locked.
    pub origin_id: Option<String>,
    pub origin_data: Option<String>,
    pub deleted: bool,
}

/// All payments of a contractor.
pub fn stocked(contractor: &Contractor) -> impl Iterator<Item = Payment> {
    let numbers = |id: Option<i64>| {
        let invoice = contractor.invoices.iter().find(|invoice| Some(invoice.id) == id);
        invoice.and_then(|invoice| invoice.invoice_number.clone())
    };
    let paid: Vec<Payment> =
        contractor.payments.iter().map(|payment| Payment::out(payment, numbers(payment.invoice))).collect();
    paid.into_iter().chain(contractor.owner_payments.iter().map(Payment::received))
}

impl Payment {
    /// One that nothing is known of but where it belongs.
    pub fn new(id: i64, contract: i64, at: Timestamp) -> Self {
        Self {
            id,
            contract,
            requisition: None,
            number: 0,
            amount: Decimal::ZERO,
            check_number: None,
            date: None,
            invoice_number: None,
            notes: None,
            created: at,
            updated: at,
            origin_id: None,
            origin_data: None,
            deleted: false,
        }
    }

    fn out(payment: &ContractPayment, invoice_number: Option<String>) -> Self {
        Self {
            requisition: payment.invoice,
            number: payment.number,
            amount: payment.amount,
            check_number: payment.check_number.clone(),
            date: payment.date,
            invoice_number,
            notes: payment.notes.clone(),
            updated: payment.updated,
            ..Self::new(payment.id, payment.commitment, payment.created)
        }
    }

    fn received(payment: &OwnerPayment) -> Self {
        Self {
            number: payment.number,
            amount: payment.amount,
            check_number: payment.check_number.clone(),
            date: payment.date,
            invoice_number: payment.invoice_number.clone(),
            notes: payment.notes.clone(),
            updated: payment.updated,
            ..Self::new(payment.id, payment.prime_contract, payment.created)
        }
    }
}

/// `GET /rest/v1.0/contract_payments?project_id=&contract_id=`
pub fn list(stock: &Stock, request: &Request<'_>) -> HttpResponse {
    let (project, contract) = match place(stock, request) {
        Ok(place) => place,
        Err(refusal) => return refusal,
    };
    let kept: Vec<&Payment> = stock.payments_of(contract).collect();
    page(request, sizes(stock, project), &kept, |payment| show(project, payment))
}

/// `GET …/{id}?project_id=&contract_id=`
pub fn one(stock: &Stock, request: &Request<'_>, id: i64) -> HttpResponse {
    let (project, contract) = match place(stock, request) {
        Ok(place) => place,
        Err(refusal) => return refusal,
    };
    let found = stock.payment(id).filter(|payment| payment.contract == contract);
    found.map_or_else(|| not_found("ContractPayment"), |payment| answer(200, &show(project, payment)))
}

/// The project and the contract that a request names, if the contract is one of the project's.
pub fn place(stock: &Stock, request: &Request<'_>) -> Result<(i64, i64), HttpResponse> {
    let project = request.integer("project_id").ok_or_else(|| missing("project_id"))?;
    let contract = request.integer("contract_id").ok_or_else(|| missing("contract_id"))?;
    stock.visible_project(project).ok_or_else(|| not_found("Project"))?;
    let found = stock.project_of_contract(contract).filter(|of| *of == project);
    found.map(|_| (project, contract)).ok_or_else(|| not_found("Contract"))
}

/// One project in five has a server that gives small pages.
fn sizes(stock: &Stock, project: i64) -> Sizes {
    if stock.project_index(project) % 5 == 4 { Sizes { default: 4, largest: 4 } } else { COMMON }
}

pub fn show(project: i64, payment: &Payment) -> Json {
    // Who left the day empty left it empty in both places.
    let unknown = payment.date.is_some_and(|date| date.year() == 1970);
    json!({
        "id": payment.id,
        "contract_id": payment.contract,
        "project_id": project,
        "requisition_id": payment.requisition,
        "amount": short_money(payment.amount),
        "check_number": payment.check_number,
        "date": day(payment.date),
        "invoice_number": payment.invoice_number,
        "draw_request_number": payment.number,
        "payment_number": payment.number,
        "notes": payment.notes,
        "external_payment_id": null,
        "status": null,
        "date_payment_initiated": unknown.then_some("1970-01-01T00:00:00Z"),
        "date_payment_settled": null,
        "attachments": [],
        "origin_id": payment.origin_id,
        "origin_code": null,
        "origin_data": payment.origin_data,
        "created_at": instant(payment.created),
        "updated_at": instant(payment.updated),
    })
}

/// The short form inside of a contract.
pub fn embedded(payment: &Payment) -> Json {
    let names = [
        "id",
        "amount",
        "check_number",
        "created_at",
        "date",
        "draw_request_number",
        "invoice_number",
        "notes",
        "payment_number",
        "origin_id",
        "origin_data",
        "attachments",
    ];
    only(show(0, payment), &names)
}
