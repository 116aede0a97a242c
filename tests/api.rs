//! The API against its document.

use crate::house::{CALLER, CSRF, quickstart};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use mlc::engine::Options;
use mlc::serve::api::document;
use mlc::serve::http::{router, routes};
use mlc::serve::{Customer, House};
use mlc::store::{Outcome, RecordId};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tower::ServiceExt as _;

const EVERYBODY: &str = "mae viewer approver operator";

struct Api {
    house: Arc<House>,
    customer: Arc<Customer>,
}

/// The quickstart, after its first run.
async fn api() -> Api {
    let house = quickstart();
    let customer = house.customer("quickstart").expect("the quickstart");
    customer.run(&Options::default()).await.expect("it runs");
    Api { house, customer }
}

impl Api {
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let kind = "application/json";
        let request = Request::builder().method(method).uri(path).header(CALLER, EVERYBODY);
        let request = request.header("x-csrf-token", CSRF);
        let request = request.header(header::CONTENT_TYPE, kind);
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = router(&self.house).oneshot(request.body(body).expect("a request")).await.expect("an answer");
        let (status, told) = (response.status(), response.headers().get(header::CONTENT_TYPE).cloned());
        assert_eq!(told.expect("a content type"), kind, "{method} {path}");
        let bytes = to_bytes(response.into_body(), 64 << 20).await.expect("a whole answer");
        (status, serde_json::from_slice(&bytes).expect("an object"))
    }

    /// Asks, and holds the answer against the document.
    async fn get(&self, path: &str, operation: &str) -> Value {
        let (status, body) = self.ask("GET", path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        check(operation, "get", "200", &body);
        body
    }

    async fn post(&self, path: &str, operation: &str, body: Value) -> (StatusCode, Value) {
        let (status, body) = self.ask("POST", path, Some(body)).await;
        check(operation, "post", if status == StatusCode::OK { "200" } else { "default" }, &body);
        (status, body)
    }

    fn parked(&self, outcome: Outcome) -> RecordId {
        let found = self.customer.index.select(|summary| summary.outcome == outcome);
        found.first().unwrap_or_else(|| panic!("a record that is {}", outcome.word())).id.clone()
    }
}

/// Follows `$ref`s where a schema is asked for by hand.
fn response(path: &str, method: &str, status: &str) -> Value {
    let mut found = document()["paths"][path][method]["responses"][status].clone();
    if let Some(reference) = found["$ref"].as_str() {
        found = document().pointer(reference.trim_start_matches('#')).expect("it leads somewhere").clone();
    }
    found["content"]["application/json"]["schema"].clone()
}

fn check(path: &str, method: &str, status: &str, body: &Value) {
    let path = format!("/api/v1{path}");
    let mut schema = response(&path, method, status);
    assert!(schema.is_object(), "{method} {path} tells nothing of {status}");
    schema["components"] = document()["components"].clone();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let faults: Vec<String> = validator.iter_errors(body).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{method} {path} {status}: {faults:?}\n{body:#}");
}

#[test]
fn the_document_tells_every_route_and_no_other() {
    let ours: BTreeSet<String> = routes()
        .iter()
        .filter(|route| route.path.starts_with("/api/"))
        .map(|route| format!("{} {}", route.method.as_str().to_lowercase(), route.path.replace("{*", "{")))
        .collect();
    let paths = document()["paths"].as_object().expect("paths");
    let told: BTreeSet<String> = paths
        .iter()
        .flat_map(|(path, methods)| methods.as_object().expect("methods").keys().map(move |method| (path, method)))
        .filter(|(_, method)| *method != "parameters")
        .map(|(path, method)| format!("{method} {path}"))
        .collect();
    assert_eq!(ours, told);
    assert!(ours.len() > 10);
}

#[tokio::test]
async fn what_is_there_is_told_as_the_document_says() {
    let api = api().await;
    let all = api.get("/api/v1/pipelines", "/pipelines").await;
    assert_eq!(all["pipelines"][0]["name"], "quickstart");
    let one = api.get("/api/v1/pipelines/quickstart", "/pipelines/{customer}").await;
    assert!(one["records"]["posted"]["count"].as_u64().expect("a count") > 300, "{one}");
    let held = api.parked(Outcome::Held);
    let path = format!("/api/v1/pipelines/quickstart/records/{}/{}", held.flow, held.key);
    let story = api.get(&path, "/pipelines/{customer}/records/{flow}/{key}").await;
    assert_eq!(story["record"]["id"]["key"], held.key.as_str());
    assert!(story["events"].as_array().expect("events").len() >= 2, "{story}");
    let runs = api.get("/api/v1/pipelines/quickstart/runs", "/pipelines/{customer}/runs").await;
    let run = runs["runs"][0]["id"].as_str().expect("an id");
    api.get(&format!("/api/v1/pipelines/quickstart/runs/{run}"), "/pipelines/{customer}/runs/{run}").await;
    let audit = api.get("/api/v1/pipelines/quickstart/audit?limit=3", "/pipelines/{customer}/audit").await;
    assert_eq!(audit["entries"].as_array().expect("entries").len(), 3);
    assert_eq!(audit["entries"][2]["number"], audit["head"]["number"]);
    let budget = api.get("/api/v1/pipelines/quickstart/budget", "/pipelines/{customer}/budget").await;
    assert_eq!(budget["connections"].as_array().expect("connections").len(), 2);
}

#[tokio::test]
async fn pages_of_records_hold_each_once() {
    let api = api().await;
    let (mut seen, mut after) = (BTreeSet::new(), String::new());
    loop {
        let path = format!("/api/v1/pipelines/quickstart/records?limit=100&after={}", after.replace('/', "%2F"));
        let page = api.get(&path, "/pipelines/{customer}/records").await;
        assert_eq!(page["total"].as_u64(), Some(api.customer.index.len() as u64));
        for record in page["records"].as_array().expect("records") {
            assert!(seen.insert(format!("{}/{}", record["flow"], record["key"])), "{record} comes twice");
        }
        let Some(next) = page["next"].as_str() else { break };
        after = next.to_owned();
    }
    assert_eq!(seen.len(), api.customer.index.len());
    let path = "/api/v1/pipelines/quickstart/records?outcome=rejected&search=TWIN";
    for record in api.get(path, "/pipelines/{customer}/records").await["records"].as_array().expect("records") {
        assert_eq!(record["outcome"], "rejected");
    }
}

#[tokio::test]
async fn what_is_wrong_says_how_to_mend_it() {
    let api = api().await;
    let at = "/api/v1/pipelines";
    let unknown = json!({ "record": { "flow": "none", "key": "1" }, "because": "seen" });
    let unsaid = json!({ "record": { "flow": "none", "key": "1" } });
    for (method, path, body, status) in [
        ("GET", format!("{at}/none"), None, 404),
        ("GET", format!("{at}/quickstart/records/none/1"), None, 404),
        ("GET", format!("{at}/quickstart/records?limit=0"), None, 400),
        ("GET", format!("{at}/quickstart/records?limit=x"), None, 400),
        ("GET", format!("{at}/quickstart/records?colour=red"), None, 400),
        ("GET", format!("{at}/quickstart/audit?from=9007199254740992"), None, 400),
        ("GET", format!("{at}/quickstart/runs/none"), None, 404),
        ("GET", "/api/v2".to_owned(), None, 404),
        ("POST", format!("{at}/quickstart/approve"), Some(unknown.clone()), 404),
        ("POST", format!("{at}/quickstart/approve"), Some(unsaid), 400),
        ("POST", format!("{at}/quickstart/approve"), Some(json!([])), 422),
        ("POST", format!("{at}/quickstart/replay"), Some(json!({ "records": [], "because": "x" })), 400),
        (
            "POST",
            format!("{at}/quickstart/replay"),
            Some(json!({ "records": [unknown["record"]], "because": "x" })),
            404,
        ),
        ("POST", format!("{at}/quickstart/run"), Some(json!({ "flows": ["none"] })), 404),
        ("POST", format!("{at}/quickstart/run"), Some(json!([["subcontractor_invoices"]])), 422),
    ] {
        let (found, answer) = api.ask(method, &path, body).await;
        assert_eq!(found.as_u16(), status, "{method} {path}: {answer}");
        for part in ["message", "mend"] {
            assert!(answer["error"][part].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_decision_holds_for_what_was_seen() {
    let api = api().await;
    let id = api.parked(Outcome::Rejected);
    let path = "/api/v1/pipelines/quickstart/reject";
    let decide = |seen: &str| json!({ "record": id, "because": "keyed by hand in March", "seen": seen });
    let (status, answer) = api.post(path, "/pipelines/{customer}/reject", decide("something else")).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    let story = format!("/api/v1/pipelines/quickstart/records/{}/{}", id.flow, id.key);
    let (_, told) = api.ask("GET", &story, None).await;
    let seen = told["seen"].as_str().expect("what was seen");
    let (status, answer) = api.post(path, "/pipelines/{customer}/reject", decide(seen)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (_, told) = api.ask("GET", &story, None).await;
    let last = told["events"].as_array().and_then(|events| events.last()).expect("an event");
    assert_eq!(last["detail"]["by"], "mae");
    assert_eq!(last["detail"]["reason"], "keyed by hand in March");
}

#[tokio::test]
async fn a_replay_sends_what_its_preview_showed() {
    let api = api().await;
    let id = api.parked(Outcome::Held);
    let path = "/api/v1/pipelines/quickstart/replay";
    let replay = |more: Value| {
        let mut body = json!({ "records": [id], "because": "the table was mended" });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };
    let operation = "/pipelines/{customer}/replay";
    let (status, preview) = api.post(path, operation, replay(json!({ "preview": true }))).await;
    assert_eq!(status, StatusCode::OK, "{preview}");
    let (status, told) = api.post(path, operation, replay(json!({ "shown": "something else" }))).await;
    assert_eq!(status, StatusCode::CONFLICT, "{told}");
    let (status, told) = api.post(path, operation, replay(json!({ "shown": preview["shown"] }))).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    assert_eq!(told["records"][0]["outcome"], preview["records"][0]["outcome"]);
}
