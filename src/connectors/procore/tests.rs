//! The real connector against the fake, in memory, with a clock that only moves when told to.

use super::DRIVER;
use crate::connector::contractor::{
    BillingPeriod, Commitment, CommitmentLine, Contractor, CostCode, CostType, Invoice, InvoiceLine, Project, Vendor,
};
use crate::connector::{
    Connector, Effect, Error, ErrorKind, Fake, Fetch, Key, Opening, Pace, Page, Permanence, RateSignal, Settings, Wire,
};
use crate::value::{Date, Decimal, Record, Span, Timestamp, Value, from_json_slice};
use crate::world::{Clock, HttpRequest, HttpResponse, Method, Transport, TransportError};
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

const COMPANY: i64 = 562_949_953_421_312;
const START: i64 = 1_767_225_600;
const PROJECT: i64 = 598_134_325_600_101;
/// Its server gives pages of 20 at most.
const SMALL_PAGES: i64 = 598_134_325_600_102;
const CLOSED: i64 = 598_134_325_600_103;
const HIDDEN: i64 = 598_134_325_600_104;

type Tamper = Box<dyn FnMut(&HttpRequest, HttpResponse) -> HttpResponse + Send>;

/// The outside: the fake, a clock in milliseconds, and what tests want to see or bend.
struct Outside {
    fake: Mutex<Box<dyn Fake>>,
    millis: AtomicI64,
    requests: AtomicU64,
    signals: Mutex<Vec<RateSignal>>,
    seen: Mutex<Vec<String>>,
    tamper: Mutex<Option<Tamper>>,
}

impl Outside {
    fn open() -> Arc<Self> {
        Arc::new(Self {
            fake: Mutex::new((DRIVER.fake)(&contractor())),
            millis: AtomicI64::new(START * 1000),
            requests: AtomicU64::new(0),
            signals: Mutex::default(),
            seen: Mutex::default(),
            tamper: Mutex::default(),
        })
    }

    fn fake(&self) -> MutexGuard<'_, Box<dyn Fake>> {
        self.fake.lock().expect("no test panicked with the fake")
    }

    fn pass(&self, seconds: i64) {
        self.millis.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    fn bend(&self, tamper: impl FnMut(&HttpRequest, HttpResponse) -> HttpResponse + Send + 'static) {
        *self.tamper.lock().expect("free") = Some(Box::new(tamper));
    }

    fn asked_for(&self, part: &str) -> usize {
        self.seen.lock().expect("free").iter().filter(|line| line.contains(part)).count()
    }

    fn connect(self: &Arc<Self>) -> Box<dyn Connector> {
        let settings = self.fake().settings("https://procore.sandbox.invalid");
        self.connect_with(settings)
    }

    fn connect_with(self: &Arc<Self>, settings: Settings) -> Box<dyn Connector> {
        let wire = Wire { transport: self.clone(), clock: self.clone(), pace: self.clone() };
        let credential = self.fake().credential();
        let opening = Opening { name: "procore".into(), settings, credential, profile: None, wire };
        (DRIVER.open)(opening).unwrap_or_else(|error| panic!("{error}"))
    }

    /// A request of another program, past the connector.
    fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> HttpResponse {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = HttpRequest {
            method,
            url: format!("http://127.0.0.1:7000{path}"),
            headers,
            body: body.as_bytes().to_vec(),
            timeout: Span::from_secs(1),
        };
        self.fake().answer(&request, self.now())
    }

    fn token(&self) -> String {
        use secrecy::ExposeSecret;
        let credential = self.fake().credential();
        let secret = |name: &str| credential.get(name).expect("a field").expose_secret().to_owned();
        let body = serde_json::json!({
            "grant_type": "client_credentials",
            "client_id": secret("client_id"),
            "client_secret": secret("client_secret"),
        });
        let answer = self.ask(Method::Post, "/oauth/token", &[("Content-Type", "application/json")], &body.to_string());
        let body = from_json_slice(&answer.body).expect("JSON");
        let text = body.as_record().and_then(|body| body.get("access_token")).and_then(Value::as_text);
        format!("Bearer {}", text.expect("a token"))
    }

    fn signed(&self, method: Method, path: &str, body: &str) -> (u16, serde_json::Value) {
        let token = self.token();
        let company = COMPANY.to_string();
        let answer = self.ask(method, path, &[("Authorization", &token), ("Procore-Company-Id", &company)], body);
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}

#[async_trait]
impl Transport for Outside {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.seen.lock().expect("free").push(format!("{} {}", request.method.as_str(), request.url));
        let answer = self.fake().answer(&request, self.now());
        let mut tamper = self.tamper.lock().expect("free");
        Ok(match tamper.as_mut() {
            Some(bend) => bend(&request, answer),
            None => answer,
        })
    }
}

#[async_trait]
impl Clock for Outside {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.millis.load(Ordering::SeqCst))
    }
    async fn sleep(&self, span: Span) {
        self.millis.fetch_add(i64::try_from(span.as_millis()).expect("short"), Ordering::SeqCst);
    }
}

#[async_trait]
impl Pace for Outside {
    async fn admit(&self) {
        self.requests.fetch_add(1, Ordering::SeqCst);
    }
    fn observe(&self, signal: &RateSignal) {
        self.signals.lock().expect("free").push(signal.clone());
    }
    fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

/// Two open projects, one closed, one that the credential may not see.
fn contractor() -> Contractor {
    let project = |id: i64, number: &str, active: bool, permitted: bool| Project {
        id,
        number: number.into(),
        name: format!("Job {number}"),
        active,
        permitted,
        ledger_code: format!("J{number}"),
        city: "Austin".into(),
        state: "TX".into(),
        start: day("2025-06-01"),
    };
    let vendor = |id: i64, name: &str, code: Option<&str>, active: bool| Vendor {
        id,
        name: name.into(),
        registration: Some(format!("12-{id}")),
        supplier_code: code.map(Into::into),
        in_ledger: true,
        active,
        city: "Austin".into(),
        state: "TX".into(),
        email: "ar@example.com".into(),
        created: Timestamp::from_unix(START - 86_400 * 200),
    };
    let kind = |id: i64, code: &str| CostType { id, code: code.into(), name: code.into(), base: "commitment".into() };
    Contractor {
        seed: 7,
        company_id: COMPANY,
        company_name: "Harrow Builders".into(),
        currency: "USD".into(),
        opened: Some(Timestamp::from_unix(START)),
        projects: vec![
            project(PROJECT, "24-001", true, true),
            project(SMALL_PAGES, "24-002", true, true),
            project(CLOSED, "23-009", false, true),
            project(HIDDEN, "24-003", true, false),
        ],
        vendors: vec![vendor(31, "Ash Concrete", Some("S001"), true), vendor(32, "Birch Steel", None, false)],
        cost_codes: vec![
            CostCode { id: 501, code: "300".into(), division: "03".into(), name: "Concrete".into() },
            CostCode { id: 502, code: "100".into(), division: "05".into(), name: "Steel".into() },
        ],
        cost_types: vec![kind(61, "S"), kind(62, "M")],
        periods: vec![BillingPeriod {
            id: 901,
            project: PROJECT,
            start: day("2025-12-01"),
            end: day("2025-12-31"),
            due: day("2025-12-25"),
        }],
        commitments: vec![commitment(701, PROJECT), commitment(702, SMALL_PAGES), commitment(703, HIDDEN)],
        invoices: (1..=3)
            .map(|number| invoice(701, number))
            .chain((1..=45).map(|number| invoice(702, number)))
            .chain([invoice(703, 1)])
            .collect(),
        ..Contractor::default()
    }
}

fn commitment(id: i64, project: i64) -> Commitment {
    let line = |at: i64, amount: i64, change_order: bool| CommitmentLine {
        id: id * 10 + at,
        cost_code: usize::from(at != 0),
        cost_type: 0,
        description: format!("Part {at}"),
        amount: Decimal::cents(amount),
        change_order,
    };
    Commitment {
        id,
        project,
        vendor: 31,
        subcontract: true,
        number: format!("SC-{id}"),
        title: "Slab".into(),
        approved: true,
        retainage_percent: Decimal::from(10_i64),
        date: day("2025-07-01"),
        lines: vec![line(0, 90_000_000, false), line(1, 10_000_000, false), line(2, 1_250_050, true)],
    }
}

fn invoice(commitment: i64, number: i64) -> Invoice {
    let line = |at: i64, work: i64, materials: i64, retained: i64| InvoiceLine {
        id: commitment * 10_000 + number * 10 + at,
        line: commitment * 10 + at,
        description: (at == 0).then(|| "Slab, part of".into()),
        work: Decimal::cents(work),
        materials: Decimal::cents(materials),
        retained: Decimal::cents(retained),
        released: Decimal::ZERO,
    };
    let updated = Timestamp::from_unix(START - 86_400 * (50 - number));
    Invoice {
        id: commitment * 1000 + number,
        commitment,
        number,
        invoice_number: (number != 2).then(|| format!("AC-{number:03}")),
        period: 901,
        billing_date: Some(day("2025-12-31")),
        status: if number == 3 { "draft" } else { "approved" }.into(),
        is_final: false,
        lines: vec![line(0, 100_000 + number, 25_000, 12_500), line(1, -5_000, 0, 0)],
        created: updated,
        updated,
    }
}

fn requisitions(project: i64) -> Fetch {
    Fetch { scope: Some(Value::Integer(project)), ..Fetch::all("requisitions") }
}

async fn everything(connector: &dyn Connector, mut fetch: Fetch) -> Result<(Vec<Record>, usize), Error> {
    let (mut records, mut pages) = (Vec::new(), 0);
    loop {
        let Page { records: page, next, .. } = connector.fetch(&fetch).await?;
        pages += 1;
        records.extend(page.into_iter().map(|record| record.unwrap_or_else(|error| panic!("{error}"))));
        match next {
            Some(next) => fetch.page = Some(next),
            None => return Ok((records, pages)),
        }
    }
}

fn at(record: &Record, path: &str) -> String {
    record.at(path).map(ToString::to_string).unwrap_or_else(|| panic!("no {path}"))
}

fn amount(record: &Record, path: &str) -> Decimal {
    record.at(path).and_then(Value::as_decimal).unwrap_or_else(|| panic!("no amount {path}"))
}

#[tokio::test]
async fn whole_invoices_come_with_their_lines_and_codes() {
    let outside = Outside::open();
    let (records, pages) = everything(&*outside.connect(), requisitions(PROJECT)).await.expect("read");
    assert_eq!((records.len(), pages), (3, 1));
    let second = &records[1];
    assert_eq!(at(second, "vendor_id"), "31");
    assert!(second.get("invoice_number").expect("declared").is_null());
    assert_eq!(at(second, "percent_complete").parse::<Decimal>().ok(), Some(Decimal::cents(24)));
    let items = second.get("items").and_then(Value::as_list).expect("items");
    let item = items[0].as_record().expect("a line");
    assert_eq!((at(item, "wbs_code.cost_code"), at(item, "wbs_code.cost_type")), ("03-300".into(), "S".into()));
    assert_eq!(amount(item, "net_amount"), Decimal::cents(100_002 + 25_000 - 12_500));
    let credit = items[1].as_record().expect("a line");
    assert_eq!(amount(credit, "net_amount"), Decimal::cents(-5_000));
    let unbilled = items[2].as_record().expect("the whole schedule of values");
    assert!(amount(unbilled, "net_amount").is_zero());
    assert!(unbilled.get("id").and_then(Value::as_integer).expect("an id") > 1 << 53);
    assert_eq!(at(unbilled, "item_type"), "change_order_item");
}

#[tokio::test]
async fn sums_and_lines_agree_over_the_wire() {
    let outside = Outside::open();
    let (records, _) = everything(&*outside.connect(), requisitions(SMALL_PAGES)).await.expect("read");
    let mut before = Decimal::ZERO;
    for record in &records {
        let due = amount(record, "summary.current_payment_due");
        let items = record.get("items").and_then(Value::as_list).expect("items");
        let net = items.iter().filter_map(Value::as_record).map(|item| amount(item, "net_amount"));
        assert_eq!(net.fold(Decimal::ZERO, |sum, net| sum.checked_add(net).expect("small")), due);
        assert_eq!(amount(record, "summary.less_previous_certificates_for_payment"), before);
        before = amount(record, "summary.total_earned_less_retainage");
    }
    assert_eq!(records.len(), 45);
}

#[tokio::test]
async fn pages_follow_the_size_that_the_server_gives() {
    let outside = Outside::open();
    let (records, pages) = everything(&*outside.connect(), requisitions(SMALL_PAGES)).await.expect("read");
    let ids: BTreeSet<String> = records.iter().map(|record| at(record, "id")).collect();
    assert_eq!((records.len(), ids.len(), pages), (45, 45, 3));
    assert_eq!(outside.asked_for("page=1&per_page=100"), 1);
    assert_eq!(outside.asked_for("page=3&per_page=20"), 1);
    assert_eq!(outside.asked_for("view=items"), 3, "each page carries its own parameters");
}

#[tokio::test]
async fn only_what_changed_is_asked_for() {
    let outside = Outside::open();
    let since = Timestamp::from_unix(START - 86_400 * 10);
    let fetch = Fetch { changed_since: Some(since), ..requisitions(SMALL_PAGES) };
    let (records, _) = everything(&*outside.connect(), fetch).await.expect("read");
    assert_eq!(records.len(), 6, "numbers 40 to 45");
    let filters = vec![("status".to_owned(), Value::from("draft"))];
    let fetch = Fetch { filters, ..requisitions(PROJECT) };
    let (records, _) = everything(&*outside.connect(), fetch).await.expect("read");
    assert_eq!(records.len(), 1);
    let fetch = Fetch { filters: vec![("vendor_id".to_owned(), Value::Integer(31))], ..requisitions(PROJECT) };
    let error = everything(&*outside.connect(), fetch).await.expect_err("no such filter");
    assert_eq!(error.kind, ErrorKind::Configuration);
}

#[tokio::test]
async fn every_resource_reads_as_its_catalogue_says() {
    let outside = Outside::open();
    let connector = outside.connect();
    let mut counts = Vec::new();
    for (name, resource) in &connector.catalogue().resources {
        let scope = resource.scope.is_some().then_some(Value::Integer(PROJECT));
        let (records, _) = everything(&*connector, Fetch { scope, ..Fetch::all(name) }).await.expect(name);
        counts.push(format!("{name} {}", records.len()));
    }
    let expected = "companies 1, projects 3, vendors 1, requisitions 3, work_order_contracts 1, \
                    purchase_order_contracts 0, billing_periods 1, cost_codes 2, line_item_types 2";
    assert_eq!(counts.join(", "), expected, "closed projects are listed, hidden ones and inactive vendors are not");
}

#[tokio::test]
async fn one_token_serves_many_and_is_renewed_before_it_ends() {
    let outside = Outside::open();
    let connector = outside.connect();
    let first = requisitions(PROJECT);
    let (left, right) = tokio::join!(connector.fetch(&first), connector.fetch(&first));
    assert!(left.is_ok() && right.is_ok());
    assert_eq!(outside.asked_for("/oauth/token"), 1);
    outside.pass(5_000);
    connector.fetch(&first).await.expect("still good");
    assert_eq!(outside.asked_for("/oauth/token"), 1);
    outside.pass(150);
    connector.fetch(&first).await.expect("renewed");
    assert_eq!(outside.asked_for("/oauth/token"), 2);
    assert_eq!(outside.asked_for("/requisitions"), 4, "no request was refused on the way");
}

#[tokio::test]
async fn a_token_that_is_refused_early_is_renewed_once() {
    let outside = Outside::open();
    let connector = outside.connect();
    connector.fetch(&requisitions(PROJECT)).await.expect("read");
    // A restart of the other side: it knows no token any more.
    *outside.fake() = (DRIVER.fake)(&contractor());
    connector.fetch(&requisitions(PROJECT)).await.expect("read with a new token");
    assert_eq!(outside.asked_for("/oauth/token"), 2);
    outside.bend(|request, answer| {
        let status = if request.url.contains("/oauth/") { answer.status } else { 401 };
        HttpResponse { status, ..answer }
    });
    let error = connector.fetch(&requisitions(PROJECT)).await.expect_err("refused again");
    assert_eq!((error.kind, error.permanence), (ErrorKind::Credentials, Permanence::Permanent));
    assert_eq!(outside.asked_for("/oauth/token"), 3, "one renewal, no loop");
}

#[tokio::test]
async fn a_wrong_secret_is_asked_with_once_and_never_shown() {
    let outside = Outside::open();
    let wire = Wire { transport: outside.clone(), clock: outside.clone(), pace: outside.clone() };
    let mut credential = outside.fake().credential();
    credential.fields[1].1 = "hunter2-hunter2".to_owned().into();
    let settings = outside.fake().settings("https://procore.sandbox.invalid");
    let opening = Opening { name: "procore".into(), settings, credential, profile: None, wire };
    let connector = (DRIVER.open)(opening).unwrap_or_else(|error| panic!("{error}"));
    for _ in 0..3 {
        let error = connector.fetch(&requisitions(PROJECT)).await.expect_err("refused");
        assert_eq!((error.kind, error.permanence), (ErrorKind::Credentials, Permanence::Permanent));
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    assert_eq!(outside.asked_for(""), 1);
}

#[tokio::test]
async fn a_credential_without_a_secret_and_a_missing_company_are_told_at_once() {
    let outside = Outside::open();
    let wire = Wire { transport: outside.clone(), clock: outside.clone(), pace: outside.clone() };
    let settings = outside.fake().settings("https://procore.sandbox.invalid");
    let mut credential = outside.fake().credential();
    credential.fields.truncate(1);
    let opening = Opening { name: "procore".into(), settings, credential, profile: None, wire: wire.clone() };
    let error = (DRIVER.open)(opening).err().expect("no secret");
    assert!(error.message.contains("client_secret"), "{error}");
    let credential = outside.fake().credential();
    let opening = Opening { name: "procore".into(), settings: Settings::default(), credential, profile: None, wire };
    let error = (DRIVER.open)(opening).err().expect("no company");
    assert!(error.message.contains("company_id"), "{error}");
}

#[tokio::test]
async fn another_company_and_an_invisible_project_are_told_apart() {
    let outside = Outside::open();
    let mut settings = outside.fake().settings("https://procore.sandbox.invalid");
    settings.0.insert("company_id".into(), Value::Integer(99));
    let error = outside.connect_with(settings).fetch(&Fetch::all("projects")).await.expect_err("not connected");
    assert_eq!((error.kind, error.status), (ErrorKind::Configuration, Some(403)));
    for project in [HIDDEN, 1] {
        let error = outside.connect().fetch(&requisitions(project)).await.expect_err("not visible");
        assert_eq!((error.kind, error.status), (ErrorKind::NotFound, Some(404)));
        assert!(error.message.contains(&project.to_string()), "{error}");
    }
    let error = outside.connect().fetch(&Fetch::all("requisitions")).await.expect_err("no project");
    assert_eq!(error.kind, ErrorKind::Configuration);
}

#[tokio::test]
async fn a_full_window_says_when_to_come_back_and_every_answer_how_it_stands() {
    let outside = Outside::open();
    let connector = outside.connect();
    let error = loop {
        match connector.fetch(&requisitions(PROJECT)).await {
            Ok(_) => {
                let signals = outside.signals.lock().expect("free");
                let last = signals.last().expect("a signal");
                assert_eq!((last.limit, last.refused), (Some(25), false));
            }
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind, error.status), (ErrorKind::RateLimit, Some(429)));
    let retry = error.retry_at.expect("an instant");
    assert!(retry > outside.now() && retry <= outside.now().plus(Span::from_secs(10)));
    assert_eq!(outside.requests(), 27, "a token, 25 answers, one refusal");
    outside.sleep(retry.since(outside.now())).await;
    connector.fetch(&requisitions(PROJECT)).await.expect("the window began anew");
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_temporary_errors() {
    for (body, kind) in [
        (&b"[{\"id\": 1"[..], ErrorKind::Malformed),
        (b"<html>busy</html>", ErrorKind::Unavailable),
        (b"{\"id\": 1}", ErrorKind::Malformed),
        (b"\xff\xfe", ErrorKind::Malformed),
    ] {
        let outside = Outside::open();
        let body = body.to_vec();
        outside.bend(move |request, answer| {
            let torn = request.url.contains("/requisitions");
            HttpResponse { body: if torn { body.clone() } else { answer.body }, ..answer }
        });
        let error = outside.connect().fetch(&requisitions(PROJECT)).await.expect_err("unreadable");
        assert_eq!((error.kind, error.permanence, error.effect), (kind, Permanence::Temporary, Effect::None));
    }
}

#[tokio::test]
async fn one_bad_record_does_not_hide_the_others() {
    let outside = Outside::open();
    outside.bend(|_, answer| {
        let text = String::from_utf8(answer.body).expect("text");
        HttpResponse {
            body: text.replacen("\"current_payment_due\":\"", "\"current_payment_due\":\"x", 1).into(),
            ..answer
        }
    });
    let page = outside.connect().fetch(&requisitions(PROJECT)).await.expect("a page");
    let problems: Vec<String> =
        page.records.iter().filter_map(|record| record.as_ref().err()).map(ToString::to_string).collect();
    assert_eq!((page.records.len(), problems.len()), (3, 1));
    assert!(problems[0].contains("subcontractor invoice 701001: field `summary.current_payment_due`"), "{problems:?}");
}

#[tokio::test]
async fn nothing_can_be_written() {
    let outside = Outside::open();
    let connector = outside.connect();
    let error = connector.create("vendors", &Record::new()).await.expect_err("read only");
    assert_eq!((error.permanence, error.effect), (Permanence::Permanent, Effect::None));
    assert!(connector.find("vendors", &[Key(Vec::new())]).await.is_err());
    assert_eq!(outside.asked_for(""), 0);
}

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
    let (code, body) = status(&[signed, ("procore-company-id", "5")], "/rest/v1.0/companies");
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
