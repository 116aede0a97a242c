//! What should become of each paper, by a model of its own: the contractor's neutral papers
//! and the accountants' table, and neither the language nor the engine nor a connector.

use super::company::day;
use super::programs::Scope;
use crate::connector::contractor::{Commitment, Contractor, DirectCost, Invoice, InvoiceLine, Project, Vendor};
use crate::value::Decimal;
use std::collections::BTreeMap;

pub const INVOICES: &str = "subcontractor_invoices";
pub const COSTS: &str = "direct_costs";
pub const PAYMENTS: &str = "payments";
pub const VENDORS: &str = "vendors";

/// Flow, and the key of the record within it.
pub type PaperId = (&'static str, String);
/// Supplier and reference.
pub type Key = (String, String);

/// What should become of a paper.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Due(Entry),
    /// It waits for a person, who is told so.
    Told,
    /// It is left out.
    Skipped,
}

/// An entry as the books should show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: Key,
    pub total: Decimal,
    /// By account and cost center; of an invoice with an order, matching makes them.
    pub lines: BTreeMap<(String, String), Decimal>,
    pub order: String,
}

/// The papers of these flows that can be seen, and what should become of them.
pub fn reckon(made: &Contractor, scope: Scope, remapped: bool) -> BTreeMap<PaperId, Verdict> {
    let mut papers = BTreeMap::new();
    if scope != Scope::Costs {
        for invoice in &made.invoices {
            let Some((commitment, project, vendor)) = parties(made, invoice) else { continue };
            if project.active && project.permitted {
                let verdict = of_invoice(made, invoice, commitment, project, vendor, remapped);
                papers.insert((INVOICES, format!("{}/{}", project.id, invoice.id)), verdict);
            }
        }
    }
    if matches!(scope, Scope::Costs | Scope::All) {
        for cost in &made.direct_costs {
            let Some(project) = made.projects.iter().find(|job| job.id == cost.project) else { continue };
            if project.active && project.permitted {
                let verdict = of_cost(made, cost, project, remapped);
                papers.insert((COSTS, format!("{}/{}", project.id, cost.id)), verdict);
            }
        }
    }
    if matches!(scope, Scope::Payments | Scope::All) {
        for payment in &made.payments {
            let Some(commitment) = made.commitments.iter().find(|one| one.id == payment.commitment) else { continue };
            let Some(project) = made.projects.iter().find(|job| job.id == commitment.project) else { continue };
            let Some(vendor) = made.vendors.iter().find(|one| one.id == commitment.vendor) else { continue };
            if project.active && project.permitted {
                let verdict = match (open_supplier(made, vendor), payment.invoice, payment.date) {
                    (Some(supplier), Some(_), Some(_)) => {
                        let check = payment.check_number.as_deref().unwrap_or("PAY");
                        Verdict::Due(Entry {
                            key: (supplier, format!("{check}-{}", payment.id)),
                            total: payment.amount,
                            lines: BTreeMap::new(),
                            order: String::new(),
                        })
                    }
                    _ => Verdict::Told,
                };
                papers.insert((PAYMENTS, format!("{}/{}", project.id, payment.id)), verdict);
            }
        }
    }
    papers
}

/// Suppliers that must be in the directory, by code.
pub fn suppliers(made: &Contractor) -> Vec<String> {
    let linked =
        made.vendors.iter().filter(|vendor| vendor.in_ledger).filter_map(|vendor| vendor.supplier_code.clone());
    linked.chain(made.suppliers.iter().map(|supplier| supplier.code.clone())).collect()
}

/// What was received of each order, in money.
pub fn received(made: &Contractor) -> BTreeMap<String, Decimal> {
    let mut worth = BTreeMap::new();
    for order in &made.orders {
        let mut sum = Decimal::ZERO;
        for line in &order.lines {
            let came =
                made.receipts.iter().filter(|receipt| receipt.order == order.number && receipt.line == line.number);
            let came = came.fold(Decimal::ZERO, |sum, receipt| plus(sum, receipt.quantity));
            sum = plus(sum, came.checked_mul(line.unit_cost).unwrap_or_default().rounded(2));
        }
        worth.insert(order.number.clone(), sum);
    }
    worth
}

fn parties<'a>(made: &'a Contractor, invoice: &Invoice) -> Option<(&'a Commitment, &'a Project, &'a Vendor)> {
    let commitment = made.commitments.iter().find(|one| one.id == invoice.commitment)?;
    let project = made.projects.iter().find(|one| one.id == commitment.project)?;
    let vendor = made.vendors.iter().find(|one| one.id == commitment.vendor)?;
    Some((commitment, project, vendor))
}

/// The supplier that a vendor is, linked or found by name or number.
fn supplier_of(made: &Contractor, vendor: &Vendor) -> Option<String> {
    let own = vendor.supplier_code.clone().filter(|_| vendor.in_ledger);
    own.or_else(|| made.suppliers.iter().find(|one| one.name == vendor.name).map(|one| one.code.clone()))
}

/// The same, while the ledger has it open.
fn open_supplier(made: &Contractor, vendor: &Vendor) -> Option<String> {
    supplier_of(made, vendor).filter(|code| !made.closed_suppliers.contains(code))
}

fn of_invoice(
    made: &Contractor,
    invoice: &Invoice,
    commitment: &Commitment,
    project: &Project,
    vendor: &Vendor,
    remapped: bool,
) -> Verdict {
    if !invoice.status.starts_with("approved") {
        return Verdict::Skipped;
    }
    let amounts = invoice.lines.iter().flat_map(|line| [line.work, line.materials, line.retained, line.released]);
    if amounts.into_iter().all(Decimal::is_zero) {
        return Verdict::Skipped;
    }
    let (Some(number), Some(date)) = (&invoice.invoice_number, invoice.billing_date) else { return Verdict::Told };
    let Some(supplier) = open_supplier(made, vendor) else { return Verdict::Told };
    let mut lines: BTreeMap<(String, String), Decimal> = BTreeMap::new();
    let mut total = Decimal::ZERO;
    for line in &invoice.lines {
        let Some(of) = commitment.lines.iter().find(|one| one.id == line.line) else { return Verdict::Told };
        let mut book = |account: &str, center: &str, amount: Decimal| {
            total = plus(total, amount);
            let sum = lines.entry((account.to_owned(), center.to_owned())).or_default();
            *sum = plus(*sum, amount);
        };
        if !line.work.is_zero() || !line.materials.is_zero() {
            let Some((account, center)) = place(made, of.cost_code, of.cost_type, remapped) else {
                return Verdict::Told;
            };
            book(account, center, line.work);
            book("5290", center, line.materials);
        }
        book("2055", "", line.retained.negated());
        book("2055", "", line.released);
    }
    // Receipts know nothing of it, and the match would keep no line for it.
    let apart = |line: &InvoiceLine| [line.materials, line.retained, line.released].iter().any(|part| !part.is_zero());
    if commitment.ledger_order.is_some() && invoice.lines.iter().any(apart) {
        return Verdict::Told;
    }
    let key = (supplier, format!("{}-{number}", project.number));
    if total.is_zero() || date < day(2026, 7, 1) {
        return Verdict::Told;
    }
    Verdict::Due(Entry { key, total, lines, order: commitment.ledger_order.clone().unwrap_or_default() })
}

fn of_cost(made: &Contractor, cost: &DirectCost, project: &Project, remapped: bool) -> Verdict {
    if cost.status != "approved" || cost.kind == "payroll" {
        return Verdict::Skipped;
    }
    let number = match (&cost.invoice_number, cost.kind.as_str()) {
        (Some(number), _) => number.clone(),
        (None, "expense") => format!("DC{}", cost.id),
        _ => return Verdict::Told,
    };
    let vendor = made.vendors.iter().find(|vendor| Some(vendor.id) == cost.vendor);
    let Some(supplier) = vendor.and_then(|vendor| open_supplier(made, vendor)) else { return Verdict::Told };
    let mut lines: BTreeMap<(String, String), Decimal> = BTreeMap::new();
    let mut total = Decimal::ZERO;
    for line in &cost.lines {
        let Some((account, center)) = place(made, line.cost_code, line.cost_type, remapped) else {
            return Verdict::Told;
        };
        total = plus(total, line.amount);
        let sum = lines.entry((account.to_owned(), center.to_owned())).or_default();
        *sum = plus(*sum, line.amount);
    }
    let key = (supplier, format!("{}-{number}", project.number));
    Verdict::Due(Entry { key, total, lines, order: String::new() })
}

/// Where the accountants' table sends a cost, as far as the small contractor has it.
fn place(made: &Contractor, code: usize, kind: usize, remapped: bool) -> Option<(&'static str, &'static str)> {
    let (code, kind) = (made.cost_codes[code].full_code(), made.cost_types[kind].code.as_str());
    match (code.as_str(), kind) {
        ("03-300", "S") if remapped => Some(("5320", "C070")),
        ("27-150", "S") if remapped => Some(("5340", "C270")),
        ("03-300", "S") => Some(("5310", "C030")),
        ("05-120", "S") => Some(("5310", "C050")),
        ("09-910", "S") => Some(("5330", "C090")),
        ("26-050", "S") => Some(("5340", "C260")),
        ("03-200", "M") => Some(("5200", "C030")),
        ("01-310", "O") => Some(("5900", "C010")),
        ("02-410", "L") => Some(("5100", "C910")),
        _ => None,
    }
}

pub fn plus(one: Decimal, other: Decimal) -> Decimal {
    one.checked_add(other).unwrap_or(one)
}
