//! The budget, as its views show it: one row for each code that is planned for. Budget lines
//! have no list of their own.

use super::errors::{missing, not_found};
use super::g702::total;
use super::paging::{COMMON, page};
use super::request::Request;
use super::shapes::{currency, instant, short_money};
use super::stock::Stock;
use super::wbs::BudgetCode;
use crate::connector::contractor::{BudgetLine, Project};
use crate::value::Decimal;
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

/// Views of every project: a number that is added to a project's own, and a name.
const VIEWS: [(i64, &str); 2] = [(1, "Standard Budget"), (2, "Monthly Forecast")];

/// `GET /rest/v1.0/budget_views?project_id=`
pub fn views(stock: &Stock, request: &Request<'_>) -> HttpResponse {
    let project = match visible(stock, request) {
        Ok(project) => project,
        Err(refusal) => return refusal,
    };
    let base = base(stock, project.id);
    page(request, COMMON, &VIEWS, |(number, name)| {
        let id = base + number;
        json!({
            "id": id,
            "name": name,
            "description": "",
            "created_at": instant(stock.opened()),
            "updated_at": instant(stock.opened()),
            "created_by": {"id": 9001, "name": "Service Account", "login": "service-account@sandbox.invalid"},
            "role": "project",
            "links": {
                "detail_rows": format!("/rest/v1.0/budget_views/{id}/detail_rows"),
                "summary_rows": format!("/rest/v1.0/budget_views/{id}/summary_rows"),
            },
        })
    })
}

/// `GET /rest/v1.0/budget_views/{budget_view_id}/detail_rows?project_id=`
pub fn detail_rows(stock: &Stock, request: &Request<'_>, view: i64) -> HttpResponse {
    let project = match visible(stock, request) {
        Ok(project) => project,
        Err(refusal) => return refusal,
    };
    let base = base(stock, project.id);
    if !VIEWS.iter().any(|(number, _)| base + number == view) {
        return not_found("BudgetView");
    }
    // Everything that is planned is budgeted; there is nothing without a budget.
    let budgeted = request.parameter("budget_row_type") != Some("unbudgeted");
    let rows = stock.contractor.budget.iter().filter(|line| budgeted && line.project == project.id);
    page(request, COMMON, &rows.collect::<Vec<_>>(), |line| row(stock, project, line))
}

fn visible<'a>(stock: &'a Stock, request: &Request<'_>) -> Result<&'a Project, HttpResponse> {
    let project = request.integer("project_id").ok_or_else(|| missing("project_id"))?;
    stock.visible_project(project).ok_or_else(|| not_found("Project"))
}

fn base(stock: &Stock, project: i64) -> i64 {
    510_000 + i64::try_from(stock.project_index(project)).unwrap_or_default() * 10
}

fn row(stock: &Stock, project: &Project, line: &BudgetLine) -> Json {
    let code = stock.cost_code(line.cost_code);
    let kind = stock.cost_type(line.cost_type);
    let committed = stock.contractor.commitments.iter().filter(|commitment| commitment.project == project.id);
    let committed = committed.flat_map(|commitment| &commitment.lines);
    let committed = committed.filter(|one| one.cost_code == line.cost_code && one.cost_type == line.cost_type);
    let zero = short_money(Decimal::ZERO);
    json!({
        "id": line.id,
        "deletable": false,
        "company_id": stock.contractor.company_id,
        "company": stock.contractor.company_name,
        "project_id": project.id,
        "project": project.name,
        "wbs_code_id": BudgetCode { code: line.cost_code, kind: line.cost_type, own: None }.id(stock, project.id),
        "biller_id": project.id,
        "biller": project.name,
        "biller_type": "Project",
        "root_cost_code_id": code.map(|code| code.id),
        "root_cost_code": code.map(|code| &code.division),
        "cost_code_id": stock.project_cost_code_id(project.id, line.cost_code),
        "cost_code": code.map(|code| format!("{} - {}", code.full_code(), code.name)),
        "cost_code_origin_id": null,
        "category_id": kind.map(|kind| kind.id),
        "category": kind.map(|kind| &kind.name),
        "original_budget_amount": short_money(line.original),
        "budget_modifications": zero,
        "budget_forecast": {
            "id": line.id + 1,
            "manual_amount": null,
            "automatic_amount": zero,
            "amount": zero,
            "automatically_calculated": true,
            "calculation_strategy": "automatic",
            "notes": null,
        },
        "currency_configuration": currency(&stock.contractor.currency),
        "unbudgeted_reason": null,
        // A column of the view, under its own name.
        "Committed Costs": short_money(total(committed.map(|line| line.amount))),
    })
}
