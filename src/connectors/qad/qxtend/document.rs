//! Records and data sets: one is written as rows of tables that point to each other, and
//! read back from such rows.
//!
//! Records are in the catalogue's names, on both ways.

use super::wire::{Document, Name, QxtendWire, Table};
use super::xml::{Element, can_carry};
use crate::connector::{Error, ErrorKind, FieldSpec, Permanence, ResourceSpec};
use crate::value::{Decimal, Record, Value};
use indexmap::IndexMap;
use std::collections::BTreeMap;

const ROW: &str = "tc_Rowid";
const PARENT: &str = "tc_ParentRowid";

/// What the document is to do, for those whose rows say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    Add,
    Modify,
}

/// The data set of one record.
pub fn write(
    spec: &ResourceSpec,
    wire: &QxtendWire,
    document: &Document,
    job: Job,
    record: &Record,
) -> Result<Element, Error> {
    let mut rows = rows(spec, wire, document, record, &mut 1)?;
    if let (true, Some(header)) = (document.marks_operation, rows.first_mut()) {
        header.children.insert(0, Element::leaf("operation", if job == Job::Add { "A" } else { "M" }));
    }
    Ok(Element::new(document.data_set.as_str()).with_all(rows))
}

/// The rows of one record: its own, then those of its lists. `next` is the next free row id.
pub fn rows(
    spec: &ResourceSpec,
    wire: &QxtendWire,
    document: &Document,
    record: &Record,
    next: &mut u64,
) -> Result<Vec<Element>, Error> {
    let row = Rows { wire, document };
    let own = next.to_string();
    let header = Element::new(document.table.as_str()).with_all(row.fields(&spec.fields, record, "")?);
    let mut all = vec![header.with_all(linked(next, ""))];
    for (name, list) in &document.lists {
        let items = record.get(name).and_then(Value::as_list).unwrap_or_default();
        if items.is_empty() {
            continue;
        }
        let mut parent = own.clone();
        if let Some(through) = &list.through {
            let between = next.to_string();
            all.push(Element::new(through.as_str()).with_all(linked(next, &parent)));
            parent = between;
        }
        let empty = IndexMap::new();
        let fields = spec.fields.get(name).map_or(&empty, |field| &field.fields);
        for item in items.iter().filter_map(Value::as_record) {
            let cells = row.fields(fields, item, name)?;
            all.push(Element::new(list.table.as_str()).with_all(cells).with_all(linked(next, &parent)));
        }
    }
    Ok(all)
}

fn linked(next: &mut u64, parent: &str) -> [Element; 2] {
    let row = next.to_string();
    *next += 1;
    [Element::leaf(ROW, row), Element::leaf(PARENT, parent)]
}

struct Rows<'a> {
    wire: &'a QxtendWire,
    document: &'a Document,
}

impl Rows<'_> {
    /// The cells of one row. What has no value is left out.
    fn fields(&self, specs: &IndexMap<String, FieldSpec>, record: &Record, list: &str) -> Result<Vec<Element>, Error> {
        let mut cells = Vec::new();
        for (name, value) in record.iter().filter(|(_, value)| !value.is_null() && value.as_list().is_none()) {
            let path = if list.is_empty() { name.to_string() } else { format!("{list}.{name}") };
            let spec = specs.get(&**name);
            match self.wire.name(Some(self.document), &path, spec).as_deref() {
                None => {}
                Some(Name::One(cell)) => cells.push(Element::leaf(cell.as_str(), text_of(spec, value, &path)?)),
                Some(Name::Sides { plus, minus }) => {
                    let amount = value.as_decimal().unwrap_or_default();
                    let (debit, credit) = sides(amount);
                    cells.push(Element::leaf(plus.as_str(), text_of(spec, &debit.into(), &path)?));
                    cells.push(Element::leaf(minus.as_str(), text_of(spec, &credit.into(), &path)?));
                }
            }
        }
        Ok(cells)
    }
}

/// An amount on its side, and nothing on the other.
fn sides(amount: Decimal) -> (Decimal, Decimal) {
    if amount.is_negative() { (Decimal::ZERO, amount.negated()) } else { (amount, Decimal::ZERO) }
}

/// As it stands in a cell: always a point in numbers, days as they are.
fn text_of(spec: Option<&FieldSpec>, value: &Value, place: &str) -> Result<String, Error> {
    let text = match (value, spec.and_then(|spec| spec.places)) {
        (Value::Decimal(number), Some(places)) => number.fixed(places),
        (Value::Integer(number), Some(places)) => Decimal::from(*number).fixed(places),
        _ => value.to_string(),
    };
    if can_carry(&text) {
        return Ok(text);
    }
    Err(Error::new(
        ErrorKind::Refused,
        Permanence::Permanent,
        format!("`{place}` holds a control sign that no document can carry"),
    )
    .mend("take it out where the text comes from, or in the mapping"))
}

/// How rows are read: which table is the record's, which are its lists', and how cells are named.
pub struct Reading<'a> {
    pub table: &'a str,
    pub lists: &'a IndexMap<String, Table>,
    pub name: &'a dyn Fn(&str, &FieldSpec) -> Option<Name>,
}

/// Every record of an answer, in the catalogue's names, its values as texts.
pub fn read(fields: &IndexMap<String, FieldSpec>, reading: &Reading<'_>, answer: &Element) -> Vec<Record> {
    let children: BTreeMap<&str, Children<'_>> =
        reading.lists.iter().map(|(name, table)| (name.as_str(), Children::of(answer, table))).collect();
    answer.all(reading.table).into_iter().map(|row| record_of(fields, reading, row, &children)).collect()
}

fn record_of(
    fields: &IndexMap<String, FieldSpec>,
    reading: &Reading<'_>,
    row: &Element,
    children: &BTreeMap<&str, Children<'_>>,
) -> Record {
    let mut record = Record::new();
    for (name, spec) in fields {
        if let Some(list) = children.get(name.as_str()) {
            let items = list.under(row).into_iter().map(|item| cells(&spec.fields, reading, item, name).into());
            record.insert(name.as_str(), Value::list(items.collect()));
        }
    }
    for (name, value) in cells(fields, reading, row, "").iter() {
        record.insert(name.clone(), value.clone());
    }
    // Rows that the catalogue has no list for keep the names of the wire.
    for (name, list) in children.iter().filter(|(name, _)| !fields.contains_key(**name)) {
        record.insert(*name, Value::list(list.under(row).into_iter().map(plain).collect()));
    }
    record
}

fn plain(row: &Element) -> Value {
    row.children.iter().map(|cell| (cell.name.as_str().into(), Value::text(&cell.text))).collect::<Record>().into()
}

fn cells(fields: &IndexMap<String, FieldSpec>, reading: &Reading<'_>, row: &Element, list: &str) -> Record {
    let mut record = Record::new();
    for (name, spec) in fields.iter().filter(|(_, spec)| spec.fields.is_empty()) {
        let path = if list.is_empty() { name.clone() } else { format!("{list}.{name}") };
        let cell = |name: &str| row.child(name).map(|cell| cell.text.as_str());
        let value = match (reading.name)(&path, spec) {
            None => None,
            Some(Name::One(name)) => cell(&name).map(Value::text),
            Some(Name::Sides { plus, minus }) => one_amount(cell(&plus), cell(&minus)),
        };
        if let Some(value) = value {
            record.insert(name.as_str(), value);
        }
    }
    record
}

/// The amount of two sides; a side that is no number is handed on, so that it is told of.
fn one_amount(plus: Option<&str>, minus: Option<&str>) -> Option<Value> {
    let number = |side: Option<&str>| match side.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => text.parse::<Decimal>().map(Some).map_err(|_| Value::text(text)),
    };
    match (number(plus), number(minus)) {
        (Err(text), _) | (_, Err(text)) => Some(text),
        (Ok(None), Ok(None)) => None,
        (Ok(plus), Ok(minus)) => plus.unwrap_or_default().checked_sub(minus.unwrap_or_default()).map(Value::Decimal),
    }
}

/// Rows of a list by the row that they point to. Some adapters nest them instead.
struct Children<'a> {
    table: &'a str,
    by_parent: BTreeMap<&'a str, Vec<&'a Element>>,
}

impl<'a> Children<'a> {
    fn of(answer: &'a Element, table: &'a Table) -> Self {
        let between: BTreeMap<&str, &str> = table.through.as_deref().map_or_else(BTreeMap::new, |through| {
            answer.all(through).into_iter().map(|row| (row.text_of(ROW), row.text_of(PARENT))).collect()
        });
        let mut by_parent: BTreeMap<&str, Vec<&Element>> = BTreeMap::new();
        for row in answer.all(&table.table) {
            let parent = row.text_of(PARENT);
            let parent = between.get(parent).copied().unwrap_or(parent);
            if !parent.is_empty() {
                by_parent.entry(parent).or_default().push(row);
            }
        }
        Self { table: &table.table, by_parent }
    }

    fn under(&self, row: &'a Element) -> Vec<&'a Element> {
        let nested = row.all(self.table);
        if !nested.is_empty() {
            return nested;
        }
        self.by_parent.get(row.text_of(ROW)).cloned().unwrap_or_default()
    }
}
