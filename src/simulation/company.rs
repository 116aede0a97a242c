//! A small contractor: few jobs, few papers, and every oddity now and then.

use crate::connector::contractor::{
    BillingPeriod, Commitment, CommitmentLine, ContractPayment, Contractor, DirectCost, DirectCostLine, Invoice,
    InvoiceLine, LedgerInvoice, OrderLine, Project, PurchaseOrder, Receipt, Supplier, Vendor,
};
use crate::sandbox::{Random, contractor};
use crate::value::{Date, Decimal, Span, Timestamp};
use std::sync::OnceLock;

/// Cost code and cost type of the lines that are made; the last two go nowhere at first.
pub const CODES: &[(&str, &str)] = &[
    ("03-300", "S"),
    ("05-120", "S"),
    ("09-910", "S"),
    ("26-050", "S"),
    ("03-200", "M"),
    ("01-310", "O"),
    ("02-410", "L"),
    ("27-150", "S"),
    ("12-350", "S"),
];
/// What hand-made entries of the ledger are called.
pub const BY_HAND: &str = "Keyed in by hand";
const UNIT: i64 = 2_500;

/// Codes and accounts as the sandbox's contractor has them.
fn chart() -> &'static Contractor {
    static CHART: OnceLock<Contractor> = OnceLock::new();
    CHART.get_or_init(|| contractor(1))
}

/// Makes one.
pub fn company(random: &mut Random) -> Contractor {
    let chart = chart();
    let mut made = Contractor {
        seed: chart.seed,
        company_id: chart.company_id,
        company_name: chart.company_name.clone(),
        currency: chart.currency.clone(),
        domain: chart.domain.clone(),
        entity: chart.entity.clone(),
        opened: chart.opened,
        cost_codes: chart.cost_codes.clone(),
        cost_types: chart.cost_types.clone(),
        accounts: chart.accounts.clone(),
        cost_centers: chart.cost_centers.clone(),
        ..Contractor::default()
    };
    for number in 1..=random.between(1, 3) {
        made.projects.push(project(number, random));
        made.periods.push(BillingPeriod {
            id: 220_000 + number,
            project: 1_000 + number,
            start: day(2026, 10, 1),
            end: day(2026, 10, 31),
            due: day(2026, 11, 30),
        });
    }
    for number in 1..=random.between(2, 4) {
        vendor(&mut made, number, random);
    }
    for number in 0..random.between(0, 2) {
        made.suppliers.push(supplier(&format!("N{number:04}"), &format!("Newcomer {number} Works"), None));
    }
    for project in 0..made.projects.len() {
        for number in 1..=random.between(1, 2) {
            commitment(&mut made, project, number, random);
        }
        for _ in 0..random.between(0, 3) {
            let updated = long_ago(random);
            direct_cost(&mut made, project, random, updated);
        }
    }
    for commitment in 0..made.commitments.len() {
        for _ in 0..random.between(0, 4) {
            let updated = long_ago(random);
            invoice(&mut made, commitment, random, updated);
        }
    }
    for _ in 0..random.between(0, 2) {
        let updated = long_ago(random);
        payment(&mut made, random, updated);
    }
    if random.chance(20) {
        key_in(&mut made, random, day(2026, 10, 30));
    }
    made
}

fn opened() -> Timestamp {
    chart().opened.unwrap_or(Timestamp::from_unix(0))
}

/// Some time in the weeks before the story begins.
fn long_ago(random: &mut Random) -> Timestamp {
    opened().minus(Span::from_secs(random.between(3_600, 40 * 86_400).unsigned_abs()))
}

fn project(number: i64, random: &mut Random) -> Project {
    Project {
        id: 1_000 + number,
        number: format!("24-{number:03}"),
        name: format!("Job {number}"),
        active: number == 1 || !random.chance(10),
        permitted: number == 1 || !random.chance(10),
        ledger_code: format!("24{number:03}"),
        city: "Peoria".to_owned(),
        state: "IL".to_owned(),
        start: day(2026, 1, 2),
    }
}

/// Linked, or known to the ledger alone and found by its name, or to nobody.
fn vendor(made: &mut Contractor, number: i64, random: &mut Random) {
    let code = format!("S{number:04}");
    let name = format!("Vendor {number} Contracting");
    let registration = random.chance(50).then(|| format!("91-{number:07}"));
    let fate = random.below(10);
    if fate == 0 {
        made.suppliers.push(supplier(&code, &name, registration.clone()));
    }
    made.vendors.push(Vendor {
        id: 30_000 + number,
        name,
        registration,
        supplier_code: (fate > 1).then_some(code),
        in_ledger: fate > 1,
        active: true,
        city: "Peoria".to_owned(),
        state: "IL".to_owned(),
        email: "accounts@vendor.example".to_owned(),
        created: Timestamp::from_unix(1_767_268_800),
    });
}

fn supplier(code: &str, name: &str, registration: Option<String>) -> Supplier {
    Supplier {
        code: code.to_owned(),
        name: name.to_owned(),
        registration,
        active: true,
        city: "Peoria".to_owned(),
        state: "IL".to_owned(),
    }
}

/// Most codes have a place; a few have none.
fn code(made: &Contractor, random: &mut Random) -> (usize, usize) {
    let most = CODES.len() - 2;
    let (code, kind) = if random.chance(8) { CODES[most + random.below(2)] } else { CODES[random.below(most)] };
    let code = made.cost_codes.iter().position(|known| known.full_code() == code).unwrap_or_default();
    let kind = made.cost_types.iter().position(|known| known.code == kind).unwrap_or_default();
    (code, kind)
}

fn commitment(made: &mut Contractor, project: usize, number: i64, random: &mut Random) {
    let at = i64::try_from(made.commitments.len()).unwrap_or_default();
    let job = made.projects[project].clone();
    let vendor = random.pick(&made.vendors).clone();
    let id = 500 + at;
    let ordered = vendor.supplier_code.clone().filter(|_| random.chance(45));
    let lines: Vec<CommitmentLine> = (0..random.between(1, 3))
        .map(|line| {
            let (cost_code, cost_type) = code(made, random);
            CommitmentLine {
                id: id * 100 + line,
                cost_code,
                cost_type,
                description: format!("Work {line}"),
                amount: Decimal::cents(random.between(20, 400) * UNIT),
                change_order: random.chance(15),
            }
        })
        .collect();
    let ledger_order = ordered.map(|supplier| order(made, &job, at, supplier, &lines, random));
    made.commitments.push(Commitment {
        id,
        project: job.id,
        vendor: vendor.id,
        subcontract: ledger_order.is_none(),
        number: format!("{}-{}-{number:02}", if ledger_order.is_some() { "PO" } else { "SC" }, job.ledger_code),
        title: format!("Trade {at}"),
        approved: true,
        retainage_percent: Decimal::from(10_i64),
        date: day(2026, 1, 5),
        ledger_order,
        lines,
    });
}

/// The ledger's order behind a commitment, wholly, partly or not at all received.
fn order(
    made: &mut Contractor,
    job: &Project,
    at: i64,
    supplier: String,
    lines: &[CommitmentLine],
    random: &mut Random,
) -> String {
    let number = format!("PO{at:04}");
    let unit = Decimal::cents(UNIT);
    let received = *random.pick(&[0, 25, 50, 100]);
    let lines: Vec<OrderLine> = lines
        .iter()
        .zip(1..)
        .map(|(line, number)| OrderLine {
            number,
            item: format!("M-{number}"),
            description: line.description.clone(),
            ordered: line.amount.checked_div(unit).unwrap_or_default(),
            unit: "EA".to_owned(),
            unit_cost: unit,
            account: "5200".to_owned(),
            cost_center: "C030".to_owned(),
            evaluated: false,
        })
        .collect();
    for line in &lines {
        let quantity = line.ordered.to_integer().unwrap_or(0) * received / 100;
        receive(made, &number, line.number, quantity, day(2026, 10, 20), opened().minus(Span::from_secs(864_000)));
    }
    made.orders.push(PurchaseOrder {
        number: number.clone(),
        supplier,
        date: day(2026, 1, 5),
        due: day(2026, 12, 31),
        open: true,
        cancelled: false,
        project: job.ledger_code.clone(),
        lines,
    });
    number
}

/// Something of an order comes in.
pub fn receive(made: &mut Contractor, order: &str, line: i64, quantity: i64, date: Date, posted: Timestamp) {
    if quantity > 0 {
        let receiver = format!("R{:06}", made.receipts.len());
        let quantity = Decimal::from(quantity);
        made.receipts.push(Receipt { receiver, order: order.to_owned(), line, date, quantity, posted });
    }
}

/// One more invoice of a commitment.
pub fn invoice(made: &mut Contractor, commitment: usize, random: &mut Random, updated: Timestamp) -> i64 {
    let contract = made.commitments[commitment].clone();
    let chain = made.invoices.iter().filter(|invoice| invoice.commitment == contract.id);
    let number = chain.map(|invoice| invoice.number).max().unwrap_or(0) + 1;
    // What was deleted leaves its number to nobody.
    let id = random.between(7_000_000, 7_999_999);
    let credit = random.chance(8);
    // Goods that are ordered seldom bear retainage, and hardly lie about on site.
    let plain = contract.ledger_order.is_some() && id % 6 != 0;
    let lines: Vec<InvoiceLine> = contract
        .lines
        .iter()
        .map(|line| {
            let share = random.between(0, 40);
            let work = line.amount.units(2).and_then(|cents| i64::try_from(cents).ok()).unwrap_or(0) * share / 100;
            let work = if work == 0 { 0 } else { work + random.between(0, 99) };
            let retained = if credit || !random.chance(40) { 0 } else { work / 10 };
            let materials = if !credit && random.chance(12) { random.between(1, 90_000) } else { 0 };
            InvoiceLine {
                id: id * 100 + line.id % 100,
                line: line.id,
                description: random.chance(30).then(|| "Works of the month".to_owned()),
                work: Decimal::cents(if credit { -work / 4 } else { work }),
                materials: Decimal::cents(if plain { 0 } else { materials }),
                retained: Decimal::cents(if plain { 0 } else { retained }),
                released: Decimal::ZERO,
            }
        })
        .collect();
    let status = match random.below(20) {
        0..=14 => "approved",
        15 => "approved_as_noted",
        16 | 17 => "under_review",
        _ => "draft",
    };
    // Some vendors number by contract, and then two contracts of one job share a number.
    let own = if random.chance(8) { number.to_string() } else { format!("{commitment}-{}", id % 10_000) };
    let billed = if random.chance(4) { day(2026, 5, 31) } else { day(2026, 10, 31) };
    made.invoices.push(Invoice {
        id,
        commitment: contract.id,
        number,
        invoice_number: (!random.chance(4)).then_some(own),
        period: 220_000 + contract.project % 1_000,
        billing_date: (!random.chance(4)).then_some(billed),
        status: status.to_owned(),
        is_final: false,
        lines,
        created: updated.minus(Span::from_secs(86_400)),
        updated,
    });
    id
}

/// One more bill or expense that no commitment stands behind.
pub fn direct_cost(made: &mut Contractor, project: usize, random: &mut Random, updated: Timestamp) -> i64 {
    let id = random.between(8_000_000, 8_999_999);
    let lines = (0..random.between(1, 2))
        .map(|line| {
            let (cost_code, cost_type) = code(made, random);
            let amount = Decimal::cents(random.between(100, 900_000));
            DirectCostLine {
                id: id * 100 + line,
                cost_code,
                cost_type,
                description: None,
                quantity: Decimal::from(1_i64),
                unit: "ea".to_owned(),
                unit_cost: amount,
                amount,
                tax_code: None,
            }
        })
        .collect();
    let kind = *random.pick(&["invoice", "invoice", "invoice", "expense", "payroll"]);
    made.direct_costs.push(DirectCost {
        id,
        project: made.projects[project].id,
        kind: kind.to_owned(),
        status: if random.chance(80) { "approved" } else { "pending" }.to_owned(),
        vendor: (kind != "payroll").then(|| random.pick(&made.vendors).id),
        employee: None,
        invoice_number: (!random.chance(5)).then(|| format!("B{id}")),
        description: Some("Bill".to_owned()),
        date: Some(day(2026, 10, 15)),
        received: None,
        paid: None,
        lines,
        created: updated,
        updated,
    });
    id
}

/// Part of an invoice is paid; `None` if there is none that could be.
pub fn payment(made: &mut Contractor, random: &mut Random, updated: Timestamp) -> Option<i64> {
    let payable = |invoice: &&Invoice| {
        let due = invoice.lines.iter().fold(Decimal::ZERO, |sum, line| sum.checked_add(line.net()).unwrap_or(sum));
        let paid = made.payments.iter().filter(|payment| payment.invoice == Some(invoice.id)).count();
        invoice.status.starts_with("approved") && due > Decimal::from(100_i64) && paid < 2
    };
    let invoices: Vec<&Invoice> = made.invoices.iter().filter(payable).collect();
    if invoices.is_empty() {
        return None;
    }
    let invoice = (*random.pick(&invoices)).clone();
    let id = 9_000 + i64::try_from(made.payments.len()).unwrap_or_default();
    made.payments.push(ContractPayment {
        id,
        commitment: invoice.commitment,
        invoice: (!random.chance(5)).then_some(invoice.id),
        number: id,
        amount: Decimal::cents(random.between(100, 4_000)),
        check_number: random.chance(80).then(|| format!("C{id}")),
        method: None,
        date: (!random.chance(5)).then(|| day(2026, 11, 1)),
        notes: None,
        created: updated,
        updated,
    });
    Some(id)
}

/// Somebody types an invoice into the ledger that lies there to be moved.
pub fn key_in(made: &mut Contractor, random: &mut Random, date: Date) -> Option<String> {
    let invoices: Vec<&Invoice> = made.invoices.iter().filter(|invoice| invoice.invoice_number.is_some()).collect();
    if invoices.is_empty() {
        return None;
    }
    let invoice = *random.pick(&invoices);
    let commitment = made.commitments.iter().find(|one| one.id == invoice.commitment)?;
    let job = made.projects.iter().find(|job| job.id == commitment.project)?;
    let vendor = made.vendors.iter().find(|vendor| vendor.id == commitment.vendor)?;
    let supplier = vendor.supplier_code.clone()?;
    let reference = format!("{}-{}", job.number, invoice.invoice_number.as_ref()?);
    made.ledger.push(LedgerInvoice {
        supplier,
        reference: reference.clone(),
        date,
        amount: Decimal::cents(12_345),
        account: "5310".to_owned(),
        cost_center: "C030".to_owned(),
    });
    Some(reference)
}

pub fn day(year: i16, month: i8, day: i8) -> Date {
    Date::new(year, month, day).expect("a day of the calendar")
}
