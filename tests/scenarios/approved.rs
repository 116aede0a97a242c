//! What happens to an invoice after it was approved and posted.

use super::company::{SLAB, at, bill, work};
use super::scenario::Scenario;
use mlc::connector::contractor::Contractor;

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("changed-and-held", "An invoice changes after it was posted; a person decides.")
            .given(|company| company.invoices = vec![bill(1)])
            .then("the invoice is 12,000.00 in Procore", dearer)
            .again(),
        Scenario::new("changed-and-updated", "The same, where QAD is to follow.")
            .with(UPDATE)
            .given(|company| company.invoices = vec![bill(1)])
            .then("the invoice is 12,000.00 in Procore", dearer),
        Scenario::new("changed-and-ignored", "The same, where QAD is to stay as it is.")
            .with(IGNORE)
            .given(|company| company.invoices = vec![bill(1)])
            .then("the invoice is 12,000.00 in Procore", dearer),
        Scenario::new("changed-back", "The invoice changes after it was posted, and back again.")
            .given(|company| company.invoices = vec![bill(1)])
            .then("the invoice is 12,000.00 in Procore", dearer)
            .then("it is 10,000.00 again", |company| {
                company.invoices[0].lines = vec![work(1, SLAB, 10_000)];
                company.invoices[0].updated = at(2);
            }),
        Scenario::new("reopened", "An invoice is set back to draft after it was posted.")
            .given(|company| company.invoices = vec![bill(1)])
            .then("the invoice is a draft again in Procore", |company| {
                company.invoices[0].status = "draft".to_owned();
                company.invoices[0].updated = at(1);
            }),
        Scenario::new("deleted", "An invoice is deleted after it was posted.")
            .given(|company| company.invoices = vec![bill(1)])
            .then("the invoice is gone from Procore", |company| company.invoices.clear()),
        Scenario::new("deleted-among-others", "The same, where the project has another invoice.")
            .given(|company| company.invoices = vec![bill(1), bill(2)])
            .then("the first invoice is gone from Procore", |company| drop(company.invoices.remove(0))),
        Scenario::new("deleted-while-it-waits", "An invoice is deleted while it is held.")
            .given(|company| {
                company.invoices = vec![bill(1)];
                company.invoices[0].billing_date = None;
            })
            .then("the invoice is gone from Procore", |company| company.invoices.clear()),
        Scenario::new("renumbered", "An invoice gets another number after it was posted.")
            .given(|company| company.invoices = vec![bill(1)])
            .then("its number is 1-R in Procore", |company| {
                company.invoices[0].invoice_number = Some("1-R".to_owned());
                company.invoices[0].updated = at(1);
            }),
        Scenario::new("waits-for-approval", "An invoice is so large that a person has to approve it first.")
            .with("extend flow subcontractor_invoices {\n  to qad.supplier_invoices { approve when total > 5_000 }\n}")
            .given(|company| company.invoices = vec![bill(1)]),
    ]
}

const UPDATE: &str = "extend flow subcontractor_invoices {\n  to qad.supplier_invoices { on change update }\n}";
const IGNORE: &str = "extend flow subcontractor_invoices {\n  to qad.supplier_invoices { on change ignore }\n}";

fn dearer(company: &mut Contractor) {
    company.invoices[0].lines = vec![work(1, SLAB, 12_000)];
    company.invoices[0].updated = at(1);
}
