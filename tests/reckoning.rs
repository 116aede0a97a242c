//! What the quickstart should make of the seeded contractor, reckoned by hand: from the
//! contractor's neutral books and the accountants' table alone, without the language, the
//! engine or a connector.

use crate::reckoning_orders::evaluated;
use crate::support::{Books, root};
use mlc::connector::contractor::{Commitment, Contractor, Invoice, Project, Vendor};
use mlc::value::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// What should become of one invoice, and the reference it would have.
pub enum Verdict {
    Skipped,
    Held,
    Rejected,
    Failed,
    /// As QAD's books should show it.
    Posted(Value),
}

impl Verdict {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Posted(_) => "posted",
        }
    }
}

pub struct Reckoning {
    /// By invoice id; an invoice that the integration cannot see is not among them.
    pub verdicts: BTreeMap<i64, Verdict>,
    /// Groups of invoices that would have the same supplier and reference: just one of
    /// each may be posted, and it does not matter which.
    pub twins: Vec<Vec<i64>>,
    /// What stood in QAD before.
    pub before: Vec<(String, String)>,
}

pub fn reckon(contractor: &Contractor) -> Reckoning {
    let table = table();
    let mut verdicts = BTreeMap::new();
    let mut by_key: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    for invoice in &contractor.invoices {
        let (commitment, project, vendor) = parties(contractor, invoice);
        if !project.active || !project.permitted {
            continue;
        }
        let verdict = judge(contractor, &table, invoice, commitment, project, vendor);
        if let Verdict::Posted(book) = &verdict {
            let text = |name: &str| book[name].as_str().expect("text").to_owned();
            by_key.entry((text("supplier"), text("reference"))).or_default().push(invoice.id);
        }
        verdicts.insert(invoice.id, verdict);
    }
    Reckoning {
        verdicts,
        twins: by_key.into_values().filter(|ids| ids.len() > 1).collect(),
        before: before(contractor),
    }
}

/// What was keyed in by hand, and what the ledger made of receipts that it settles itself.
fn before(contractor: &Contractor) -> Vec<(String, String)> {
    let by_hand = contractor.ledger.iter().map(|entry| (entry.supplier.clone(), entry.reference.clone()));
    by_hand.chain(evaluated(contractor).into_keys()).collect()
}

fn parties<'a>(contractor: &'a Contractor, invoice: &Invoice) -> (&'a Commitment, &'a Project, &'a Vendor) {
    let commitment = contractor.commitments.iter().find(|one| one.id == invoice.commitment).expect("commitment");
    let project = contractor.projects.iter().find(|one| one.id == commitment.project).expect("project");
    let vendor = contractor.vendors.iter().find(|one| one.id == commitment.vendor).expect("vendor");
    (commitment, project, vendor)
}

fn judge(
    contractor: &Contractor,
    table: &[[String; 4]],
    invoice: &Invoice,
    commitment: &Commitment,
    project: &Project,
    vendor: &Vendor,
) -> Verdict {
    if !["approved", "approved_as_noted"].contains(&invoice.status.as_str()) {
        return Verdict::Skipped;
    }
    let (Some(number), Some(date)) = (&invoice.invoice_number, invoice.billing_date) else { return Verdict::Held };
    let Some(supplier) = vendor.supplier_code.as_ref().filter(|_| vendor.active) else { return Verdict::Held };
    let mut lines = Vec::new();
    let mut total = Decimal::ZERO;
    for line in invoice.lines.iter().filter(|line| !line.net().is_zero()) {
        let scheduled = commitment.lines.iter().find(|one| one.id == line.line).expect("commitment line");
        let code = contractor.cost_codes[scheduled.cost_code].full_code();
        let kind = &contractor.cost_types[scheduled.cost_type].code;
        let Some((account, center)) = dimension(table, &code, kind) else { return Verdict::Held };
        let known = |active: bool, found: bool| active && found;
        let account_known = contractor.accounts.iter().any(|one| known(one.active, one.code == account));
        let center_known = contractor.cost_centers.iter().any(|one| known(one.active, one.code == center));
        if !account_known || !center_known {
            return Verdict::Held;
        }
        let told = line.description.as_deref().unwrap_or("Progress billing");
        total = total.checked_add(line.net()).expect("in range");
        lines.push(json!({
            "gl_account": account, "sub_account": "", "cost_center": center, "project": project.ledger_code,
            "amount": line.net().fixed(2), "description": told.chars().take(40).collect::<String>(),
        }));
    }
    if lines.is_empty() {
        return Verdict::Skipped;
    }
    if total.is_zero() {
        return Verdict::Rejected;
    }
    let reference = format!("{}-{number}", project.number);
    if contractor.ledger.iter().any(|entry| entry.supplier == *supplier && entry.reference == reference) {
        return Verdict::Held;
    }
    if !vendor.in_ledger {
        return Verdict::Failed;
    }
    if contractor.ledger_closed_through.is_some_and(|closed| date <= closed) {
        return Verdict::Held;
    }
    lines.sort_by_key(line_order);
    let kind = if total.is_negative() { "CREDITNOTE" } else { "INVOICE" };
    Verdict::Posted(json!({
        "supplier": supplier, "reference": reference, "entity": contractor.entity, "type": kind,
        "invoice_date": date.to_string(), "posting_date": date.to_string(), "currency": contractor.currency,
        "amount": total.fixed(2), "lines": lines,
    }))
}

fn line_order(line: &Value) -> (String, String, String, Decimal, String) {
    let text = |name: &str| line[name].as_str().expect("text").to_owned();
    let amount = text("amount").parse().expect("amount");
    (text("gl_account"), text("cost_center"), text("project"), amount, text("description"))
}

/// The rows of the accountants' file.
pub fn table() -> Vec<[String; 4]> {
    let text = fs::read_to_string(root().join("examples/cost-codes.csv")).expect("the example's cost codes");
    let row = |line: &str| {
        let mut cells = line.split(',').map(str::to_owned);
        std::array::from_fn(|_| cells.next().unwrap_or_default())
    };
    text.lines().skip(1).map(row).collect()
}

/// What an accountant would say: the file's exact rows, then general conditions, then the
/// file's whole divisions, then the cost types that go to one place whatever the code.
pub fn dimension(table: &[[String; 4]], code: &str, kind: &str) -> Option<(String, String)> {
    let found = |row: &[String; 4]| (row[2].clone(), row[3].clone());
    if let Some(row) = table.iter().find(|row| row[0] == code && row[1] == kind) {
        return Some(found(row));
    }
    if code.starts_with("01-") {
        return Some(("5900".to_owned(), "C010".to_owned()));
    }
    let division = format!("{}*", &code[..3]);
    if let Some(row) = table.iter().find(|row| row[0] == division && row[1] == kind) {
        return Some(found(row));
    }
    let (account, center) = match kind {
        "L" => ("5100", "C910"),
        "E" => ("5400", "C900"),
        "O" => ("5900", "C010"),
        _ => return None,
    };
    Some((account.to_owned(), center.to_owned()))
}

/// Compares QAD's books with the reckoning, line by line. The error says what differs.
pub fn compare(reckoning: &Reckoning, books: &Books) -> Result<(), String> {
    let mut wanted: BTreeMap<(String, String), Vec<&Value>> = BTreeMap::new();
    for verdict in reckoning.verdicts.values() {
        if let Verdict::Posted(book) = verdict {
            wanted.entry(key(book)).or_default().push(book);
        }
    }
    let before: BTreeSet<&(String, String)> = reckoning.before.iter().collect();
    let mut differences = Vec::new();
    let mut met = BTreeSet::new();
    for entry in books.qad["supplier_invoices"].as_array().ok_or("QAD has no books")? {
        let mut key = key(entry);
        if let Some(long) = wanted.keys().find(|(supplier, full)| *supplier == key.0 && shortened(full, &key.1)) {
            key = long.clone();
        }
        if !met.insert(key.clone()) {
            differences.push(format!("{key:?} stands twice in QAD"));
            continue;
        }
        if before.contains(&key) {
            continue;
        }
        match wanted.get(&key) {
            None => differences.push(format!("{key:?} stands in QAD and should not")),
            Some(candidates) if candidates.iter().any(|candidate| same(candidate, entry)) => {}
            Some(candidates) => differences.push(format!("{key:?} differs:\n  QAD  {entry}\n  want {}", candidates[0])),
        }
    }
    differences.extend(wanted.keys().filter(|key| !met.contains(*key)).map(|key| format!("{key:?} is not in QAD")));
    differences.extend(before.iter().filter(|key| !met.contains(**key)).map(|key| format!("{key:?} is gone from QAD")));
    let count = differences.len();
    differences.truncate(5);
    if count == 0 {
        Ok(())
    } else {
        Err(format!("{count} differences, the first of them:\n{}", differences.join("\n")))
    }
}

/// A reference too long for QAD keeps its beginning and ends in a tilde and a hash.
pub fn shortened(full: &str, stored: &str) -> bool {
    full.chars().count() > 40
        && stored.chars().count() <= 40
        && stored
            .rsplit_once('~')
            .is_some_and(|(head, hash)| full.starts_with(head) && head.len() >= 16 && hash.len() >= 6)
}

fn key(book: &Value) -> (String, String) {
    let text = |name: &str| book[name].as_str().unwrap_or_default().to_owned();
    (text("supplier"), text("reference"))
}

/// All that the reckoning speaks of is in the books as it says; the books may say more.
fn same(wanted: &Value, entry: &Value) -> bool {
    let mut lines = entry["lines"].as_array().cloned().unwrap_or_default();
    lines.sort_by_key(line_order);
    let members = wanted.as_object().expect("an object");
    members.iter().all(|(name, value)| match name.as_str() {
        "lines" => *value == Value::Array(lines.clone()),
        // Compared by its key already.
        "reference" => true,
        _ => entry[name] == *value,
    })
}
