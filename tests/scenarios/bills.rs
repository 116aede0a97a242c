//! What stands on a subcontractor's application for payment.

use super::company::{CONTRACT, EXTRA, SLAB, STEEL, bill, bill_with, code_of, day, dollars, work};
use super::scenario::Scenario;
use mlc::connector::contractor::{CommitmentLine, Contractor, InvoiceLine};
use mlc::value::Decimal;

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("retainage-held", "A tenth of the work is held back.")
            .given(|company| company.invoices = vec![bill_with(1, |bill| bill.lines = vec![held()])]),
        Scenario::new("retainage-released", "The last invoice pays out what was held back, and nothing else.").given(
            |company| {
                let release = InvoiceLine { released: dollars(1_000), ..work(2, SLAB, 0) };
                company.invoices = vec![
                    bill_with(1, |bill| bill.lines = vec![held()]),
                    bill_with(2, |bill| (bill.is_final, bill.lines) = (true, vec![release])),
                ];
            },
        ),
        Scenario::new("stored-materials", "Materials come to lie on site, and are built in with the next invoice.")
            .given(|company| {
                let stored = InvoiceLine { materials: dollars(4_000), ..work(1, STEEL, 0) };
                let built_in = InvoiceLine { materials: dollars(-4_000), ..work(2, STEEL, 6_000) };
                company.invoices = vec![
                    bill_with(1, |bill| bill.lines = vec![stored]),
                    bill_with(2, |bill| bill.lines = vec![built_in]),
                ];
            }),
        Scenario::new("change-order-line", "Work that a change order brought is billed beside the contract's own.")
            .given(|company| {
                let lines = vec![work(1, SLAB, 10_000), work(1, EXTRA, 2_500)];
                company.invoices = vec![bill_with(1, |bill| bill.lines = lines)];
            }),
        Scenario::new("credit", "Work that was billed is credited by an invoice below nothing.").given(|company| {
            company.invoices = vec![bill(1), bill_with(2, |bill| bill.lines = vec![work(2, SLAB, -412)])];
        }),
        Scenario::new("credit-among-lines", "One line of an invoice is a credit, the whole is still owed.").given(
            |company| {
                let lines = vec![work(2, SLAB, -500), work(2, STEEL, 3_000)];
                company.invoices = vec![bill(1), bill_with(2, |bill| bill.lines = lines)];
            },
        ),
        Scenario::new("final-invoice", "The subcontractor's last invoice says that it is final.")
            .given(|company| company.invoices = vec![bill_with(1, |bill| bill.is_final = true)]),
        Scenario::new("taxes", "A line of the contract bears sales tax; it comes on top of what is due.").given(
            |company| {
                company.invoices = vec![bill(1)];
                company.taxed_lines.insert(SLAB, 1);
            },
        ),
        Scenario::new("nothing-payable", "A month without work is approved all the same.")
            .given(|company| company.invoices = vec![bill_with(1, |bill| bill.lines = vec![work(1, SLAB, 0)])]),
        Scenario::new("cost-only-moved", "An invoice moves cost from one code to another and comes to nothing.").given(
            |company| {
                let lines = vec![work(2, SLAB, -500), work(2, STEEL, 500)];
                company.invoices = vec![bill(1), bill_with(2, |bill| bill.lines = lines)];
            },
        ),
        Scenario::new("two-of-one-number", "The subcontractor sends two invoices under one number.").given(|company| {
            company.invoices = vec![bill(1), bill_with(2, |bill| bill.invoice_number = Some("1".to_owned()))];
        }),
        Scenario::new("no-billing-date", "The invoice has no billing date; somebody enters it.")
            .given(|company| company.invoices = vec![bill_with(1, |bill| bill.billing_date = None)])
            .then("the date is entered in Procore", |company| {
                company.invoices[0].billing_date = Some(day(2026, 10, 31));
                company.invoices[0].updated = super::company::at(1);
            }),
        Scenario::new("no-number", "The invoice has no number.")
            .given(|company| company.invoices = vec![bill_with(1, |bill| bill.invoice_number = None)]),
        Scenario::new("unknown-status", "The invoice has a status that no document names.")
            .given(|company| company.invoices = vec![bill_with(1, |bill| bill.status = "sent_to_lender".to_owned())]),
        Scenario::new("long-number", "The invoice's number is longer than a reference of QAD.").given(|company| {
            let number = "APPLICATION-FOR-PAYMENT-OCTOBER-REVISED-TWICE";
            company.invoices = vec![bill_with(1, |bill| bill.invoice_number = Some(number.to_owned()))];
        }),
        Scenario::new("no-cost-code-row", "A cost code is in nobody's table of accounts.")
            .given(|company| on_code(company, "27-150")),
        Scenario::new("inactive-account", "The table sends a cost code to an account that QAD has closed.")
            .given(|company| on_code(company, "12-350")),
        Scenario::new("control-account", "Retainage is sent to an account that QAD keeps for itself.")
            .with("vars { retainage_account = \"2050\" }")
            .given(|company| company.invoices = vec![bill_with(1, |bill| bill.lines = vec![held()])]),
    ]
}

/// 10,000.00 of work, of which 1,000.00 is held back.
fn held() -> InvoiceLine {
    InvoiceLine { retained: dollars(1_000), ..work(1, SLAB, 10_000) }
}

/// An invoice with a line on this cost code.
fn on_code(company: &mut Contractor, code: &str) {
    let line = CommitmentLine {
        id: 50_104,
        cost_code: code_of(company, code),
        amount: Decimal::from(5_000_i64),
        ..company.commitments[0].lines[0].clone()
    };
    assert_eq!(company.commitments[0].id, CONTRACT);
    company.commitments[0].lines.push(line);
    company.invoices = vec![bill_with(1, |bill| bill.lines = vec![work(1, SLAB, 10_000), work(1, 50_104, 900)])];
}
