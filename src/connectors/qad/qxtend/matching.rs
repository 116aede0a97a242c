//! An invoice on a purchase order that is matched with its receipts as it is posted.
//!
//! Takes the invoice, its order and the receipts; hands on which receipt is taken by how
//! much, and the lines that bill no line of the order. Pure: no request is made here.
//! Invariant: what is matched and what is coded come to the total, to the cent.

use super::super::dress::Terms;
use super::super::readiness::place;
use super::wire::QxtendWire;
use crate::connector::{Error, ErrorKind, Permanence};
use crate::value::{Decimal, Record, Value};
use std::collections::BTreeMap;

/// The document that creates an invoice together with its match.
pub const MATCHED: &str = "matched";
/// The rows of it: receipts that are taken, and costs beside them.
pub const MATCHES: &str = "matches";
pub const COSTS: &str = "costs";
/// How the catalogue names the line of the order that a line bills.
const ORDER_LINE: &str = "purchase_order_line";
/// A quantity is taken to this many digits after the point.
const QUANTITY_PLACES: u32 = 9;

/// An invoice that is to be matched as it is posted.
#[derive(Debug)]
pub struct Bill<'a> {
    pub order: &'a str,
    /// What it asks for, by the line of the order.
    amounts: BTreeMap<i64, Decimal>,
    /// Lines that name no line of the order: freight, taxes, retainage.
    pub costs: Vec<Value>,
}

impl<'a> Bill<'a> {
    /// `None` where the tenant leaves matching to people, where no line says which line of the
    /// order it bills, and for credits.
    pub fn read(terms: Terms<'_>, wire: &QxtendWire, record: &'a Record) -> Option<Self> {
        let is_wanted = terms.profile.qxtend.invoice.match_receipts && wire.documents.contains_key(MATCHED);
        let text =
            |name: &str| record.get(name).and_then(Value::as_text).map(str::trim).filter(|text| !text.is_empty());
        let is_coded = text("status_code").is_some_and(|status| !terms.profile.invoice.is_uncoded(status));
        let order = text("purchase_order").filter(|_| is_wanted && !is_coded)?;
        let mut amounts: BTreeMap<i64, Decimal> = BTreeMap::new();
        let mut costs = Vec::new();
        for line in record.get("lines").and_then(Value::as_list).unwrap_or_default() {
            match line.as_record().and_then(|line| line.get(ORDER_LINE)).and_then(Value::as_integer) {
                Some(number) => {
                    let amount = amounts.entry(number).or_default();
                    *amount = amount.checked_add(amount_of(line))?;
                }
                None => costs.push(line.clone()),
            }
        }
        let is_credit = amounts.values().any(|amount| amount.is_negative() || amount.is_zero());
        (!amounts.is_empty() && !is_credit).then_some(Self { order, amounts, costs })
    }

    /// The receipts that are taken, the oldest first, as rows of the document.
    pub fn matches(&self, order: Option<&Record>, receipts: &[Record]) -> Result<Vec<Value>, Error> {
        let Some(order) = order else {
            return Err(not_yet(
                format!("{} is not in QAD", place(self.order, None)),
                "enter the purchase order in QAD",
            ));
        };
        let mut rows = Vec::new();
        for (number, amount) in &self.amounts {
            let price = self.price(order, *number)?;
            let open = self.open(receipts, *number)?;
            rows.extend(self.taken(*number, *amount, price, &open)?);
        }
        Ok(rows)
    }

    fn price(&self, order: &Record, number: i64) -> Result<Decimal, Error> {
        let lines = order.get("lines").and_then(Value::as_list).unwrap_or_default();
        let mut lines = lines.iter().filter_map(Value::as_record);
        let line = lines.find(|line| line.get("line").and_then(Value::as_integer) == Some(number));
        let price = line.and_then(|line| line.get("unit_cost")).and_then(Value::as_decimal);
        price.filter(|price| !price.is_zero() && !price.is_negative()).ok_or_else(|| {
            let place = place(self.order, Some(number));
            refused(
                format!("{place} has no price at which receipts could be matched"),
                "correct the line of the purchase order in the mapping, or its cost in QAD",
            )
        })
    }

    /// Receivers of a line with what is left of them; what went back is taken from the newest.
    fn open(&self, receipts: &[Record], number: i64) -> Result<Vec<(String, Decimal)>, Error> {
        let text = |record: &Record, name: &str| record.get(name).map(ToString::to_string).unwrap_or_default();
        let mut own: Vec<&Record> =
            receipts.iter().filter(|receipt| text(receipt, "line") == number.to_string()).collect();
        own.sort_by_key(|receipt| (text(receipt, "date"), text(receipt, "receiver")));
        let mut open = Vec::with_capacity(own.len());
        let mut back = Decimal::ZERO;
        for receipt in own {
            let receiver = text(receipt, "receiver");
            let quantity = receipt.get("quantity").and_then(Value::as_decimal).unwrap_or_default();
            let Some(matched) = receipt.get("matched").and_then(Value::as_decimal) else {
                return Err(refused(
                    format!("QAD does not show how much of receipt {receiver} is matched with invoices already"),
                    "let the list of goods receipts show it (`matched`), or take `qxtend.invoice.match_receipts` out \
                     of the tenant profile",
                ));
            };
            let left = quantity.checked_sub(matched).unwrap_or_default();
            if left.is_negative() {
                back = back.checked_add(left.abs()).unwrap_or(back);
            } else if !left.is_zero() {
                open.push((receiver, left));
            }
        }
        for (_, left) in open.iter_mut().rev() {
            let gone = if back < *left { back } else { *left };
            *left = left.checked_sub(gone).unwrap_or_default();
            back = back.checked_sub(gone).unwrap_or_default();
        }
        open.retain(|(_, left)| !left.is_zero());
        Ok(open)
    }

    fn taken(
        &self,
        number: i64,
        amount: Decimal,
        price: Decimal,
        open: &[(String, Decimal)],
    ) -> Result<Vec<Value>, Error> {
        let mut rows = Vec::new();
        let mut missing = amount;
        for (receiver, left) in open {
            if missing.is_zero() {
                break;
            }
            let worth = worth(*left, price);
            let is_whole = worth <= missing;
            let quantity = if is_whole { *left } else { self.part(number, missing, price)? };
            let took = if is_whole { worth } else { missing };
            missing = missing.checked_sub(took).unwrap_or_default();
            let mut row = Record::new();
            row.insert("purchase_order", self.order);
            row.insert("line", Value::Integer(number));
            row.insert("receiver", receiver.as_str());
            row.insert("quantity", quantity);
            row.insert("unit_price", price);
            row.insert("finished", is_whole);
            rows.push(row.into());
        }
        if missing.is_zero() {
            return Ok(rows);
        }
        let there = amount.checked_sub(missing).unwrap_or_default();
        Err(not_yet(
            format!(
                "{}: receipts that are not matched yet are worth {}; this invoice asks for {}",
                place(self.order, Some(number)),
                there.money(),
                amount.money()
            ),
            "post the receipt in QAD when the goods are in, or have the invoice corrected",
        ))
    }

    /// The quantity that comes to an amount at a price.
    fn part(&self, number: i64, amount: Decimal, price: Decimal) -> Result<Decimal, Error> {
        let quantity = amount.checked_div(price).map(|quantity| quantity.rounded(QUANTITY_PLACES));
        quantity.filter(|quantity| worth(*quantity, price) == amount).ok_or_else(|| {
            refused(
                format!("no quantity of {} comes to {}", place(self.order, Some(number)), amount.money()),
                "compare the price of the order with the invoice",
            )
        })
    }
}

fn amount_of(line: &Value) -> Decimal {
    line.as_record().and_then(|line| line.get("amount")).and_then(Value::as_decimal).unwrap_or_default()
}

fn worth(quantity: Decimal, price: Decimal) -> Decimal {
    quantity.checked_mul(price).unwrap_or_default().rounded(2)
}

fn refused(message: String, mend: &str) -> Error {
    Error::new(ErrorKind::Refused, Permanence::Permanent, message).mend(mend)
}

fn not_yet(message: String, mend: &str) -> Error {
    Error::new(ErrorKind::NotYet, Permanence::Permanent, message).mend(mend)
}
