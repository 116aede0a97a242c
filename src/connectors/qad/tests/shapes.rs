//! The fake's records and rows beside the shapes that public clients show. Skipped where
//! the shapes are not at hand.

use super::world;
use serde_json::Value;
use std::path::Path;

fn shapes() -> Option<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/facts/qad/rest_shapes.json");
    serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()
}

fn shown(path: &str) -> Value {
    serde_json::from_slice(&world().ask(path).body).expect("json")
}

/// The names of `wanted` that `there` does not have.
fn missing<'a>(wanted: &'a Value, there: &Value) -> Vec<&'a str> {
    let names = wanted.as_object().expect("an object").keys().map(String::as_str);
    names.filter(|name| there.get(name).is_none()).collect()
}

#[test]
fn records_have_the_names_of_the_shapes() {
    let Some(shapes) = shapes() else { return };
    let supplier = shown("/api/erp/supplierV2s?sharedSetCode=SUPSET&supplierCode=S0002");
    let wanted = &shapes["supplier_read_response"]["data"]["supplierV2s"][0];
    assert_eq!(missing(wanted, &supplier["data"]["supplierV2s"][0]), [""; 0]);
    assert_eq!(missing(&shapes["supplier_read_response"], &supplier), [""; 0]);
    let order = shown("/api/erp/purchaseOrderHeaders?domainCode=10USA&purchaseOrderNumber=4711");
    let wanted = &shapes["purchase_order_create_body"]["purchaseOrderHeaders"][0];
    assert_eq!(missing(wanted, &order["data"]["purchaseOrderHeaders"][0]), [""; 0]);
    assert_eq!(order["data"]["purchaseOrderHeaders"][0]["orderStatus"], "O");
}

#[test]
fn rows_have_the_columns_of_the_shapes() {
    let Some(shapes) = shapes() else { return };
    let rows = shown(
        "/api/qracore/browses?browseId=urn:browse:mfg:po501&page=1&pageSize=100&pageAction=first&filter=prh_hist.prh_rcp_date,ge,2026-01-01T00:00:00.000Z,literal",
    );
    let wanted = &shapes["browse_response"];
    assert_eq!(missing(&wanted["data"][0], &rows["data"][0]), [""; 0]);
    assert_eq!(missing(&wanted["auxillaryData"], &rows["auxillaryData"]), [""; 0]);
    let day = rows["data"][0]["prh_hist.prh_rcp_date"].as_str().expect("day");
    assert!(day.ends_with("T00:00:00.000Z"), "{day}");
}
