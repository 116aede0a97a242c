//! Changing direct costs and payments. Checked here, done by [`Change`].
//!
//! What carries an `origin_id` is locked. Two writes on one direct cost within a moment
//! are a conflict, as when two programs write at once.

use super::changes::Change;
use super::direct_costs::{self, Cost};
use super::errors::{answer, conflict, invalid, missing, not_found};
use super::payments::{self, Payment};
use super::request::Request;
use super::requisitions::Version;
use super::stock::Stock;
use crate::value::{Date, Decimal, Span, Timestamp};
use crate::world::HttpResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

const STATUSES: [&str; 4] = ["draft", "pending", "revise_and_resubmit", "approved"];
/// For so long after a write the same direct cost takes no other.
const BUSY: Span = Span::from_millis(250);

type Answer = (HttpResponse, Option<Change>);

/// When each direct cost was written last. Not written down: it means nothing after a moment.
#[derive(Debug, Default)]
pub struct Busy(BTreeMap<i64, Timestamp>);

impl Busy {
    fn takes(&mut self, id: i64, now: Timestamp) -> bool {
        let free = self.0.get(&id).is_none_or(|last| now >= last.plus(BUSY));
        if free {
            self.0.insert(id, now);
        }
        free
    }
}

/// Fields of a direct cost or a payment by their wire names; null clears one.
pub type Fields = Map<String, Json>;

/// New amounts of a direct cost's lines, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LineAmounts(Vec<(i64, Decimal)>);

impl LineAmounts {
    /// Whether the line is among them.
    pub fn has(&self, line: i64) -> bool {
        self.0.iter().any(|(id, _)| *id == line)
    }
}

/// `PATCH /rest/v1.x/projects/{project_id}/direct_costs/{id}`
pub fn edit_cost(
    stock: &mut Stock,
    request: &Request<'_>,
    version: Version,
    (project, id): (i64, i64),
    now: Timestamp,
) -> Answer {
    let change = match edited_cost(stock, request, version, project, id, now) {
        Ok(_) if !stock.busy.takes(id, now) => {
            return (conflict("Direct cost is being changed by another request"), None);
        }
        Ok(change) => change,
        Err(refusal) => return (refusal, None),
    };
    change.apply(stock);
    let shown = stock.cost(id).map(|cost| direct_costs::show(stock, version, cost)).unwrap_or_default();
    (answer(200, &shown), Some(change))
}

fn edited_cost(
    stock: &Stock,
    request: &Request<'_>,
    version: Version,
    project: i64,
    id: i64,
    now: Timestamp,
) -> Result<Change, HttpResponse> {
    let word = if version == Version::V1_1 { "direct_cost" } else { "item" };
    let wanted = request.json()[word].as_object().cloned().ok_or_else(|| missing(word))?;
    let cost = direct_costs::find(stock, project, id).ok_or_else(|| not_found("DirectCost"))?;
    // Who owns the link may take it away, which opens the cost again.
    let unlocks = wanted.len() == 1 && wanted.get("origin_id").is_some_and(Json::is_null);
    let open: &[&str] = if unlocks { &["origin_id"] } else { &[] };
    locked(cost.origin_id.as_deref(), &wanted, open, "This direct cost")?;
    let mut fields = Fields::new();
    for (name, value) in &wanted {
        if let Some(value) = cost_field(stock, id, name, value)? {
            fields.insert(name.clone(), value);
        }
    }
    let lines = wanted.get("line_items").and_then(Json::as_array).into_iter().flatten();
    let lines = lines.map(|line| line_amount(cost, line)).collect::<Result<_, _>>()?;
    Ok(Change::DirectCostEdited { id, at: now, fields, lines: LineAmounts(lines) })
}

/// `DELETE …/{id}`: gone with its lines, and from every list.
pub fn delete_cost(stock: &mut Stock, (project, id): (i64, i64), now: Timestamp) -> Answer {
    let Some(cost) = direct_costs::find(stock, project, id) else { return (not_found("DirectCost"), None) };
    if cost.origin_id.is_some() {
        return (invalid("base", "This direct cost is synced with an external system and cannot be deleted"), None);
    }
    if !stock.busy.takes(id, now) {
        return (conflict("Direct cost is being changed by another request"), None);
    }
    let change = Change::DirectCostDeleted { id };
    change.apply(stock);
    (answer(200, &json!({"id": id})), Some(change))
}

/// `POST /rest/v1.0/contract_payments`, `PATCH …/{id}`
pub fn write_payment(stock: &mut Stock, request: &Request<'_>, id: Option<i64>, now: Timestamp) -> Answer {
    let (project, change) = match written_payment(stock, request, id, now) {
        Ok(written) => written,
        Err(refusal) => return (refusal, None),
    };
    change.apply(stock);
    let id = match &change {
        Change::PaymentWritten { id, .. } => Some(*id),
        _ => None,
    };
    let shown = id.and_then(|id| stock.payment(id)).map(|payment| payments::show(project, payment));
    let status = if request.method == crate::world::Method::Post { 201 } else { 200 };
    (answer(status, &shown.unwrap_or_default()), Some(change))
}

fn written_payment(
    stock: &Stock,
    request: &Request<'_>,
    id: Option<i64>,
    now: Timestamp,
) -> Result<(i64, Change), HttpResponse> {
    let body = request.json();
    let project = body["project_id"].as_i64().ok_or_else(|| missing("project_id"))?;
    let contract = body["contract_id"].as_i64().ok_or_else(|| missing("contract_id"))?;
    let wanted = body["contract_payment"].as_object().cloned().ok_or_else(|| missing("contract_payment"))?;
    stock.visible_project(project).ok_or_else(|| not_found("Project"))?;
    if stock.project_of_contract(contract) != Some(project) {
        return Err(not_found("Contract"));
    }
    if let Some(id) = id {
        let known = stock.payment(id).filter(|payment| payment.contract == contract);
        let known = known.ok_or_else(|| not_found("ContractPayment"))?;
        // Who owns the link may still change the link.
        locked(known.origin_id.as_deref(), &wanted, &["origin_id", "origin_data", "attachments"], "This payment")?;
    }
    let mut fields = Fields::new();
    for (name, value) in &wanted {
        if let Some(value) = payment_field(stock, contract, id, name, value)? {
            fields.insert(name.clone(), value);
        }
    }
    let id = id.unwrap_or_else(|| stock.next_payment_id());
    Ok((project, Change::PaymentWritten { id, contract, at: now, fields }))
}

/// `DELETE /rest/v1.0/contract_payments/{id}?project_id=&contract_id=`
pub fn delete_payment(stock: &mut Stock, request: &Request<'_>, id: i64) -> Answer {
    let (_, contract) = match payments::place(stock, request) {
        Ok(place) => place,
        Err(refusal) => return (refusal, None),
    };
    let Some(payment) = stock.payment(id).filter(|payment| payment.contract == contract) else {
        return (not_found("ContractPayment"), None);
    };
    if payment.origin_id.is_some() {
        return (invalid("base", "This payment is synced with an external system and cannot be deleted"), None);
    }
    let change = Change::PaymentDeleted { id };
    change.apply(stock);
    (answer(200, &json!({"id": id})), Some(change))
}

/// What is synced takes only the fields that `open` names.
fn locked(origin: Option<&str>, wanted: &Fields, open: &[&str], what: &str) -> Result<(), HttpResponse> {
    if origin.is_some() && !wanted.keys().all(|name| open.contains(&name.as_str())) {
        return Err(invalid("base", &format!("{what} is synced with an external system and cannot be changed")));
    }
    Ok(())
}

fn cost_field(stock: &Stock, id: i64, name: &str, value: &Json) -> Result<Option<Json>, HttpResponse> {
    Ok(match name {
        "status" => {
            let known = value.as_str().is_some_and(|status| STATUSES.contains(&status));
            Some(if known { value.clone() } else { return Err(invalid("status", "is not included in the list")) })
        }
        "direct_cost_date" | "payment_date" | "received_date" => Some(stored_day(value)),
        "vendor_id" => match value.as_i64() {
            Some(vendor) if stock.vendor(vendor).is_none() => return Err(invalid("vendor_id", "is unknown")),
            vendor => Some(vendor.into()),
        },
        "origin_id" => {
            let taken = |other: &Cost| other.cost.id != id && other.origin_id.as_deref() == value.as_str();
            if value.is_string() && stock.costs().any(taken) {
                return Err(invalid("origin_id", "has already been taken"));
            }
            Some(value.as_str().into())
        }
        "description" | "invoice_number" | "origin_data" => Some(value.as_str().into()),
        _ => None,
    })
}

fn payment_field(
    stock: &Stock,
    contract: i64,
    id: Option<i64>,
    name: &str,
    value: &Json,
) -> Result<Option<Json>, HttpResponse> {
    Ok(match name {
        "amount" => Some(amount(name, value)?.fixed(2).into()),
        "date" => Some(stored_day(value)),
        "requisition_id" => {
            let of_contract = |id: i64| stock.requisition(id).is_some_and(|found| found.invoice.commitment == contract);
            match value.as_i64() {
                Some(id) if !of_contract(id) => return Err(invalid("requisition_id", "is not of this contract")),
                requisition => Some(requisition.into()),
            }
        }
        "payment_number" => Some(value.as_i64().into()),
        "origin_id" => {
            let taken = |other: &Payment| Some(other.id) != id && other.origin_id.as_deref() == value.as_str();
            if value.is_string() && stock.payments().any(taken) {
                return Err(invalid("origin_id", "has already been taken"));
            }
            Some(value.as_str().into())
        }
        "check_number" | "invoice_number" | "notes" | "origin_data" => Some(value.as_str().into()),
        _ => None,
    })
}

fn line_amount(cost: &Cost, line: &Json) -> Result<(i64, Decimal), HttpResponse> {
    let id = line["id"].as_i64().ok_or_else(|| missing("line_items[id]"))?;
    if !cost.cost.lines.iter().any(|known| known.id == id) {
        return Err(not_found("DirectCostLineItem"));
    }
    Ok((id, amount("manual_amount", &line["manual_amount"])?))
}

/// Amounts come as text or as numbers. Bounded, so that no sum of them can leave the range.
fn amount(name: &str, value: &Json) -> Result<Decimal, HttpResponse> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let amount = text.parse::<Decimal>().ok().filter(|amount| amount.abs() < Decimal::from(1_000_000_000_000_i64));
    amount.map(|amount| amount.rounded(2)).ok_or_else(|| invalid(name, "is not a number"))
}

/// A day that cannot be read is no error: it is stored as none.
fn stored_day(value: &Json) -> Json {
    value.as_str().filter(|text| text.parse::<Date>().is_ok()).into()
}

/// Writes the checked fields.
pub fn set_cost(held: &mut Cost, fields: &Fields, lines: &LineAmounts, at: Timestamp) {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let date = |value: &Json| value.as_str().and_then(|text| text.parse().ok());
    let cost = &mut held.cost;
    for (name, value) in fields {
        match name.as_str() {
            "status" => cost.status = text(value).unwrap_or_default(),
            "direct_cost_date" => cost.date = date(value),
            "payment_date" => cost.paid = date(value),
            "received_date" => cost.received = date(value),
            "vendor_id" => cost.vendor = value.as_i64(),
            "description" => cost.description = text(value),
            "invoice_number" => cost.invoice_number = text(value),
            "origin_id" => held.origin_id = text(value),
            "origin_data" => held.origin_data = text(value),
            _ => {}
        }
    }
    for (id, amount) in &lines.0 {
        cost.lines.iter_mut().filter(|line| line.id == *id).for_each(|line| line.amount = *amount);
    }
    cost.updated = cost.updated.max(at);
}

/// Writes the checked fields.
pub fn set_payment(payment: &mut Payment, fields: &Fields, at: Timestamp) {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    for (name, value) in fields {
        match name.as_str() {
            "amount" => payment.amount = text(value).and_then(|text| text.parse().ok()).unwrap_or_default(),
            "date" => payment.date = value.as_str().and_then(|text| text.parse().ok()),
            "requisition_id" => payment.requisition = value.as_i64(),
            "payment_number" => payment.number = value.as_i64().unwrap_or_default(),
            "check_number" => payment.check_number = text(value),
            "invoice_number" => payment.invoice_number = text(value),
            "notes" => payment.notes = text(value),
            "origin_id" => payment.origin_id = text(value),
            "origin_data" => payment.origin_data = text(value),
            _ => {}
        }
    }
    payment.updated = payment.updated.max(at);
}
