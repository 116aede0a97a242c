//! Documents that write: taken as QXtend takes them, then held against QAD's own rules.
//!
//! What is too long is cut and what is not known is left aside, with a warning only.

use super::answer::{self, Said};
use super::{Request, Resource};
use crate::connector::{FakeChange, FieldSpec, decode};
use crate::connectors::qad::dress::{self, Terms};
use crate::connectors::qad::error::Complaint;
use crate::connectors::qad::fake::QadFake;
use crate::connectors::qad::fake::entities::TWIN;
use crate::connectors::qad::fake::ledger::{Invoice, InvoiceKey, Match};
use crate::connectors::qad::fake::matching::MATCHED_STATUS;
use crate::connectors::qad::qxtend::document::{self, Job, Reading};
use crate::connectors::qad::qxtend::invoice;
use crate::connectors::qad::qxtend::matching::{COSTS, MATCHES};
use crate::connectors::qad::qxtend::session::property;
use crate::connectors::qad::qxtend::wire::{Document, Name};
use crate::connectors::qad::qxtend::xml::Element;
use crate::value::{Decimal, Record, Value};
use crate::world::HttpResponse;
use indexmap::IndexMap;
use std::borrow::Cow;

/// Cells that every row may have.
const LINKS: [&str; 3] = ["tc_Rowid", "tc_ParentRowid", "operation"];

impl QadFake {
    /// One document that writes a record.
    pub fn document(&mut self, resource: Resource, document: &Document, request: &Request<'_>) -> HttpResponse {
        let respond = |said: &[Said], data| answer::response(request.operation, request.context, said, data);
        let Some(set) = request.operation.child(&document.data_set) else {
            return respond(&[error("No data was submitted")], None);
        };
        let mut said = Vec::new();
        let set = cut(resource, document, set, &mut said);
        if set.all(&document.table).len() != 1 {
            said.push(error(&format!("Exactly one {} may be submitted", resource.spec.title)));
            return respond(&said, None);
        }
        let taken = match resource.name {
            invoice::RESOURCE => self.take_invoice(resource, document, &set, request),
            _ => self.take_payment(resource, document, &set, request),
        };
        match taken {
            Ok((shown, warning)) => {
                let warning = warning.map(|text| format!("WARNING: {text}"));
                said.extend(warning.map(|text| Said { severity: "warning", text, ..Said::default() }));
                let data = document::write(resource.spec, resource.wire, document, Job::Add, &shown).ok();
                respond(&said, data.filter(|_| !request.suppress_detail))
            }
            Err(complaints) => {
                said.extend(complaints.iter().map(|complaint| told(resource, document, complaint)));
                respond(&said, None)
            }
        }
    }

    /// Saves an invoice; hands on how it stands, and what QAD warns of.
    fn take_invoice(
        &mut self,
        resource: Resource,
        document: &Document,
        set: &Element,
        request: &Request<'_>,
    ) -> Result<(Record, Option<&'static str>), Vec<Complaint>> {
        let invoice = self.read_invoice(resource, document, set, request)?;
        let warning = self.ledger.has_twin(&invoice).then_some(TWIN);
        if !validates_only(request) {
            self.ledger.save(invoice.clone());
            self.changes.push(FakeChange(serde_json::to_value(&invoice).expect("an invoice is plain data")));
        }
        Ok((self.posted(&invoice.record()), warning))
    }

    /// Books a payment; hands on how it stands, and what QAD warns of.
    fn take_payment(
        &mut self,
        resource: Resource,
        document: &Document,
        set: &Element,
        request: &Request<'_>,
    ) -> Result<(Record, Option<&'static str>), Vec<Complaint>> {
        let (record, _) = submitted(resource, document, set)?;
        let wire = self.as_over_rest(resource, &record);
        let rules = self.rules(resource.spec, request.now);
        let payment = match resource.name {
            "customer_payments" => rules.read_receipt(&wire)?,
            _ => rules.read_payment(&wire, &self.ledger)?,
        };
        if validates_only(request) {
            return Ok((payment.record(), None));
        }
        let (payment, warning) = self.book(payment);
        Ok((payment.record(), warning))
    }

    fn read_invoice(
        &self,
        resource: Resource,
        document: &Document,
        set: &Element,
        request: &Request<'_>,
    ) -> Result<Invoice, Vec<Complaint>> {
        let (mut record, row) = submitted(resource, document, set)?;
        if let Some(order) = ordered(&row) {
            record.insert("purchase_order", order);
        }
        if document.lists.contains_key(MATCHES) {
            return self.read_matched(resource, document, record, &row, request);
        }
        let total = record.get("total").and_then(Value::as_decimal).unwrap_or_default();
        if document.lists.contains_key("lines") {
            self.take_control_line(&mut record, total)?;
        }
        let wire = self.as_over_rest(resource, &record);
        let mut invoice = self.rules(resource.spec, request.now).read(&wire)?;
        self.numbered(&mut invoice, &record);
        Ok(invoice)
    }

    /// An invoice together with its match.
    fn read_matched(
        &self,
        resource: Resource,
        document: &Document,
        mut record: Record,
        row: &Record,
        request: &Request<'_>,
    ) -> Result<Invoice, Vec<Complaint>> {
        let matches: Vec<Match> = rows_of(resource, document, row, MATCHES).iter().map(match_of).collect();
        record.insert("purchase_order", matches.first().map(|taken| taken.order.as_str()).unwrap_or_default());
        record.insert("status_code", MATCHED_STATUS);
        let wire = self.as_over_rest(resource, &record);
        let rules = self.rules(resource.spec, request.now);
        let mut invoice = rules.read(&wire)?;
        let costs = rows_of(resource, document, row, COSTS);
        let costs: Vec<Record> = costs.iter().map(|cost| sided(resource, cost)).collect();
        self.numbered(&mut invoice, &record);
        self.matched(&rules, invoice, &matches, &costs)
    }

    /// The record in the names that QAD's rules read.
    fn as_over_rest(&self, resource: Resource, record: &Record) -> Record {
        let terms = Terms { profile: &self.tenant.profile, domain: &self.domain, entity: &self.entity };
        let mut wire = dress::of(resource.name).changes(resource.spec, terms, record, record);
        let entity = record.get("entity").map(ToString::to_string).unwrap_or_default();
        wire.insert(resource.spec.fields.get("entity").map_or("entity", |spec| spec.wire_name("entity")), entity);
        wire
    }

    /// One line must hit the supplier control account with the other side of the total.
    fn take_control_line(&self, record: &mut Record, total: Decimal) -> Result<(), Vec<Complaint>> {
        let mut lines = record.get("lines").and_then(Value::as_list).unwrap_or_default().to_vec();
        let is_control = |line: &Value| {
            let line = line.as_record();
            let account = line.and_then(|line| line.get("gl_account")).map(ToString::to_string).unwrap_or_default();
            let amount = line.and_then(|line| line.get("amount")).and_then(Value::as_decimal).unwrap_or_default();
            let known = self.masters.get("gl_accounts", &account).and_then(|account| account.get("type").cloned());
            known.is_some_and(|kind| kind.as_text() == Some("SUPPLIERCONTROL")) && amount == total.negated()
        };
        let Some(at) = lines.iter().rposition(is_control) else {
            return Err(vec![complaint("gl_account", "One posting line must use the supplier control account.")]);
        };
        lines.remove(at);
        record.insert("lines", Value::list(lines));
        Ok(())
    }

    /// A key that is there makes a change; anything else takes the daybook's next number.
    fn numbered(&self, invoice: &mut Invoice, record: &Record) {
        let number = |name: &str| record.get(name).and_then(Value::as_integer).unwrap_or_default();
        let key = InvoiceKey {
            entity: invoice.key.entity.clone(),
            year: number("year"),
            daybook: invoice.key.daybook.clone(),
            voucher: number("voucher"),
        };
        match self.ledger.get(&key) {
            Some(present) => (invoice.key, invoice.saves, invoice.paid) = (key, present.saves + 1, present.paid),
            None => {
                let key = &invoice.key;
                invoice.key.voucher = self.ledger.next_voucher(&key.entity, key.year, &key.daybook);
                invoice.saves = 1;
            }
        }
    }
}

/// The one record of a data set, in the catalogue's names; and its row as it was read.
fn submitted(resource: Resource, document: &Document, set: &Element) -> Result<(Record, Record), Vec<Complaint>> {
    let name = |path: &str, spec: &FieldSpec| resource.wire.name(Some(document), path, Some(spec)).map(Cow::into_owned);
    let reading = Reading { table: &document.table, lists: &document.lists, name: &name };
    let row = document::read(&resource.spec.fields, &reading, set).into_iter().next().unwrap_or_default();
    let last = resource.spec.identity.last().map_or("?", String::as_str);
    let record = decode(resource.name, last, &lenient(&resource.spec.fields), &row.clone().into())
        .map_err(|error| vec![complaint(&error.field, &format!("Invalid value: {}.", error.problem))])?;
    Ok((record, row))
}

/// The document is only to be looked at.
fn validates_only(request: &Request<'_>) -> bool {
    property(request.context, "action").is_some_and(|action| action.eq_ignore_ascii_case("validate"))
}

/// The data set with every text cut to its length and every unknown cell left aside.
fn cut(resource: Resource, document: &Document, set: &Element, said: &mut Vec<Said>) -> Element {
    let mut kept = Element::new(set.name.as_str());
    let mut numbers: IndexMap<&str, usize> = IndexMap::new();
    for row in &set.children {
        let number = numbers.entry(row.name.as_str()).or_default();
        *number += 1;
        let place = format!("{}#{number}({})", row.name, row.text_of("tc_Rowid"));
        let through = document.lists.values().any(|list| list.through.as_deref() == Some(row.name.as_str()));
        let list = document.lists.iter().find(|(_, list)| list.table == row.name).map(|(name, _)| name.as_str());
        match list {
            _ if row.name == document.table => kept.children.push(cut_row(resource, document, row, "", &place, said)),
            Some(list) => kept.children.push(cut_row(resource, document, row, list, &place, said)),
            None if through => kept.children.push(row.clone()),
            None => said.push(unused("Iterations were unused", &place, "")),
        }
    }
    kept
}

fn cut_row(
    resource: Resource,
    document: &Document,
    row: &Element,
    list: &str,
    place: &str,
    said: &mut Vec<Said>,
) -> Element {
    let known = cells(resource, document, list);
    let mut kept = Element::new(row.name.as_str());
    for cell in &row.children {
        let at = format!("{place} field({})", cell.name);
        match known.get(&cell.name) {
            Some(max) => {
                let mut cell = cell.clone();
                if let Some(max) = max.filter(|max| cell.text.chars().count() > *max as usize) {
                    cell.text = cell.text.chars().take(max as usize).collect();
                    said.push(unused("Submitted data was truncated", &at, ""));
                }
                kept.children.push(cell);
            }
            None if LINKS.contains(&cell.name.as_str()) => kept.children.push(cell.clone()),
            None => said.push(unused("Field was unused", &at, &cell.name)),
        }
    }
    kept
}

/// Every cell that a row may have, with its longest length.
fn cells(resource: Resource, document: &Document, list: &str) -> IndexMap<String, Option<u32>> {
    let mut known = IndexMap::new();
    let mut add = |name: &Name, max: Option<u32>| match name {
        Name::One(one) => drop(known.insert(one.clone(), max)),
        Name::Sides { plus, minus } => {
            known.insert(plus.clone(), None);
            known.insert(minus.clone(), None);
        }
    };
    for (path, name) in resource.wire.fields.iter().chain(&document.fields) {
        let (head, last) = path.split_once('.').unwrap_or(("", path));
        if head == list {
            let fields = if list.is_empty() {
                Some(&resource.spec.fields)
            } else {
                resource.spec.fields.get(list).map(|spec| &spec.fields)
            };
            add(name, fields.and_then(|fields| fields.get(last)).and_then(|spec| spec.max));
        }
    }
    known
}

/// The rows of a list that only the document has, in the document's own names for them.
fn rows_of(resource: Resource, document: &Document, row: &Record, list: &str) -> Vec<Record> {
    let items = row.get(list).and_then(Value::as_list).unwrap_or_default();
    let named = |item: &Record| {
        let mut record = Record::new();
        for (path, name) in document.fields.iter().chain(&resource.wire.fields) {
            let Some(field) = path.strip_prefix(list).and_then(|rest| rest.strip_prefix('.')) else { continue };
            let cell = |name: &str| item.get(name).cloned();
            let value = match name {
                Name::One(name) => cell(name),
                Name::Sides { plus, minus } => {
                    let side = |name: &str| cell(name).and_then(|side| side.to_string().parse().ok());
                    let (plus, minus): (Option<Decimal>, Option<Decimal>) = (side(plus), side(minus));
                    plus.unwrap_or_default().checked_sub(minus.unwrap_or_default()).map(Value::Decimal)
                }
            };
            record.insert(field, value.unwrap_or_default());
        }
        record
    };
    items.iter().filter_map(Value::as_record).map(named).collect()
}

fn match_of(row: &Record) -> Match {
    let text = |name: &str| row.get(name).map(ToString::to_string).unwrap_or_default();
    Match {
        order: text("purchase_order"),
        line: text("line").parse().unwrap_or_default(),
        receiver: text("receiver"),
        quantity: text("quantity").parse().unwrap_or_default(),
        unit_price: text("unit_price").parse().unwrap_or_default(),
    }
}

/// A cost in the names that QAD's rules read, its amount on its side.
fn sided(resource: Resource, cost: &Record) -> Record {
    let fields = resource.spec.fields.get("lines").map(|lines| &lines.fields);
    let mut wire = Record::new();
    for (name, value) in cost.iter().filter(|(name, _)| &***name != "amount") {
        let named = fields.and_then(|fields| fields.get(&**name)).map_or(&**name, |spec| spec.wire_name(name));
        wire.insert(named, value.clone());
    }
    let amount = cost.get("amount").and_then(Value::as_decimal).unwrap_or_default();
    let side = if amount.is_negative() { "creditAmountTC" } else { "debitAmountTC" };
    wire.insert(side, amount.abs());
    wire
}

fn ordered(row: &Record) -> Option<Value> {
    let orders = row.get("orders")?.as_list()?;
    let order = orders.first()?.as_record()?;
    order.iter().find(|(name, _)| name.ends_with("PoNbr")).map(|(_, number)| number.clone())
}

/// The fields as the rules want them: what is missing is theirs to complain of.
fn lenient(fields: &IndexMap<String, FieldSpec>) -> IndexMap<String, FieldSpec> {
    let lenient = fields.iter().map(|(name, field)| {
        let own = FieldSpec {
            wire: None,
            aliases: Vec::new(),
            required: false,
            fields: lenient(&field.fields),
            ..field.clone()
        };
        (name.clone(), own)
    });
    lenient.collect()
}

fn complaint(field: &str, message: &str) -> Complaint {
    Complaint { field: field.to_owned(), message: message.to_owned(), ..Complaint::default() }
}

fn error(text: &str) -> Said {
    Said { severity: "error", text: format!("ERROR: {text}"), ..Said::default() }
}

fn unused(text: &str, place: &str, field: &str) -> Said {
    Said {
        severity: "warning",
        text: text.to_owned(),
        place: place.to_owned(),
        field: field.to_owned(),
        ..Said::default()
    }
}

/// A complaint in QXtend's names.
fn told(resource: Resource, document: &Document, complaint: &Complaint) -> Said {
    Said {
        severity: "error",
        text: format!("ERROR: {}", complaint.message),
        field: wire_field(resource, document, &resource.spec.fields, "", &complaint.field)
            .unwrap_or_else(|| complaint.field.clone()),
        data: complaint.value.clone(),
        number: complaint.code.clone(),
        place: String::new(),
    }
}

fn wire_field(
    resource: Resource,
    document: &Document,
    fields: &IndexMap<String, FieldSpec>,
    list: &str,
    wanted: &str,
) -> Option<String> {
    fields.iter().find_map(|(name, spec)| {
        let path = if list.is_empty() { name.clone() } else { format!("{list}.{name}") };
        if spec.wire_name(name) == wanted || name == wanted {
            return match resource.wire.name(Some(document), &path, Some(spec)).as_deref() {
                Some(Name::One(one)) => Some(one.clone()),
                Some(Name::Sides { plus, .. }) => Some(plus.clone()),
                None => None,
            };
        }
        wire_field(resource, document, &spec.fields, &path, wanted)
    })
}
