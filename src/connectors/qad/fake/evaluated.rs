//! Invoices that QAD makes itself: of each receipt on order lines under evaluated settlement.
//!
//! One for each receiver and order, confirmed and matched, at the order's cost. Whoever
//! invoices such a receipt once more bills it twice, and the books show both.

use super::ledger::{Invoice, InvoiceKey, Ledger, Line};
use crate::connector::contractor::{Contractor, OrderLine, PurchaseOrder, Receipt};
use crate::value::Decimal;
use std::collections::BTreeMap;

/// The daybook that numbers what no clerk has keyed in. Inferred: tenants name their own.
const DAYBOOK: &str = "ERS";
/// Matched with its receipts, and allocated by them.
const STATUS: &str = "AP-RMALLOC";

/// Books the invoice of every evaluated receipt that has come in.
pub fn settle(ledger: &mut Ledger, contractor: &Contractor, entity: &str, currency: &str) {
    let mut received: BTreeMap<(&str, &str), Vec<(&Receipt, &OrderLine)>> = BTreeMap::new();
    for receipt in &contractor.receipts {
        let order = contractor.orders.iter().find(|order| order.number == receipt.order);
        let line = order.and_then(|order| order.lines.iter().find(|line| line.number == receipt.line));
        if let Some(line) = line.filter(|line| line.evaluated) {
            received.entry((&receipt.order, &receipt.receiver)).or_default().push((receipt, line));
        }
    }
    for ((number, receiver), lines) in received {
        let order = contractor.orders.iter().find(|order| order.number == number);
        if let Some(mut invoice) = order.and_then(|order| invoice(order, receiver, &lines, entity, currency)) {
            invoice.key.voucher = ledger.next_voucher(entity, invoice.key.year, DAYBOOK);
            ledger.save(invoice);
        }
    }
}

fn invoice(
    order: &PurchaseOrder,
    receiver: &str,
    received: &[(&Receipt, &OrderLine)],
    entity: &str,
    currency: &str,
) -> Option<Invoice> {
    let date = received.iter().map(|(receipt, _)| receipt.date).max()?;
    let lines: Vec<Line> = received.iter().map(|(receipt, line)| posting(order, receipt, line)).collect();
    let total = lines.iter().try_fold(Decimal::ZERO, |sum, line| sum.checked_add(line.amount))?;
    Some(Invoice {
        key: InvoiceKey {
            entity: entity.to_owned(),
            year: i64::from(date.year()),
            daybook: DAYBOOK.to_owned(),
            voucher: 0,
        },
        supplier: order.supplier.clone(),
        reference: receiver.to_owned(),
        kind: if total.is_negative() { "CREDITNOTE" } else { "INVOICE" }.to_owned(),
        invoice_date: date,
        posting_date: date,
        due_date: date.plus_days(30),
        currency: currency.to_owned(),
        description: format!("Receipt {receiver}"),
        status_code: STATUS.to_owned(),
        credit_terms: "30".to_owned(),
        purchase_order: order.number.clone(),
        total,
        paid: Decimal::ZERO,
        matches: Vec::new(),
        lines,
        saves: 1,
    })
}

fn posting(order: &PurchaseOrder, receipt: &Receipt, line: &OrderLine) -> Line {
    Line {
        gl_account: line.account.clone(),
        sub_account: String::new(),
        cost_center: line.cost_center.clone(),
        project: order.project.clone(),
        amount: receipt.quantity.checked_mul(line.unit_cost).unwrap_or_default().rounded(2),
        description: line.description.clone(),
    }
}
