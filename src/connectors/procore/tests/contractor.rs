//! A contractor of two open projects, one closed, and one that the credential may not see.

use super::{CLOSED, COMPANY, HIDDEN, PROJECT, SMALL_PAGES, START};
use crate::connector::contractor::{
    BillingPeriod, Commitment, CommitmentLine, ContractPayment, Contractor, CostCode, CostType, DirectCost,
    DirectCostLine, Invoice, InvoiceLine, OwnerPayment, PrimeContract, Project, TaxCode, Vendor,
};
use crate::value::{Date, Decimal, Timestamp};

pub fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

/// The whole of it.
pub fn contractor() -> Contractor {
    let mut contractor = books();
    super::structure::furnish(&mut contractor);
    contractor
}

fn books() -> Contractor {
    let project = |id: i64, number: &str, active: bool, permitted: bool| Project {
        id,
        number: number.into(),
        name: format!("Job {number}"),
        active,
        permitted,
        ledger_code: format!("J{number}"),
        city: "Austin".into(),
        state: "TX".into(),
        start: day("2025-06-01"),
    };
    let vendor = |id: i64, name: &str, code: Option<&str>, active: bool| Vendor {
        id,
        name: name.into(),
        registration: Some(format!("12-{id}")),
        supplier_code: code.map(Into::into),
        in_ledger: true,
        active,
        city: "Austin".into(),
        state: "TX".into(),
        email: "ar@example.com".into(),
        created: Timestamp::from_unix(START - 86_400 * 200),
    };
    let kind = |id: i64, code: &str| CostType { id, code: code.into(), name: code.into(), base: "commitment".into() };
    Contractor {
        seed: 7,
        company_id: COMPANY,
        company_name: "Harrow Builders".into(),
        currency: "USD".into(),
        opened: Some(Timestamp::from_unix(START)),
        projects: vec![
            project(PROJECT, "24-001", true, true),
            project(SMALL_PAGES, "24-002", true, true),
            project(CLOSED, "23-009", false, true),
            project(HIDDEN, "24-003", true, false),
        ],
        vendors: vec![vendor(31, "Ash Concrete", Some("S001"), true), vendor(32, "Birch Steel", None, false)],
        cost_codes: vec![
            CostCode { id: 501, code: "300".into(), division: "03".into(), name: "Concrete".into() },
            CostCode { id: 502, code: "100".into(), division: "05".into(), name: "Steel".into() },
        ],
        cost_types: vec![kind(61, "S"), kind(62, "M")],
        periods: vec![BillingPeriod {
            id: 901,
            project: PROJECT,
            start: day("2025-12-01"),
            end: day("2025-12-31"),
            due: day("2025-12-25"),
        }],
        commitments: vec![commitment(701, PROJECT), commitment(702, SMALL_PAGES), commitment(703, HIDDEN)],
        invoices: (1..=3)
            .map(|number| invoice(701, number))
            .chain((1..=45).map(|number| invoice(702, number)))
            .chain([invoice(703, 1)])
            .collect(),
        tax_codes: vec![TaxCode {
            id: 77,
            code: "STATE".into(),
            description: "State sales tax".into(),
            rate: Decimal::cents(825),
            active: true,
        }],
        taxed_lines: [(7010, 0)].into(),
        direct_costs: (1..=5).map(|at| direct_cost(800 + at, PROJECT)).chain([direct_cost(900, HIDDEN)]).collect(),
        payments: [(1, Some(701_001), "2026-01-15"), (2, Some(701_001), "1970-01-01"), (3, None, "2026-01-20")]
            .map(|(number, invoice, date)| payment(701, number, invoice, date))
            .into(),
        prime_contracts: vec![PrimeContract {
            id: 541,
            project: PROJECT,
            number: "PC-1".into(),
            title: "Job".into(),
            owner: "Larkspur Health".into(),
            customer_code: "CU01".into(),
            approved: true,
            retainage_percent: Decimal::from(5_i64),
            amount: Decimal::cents(500_000_000),
            date: day("2025-05-01"),
        }],
        owner_payments: vec![OwnerPayment {
            id: 6_001,
            prime_contract: 541,
            number: 1,
            amount: Decimal::cents(20_000_000),
            check_number: Some("WIRE-1".into()),
            date: Some(day("2025-12-20")),
            invoice_number: None,
            notes: None,
            created: Timestamp::from_unix(START - 86_400),
            updated: Timestamp::from_unix(START - 86_400),
        }],
        ..Contractor::default()
    }
}

pub fn commitment(id: i64, project: i64) -> Commitment {
    let line = |at: i64, amount: i64, change_order: bool| CommitmentLine {
        id: id * 10 + at,
        cost_code: usize::from(at != 0),
        cost_type: 0,
        description: format!("Part {at}"),
        amount: Decimal::cents(amount),
        change_order,
    };
    Commitment {
        id,
        project,
        vendor: 31,
        subcontract: true,
        number: format!("SC-{id}"),
        title: "Slab".into(),
        approved: true,
        retainage_percent: Decimal::from(10_i64),
        date: day("2025-07-01"),
        ledger_order: None,
        lines: vec![line(0, 90_000_000, false), line(1, 10_000_000, false), line(2, 1_250_050, true)],
    }
}

fn invoice(commitment: i64, number: i64) -> Invoice {
    let line = |at: i64, work: i64, materials: i64, retained: i64| InvoiceLine {
        id: commitment * 10_000 + number * 10 + at,
        line: commitment * 10 + at,
        description: (at == 0).then(|| "Slab, part of".into()),
        work: Decimal::cents(work),
        materials: Decimal::cents(materials),
        retained: Decimal::cents(retained),
        released: Decimal::ZERO,
    };
    let updated = Timestamp::from_unix(START - 86_400 * (50 - number));
    Invoice {
        id: commitment * 1000 + number,
        commitment,
        number,
        invoice_number: (number != 2).then(|| format!("AC-{number:03}")),
        period: 901,
        billing_date: Some(day("2025-12-31")),
        status: if number == 3 { "draft" } else { "approved" }.into(),
        is_final: false,
        lines: vec![line(0, 100_000 + number, 25_000, 12_500), line(1, -5_000, 0, 0)],
        created: updated,
        updated,
    }
}

/// Of two lines, the first of them taxed.
fn direct_cost(id: i64, project: i64) -> DirectCost {
    let line = |at: i64, cents: i64, tax_code: Option<usize>| DirectCostLine {
        id: id * 10 + at,
        cost_code: usize::from(at != 0),
        cost_type: 1,
        description: Some("Diesel".into()),
        quantity: Decimal::from(1_i64),
        unit: "ls".into(),
        unit_cost: Decimal::cents(cents),
        amount: Decimal::cents(cents),
        tax_code,
    };
    let changed = Timestamp::from_unix(START - 86_400 * (806 - id));
    DirectCost {
        id,
        project,
        kind: "invoice".into(),
        status: "approved".into(),
        vendor: Some(31),
        employee: None,
        invoice_number: Some(format!("B-{id}")),
        description: None,
        date: Some(if id == 802 { day("1970-01-01") } else { day("2025-12-10") }),
        received: None,
        paid: None,
        lines: vec![line(0, 100_000, Some(0)), line(1, 5_050, None)],
        created: changed,
        updated: changed,
    }
}

fn payment(commitment: i64, number: i64, invoice: Option<i64>, date: &str) -> ContractPayment {
    ContractPayment {
        id: commitment * 100 + number,
        commitment,
        invoice,
        number,
        amount: Decimal::cents(10_000 * number),
        check_number: None,
        method: None,
        date: Some(day(date)),
        notes: None,
        created: Timestamp::from_unix(START),
        updated: Timestamp::from_unix(START),
    }
}
