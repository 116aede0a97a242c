//! Invoices that change after they were posted, where a further one over the difference is
//! to follow.

use super::company::{SLAB, STEEL, at, bill, bill_with, code_of, work};
use super::scenario::Scenario;
use mlc::connector::contractor::{Contractor, InvoiceLine};

pub fn all() -> Vec<Scenario> {
    vec![
        corrected("corrected", "An invoice changes twice after it was posted, up and down.")
            .then("the invoice is 12,000.00 in Procore", |company| lines(company, 1, vec![work(1, SLAB, 12_000)]))
            .then("it is 9,500.00", |company| lines(company, 2, vec![work(1, SLAB, 9_500)]))
            .again(),
        corrected("corrected-by-qxtend", "The same, where QAD is reached by QXtend.")
            .by_messages()
            .then("the invoice is 12,000.00 in Procore", |company| lines(company, 1, vec![work(1, SLAB, 12_000)]))
            .then("it is 9,500.00", |company| lines(company, 2, vec![work(1, SLAB, 9_500)]))
            .again(),
        corrected("corrected-to-nothing", "An invoice of two lines comes down to nothing after it was posted.")
            .given(|company| {
                company.invoices =
                    vec![bill_with(1, |bill| bill.lines = vec![work(1, SLAB, 6_000), work(1, STEEL, 4_000)])];
            })
            .then("nothing is billed any more in Procore", |company| lines(company, 1, vec![work(1, SLAB, 0)])),
        corrected("recoded-alike", "Cost moves between codes of one account after an invoice was posted.")
            .then("3,000.00 of it are on another code in Procore", recode),
        corrected(
            "recoded",
            "Cost moves to a code of another cost center after an invoice was posted; its total stays.",
        )
        .given(elsewhere)
        .then("3,000.00 of it are on another code in Procore", recode)
        .again(),
        corrected("recoded-by-qxtend", "The same, where QAD is reached by QXtend.")
            .given(elsewhere)
            .by_messages()
            .then("3,000.00 of it are on another code in Procore", recode),
    ]
}

fn corrected(name: &'static str, tells: &'static str) -> Scenario {
    Scenario::new(name, tells).with(CORRECT).given(|company| company.invoices = vec![bill(1)])
}

const CORRECT: &str = "extend flow subcontractor_invoices {\n  to qad.supplier_invoices { on change correct }\n}";

/// Steel is kept on a cost center of its own.
fn elsewhere(company: &mut Contractor) {
    company.commitments[0].lines[1].cost_code = code_of(company, "05-120");
}

fn recode(company: &mut Contractor) {
    lines(company, 1, vec![work(1, SLAB, 7_000), work(1, STEEL, 3_000)]);
}

fn lines(company: &mut Contractor, day: i64, lines: Vec<InvoiceLine>) {
    company.invoices[0].lines = lines;
    company.invoices[0].updated = at(day);
}
