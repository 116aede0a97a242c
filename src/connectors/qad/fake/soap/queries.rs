//! Queries of the Financials API: `tFilter` rows in, rows of tables out.

use super::answer::{self, Said};
use super::filter::meets;
use super::{Request, Resource};
use crate::connectors::qad::fake::QadFake;
use crate::connectors::qad::qxtend::document;
use crate::connectors::qad::qxtend::invoice;
use crate::connectors::qad::qxtend::wire::{Document, Name};
use crate::connectors::qad::qxtend::xml::Element;
use crate::value::{Record, Value};
use crate::world::HttpResponse;
use indexmap::IndexMap;

/// However many are asked for, no answer has more rows.
const MOST_ROWS: usize = 30_000;

/// One row of `tFilter`, by the catalogue's name of its field.
struct Condition {
    field: String,
    operator: String,
    value: String,
}

impl QadFake {
    /// One query. A field that is not known is left aside, with a warning only.
    pub fn query(&self, resource: Resource, request: &Request<'_>) -> HttpResponse {
        let names = &self.style().fin_api;
        let mut said = Vec::new();
        let mut conditions = Vec::new();
        for row in request.operation.child(&names.filter_set).map(|set| set.all("tFilter")).unwrap_or_default() {
            match condition(resource, row) {
                Some(condition) => conditions.push(condition),
                None => said.push(Said {
                    severity: "warning",
                    text: "Field was unused".to_owned(),
                    place: format!("tFilter({})", row.text_of("tcBusinessFieldName")),
                    field: row.text_of("tcBusinessFieldName").rsplit('.').next().unwrap_or_default().to_owned(),
                    ..Said::default()
                }),
            }
        }
        let number = |name: &str| request.operation.text_of(name).parse::<usize>().ok();
        let first = number(&names.first_row).unwrap_or(1).max(1);
        let count = number(&names.row_count).unwrap_or(100).min(MOST_ROWS);
        let shape = shape(resource);
        let mut next = 1;
        let passes = |record: &Record| {
            conditions.iter().all(|condition| {
                let value = record.get(&condition.field).unwrap_or(&Value::Null);
                meets(value, &condition.operator, &condition.value) == Some(true)
            })
        };
        let found = self.kept(resource.name).into_iter().filter(passes).skip(first - 1).take(count);
        let rows: Vec<Element> = found
            .flat_map(|record| {
                let record = if resource.name == invoice::RESOURCE { self.posted(&record) } else { record };
                let record = filled(resource, record);
                document::rows(resource.spec, resource.wire, &shape, &record, &mut next).unwrap_or_default()
            })
            .collect();
        let data = Element::new(shape.data_set.as_str()).with_all(rows);
        answer::response(request.operation, request.context, &said, Some(data))
    }

    /// Every record of a resource, in the catalogue's names.
    pub fn kept(&self, resource: &str) -> Vec<Record> {
        if resource == invoice::RESOURCE {
            return self.ledger.all().map(|invoice| invoice.record()).collect();
        }
        self.records(resource)
    }

    /// The account that suppliers are owed on.
    fn control_account(&self) -> String {
        let usual = &self.style().invoice.control_account;
        let code = |account: &Record| account.get("code").map(ToString::to_string).unwrap_or_default();
        let is_control = |account: &&Record| account.get("type").and_then(Value::as_text) == Some("SUPPLIERCONTROL");
        let mut accounts = self.masters.all("gl_accounts").filter(is_control).map(code);
        let first = accounts.next().unwrap_or_default();
        if first == *usual || accounts.any(|other| other == *usual) { usual.clone() } else { first }
    }

    /// An invoice with its control line and the row of its order, as the ledger holds it.
    pub fn posted(&self, record: &Record) -> Record {
        let mut posted = record.clone();
        let number = posted.remove("purchase_order").filter(|number| number.as_text() != Some(""));
        let mut lines = record.get("lines").and_then(Value::as_list).unwrap_or_default().to_vec();
        let total = record.get("total").and_then(Value::as_decimal).unwrap_or_default();
        let mut control = Record::new();
        control.insert("gl_account", self.control_account());
        control.insert("amount", total.negated());
        control.insert("description", record.get("description").cloned().unwrap_or_default());
        lines.push(control.into());
        posted.insert("lines", Value::list(lines));
        if let Some(number) = number {
            let mut order = Record::new();
            order.insert("domain", self.domain.as_str());
            order.insert("purchase_order", number);
            posted.insert("orders", Value::list(vec![order.into()]));
        }
        posted
    }
}

/// A query shows every column, empty where there is nothing.
fn filled(resource: Resource, mut record: Record) -> Record {
    for name in resource.spec.fields.iter().filter(|(_, spec)| spec.fields.is_empty()).map(|(name, _)| name.as_str()) {
        if record.get(name).is_none_or(Value::is_null) && resource.wire.fields.contains_key(name) {
            record.insert(name, "");
        }
    }
    record
}

/// The answer's tables.
fn shape(resource: Resource) -> Document {
    Document {
        element: String::new(),
        data_set: format!("ds{}", resource.wire.query),
        version: None,
        action: None,
        table: resource.wire.table.clone(),
        fields: IndexMap::new(),
        lists: resource.wire.lists.clone(),
        parameters: IndexMap::new(),
        marks_operation: false,
    }
}

fn condition(resource: Resource, row: &Element) -> Option<Condition> {
    let name = row.text_of("tcBusinessFieldName");
    if let Some((field, _)) = resource.wire.filters.iter().find(|(_, filter)| *filter == name) {
        return Some(Condition {
            field: field.clone(),
            operator: row.text_of("tcOperator").to_owned(),
            value: row.text_of("tcParameterValue").to_owned(),
        });
    }
    let (table, column) = name.split_once('.')?;
    if table != resource.wire.table {
        return None;
    }
    let named = |(name, spec): &(&String, &crate::connector::FieldSpec)| matches!(resource.wire.name(None, name, Some(spec)).as_deref(), Some(Name::One(one)) if one == column);
    let (field, _) = resource.spec.fields.iter().find(named)?;
    Some(Condition {
        field: field.clone(),
        operator: row.text_of("tcOperator").to_owned(),
        value: row.text_of("tcParameterValue").to_owned(),
    })
}
