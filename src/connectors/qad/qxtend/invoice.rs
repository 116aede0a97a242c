//! A supplier invoice as the Financials API takes it: which document, the control line, the
//! order's row; and the way back.
//!
//! What is checked and what is defaulted is the same as over REST, by the same code.

use super::super::dress::Terms;
use super::super::profile::Profile;
use super::wire::QxtendWire;
use super::{matching, outgoing};
use crate::connector::{Error, ResourceSpec};
use crate::value::{Decimal, Record, Value};

/// The resource that this file dresses.
pub const RESOURCE: &str = "supplier_invoices";
/// Costs coded to accounts, line by line: the document that keeps them.
const CODED: &str = "coded";
/// An invoice on a purchase order, left to receiver matching.
const ORDERED: &str = "ordered";

/// The whole record as it is written, in the catalogue's names, and the document that keeps
/// what it says. Amounts are as in a pipeline: a credit is negative, and stands on the debit side.
pub fn dress(
    spec: &ResourceSpec,
    wire: &QxtendWire,
    terms: Terms<'_>,
    record: &Record,
) -> Result<(&'static str, Record), Error> {
    let mut dressed = outgoing::defaulted(RESOURCE, spec, terms, record)?;
    dressed.insert("taxable", terms.profile.invoice.taxable);
    let has_lines = dressed.get("lines").and_then(Value::as_list).is_some_and(|lines| !lines.is_empty());
    let document = if has_lines { CODED } else { ORDERED };
    if wire.documents.get(document).is_some_and(|document| document.lists.contains_key("lines")) {
        dressed.insert("lines", balanced(&dressed, &terms.profile.qxtend.invoice.control_account));
    }
    if let Some(number) = dressed.remove("purchase_order").filter(|number| number.as_text() != Some("")) {
        let mut order = Record::new();
        order.insert("domain", terms.domain);
        order.insert("purchase_order", number);
        dressed.insert("orders", Value::list(vec![order.into()]));
    }
    Ok((document, dressed))
}

/// The cost lines, and the line on the supplier control account that takes their other side.
fn balanced(record: &Record, control_account: &str) -> Value {
    let mut lines = record.get("lines").and_then(Value::as_list).unwrap_or_default().to_vec();
    let total = record.get("total").and_then(Value::as_decimal).unwrap_or_default();
    let mut control = Record::new();
    control.insert("gl_account", control_account);
    control.insert("amount", Decimal::ZERO.checked_sub(total).unwrap_or_default());
    control.insert("description", record.get("description").cloned().unwrap_or_default());
    lines.push(control.into());
    Value::list(lines)
}

/// A record that was read, without what only the ledger needs.
pub fn incoming(profile: &Profile, mut record: Record) -> Record {
    let control = &profile.qxtend.invoice.control_account;
    if let Some(lines) = record.get("lines").and_then(Value::as_list) {
        let is_control = |line: &&Value| {
            let account = line.as_record().and_then(|line| line.get("gl_account")).and_then(Value::as_text);
            account.is_some_and(|account| account.trim().eq_ignore_ascii_case(control))
        };
        let costs: Vec<Value> = lines.iter().filter(|line| !is_control(line)).cloned().collect();
        record.insert("lines", Value::list(costs));
    }
    if record.get("purchase_order").is_some_and(|number| number.as_text() == Some("")) {
        record.remove("purchase_order");
    }
    let orders = record.remove("orders");
    let first = orders.as_ref().and_then(Value::as_list).and_then(<[Value]>::first).and_then(Value::as_record);
    let number = first.and_then(|order| order.iter().find(|(name, _)| name.ends_with("PoNbr")));
    if let Some((_, number)) = number {
        record.insert("purchase_order", number.clone());
    }
    record
}

/// The whole record as it is written together with its match: the header, the receipts that
/// are taken, and the costs beside them.
pub fn matched(
    spec: &ResourceSpec,
    terms: Terms<'_>,
    record: &Record,
    matches: Vec<Value>,
    costs: &[Value],
) -> Result<Record, Error> {
    let mut dressed = outgoing::defaulted(RESOURCE, spec, terms, record)?;
    // The match itself gives the status, the order's rows are its own, and the number is told.
    for name in ["lines", "purchase_order", "status_code", "voucher"] {
        dressed.remove(name);
    }
    let described = dressed.get("description").cloned().unwrap_or_default();
    let cost = |line: &Value| {
        let mut line = line.as_record().cloned().unwrap_or_default();
        if line.get("description").is_none_or(Value::is_null) {
            line.insert("description", described.clone());
        }
        line.into()
    };
    let costs = costs.iter().map(cost).collect();
    dressed.insert("matching_daybook", terms.profile.qxtend.invoice.matching_daybook.as_str());
    dressed.insert("taxable", terms.profile.invoice.taxable);
    dressed.insert("initial", false);
    dressed.insert("final", true);
    dressed.insert(matching::MATCHES, Value::list(matches));
    dressed.insert(matching::COSTS, Value::list(costs));
    Ok(dressed)
}
