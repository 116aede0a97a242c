//! The sandbox's two systems between a run and a reconciliation: what people do in them at
//! their terminals, written into the journals that the sandbox tells its fakes.

use mlc::connector::contractor::{Contractor, Invoice};
use mlc::value::Decimal;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The journals of one sandbox.
pub struct World {
    folder: PathBuf,
    at: String,
    /// Supplier invoices as they stand, by supplier and reference.
    pub bills: BTreeMap<(String, String), Json>,
    touched: BTreeSet<(String, String)>,
}

/// A posted invoice on both sides.
#[derive(Clone)]
pub struct Pair<'a> {
    pub invoice: &'a Invoice,
    /// The record's key in the ledger of records.
    pub key: String,
    pub job: String,
    pub bill: Json,
}

impl World {
    pub fn open(folder: &Path) -> Self {
        let folder = folder.join(".mlc/quickstart/sandbox/world");
        let text = fs::read_to_string(folder.join("qad.ndjson")).expect("a journal");
        let mut world = Self { folder, at: String::new(), bills: BTreeMap::new(), touched: BTreeSet::new() };
        for line in text.lines().skip(1) {
            let entry: Json = serde_json::from_str(line).expect("a line");
            world.at = entry["at"].as_str().expect("an instant").to_owned();
            for bill in entry["changes"].as_array().expect("changes") {
                world.bills.insert(named(bill), bill.clone());
            }
        }
        world
    }

    pub fn qad(&self, change: &Json) {
        self.tell("qad", change);
    }

    pub fn procore(&self, mut change: Json) {
        change["at"] = self.at.as_str().into();
        self.tell("procore", &change);
    }

    /// An administrator changes the invoice in Procore.
    pub fn edit(&self, invoice: &Invoice, fields: Json, items: Json) {
        self.procore(json!({"change": "requisition_edited", "id": invoice.id, "fields": fields, "items": items}));
    }

    fn tell(&self, system: &str, change: &Json) {
        let path = self.folder.join(format!("{system}.ndjson"));
        let mut file = fs::File::options().append(true).open(path).expect("a journal");
        writeln!(file, "{}", json!({"at": self.at, "changes": [change]})).expect("a line");
    }

    /// An invoice of this month that nobody has touched yet and that fits.
    pub fn pick<'a>(&mut self, contractor: &'a Contractor, month: &str, fits: impl Fn(&Pair<'a>) -> bool) -> Pair<'a> {
        let pairs = self.pairs(contractor, month);
        let found = pairs.into_iter().find(|pair| !self.touched.contains(&named(&pair.bill)) && fits(pair));
        let pair = found.expect("the month has such an invoice");
        self.touched.insert(named(&pair.bill));
        pair
    }

    /// Every invoice of the month that was posted.
    pub fn pairs<'a>(&self, contractor: &'a Contractor, month: &str) -> Vec<Pair<'a>> {
        let mut pairs = Vec::new();
        for invoice in &contractor.invoices {
            let commitment =
                contractor.commitments.iter().find(|one| one.id == invoice.commitment).expect("it is there");
            let project = contractor.projects.iter().find(|one| one.id == commitment.project).expect("it is there");
            let vendor = contractor.vendors.iter().find(|one| one.id == commitment.vendor).expect("it is there");
            let in_month = invoice.billing_date.is_some_and(|day| day.to_string().starts_with(month));
            let (Some(number), Some(supplier)) = (&invoice.invoice_number, &vendor.supplier_code) else { continue };
            let name = (supplier.clone(), format!("{}-{number}", project.number));
            let Some(bill) = self.bills.get(&name).filter(|_| in_month && project.active && project.permitted) else {
                continue;
            };
            // Of two with one number, nobody can tell which was posted.
            if bill["total"].as_str().and_then(|text| text.parse().ok()) == Some(net(invoice)) {
                let key = format!("{}/{}", project.id, invoice.id);
                pairs.push(Pair { invoice, key, job: project.ledger_code.clone(), bill: bill.clone() });
            }
        }
        pairs
    }
}

impl Pair<'_> {
    pub fn total(&self) -> Decimal {
        money(&self.bill["total"])
    }

    pub fn lines(&self) -> usize {
        self.bill["lines"].as_array().map_or(0, Vec::len)
    }

    /// The bill with an amount added to it, on its first line.
    pub fn plus(&self, amount: &str) -> Json {
        let mut bill = self.bill.clone();
        for place in ["/total", "/lines/0/amount"] {
            let sum = add(money(bill.pointer(place).expect("an amount")), amount.parse().expect("an amount"));
            *bill.pointer_mut(place).expect("an amount") = sum.to_string().into();
        }
        bill
    }
}

pub fn is_last(contractor: &Contractor, invoice: &Invoice) -> bool {
    !contractor.invoices.iter().any(|other| other.commitment == invoice.commitment && other.number > invoice.number)
}

pub fn net(invoice: &Invoice) -> Decimal {
    invoice.lines.iter().fold(Decimal::ZERO, |sum, line| add(sum, line.net()))
}

pub fn money(json: &Json) -> Decimal {
    json.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{json} is no amount"))
}

pub fn add(sum: Decimal, amount: Decimal) -> Decimal {
    sum.checked_add(amount).expect("in range")
}

fn named(bill: &Json) -> (String, String) {
    let text = |name: &str| bill[name].as_str().unwrap_or_default().to_owned();
    (text("supplier"), text("reference"))
}
