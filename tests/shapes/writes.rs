//! What is written to the fake: for each path that takes a write, what must succeed and
//! what must be refused.

use super::caller::{Answer, Signed};
use super::drive::{Drive, method_of, path_of};
use serde_json::{Value, json};

/// Drives one write. A path that is not known here is a finding.
pub fn of(drive: &mut Drive<'_>, route: &str) {
    match route {
        "POST /rest/v1.0/vendors" => new_vendors(drive, route),
        "PATCH /rest/v1.0/vendors/{id}" => changed_vendors(drive, route),
        "PATCH /rest/v1.0/requisitions/{id}" | "PATCH /rest/v1.1/requisitions/{id}" => edits(drive, route),
        "DELETE /rest/v1.0/requisitions/{id}" | "DELETE /rest/v1.1/requisitions/{id}" => deletions(drive, route),
        _ => drive.judge.problem(route, "the test does not know what to write".to_owned()),
    }
}

fn write(drive: &mut Drive<'_>, route: &str, id: &str, query: &str, body: &Value, status: u16) -> Answer {
    let target = format!("{}{query}", path_of(route).replace("{id}", id));
    let answer = drive.ask(route, method_of(route), &target, Some(body), Signed::Well);
    if answer.status != status {
        drive.judge.problem(route, format!("{body} was answered with {}, not {status}", answer.status));
    }
    answer
}

fn new_vendors(drive: &mut Drive<'_>, route: &str) {
    let company = drive.caller.company;
    for (body, status) in [
        (json!({"company_id": company, "vendor": {"name": "Larch Glazing", "origin_id": "L-1"}}), 201),
        (json!({"company_id": company, "vendor": {"name": "Larch Glass", "origin_id": "L-1"}}), 422),
        (json!({"company_id": company, "vendor": {"name": " "}}), 422),
        (json!({"company_id": company}), 400),
        (json!({"vendor": {"name": "Larch Glass"}}), 400),
    ] {
        write(drive, route, "", "", &body, status);
    }
}

fn changed_vendors(drive: &mut Drive<'_>, route: &str) {
    let company = drive.caller.company;
    let list = drive.caller.get(&format!("/rest/v1.0/vendors?company_id={company}&per_page=2")).body;
    let ids = list.as_ref().and_then(Value::as_array).expect("vendors");
    let (first, other) = (ids[0]["id"].to_string(), ids[1]["origin_id"].clone());
    for (id, body, status) in [
        (first.as_str(), json!({"company_id": company, "vendor": {"city": "Joliet", "is_active": true}}), 200),
        (first.as_str(), json!({"company_id": company, "vendor": {"name": ""}}), 422),
        (first.as_str(), json!({"company_id": company, "vendor": {"origin_id": other}}), 422),
        ("7", json!({"company_id": company, "vendor": {"city": "Joliet"}}), 404),
    ] {
        write(drive, route, id, "", &body, status);
    }
}

/// The requisitions of the first project that has any, newest first, by their whole records.
fn requisitions(drive: &mut Drive<'_>) -> (Value, Vec<Value>) {
    let company = drive.caller.company;
    let projects = drive.caller.get(&format!("/rest/v1.0/projects?company_id={company}&per_page=1")).body;
    let project = projects.expect("projects")[0]["id"].clone();
    let target = format!("/rest/v1.1/requisitions?project_id={project}&view=items&per_page=100");
    let list = drive.caller.get(&target).body.and_then(|list| list.as_array().cloned()).expect("requisitions");
    (project, list)
}

fn edits(drive: &mut Drive<'_>, route: &str) {
    let (project, list) = requisitions(drive);
    let open = list.iter().find(|one| one["origin_id"].is_null()).expect("one that nobody locked").clone();
    let id = open["id"].to_string();
    let body = |commitment: &Value, fields: Value| json!({"project_id": project, "commitment_id": commitment, "requisition": fields});
    let commitment = &open["commitment_id"];
    let mark = format!("mark of {id}");
    for (id, body, status) in [
        (id.as_str(), body(commitment, json!({"billing_date": "2026-10-31"})), 200),
        (id.as_str(), body(commitment, json!({"status": "paid"})), 422),
        (id.as_str(), json!({"project_id": project, "requisition": {}}), 400),
        ("7", body(commitment, json!({"final": true})), 404),
        (id.as_str(), body(commitment, json!({"origin_id": mark})), 200),
        (id.as_str(), body(commitment, json!({"final": true})), 422),
    ] {
        write(drive, route, id, "", &body, status);
    }
}

fn deletions(drive: &mut Drive<'_>, route: &str) {
    let (project, list) = requisitions(drive);
    let query = format!("?project_id={project}");
    let of = |deletable: bool| list.iter().find(|one| one["deletable"] == deletable).map(|one| one["id"].to_string());
    for (id, status) in [(of(true), 200), (of(false), 422), (Some("7".to_owned()), 404)] {
        let id = id.expect("one that can be deleted and one that cannot");
        write(drive, route, &id, &query, &json!({}), status);
    }
}
