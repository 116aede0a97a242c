//! What the standard flows of costs and payments should make of the seeded contractor,
//! reckoned from its neutral books and the accountants' table alone, to the cent, for each
//! paper by project and account.

use crate::reckoning::{dimension, shortened, table};
use mlc::connector::contractor::{
    ContractPayment, Contractor, DirectCost, Invoice, InvoiceLine, OwnerPayment, Project, Vendor,
};
use mlc::value::{Date, Decimal};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Amounts by project and account.
type Amounts = BTreeMap<(String, String), Decimal>;

/// A supplier invoice that should stand in QAD.
#[derive(Debug)]
pub struct Paper {
    /// Of the record that it comes from.
    pub id: i64,
    pub supplier: String,
    pub reference: String,
    pub amounts: Amounts,
}

impl Paper {
    fn total(&self) -> Decimal {
        sum(self.amounts.values().copied())
    }
}

pub fn sum(amounts: impl Iterator<Item = Decimal>) -> Decimal {
    amounts.fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount).expect("in range"))
}

/// The part of `percent` of an amount, to the cent.
fn percent_of(amount: Decimal, percent: Decimal) -> Decimal {
    let part = amount.checked_mul(percent).and_then(|part| part.checked_div(Decimal::from(100_i64)));
    part.expect("in range").rounded(2)
}

fn tax(contractor: &Contractor, code: Option<usize>, amount: Decimal) -> Decimal {
    code.map_or(Decimal::ZERO, |code| percent_of(amount, contractor.tax_codes[code].rate))
}

fn readable(contractor: &Contractor, project: i64) -> Option<&Project> {
    contractor.projects.iter().find(|known| known.id == project && known.active && known.permitted)
}

/// The supplier that a vendor is linked with once the vendors' flow has run.
fn supplier_of(contractor: &Contractor, id: i64) -> Option<String> {
    let vendor = contractor.vendors.iter().find(|vendor| vendor.id == id && vendor.active)?;
    match &vendor.supplier_code {
        Some(code) => vendor.in_ledger.then(|| code.clone()),
        // The ledger's clerks keyed it in by itself, under the vendor's name in capitals.
        None => {
            let same = |name: &str, vendor: &Vendor| name == vendor.name.to_uppercase();
            contractor.suppliers.iter().find(|known| same(&known.name, vendor)).map(|known| known.code.clone())
        }
    }
}

/// The account behind a cost, if it has one that can be posted to.
fn account(contractor: &Contractor, table: &[[String; 4]], code: usize, kind: usize) -> Option<String> {
    let code = contractor.cost_codes[code].full_code();
    let (account, _) = dimension(table, &code, &contractor.cost_types[kind].code)?;
    contractor.accounts.iter().any(|known| known.active && known.code == account).then_some(account)
}

/// What the ledger takes: not what it has already, not a day that is closed.
fn takes(contractor: &Contractor, supplier: &str, reference: &str, day: Date) -> bool {
    let known = contractor.ledger.iter().any(|entry| entry.supplier == supplier && entry.reference == reference);
    !known && contractor.ledger_closed_through.is_none_or(|closed| day > closed)
}

fn add(amounts: &mut Amounts, project: &str, account: &str, amount: Decimal) {
    if !amount.is_zero() {
        let of = amounts.entry((project.to_owned(), account.to_owned())).or_insert(Decimal::ZERO);
        *of = of.checked_add(amount).expect("in range");
    }
}

pub fn subcontractor_papers(contractor: &Contractor) -> Vec<Paper> {
    let table = table();
    contractor.invoices.iter().filter_map(|invoice| subcontractor_paper(contractor, &table, invoice)).collect()
}

fn subcontractor_paper(contractor: &Contractor, table: &[[String; 4]], invoice: &Invoice) -> Option<Paper> {
    let commitment = contractor.commitments.iter().find(|known| known.id == invoice.commitment)?;
    let project = readable(contractor, commitment.project)?;
    if !["approved", "approved_as_noted"].contains(&invoice.status.as_str()) {
        return None;
    }
    let (number, day) = (invoice.invoice_number.as_ref()?, invoice.billing_date?);
    let supplier = supplier_of(contractor, commitment.vendor)?;
    let mut paper =
        Paper { id: invoice.id, reference: format!("{}-{number}", project.number), supplier, amounts: Amounts::new() };
    let job = &project.ledger_code;
    let (mut any, mut on_top) = (false, Decimal::ZERO);
    for InvoiceLine { line, work, materials, retained, released, .. } in &invoice.lines {
        let scheduled = commitment.lines.iter().find(|known| known.id == *line)?;
        any |= [work, materials, retained, released].into_iter().any(|amount| !amount.is_zero());
        // The table is asked for cost, not for retainage.
        if !work.is_zero() || !materials.is_zero() {
            let account = account(contractor, table, scheduled.cost_code, scheduled.cost_type)?;
            add(&mut paper.amounts, job, &account, *work);
        }
        add(&mut paper.amounts, job, "5290", *materials);
        add(&mut paper.amounts, job, "2055", released.checked_sub(*retained).expect("in range"));
        let net = sum([*work, *materials, *released, retained.negated()].into_iter());
        let bears = contractor.taxed_lines.get(line).copied();
        on_top = sum([on_top, tax(contractor, bears, net)].into_iter());
    }
    add(&mut paper.amounts, job, "5950", on_top);
    let stands = any && !paper.total().is_zero() && takes(contractor, &paper.supplier, &paper.reference, day);
    stands.then_some(paper)
}

pub fn direct_cost_papers(contractor: &Contractor) -> Vec<Paper> {
    let table = table();
    contractor.direct_costs.iter().filter_map(|cost| direct_cost_paper(contractor, &table, cost)).collect()
}

fn direct_cost_paper(contractor: &Contractor, table: &[[String; 4]], cost: &DirectCost) -> Option<Paper> {
    let project = readable(contractor, cost.project)?;
    let expense = cost.kind == "expense";
    if cost.status != "approved" || !(expense || ["invoice", "subcontractor_invoice"].contains(&cost.kind.as_str())) {
        return None;
    }
    let supplier = supplier_of(contractor, cost.vendor?)?;
    let number = cost.invoice_number.clone().or_else(|| expense.then(|| format!("DC{}", cost.id)))?;
    let day = cost.date.filter(|day| day.year() > 1970)?;
    let reference = format!("{}-{number}", project.number);
    let mut paper = Paper { id: cost.id, supplier, reference, amounts: Amounts::new() };
    for line in &cost.lines {
        let whole = sum([line.amount, tax(contractor, line.tax_code, line.amount)].into_iter());
        let account = account(contractor, table, line.cost_code, line.cost_type)?;
        add(&mut paper.amounts, &project.ledger_code, &account, whole);
    }
    let stands = !paper.total().is_zero() && takes(contractor, &paper.supplier, &paper.reference, day);
    stands.then_some(paper)
}

/// Compares QAD's supplier invoices with the papers. Papers under one key are twins: one of
/// them may stand, and it does not matter which. Hands on the ids of those that stand.
pub fn compare_papers(contractor: &Contractor, papers: &[Paper], qad: &Value) -> BTreeSet<i64> {
    let mut wanted: BTreeMap<(&str, &str), Vec<&Paper>> = BTreeMap::new();
    for paper in papers {
        wanted.entry((&paper.supplier, &paper.reference)).or_default().push(paper);
    }
    let before: BTreeSet<(&str, &str)> =
        contractor.ledger.iter().map(|entry| (entry.supplier.as_str(), entry.reference.as_str())).collect();
    let text = |entry: &Value, name: &str| entry[name].as_str().expect("text").to_owned();
    let mut standing = BTreeSet::new();
    for entry in qad["supplier_invoices"].as_array().expect("invoices") {
        let (supplier, reference) = (text(entry, "supplier"), text(entry, "reference"));
        if before.contains(&(supplier.as_str(), reference.as_str())) {
            continue;
        }
        let same = |(of, full): &&(&str, &str)| *of == supplier && (*full == reference || shortened(full, &reference));
        let key =
            *wanted.keys().find(same).unwrap_or_else(|| panic!("{supplier} / {reference} should not stand in QAD"));
        let candidates = wanted.remove(&key).expect("it was just found");
        let mut stands = Amounts::new();
        for line in entry["lines"].as_array().expect("lines") {
            add(
                &mut stands,
                &text(line, "project"),
                &text(line, "gl_account"),
                text(line, "amount").parse().expect("an amount"),
            );
        }
        stands.retain(|_, amount| !amount.is_zero());
        let fits = |paper: &&&Paper| paper.amounts.iter().filter(|(_, amount)| !amount.is_zero()).eq(stands.iter());
        let paper = candidates.iter().find(fits);
        let paper = paper.unwrap_or_else(|| panic!("{supplier} / {reference}: {stands:?}, not {candidates:?}"));
        let kind = if paper.total().is_negative() { "CREDITNOTE" } else { "INVOICE" };
        assert_eq!(entry["type"], kind, "{supplier} / {reference}");
        standing.insert(paper.id);
    }
    assert!(wanted.is_empty(), "{} papers are not in QAD, such as {:?}", wanted.len(), wanted.first_key_value());
    standing
}

/// A payment that should stand in QAD.
#[derive(Debug, PartialEq)]
pub struct Paid {
    pub party: String,
    pub reference: String,
    pub date: Date,
    pub amount: Decimal,
    /// The reference of the invoice that it pays; none for what owners paid.
    pub invoice: Option<String>,
}

/// A day that somebody really meant.
fn meant(day: Option<Date>) -> Option<Date> {
    day.filter(|day| day.year() > 1970)
}

fn reference(check: Option<&String>, id: i64) -> String {
    format!("{}-{id}", check.map_or("PAY", String::as_str))
}

/// Payments of invoices that stand.
pub fn payments(contractor: &Contractor, papers: &[Paper], standing: &BTreeSet<i64>) -> Vec<Paid> {
    let payment = |payment: &ContractPayment| {
        let commitment = contractor.commitments.iter().find(|known| known.id == payment.commitment)?;
        readable(contractor, commitment.project)?;
        let invoice = papers.iter().find(|paper| Some(paper.id) == payment.invoice && standing.contains(&paper.id))?;
        Some(Paid {
            party: invoice.supplier.clone(),
            reference: reference(payment.check_number.as_ref(), payment.id),
            date: meant(payment.date)?,
            amount: payment.amount,
            invoice: Some(invoice.reference.clone()),
        })
    };
    contractor.payments.iter().filter_map(payment).collect()
}

pub fn owner_payments(contractor: &Contractor) -> Vec<Paid> {
    let payment = |payment: &OwnerPayment| {
        let contract = contractor.prime_contracts.iter().find(|known| known.id == payment.prime_contract)?;
        readable(contractor, contract.project)?;
        Some(Paid {
            party: contract.customer_code.clone(),
            reference: reference(payment.check_number.as_ref(), payment.id),
            date: meant(payment.date)?,
            amount: payment.amount,
            invoice: None,
        })
    };
    contractor.owner_payments.iter().filter_map(payment).collect()
}

/// Compares payments in QAD with those that should stand; how many they are.
pub fn compare_payments(wanted: &[Paid], books: &Value) -> u64 {
    let text = |entry: &Value, name: &str| entry[name].as_str().expect("text").to_owned();
    let mut left: BTreeMap<(String, String), &Paid> =
        wanted.iter().map(|paid| ((paid.party.clone(), paid.reference.clone()), paid)).collect();
    assert_eq!(left.len(), wanted.len(), "two payments under one key");
    for entry in books.as_array().expect("payments") {
        let (party, reference) = (text(entry, "party"), text(entry, "reference"));
        let paid = left.remove(&(party.clone(), reference.clone()));
        let paid = paid.unwrap_or_else(|| panic!("{party} / {reference} should not stand in QAD"));
        assert_eq!(text(entry, "date"), paid.date.to_string(), "{party} / {reference}");
        assert_eq!(text(entry, "amount"), paid.amount.fixed(2), "{party} / {reference}");
        let allocations = entry["allocations"].as_array().expect("allocations");
        let Some(invoice) = &paid.invoice else {
            assert!(allocations.is_empty(), "{entry}");
            continue;
        };
        assert_eq!(allocations.len(), 1, "{entry}");
        let named = text(&allocations[0], "reference");
        assert!(named == *invoice || shortened(invoice, &named), "{entry}: {invoice}");
        assert_eq!(text(&allocations[0], "amount"), paid.amount.fixed(2), "{entry}");
    }
    assert!(left.is_empty(), "{} payments are not in QAD, such as {:?}", left.len(), left.first_key_value());
    wanted.len() as u64
}
