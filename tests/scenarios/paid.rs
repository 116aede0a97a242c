//! Payments to subcontractors, and from owners.

use super::company::{CONTRACT, JOB, at, bill, bill_with, day, dollars};
use super::scenario::Scenario;
use mlc::connector::contractor::{ContractPayment, Contractor, OwnerPayment, PrimeContract};
use mlc::value::{Date, Decimal};

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("payment-before-invoice", "A payment names an invoice that waits; later the invoice is posted.")
            .of("payments.mlc", &["subcontractor_invoices", "payments"])
            .given(|company| {
                company.invoices = vec![bill_with(1, |bill| bill.billing_date = None)];
                company.payments = vec![payment(1, 10_000)];
            })
            .then("the billing date is entered in Procore", |company| {
                company.invoices[0].billing_date = Some(day(2026, 10, 31));
                company.invoices[0].updated = at(1);
            }),
        paying("partial-payments", "One invoice is paid in two parts.", |company| {
            company.payments = vec![payment(1, 4_000), payment(2, 6_000)];
        }),
        paying("over-payment", "More is paid than the invoice owes.", |company| {
            company.payments = vec![payment(1, 12_500)];
        }),
        paying("payment-of-no-day", "A payment is dated to the first day of 1970, which nobody entered.", |company| {
            company.payments = vec![ContractPayment { date: Date::new(1970, 1, 1), ..payment(1, 10_000) }];
        }),
        paying("payment-of-no-invoice", "Nobody said which invoice a payment pays.", |company| {
            company.payments = vec![ContractPayment { invoice: None, ..payment(1, 10_000) }];
        }),
        paying("payment-taken-back", "A payment is below nothing: it was taken back.", |company| {
            company.payments = vec![payment(1, -10_000)];
        }),
        Scenario::new("owner-pays", "The owner pays on a prime contract.")
            .of("payments.mlc", &["owner_payments"])
            .given(|company| owner_pays(company, "CU0101")),
        Scenario::new("owner-without-code", "The owner on a prime contract has no customer code.")
            .of("payments.mlc", &["owner_payments"])
            .given(|company| owner_pays(company, "")),
    ]
}

/// A scenario with an invoice of 10,000.00 that is posted.
fn paying(name: &'static str, tells: &'static str, change: fn(&mut Contractor)) -> Scenario {
    Scenario::new(name, tells)
        .of("payments.mlc", &["payments"])
        .given(|company| company.invoices = vec![bill(1)])
        .given(change)
        .again()
}

fn payment(number: i64, amount: i64) -> ContractPayment {
    ContractPayment {
        id: 9_000 + number,
        commitment: CONTRACT,
        invoice: Some(7_001),
        number,
        amount: dollars(amount),
        check_number: Some(format!("EFT-{number}")),
        method: Some("electronic".to_owned()),
        date: Some(day(2026, 11, 1)),
        notes: None,
        created: at(-2),
        updated: at(-1),
    }
}

fn owner_pays(company: &mut Contractor, customer: &str) {
    company.prime_contracts = vec![PrimeContract {
        id: 540_001,
        project: JOB,
        number: "PC-24011".to_owned(),
        title: "Maple Street Clinic".to_owned(),
        owner: "Larkspur Health".to_owned(),
        customer_code: customer.to_owned(),
        approved: true,
        retainage_percent: Decimal::from(5_i64),
        amount: dollars(4_000_000),
        date: day(2026, 1, 2),
    }];
    company.owner_payments = vec![OwnerPayment {
        id: 661_001,
        prime_contract: 540_001,
        number: 1,
        amount: dollars(120_000),
        check_number: Some("WIRE-77".to_owned()),
        date: Some(day(2026, 10, 20)),
        invoice_number: None,
        notes: None,
        created: at(-2),
        updated: at(-1),
    }];
}
