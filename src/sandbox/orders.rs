//! The ledger's side of the contractor's purchase orders: the orders themselves, their
//! receipts, and the items.
//!
//! Goods come in as they are billed, month by month. Most orders are received as far as
//! they are billed; a few are not, each in a way that happens: half of the last delivery is
//! missing, nothing is posted yet, the last came an hour ago, the ledger settles the order
//! by its receipts, it was closed too early, it was cancelled.

use super::jobs::day;
use super::random::Random;
use crate::connector::contractor::{
    Commitment, Contractor, CostCode, Invoice, Item, OrderLine, PurchaseOrder, Receipt,
};
use crate::value::{Date, Decimal, Span, Timestamp};
use std::collections::BTreeMap;

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Whole,
    Partly,
    Nothing,
    AnHourAgo,
    Evaluated,
    ClosedEarly,
    Cancelled,
}

/// The fates that are placed, once for each time that they stand here.
const PLACED: &[Fate] = &[
    Fate::ClosedEarly,
    Fate::Cancelled,
    Fate::Evaluated,
    Fate::Evaluated,
    Fate::AnHourAgo,
    Fate::AnHourAgo,
    Fate::Partly,
    Fate::Partly,
    Fate::Partly,
    Fate::Nothing,
    Fate::Nothing,
];
/// Costs of a unit, in cents; each divides every amount of a contract.
const UNIT_COSTS: &[i64] = &[1_250, 2_500, 5_000];
const FIRST_NUMBER: usize = 4_701;
const HOUR: Span = Span::from_secs(3_600);

/// Adds orders, receipts and items, and tells each commitment its order.
pub fn place(contractor: &mut Contractor) {
    let mut random = Random::new(contractor.seed, "orders");
    contractor.items = items(&contractor.cost_codes);
    let ordered = orderable(contractor);
    let fates = fates(contractor, &ordered, &mut random);
    for (sequence, index) in ordered.into_iter().enumerate() {
        let fate = fates.get(&index).copied().unwrap_or(Fate::Whole);
        let number = format!("PO{:06}", FIRST_NUMBER + sequence);
        let Some(order) = order(contractor, index, &number, fate, &mut random) else { continue };
        let receipts = receipts(contractor, index, &order, fate, &mut random);
        contractor.receipts.extend(receipts);
        contractor.orders.push(order);
        contractor.commitments[index].ledger_order = Some(number);
    }
}

/// Purchase order commitments of vendors that the ledger knows.
fn orderable(contractor: &Contractor) -> Vec<usize> {
    let known = |commitment: &Commitment| supplier(contractor, commitment).is_some();
    let commitments = contractor.commitments.iter().enumerate();
    commitments.filter(|(_, commitment)| !commitment.subcontract && known(commitment)).map(|(index, _)| index).collect()
}

/// Deals the fates out among orders with something to be billed on jobs that can be read.
fn fates(contractor: &Contractor, ordered: &[usize], random: &mut Random) -> BTreeMap<usize, Fate> {
    let is_billed = |index: &&usize| {
        let commitment = &contractor.commitments[**index];
        let job = contractor.projects.iter().find(|project| project.id == commitment.project);
        job.is_some_and(|job| job.active && job.permitted) && !billed(contractor, commitment).is_empty()
    };
    let mut free: Vec<usize> = ordered.iter().filter(is_billed).copied().collect();
    for at in (1..free.len()).rev() {
        free.swap(at, random.below(at + 1));
    }
    free.into_iter().zip(PLACED.iter().copied()).collect()
}

fn order(
    contractor: &Contractor,
    index: usize,
    number: &str,
    fate: Fate,
    random: &mut Random,
) -> Option<PurchaseOrder> {
    let commitment = &contractor.commitments[index];
    let project = contractor.projects.iter().find(|project| project.id == commitment.project)?;
    let lines = commitment.lines.iter().zip(1..).map(|(line, number)| {
        let code = &contractor.cost_codes[line.cost_code];
        let unit_cost = Decimal::cents(*random.pick(UNIT_COSTS));
        OrderLine {
            number,
            item: item_code(code),
            description: line.description.clone(),
            ordered: line.amount.checked_div(unit_cost).unwrap_or_default(),
            unit: "EA".to_owned(),
            unit_cost,
            account: account(&contractor.cost_types[line.cost_type].code).to_owned(),
            cost_center: format!("C{}0", code.division),
            evaluated: fate == Fate::Evaluated,
        }
    });
    Some(PurchaseOrder {
        number: number.to_owned(),
        supplier: supplier(contractor, commitment)?.to_owned(),
        date: commitment.date,
        due: day(2026, 12, 31),
        open: !matches!(fate, Fate::ClosedEarly | Fate::Cancelled),
        cancelled: fate == Fate::Cancelled,
        project: project.ledger_code.clone(),
        lines: lines.collect(),
    })
}

/// A delivery for each invoice, some days before it.
fn receipts(
    contractor: &Contractor,
    index: usize,
    order: &PurchaseOrder,
    fate: Fate,
    random: &mut Random,
) -> Vec<Receipt> {
    if matches!(fate, Fate::Nothing | Fate::Cancelled) {
        return Vec::new();
    }
    let commitment = &contractor.commitments[index];
    let billed = billed(contractor, commitment);
    let mut left: Vec<i64> = order.lines.iter().map(|line| line.ordered.to_integer().unwrap_or(0)).collect();
    let mut receipts: Vec<Receipt> = Vec::new();
    for (sequence, invoice) in billed.iter().enumerate() {
        let is_last = sequence + 1 == billed.len();
        let receiver = format!("R{}{:02}", &order.number[2..], sequence + 1);
        let (date, posted) = moment(contractor, invoice, is_last && fate == Fate::AnHourAgo, random);
        for (at, line) in order.lines.iter().enumerate() {
            let mut quantity = came(invoice, commitment.lines[at].id, line.unit_cost).min(left[at]);
            if is_last && matches!(fate, Fate::Partly | Fate::ClosedEarly) {
                quantity /= 2;
            }
            if quantity == 0 {
                continue;
            }
            left[at] -= quantity;
            let quantity = Decimal::from(quantity);
            let (receiver, order) = (receiver.clone(), order.number.clone());
            receipts.push(Receipt { receiver, order, line: line.number, date, quantity, posted });
        }
    }
    receipts
}

/// Whole units, enough for what an invoice bills of a line; a credit brings nothing back.
fn came(invoice: &Invoice, line: i64, unit_cost: Decimal) -> i64 {
    let gross =
        invoice.lines.iter().find(|billed| billed.line == line).map(|billed| billed.gross()).unwrap_or_default();
    let cents = |amount: Decimal| amount.units(2).and_then(|cents| i64::try_from(cents).ok()).unwrap_or(0).max(0);
    let (gross, unit) = (cents(gross), cents(unit_cost).max(1));
    gross / unit + i64::from(gross % unit > 0)
}

/// The day of a delivery, and when it was posted.
fn moment(contractor: &Contractor, invoice: &Invoice, an_hour_ago: bool, random: &mut Random) -> (Date, Timestamp) {
    let days = random.between(3, 9);
    if let (true, Some(opened)) = (an_hour_ago, contractor.opened) {
        let posted = opened.minus(HOUR);
        return (posted.date(), posted);
    }
    let date = invoice.billing_date.unwrap_or_else(|| invoice.created.date()).plus_days(-days);
    let midnight = date.to_string().parse::<Timestamp>().unwrap_or(invoice.created);
    (date, midnight.plus(HOUR * 15))
}

/// The approved invoices of a commitment, in their order.
fn billed<'a>(contractor: &'a Contractor, commitment: &Commitment) -> Vec<&'a Invoice> {
    let own = |invoice: &&Invoice| invoice.commitment == commitment.id && invoice.status.starts_with("approved");
    let mut billed: Vec<&Invoice> = contractor.invoices.iter().filter(own).collect();
    billed.sort_by_key(|invoice| invoice.number);
    billed
}

fn supplier<'a>(contractor: &'a Contractor, commitment: &Commitment) -> Option<&'a str> {
    let vendor = contractor.vendors.iter().find(|vendor| vendor.id == commitment.vendor && vendor.in_ledger)?;
    vendor.supplier_code.as_deref()
}

/// One for each cost code: what is ordered is called after what it is for.
fn items(codes: &[CostCode]) -> Vec<Item> {
    let item = |code: &CostCode| Item {
        code: item_code(code),
        description: code.name.clone(),
        unit: "EA".to_owned(),
        active: code.full_code() != super::chart::STALE_CODE,
    };
    codes.iter().map(item).collect()
}

fn item_code(code: &CostCode) -> String {
    format!("M-{}", code.full_code())
}

/// What purchasing charges a line to, by its cost type.
fn account(cost_type: &str) -> &'static str {
    match cost_type {
        "M" => "5200",
        "E" => "5400",
        "L" => "5100",
        _ => "5900",
    }
}

#[cfg(test)]
mod tests {
    use crate::sandbox::contractor::contractor;
    use crate::value::Decimal;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn orders_stand_behind_the_purchase_order_commitments() {
        for seed in [1, 2, 99] {
            let contractor = contractor(seed);
            let numbers: BTreeSet<&str> = contractor.orders.iter().map(|order| order.number.as_str()).collect();
            assert_eq!(numbers.len(), contractor.orders.len());
            assert!(numbers.iter().all(|number| number.chars().count() <= 8));
            let named = contractor.commitments.iter().filter_map(|commitment| commitment.ledger_order.as_deref());
            assert_eq!(named.collect::<BTreeSet<_>>(), numbers);
            assert!(contractor.orders.len() >= 20, "{}", contractor.orders.len());
        }
    }

    #[test]
    fn no_more_comes_in_than_was_ordered() {
        let contractor = contractor(1);
        let mut received: BTreeMap<(&str, i64), Decimal> = BTreeMap::new();
        for receipt in &contractor.receipts {
            assert!(!receipt.quantity.is_negative() && !receipt.quantity.is_zero());
            let sum = received.entry((&receipt.order, receipt.line)).or_default();
            *sum = sum.checked_add(receipt.quantity).expect("in range");
        }
        for order in &contractor.orders {
            for line in &order.lines {
                let came = received.get(&(order.number.as_str(), line.number)).copied().unwrap_or_default();
                assert!(came <= line.ordered, "{} line {}", order.number, line.number);
            }
        }
    }

    #[test]
    fn every_fate_is_there() {
        for seed in [1, 2, 99] {
            let contractor = contractor(seed);
            let opened = contractor.opened.expect("opened").date();
            let count =
                |fits: &dyn Fn(&str) -> bool| contractor.orders.iter().filter(|order| fits(&order.number)).count();
            assert_eq!(contractor.orders.iter().filter(|order| order.cancelled).count(), 1);
            assert_eq!(contractor.orders.iter().filter(|order| !order.open && !order.cancelled).count(), 1);
            assert_eq!(contractor.orders.iter().filter(|order| order.lines[0].evaluated).count(), 2);
            let fresh: BTreeSet<&str> = contractor
                .receipts
                .iter()
                .filter(|receipt| receipt.date == opened)
                .map(|receipt| receipt.order.as_str())
                .collect();
            assert!((1..=2).contains(&fresh.len()), "{fresh:?}");
            let none = count(&|number| !contractor.receipts.iter().any(|receipt| receipt.order == number));
            assert!(none >= 3, "{none}");
        }
    }
}
