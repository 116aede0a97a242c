//! The real connector against the fake, in memory, with a clock that only moves when told to.

mod contractor;
mod fake;
mod hooks;
mod money;
mod probing;
mod reading;
mod refusals;
mod structure;
mod writing;

use super::DRIVER;
use crate::connector::{Connector, Error, Fake, Fetch, Opening, Pace, Page, RateSignal, Settings, Wire};
use crate::value::{Decimal, Record, Span, Timestamp, Value, from_json_slice};
use crate::world::{Clock, Credential, HttpRequest, HttpResponse, Method, Transport, TransportError};
use async_trait::async_trait;
use contractor::contractor;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

const COMPANY: i64 = 562_949_953_421_312;
const START: i64 = 1_767_225_600;
const PROJECT: i64 = 598_134_325_600_101;
/// Its server gives pages of 20 at most.
const SMALL_PAGES: i64 = 598_134_325_600_102;
const CLOSED: i64 = 598_134_325_600_103;
const HIDDEN: i64 = 598_134_325_600_104;

type Bend = Box<dyn FnMut(&mut HttpRequest) + Send>;
type Tamper = Box<dyn FnMut(&HttpRequest, HttpResponse) -> HttpResponse + Send>;

/// The outside: the fake, a clock in milliseconds, and what tests want to see or bend.
struct Outside {
    fake: Mutex<Box<dyn Fake>>,
    millis: AtomicI64,
    requests: AtomicU64,
    signals: Mutex<Vec<RateSignal>>,
    seen: Mutex<Vec<String>>,
    tamper: Mutex<Option<Tamper>>,
    bend: Mutex<Option<Bend>>,
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
            bend: Mutex::default(),
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

    /// What the connector sends is changed on its way.
    fn bend_request(&self, bend: impl FnMut(&mut HttpRequest) + Send + 'static) {
        *self.bend.lock().expect("free") = Some(Box::new(bend));
    }

    fn asked_for(&self, part: &str) -> usize {
        self.seen.lock().expect("free").iter().filter(|line| line.contains(part)).count()
    }

    fn connect(self: &Arc<Self>) -> Box<dyn Connector> {
        let settings = self.fake().settings("https://procore.sandbox.invalid");
        self.connect_with(settings)
    }

    fn connect_with(self: &Arc<Self>, settings: Settings) -> Box<dyn Connector> {
        let credential = self.fake().credential();
        self.connect_as(settings, credential)
    }

    fn connect_as(self: &Arc<Self>, settings: Settings, credential: Credential) -> Box<dyn Connector> {
        let wire = Wire { transport: self.clone(), clock: self.clone(), pace: self.clone() };
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
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if let Some(bend) = self.bend.lock().expect("free").as_mut() {
            bend(&mut request);
        }
        // As on a network, others go on while one waits.
        tokio::task::yield_now().await;
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
