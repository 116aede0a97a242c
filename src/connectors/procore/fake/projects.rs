//! Companies, the caller, and projects.

use super::errors::{answer, missing, not_found};
use super::filters::Filters;
use super::hooks::SERVICE_ACCOUNT;
use super::paging::{COMMON, PROJECTS, page};
use super::request::Request;
use super::shapes::{day, instant, only, without};
use super::stock::Stock;
use crate::connector::contractor::Project;
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

/// `GET /rest/v1.0/companies`
pub fn companies(stock: &Stock, request: &Request<'_>) -> HttpResponse {
    page(request, COMMON, &[&stock.contractor], |contractor| {
        json!({
            "id": contractor.company_id,
            "name": contractor.company_name,
            "is_active": true,
            "logo_url": null,
            "pcn_business_experience": false,
            "my_company": true,
        })
    })
}

/// `GET /rest/v1.0/me`: a name only where a company or a project is given.
pub fn me(request: &Request<'_>) -> HttpResponse {
    let named = request.parameter("company_id").or(request.parameter("project_id")).is_some();
    answer(
        200,
        &json!({"id": SERVICE_ACCOUNT, "login": "service-account@sandbox.invalid", "name": named.then_some("Service Account")}),
    )
}

/// `GET /rest/v1.0/projects`, `GET /rest/v1.1/projects`: without a wish, only active ones.
pub fn list(stock: &Stock, request: &Request<'_>, newer: bool) -> HttpResponse {
    if request.integer("company_id").is_none() {
        return missing("company_id");
    }
    let status = request.parameter("filters[by_status]").unwrap_or("Active");
    let filters = Filters::of(request);
    let keep = |project: &&Project| {
        let wanted = match status {
            "All" => true,
            "Inactive" => !project.active,
            _ => project.active,
        };
        project.permitted
            && wanted
            && filters.allows_id("id", project.id)
            && filters.allows("name", Some(&project.name))
            && filters.allows("origin_id", Some(&origin_id(project)))
            && (!newer || filters.allows("project_number", Some(&project.number)))
            && filters.allows_instant("updated_at", stock.opened())
            && filters.allows_instant("created_at", created(project))
    };
    let mut projects: Vec<&Project> = stock.contractor.projects.iter().filter(keep).collect();
    projects.sort_by_key(|project| project.id);
    if request.parameter("sort").is_some_and(|field| matches!(field, "name" | "display_name")) {
        projects.sort_by(|left, right| left.name.cmp(&right.name));
    }
    let view = request.parameter(if newer { "view" } else { "serializer_view" }).unwrap_or("normal");
    page(request, PROJECTS, &projects, |project| match view {
        "compact" if newer => only(show(stock, project), &["id", "name"]),
        "compact" => only(show(stock, project), &["id", "name", "display_name"]),
        "ids" if newer => only(show(stock, project), &["id"]),
        _ => show(stock, project),
    })
}

/// `GET /rest/v1.0/projects/{id}`
pub fn one(stock: &Stock, request: &Request<'_>, id: i64) -> HttpResponse {
    if request.integer("company_id").is_none() {
        return missing("company_id");
    }
    let Some(project) = stock.visible_project(id) else { return not_found("Project") };
    let mut body = show(stock, project);
    body["is_erp_integrated"] = false.into();
    body["standard_cost_code_list_id"] = 4001.into();
    body["tz_name"] = body["time_zone"].clone();
    body["departments"] = json!([]);
    answer(200, &without(body, &["project_template"]))
}

fn show(stock: &Stock, project: &Project) -> Json {
    json!({
        "id": project.id,
        "name": project.name,
        "display_name": format!("{} - {}", project.number, project.name),
        "project_number": project.number,
        "active": project.active,
        "is_demo": false,
        "address": null,
        "city": project.city,
        "county": null,
        "state_code": project.state,
        "zip": null,
        "country_code": "US",
        "time_zone": "America/Chicago",
        // More digits than a reader can keep; nobody's money.
        "latitude": 30.267_153_000_000_003,
        "longitude": -97.743_061_250_000_01,
        "phone": null,
        "store_number": null,
        "project_stage": {"id": 3, "name": if project.active { "Course of Construction" } else { "Warranty" }},
        "project_template": null,
        "parent_job_id": null,
        "owners_project_id": null,
        "photo_id": null,
        "project_bid_type_id": null,
        "project_owner_type_id": null,
        "project_region_id": null,
        "designated_market_area": null,
        "accounting_project_number": project.ledger_code,
        "origin_id": origin_id(project),
        "origin_code": project.ledger_code,
        "origin_data": null,
        "total_value": null,
        "estimated_value": null,
        "start_date": day(Some(project.start)),
        "completion_date": null,
        "company": {"id": stock.contractor.company_id, "name": stock.contractor.company_name},
        "custom_fields": {},
        "created_at": instant(created(project)),
        "updated_at": instant(stock.opened()),
    })
}

/// Unique in the company, and not the plain code: other systems link other things.
fn origin_id(project: &Project) -> String {
    format!("job:{}", project.ledger_code)
}

fn created(project: &Project) -> crate::value::Timestamp {
    // A day as text is an instant: its first moment.
    project.start.to_string().parse().unwrap_or(crate::value::Timestamp::from_unix(0))
}
