//! What people do between two runs, and sometimes while one is at work.

use super::company::{day, direct_cost, invoice, key_in, payment, receive};
use crate::connector::contractor::Contractor;
use crate::sandbox::Random;
use crate::value::{Decimal, Timestamp};

/// Something happens; what it was, in words.
pub fn happen(made: &mut Contractor, random: &mut Random, now: Timestamp) -> String {
    match random.below(15) {
        0..=2 => {
            let commitment = random.below(made.commitments.len());
            let id = invoice(made, commitment, random, now);
            format!("invoice {id} comes in")
        }
        3 | 4 => approve(made, random, now),
        5 => change(made, random, now),
        6 => complete(made, random, now),
        7 => delete(made, random),
        8 => rename(made, random),
        9 => close(made, random),
        10 => deliver(made, random, now),
        11 | 12 => {
            let project = random.below(made.projects.len());
            let id = direct_cost(made, project, random, now);
            format!("direct cost {id} comes in")
        }
        // Of the year to come, so that its number is nobody else's.
        14 => match key_in(made, random, day(2027, 1, 15)) {
            Some(reference) => format!("{reference} is keyed in by hand"),
            None => nothing(),
        },
        _ => match payment(made, random, now) {
            Some(id) => format!("payment {id} is made"),
            None => nothing(),
        },
    }
}

/// Papers come in and are approved, goods are received: an ordinary day.
pub fn come_in(made: &mut Contractor, random: &mut Random, now: Timestamp) -> String {
    match random.below(10) {
        0..=2 => {
            let commitment = random.below(made.commitments.len());
            let id = invoice(made, commitment, random, now);
            format!("invoice {id} comes in")
        }
        3 => approve(made, random, now),
        4 => deliver(made, random, now),
        _ => {
            let project = random.below(made.projects.len());
            let id = direct_cost(made, project, random, now);
            format!("direct cost {id} comes in")
        }
    }
}

fn nothing() -> String {
    "nothing happens".to_owned()
}

fn approve(made: &mut Contractor, random: &mut Random, now: Timestamp) -> String {
    let open = |status: &str| !status.starts_with("approved");
    let waiting: Vec<usize> = (0..made.invoices.len()).filter(|&index| open(&made.invoices[index].status)).collect();
    if !waiting.is_empty() {
        let invoice = &mut made.invoices[*random.pick(&waiting)];
        invoice.status = "approved".to_owned();
        invoice.updated = now;
        return format!("invoice {} is approved", invoice.id);
    }
    let Some(cost) = made.direct_costs.iter_mut().find(|cost| open(&cost.status)) else { return nothing() };
    cost.status = "approved".to_owned();
    cost.updated = now;
    format!("direct cost {} is approved", cost.id)
}

/// An amount is another one, whether it was moved already or not.
fn change(made: &mut Contractor, random: &mut Random, now: Timestamp) -> String {
    let more = Decimal::cents(random.between(1, 50_000));
    let plus = |amount: Decimal| amount.checked_add(more).unwrap_or(amount);
    if random.chance(30) && !made.direct_costs.is_empty() {
        let at = random.below(made.direct_costs.len());
        let cost = &mut made.direct_costs[at];
        cost.lines[0].amount = plus(cost.lines[0].amount);
        cost.lines[0].unit_cost = cost.lines[0].amount;
        cost.updated = now;
        return format!("direct cost {} is {more} more", cost.id);
    }
    if made.invoices.is_empty() {
        return nothing();
    }
    let at = random.below(made.invoices.len());
    let invoice = &mut made.invoices[at];
    invoice.lines[0].work = plus(invoice.lines[0].work);
    invoice.updated = now;
    format!("invoice {} is {more} more", invoice.id)
}

/// What was left out is entered.
fn complete(made: &mut Contractor, random: &mut Random, now: Timestamp) -> String {
    let lacks = |index: &usize| {
        let invoice = &made.invoices[*index];
        invoice.invoice_number.is_none() || invoice.billing_date.is_none()
    };
    let incomplete: Vec<usize> = (0..made.invoices.len()).filter(lacks).collect();
    if incomplete.is_empty() {
        return nothing();
    }
    let invoice = &mut made.invoices[*random.pick(&incomplete)];
    invoice.invoice_number.get_or_insert_with(|| format!("Z{}", invoice.id));
    invoice.billing_date.get_or_insert(day(2026, 10, 31));
    invoice.updated = now;
    format!("invoice {} is completed", invoice.id)
}

fn delete(made: &mut Contractor, random: &mut Random) -> String {
    if random.chance(30) && !made.direct_costs.is_empty() {
        let cost = made.direct_costs.remove(random.below(made.direct_costs.len()));
        return format!("direct cost {} is deleted", cost.id);
    }
    let newest = |index: &usize| {
        let invoice = &made.invoices[*index];
        let later = |other: &crate::connector::contractor::Invoice| {
            other.commitment == invoice.commitment && other.number > invoice.number
        };
        !made.invoices.iter().any(later) && !made.payments.iter().any(|paid| paid.invoice == Some(invoice.id))
    };
    let last: Vec<usize> = (0..made.invoices.len()).filter(newest).collect();
    if last.is_empty() {
        return nothing();
    }
    let invoice = made.invoices.remove(*random.pick(&last));
    format!("invoice {} is deleted", invoice.id)
}

fn rename(made: &mut Contractor, random: &mut Random) -> String {
    let at = random.below(made.vendors.len());
    let vendor = &mut made.vendors[at];
    let before = std::mem::replace(&mut vendor.name, format!("Vendor {} Renamed {}", vendor.id, random.below(1_000)));
    let name = vendor.name.clone();
    made.suppliers.iter_mut().filter(|supplier| supplier.name == before).for_each(|same| same.name.clone_from(&name));
    format!("{before} is called {name}")
}

/// The ledger closes a supplier, or opens it again.
fn close(made: &mut Contractor, random: &mut Random) -> String {
    if let Some(code) = made.closed_suppliers.pop_first() {
        return format!("supplier {code} is opened again");
    }
    let codes: Vec<String> = made.vendors.iter().filter_map(|vendor| vendor.supplier_code.clone()).collect();
    if codes.is_empty() {
        return nothing();
    }
    let code = random.pick(&codes).clone();
    made.closed_suppliers.insert(code.clone());
    format!("supplier {code} is closed")
}

/// Goods of an order come in, never more than was ordered.
fn deliver(made: &mut Contractor, random: &mut Random, now: Timestamp) -> String {
    if made.orders.is_empty() {
        return nothing();
    }
    let order = random.pick(&made.orders).clone();
    let line = random.pick(&order.lines).clone();
    let came = made.receipts.iter().filter(|receipt| receipt.order == order.number && receipt.line == line.number);
    let came = came.fold(Decimal::ZERO, |sum, receipt| sum.checked_add(receipt.quantity).unwrap_or(sum));
    let left = line.ordered.checked_sub(came).and_then(Decimal::to_integer).unwrap_or(0);
    if left <= 0 {
        return nothing();
    }
    let quantity = random.between(1, left);
    receive(made, &order.number, line.number, quantity, now.date(), now);
    format!("{quantity} come in of line {} of {}", line.number, order.number)
}
