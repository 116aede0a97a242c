//! What purchasing knows: orders with their lines, receipts, items; and the periods.

use super::answer::record;
use super::masters::{Masters, currency};
use crate::connector::contractor::{Contractor, OrderLine, PurchaseOrder, Receipt};
use crate::value::{Date, Decimal, Record, Value};

/// The years that periods are set up for.
const YEARS: std::ops::RangeInclusive<i16> = 2025..=2027;
const SITE: &str = "10-100";

/// Lays orders, receipts and items out of the contractor.
pub fn place(contractor: &Contractor, masters: &mut Masters) {
    for order in &contractor.orders {
        masters.place("purchase_orders", &order.number, order_record(contractor, order));
    }
    for receipt in &contractor.receipts {
        let key = format!("{}/{}/{}", receipt.receiver, receipt.order, receipt.line);
        masters.place("goods_receipts", &key, receipt_record(contractor, receipt));
    }
    for item in &contractor.items {
        let described: String = item.description.chars().take(24).collect();
        let item_record = record([
            ("code", item.code.as_str().into()),
            ("description", described.trim_end().into()),
            ("unit", item.unit.as_str().into()),
            ("status", if item.active { "AC" } else { "OBS" }.into()),
        ]);
        masters.place("items", &item.code, item_record);
    }
}

/// A month each; purchases are open from the period on that holds `open_from`.
pub fn periods(entity: &str, open_from: Date) -> Vec<Record> {
    let months = YEARS.flat_map(|year| (1..=12).filter_map(move |month| Date::new(year, month, 1)));
    let period = |first: Date| {
        record([
            ("entity", entity.into()),
            ("year", i64::from(first.year()).into()),
            ("period", i64::from(first.month()).into()),
            ("from", first.into()),
            ("to", first.end_of_month().into()),
            ("open_for_general_ledger", (first.year() >= 2026).into()),
            ("open_for_purchases", (first.end_of_month() >= open_from).into()),
            ("open_for_sales", (first.year() >= 2026).into()),
            ("open_for_inventory", (first.end_of_month() >= open_from).into()),
        ])
    };
    months.map(period).collect()
}

/// Open quantity and worth of what was received, by order: the books that matching looks at.
pub fn books(masters: &Masters) -> serde_json::Value {
    let order = |order: &Record| {
        let text = |name: &str| order.get(name).map(ToString::to_string).unwrap_or_default();
        let lines = order.get("lines").and_then(Value::as_list).unwrap_or_default();
        let lines: Vec<serde_json::Value> = lines
            .iter()
            .filter_map(Value::as_record)
            .map(|line| {
                let number = |name: &str| line.get(name).and_then(Value::as_decimal).unwrap_or_default();
                let open = number("ordered").checked_sub(number("received")).unwrap_or_default();
                let worth = number("received").checked_mul(number("unit_cost")).unwrap_or_default();
                serde_json::json!({
                    "line": line.get("line").and_then(Value::as_integer), "ordered": number("ordered").to_string(),
                    "open": open.to_string(), "received_worth": worth.fixed(2),
                })
            })
            .collect();
        serde_json::json!({
            "number": text("number"), "supplier": text("supplier"), "status": text("status"), "lines": lines,
        })
    };
    masters.all("purchase_orders").map(order).collect()
}

fn order_record(contractor: &Contractor, order: &PurchaseOrder) -> Record {
    let contract = contractor.commitments.iter().find(|known| known.ledger_order.as_deref() == Some(&order.number));
    let evaluated = !order.lines.is_empty() && order.lines.iter().all(|line| line.evaluated);
    let lines = order.lines.iter().map(|line| line_record(contractor, order, line).into()).collect();
    let status = match (order.open, order.cancelled) {
        (_, true) => "x",
        (true, false) => "",
        (false, false) => "c",
    };
    record([
        ("number", order.number.as_str().into()),
        ("supplier", order.supplier.as_str().into()),
        ("date", order.date.into()),
        ("due_date", order.due.into()),
        ("status", status.into()),
        ("type", "".into()),
        ("currency", currency(contractor).into()),
        ("credit_terms", "30".into()),
        ("ship_to", SITE.into()),
        ("bill_to", SITE.into()),
        ("project", order.project.as_str().into()),
        ("confirmed", true.into()),
        ("ers_option", ers(evaluated).into()),
        ("remarks", contract.map_or("", |contract| contract.number.as_str()).into()),
        ("lines", Value::list(lines)),
    ])
}

fn line_record(contractor: &Contractor, order: &PurchaseOrder, line: &OrderLine) -> Record {
    let own = |receipt: &&Receipt| receipt.order == order.number && receipt.line == line.number;
    let received = contractor
        .receipts
        .iter()
        .filter(own)
        .fold(Decimal::ZERO, |sum, receipt| sum.checked_add(receipt.quantity).unwrap_or(sum));
    record([
        ("line", line.number.into()),
        ("item", line.item.as_str().into()),
        ("description", line.description.as_str().into()),
        ("ordered", line.ordered.into()),
        ("received", received.into()),
        ("unit", line.unit.as_str().into()),
        ("unit_cost", line.unit_cost.into()),
        ("due_date", order.due.into()),
        ("gl_account", line.account.as_str().into()),
        ("sub_account", "".into()),
        ("cost_center", line.cost_center.as_str().into()),
        ("project", order.project.as_str().into()),
        ("type", "M".into()),
        ("status", "".into()),
        ("ers_option", ers(line.evaluated).into()),
    ])
}

fn receipt_record(contractor: &Contractor, receipt: &Receipt) -> Record {
    let order = contractor.orders.iter().find(|order| order.number == receipt.order);
    let line = order.and_then(|order| order.lines.iter().find(|line| line.number == receipt.line));
    record([
        ("receiver", receipt.receiver.as_str().into()),
        ("order", receipt.order.as_str().into()),
        ("line", receipt.line.into()),
        ("item", line.map_or("", |line| line.item.as_str()).into()),
        ("supplier", order.map_or("", |order| order.supplier.as_str()).into()),
        ("date", receipt.date.into()),
        ("quantity", receipt.quantity.into()),
        ("unit", line.map_or("", |line| line.unit.as_str()).into()),
    ])
}

/// 1 waits for the supplier's invoice, 3 makes a confirmed one from each receipt.
fn ers(evaluated: bool) -> &'static str {
    if evaluated { "3" } else { "1" }
}
