//! Billing periods, cost codes and cost types.

use super::errors::{answer, missing, not_found};
use super::filters::Filters;
use super::paging::{COMMON, page};
use super::request::Request;
use super::shapes::{day, instant};
use super::stock::Stock;
use crate::connector::contractor::{BillingPeriod, CostCode, CostType};
use crate::value::Timestamp;
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

/// Days after its end for which a period stays open.
const OPEN_DAYS: i64 = 45;

/// `GET /rest/v1.0/projects/{project_id}/billing_periods`
pub fn billing_periods(stock: &Stock, request: &Request<'_>, project: i64) -> HttpResponse {
    if stock.visible_project(project).is_none() {
        return not_found("Project");
    }
    let filters = Filters::of(request);
    let periods = periods(stock, project);
    let kept: Vec<(usize, &BillingPeriod)> = periods
        .into_iter()
        .enumerate()
        .filter(|(_, period)| {
            filters.allows_id("id", period.id)
                && filters.allows("status", Some(period_status(stock, period)))
                && filters.allows_instant("created_at", first_moment(period))
                && filters.allows_instant("updated_at", first_moment(period))
        })
        .collect();
    page(request, COMMON, &kept, |(index, period)| show_period(stock, *index, period))
}

/// `GET /rest/v1.0/projects/{project_id}/billing_periods/{id}`
pub fn billing_period(stock: &Stock, project: i64, id: i64) -> HttpResponse {
    if stock.visible_project(project).is_none() {
        return not_found("Project");
    }
    let found = periods(stock, project).into_iter().enumerate().find(|(_, period)| period.id == id);
    found.map_or_else(|| not_found("BillingPeriod"), |(index, period)| answer(200, &show_period(stock, index, period)))
}

fn periods(stock: &Stock, project: i64) -> Vec<&BillingPeriod> {
    let mut periods: Vec<_> = stock.contractor.periods.iter().filter(|period| period.project == project).collect();
    periods.sort_by_key(|period| (period.start, period.id));
    periods
}

fn show_period(stock: &Stock, index: usize, period: &BillingPeriod) -> Json {
    json!({
        "id": period.id,
        "project_id": period.project,
        "position": index + 1,
        "start_date": day(Some(period.start)),
        "end_date": day(Some(period.end)),
        "due_date": day(Some(period.due)),
        "status": period_status(stock, period),
        "created_at": instant(first_moment(period)),
        "updated_at": instant(first_moment(period)),
    })
}

fn period_status(stock: &Stock, period: &BillingPeriod) -> &'static str {
    if period.end.plus_days(OPEN_DAYS) < stock.opened().date() { "closed" } else { "open" }
}

fn first_moment(period: &BillingPeriod) -> Timestamp {
    period.start.to_string().parse().unwrap_or(Timestamp::from_unix(0))
}

/// `GET /rest/v1.0/cost_codes?project_id=`
pub fn cost_codes(stock: &Stock, request: &Request<'_>) -> HttpResponse {
    let Some(project) = request.integer("project_id") else { return missing("project_id") };
    if stock.visible_project(project).is_none() {
        return not_found("Project");
    }
    let filters = Filters::of(request);
    let kept: Vec<(usize, &CostCode)> = stock
        .contractor
        .cost_codes
        .iter()
        .enumerate()
        .filter(|(index, _)| filters.allows_id("id", stock.project_cost_code_id(project, *index)))
        .filter(|_| filters.allows("origin_id", None))
        .collect();
    let compact = request.parameter("view") == Some("erp_compact");
    page(request, COMMON, &kept, |(index, code)| {
        let shown = show_code(stock, project, *index, code);
        if compact {
            let names = ["id", "name", "full_code", "origin_data", "origin_id", "standard_cost_code_id"];
            super::shapes::only(shown, &names)
        } else {
            shown
        }
    })
}

fn show_code(stock: &Stock, project: i64, index: usize, code: &CostCode) -> Json {
    let biller = stock.project(project).map(|project| project.name.as_str());
    json!({
        "id": stock.project_cost_code_id(project, index),
        "code": code.code,
        "full_code": code.full_code(),
        "sortable_code": code.full_code(),
        "name": code.name,
        "biller": biller,
        "biller_id": project,
        "biller_type": "Project",
        "biller_origin_id": null,
        "budgeted": true,
        "parent": null,
        "position": index + 1,
        "standard_cost_code_id": code.id,
        "line_item_types": stock.contractor.cost_types.iter().map(show_type).collect::<Vec<_>>(),
        "origin_id": null,
        "origin_data": null,
        "created_at": instant(stock.opened()),
        "updated_at": instant(stock.opened()),
        "deleted_at": null,
    })
}

/// `GET /rest/v1.0/line_item_types` for the company or for a project.
pub fn line_item_types(stock: &Stock, request: &Request<'_>) -> HttpResponse {
    match (request.integer("company_id"), request.integer("project_id")) {
        (_, Some(project)) if stock.visible_project(project).is_none() => not_found("Project"),
        (None, None) => missing("company_id"),
        _ => {
            let linked = Filters::of(request).allows("origin_id", None);
            let types: Vec<&CostType> = stock.contractor.cost_types.iter().filter(|_| linked).collect();
            page(request, COMMON, &types, |kind| show_type(kind))
        }
    }
}

pub fn show_type(kind: &CostType) -> Json {
    json!({
        "id": kind.id,
        "name": kind.name,
        "code": kind.code,
        "base_type": kind.base,
        "origin_id": null,
        "origin_data": null,
    })
}
