//! Budget codes: a cost code with a cost type, in some projects with a value of a segment of
//! the company's own. Lines show them short; their own list shows each segment whole.

use super::errors::not_found;
use super::filters::Filters;
use super::paging::{COMMON, page};
use super::request::Request;
use super::shapes::instant;
use super::stock::Stock;
use crate::connector::contractor::CommitmentLine;
use crate::value::{Span, Timestamp};
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// The number of the pattern by which codes are put together.
const PATTERN: i64 = 310;
const COST_CODES: i64 = 1;
const COST_TYPES: i64 = 2;

/// One budget code of a project, by places in the contractor's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BudgetCode {
    pub code: usize,
    pub kind: usize,
    /// The value of the company's own segment.
    pub own: Option<usize>,
}

impl BudgetCode {
    pub fn of_line(stock: &Stock, line: &CommitmentLine) -> Self {
        let own = stock.contractor.segmented_lines.get(&line.id).copied();
        Self { code: line.cost_code, kind: line.cost_type, own }
    }

    pub fn id(self, stock: &Stock, project: i64) -> i64 {
        stock.wbs_code_id(project, self.code, self.kind, self.own)
    }

    fn segments(self, stock: &Stock, project: i64) -> Vec<Segment> {
        let code = stock.cost_code(self.code).map(|code| Segment {
            id: COST_CODES,
            kind: "cost_code",
            name: "Cost Code".to_owned(),
            item: stock.project_cost_code_id(project, self.code),
            path_ids: vec![code.id, stock.project_cost_code_id(project, self.code)],
            path_codes: vec![code.division.clone(), code.code.clone()],
            delimiter: "-",
            item_name: code.name.clone(),
        });
        let kind = stock
            .cost_type(self.kind)
            .map(|kind| Segment::flat(COST_TYPES, "line_item_type", "Cost Type", kind.id, &kind.code, &kind.name));
        let own = stock.contractor.segment.as_ref().zip(self.own);
        let own = own.and_then(|(segment, at)| {
            let value = segment.values.get(at)?;
            Some(Segment::flat(segment.id, "custom", &segment.name, value.id, &value.code, &value.name))
        });
        code.into_iter().chain(kind).chain(own).collect()
    }
}

/// What a segment of a code says.
struct Segment {
    id: i64,
    kind: &'static str,
    name: String,
    item: i64,
    path_ids: Vec<i64>,
    path_codes: Vec<String>,
    delimiter: &'static str,
    item_name: String,
}

impl Segment {
    /// One without levels.
    fn flat(id: i64, kind: &'static str, name: &str, item: i64, code: &str, item_name: &str) -> Self {
        Self {
            id,
            kind,
            name: name.to_owned(),
            item,
            path_ids: vec![item],
            path_codes: vec![code.to_owned()],
            delimiter: "-",
            item_name: item_name.to_owned(),
        }
    }

    fn code(&self) -> String {
        self.path_codes.join(self.delimiter)
    }

    /// As lines of invoices show it.
    fn short(&self) -> Json {
        json!({
            "id": self.item,
            "code": self.path_codes.last(),
            "name": self.item_name,
            "path_ids": self.path_ids,
            "path_codes": self.path_codes,
            "segment_type": self.kind,
            "segment_id": self.id,
        })
    }

    fn whole(&self, stock: &Stock, position: usize) -> Json {
        let moment = instant(stock.opened());
        let tiered = self.path_codes.len() > 1;
        json!({
            "id": self.item,
            "code": self.path_codes.last(),
            "name": self.item_name,
            "created_at": moment,
            "updated_at": moment,
            "parent_id": if tiered { self.path_ids.first() } else { None },
            "path_ids": self.path_ids,
            "path_code": self.code(),
            "path_codes": self.path_codes,
            "path_names": [self.item_name],
            "is_parent": false,
            "in_use": true,
            "status": "active",
            "segment": {
                "id": self.id,
                "name": self.name,
                "type": self.kind,
                "position": position + 1,
                "delimiter": self.delimiter,
                "required": self.kind != "custom",
                "segment_items_count": stock.segment_size(self.kind),
                "project_can_modify_origin_project": false,
                "project_can_delete_origin_company": false,
                "structure": if tiered { "tiered" } else { "flat" },
                "created_at": moment,
                "updated_at": moment,
                "wbs_pattern_id": PATTERN,
            },
        })
    }
}

/// As lines show it: the code with its segments, where the project shows them.
pub fn wbs_code(stock: &Stock, project: i64, code: BudgetCode) -> Json {
    let segments = code.segments(stock, project);
    if segments.len() < 2 {
        return Json::Null;
    }
    let mut shown = brief(stock, project, code, &segments);
    // One project in seven shows its codes in the short form, without segments, unless
    // nobody could then tell what its parts are.
    if stock.project_index(project) % 7 != 6 || code.own.is_some() {
        shown["segment_items"] = segments.iter().map(Segment::short).collect();
    }
    shown
}

/// As lines of contracts show it.
pub fn short_code(stock: &Stock, project: i64, code: BudgetCode) -> Json {
    brief(stock, project, code, &code.segments(stock, project))
}

fn brief(stock: &Stock, project: i64, code: BudgetCode, segments: &[Segment]) -> Json {
    json!({
        "id": code.id(stock, project),
        "flat_code": joined(segments, Segment::code),
        "description": joined(segments, |segment| segment.item_name.clone()),
    })
}

fn joined(segments: &[Segment], text: impl Fn(&Segment) -> String) -> String {
    segments.iter().map(text).collect::<Vec<_>>().join(".")
}

/// `GET /rest/v1.0/projects/{project_id}/work_breakdown_structure/wbs_codes`
pub fn codes(stock: &Stock, request: &Request<'_>, project: i64) -> HttpResponse {
    let Some(found) = stock.visible_project(project) else { return not_found("Project") };
    let status = if found.active { "active" } else { "inactive" };
    let filters = Filters::of(request);
    let kept: Vec<BudgetCode> = used(stock, project)
        .into_iter()
        .filter(|code| {
            filters.allows("status", Some(status)) && filters.allows_instant("updated_at", changed(stock, *code))
        })
        .collect();
    page(request, COMMON, &kept, |code| {
        let segments = code.segments(stock, project);
        let mut shown = brief(stock, project, *code, &segments);
        shown["flat_name"] = shown["description"].clone();
        shown["status"] = status.into();
        shown["created_at"] = instant(changed(stock, *code));
        shown["updated_at"] = instant(changed(stock, *code));
        shown["wbs_pattern_id"] = PATTERN.into();
        let whole = segments.iter().enumerate().map(|(position, segment)| segment.whole(stock, position));
        shown["segment_items"] = whole.collect();
        shown
    })
}

/// `GET /rest/v1.0/projects/{project_id}/work_breakdown_structure/segments`: all at once.
pub fn segments(stock: &Stock, project: i64) -> HttpResponse {
    if stock.visible_project(project).is_none() {
        return not_found("Project");
    }
    let own = stock.contractor.segment.as_ref().map(|segment| (segment.id, "custom", segment.name.as_str()));
    let all = [(COST_CODES, "cost_code", "Cost Code"), (COST_TYPES, "line_item_type", "Cost Type")];
    let moment = instant(stock.opened());
    let show = |(position, (id, kind, name)): (usize, (i64, &str, &str))| {
        json!({
            "id": id,
            "type": kind,
            "name": name,
            "position": position + 1,
            "segment_items_count": stock.segment_size(kind),
            "required": kind != "custom",
            "delimiter": "-",
            "project_can_modify_origin_project": false,
            "project_can_delete_origin_company": false,
            "structure": if kind == "cost_code" { "tiered" } else { "flat" },
            "selectable_tiers": false,
            "is_included_in_project_pattern": true,
            "tiered": kind == "cost_code",
            "created_at": moment,
            "updated_at": moment,
            "wbs_pattern_id": PATTERN,
        })
    };
    super::errors::answer(200, &all.into_iter().chain(own).enumerate().map(show).collect())
}

/// `GET /rest/v1.0/sub_jobs?project_id=`
pub fn sub_jobs(stock: &Stock, request: &Request<'_>) -> HttpResponse {
    let Some(project) = request.integer("project_id") else { return super::errors::missing("project_id") };
    if stock.visible_project(project).is_none() {
        return not_found("Project");
    }
    let jobs: Vec<_> = stock.contractor.sub_jobs.iter().filter(|job| job.project == project).collect();
    let moment = instant(stock.opened());
    page(request, COMMON, &jobs, |job| {
        json!({
            "id": job.id,
            "code": job.code,
            "name": job.name,
            "origin_id": null,
            "origin_data": null,
            "created_at": moment,
            "updated_at": moment,
        })
    })
}

/// The codes that the project plans or uses.
fn used(stock: &Stock, project: i64) -> BTreeSet<BudgetCode> {
    let books = &stock.contractor;
    let commitments = books.commitments.iter().filter(|commitment| commitment.project == project);
    let orders = books.change_orders.iter().filter(|order| order.project == project);
    let lines = commitments.flat_map(|commitment| &commitment.lines).chain(orders.flat_map(|order| &order.lines));
    let plain = |code, kind| BudgetCode { code, kind, own: None };
    let planned = books.budget.iter().filter(|line| line.project == project);
    let costs = books.direct_costs.iter().filter(|cost| cost.project == project).flat_map(|cost| &cost.lines);
    lines
        .map(|line| BudgetCode::of_line(stock, line))
        .chain(planned.map(|line| plain(line.cost_code, line.cost_type)))
        .chain(costs.map(|line| plain(line.cost_code, line.cost_type)))
        .collect()
}

/// Codes were set up one after the other, a day apart.
fn changed(stock: &Stock, code: BudgetCode) -> Timestamp {
    let days = 200_u64.saturating_sub((code.code * 4 + code.kind) as u64);
    stock.opened().minus(Span::from_secs(days * 86_400))
}
