//! What the standard flows of costs and payments should make of the seeded contractor,
//! reckoned from its neutral books and the accountants' table alone, to the cent, for each
//! paper by project, account, sub-account and cost center.

use crate::reckoning::{dimension, shortened, table};
use crate::reckoning_orders::{covered, evaluated, takes as order_takes};
use mlc::connector::contractor::{
    ContractPayment, Contractor, DirectCost, Invoice, InvoiceLine, OwnerPayment, Project, Vendor,
};
use mlc::value::{Date, Decimal};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Where an amount stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub project: String,
    pub account: String,
    pub sub_account: String,
    pub cost_center: String,
}

pub type Amounts = BTreeMap<Place, Decimal>;

/// A supplier invoice that should stand in QAD.
#[derive(Debug)]
pub struct Paper {
    /// Of the record that it comes from.
    pub id: i64,
    pub supplier: String,
    pub reference: String,
    /// The ledger's purchase order that it bills.
    pub order: Option<String>,
    /// It has retainage, stored materials or tax, which receipts know nothing of.
    pub apart: bool,
    pub amounts: Amounts,
}

impl Paper {
    pub fn total(&self) -> Decimal {
        sum(self.amounts.values().copied())
    }

    /// It waits for a person: the ledger would match it with receipts, and lose what stands apart.
    pub fn is_for_a_person(&self) -> bool {
        self.order.is_some() && self.apart
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
        Some(code) => (vendor.in_ledger && !contractor.closed_suppliers.contains(code)).then(|| code.clone()),
        // The ledger's clerks keyed it in by itself, under the vendor's name in capitals.
        None => {
            let same = |name: &str, vendor: &Vendor| name == vendor.name.to_uppercase();
            contractor.suppliers.iter().find(|known| same(&known.name, vendor)).map(|known| known.code.clone())
        }
    }
}

/// Where a cost goes, if to an account that can be posted to. Only subcontracts are work of
/// others; general conditions never are.
fn place(contractor: &Contractor, table: &[[String; 4]], project: &str, code: usize, kind: usize) -> Option<Place> {
    let code = contractor.cost_codes[code].full_code();
    let kind = &contractor.cost_types[kind].code;
    let (account, cost_center) = dimension(table, &code, kind)?;
    let of_others = kind == "S" && !code.starts_with("01-");
    let place = Place {
        project: project.to_owned(),
        account,
        sub_account: if of_others { "02" } else { "01" }.to_owned(),
        cost_center,
    };
    contractor.accounts.iter().any(|known| known.active && known.code == place.account).then_some(place)
}

/// What the ledger takes: not what it has already, not a day that is closed.
fn takes(contractor: &Contractor, supplier: &str, reference: &str, day: Date) -> bool {
    let known = contractor.ledger.iter().any(|entry| entry.supplier == supplier && entry.reference == reference);
    !known && contractor.ledger_closed_through.is_none_or(|closed| day > closed)
}

fn add(amounts: &mut Amounts, place: &Place, amount: Decimal) {
    if !amount.is_zero() {
        let of = amounts.entry(place.clone()).or_insert(Decimal::ZERO);
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
    let mut paper = Paper {
        id: invoice.id,
        reference: format!("{}-{number}", project.number),
        supplier,
        order: commitment.ledger_order.clone(),
        apart: false,
        amounts: Amounts::new(),
    };
    let job = &project.ledger_code;
    let on = |account: &str| Place { project: job.clone(), account: account.to_owned(), ..Place::default() };
    let (mut any, mut on_top) = (false, Decimal::ZERO);
    for InvoiceLine { line, work, materials, retained, released, .. } in &invoice.lines {
        let scheduled = commitment.lines.iter().find(|known| known.id == *line)?;
        any |= [work, materials, retained, released].into_iter().any(|amount| !amount.is_zero());
        paper.apart |= [materials, retained, released].into_iter().any(|amount| !amount.is_zero());
        // The table is asked for cost, not for retainage.
        if !work.is_zero() || !materials.is_zero() {
            let place = place(contractor, table, job, scheduled.cost_code, scheduled.cost_type)?;
            add(&mut paper.amounts, &place, *work);
            add(&mut paper.amounts, &Place { account: "5290".to_owned(), ..place }, *materials);
        }
        add(&mut paper.amounts, &on("2055"), released.checked_sub(*retained).expect("in range"));
        let net = sum([*work, *materials, *released, retained.negated()].into_iter());
        let bears = contractor.taxed_lines.get(line).copied();
        on_top = sum([on_top, tax(contractor, bears, net)].into_iter());
    }
    add(&mut paper.amounts, &Place { cost_center: "C010".to_owned(), ..on("5950") }, on_top);
    paper.apart |= !on_top.is_zero();
    if paper.order.as_ref().is_some_and(|order| !order_takes(contractor, order)) {
        return None;
    }
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
    let mut paper = Paper { id: cost.id, supplier, reference, order: None, apart: false, amounts: Amounts::new() };
    for line in &cost.lines {
        let whole = sum([line.amount, tax(contractor, line.tax_code, line.amount)].into_iter());
        let place = place(contractor, table, &project.ledger_code, line.cost_code, line.cost_type)?;
        add(&mut paper.amounts, &place, whole);
    }
    let stands = !paper.total().is_zero() && takes(contractor, &paper.supplier, &paper.reference, day);
    stands.then_some(paper)
}

/// Compares QAD's supplier invoices with the papers. Papers under one key are twins: one of
/// them may stand, and it does not matter which. What an order does not cover may not stand,
/// and nothing that it covers may be missing. Hands on the ids of those that stand.
pub fn compare_papers(contractor: &Contractor, papers: &[Paper], qad: &Value) -> BTreeSet<i64> {
    let mut wanted: BTreeMap<(&str, &str), Vec<&Paper>> = BTreeMap::new();
    for paper in papers {
        wanted.entry((&paper.supplier, &paper.reference)).or_default().push(paper);
    }
    let before: BTreeSet<(&str, &str)> =
        contractor.ledger.iter().map(|entry| (entry.supplier.as_str(), entry.reference.as_str())).collect();
    let mut made = evaluated(contractor);
    let mut standing = BTreeSet::new();
    let mut taken: BTreeMap<&str, Decimal> = BTreeMap::new();
    for entry in qad["supplier_invoices"].as_array().expect("invoices") {
        let (supplier, reference) = (text(entry, "supplier"), text(entry, "reference"));
        if before.contains(&(supplier.as_str(), reference.as_str())) {
            continue;
        }
        if let Some(amounts) = made.remove(&(supplier.clone(), reference.clone())) {
            assert_eq!(on_lines(entry), amounts, "QAD's own {supplier} / {reference}");
            continue;
        }
        let same = |(of, full): &&(&str, &str)| *of == supplier && (*full == reference || shortened(full, &reference));
        let key =
            *wanted.keys().find(same).unwrap_or_else(|| panic!("{supplier} / {reference} should not stand in QAD"));
        let candidates = wanted.remove(&key).expect("it was just found");
        let paper = candidates.iter().find(|paper| is_shown(paper, entry));
        let paper = paper.unwrap_or_else(|| panic!("{supplier} / {reference}: {entry}, not {candidates:?}"));
        let kind = if paper.total().is_negative() { "CREDITNOTE" } else { "INVOICE" };
        assert_eq!(entry["type"], kind, "{supplier} / {reference}");
        if let Some(order) = &paper.order {
            let of = taken.entry(order).or_default();
            *of = sum([*of, paper.total()].into_iter());
        }
        standing.insert(paper.id);
    }
    assert!(made.is_empty(), "QAD has not settled {:?}", made.first_key_value());
    within_receipts(contractor, papers, &standing, &taken);
    wanted.retain(|_, papers| papers.iter().any(|paper| is_due(contractor, paper, &taken)));
    assert!(wanted.is_empty(), "{} papers are not in QAD, such as {:?}", wanted.len(), wanted.first_key_value());
    standing
}

fn text(entry: &Value, name: &str) -> String {
    entry[name].as_str().expect("text").to_owned()
}

/// The amounts of an entry by their places.
fn on_lines(entry: &Value) -> Amounts {
    let mut stands = Amounts::new();
    for line in entry["lines"].as_array().expect("lines") {
        let place = Place {
            project: text(line, "project"),
            account: text(line, "gl_account"),
            sub_account: text(line, "sub_account"),
            cost_center: text(line, "cost_center"),
        };
        add(&mut stands, &place, text(line, "amount").parse().expect("an amount"));
    }
    stands.retain(|_, amount| !amount.is_zero());
    stands
}

/// An invoice of an order waits for its receipts to be matched: they code its cost, not its lines.
fn is_shown(paper: &Paper, entry: &Value) -> bool {
    let coded: Amounts = match paper.order {
        Some(_) => Amounts::new(),
        None => paper.amounts.clone().into_iter().filter(|(_, amount)| !amount.is_zero()).collect(),
    };
    let status = if paper.order.is_some() { "AP-NOALLOC" } else { "AP-GLALLOC" };
    !paper.is_for_a_person()
        && coded == on_lines(entry)
        && text(entry, "amount") == paper.total().fixed(2)
        && text(entry, "purchase_order") == paper.order.clone().unwrap_or_default()
        && text(entry, "status_code") == status
}

/// No order has invoices beyond what came in; credits need nothing to be there.
fn within_receipts(
    contractor: &Contractor,
    papers: &[Paper],
    standing: &BTreeSet<i64>,
    taken: &BTreeMap<&str, Decimal>,
) {
    for (order, amount) in taken {
        let of_order =
            papers.iter().filter(|paper| standing.contains(&paper.id) && paper.order.as_deref() == Some(order));
        let only_credits = of_order.into_iter().all(|paper| paper.total().is_negative());
        let covered = covered(contractor, order);
        assert!(only_credits || *amount <= covered, "{order}: {amount} is invoiced of {covered}");
    }
}

/// Whether the paper has to stand: nobody has to enter it by hand, and what its order covers is
/// not yet taken by others.
fn is_due(contractor: &Contractor, paper: &Paper, taken: &BTreeMap<&str, Decimal>) -> bool {
    let Some(order) = &paper.order else { return true };
    if paper.is_for_a_person() {
        return false;
    }
    let others = taken.get(order.as_str()).copied().unwrap_or_default();
    paper.total().is_negative() || sum([others, paper.total()].into_iter()) <= covered(contractor, order)
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

/// What is still to be paid of every invoice: its amount less the payments that name it.
pub fn compare_balances(wanted: &[Paid], invoices: &Value) {
    for entry in invoices.as_array().expect("invoices") {
        let (supplier, reference) = (text(entry, "supplier"), text(entry, "reference"));
        let names = |full: &String| *full == reference || shortened(full, &reference);
        let of = wanted.iter().filter(|paid| paid.party == supplier && paid.invoice.as_ref().is_some_and(names));
        let amount: Decimal = text(entry, "amount").parse().expect("an amount");
        let left = amount.checked_sub(sum(of.map(|paid| paid.amount))).expect("in range");
        assert_eq!(text(entry, "balance"), left.fixed(2), "{supplier} / {reference}");
    }
}

/// All of QAD's invoices by supplier, project and account; those of orders, whose cost the
/// receipts code, stand on no account.
type Totals = BTreeMap<(String, String, String), Decimal>;

/// Compares what stands on each account of each project and supplier with what should.
pub fn compare_totals(contractor: &Contractor, papers: &[Paper], standing: &BTreeSet<i64>, qad: &Value) {
    let mut wanted = Totals::new();
    for paper in papers.iter().filter(|paper| standing.contains(&paper.id)) {
        match &paper.order {
            Some(_) => count(&mut wanted, &paper.supplier, &Place::default(), paper.total()),
            None => {
                paper.amounts.iter().for_each(|(place, amount)| count(&mut wanted, &paper.supplier, place, *amount))
            }
        }
    }
    for ((supplier, _), amounts) in &evaluated(contractor) {
        amounts.iter().for_each(|(place, amount)| count(&mut wanted, supplier, place, *amount));
    }
    for entry in &contractor.ledger {
        let place = Place { account: entry.account.clone(), ..Place::default() };
        count(&mut wanted, &entry.supplier, &place, entry.amount);
    }
    let mut stands = Totals::new();
    for entry in qad["supplier_invoices"].as_array().expect("invoices") {
        let supplier = text(entry, "supplier");
        let lines = on_lines(entry);
        if lines.is_empty() {
            count(&mut stands, &supplier, &Place::default(), text(entry, "amount").parse().expect("an amount"));
        }
        lines.iter().for_each(|(place, amount)| count(&mut stands, &supplier, place, *amount));
    }
    wanted.retain(|_, amount| !amount.is_zero());
    stands.retain(|_, amount| !amount.is_zero());
    let differs = wanted.iter().find(|(place, amount)| stands.get(place) != Some(amount));
    assert!(differs.is_none(), "{differs:?} is not so in QAD");
    assert_eq!(wanted.len(), stands.len(), "QAD has more places");
}

fn count(totals: &mut Totals, supplier: &str, place: &Place, amount: Decimal) {
    let of = totals.entry((supplier.to_owned(), place.project.clone(), place.account.clone())).or_default();
    *of = of.checked_add(amount).expect("in range");
}

/// What the directory should show of each vendor: name, ledger key, supplier code, in use.
type Listed = (String, Option<String>, Option<String>, bool);

/// Compares Procore's directory with what QAD's suppliers should make of it.
pub fn compare_vendors(contractor: &Contractor, vendors: &Value) {
    let is_known =
        |name: &str| contractor.vendors.iter().any(|vendor| vendor.name.to_uppercase() == name.to_uppercase());
    let code_of = |vendor: &Vendor| {
        let keyed = contractor.suppliers.iter().find(|known| known.active && known.name == vendor.name.to_uppercase());
        vendor.supplier_code.clone().or_else(|| keyed.map(|known| known.code.clone()))
    };
    let key = |code: &String| format!("supplier:{code}");
    let known = contractor.vendors.iter().map(|vendor| {
        let code = code_of(vendor);
        let closed = code.as_ref().is_some_and(|code| contractor.closed_suppliers.contains(code));
        (vendor.name.clone(), code.as_ref().map(key), code.clone(), vendor.active && !closed)
    });
    let strangers = contractor.suppliers.iter().filter(|known| known.active && !is_known(&known.name));
    let created = strangers.map(|known| (known.name.clone(), Some(key(&known.code)), Some(known.code.clone()), true));
    let mut wanted: Vec<Listed> = known.chain(created).collect();
    let optional = |entry: &Value, name: &str| entry[name].as_str().map(str::to_owned);
    let listed = |entry: &Value| {
        let active = entry["is_active"].as_bool().expect("a boolean");
        (text(entry, "name"), optional(entry, "origin_id"), optional(entry, "origin_code"), active)
    };
    let mut listed: Vec<Listed> = vendors.as_array().expect("vendors").iter().map(listed).collect();
    wanted.sort();
    listed.sort();
    assert_eq!(listed, wanted);
}
