//! What the ledger has, or closes, or only warns of.

use super::company::{bill, day, dollars};
use super::mishap::{Kind, Mishap, posting};
use super::scenario::Scenario;
use mlc::connector::contractor::{Contractor, LedgerInvoice};

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("keyed-in-by-hand", "Somebody keyed the invoice into QAD before.").given(|company| {
            company.invoices = vec![bill(1)];
            keyed_in(company, "24-011-1", 10_000);
        }),
        Scenario::new("keyed-in-otherwise", "Somebody keyed it in with another amount.").given(|company| {
            company.invoices = vec![bill(1)];
            keyed_in(company, "24-011-1", 1_000);
        }),
        Scenario::new("duplicate-only-warned", "A post arrives twice, and QAD takes the second with a mere warning.")
            .given(|company| company.invoices = vec![bill(1)])
            .meets(Mishap::new(posting, 1, Kind::Twice))
            .again(),
        Scenario::new("closed-period", "The invoice's month is closed for purchases; later it is opened.")
            .given(|company| {
                company.ledger_closed_through = Some(day(2026, 10, 31));
                company.invoices = vec![bill(1)];
            })
            .again()
            .then("October is opened again in QAD", |company| company.ledger_closed_through = Some(day(2026, 9, 30))),
        Scenario::new("refused-with-200", "QAD answers with status 200 that it did not succeed.")
            .given(|company| company.invoices = vec![bill(1)])
            .meets(Mishap::new(posting, 1, Kind::Answer(200, &[("Content-Type", "application/json")], NO_SUCCESS)))
            .retried()
            .then("the daybook is set up in QAD, and the run is told to retry", |_| {}),
        Scenario::new("inactive-supplier", "The supplier is blocked in QAD and the vendor inactive in Procore.").given(
            |company| {
                company.invoices = vec![bill(1)];
                company.vendors[0].active = false;
            },
        ),
    ]
}

const NO_SUCCESS: &str = r#"{"data":{"supplierInvoices":[]},"submitResult":{"success":false,"errors":[{"fieldName":"daybookCode","message":"Daybook SI is not active.","severity":"error"}]}}"#;

pub fn keyed_in(company: &mut Contractor, reference: &str, amount: i64) {
    company.ledger = vec![LedgerInvoice {
        supplier: "S00417".to_owned(),
        reference: reference.to_owned(),
        date: day(2026, 10, 31),
        amount: dollars(amount),
        account: "5310".to_owned(),
        cost_center: "C030".to_owned(),
    }];
}
