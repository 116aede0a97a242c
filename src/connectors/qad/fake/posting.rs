//! What QAD asks of a supplier invoice before it takes it.
//!
//! Takes the record as it came over the wire; hands on an [`Invoice`] or every complaint.
//! A code that is not known is called mandatory, as in the real one.

use super::ledger::{Invoice, InvoiceKey, Line};
use super::masters::{Masters, flag};
use crate::connector::FieldSpec;
use crate::connectors::qad::error::Complaint;
use crate::value::{Date, Decimal, Record, Value};
use indexmap::IndexMap;

/// Codes of the messages. Only 47 is known from a real system.
mod code {
    pub const MANDATORY: &str = "2";
    pub const TOO_LONG: &str = "47";
    pub const INACTIVE: &str = "101";
    pub const CONTROL: &str = "102";
    pub const CLOSED: &str = "103";
    pub const UNBALANCED: &str = "104";
    pub const FORMAT: &str = "105";
}

const STATUS_CODES: [&str; 4] = ["AP-INITIAL", "AP-NOALLOC", "AP-RMALLOC", "AP-GLALLOC"];
/// The only status that keeps lines coded to accounts; others drop them without a word.
const CODED: &str = "AP-GLALLOC";
const DAYBOOKS: [&str; 2] = ["SI", "SC"];

/// The rules of one moment.
pub struct Rules<'a> {
    pub fields: &'a IndexMap<String, FieldSpec>,
    pub masters: &'a Masters,
    pub entity: &'a str,
    pub currency: &'a str,
    /// Periods before this day are closed for purchases.
    pub open_from: Date,
    pub today: Date,
}

/// Reads wire fields by the catalogue's names, and collects complaints.
struct Reader<'a> {
    fields: &'a IndexMap<String, FieldSpec>,
    wire: &'a Record,
    complaints: Vec<Complaint>,
}

impl Rules<'_> {
    /// The invoice without its number: `voucher` is 0, `saves` is 0.
    pub fn read(&self, wire: &Record) -> Result<Invoice, Vec<Complaint>> {
        let mut reader = Reader { fields: self.fields, wire, complaints: Vec::new() };
        let supplier = self.supplier(&mut reader);
        let entity = reader.text("entity");
        if !entity.is_empty() && !entity.eq_ignore_ascii_case(self.entity) {
            reader.complain("entity", code::MANDATORY, "Entity does not belong to the current workspace.", &entity);
        }
        let terms = supplier.and_then(|supplier| supplier.get("credit_terms")).map(ToString::to_string);
        let invoice_date = reader.day("invoice_date").unwrap_or(self.today);
        let posting_date = reader.day("posting_date").unwrap_or(invoice_date);
        if posting_date < self.open_from {
            let period = format!("{}/{:02}", posting_date.year(), posting_date.month());
            let message = format!("Period {period} is closed for purchases.");
            reader.complain("posting_date", code::CLOSED, &message, &posting_date.to_string());
        }
        let status_code = reader.listed("status_code", &STATUS_CODES, CODED);
        let description = reader.mandatory("description");
        let total = reader.amount("total");
        let lines = self.lines(&mut reader, &description, total);
        let daybook = reader.listed("daybook", &DAYBOOKS, "");
        let kinds: Vec<&str> =
            self.fields.get("type").map(|spec| spec.values.iter().map(String::as_str).collect()).unwrap_or_default();
        let invoice = Invoice {
            key: InvoiceKey {
                entity: self.entity.to_owned(),
                year: i64::from(posting_date.year()),
                daybook,
                voucher: 0,
            },
            supplier: supplier.and_then(|supplier| supplier.get("code")).map(ToString::to_string).unwrap_or_default(),
            reference: reader.text("reference"),
            kind: reader.listed("type", &kinds, "INVOICE"),
            invoice_date,
            posting_date,
            due_date: reader.day("due_date").unwrap_or_else(|| invoice_date.plus_days(30)),
            currency: reader.listed("currency", &[self.currency], self.currency),
            description,
            credit_terms: Some(reader.text("credit_terms"))
                .filter(|text| !text.is_empty())
                .or(terms)
                .unwrap_or_default(),
            purchase_order: reader.order(),
            total,
            lines: if status_code == CODED { lines } else { Vec::new() },
            status_code,
            saves: 0,
        };
        reader.too_long();
        if reader.complaints.is_empty() { Ok(invoice) } else { Err(reader.complaints) }
    }

    fn supplier<'a>(&'a self, reader: &mut Reader<'_>) -> Option<&'a Record> {
        let code = reader.text("supplier");
        let Some(supplier) = self.masters.get("suppliers", &code) else {
            reader.complain("supplier", code::MANDATORY, "Supplier is mandatory.", &code);
            return None;
        };
        if !flag(supplier, "active") {
            reader.complain("supplier", code::INACTIVE, &format!("Supplier {code} is not active."), &code);
        }
        Some(supplier)
    }

    fn lines(&self, reader: &mut Reader<'_>, description: &str, total: Decimal) -> Vec<Line> {
        let Some(spec) = self.fields.get("lines") else { return Vec::new() };
        let postings = reader.wire.get(spec.wire_name("lines")).and_then(Value::as_list).unwrap_or_default();
        let mut lines = Vec::with_capacity(postings.len());
        for posting in postings.iter().filter_map(Value::as_record) {
            let mut inner = Reader { fields: &spec.fields, wire: posting, complaints: Vec::new() };
            let line = self.line(&mut inner, description);
            inner.too_long();
            reader.complaints.append(&mut inner.complaints);
            lines.push(line);
        }
        let sum = lines.iter().try_fold(Decimal::ZERO, |sum, line| sum.checked_add(line.amount));
        if sum != Some(total) {
            let message = "Invoice amount is not equal to the total of its postings.";
            reader.complain("total", code::UNBALANCED, message, &total.to_string());
        }
        lines
    }

    fn line(&self, reader: &mut Reader<'_>, description: &str) -> Line {
        let account = reader.text("gl_account");
        let known = self.masters.get("gl_accounts", &account);
        match known {
            None => reader.complain("gl_account", code::MANDATORY, "GL account is mandatory.", &account),
            Some(known) if !flag(known, "active") => {
                reader.complain(
                    "gl_account",
                    code::INACTIVE,
                    &format!("GL account {account} is not active."),
                    &account,
                );
            }
            Some(known) if known.get("type").and_then(Value::as_text) != Some("STANDARD") => {
                let message = format!("GL account {account} is a control account and cannot be used here.");
                reader.complain("gl_account", code::CONTROL, &message, &account);
            }
            Some(_) => {}
        }
        let wants = |name: &str| known.is_some_and(|known| flag(known, name));
        let text = reader.text("description");
        Line {
            cost_center: self.dimension(
                reader,
                "cost_center",
                "cost_centers",
                "Cost center",
                wants("wants_cost_center"),
            ),
            project: self.dimension(reader, "project", "projects", "Project", wants("wants_project")),
            sub_account: reader.text("sub_account"),
            amount: reader.sides(),
            description: if text.is_empty() { description.to_owned() } else { text },
            gl_account: account,
        }
    }

    fn dimension(&self, reader: &mut Reader<'_>, field: &str, resource: &str, title: &str, wanted: bool) -> String {
        let code = reader.text(field);
        match self.masters.get(resource, &code) {
            None if wanted || !code.is_empty() => {
                reader.complain(field, code::MANDATORY, &format!("{title} is mandatory."), &code);
            }
            Some(known) if !flag(known, "active") => {
                reader.complain(field, code::INACTIVE, &format!("{title} {code} is not active."), &code);
            }
            _ => {}
        }
        code
    }
}

impl Reader<'_> {
    fn raw(&self, name: &str) -> Option<&Value> {
        self.wire.get(self.fields.get(name).map_or(name, |spec| spec.wire_name(name)))
    }

    fn text(&self, name: &str) -> String {
        self.raw(name).map(ToString::to_string).unwrap_or_default()
    }

    fn mandatory(&mut self, name: &str) -> String {
        let text = self.text(name);
        if text.trim().is_empty() {
            self.complain(name, code::MANDATORY, "Field is mandatory.", "");
        }
        text
    }

    /// One of the values; `default` where the field is empty (`""`: there is none).
    fn listed(&mut self, name: &str, values: &[&str], default: &str) -> String {
        let text = self.text(name);
        let text = if text.is_empty() { default.to_owned() } else { text };
        if !values.contains(&text.as_str()) {
            self.complain(name, code::MANDATORY, "Field is mandatory.", &text);
        }
        text
    }

    fn day(&mut self, name: &str) -> Option<Date> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        let day = text.parse().ok();
        if day.is_none() {
            self.complain(name, code::FORMAT, "Invalid date.", &text);
        }
        day
    }

    /// Posting is at the currency's rounding.
    fn amount(&mut self, name: &str) -> Decimal {
        match self.raw(name) {
            None | Some(Value::Null) => Decimal::ZERO,
            Some(value) => match value.as_decimal() {
                Some(amount) => amount.rounded(2),
                None => {
                    let text = value.to_string();
                    self.complain(name, code::FORMAT, "Invalid amount.", &text);
                    Decimal::ZERO
                }
            },
        }
    }

    fn sides(&mut self) -> Decimal {
        let (debit, credit) = (self.amount("debitAmountTC"), self.amount("creditAmountTC"));
        debit.checked_sub(credit).unwrap_or_default()
    }

    fn order(&self) -> String {
        let orders = self.wire.get("purchaseOrders").and_then(Value::as_list).unwrap_or_default();
        let number = orders.first().and_then(Value::as_record).and_then(|order| order.get("purchaseOrderNumber"));
        number.map(ToString::to_string).unwrap_or_default()
    }

    fn too_long(&mut self) {
        for (name, spec) in self.fields {
            let text = self.text(name);
            if let Some(max) = spec.max.filter(|max| text.chars().count() > *max as usize) {
                self.complain(name, code::TOO_LONG, &format!("Field length should be less than {}.", max + 1), &text);
            }
        }
    }

    fn complain(&mut self, name: &str, code: &str, message: &str, value: &str) {
        self.complaints.push(Complaint {
            field: self.fields.get(name).map_or(name, |spec| spec.wire_name(name)).to_owned(),
            value: value.to_owned(),
            code: code.to_owned(),
            message: message.to_owned(),
        });
    }
}
