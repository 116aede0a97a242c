//! The ledger: supplier invoices by entity, year, daybook and voucher, and payments.
//!
//! Vouchers are given per entity, year and daybook. Every save gives an invoice another
//! concurrency hash. An invoice is saved whole, so that the same saves in the same order
//! make the same ledger.

use super::answer::record;
use super::names;
use super::payments::{Payment, Payments};
use super::session::hash;
use crate::connector::ResourceSpec;
use crate::connector::contractor::{Contractor, LedgerInvoice};
use crate::value::{Date, Decimal, Record, Value, to_json_string};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What names an invoice for good.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InvoiceKey {
    pub entity: String,
    pub year: i64,
    pub daybook: String,
    pub voucher: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invoice {
    pub key: InvoiceKey,
    pub supplier: String,
    pub reference: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub invoice_date: Date,
    pub posting_date: Date,
    pub due_date: Date,
    pub currency: String,
    pub description: String,
    pub status_code: String,
    pub credit_terms: String,
    pub purchase_order: String,
    /// What is owed; negative for a credit note.
    pub total: Decimal,
    /// What payments took of it.
    #[serde(default)]
    pub paid: Decimal,
    pub lines: Vec<Line>,
    /// The receipts that it was matched with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<Match>,
    /// How often it was saved.
    pub saves: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub gl_account: String,
    pub sub_account: String,
    pub cost_center: String,
    pub project: String,
    /// Debit less credit.
    pub amount: Decimal,
    pub description: String,
}

/// What an invoice takes of one receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Match {
    pub order: String,
    pub line: i64,
    pub receiver: String,
    pub quantity: Decimal,
    pub unit_price: Decimal,
}

impl Match {
    pub fn worth(&self) -> Decimal {
        self.quantity.checked_mul(self.unit_price).unwrap_or_default().rounded(2)
    }

    /// Whether both take of the same receipt.
    pub fn is_of(&self, other: &Self) -> bool {
        (&self.order, self.line, &self.receiver) == (&other.order, other.line, &other.receiver)
    }

    fn book(&self) -> serde_json::Value {
        serde_json::json!({
            "order": self.order, "line": self.line, "receiver": self.receiver,
            "quantity": self.quantity.to_string(), "worth": self.worth().fixed(2),
        })
    }
}

/// All invoices, each with its browse row, and what was paid.
pub struct Ledger {
    spec: &'static ResourceSpec,
    pub payments: Payments,
    invoices: BTreeMap<InvoiceKey, (Invoice, Record)>,
    vouchers: BTreeMap<(String, i64, String), i64>,
}

impl Ledger {
    pub fn new(spec: &'static ResourceSpec) -> Self {
        Self { spec, payments: Payments::default(), invoices: BTreeMap::new(), vouchers: BTreeMap::new() }
    }

    /// The same books with rows in the names of another catalogue.
    pub fn shown_as(&self, spec: &'static ResourceSpec) -> Self {
        let mut ledger = Self { payments: self.payments.clone(), ..Self::new(spec) };
        self.all().for_each(|invoice| ledger.save(invoice.clone()));
        ledger
    }

    /// What was keyed in by hand before the story begins.
    pub fn stock(&mut self, contractor: &Contractor, entity: &str, currency: &str) {
        for entry in &contractor.ledger {
            let invoice = self.by_hand(entry, entity, currency);
            self.save(invoice);
        }
    }

    /// The next number of the daybook of that year.
    pub fn next_voucher(&self, entity: &str, year: i64, daybook: &str) -> i64 {
        self.vouchers.get(&(entity.to_owned(), year, daybook.to_owned())).map_or(1, |last| last + 1)
    }

    /// Adds the invoice, or takes the place of the one with its key.
    pub fn save(&mut self, invoice: Invoice) {
        let key = invoice.key.clone();
        let counter = self.vouchers.entry((key.entity.clone(), key.year, key.daybook.clone())).or_default();
        *counter = (*counter).max(key.voucher);
        let row = names::row(self.spec, &invoice.on_its_side());
        self.invoices.insert(key, (invoice, row));
    }

    /// Somebody deleted it at a terminal: the interfaces cannot. Its number is not given again.
    pub fn delete(&mut self, key: &InvoiceKey) {
        self.invoices.remove(key);
    }

    /// Books a payment and lowers what is still to be paid of its invoices.
    pub fn pay(&mut self, payment: Payment) {
        for allocation in &payment.allocations {
            if let Some(mut invoice) = self.get(&allocation.invoice).cloned() {
                invoice.paid = invoice.paid.checked_add(allocation.amount).unwrap_or(invoice.paid);
                self.save(invoice);
            }
        }
        self.payments.save(payment);
    }

    pub fn get(&self, key: &InvoiceKey) -> Option<&Invoice> {
        self.invoices.get(key).map(|(invoice, _)| invoice)
    }

    pub fn all(&self) -> impl Iterator<Item = &Invoice> {
        self.invoices.values().map(|(invoice, _)| invoice)
    }

    /// How much of each receipt is matched, by order, line and receiver.
    pub fn matched(&self) -> BTreeMap<(String, String, String), Decimal> {
        let mut matched: BTreeMap<_, Decimal> = BTreeMap::new();
        for taken in self.all().flat_map(|invoice| &invoice.matches) {
            let key = (taken.order.clone(), taken.line.to_string(), taken.receiver.clone());
            let sum = matched.entry(key).or_default();
            *sum = sum.checked_add(taken.quantity).unwrap_or(*sum);
        }
        matched
    }

    pub fn rows(&self) -> impl Iterator<Item = &Record> {
        self.invoices.values().map(|(_, row)| row)
    }

    /// QAD's own test: same entity, supplier, type and reference, another invoice.
    pub fn has_twin(&self, invoice: &Invoice) -> bool {
        self.all().any(|other| {
            other.key != invoice.key
                && other.key.entity == invoice.key.entity
                && other.kind == invoice.kind
                && other.supplier.eq_ignore_ascii_case(&invoice.supplier)
                && other.reference.eq_ignore_ascii_case(&invoice.reference)
        })
    }

    /// Sorted by supplier, reference and voucher. Vouchers are left out: their order is
    /// the order of posting, which says nothing about what was posted.
    pub fn books(&self) -> serde_json::Value {
        let mut invoices: Vec<&Invoice> = self.all().collect();
        invoices.sort_by_key(|invoice| (&invoice.supplier, &invoice.reference, &invoice.key));
        invoices.into_iter().map(Invoice::book).collect()
    }

    fn by_hand(&self, entry: &LedgerInvoice, entity: &str, currency: &str) -> Invoice {
        let year = i64::from(entry.date.year());
        let line = Line {
            gl_account: entry.account.clone(),
            cost_center: entry.cost_center.clone(),
            amount: entry.amount,
            description: "Keyed in by hand".to_owned(),
            ..Line::default()
        };
        Invoice {
            key: InvoiceKey {
                entity: entity.to_owned(),
                year,
                daybook: "SI".to_owned(),
                voucher: self.next_voucher(entity, year, "SI"),
            },
            supplier: entry.supplier.clone(),
            reference: entry.reference.clone(),
            kind: "INVOICE".to_owned(),
            invoice_date: entry.date,
            posting_date: entry.date,
            due_date: entry.date.plus_days(30),
            currency: currency.to_owned(),
            description: "Keyed in by hand".to_owned(),
            status_code: "AP-GLALLOC".to_owned(),
            credit_terms: "30".to_owned(),
            purchase_order: String::new(),
            total: entry.amount,
            paid: Decimal::ZERO,
            lines: vec![line],
            matches: Vec::new(),
            saves: 1,
        }
    }
}

impl Invoice {
    /// Another one after each save.
    pub fn concurrency_hash(&self) -> String {
        hash(&format!("{} {}", self.saves, to_json_string(&self.record().into())), 8)
    }

    /// What is still to be paid; negative for a credit that is not used up.
    pub fn balance(&self) -> Decimal {
        self.total.checked_sub(self.paid).unwrap_or(self.total)
    }

    /// Credit notes and their corrections stand on the debit side of the supplier.
    pub fn is_debit(kind: &str) -> bool {
        kind.starts_with("CREDITNOTE")
    }

    /// In the catalogue's names, amounts as they are shown: on the side of the kind.
    pub fn on_its_side(&self) -> Record {
        let mut record = self.record();
        if Self::is_debit(&self.kind) {
            record.insert("total", self.total.negated());
            record.insert("balance", self.balance().negated());
        }
        record
    }

    /// In the catalogue's names; what is owed is positive.
    pub fn record(&self) -> Record {
        record([
            ("entity", self.key.entity.as_str().into()),
            ("year", self.key.year.into()),
            ("period", i64::from(self.posting_date.month()).into()),
            ("daybook", self.key.daybook.as_str().into()),
            ("voucher", self.key.voucher.into()),
            ("supplier", self.supplier.as_str().into()),
            ("reference", self.reference.as_str().into()),
            ("type", self.kind.as_str().into()),
            ("invoice_date", self.invoice_date.into()),
            ("posting_date", self.posting_date.into()),
            ("due_date", self.due_date.into()),
            ("currency", self.currency.as_str().into()),
            ("description", self.description.as_str().into()),
            ("status_code", self.status_code.as_str().into()),
            ("credit_terms", self.credit_terms.as_str().into()),
            ("purchase_order", self.purchase_order.as_str().into()),
            ("total", self.total.into()),
            ("balance", self.balance().into()),
            ("open", (!self.balance().is_zero()).into()),
            ("lines", Value::list(self.lines.iter().map(|line| line.record().into()).collect())),
        ])
    }

    fn book(&self) -> serde_json::Value {
        let mut lines: Vec<&Line> = self.lines.iter().collect();
        lines.sort_by_key(|line| {
            (&line.gl_account, &line.cost_center, &line.project, &line.sub_account, line.amount, &line.description)
        });
        let lines: Vec<serde_json::Value> = lines
            .into_iter()
            .map(|line| {
                serde_json::json!({
                    "gl_account": line.gl_account, "sub_account": line.sub_account, "cost_center": line.cost_center,
                    "project": line.project, "amount": line.amount.fixed(2), "description": line.description,
                })
            })
            .collect();
        let mut book = serde_json::json!({
            "supplier": self.supplier, "reference": self.reference, "entity": self.key.entity, "type": self.kind,
            "invoice_date": self.invoice_date.to_string(), "posting_date": self.posting_date.to_string(),
            "currency": self.currency, "status_code": self.status_code, "description": self.description,
            "amount": self.total.fixed(2), "balance": self.balance().fixed(2),
            "purchase_order": self.purchase_order, "lines": lines,
        });
        if !self.matches.is_empty() {
            book["matches"] = self.matches.iter().map(Match::book).collect();
        }
        book
    }
}

impl Line {
    fn record(&self) -> Record {
        record([
            ("gl_account", self.gl_account.as_str().into()),
            ("sub_account", self.sub_account.as_str().into()),
            ("cost_center", self.cost_center.as_str().into()),
            ("project", self.project.as_str().into()),
            ("amount", self.amount.into()),
            ("description", self.description.as_str().into()),
        ])
    }
}
