//! What QAD asks of a supplier invoice before it takes it.
//!
//! Takes the record as it came over the wire; hands on an [`Invoice`] or every complaint.
//! A code that is not known is called mandatory, as in the real one.

use super::ledger::{Invoice, InvoiceKey, Line};
use super::masters::{Masters, flag};
use crate::connector::FieldSpec;
use crate::connectors::qad::error::Complaint;
use crate::connectors::qad::profile::Profile;
use crate::value::{Date, Decimal, Record, Value};
use indexmap::IndexMap;

/// Codes of the messages. Only 47 is known from a real system.
pub(super) mod code {
    pub const MANDATORY: &str = "2";
    pub const TOO_LONG: &str = "47";
    pub const INACTIVE: &str = "101";
    pub const CONTROL: &str = "102";
    pub const CLOSED: &str = "103";
    pub const UNBALANCED: &str = "104";
    pub const FORMAT: &str = "105";
    pub const SIDE: &str = "106";
    pub const ORDER: &str = "107";
    pub const OVERPAID: &str = "108";
    pub const LOCKED: &str = "109";
    pub const UNMATCHED: &str = "110";
}

const STATUS_CODES: [&str; 4] = ["AP-INITIAL", "AP-NOALLOC", "AP-RMALLOC", "AP-GLALLOC"];
/// The only status that keeps lines coded to accounts; others drop them without a word.
const CODED: &str = "AP-GLALLOC";
/// The daybooks of invoices and of credit notes.
const INVOICES: &str = "SI";
const CREDIT_NOTES: &str = "SC";

/// The rules of one moment.
pub struct Rules<'a> {
    pub fields: &'a IndexMap<String, FieldSpec>,
    pub masters: &'a Masters,
    pub entity: &'a str,
    pub currency: &'a str,
    /// The tenant's own codes, beside those that every QAD is delivered with.
    pub own: &'a Profile,
    /// Periods before this day are closed for purchases.
    pub open_from: Date,
    pub today: Date,
}

/// Reads wire fields by the catalogue's names, and collects complaints.
pub(super) struct Reader<'a> {
    pub fields: &'a IndexMap<String, FieldSpec>,
    pub wire: &'a Record,
    pub complaints: Vec<Complaint>,
}

impl Rules<'_> {
    /// The invoice without its number: `voucher` is 0, `saves` is 0.
    pub fn read(&self, wire: &Record) -> Result<Invoice, Vec<Complaint>> {
        let mut reader = Reader { fields: self.fields, wire, complaints: Vec::new() };
        let supplier = self.party(&mut reader, "supplier", "suppliers", "Supplier");
        self.entity(&mut reader);
        let terms = supplier.and_then(|supplier| supplier.get("credit_terms")).map(ToString::to_string);
        let invoice_date = reader.day("invoice_date").unwrap_or(self.today);
        let posting_date = reader.day("posting_date").unwrap_or(invoice_date);
        self.period(&mut reader, "posting_date", posting_date);
        let own = &self.own.invoice;
        let mut statuses = STATUS_CODES.to_vec();
        statuses.extend([own.status_code.as_str(), own.status_code_matched.as_str()]);
        let status_code = reader.listed("status_code", &statuses, CODED);
        let description = reader.mandatory("description");
        let kind = reader.known("type", "INVOICE");
        let total = owed(&mut reader, &kind);
        // A delivered status does what it is delivered for, whatever a tenant takes it for.
        let is_delivered = STATUS_CODES.contains(&status_code.as_str());
        let is_coded = status_code == CODED || !is_delivered && status_code == own.status_code;
        let lines = self.lines(&mut reader, &description, total, is_coded);
        let daybooks = match Invoice::is_debit(&kind) {
            true => [CREDIT_NOTES, own.credit_note_daybook.as_str()],
            false => [INVOICES, own.daybook.as_str()],
        };
        let daybook = reader.listed("daybook", &daybooks, "");
        let purchase_order = self.order(&mut reader, supplier);
        let invoice = Invoice {
            key: InvoiceKey {
                entity: self.entity.to_owned(),
                year: i64::from(posting_date.year()),
                daybook,
                voucher: 0,
            },
            supplier: supplier.and_then(|supplier| supplier.get("code")).map(ToString::to_string).unwrap_or_default(),
            reference: reader.text("reference"),
            kind,
            invoice_date,
            posting_date,
            due_date: reader.day("due_date").unwrap_or_else(|| invoice_date.plus_days(30)),
            currency: reader.listed("currency", &[self.currency], self.currency),
            description,
            credit_terms: Some(reader.text("credit_terms"))
                .filter(|text| !text.is_empty())
                .or(terms)
                .unwrap_or_default(),
            purchase_order,
            total,
            paid: Decimal::ZERO,
            lines: if is_coded { lines } else { Vec::new() },
            matches: Vec::new(),
            status_code,
            saves: 0,
        };
        reader.too_long();
        if reader.complaints.is_empty() { Ok(invoice) } else { Err(reader.complaints) }
    }

    /// The supplier or customer that a field names; whoever is not active takes nothing.
    pub(super) fn party(&self, reader: &mut Reader<'_>, field: &str, resource: &str, title: &str) -> Option<&Record> {
        let code = reader.text(field);
        let Some(party) = self.masters.get(resource, &code) else {
            reader.complain(field, code::MANDATORY, &format!("{title} is mandatory."), &code);
            return None;
        };
        if !flag(party, "active") {
            reader.complain(field, code::INACTIVE, &format!("{title} {code} is not active."), &code);
        }
        Some(party)
    }

    pub(super) fn entity(&self, reader: &mut Reader<'_>) {
        let entity = reader.text("entity");
        if !entity.is_empty() && !entity.eq_ignore_ascii_case(self.entity) {
            reader.complain("entity", code::MANDATORY, "Entity does not belong to the current workspace.", &entity);
        }
    }

    /// Purchases may be closed while the general ledger is open.
    pub(super) fn period(&self, reader: &mut Reader<'_>, field: &str, day: Date) {
        if day < self.open_from {
            let message = format!("Period {}/{:02} is closed for purchases.", day.year(), day.month());
            reader.complain(field, code::CLOSED, &message, &day.to_string());
        }
    }

    /// The order that is billed: it must be there, and be the supplier's own.
    fn order(&self, reader: &mut Reader<'_>, supplier: Option<&Record>) -> String {
        let number = reader.order();
        if number.is_empty() {
            return number;
        }
        let Some(order) = self.masters.get("purchase_orders", &number) else {
            reader.complain("purchase_order", code::MANDATORY, "Purchase order is mandatory.", &number);
            return number;
        };
        let code = |record: &Record, name: &str| record.get(name).map(|code| code.to_string().to_lowercase());
        if supplier.is_some_and(|supplier| code(supplier, "code") != code(order, "supplier")) {
            let message = format!("Purchase order {number} belongs to another supplier.");
            reader.complain("purchase_order", code::ORDER, &message, &number);
        }
        number
    }

    /// Without coded lines, an invoice whose status keeps none need not have any.
    fn lines(&self, reader: &mut Reader<'_>, description: &str, total: Decimal, is_coded: bool) -> Vec<Line> {
        let Some(spec) = self.fields.get("lines") else { return Vec::new() };
        let postings = reader.wire.get(spec.wire_name("lines")).and_then(Value::as_list).unwrap_or_default();
        if postings.is_empty() && !is_coded {
            return Vec::new();
        }
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

    /// Costs beside what is matched: lines that stand for themselves.
    pub fn costs(&self, rows: &[Record], description: &str) -> (Vec<Line>, Vec<Complaint>) {
        let Some(spec) = self.fields.get("lines") else { return (Vec::new(), Vec::new()) };
        let mut complaints = Vec::new();
        let read = |row: &Record| {
            let mut reader = Reader { fields: &spec.fields, wire: row, complaints: Vec::new() };
            let line = self.line(&mut reader, description);
            complaints.append(&mut reader.complaints);
            line
        };
        (rows.iter().map(read).collect(), complaints)
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
            sub_account: self.dimension(reader, "sub_account", "sub_accounts", "Sub-account", false),
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

/// What is owed. On the wire no kind but a correction has an amount below nothing: a credit
/// note's stands on the other side.
fn owed(reader: &mut Reader<'_>, kind: &str) -> Decimal {
    let amount = reader.amount("total");
    if amount.is_negative() && !kind.ends_with("CORRECTION") {
        let message = format!("Amount of type {kind} must not be negative.");
        reader.complain("total", code::SIDE, &message, &amount.to_string());
    }
    if Invoice::is_debit(kind) { amount.negated() } else { amount }
}

impl Reader<'_> {
    pub fn raw(&self, name: &str) -> Option<&Value> {
        self.wire.get(self.fields.get(name).map_or(name, |spec| spec.wire_name(name)))
    }

    pub fn text(&self, name: &str) -> String {
        self.raw(name).map(ToString::to_string).unwrap_or_default()
    }

    pub fn mandatory(&mut self, name: &str) -> String {
        let text = self.text(name);
        if text.trim().is_empty() {
            self.complain(name, code::MANDATORY, "Field is mandatory.", "");
        }
        text
    }

    /// One of the values; `default` where the field is empty (`""`: there is none).
    pub fn listed(&mut self, name: &str, values: &[&str], default: &str) -> String {
        let text = self.text(name);
        let text = if text.is_empty() { default.to_owned() } else { text };
        if !values.contains(&text.as_str()) {
            self.complain(name, code::MANDATORY, "Field is mandatory.", &text);
        }
        text
    }

    /// One of the values that the catalogue knows.
    pub fn known(&mut self, name: &str, default: &str) -> String {
        let fields = self.fields;
        let values: Vec<&str> =
            fields.get(name).map(|spec| spec.values.iter().map(String::as_str).collect()).unwrap_or_default();
        self.listed(name, &values, default)
    }

    pub fn day(&mut self, name: &str) -> Option<Date> {
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
    pub fn amount(&mut self, name: &str) -> Decimal {
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

    pub fn too_long(&mut self) {
        for (name, spec) in self.fields {
            let text = self.text(name);
            if let Some(max) = spec.max.filter(|max| text.chars().count() > *max as usize) {
                self.complain(name, code::TOO_LONG, &format!("Field length should be less than {}.", max + 1), &text);
            }
        }
    }

    pub fn complain(&mut self, name: &str, code: &str, message: &str, value: &str) {
        self.complaints.push(Complaint {
            field: self.fields.get(name).map_or(name, |spec| spec.wire_name(name)).to_owned(),
            value: value.to_owned(),
            code: code.to_owned(),
            message: message.to_owned(),
        });
    }
}
