//! The console's pages: what each role sees, what they may do, and how fast ten thousand waiting
//! records are shown.

use crate::house::{CALLER, CSRF, house, quickstart};
use crate::support::{root, scratch};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use mlc::engine::Options;
use mlc::serve::http::{router, routes};
use mlc::serve::{Customer, House};
use mlc::store::{Approval, Batch, Event, EventKind, Operation, Outcome, RecordEntry, RecordId};
use mlc::value::Timestamp;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tower::ServiceExt as _;

const VIEWER: &str = "vera viewer";
const APPROVER: &str = "ada approver";
const OPERATOR: &str = "otto operator";

struct Console {
    house: Arc<House>,
    customer: Arc<Customer>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn leads_to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.headers[header::LOCATION].to_str().expect("text")
    }

    /// The cookie that tells on the next page what came of it.
    fn told(&self) -> String {
        let cookie = self.headers[header::SET_COOKIE].to_str().expect("text");
        cookie.split(';').next().unwrap_or_default().to_owned()
    }

    /// The value of a hidden field of the page's forms.
    fn hidden(&self, name: &str) -> String {
        let place = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&place).unwrap_or_else(|| panic!("no {name} in {}", self.text));
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}

/// The quickstart, before its first run.
fn unrun() -> Console {
    let house = quickstart();
    let customer = house.customer("quickstart").expect("the quickstart");
    Console { house, customer }
}

/// The quickstart, after its first run.
async fn console() -> Console {
    let console = unrun();
    console.customer.run(&Options::default()).await.expect("it runs");
    console
}

impl Console {
    async fn send(&self, caller: &str, request: axum::http::request::Builder, body: String) -> Answer {
        let request = request.header(CALLER, caller).body(Body::from(body)).expect("a request");
        let response = router(&self.house).oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.expect("a whole answer");
        // As a browser reads it.
        let text = String::from_utf8(bytes.to_vec()).expect("text").replace("&#x2f;", "/");
        Answer { status: parts.status, headers: parts.headers, text }
    }

    async fn get(&self, caller: &str, path: &str) -> Answer {
        self.send(caller, Request::get(path), String::new()).await
    }

    async fn page(&self, caller: &str, path: &str) -> String {
        let answer = self.get(caller, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.text
    }

    /// Sends a form as the page would, with its token.
    async fn post(&self, caller: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", CSRF);
        fields.iter().for_each(|(name, value)| {
            form.append_pair(name, value);
        });
        self.form(caller, path, form.finish()).await
    }

    async fn form(&self, caller: &str, path: &str, form: String) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        self.send(caller, Request::post(path).header(header::CONTENT_TYPE, kind), form).await
    }

    async fn put(&self, entries: Vec<RecordEntry>) {
        for entries in entries.chunks(500) {
            let event = |entry: &RecordEntry| Event {
                at: entry.updated,
                run: entry.run.clone(),
                kind: EventKind::Held,
                record: Some(entry.id.clone()),
                detail: json!({ "label": entry.label, "reason": entry.reason, "mend": entry.mend }),
            };
            let events = entries.iter().map(event).collect();
            let operations = entries.iter().map(|entry| Operation::PutRecord(Box::new(entry.clone()))).collect();
            self.customer.store().commit(Batch { operations, events }).await.expect("kept");
        }
    }

    fn parked(&self, outcome: Outcome) -> RecordId {
        let found = self.customer.index.select(|summary| summary.outcome == outcome);
        found.first().unwrap_or_else(|| panic!("a record that is {}", outcome.word())).id.clone()
    }
}

fn address(id: &RecordId) -> String {
    format!("/quickstart/records/{}/{}", id.flow, id.key)
}

/// A record that waits.
fn waiting(number: usize, label: &str) -> RecordEntry {
    let seen = Timestamp::from_unix(1_790_000_000 + i64::try_from(number).expect("small") * 60);
    RecordEntry {
        id: RecordId { flow: "subcontractor_invoices".to_owned(), key: format!("598134/{number}") },
        outcome: [Outcome::Held, Outcome::Rejected, Outcome::Failed][number % 3],
        label: label.to_owned(),
        reason: format!("no GL account for cost code {:02}-{:03}", number % 30, number % 7),
        mend: "add a row for it to cost-codes.csv".to_owned(),
        kind: format!("no GL account, division {}", number % 30),
        source_hash: "aa".to_owned(),
        program_hash: "bb".to_owned(),
        source: json!({ "id": number, "vendor_name": label, "items": [{ "amount": "12.50", "cost_code": "03-100" }] }),
        target: Some(json!({ "supplier": "S1", "total": "12.50" })),
        target_key: Some(format!("S1/{number}")),
        reference: None,
        target_hash: Some("cc".to_owned()),
        amount: Some(format!("{}.50", number % 9_000)),
        approval: None,
        mark: None,
        parts: Vec::new(),
        adopted: None,
        attempts: 0,
        run: "r1".to_owned(),
        first_seen: seen,
        updated: seen,
        posted: None,
        waits_since: Some(seen),
    }
}

#[tokio::test]
async fn every_page_is_shown_to_every_role_and_forms_only_to_those_who_may_send_them() {
    let console = console().await;
    let rejected = console.parked(Outcome::Rejected);
    let pages = ["/".to_owned(), "/quickstart".to_owned(), "/quickstart/work".to_owned(), address(&rejected)];
    for path in &pages {
        for caller in [VIEWER, APPROVER, OPERATOR] {
            let page = console.page(caller, path).await;
            let name = caller.split(' ').next().unwrap_or_default();
            assert!(page.contains("<h1") && page.contains(name), "{path} as {caller}: {page}");
            assert!(page.contains("nothing real was read or posted"), "{path} says that it is a sandbox");
            assert!(page.contains("action=\"/sign-out\""), "{path}");
        }
    }
    let has = async |caller: &str, path: &str, form: &str| console.page(caller, path).await.contains(form);
    let forms = [
        ("action=\"/quickstart/run\"", "/quickstart".to_owned(), [false, false, true]),
        ("type=\"checkbox\" name=\"record\"", "/quickstart/work".to_owned(), [false, true, true]),
        ("action=\"/quickstart/replay\"", address(&rejected), [false, true, true]),
        ("action=\"/quickstart/reject\"", address(&rejected), [false, true, false]),
    ];
    for (form, path, expected) in forms {
        for (caller, expected) in [VIEWER, APPROVER, OPERATOR].into_iter().zip(expected) {
            assert_eq!(has(caller, &path, form).await, expected, "{form} on {path} for {caller}");
        }
    }
}

#[tokio::test]
async fn the_browser_is_let_do_nothing_but_show_the_page() {
    let console = unrun();
    for path in ["/", "/quickstart", "/nowhere", "/assets/console.css", "/assets/console.js"] {
        let answer = console.get(VIEWER, path).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self';"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        if !path.starts_with("/assets") {
            assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{path}");
            assert!(!answer.text.contains("<script>") && !answer.text.contains(" style="), "{path}");
        }
    }
    let page = console.page(VIEWER, "/").await;
    let (_, rest) = page.split_once("href=\"/assets/console.css").expect("a style");
    let name = format!("/assets/console.css{}", rest.split('"').next().expect("its name"));
    let kept = console.get(VIEWER, &name).await;
    assert_eq!(kept.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    let other = console.get(VIEWER, "/assets/console.css?0000").await;
    assert_eq!(other.headers[header::CACHE_CONTROL], "no-cache", "another release's name is not kept for good");
}

#[tokio::test]
async fn what_others_wrote_is_shown_as_text() {
    let console = unrun();
    let hostile = "<script>alert(\"1\")</script> & <img src=x onerror='x'>";
    let entry = RecordEntry { reason: hostile.to_owned(), mend: hostile.to_owned(), ..waiting(1, hostile) };
    console.put(vec![entry.clone()]).await;
    let search = "/quickstart/work?q=%3Cscript%3E&kind=%22%3E%3Cscript%3E&flow=%3Cb%3E";
    for path in ["/", "/quickstart", "/quickstart/work", search, &address(&entry.id)] {
        let page = console.page(APPROVER, path).await;
        assert!(!page.contains("<script>") && !page.contains("<img"), "{path}: {page}");
    }
    let why = format!("{}?why=%3Cscript%3E", address(&entry.id));
    assert!(console.page(APPROVER, &why).await.contains("&lt;script&gt;"));
}

#[tokio::test]
async fn what_is_not_there_or_not_to_be_seen_is_not_there() {
    let console = console().await;
    let rejected = address(&console.parked(Outcome::Rejected));
    for path in
        ["/nowhere", "/nowhere/work", "/quickstart/records/subcontractor_invoices/none", "/quickstart/records/no/1"]
    {
        assert_eq!(console.get(VIEWER, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/quickstart", "/quickstart/work", &rejected] {
        let answer = console.get("nora:another viewer approver operator", path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.text.contains("subcontractor"), "{path}: {}", answer.text);
    }
    assert!(!console.page("nora:another viewer", "/").await.contains("quickstart"));
    for path in ["/quickstart/replay", "/quickstart/approve", "/quickstart/run"] {
        let answer = console.post("nora:another viewer approver operator", path, &[("record", "a/1")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_form_without_its_token_does_nothing() {
    let console = console().await;
    let id = console.parked(Outcome::Rejected);
    let head = console.customer.store().head().expect("head");
    for route in routes().iter().filter(|route| route.method == "POST" && route.path.starts_with("/{customer}/")) {
        let path = route.path.replace("{customer}", "quickstart");
        for form in ["reason=x", "reason=x&csrf=", "reason=x&csrf=another"] {
            let form = format!("{form}&record={id}");
            let answer = console.form("eve viewer approver operator", &path, form).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    assert_eq!(console.customer.store().head().expect("head"), head, "nothing was written");
}

#[tokio::test]
async fn an_approver_says_no_with_a_reason_and_the_log_names_them() {
    let console = console().await;
    let id = console.parked(Outcome::Held);
    let page = console.get(APPROVER, &address(&id)).await;
    let seen = page.hidden("seen");
    let record = id.to_string();
    let unreasoned = [("record", record.as_str()), ("seen", &seen), ("reason", " ")];
    let answer = console.post(APPROVER, "/quickstart/reject", &unreasoned).await;
    assert_eq!(answer.leads_to(), address(&id));
    assert_ne!(console.customer.index.get(&id).expect("there").outcome, Outcome::Rejected, "no reason, no decision");
    let fields = [("record", record.as_str()), ("seen", &seen), ("reason", "billed twice")];
    assert_eq!(console.post(OPERATOR, "/quickstart/reject", &fields).await.status, StatusCode::FORBIDDEN);
    let answer = console.post(APPROVER, "/quickstart/reject", &fields).await;
    let (path, cookie) = (answer.leads_to().to_owned(), answer.told());
    assert_eq!(console.customer.index.get(&id).expect("there").outcome, Outcome::Rejected);
    let after = console.send(APPROVER, Request::get(&path).header(header::COOKIE, cookie), String::new()).await;
    assert!(after.text.contains("is refused") && after.text.contains("billed twice"), "{}", after.text);
    assert!(after.headers[header::SET_COOKIE].to_str().expect("text").contains("Max-Age=0"), "told once");
    let last = console.customer.events(&id).expect("events").pop().expect("one");
    assert_eq!((last.event.kind, last.event.detail["by"].as_str()), (EventKind::Refused, Some("ada")));
    // What was seen is not what stands there now.
    let answer = console.post(APPROVER, "/quickstart/reject", &fields).await;
    let told = console.send(APPROVER, Request::get(&path).header(header::COOKIE, answer.told()), String::new()).await;
    assert!(told.text.contains("has changed since it was shown"), "{}", told.text);
}

#[tokio::test]
async fn an_approver_says_yes_to_what_was_shown() {
    let console = unrun();
    let asked = Approval { target_hash: "cc".to_owned(), granted: None };
    let entry = RecordEntry { outcome: Outcome::Held, approval: Some(asked), ..waiting(3, "a large invoice") };
    console.put(vec![entry.clone()]).await;
    let work = console.page(VIEWER, "/quickstart/work?outcome=approval").await;
    assert!(work.contains("awaiting approval") && work.contains("a large invoice"), "{work}");
    let page = console.get(APPROVER, &address(&entry.id)).await;
    let record = entry.id.to_string();
    let fields = [("record", record.as_str()), ("seen", &page.hidden("seen")), ("reason", "checked with the site")];
    console.post(APPROVER, "/quickstart/approve", &fields).await.leads_to();
    let approved = console.customer.store().record(&entry.id).expect("read").expect("there");
    let grant = approved.approval.expect("an approval").granted.expect("granted");
    assert_eq!((grant.by.as_str(), grant.reason.as_str()), ("ada", "checked with the site"));
}

/// The quickstart in a folder of its own, where its table can be mended.
fn movable() -> (TempDir, Console) {
    let scratch = scratch();
    for name in ["quickstart.mlc", "cost-codes.csv"] {
        std::fs::copy(root().join("examples").join(name), scratch.path().join(name)).expect("copied");
    }
    let house = house(&[&scratch.path().join("quickstart.mlc")]);
    let customer = house.customer("quickstart").expect("the quickstart");
    (scratch, Console { house, customer })
}

#[tokio::test]
async fn a_table_is_mended_and_the_record_is_tried_again_once_what_would_differ_was_shown() {
    let (scratch, console) = movable();
    let table = scratch.path().join("cost-codes.csv");
    let whole = std::fs::read_to_string(&table).expect("read");
    let rows: Vec<&str> = whole.lines().filter(|line| !line.starts_with("03-300,S")).collect();
    std::fs::write(&table, rows.join("\n") + "\n").expect("written");
    console.customer.reload().expect("it checks");
    console.customer.run(&Options::default()).await.expect("it runs");
    let held = console.customer.index.select(|summary| summary.reason.starts_with("cost code 03-300 "));
    let id = &held.first().expect("a record without its account").id;
    let page = console.page(VIEWER, &address(id)).await;
    assert!(page.contains("Where the mapping ended") && page.contains("nearest row"), "{page}");
    std::fs::write(&table, &whole).expect("written");
    let record = id.to_string();
    let preview = console.post(APPROVER, "/quickstart/replay", &[("record", &record)]).await;
    assert_eq!(preview.status, StatusCode::OK, "{}", preview.text);
    assert!(preview.text.contains("Nothing was sent yet") && preview.text.contains("to be posted"), "{}", preview.text);
    let shown = preview.hidden("shown");
    let unseen = [("record", record.as_str()), ("reason", "the row was added")];
    console.post(APPROVER, "/quickstart/replay/send", &unseen).await.leads_to();
    assert_eq!(console.customer.index.get(id).expect("there").outcome, Outcome::Held, "not without a preview");
    let sent = [unseen[0], unseen[1], ("shown", shown.as_str()), ("back", &address(id))];
    let answer = console.post(APPROVER, "/quickstart/replay/send", &sent).await;
    assert_eq!(answer.leads_to(), address(id));
    assert_eq!(console.customer.index.get(id).expect("there").outcome, Outcome::Posted);
    let page = console.page(VIEWER, &format!("{}?why=lines%5B0%5D.gl_account", address(id))).await;
    assert!(page.contains("Why <code>lines[0].gl_account</code>") && page.contains("cost-codes.csv line"), "{page}");
    assert!(page.contains("the row was added") && page.contains("Tried again"), "the story tells who and why: {page}");
}

#[tokio::test]
async fn a_form_leads_back_only_to_a_page_of_its_customer() {
    let console = unrun();
    for back in ["https://elsewhere.example/", "//elsewhere.example", "/another/work", "/quickstart/../another"] {
        let answer = console.post(APPROVER, "/quickstart/replay", &[("back", back)]).await;
        assert_eq!(answer.leads_to(), "/quickstart/work", "{back}");
    }
    let answer = console.post(APPROVER, "/quickstart/replay", &[("back", "/quickstart/work?outcome=held")]).await;
    assert_eq!(answer.leads_to(), "/quickstart/work?outcome=held");
}

#[tokio::test]
async fn an_operator_runs_now_and_is_told_what_came_of_it() {
    let console = unrun();
    let answer = console.post(OPERATOR, "/quickstart/run", &[]).await;
    assert_eq!(answer.leads_to(), "/quickstart");
    assert!(!console.customer.store().runs(1).expect("runs").is_empty());
    let page = Request::get("/quickstart").header(header::COOKIE, answer.told());
    let page = console.send(OPERATOR, page, String::new()).await.text;
    assert!(page.contains("The run has ended") || page.contains("The run goes on"), "{page}");
}

#[tokio::test]
async fn a_file_that_is_refused_is_told_loudly() {
    let (scratch, console) = movable();
    let file = scratch.path().join("quickstart.mlc");
    std::fs::write(&file, "pipeline \"quickstart\" {").expect("written");
    assert!(console.customer.reload().is_err());
    for path in ["/", "/quickstart", "/quickstart/work"] {
        let page = console.page(VIEWER, path).await;
        assert!(page.contains("is not used") && page.contains("role=\"alert\""), "{path}: {page}");
    }
}

/// Of a release build each page takes less than 200 ms; of this one, and beside other tests,
/// less than so much.
const BOUND: Duration = if cfg!(debug_assertions) { Duration::from_secs(4) } else { Duration::from_millis(200) };

#[tokio::test]
async fn ten_thousand_waiting_records_keep_no_page_waiting() {
    let console = unrun();
    console.put((0..10_000).map(|number| waiting(number, &format!("subcontractor invoice {number}"))).collect()).await;
    let one = address(&waiting(4_711, "").id);
    let pages = [
        "/",
        "/quickstart",
        "/quickstart/work",
        "/quickstart/work?page=200",
        "/quickstart/work?outcome=rejected&sort=largest",
        "/quickstart/work?q=invoice+99&sort=newest",
        "/quickstart/work?q=nothing+of+the+kind",
        &one,
        &format!("{one}?why=total"),
    ];
    for path in pages {
        // The first time templates are parsed.
        console.page(APPROVER, path).await;
        let start = Instant::now();
        let page = console.page(APPROVER, path).await;
        let took = start.elapsed();
        println!("{path}: {took:?}, {} bytes", page.len());
        assert!(took < BOUND, "{path} took {took:?}");
        assert!(page.len() < 400_000, "{path} is {} bytes long", page.len());
    }
    let page = console.page(APPROVER, "/quickstart/work?page=200").await;
    assert!(page.contains("9,951–10,000 of 10,000"), "{page}");
}
