//! Invoices that people keyed into the ledger, and that were taken for those of the source.

use super::company::{SLAB, at, bill, work};
use super::ledger::keyed_in;
use super::scenario::Scenario;
use mlc::connector::contractor::Contractor;

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("adopted", "Somebody keyed the invoice into QAD before, and an accountant adopts it.")
            .given(keyed)
            .then_adopted("an accountant adopts what is certain", |_| {})
            .again(),
        Scenario::new("adopted-by-qxtend", "The same, where QAD is reached by QXtend.")
            .by_messages()
            .given(keyed)
            .then_adopted("an accountant adopts what is certain", |_| {}),
        Scenario::new("adopted-otherwise-spelt", "Somebody keyed it in with the number spelt otherwise.")
            .given(|company| {
                company.invoices = vec![bill(1)];
                company.invoices[0].status = "draft".to_owned();
                keyed_in(company, "24 011 01", 10_000);
            })
            .then_adopted("the invoice is approved in Procore, and an accountant adopts what is certain", |company| {
                company.invoices[0].status = "approved".to_owned();
                company.invoices[0].updated = at(1);
            })
            .again(),
        Scenario::new("adopted-then-changed", "An invoice that was adopted changes in Procore, and back again.")
            .given(keyed)
            .then_adopted("an accountant adopts what is certain", |_| {})
            .then("the invoice is 12,000.00 in Procore", dearer)
            .then("it is 10,000.00 again", |company| {
                company.invoices[0].lines = vec![work(1, SLAB, 10_000)];
                company.invoices[0].updated = at(3);
            }),
        Scenario::new("adopted-and-not-corrected", "The same, where changes are corrected: not what people keyed.")
            .with("extend flow subcontractor_invoices {\n  to qad.supplier_invoices { on change correct }\n}")
            .given(keyed)
            .then_adopted("an accountant adopts what is certain", |_| {})
            .then("the invoice is 12,000.00 in Procore", dearer),
    ]
}

fn keyed(company: &mut Contractor) {
    company.invoices = vec![bill(1)];
    keyed_in(company, "24-011-1", 10_000);
}

fn dearer(company: &mut Contractor) {
    company.invoices[0].lines = vec![work(1, SLAB, 12_000)];
    company.invoices[0].updated = at(2);
}
