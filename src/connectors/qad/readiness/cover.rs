//! What was received of an order, what was invoiced of it, and whether that leaves enough
//! for one more invoice. Pure: no request is made here.

use super::{alike, number, shown, words};
use crate::connector::Readiness;
use crate::connectors::qad::key::folded;
use crate::value::{Date, Decimal, Record, Span, Timestamp, Value};
use std::collections::BTreeMap;

/// How a line says that the supplier's own invoice is waited for.
const NOT_EVALUATED: &str = "1";

/// An invoice that is to be posted.
pub struct Bill {
    pub order: Option<String>,
    /// The day that decides the period: the posting date, or else the invoice date.
    pub posting_date: Option<Date>,
    supplier: String,
    reference: String,
    total: Decimal,
    /// Amounts by the line of the order, where every line of the invoice names one.
    by_line: BTreeMap<i64, Decimal>,
}

impl Bill {
    pub fn read(record: &Record) -> Self {
        let day = |name: &str| match record.get(name) {
            Some(Value::Date(day)) => Some(*day),
            _ => None,
        };
        let order = record.get("purchase_order").and_then(Value::as_text).map(str::trim);
        Self {
            order: order.filter(|order| !order.is_empty()).map(str::to_owned),
            posting_date: day("posting_date").or_else(|| day("invoice_date")),
            supplier: shown(record, "supplier"),
            reference: shown(record, "reference"),
            total: number(record, "total"),
            by_line: by_line(record).unwrap_or_default(),
        }
    }
}

/// `None` where a line of the invoice does not say which line of the order it bills.
fn by_line(record: &Record) -> Option<BTreeMap<i64, Decimal>> {
    let mut amounts: BTreeMap<i64, Decimal> = BTreeMap::new();
    for line in record.get("lines")?.as_list()? {
        let line = line.as_record()?;
        let amount = amounts.entry(line.get("purchase_order_line")?.as_integer()?).or_default();
        *amount = plus(*amount, number(line, "amount"));
    }
    Some(amounts)
}

/// The orders that a group of invoices bills, by their folded numbers.
#[derive(Default)]
pub struct Orders(BTreeMap<String, Order>);

struct Order {
    number: String,
    supplier: String,
    closed: bool,
    cancelled: bool,
    lines: BTreeMap<i64, Line>,
    newest: Option<Date>,
    /// Supplier, reference and total of each invoice that stands in the books.
    invoices: Vec<(String, String, Decimal)>,
    /// What the invoices of this group take, by line where they tell it.
    taken: Decimal,
    taken_by_line: BTreeMap<i64, Decimal>,
}

struct Line {
    ordered: Decimal,
    received: Decimal,
    unit_cost: Decimal,
    evaluated: bool,
}

impl Line {
    fn worth(&self) -> Decimal {
        self.received.checked_mul(self.unit_cost).unwrap_or_default().rounded(2)
    }
}

impl Orders {
    pub fn new(
        orders: BTreeMap<String, Vec<Record>>,
        receipts: &BTreeMap<String, Vec<Record>>,
        invoiced: &BTreeMap<String, Vec<Record>>,
    ) -> Self {
        let of =
            |found: &'_ BTreeMap<String, Vec<Record>>, number: &str| found.get(number).cloned().unwrap_or_default();
        let read = |(number, records): (String, Vec<Record>)| {
            let order = Order::read(records.first()?, &of(receipts, &number), &of(invoiced, &number));
            Some((number, order))
        };
        Self(orders.into_iter().filter_map(read).collect())
    }

    /// What an invoice bills is taken, if it does not stand in the books anyway.
    pub fn take(&mut self, bill: &Bill) {
        let order = bill.order.as_ref().and_then(|number| self.0.get_mut(&folded(number)));
        order.into_iter().for_each(|order| order.take(bill));
    }

    /// Whether this invoice may be posted now. If so, what it bills is taken.
    pub fn judge(&mut self, bill: &Bill, now: Timestamp, quiet: Span) -> Readiness {
        let Some(number) = &bill.order else { return Readiness::Ready };
        let Some(order) = self.0.get_mut(&folded(number)) else { return words::unknown(number) };
        let judged = order.judge(bill, now, quiet);
        if judged == Readiness::Ready {
            order.take(bill);
        }
        judged
    }
}

impl Order {
    fn read(record: &Record, receipts: &[Record], invoiced: &[Record]) -> Self {
        let status = shown(record, "status");
        let is = |letter: &str| status.trim().eq_ignore_ascii_case(letter);
        let option = shown(record, "ers_option");
        let lines = record.get("lines").and_then(Value::as_list).unwrap_or_default();
        let lines = lines.iter().filter_map(Value::as_record).filter_map(|line| {
            let number_of = line.get("line")?.as_integer()?;
            Some((number_of, Line::read(line, number_of, &option, receipts)))
        });
        let day = |receipt: &Record| match receipt.get("date") {
            Some(Value::Date(day)) => Some(*day),
            _ => None,
        };
        let invoice =
            |invoice: &Record| (shown(invoice, "supplier"), shown(invoice, "reference"), number(invoice, "total"));
        Self {
            number: shown(record, "number"),
            supplier: shown(record, "supplier"),
            closed: is("c"),
            cancelled: is("x"),
            lines: lines.collect(),
            newest: receipts.iter().filter_map(day).max(),
            invoices: invoiced.iter().map(invoice).collect(),
            taken: Decimal::ZERO,
            taken_by_line: BTreeMap::new(),
        }
    }

    fn judge(&self, bill: &Bill, now: Timestamp, quiet: Span) -> Readiness {
        if folded(&self.supplier) != folded(&bill.supplier) {
            return words::of_another(&self.number, &self.supplier, &bill.supplier);
        }
        if self.cancelled {
            return words::cancelled(&self.number);
        }
        if let Some(line) = bill.by_line.keys().find(|line| !self.lines.contains_key(line)) {
            return words::no_such_line(&self.number, *line);
        }
        if let Some(evaluated) = self.evaluated(bill) {
            return evaluated;
        }
        // A credit takes nothing that would have to be there.
        if bill.total.is_negative() || bill.total.is_zero() {
            return Readiness::Ready;
        }
        if let Some(short) = self.short_line(bill).or_else(|| self.short(bill)) {
            return short;
        }
        match self.newest {
            Some(newest) if is_restless(newest, now, quiet) => words::restless(&self.number, newest, quiet),
            _ => Readiness::Ready,
        }
    }

    /// Lines that QAD settles by their receipts are never invoiced again.
    fn evaluated(&self, bill: &Bill) -> Option<Readiness> {
        let named = bill.by_line.keys().find(|line| self.lines.get(line).is_some_and(|line| line.evaluated));
        if let Some(line) = named {
            return Some(words::evaluated(&self.number, Some(*line)));
        }
        let all = !self.lines.is_empty() && self.lines.values().all(|line| line.evaluated);
        all.then(|| words::evaluated(&self.number, None))
    }

    /// A line of the order of which less was received than the invoices bill.
    fn short_line(&self, bill: &Bill) -> Option<Readiness> {
        let is_short = |(number, asks): &(&i64, &Decimal)| {
            let taken = self.taken_by_line.get(number).copied().unwrap_or_default();
            self.lines.get(number).is_some_and(|line| plus(taken, **asks) > line.worth())
        };
        let (number, asks) = bill.by_line.iter().find(is_short)?;
        let line = self.lines.get(number)?;
        Some(words::short(&words::Short {
            order: &self.number,
            line: Some(*number),
            received: line.received,
            ordered: line.ordered,
            worth: line.worth(),
            invoiced: self.taken_by_line.get(number).copied().unwrap_or_default(),
            asks: *asks,
            closed: self.closed,
        }))
    }

    /// Less was received in all than is invoiced with this one. The first line that is not
    /// wholly there is the likely reason.
    fn short(&self, bill: &Bill) -> Option<Readiness> {
        let open = || self.lines.iter().filter(|(_, line)| !line.evaluated);
        let worth = open().fold(Decimal::ZERO, |sum, (_, line)| plus(sum, line.worth()));
        let others = self.invoices.iter().filter(|(supplier, reference, _)| !is_same(bill, supplier, reference));
        let invoiced = others.fold(self.taken, |sum, (_, _, total)| plus(sum, *total));
        if plus(invoiced, bill.total) <= worth {
            return None;
        }
        let first = open().find(|(_, line)| line.received < line.ordered);
        Some(words::short(&words::Short {
            order: &self.number,
            line: first.map(|(number, _)| *number),
            received: first.map(|(_, line)| line.received).unwrap_or_default(),
            ordered: first.map(|(_, line)| line.ordered).unwrap_or_default(),
            worth,
            invoiced,
            asks: bill.total,
            closed: self.closed,
        }))
    }

    /// A credit is not sure to arrive: it gives nothing back before it stands.
    fn take(&mut self, bill: &Bill) {
        let stands = |(supplier, reference, _): &(String, String, Decimal)| is_same(bill, supplier, reference);
        if self.invoices.iter().any(stands) {
            return;
        }
        if bill.total > Decimal::ZERO {
            self.taken = plus(self.taken, bill.total);
        }
        for (line, amount) in bill.by_line.iter().filter(|(_, amount)| **amount > Decimal::ZERO) {
            let taken = self.taken_by_line.entry(*line).or_default();
            *taken = plus(*taken, *amount);
        }
    }
}

impl Line {
    fn read(record: &Record, number_of: i64, order_option: &str, receipts: &[Record]) -> Self {
        let own = shown(record, "ers_option");
        let option = if own.trim().is_empty() { order_option } else { &own };
        let of_line = |receipt: &&Record| alike(&number_of.to_string(), receipt, "line");
        let came = receipts.iter().filter(of_line);
        Self {
            ordered: number(record, "ordered"),
            received: came.fold(Decimal::ZERO, |sum, receipt| plus(sum, number(receipt, "quantity"))),
            unit_cost: number(record, "unit_cost"),
            evaluated: !option.trim().is_empty() && option.trim() != NOT_EVALUATED,
        }
    }
}

/// The invoice itself may stand there already, when it is to be changed.
fn is_same(bill: &Bill, supplier: &str, reference: &str) -> bool {
    folded(supplier) == folded(&bill.supplier) && folded(reference) == folded(&bill.reference)
}

/// Receipts bear days. One of a day may have come at its very end.
fn is_restless(newest: Date, now: Timestamp, quiet: Span) -> bool {
    let Ok(end) = newest.plus_days(1).to_string().parse::<Timestamp>() else { return false };
    end.plus(quiet) > now
}

fn plus(one: Decimal, other: Decimal) -> Decimal {
    one.checked_add(other).unwrap_or(one)
}
