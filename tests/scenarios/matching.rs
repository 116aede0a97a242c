//! Three-way match: invoices that a purchase order of QAD stands behind.

use super::company::{bill, day, dollars};
use super::scenario::Scenario;
use mlc::connector::contractor::{Contractor, OrderLine, PurchaseOrder, Receipt};
use mlc::value::{Decimal, Timestamp};

pub fn all() -> Vec<Scenario> {
    let all = vec![
        Scenario::new("receipts-cover", "All that is billed was received, weeks ago.")
            .given(|company| received(company, 200, 10)),
        Scenario::new("receipts-none", "Nothing of the order was received; later it is.")
            .given(ordered)
            .then("the goods are received", |company| received(company, 200, 20)),
        Scenario::new("receipts-partly", "Only a part of what is billed was received.")
            .given(|company| received(company, 120, 10)),
        Scenario::new("receipts-too-fresh", "The last receipt is of today; the flow waits until it is quiet.")
            .given(|company| {
                ordered(company);
                arrive(company, 200, day(2026, 11, 2));
            })
            .again()
            .again(),
        Scenario::new("receipts-settle-themselves", "QAD makes the invoice itself from the receipt.").given(
            |company| {
                received(company, 200, 10);
                company.orders[0].lines[0].evaluated = true;
            },
        ),
        Scenario::new("order-closed", "The order was closed before all of it came.").given(|company| {
            received(company, 120, 10);
            company.orders[0].open = false;
        }),
        Scenario::new("order-cancelled", "The order was cancelled.").given(|company| {
            ordered(company);
            (company.orders[0].open, company.orders[0].cancelled) = (false, true);
        }),
        Scenario::new("order-unknown", "The order is not in QAD.").given(|company| company.invoices = vec![bill(1)]),
        Scenario::new("order-of-another", "The order was given to another supplier.").given(|company| {
            received(company, 200, 10);
            company.orders[0].supplier = "S00999".to_owned();
        }),
        Scenario::new("closed-period-before-receipts", "The month is closed, although all was received.").given(
            |company| {
                received(company, 200, 10);
                company.ledger_closed_through = Some(day(2026, 10, 31));
            },
        ),
    ];
    all.into_iter().map(|scenario| scenario.with(SETTLE)).collect()
}

const SETTLE: &str = "extend flow subcontractor_invoices {\n  map { purchase_order = \"PO004711\" }\n  \
                      to qad.supplier_invoices { settle receipts for 24h }\n}";

/// An invoice over 10,000.00 and an order of 200 at 50.00.
fn ordered(company: &mut Contractor) {
    company.invoices = vec![bill(1)];
    company.orders = vec![PurchaseOrder {
        number: "PO004711".to_owned(),
        supplier: "S00417".to_owned(),
        date: day(2026, 9, 1),
        due: day(2026, 12, 31),
        open: true,
        cancelled: false,
        project: "24011".to_owned(),
        lines: vec![OrderLine {
            number: 1,
            item: "M-03-300".to_owned(),
            description: "Ready-mix concrete".to_owned(),
            ordered: Decimal::from(200_i64),
            unit: "EA".to_owned(),
            unit_cost: dollars(50),
            account: "5200".to_owned(),
            cost_center: "C030".to_owned(),
            evaluated: false,
        }],
    }];
}

/// The same with so many received on a day of October.
fn received(company: &mut Contractor, quantity: i64, of_october: i8) {
    ordered(company);
    arrive(company, quantity, day(2026, 10, of_october));
}

fn arrive(company: &mut Contractor, quantity: i64, date: mlc::value::Date) {
    let midnight: Timestamp = format!("{date}T00:00:00Z").parse().expect("an instant");
    company.receipts = vec![Receipt {
        receiver: "R4711".to_owned(),
        order: "PO004711".to_owned(),
        line: 1,
        date,
        quantity: Decimal::from(quantity),
        posted: midnight,
    }];
}
