//! A house with one customer: a site that sends deliveries, and books that take what they
//! tell of.

use crate::connector::{
    Catalogue, Connector, Driver, Error, ErrorKind, Fetch, Found, Key, Notice, NoticeError, NoticeEvent, Page,
    Permanence, Receiving, Written,
};
use crate::diag::{Sources, Style, render};
use crate::engine::{Progress, Setup, Stage};
use crate::model::{FileText, Files, check};
use crate::program::{Program, compile};
use crate::serve::http::{Caller, Door};
use crate::serve::webhook::receive::receive;
use crate::serve::{Customer, House, Opened, Opener, Outside, Refusal};
use crate::store::{Delivery, DeliveryState, MemoryStore, Outcome, Store};
use crate::syntax::parse;
use crate::value::{Decimal, Record, Span, Timestamp, Value};
use crate::world::{Clock, Entropy, HttpRequest, HttpResponse, Transport, TransportError};
use async_trait::async_trait;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use tokio::time::Instant;

pub const SECRET: &str = "Bearer the-new-one";
pub const BEFORE: &str = "Bearer the-old-one";

/// As whom the site says that our own credential writes.
pub const OURSELVES: &str = "77";

pub const PIPELINE: &str = r#"
pipeline "acme.one" { currency = "USD" }

connect site { credentials = env("SITE") }
connect books { credentials = env("BOOKS") }

flow bills {
  from site.bills as bill per project where project.active
  map {
    reference = "{{ project.id }}-{{ bill.number }}"
    total     = bill.amount
  }
  to books.invoices { key reference }
  run on webhook
}

flow names {
  from site.parties as party
  map {
    code = party.code
    name = party.name
  }
  to books.names { key code }
  run on webhook
}
"#;

/// One that writes parties, and looks at them by the clock.
pub const WRITER: &str = r#"
pipeline "acme.one" { currency = "USD" }

connect site { credentials = env("SITE") }
connect books { credentials = env("BOOKS") }

flow bills {
  from site.bills as bill per project where project.active
  map {
    reference = "{{ project.id }}-{{ bill.number }}"
    total     = bill.amount
  }
  to books.invoices { key reference }
  run every 15m
}

flow parties {
  from books.names as one
  map {
    code = one.code
    name = one.name
  }
  to site.parties { key code }
}

flow names {
  from site.parties as party
  map {
    code = party.code
    name = party.name
  }
  to books.names { key code }
  run on webhook
}
"#;

/// What both systems hold, and what goes wrong with them.
#[derive(Default)]
pub struct Systems {
    /// By project.
    pub bills: BTreeMap<i64, Vec<Record>>,
    /// By system and resource, what was written.
    pub written: Vec<(String, Record)>,
    pub fetched: Vec<Fetch>,
    /// Projects whose bills cannot be read.
    pub closed: BTreeSet<i64>,
    /// Nothing can be read.
    pub down: bool,
    /// Reading takes so long.
    pub slow: Option<Span>,
}

impl Systems {
    /// Three projects with three bills each.
    fn stocked() -> Arc<Mutex<Self>> {
        let bills = (1..4).map(|project| {
            let bills = (0..3).map(|place| bill(project * 100 + place, 1_000 + place));
            (project, bills.collect())
        });
        Arc::new(Mutex::new(Self { bills: bills.collect(), ..Self::default() }))
    }
}

pub struct Bench {
    pub house: Arc<House>,
    pub customer: Arc<Customer>,
    pub store: Arc<MemoryStore>,
    pub systems: Arc<Mutex<Systems>>,
    pub clock: Arc<PausedClock>,
}

impl Bench {
    pub fn new() -> Self {
        Self::of(PIPELINE, Arc::new(MemoryStore::new()))
    }

    pub fn with(pipeline: &'static str) -> Self {
        Self::of(pipeline, Arc::new(MemoryStore::new()))
    }

    /// The house again over what a process that was killed has left on disk.
    pub fn restarted(before: &Self) -> Self {
        Self::over(PIPELINE, before.store.clone(), Arc::clone(&before.store), Some(before))
    }

    fn of(pipeline: &'static str, store: Arc<MemoryStore>) -> Self {
        Self::over(pipeline, store.clone(), store, None)
    }

    /// The same with something between the house and the store.
    pub fn over(pipeline: &'static str, shown: Arc<dyn Store>, store: Arc<MemoryStore>, before: Option<&Self>) -> Self {
        let systems = before.map_or_else(Systems::stocked, |before| Arc::clone(&before.systems));
        let clock = before.map_or_else(|| Arc::new(PausedClock::new()), |before| Arc::clone(&before.clock));
        let opener = BenchOpener {
            program: program(pipeline),
            store: shown,
            systems: Arc::clone(&systems),
            clock: Arc::clone(&clock),
        };
        let outside =
            Outside { clock: clock.clone(), entropy: Arc::new(Counter::default()), transport: Arc::new(Nowhere) };
        let house = Arc::new(House::new(outside, Arc::new(opener), Arc::new(Nobody)));
        let customer = house.admit(FilePath::new("acme.mlc")).expect("the customer");
        Self { house, customer, store, systems, clock }
    }

    pub fn systems(&self) -> MutexGuard<'_, Systems> {
        self.systems.lock().expect("systems")
    }

    /// A delivery as the site sends it.
    pub async fn send(&self, body: &Json) -> StatusCode {
        self.post("site", "acme.one.site", Some(SECRET), Body::from(body.to_string())).await
    }

    pub async fn post(&self, driver: &str, place: &str, secret: Option<&str>, body: Body) -> StatusCode {
        let mut request = Request::post("/");
        if let Some(secret) = secret {
            request = request.header(AUTHORIZATION, secret);
        }
        let place = Path((driver.to_owned(), place.to_owned()));
        let request = request.body(body).expect("a request");
        receive(State(Arc::clone(&self.house)), place, request).await.status()
    }

    pub fn known(&self, id: &str) -> Delivery {
        self.store.delivery("site", id).expect("store").unwrap_or_else(|| panic!("{id} is not known"))
    }

    pub fn is_done(&self, id: &str) -> bool {
        matches!(self.known(id).state, DeliveryState::Done { .. })
    }

    /// Why it was ignored.
    pub fn ignored(&self, id: &str) -> String {
        match self.known(id).state {
            DeliveryState::Ignored { why, .. } => why,
            state => panic!("{id} is {state:?}"),
        }
    }

    pub fn count(&self, count: &AtomicU64) -> u64 {
        count.load(Ordering::Relaxed)
    }

    /// References of the invoices that stand in the books, as often as they stand there.
    pub fn invoices(&self) -> Vec<String> {
        let systems = self.systems();
        let invoices = systems.written.iter().filter(|(place, _)| place == "invoices");
        let mut invoices: Vec<String> =
            invoices.map(|(_, record)| record.get("reference").map(Value::to_string).unwrap_or_default()).collect();
        invoices.sort();
        invoices
    }

    /// Runs that were begun.
    pub fn runs(&self) -> usize {
        self.store.runs(1_000).expect("runs").len()
    }
}

pub fn bill(id: i64, cents: i64) -> Record {
    let mut record = Record::new();
    record.insert("id", id);
    record.insert("number", format!("N{id}"));
    record.insert("amount", Decimal::cents(cents));
    record
}

/// `id` is the delivery's, `record` the record's.
pub fn told(id: &str, named: &str, record: i64, project: Option<i64>) -> Json {
    json!({ "id": id, "named": named, "event": "update", "record": record, "project": project, "user": "9" })
}

fn read(body: &[u8]) -> Result<Notice, NoticeError> {
    let body: Json = serde_json::from_slice(body).map_err(|_| NoticeError::new("it is no JSON"))?;
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let number = |name: &str| body[name].as_i64().map(|number| number.to_string());
    let named = text("named").ok_or_else(|| NoticeError::new("it names nothing"))?;
    let resource = site().told_by(&named).next().map(str::to_owned);
    Ok(Notice {
        delivery: text("id").ok_or_else(|| NoticeError::new("it has no id"))?,
        resource,
        event: NoticeEvent::of(body["event"].as_str().unwrap_or_default()),
        record: number("record").ok_or_else(|| NoticeError::new("it names no record"))?,
        scope: number("project"),
        tenant: None,
        at: None,
        user: text("user"),
        application: None,
        named,
    })
}

fn site() -> &'static Catalogue {
    static SITE: OnceLock<Catalogue> = OnceLock::new();
    SITE.get_or_init(|| Catalogue::read(include_str!("site.yaml")).expect("test catalogue"))
}

fn books() -> &'static Catalogue {
    static BOOKS: OnceLock<Catalogue> = OnceLock::new();
    BOOKS.get_or_init(|| Catalogue::read(include_str!("books.yaml")).expect("test catalogue"))
}

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<FileText, String> {
        Err(format!("{path} is not there"))
    }
}

fn program(text: &'static str) -> Arc<Program> {
    let mut sources = Sources::new();
    let id = sources.add("acme.mlc", text);
    let parsed = parse(&sources, id);
    assert!(parsed.diagnostics.is_empty(), "{}", render(&parsed.diagnostics, &sources, Style::Plain));
    let receiving = Receiving { secret_header: "authorization", body_limit: 64 << 10, read };
    let drivers = [driver("site", site, Some(receiving)), driver("books", books, None)];
    let checked = check(&parsed.file, &mut sources, &NoFiles, &drivers);
    let said = render(&checked.diagnostics, &sources, Style::Plain);
    Arc::new(compile(checked.model.unwrap_or_else(|| panic!("{said}"))))
}

fn driver(name: &'static str, catalogue: fn() -> &'static Catalogue, webhook: Option<Receiving>) -> Driver {
    Driver {
        name,
        catalogue,
        profiled: |_| Err("no profiles here".to_owned()),
        open: |_| unreachable!("the bench opens its connections itself"),
        fake: |_| unreachable!("nothing is imitated here"),
        webhook,
    }
}

struct BenchOpener {
    program: Arc<Program>,
    store: Arc<dyn Store>,
    systems: Arc<Mutex<Systems>>,
    clock: Arc<PausedClock>,
}

impl Opener for BenchOpener {
    fn open(&self, _: &FilePath, _: Option<&Opened>) -> Result<Opened, Refusal> {
        let side = |catalogue: fn() -> &'static Catalogue, secrets: &[&str]| Side {
            catalogue: catalogue(),
            systems: Arc::clone(&self.systems),
            clock: Arc::clone(&self.clock),
            secrets: secrets.iter().map(|secret| SecretString::from(*secret)).collect(),
        };
        let setup = Setup {
            program: Arc::clone(&self.program),
            connections: BTreeMap::from([
                ("site".to_owned(), Arc::new(side(site, &[SECRET, BEFORE])) as Arc<dyn Connector>),
                ("books".to_owned(), Arc::new(side(books, &[])) as Arc<dyn Connector>),
            ]),
            paces: BTreeMap::new(),
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            entropy: Arc::new(Counter::default()),
            progress: Arc::new(Silent),
            sandbox: true,
        };
        Ok(Opened { setup, folder: "acme".into(), text: String::new() })
    }
}

struct Side {
    catalogue: &'static Catalogue,
    systems: Arc<Mutex<Systems>>,
    clock: Arc<PausedClock>,
    secrets: Vec<SecretString>,
}

impl Side {
    fn systems(&self) -> MutexGuard<'_, Systems> {
        self.systems.lock().expect("systems")
    }
}

#[async_trait]
impl Connector for Side {
    fn catalogue(&self) -> &Catalogue {
        self.catalogue
    }

    async fn fetch(&self, request: &Fetch) -> Result<Page, Error> {
        let slow = self.systems().slow;
        if let Some(slow) = slow {
            self.clock.sleep(slow).await;
        }
        let mut systems = self.systems();
        systems.fetched.push(request.clone());
        let project = request.scope.as_ref().and_then(Value::as_integer);
        if systems.down || project.is_some_and(|project| systems.closed.contains(&project)) {
            return Err(Error::new(ErrorKind::Unavailable, Permanence::Permanent, "down").status(403));
        }
        let records: Vec<Record> = match (request.resource.as_str(), project) {
            ("projects", _) => systems.bills.keys().map(|id| running(*id)).collect(),
            ("bills", Some(project)) => systems.bills.get(&project).cloned().unwrap_or_default(),
            _ => Vec::new(),
        };
        Ok(Page { records: records.into_iter().map(Ok).collect(), next: None, total: None })
    }

    async fn find(&self, resource: &str, keys: &[Key]) -> Result<Vec<Vec<Found>>, Error> {
        let systems = self.systems();
        let found = |key: &Key| {
            let fits = |record: &Record| key.0.iter().all(|(name, value)| record.get(name) == Some(value));
            let of_resource = systems.written.iter().enumerate().filter(|(_, (place, _))| place == resource);
            let fitting = of_resource.filter(|(_, (_, record))| fits(record));
            fitting
                .map(|(at, (_, record))| Found { reference: format!("V{at}"), record: record.clone(), token: None })
                .collect()
        };
        Ok(keys.iter().map(found).collect())
    }

    async fn create(&self, resource: &str, record: &Record) -> Result<Written, Error> {
        let mut systems = self.systems();
        let reference = format!("V{}", systems.written.len());
        systems.written.push((resource.to_owned(), record.clone()));
        Ok(Written { reference, echo: Some(record.clone()), warnings: Vec::new() })
    }

    async fn update(&self, _: &str, found: &Found, record: &Record) -> Result<Written, Error> {
        Ok(Written { reference: found.reference.clone(), echo: Some(record.clone()), warnings: Vec::new() })
    }

    fn webhook_secrets(&self) -> &[SecretString] {
        &self.secrets
    }

    fn is_ours(&self, notice: &Notice) -> bool {
        notice.user.as_deref() == Some(OURSELVES)
    }
}

fn running(id: i64) -> Record {
    let mut record = Record::new();
    record.insert("id", id);
    record.insert("active", true);
    record
}

/// Time of the runtime, which these tests have stand still.
pub struct PausedClock {
    began: Instant,
}

impl PausedClock {
    fn new() -> Self {
        Self { began: Instant::now() }
    }
}

#[async_trait]
impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(1_790_001_000).plus(Instant::now().duration_since(self.began))
    }

    #[allow(clippy::disallowed_methods, reason = "this is the clock of these tests, and no real time passes")]
    async fn sleep(&self, span: Span) {
        tokio::time::sleep(span).await;
    }
}

#[derive(Default)]
struct Counter(AtomicU64);

impl Entropy for Counter {
    fn next_u64(&self) -> u64 {
        self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
    }
}

/// Nobody comes in: there is nobody.
struct Nobody;

impl Door for Nobody {
    fn caller(&self, _: &axum::http::HeaderMap, _: Timestamp) -> Option<Caller> {
        None
    }
}

struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
        unreachable!("these systems are in memory")
    }
}

struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &str, _: Stage) {}
    fn settled(&self, _: &str, _: Outcome) {}
    fn read(&self, _: &str, _: u64) {}
}
