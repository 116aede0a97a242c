//! Changing subcontractor invoices, as an administrator may at any time, and the journal.
//!
//! A request is checked and becomes a [`Change`]; only a change touches the stock. So
//! a change that was written down does the same again in a stock that is opened anew.

use super::errors::{answer, invalid, missing, not_found};
use super::hooks::HookChange;
use super::money_changes::{Fields, LineAmounts, set_cost, set_payment};
use super::request::Request;
use super::requisitions::{Version, find, is_last, show};
use super::shapes::without;
use super::stock::{Requisition, Stock};
use crate::connector::FakeChange;
use crate::connector::contractor::InvoiceLine;
use crate::value::{Date, Decimal, Timestamp};
use crate::world::HttpResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

const STATUSES: [&str; 6] =
    ["draft", "under_review", "revise_and_resubmit", "approved", "approved_as_noted", "pending_owner_approval"];

/// What happened to one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    RequisitionEdited {
        id: i64,
        at: Timestamp,
        /// Header fields by their wire names; null clears one.
        fields: Map<String, Json>,
        items: Vec<ItemEdit>,
    },
    RequisitionDeleted {
        id: i64,
    },
    DirectCostEdited {
        id: i64,
        at: Timestamp,
        fields: Fields,
        lines: LineAmounts,
    },
    DirectCostDeleted {
        id: i64,
    },
    /// A payment was made or changed.
    PaymentWritten {
        id: i64,
        contract: i64,
        at: Timestamp,
        fields: Fields,
    },
    PaymentDeleted {
        id: i64,
    },
    /// A vendor was made or changed.
    VendorWritten {
        id: i64,
        at: Timestamp,
        /// By their wire names; null clears one.
        fields: Map<String, Json>,
    },
    /// Something of the webhooks.
    Hook {
        what: HookChange,
    },
}

/// New amounts of one billed line; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ItemEdit {
    id: i64,
    work: Option<Decimal>,
    materials: Option<Decimal>,
    retained: Option<Decimal>,
    released: Option<Decimal>,
}

impl Change {
    pub fn to_journal(&self) -> FakeChange {
        FakeChange(serde_json::to_value(self).unwrap_or_default())
    }

    /// `None` if it is none of this fake's changes.
    pub fn from_journal(change: &FakeChange) -> Option<Self> {
        serde_json::from_value(change.0.clone()).ok()
    }

    pub fn apply(&self, stock: &mut Stock) {
        match self {
            Self::Hook { what } => stock.hooks.apply(what),
            Self::VendorWritten { id, at, fields } => stock.write_vendor(*id, fields, *at),
            Self::DirectCostEdited { id, at, fields, lines } => {
                if let Some(cost) = stock.cost_mut(*id) {
                    set_cost(cost, fields, lines, *at);
                }
            }
            Self::DirectCostDeleted { id } => {
                if let Some(cost) = stock.cost_mut(*id) {
                    cost.deleted = true;
                }
            }
            Self::PaymentWritten { id, contract, at, fields } => {
                set_payment(stock.payment_or_new(*id, *contract, *at), fields, *at);
            }
            Self::PaymentDeleted { id } => {
                if let Some(payment) = stock.payment_mut(*id) {
                    payment.deleted = true;
                }
            }
            Self::RequisitionDeleted { id } => {
                if let Some(requisition) = stock.requisition_mut(*id) {
                    requisition.deleted = true;
                }
            }
            Self::RequisitionEdited { id, at, fields, items } => {
                if let Some(requisition) = stock.requisition_mut(*id) {
                    fields.iter().for_each(|(name, value)| set(requisition, name, value));
                    items.iter().for_each(|edit| edit.apply(&mut requisition.invoice.lines));
                    requisition.invoice.updated = requisition.invoice.updated.max(*at);
                }
            }
        }
    }
}

/// `PATCH /rest/v1.x/requisitions/{id}`
pub fn edit(
    stock: &mut Stock,
    request: &Request<'_>,
    version: Version,
    id: i64,
    now: Timestamp,
) -> (HttpResponse, Option<Change>) {
    let change = match edited(stock, request, id, now) {
        Ok(change) => change,
        Err(refusal) => return (refusal, None),
    };
    change.apply(stock);
    let shown = stock.requisition(id).and_then(|requisition| {
        let commitment = stock.commitment(requisition.invoice.commitment)?;
        let shown = show(stock, request, version, requisition, commitment);
        // The older version shows these two when it is read, and not when it is written.
        Some(if version == Version::V1_0 { without(shown, &["action_policy", "comment"]) } else { shown })
    });
    (answer(200, &shown.unwrap_or_default()), Some(change))
}

/// `DELETE /rest/v1.x/requisitions/{id}?project_id=`: the newest of its commitment, while it is open.
pub fn delete(stock: &mut Stock, request: &Request<'_>, id: i64) -> (HttpResponse, Option<Change>) {
    let Some(project) = request.integer("project_id") else { return (missing("project_id"), None) };
    let Some((requisition, _)) = find(stock, project, id) else { return (not_found("Requisition"), None) };
    if !is_last(stock, requisition) || !requisition.is_open() || requisition.origin_id.is_some() {
        return (invalid("base", "Only the latest open invoice of a commitment can be deleted"), None);
    }
    let change = Change::RequisitionDeleted { id };
    change.apply(stock);
    (answer(200, &Json::Object(Map::new())), Some(change))
}

fn edited(stock: &Stock, request: &Request<'_>, id: i64, now: Timestamp) -> Result<Change, HttpResponse> {
    let body = request.json();
    let project = body["project_id"].as_i64().ok_or_else(|| missing("project_id"))?;
    let commitment = body["commitment_id"].as_i64().ok_or_else(|| missing("commitment_id"))?;
    let wanted = body["requisition"].as_object().cloned().unwrap_or_default();
    let (requisition, _) =
        find(stock, project, id).filter(|(_, found)| found.id == commitment).ok_or_else(|| not_found("Requisition"))?;
    let unlocks = wanted.len() == 1 && wanted.get("origin_id").is_some_and(Json::is_null);
    if requisition.origin_id.is_some() && !unlocks {
        return Err(invalid("base", "This invoice is synced with an external system and cannot be changed"));
    }
    let mut fields = Map::new();
    for (name, value) in &wanted {
        if let Some(value) = header_field(stock, id, name, value)? {
            fields.insert(name.clone(), value);
        }
    }
    let items = wanted.get("items").and_then(Json::as_array).into_iter().flatten();
    let items = items.map(|item| ItemEdit::read(requisition, item)).collect::<Result<_, _>>()?;
    Ok(Change::RequisitionEdited { id, at: now, fields, items })
}

/// The value that is stored for a header field; `None` for one that cannot be written.
fn header_field(stock: &Stock, id: i64, name: &str, value: &Json) -> Result<Option<Json>, HttpResponse> {
    Ok(match name {
        "status" => {
            let known = value.as_str().is_some_and(|status| STATUSES.contains(&status));
            Some(if known { value.clone() } else { return Err(invalid("status", "is not included in the list")) })
        }
        // A day that cannot be read is no error: it is stored as none.
        "billing_date" => Some(value.as_str().filter(|text| text.parse::<Date>().is_ok()).into()),
        "invoice_number" | "origin_data" => Some(value.as_str().into()),
        "final" => value.as_bool().map(Json::Bool),
        "origin_id" => {
            let taken = |other: &&Requisition| {
                value.is_string() && other.invoice.id != id && other.origin_id.as_deref() == value.as_str()
            };
            if stock.requisitions().any(|other| taken(&other)) {
                return Err(invalid("origin_id", "has already been taken"));
            }
            Some(value.as_str().into())
        }
        _ => None,
    })
}

fn set(requisition: &mut Requisition, name: &str, value: &Json) {
    let text = value.as_str().map(str::to_owned);
    let invoice = &mut requisition.invoice;
    match name {
        "status" => invoice.status = text.unwrap_or_default(),
        "billing_date" => invoice.billing_date = text.and_then(|text| text.parse().ok()),
        "invoice_number" => invoice.invoice_number = text,
        "final" => invoice.is_final = value.as_bool().unwrap_or_default(),
        "origin_id" => requisition.origin_id = text,
        "origin_data" => requisition.origin_data = text,
        _ => {}
    }
}

impl ItemEdit {
    /// Amounts come as text or as numbers. Bounded, so that no sum of them can leave the range.
    fn read(requisition: &Requisition, item: &Json) -> Result<Self, HttpResponse> {
        let id = item["id"].as_i64().ok_or_else(|| missing("items[id]"))?;
        if item["item_type"].as_str().is_none() {
            return Err(missing("items[item_type]"));
        }
        if !requisition.invoice.lines.iter().any(|line| line.id == id) {
            return Err(not_found("RequisitionItem"));
        }
        let amount = |name: &str| -> Result<Option<Decimal>, HttpResponse> {
            let text = match &item[name] {
                Json::Null => return Ok(None),
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            let amount =
                text.parse::<Decimal>().ok().filter(|amount| amount.abs() < Decimal::from(1_000_000_000_000_i64));
            let amount = amount.ok_or_else(|| invalid(name, "is not a number"))?;
            Ok(Some(amount.rounded(2)))
        };
        Ok(Self {
            id,
            work: amount("work_completed_this_period")?,
            materials: amount("new_materials")?,
            retained: amount("work_completed_retainage_retained_this_period")?,
            released: amount("work_completed_retainage_released_this_period")?,
        })
    }

    fn apply(&self, lines: &mut [InvoiceLine]) {
        for line in lines.iter_mut().filter(|line| line.id == self.id) {
            line.work = self.work.unwrap_or(line.work);
            line.materials = self.materials.unwrap_or(line.materials);
            line.retained = self.retained.unwrap_or(line.retained);
            line.released = self.released.unwrap_or(line.released);
        }
    }
}
