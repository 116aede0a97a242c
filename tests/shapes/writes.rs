//! What is written to the fake: for each path that takes a write, what must succeed and
//! what must be refused.

use super::caller::{Answer, Signed};
use super::drive::{Drive, method_of, path_of};
use super::hooks;
use serde_json::{Value, json};

/// Drives one write. A path that is not known here is a finding.
pub fn of(drive: &mut Drive<'_>, route: &str) {
    match route {
        route if hooks::are_of(route) => hooks::of(drive, route),
        "POST /rest/v1.0/vendors" => new_vendors(drive, route),
        "PATCH /rest/v1.0/vendors/{id}" => changed_vendors(drive, route),
        "PATCH /rest/v1.0/requisitions/{id}" | "PATCH /rest/v1.1/requisitions/{id}" => edits(drive, route),
        "DELETE /rest/v1.0/requisitions/{id}" | "DELETE /rest/v1.1/requisitions/{id}" => deletions(drive, route),
        "PATCH /rest/v1.0/projects/{project_id}/direct_costs/{id}" => changed_costs(drive, route, "item"),
        "PATCH /rest/v1.1/projects/{project_id}/direct_costs/{id}" => changed_costs(drive, route, "direct_cost"),
        "DELETE /rest/v1.0/projects/{project_id}/direct_costs/{id}"
        | "DELETE /rest/v1.1/projects/{project_id}/direct_costs/{id}" => deleted_costs(drive, route),
        "POST /rest/v1.0/contract_payments" => new_payments(drive, route),
        "PATCH /rest/v1.0/contract_payments/{id}" => changed_payments(drive, route),
        "DELETE /rest/v1.0/contract_payments/{id}" => deleted_payments(drive, route),
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

/// A project with direct costs, and their ids.
fn costs(drive: &mut Drive<'_>) -> (String, Vec<String>) {
    let (project, _) = requisitions(drive);
    let list = drive.caller.get(&format!("/rest/v1.0/projects/{project}/direct_costs?per_page=100")).body;
    let costs = list.as_ref().and_then(Value::as_array).expect("direct costs");
    let free = costs.iter().filter(|cost| cost["origin_id"].is_null());
    (project.to_string(), free.map(|cost| cost["id"].to_string()).collect())
}

fn changed_costs(drive: &mut Drive<'_>, route: &str, word: &str) {
    let (project, ids) = costs(drive);
    let route_of = |id: &str| path_of(route).replace("{project_id}", &project).replace("{id}", id);
    let mark = format!("mark of {word}");
    for (id, body, status) in [
        (ids[0].as_str(), json!({word: {"description": "Diesel", "direct_cost_date": "2026-10-30"}}), 200),
        (ids[0].as_str(), json!({word: {"status": "void"}}), 422),
        (ids[0].as_str(), json!({}), 400),
        ("7", json!({word: {"description": "Diesel"}}), 404),
        (ids[0].as_str(), json!({word: {"origin_id": mark}}), 200),
        (ids[0].as_str(), json!({word: {"description": "Petrol"}}), 422),
        (ids[1].as_str(), json!({word: {"origin_id": mark}}), 422),
    ] {
        let answer = drive.ask(route, method_of(route), &route_of(id), Some(&body), Signed::Well);
        if answer.status != status {
            drive.judge.problem(route, format!("{body} was answered with {}, not {status}", answer.status));
        }
    }
    // Two at once: the second is refused.
    let body = json!({word: {"description": "Grease"}});
    let second = drive.twice(route, &route_of(&ids[1]), &body);
    if second != 409 {
        drive.judge.problem(route, format!("a second writer was answered with {second}, not 409"));
    }
}

fn deleted_costs(drive: &mut Drive<'_>, route: &str) {
    let (project, ids) = costs(drive);
    let last = ids.last().expect("a cost").clone();
    for (id, status) in [(last.as_str(), 200), (last.as_str(), 404)] {
        let target = path_of(route).replace("{project_id}", &project).replace("{id}", id);
        let answer = drive.ask(route, method_of(route), &target, None, Signed::Well);
        if answer.status != status {
            drive.judge.problem(route, format!("{id} was answered with {}, not {status}", answer.status));
        }
    }
}

/// A project, a contract of it that was paid on, and its payments.
fn payments(drive: &mut Drive<'_>) -> (Value, Value, Vec<String>) {
    let (project, list) = requisitions(drive);
    for requisition in &list {
        let contract = requisition["commitment_id"].clone();
        let target = format!("/rest/v1.0/contract_payments?project_id={project}&contract_id={contract}");
        let paid = drive.caller.get(&target).body.and_then(|list| list.as_array().cloned()).unwrap_or_default();
        let free = paid.iter().filter(|payment| payment["origin_id"].is_null());
        let ids: Vec<String> = free.map(|payment| payment["id"].to_string()).collect();
        if ids.len() > 1 {
            return (project, contract, ids);
        }
    }
    panic!("no contract of {project} was paid on");
}

fn new_payments(drive: &mut Drive<'_>, route: &str) {
    let (project, contract, _) = payments(drive);
    let of = |fields: Value| json!({"project_id": project, "contract_id": contract, "contract_payment": fields});
    for (body, status) in [
        (of(json!({"amount": "75.50", "date": "2026-10-30", "payment_number": 90})), 201),
        (of(json!({"amount": "much"})), 422),
        (json!({"project_id": project, "contract_id": 7, "contract_payment": {"amount": "1"}}), 404),
        (json!({"project_id": project, "contract_payment": {"amount": "1"}}), 400),
    ] {
        write(drive, route, "", "", &body, status);
    }
}

fn changed_payments(drive: &mut Drive<'_>, route: &str) {
    let (project, contract, ids) = payments(drive);
    let of = |fields: Value| json!({"project_id": project, "contract_id": contract, "contract_payment": fields});
    for (id, body, status) in [
        (ids[0].as_str(), of(json!({"notes": "by wire"})), 200),
        (ids[0].as_str(), of(json!({"requisition_id": 1})), 422),
        ("7", of(json!({"notes": "by wire"})), 404),
        (ids[0].as_str(), of(json!({"origin_id": "mark of a payment"})), 200),
        (ids[0].as_str(), of(json!({"notes": "by check"})), 422),
    ] {
        write(drive, route, id, "", &body, status);
    }
}

fn deleted_payments(drive: &mut Drive<'_>, route: &str) {
    let (project, contract, ids) = payments(drive);
    let query = format!("?project_id={project}&contract_id={contract}");
    for (id, status) in [(ids[0].as_str(), 200), (ids[0].as_str(), 404)] {
        write(drive, route, id, &query, &json!({}), status);
    }
}
