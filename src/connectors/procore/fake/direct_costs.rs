//! Direct costs and their lines: what no commitment stands behind.
//!
//! A list shows headers, with the vendor's name as a plain text; a single one shows the
//! vendor as an object, and in the newer version its lines. Lines have a list of their own.

use super::errors::{answer, not_found};
use super::filters::Filters;
use super::g702::{add, total};
use super::paging::{COMMON, Sizes, page};
use super::request::Request;
use super::requisitions::Version;
use super::shapes::{currency, day, instant, short_money, without};
use super::stock::Stock;
use super::structure::show_type;
use super::taxes;
use super::wbs::{BudgetCode, short_code};
use crate::connector::contractor::{DirectCost, DirectCostLine};
use crate::value::{Date, Decimal, Timestamp};
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

/// A direct cost, and what only this system knows of it.
#[derive(Clone, Debug)]
pub struct Cost {
    pub cost: DirectCost,
    /// Once set, the cost is locked.
    pub origin_id: Option<String>,
    pub origin_data: Option<String>,
    pub deleted: bool,
}

impl Cost {
    pub fn new(cost: &DirectCost) -> Self {
        Self { cost: cost.clone(), origin_id: None, origin_data: None, deleted: false }
    }
}

/// `GET /rest/v1.x/projects/{project_id}/direct_costs`: the same in both versions.
pub fn list(stock: &Stock, request: &Request<'_>, project: i64) -> HttpResponse {
    if stock.visible_project(project).is_none() {
        return not_found("Project");
    }
    let filters = Filters::of(request);
    let within = |name: &str, day: Option<Date>| {
        !filters.asks(name) || first_moment(day).is_some_and(|at| filters.allows_instant(name, at))
    };
    let keep = |cost: &&Cost| {
        let Cost { cost, origin_id, .. } = cost;
        cost.project == project
            && filters.allows_id("id", cost.id)
            && filters.allows("origin_id", origin_id.as_deref())
            && filters.allows("invoice_number", cost.invoice_number.as_deref())
            && filters.allows_instant("created_at", cost.created)
            && filters.allows_instant("updated_at", cost.updated)
            && within("payment_date", cost.paid)
            && within("received_date", cost.received)
    };
    let kept: Vec<&Cost> = stock.costs().filter(keep).collect();
    page(request, sizes(stock, project), &kept, |cost| {
        let mut body = header(stock, cost);
        body["vendor"] = vendor_name(stock, cost).into();
        body["amount"] = short_money(before_tax(&cost.cost));
        body
    })
}

/// `GET …/{id}`: the vendor is an object now. Only the newer version shows the lines.
pub fn one(stock: &Stock, version: Version, project: i64, id: i64) -> HttpResponse {
    match find(stock, project, id) {
        Some(cost) => answer(200, &show(stock, version, cost)),
        None => not_found("DirectCost"),
    }
}

/// The cost, if it is there, in that project, and the project can be seen.
pub fn find(stock: &Stock, project: i64, id: i64) -> Option<&Cost> {
    stock.visible_project(project)?;
    stock.cost(id).filter(|cost| cost.cost.project == project)
}

/// `GET /rest/v1.0/projects/{project_id}/direct_costs/line_items`: those of the whole project.
pub fn all_lines(stock: &Stock, request: &Request<'_>, project: i64) -> HttpResponse {
    if stock.visible_project(project).is_none() {
        return not_found("Project");
    }
    let costs: Vec<&Cost> = stock.costs().filter(|cost| cost.cost.project == project).collect();
    lines_of(stock, request, &costs, true)
}

/// `GET …/direct_costs/{direct_cost_id}/line_items`
pub fn lines(stock: &Stock, request: &Request<'_>, project: i64, id: i64) -> HttpResponse {
    match find(stock, project, id) {
        Some(cost) => lines_of(stock, request, &[cost], false),
        None => not_found("DirectCost"),
    }
}

fn lines_of(stock: &Stock, request: &Request<'_>, costs: &[&Cost], short: bool) -> HttpResponse {
    let filters = Filters::of(request);
    let keep = |(cost, _, line): &(&Cost, usize, &DirectCostLine)| {
        filters.allows_number("direct_cost_id", cost.cost.id)
            && filters.allows_id("id", line.id)
            && filters.allows_number("cost_code_id", stock.project_cost_code_id(cost.cost.project, line.cost_code))
            && filters.allows_number("line_item_type_id", stock.cost_type(line.cost_type).map_or(0, |kind| kind.id))
            && filters.allows_instant("created_at", cost.cost.created)
            && filters.allows_instant("updated_at", cost.cost.updated)
    };
    let all: Vec<(&Cost, usize, &DirectCostLine)> = costs
        .iter()
        .flat_map(|cost| cost.cost.lines.iter().enumerate().map(move |(at, line)| (*cost, at, line)))
        .filter(keep)
        .collect();
    page(request, COMMON, &all, |(cost, at, line)| {
        let shown = show_line(stock, cost, *at, line);
        if short { without(shown, &["company", "origin_data", "ref"]) } else { without(shown, &["ref"]) }
    })
}

/// One in five projects has a server that gives small pages, whatever is asked for.
fn sizes(stock: &Stock, project: i64) -> Sizes {
    if stock.project_index(project) % 5 == 2 { Sizes { default: 10, largest: 10 } } else { COMMON }
}

pub fn show(stock: &Stock, version: Version, cost: &Cost) -> Json {
    let mut body = header(stock, cost);
    body["vendor"] = match cost.cost.vendor {
        Some(id) => json!({"id": id, "name": vendor_name(stock, cost)}),
        None => Json::Null,
    };
    body["attachments"] = json!([]);
    body["attachments_count"] = 0.into();
    body["line_items_count"] = cost.cost.lines.len().into();
    if version == Version::V1_1 {
        let company = &stock.contractor;
        body["company"] = json!({"id": company.company_id, "name": company.company_name});
        let project = stock.project(cost.cost.project);
        body["project"] = json!({"id": cost.cost.project, "name": project.map(|project| &project.name)});
        let lines = cost.cost.lines.iter().enumerate().map(|(at, line)| show_line(stock, cost, at, line));
        body["line_items"] = lines.map(|line| without(line, &["holder", "project"])).collect();
    } else {
        body["currency_configuration"] = currency(&stock.contractor.currency);
    }
    body
}

fn header(stock: &Stock, held: &Cost) -> Json {
    let cost = &held.cost;
    json!({
        "id": cost.id,
        "description": cost.description,
        "direct_cost_type": cost.kind,
        "direct_cost_date": day(cost.date),
        "grand_total": short_money(with_tax(stock, cost)),
        "invoice_number": cost.invoice_number,
        "origin_id": held.origin_id,
        "origin_data": held.origin_data,
        "payment_date": day(cost.paid),
        "received_date": day(cost.received),
        "status": cost.status,
        "terms": null,
        "vendor_id": cost.vendor,
        "vendor_name": vendor_name(stock, held),
        "employee": cost.employee.as_ref().map(|name| json!({"id": employee_id(name), "name": name})),
        "created_at": instant(cost.created),
        "updated_at": instant(cost.updated),
        "deleted_at": null,
        "currency_configuration": exchange(stock),
    })
}

/// The rate is a text here, and a number on subcontractor invoices.
fn exchange(stock: &Stock) -> Json {
    let code = &stock.contractor.currency;
    json!({"currency_iso_code": code, "base_currency_iso_code": code, "currency_exchange_rate": "1.0"})
}

fn show_line(stock: &Stock, held: &Cost, at: usize, line: &DirectCostLine) -> Json {
    let cost = &held.cost;
    // One project in seven keeps its costs by budget codes alone.
    let by_budget_code = stock.project_index(cost.project) % 7 == 6;
    let code = stock.cost_code(line.cost_code).filter(|_| !by_budget_code).map(|code| {
        json!({
            "id": stock.project_cost_code_id(cost.project, line.cost_code),
            "full_code": code.full_code(),
            "name": code.name,
            "origin_id": null,
        })
    });
    json!({
        "id": line.id,
        "amount": short_money(line.amount),
        "extended_amount": short_money(line.amount),
        "total_amount": short_money(add(line.amount, taxes::of(stock, line.tax_code, line.amount))),
        "extended_type": "calculated",
        "quantity": short_money(line.quantity),
        "unit_cost": short_money(line.unit_cost),
        "uom": line.unit,
        "description": line.description,
        "position": at + 1,
        "cost_code": code,
        "line_item_type": stock.cost_type(line.cost_type).filter(|_| !by_budget_code).map(show_type),
        "wbs_code": short_code(stock, cost.project, BudgetCode { code: line.cost_code, kind: line.cost_type, own: None }),
        "tax_code_id": line.tax_code.and_then(|at| stock.contractor.tax_codes.get(at)).map(|code| code.id),
        "holder": {"id": cost.id, "holder_type": "DirectCost::Item"},
        "company": {"id": stock.contractor.company_id, "name": stock.contractor.company_name},
        "project": {"id": cost.project, "name": stock.project(cost.project).map(|project| &project.name)},
        "ref": null,
        "origin_id": null,
        "origin_data": null,
        "created_at": instant(cost.created),
        "updated_at": instant(cost.updated),
        "currency_configuration": currency(&stock.contractor.currency),
    })
}

/// The cost with its lines, as the books show it.
pub fn book(stock: &Stock, held: &Cost) -> Json {
    let cost = &held.cost;
    let project = stock.project(cost.project);
    let line = |line: &DirectCostLine| {
        json!({
            "id": line.id,
            "cost_code": stock.cost_code(line.cost_code).map(|code| code.full_code()),
            "cost_type": stock.cost_type(line.cost_type).map(|kind| &kind.code),
            "amount": line.amount.fixed(2),
            "tax": taxes::of(stock, line.tax_code, line.amount).fixed(2),
        })
    };
    json!({
        "id": cost.id,
        "project": cost.project,
        "project_number": project.map(|project| &project.number),
        "type": cost.kind,
        "status": cost.status,
        "vendor": cost.vendor,
        "invoice_number": cost.invoice_number,
        "origin_id": held.origin_id,
        "date": day(cost.date),
        "total": with_tax(stock, cost).fixed(2),
        "lines": cost.lines.iter().map(line).collect::<Vec<_>>(),
    })
}

fn before_tax(cost: &DirectCost) -> Decimal {
    total(cost.lines.iter().map(|line| line.amount))
}

fn with_tax(stock: &Stock, cost: &DirectCost) -> Decimal {
    total(cost.lines.iter().map(|line| add(line.amount, taxes::of(stock, line.tax_code, line.amount))))
}

fn vendor_name(stock: &Stock, held: &Cost) -> Option<String> {
    stock.vendor(held.cost.vendor?).map(|vendor| vendor.name.clone())
}

/// The same for the same name.
fn employee_id(name: &str) -> i64 {
    name.bytes().fold(9_200, |id, byte| (id * 31 + i64::from(byte)) % 1_000_000)
}

fn first_moment(day: Option<Date>) -> Option<Timestamp> {
    day?.to_string().parse().ok()
}
