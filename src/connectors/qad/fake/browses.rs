//! The browse service, with its silences: an unknown browse, a missing `page` or
//! `pageAction` and a list without rows all answer 200 with no rows.

use super::QadFake;
use super::answer::{self, record};
use super::filter::Filter;
use super::ledger::Invoice;
use super::payments::{Payment, Side};
use super::{names, purchasing};
use crate::connector::{FieldSpec, ResourceSpec, SpecType};
use crate::connectors::qad::catalogue::{LinesWire, column};
use crate::connectors::qad::query::Query;
use crate::value::{Record, Value};
use crate::world::HttpResponse;

const FIELDS: &str = "urn:browse:custom:lookupBrowseFields";
/// However many are asked for, no page is longer.
const LARGEST_PAGE: usize = 1_000;

impl QadFake {
    /// `GET /api/qracore/browses`
    pub fn browse(&self, query: &Query) -> HttpResponse {
        let page = query.get("page").and_then(|page| page.parse::<usize>().ok()).filter(|page| *page > 0);
        let (Some(page), Some(_)) = (page, query.get("pageAction")) else { return rows(Vec::new(), false) };
        let size = query.get("pageSize").and_then(|size| size.parse().ok()).unwrap_or(100_usize).clamp(1, LARGEST_PAGE);
        let all = self.browsed(query);
        let from = (page - 1).saturating_mul(size);
        let more = all.len() > from.saturating_add(size);
        let shown = all.into_iter().enumerate().skip(from).take(size).map(|(index, mut row)| {
            let number = i64::try_from(index + 1).unwrap_or(i64::MAX);
            row.insert("local_variables.uniqueId", number.to_string());
            row.insert("local_variables.BrowseRowOrderIndex", number);
            row.into()
        });
        rows(shown.collect(), more)
    }

    /// `GET /api/qracore/browses/totalCount/`
    pub fn browse_count(&self, query: &Query) -> HttpResponse {
        let count = i64::try_from(self.browsed(query).len()).unwrap_or(i64::MAX);
        answer::json(200, record([("data", record([("totalCount", count.into())]).into())]))
    }

    /// Rows of one resource that pass every filter, in the entity of the books.
    pub fn filtered(&self, resource: &str, spec: &ResourceSpec, query: &Query) -> Vec<Record> {
        let filters: Vec<Filter> = query.all("filter").map(Filter::parse).collect();
        let passes = |row: &&Record| filters.iter().all(|filter| filter.passes(row));
        if resource == "supplier_invoices" {
            return self.ledger.rows().filter(passes).cloned().collect();
        }
        let rows: Vec<Record> = self.records(resource).iter().map(|record| names::row(spec, record)).collect();
        rows.iter().filter(passes).cloned().collect()
    }

    /// Rows of the lines of all records of a resource.
    fn lines_filtered(&self, resource: &str, spec: &ResourceSpec, lines: &LinesWire, query: &Query) -> Vec<Record> {
        let Some((_, wire)) = self.tenant.resource(resource) else { return Vec::new() };
        let Some(field) = spec.fields.get("lines") else { return Vec::new() };
        let filters: Vec<Filter> = query.all("filter").map(Filter::parse).collect();
        let rows = self.records(resource).into_iter().flat_map(|record| {
            let named = record.get(&wire.ask_by).cloned().unwrap_or_default();
            let held = record.get("lines").and_then(Value::as_list).unwrap_or_default().to_vec();
            held.into_iter().filter_map(move |line| {
                let mut row = names::line_row(&field.fields, line.as_record()?);
                row.insert(lines.column.as_str(), named.clone());
                Some(row)
            })
        });
        rows.filter(|row| filters.iter().all(|filter| filter.passes(row))).collect()
    }

    /// The records of a resource, in the catalogue's names.
    pub fn records(&self, resource: &str) -> Vec<Record> {
        match resource {
            "supplier_invoices" => self.ledger.all().map(Invoice::on_its_side).collect(),
            "ap_payments" => self.ledger.payments.of(Side::Supplier).map(Payment::record).collect(),
            "customer_payments" => self.ledger.payments.of(Side::Customer).map(Payment::record).collect(),
            "goods_receipts" => self.receipts(),
            "periods" => purchasing::periods(&self.entity, self.open_from),
            _ => self.masters.all(resource).cloned().collect(),
        }
    }

    /// Receipts, each with what is matched of it.
    fn receipts(&self) -> Vec<Record> {
        let matched = self.ledger.matched();
        let receipt = |receipt: &Record| {
            let text = |name: &str| receipt.get(name).map(ToString::to_string).unwrap_or_default();
            let key = (text("order"), text("line"), text("receiver"));
            let mut receipt = receipt.clone();
            receipt.insert("matched", matched.get(&key).copied().unwrap_or_default());
            receipt
        };
        self.masters.all("goods_receipts").map(receipt).collect()
    }

    fn browsed(&self, query: &Query) -> Vec<Record> {
        let id = full_id(query.get("browseId").unwrap_or_default());
        if id == FIELDS {
            return self.columns(query);
        }
        match self.by_browse(&id) {
            Some((name, spec, None)) => self.filtered(name, spec, query),
            Some((name, spec, Some(lines))) => self.lines_filtered(name, spec, lines, query),
            None => Vec::new(),
        }
    }

    /// The columns of the browse that the filter on `browseURI` names.
    fn columns(&self, query: &Query) -> Vec<Record> {
        let asked = query.all("filter").find_map(|filter| filter.strip_prefix("browseURI,eq,"));
        let id = full_id(asked.and_then(|rest| rest.split(',').next()).unwrap_or_default());
        let Some((_, spec, lines)) = self.by_browse(&id) else { return Vec::new() };
        let fields = match lines {
            Some(_) => spec.fields.get("lines").map(|field| &field.fields),
            None => Some(&spec.fields),
        };
        let row = |name: &str, label: &str, kind: &str| {
            record([("field", name.into()), ("fieldLabel", label.into()), ("fieldDataType", kind.into())])
        };
        let shown = fields.into_iter().flat_map(|fields| fields.values());
        let shown = shown.filter_map(|field| Some(row(column(field)?, &field.doc, data_type(field))));
        shown.chain(lines.map(|lines| row(&lines.column, "Number", "character"))).collect()
    }

    /// The resource that a browse lists; with `LinesWire`, the lines of its records.
    fn by_browse(&self, id: &str) -> Option<(&'static str, &'static ResourceSpec, Option<&'static LinesWire>)> {
        let tenant = self.tenant;
        tenant.catalogue.resources.keys().find_map(|name| {
            let (spec, wire) = tenant.resource(name)?;
            if wire.browse == id {
                return Some((name.as_str(), spec, None));
            }
            let lines = wire.lines.as_ref().filter(|lines| lines.browse == id)?;
            Some((name.as_str(), spec, Some(lines)))
        })
    }
}

/// Older clients leave the URN's head away: `mfg:ad014`.
fn full_id(id: &str) -> String {
    if id.starts_with("mfg:") || id.starts_with("bebrowse:") { format!("urn:browse:{id}") } else { id.to_owned() }
}

fn data_type(field: &FieldSpec) -> &'static str {
    match field.ty {
        SpecType::Integer => "integer",
        SpecType::Decimal => "decimal",
        SpecType::Boolean => "logical",
        SpecType::Date => "date",
        SpecType::Datetime => "datetime",
        SpecType::Text | SpecType::List | SpecType::Record => "character",
    }
}

fn rows(rows: Vec<Value>, more: bool) -> HttpResponse {
    let more = if more { "true" } else { "false" };
    let auxiliary = record([("HasMoreParams", more.into())]);
    answer::json(200, record([("data", Value::list(rows)), ("auxillaryData", auxiliary.into())]))
}
