//! The fake as any other program meets it: its gate, its views, its journal, its books.

use super::{COMPANY, DRIVER, Outside, PROJECT, contractor};
use crate::world::{Clock, Method};

#[test]
fn the_gate_refuses_in_its_order() {
    let outside = Outside::open();
    let token = outside.token();
    let company = COMPANY.to_string();
    let status = |headers: &[(&str, &str)], path: &str| {
        let answer = outside.ask(Method::Get, path, headers, "");
        assert!(answer.header("X-Rate-Limit-Remaining").is_some());
        (answer.status, String::from_utf8(answer.body).expect("text"))
    };
    let (code, body) = status(&[], "/rest/v1.0/companies");
    assert!(code == 401 && body.contains("The access token is invalid"), "{code} {body}");
    let signed = ("Authorization", token.as_str());
    let (code, body) = status(&[signed], "/rest/v1.0/companies");
    assert!(code == 400 && body.contains("\"Missing Procore-Company-Id header!"), "{code} {body}");
    let (code, body) = status(&[signed, ("procore-company-id", "5")], "/rest/v1.0/vendors?company_id=5");
    assert_eq!((code, body.as_str()), (403, r#"{"errors":["App is not connected to this company."]}"#));
    let both = [signed, ("procore-company-id", company.as_str())];
    assert_eq!(status(&both, "/rest/v1.0/companies").0, 200);
    assert_eq!(status(&both, "/rest/v1.0/requisitions").0, 400, "the project must be named");
    assert_eq!(status(&both, "/rest/v9.9/companies").0, 404);
    outside.pass(5_400);
    assert_eq!(status(&both, "/rest/v1.0/companies").0, 401, "after 90 minutes");
}

#[test]
fn views_and_versions_differ_as_documented() {
    let outside = Outside::open();
    let first = |path: &str| outside.signed(Method::Get, path, "").1[0].clone();
    let newer = first(&format!("/rest/v1.1/requisitions?project_id={PROJECT}"));
    assert!(newer.get("items").is_none() && newer["vendor_id"] == 31);
    let older = first(&format!("/rest/v1.0/requisitions?project_id={PROJECT}&view=items"));
    assert!(older.get("items").is_none() && older.get("vendor_id").is_none() && older["vendor_name"] == "Ash Concrete");
    let active = outside.signed(Method::Get, &format!("/rest/v1.1/projects?company_id={COMPANY}"), "").1;
    assert_eq!(active.as_array().map(Vec::len), Some(2), "only active ones without a wish");
    let summary = first(&format!("/rest/v1.0/vendors?company_id={COMPANY}&view=summary"));
    let extended = first(&format!("/rest/v1.0/vendors?company_id={COMPANY}"));
    assert!(summary["business_id"].is_i64() && extended["business_id"].is_string());
    let away = first(&format!("/rest/v1.0/companies/{COMPANY}/vendors/inactive"));
    assert_eq!(away["name"], "Birch Steel");
    let contract =
        outside.signed(Method::Get, &format!("/rest/v1.0/work_order_contracts/701?project_id={PROJECT}"), "").1;
    assert_eq!(contract["line_items"].as_array().map(Vec::len), Some(3));
    assert_eq!(contract["revised_contract"], "1012500.5");
}

#[test]
fn a_change_after_approval_moves_what_follows_and_survives_a_restart() {
    let outside = Outside::open();
    let path = "/rest/v1.1/requisitions/701001";
    let body = serde_json::json!({
        "project_id": PROJECT, "commitment_id": 701,
        "requisition": {"status": "approved_as_noted", "billing_date": "31/12/2025", "items": [
            {"id": 7_010_010, "item_type": "contract_item", "work_completed_this_period": "2000.00"},
        ]},
    });
    let (status, shown) = outside.signed(Method::Patch, path, &body.to_string());
    assert_eq!((status, &shown["status"]), (200, &"approved_as_noted".into()));
    assert!(shown["billing_date"].is_null(), "an unreadable day is stored as none");
    assert_eq!(shown["updated_at"], outside.now().whole_seconds());
    let next = format!("/rest/v1.1/requisitions/701002?project_id={PROJECT}");
    let (_, second) = outside.signed(Method::Get, &next, "");
    assert_eq!(second["summary"]["less_previous_certificates_for_payment"], "2075.00");
    assert_eq!(second["summary"]["current_payment_due"], "1075.02", "its own period is untouched");

    let changes = outside.fake().take_changes();
    assert_eq!(changes.len(), 1);
    assert!(outside.fake().take_changes().is_empty());
    let mut again = (DRIVER.fake)(&contractor());
    assert_ne!(again.books(), outside.fake().books());
    changes.iter().for_each(|change| again.apply(change));
    assert_eq!(again.books(), outside.fake().books());
}

#[test]
fn a_locked_invoice_a_wrong_status_and_an_old_one_are_refused() {
    let outside = Outside::open();
    let edit = |id: i64, fields: serde_json::Value| {
        let body = serde_json::json!({"project_id": PROJECT, "commitment_id": 701, "requisition": fields});
        outside.signed(Method::Patch, &format!("/rest/v1.1/requisitions/{id}"), &body.to_string())
    };
    assert_eq!(edit(701_001, serde_json::json!({"status": "paid"})).0, 422);
    assert_eq!(edit(701_001, serde_json::json!({"origin_id": "V-1"})).0, 200);
    assert_eq!(edit(701_002, serde_json::json!({"origin_id": "V-1"})).0, 422, "taken");
    assert_eq!(edit(701_001, serde_json::json!({"status": "draft"})).0, 422, "locked");
    assert_eq!(edit(701_001, serde_json::json!({"origin_id": null})).0, 200, "unlinking unlocks");
    let remove =
        |id: i64| outside.signed(Method::Delete, &format!("/rest/v1.1/requisitions/{id}?project_id={PROJECT}"), "").0;
    assert_eq!((remove(701_001), remove(701_003), remove(701_003)), (422, 200, 404));
    assert_eq!(outside.fake().take_changes().len(), 3);
}

#[test]
fn the_books_hold_what_was_approved_line_by_line() {
    let books = Outside::open().fake().books();
    let records = books["requisitions"].as_array().expect("a list").clone();
    assert_eq!(records.len(), 2 + 44 + 1);
    assert_eq!(records[0]["due"], "1075.01");
    assert_eq!(records[0]["lines"][0]["cost_code"], "03-300");
    assert_eq!(records[0]["lines"][1]["net"], "-50.00");
}
