//! What purchasing's side of the books should be: what orders of the ledger cover, and what
//! the ledger settles by its receipts. From the contractor's neutral books alone.

use crate::reckoning_costs::{Amounts, Place, sum};
use mlc::connector::contractor::{Contractor, PurchaseOrder, Receipt};
use mlc::value::{Date, Decimal, Span, Timestamp};
use std::collections::BTreeMap;

/// How long receipts are to be quiet.
const QUIET_HOURS: u64 = 24;

fn order<'a>(contractor: &'a Contractor, number: &str) -> &'a PurchaseOrder {
    contractor.orders.iter().find(|order| order.number == number).expect("an order")
}

fn worth(contractor: &Contractor, receipt: &Receipt) -> Decimal {
    let line = order(contractor, &receipt.order).lines.iter().find(|line| line.number == receipt.line);
    receipt.quantity.checked_mul(line.expect("a line").unit_cost).expect("in range").rounded(2)
}

fn received<'a>(contractor: &'a Contractor, number: &'a str) -> impl Iterator<Item = &'a Receipt> {
    contractor.receipts.iter().filter(move |receipt| receipt.order == number)
}

/// What invoices of this order can take in all: nothing where the order is withdrawn, settled
/// by its receipts, or restless.
pub fn covered(contractor: &Contractor, number: &str) -> Decimal {
    let opened = contractor.opened.expect("the day of the story");
    let restless = |receipt: &Receipt| {
        // Midnight in Chicago, an hour earlier in summer.
        let end: Timestamp = receipt.date.plus_days(1).to_string().parse().expect("midnight");
        let summer = receipt.date < Date::new(2026, 11, 1).expect("a day");
        let end = end.plus(Span::from_secs(if summer { 5 } else { 6 } * 3_600));
        end.plus(Span::from_secs(QUIET_HOURS * 3_600)) > opened
    };
    if !takes(contractor, number) || received(contractor, number).any(restless) {
        return Decimal::ZERO;
    }
    sum(received(contractor, number).map(|receipt| worth(contractor, receipt)))
}

/// Whether invoices may ever be entered against this order.
pub fn takes(contractor: &Contractor, number: &str) -> bool {
    let order = order(contractor, number);
    !order.cancelled && !order.lines.iter().all(|line| line.evaluated)
}

/// What the ledger makes by itself of receipts, by supplier and reference: the receiver's number.
pub fn evaluated(contractor: &Contractor) -> BTreeMap<(String, String), Amounts> {
    let mut made: BTreeMap<(String, String), Amounts> = BTreeMap::new();
    for receipt in &contractor.receipts {
        let order = order(contractor, &receipt.order);
        let line = order.lines.iter().find(|line| line.number == receipt.line).expect("a line");
        if !line.evaluated {
            continue;
        }
        let amounts = made.entry((order.supplier.clone(), receipt.receiver.clone())).or_default();
        let place = Place {
            project: order.project.clone(),
            account: line.account.clone(),
            sub_account: String::new(),
            cost_center: line.cost_center.clone(),
        };
        let of = amounts.entry(place).or_insert(Decimal::ZERO);
        *of = of.checked_add(worth(contractor, receipt)).expect("in range");
    }
    made
}
