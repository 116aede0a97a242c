//! Three-way match: whether an invoice's receipts are there.
//!
//! Takes invoices that are to be posted; hands on, for each, whether it may be posted now.
//! One question each for periods, orders, their lines, their receipts and what was invoiced
//! of them serves a whole group. Invoices of a group that bill the same order share what
//! was received: whoever comes first takes it, and what is ahead of the group came before.
//! A credit makes room for others when it stands, not before. Nothing is ever posted on another day
//! because a period is closed.
//!
//! `cover` and `periods` decide, `words` has the sentences; this file asks, by whichever
//! interface the tenant is reached.

mod cover;
mod periods;
mod words;

use super::key::folded;
use super::reading::text_of;
use crate::connector::{Catalogue, Error, ErrorKind, Permanence, Readiness, Wait};
use crate::value::{Record, Timestamp, Value};
use async_trait::async_trait;
use cover::{Bill, Orders};
use periods::Periods;
use std::collections::{BTreeMap, BTreeSet};
pub use words::place;

/// What the catalogue's `settles` names.
const RECEIPTS: &str = "receipts";

/// What is read of a tenant to judge, the same by every interface.
#[async_trait]
pub trait Shelves: Sync {
    fn catalogue(&self) -> &Catalogue;

    fn now(&self) -> Timestamp;

    /// The whole records whose field `by` is one of the texts, by the folded text.
    async fn records(
        &self,
        resource: &str,
        by: &str,
        texts: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<Record>>, Error>;
}

/// Says of each record whether it may be written now.
pub async fn judge(shelves: &dyn Shelves, wait: &Wait<'_>) -> Result<Vec<Readiness>, Error> {
    let settles = shelves.catalogue().resources.get(wait.resource).map(|spec| spec.settles.as_slice());
    if wait.what != RECEIPTS || !settles.unwrap_or_default().iter().any(|what| what == RECEIPTS) {
        return Err(Error::new(
            ErrorKind::Configuration,
            Permanence::Permanent,
            format!("QAD knows of no {} that {} could wait for", wait.what, wait.resource.replace('_', " ")),
        )
        .mend("take the `settle` rule out of the pipeline"));
    }
    let bills: Vec<Bill> = wait.records.iter().map(Bill::read).collect();
    let ahead: Vec<Bill> = wait.ahead.iter().map(Bill::read).collect();
    let periods = Periods::of(records(shelves, "periods", "year", &years(&bills)).await?);
    let mut orders = orders(shelves, &bills).await?;
    ahead.iter().for_each(|bill| orders.take(bill));
    let today = shelves.now();
    let judge = |bill: &Bill| match periods.closed(bill.posting_date) {
        Some(closed) => closed,
        None => orders.judge(bill, today, wait.quiet),
    };
    Ok(bills.iter().map(judge).collect())
}

async fn orders(shelves: &dyn Shelves, bills: &[Bill]) -> Result<Orders, Error> {
    let numbers: BTreeSet<String> = bills.iter().filter_map(|bill| bill.order.clone()).collect();
    if numbers.is_empty() {
        return Ok(Orders::default());
    }
    let orders = records(shelves, "purchase_orders", "number", &numbers).await?;
    let known: BTreeSet<String> = orders.values().flatten().map(|order| shown(order, "number")).collect();
    if known.is_empty() {
        return Ok(Orders::default());
    }
    let receipts = records(shelves, "goods_receipts", "order", &known).await?;
    let invoiced = records(shelves, "supplier_invoices", "purchase_order", &known).await?;
    Ok(Orders::new(orders, &receipts, &invoiced))
}

async fn records(
    shelves: &dyn Shelves,
    resource: &str,
    by: &str,
    texts: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<Record>>, Error> {
    if texts.is_empty() { Ok(BTreeMap::new()) } else { shelves.records(resource, by, texts).await }
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
