//! Three-way match: whether an invoice's receipts are there.
//!
//! Takes invoices that are to be posted; hands on, for each, whether it may be posted now.
//! One question each for periods, orders, their lines, their receipts and what was invoiced
//! of them serves a whole group. Invoices of a group that bill the same order share what
//! was received: whoever comes first takes it. Nothing is ever posted on another day
//! because a period is closed.
//!
//! `cover` and `periods` decide, `words` has the sentences; this file asks.

mod cover;
mod periods;
mod words;

use super::connection::Connection;
use super::key::folded;
use super::reading::text_of;
use crate::connector::{Error, ErrorKind, Operation, Permanence, Readiness, Wait};
use crate::value::{Record, Value};
use cover::{Bill, Orders};
use periods::Periods;
use std::collections::{BTreeMap, BTreeSet};

/// What the catalogue's `settles` names.
const RECEIPTS: &str = "receipts";

/// Says of each record whether it may be written now.
pub async fn judge(connection: &Connection, wait: &Wait<'_>) -> Result<Vec<Readiness>, Error> {
    let settles = connection.tenant.catalogue.resources.get(wait.resource).map(|spec| spec.settles.as_slice());
    if wait.what != RECEIPTS || !settles.unwrap_or_default().iter().any(|what| what == RECEIPTS) {
        return Err(Error::new(
            ErrorKind::Configuration,
            Permanence::Permanent,
            format!("QAD knows of no {} that {} could wait for", wait.what, wait.resource.replace('_', " ")),
        )
        .mend("take the `settle` rule out of the pipeline"));
    }
    let bills: Vec<Bill> = wait.records.iter().map(Bill::read).collect();
    let periods = Periods::of(records(connection, "periods", "year", &years(&bills)).await?);
    let mut orders = orders(connection, &bills).await?;
    let today = connection.now();
    let judge = |bill: &Bill| match periods.closed(bill.posting_date) {
        Some(closed) => closed,
        None => orders.judge(bill, today, wait.quiet),
    };
    Ok(bills.iter().map(judge).collect())
}

async fn orders(connection: &Connection, bills: &[Bill]) -> Result<Orders, Error> {
    let numbers: BTreeSet<String> = bills.iter().filter_map(|bill| bill.order.clone()).collect();
    if numbers.is_empty() {
        return Ok(Orders::default());
    }
    let orders = records(connection, "purchase_orders", "number", &numbers).await?;
    let known: BTreeSet<String> = orders.values().flatten().map(|order| shown(order, "number")).collect();
    if known.is_empty() {
        return Ok(Orders::default());
    }
    let receipts = records(connection, "goods_receipts", "order", &known).await?;
    let invoiced = records(connection, "supplier_invoices", "purchase_order", &known).await?;
    Ok(Orders::new(orders, &receipts, &invoiced))
}

/// The records of a resource whose field is one of the texts, by that field.
async fn records(
    connection: &Connection,
    resource: &str,
    by: &str,
    texts: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<Record>>, Error> {
    if texts.is_empty() {
        return Ok(BTreeMap::new());
    }
    connection.records_by(connection.desk(resource, Operation::List)?, by, texts).await
}

fn years(bills: &[Bill]) -> BTreeSet<String> {
    // A period's year need not be the calendar's: the neighbours are asked for as well.
    let years = bills.iter().filter_map(|bill| bill.posting_date).map(|day| day.year());
    years.flat_map(|year| [year - 1, year, year + 1]).map(|year| year.to_string()).collect()
}

fn shown(record: &Record, name: &str) -> String {
    record.get(name).map(ToString::to_string).unwrap_or_default()
}

fn number(record: &Record, name: &str) -> crate::value::Decimal {
    record.get(name).and_then(Value::as_decimal).unwrap_or_default()
}

/// Whether two records name the same thing in a field.
fn alike(one: &str, record: &Record, name: &str) -> bool {
    folded(one) == text_of(record, name)
}
