//! The small company that the scenarios play in: one project, one subcontractor with one
//! contract, no invoice yet. Codes and accounts are those of the sandbox's contractor.

use mlc::connector::contractor::{
    BillingPeriod, Commitment, CommitmentLine, Contractor, Invoice, InvoiceLine, Project, Vendor,
};
use mlc::sandbox::contractor;
use mlc::value::{Date, Decimal, Span, Timestamp};

pub const JOB: i64 = 1_001;
pub const VENDOR: i64 = 101;
pub const CONTRACT: i64 = 501;
/// Lines of the contract: concrete, steel, and one that a change order brought.
pub const SLAB: i64 = 50_101;
pub const STEEL: i64 = 50_102;
pub const EXTRA: i64 = 50_103;

pub fn company() -> Contractor {
    let whole = contractor(1);
    let line = |id, code, kind, text: &str, amount, change_order| CommitmentLine {
        id,
        cost_code: code_of(&whole, code),
        cost_type: type_of(&whole, kind),
        description: text.to_owned(),
        amount: dollars(amount),
        change_order,
    };
    let lines = vec![
        line(SLAB, "03-300", "S", "Cast-in-place concrete", 100_000, false),
        line(STEEL, "03-200", "S", "Reinforcing steel", 50_000, false),
        line(EXTRA, "03-350", "S", "Concrete finishing", 8_000, true),
    ];
    Contractor {
        seed: whole.seed,
        company_id: whole.company_id,
        company_name: whole.company_name,
        currency: whole.currency,
        domain: whole.domain,
        entity: whole.entity,
        opened: whole.opened,
        ledger_closed_through: Some(day(2025, 12, 31)),
        projects: vec![project(JOB, "24-011", "24011", "Maple Street Clinic")],
        vendors: vec![vendor(VENDOR, "Ash Concrete", Some("S00417"), Some("61-1204511"))],
        cost_codes: whole.cost_codes,
        cost_types: whole.cost_types,
        accounts: whole.accounts,
        cost_centers: whole.cost_centers,
        tax_codes: whole.tax_codes,
        periods: vec![BillingPeriod {
            id: 220_010,
            project: JOB,
            start: day(2026, 10, 1),
            end: day(2026, 10, 31),
            due: day(2026, 11, 30),
        }],
        commitments: vec![Commitment {
            id: CONTRACT,
            project: JOB,
            vendor: VENDOR,
            subcontract: true,
            number: "SC-24011-001".to_owned(),
            title: "Concrete".to_owned(),
            approved: true,
            retainage_percent: Decimal::from(10_i64),
            date: day(2026, 1, 5),
            ledger_order: None,
            lines,
        }],
        ..Contractor::default()
    }
}

pub fn code_of(contractor: &Contractor, code: &str) -> usize {
    contractor.cost_codes.iter().position(|known| known.full_code() == code).expect("a cost code")
}

pub fn type_of(contractor: &Contractor, code: &str) -> usize {
    contractor.cost_types.iter().position(|known| known.code == code).expect("a cost type")
}

pub fn project(id: i64, number: &str, ledger_code: &str, name: &str) -> Project {
    Project {
        id,
        number: number.to_owned(),
        name: name.to_owned(),
        active: true,
        permitted: true,
        ledger_code: ledger_code.to_owned(),
        city: "Peoria".to_owned(),
        state: "IL".to_owned(),
        start: day(2026, 1, 2),
    }
}

pub fn vendor(id: i64, name: &str, supplier: Option<&str>, registration: Option<&str>) -> Vendor {
    Vendor {
        id,
        name: name.to_owned(),
        registration: registration.map(str::to_owned),
        supplier_code: supplier.map(str::to_owned),
        in_ledger: supplier.is_some(),
        active: true,
        city: "Peoria".to_owned(),
        state: "IL".to_owned(),
        email: "accounts@vendor.example".to_owned(),
        created: Timestamp::from_unix(1_767_268_800),
    }
}

/// October's approved invoice of this number: 10,000.00 of work on the slab.
pub fn bill(number: i64) -> Invoice {
    Invoice {
        id: 7_000 + number,
        commitment: CONTRACT,
        number,
        invoice_number: Some(number.to_string()),
        period: 220_010,
        billing_date: Some(day(2026, 10, 31)),
        status: "approved".to_owned(),
        is_final: false,
        lines: vec![work(number, SLAB, 10_000)],
        created: at(-2),
        updated: at(-1),
    }
}

/// The same, changed.
pub fn bill_with(number: i64, change: impl FnOnce(&mut Invoice)) -> Invoice {
    let mut invoice = bill(number);
    change(&mut invoice);
    invoice
}

/// Work of an invoice on a line of the contract.
pub fn work(invoice: i64, line: i64, amount: i64) -> InvoiceLine {
    InvoiceLine {
        id: invoice * 1_000 + line % 1_000,
        line,
        description: None,
        work: dollars(amount),
        materials: Decimal::ZERO,
        retained: Decimal::ZERO,
        released: Decimal::ZERO,
    }
}

pub fn dollars(amount: i64) -> Decimal {
    Decimal::cents(amount * 100)
}

pub fn day(year: i16, month: i8, day: i8) -> Date {
    Date::new(year, month, day).expect("a day of the calendar")
}

/// So many days after the sandbox was opened, and an hour before that day's run.
pub fn at(days: i64) -> Timestamp {
    let opened = 1_793_606_400;
    Timestamp::from_unix(opened + days * 86_400).minus(Span::from_secs(3_600))
}
