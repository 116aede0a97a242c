//! The real connector against the fake: one transport in memory, one clock that only moves
//! when it is told to.

mod credits;
mod payments;
mod probing;
mod purchasing;
mod qxtend;
mod readiness;
mod reads;
mod sessions;
mod shapes;
mod writes;

use super::DRIVER;
use super::fake::QadFake;
use crate::connector::contractor::{
    Account, Contractor, CostCenter, Item, LedgerInvoice, OrderLine, PrimeContract, PurchaseOrder, Receipt, Vendor,
};
use crate::connector::{Connector, Fake, Fetch, Found, Key, Opening, Pace, RateSignal, Settings, Wire};
use crate::value::{Date, Decimal, Record, Span, Timestamp, Value};
use crate::world::{Clock, Credential, HttpRequest, HttpResponse, Method, Transport, TransportError};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const NOON: i64 = 1_790_856_000;

struct World {
    fake: Mutex<QadFake>,
    clock: Hands,
    urls: Mutex<Vec<String>>,
    requests: AtomicU64,
    /// Answers with status 401.
    rejected: AtomicU64,
    /// Answers that take the place of the fake's, after it acted.
    instead: Mutex<VecDeque<Result<HttpResponse, TransportError>>>,
}

struct Hands(Mutex<Timestamp>);

impl Hands {
    fn moves(&self, minutes: u64) {
        let mut now = self.0.lock().expect("clock");
        *now = now.plus(Span::from_secs(minutes * 60));
    }
}

#[async_trait]
impl Clock for World {
    fn now(&self) -> Timestamp {
        *self.clock.0.lock().expect("clock")
    }

    async fn sleep(&self, _: Span) {}
}

#[async_trait]
impl Transport for World {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.urls.lock().expect("urls").push(request.url.clone());
        let now = self.now();
        let answer = self.fake.lock().expect("fake").answer(&request, now);
        if answer.status == 401 {
            self.rejected.fetch_add(1, Ordering::Relaxed);
        }
        let token = request.url.contains("/oauth/");
        let instead = if token { None } else { self.instead.lock().expect("answers").pop_front() };
        instead.unwrap_or(Ok(answer))
    }
}

#[async_trait]
impl Pace for World {
    async fn admit(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    fn observe(&self, _: &RateSignal) {}

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("test amount")
}

fn day(text: &str) -> Date {
    text.parse().expect("test day")
}

fn vendor(number: i64, active: bool) -> Vendor {
    Vendor {
        id: number,
        name: format!("Vendor {number}"),
        registration: None,
        supplier_code: Some(format!("S{number:04}")),
        in_ledger: true,
        active,
        city: "Dallas".to_owned(),
        state: "TX".to_owned(),
        email: String::new(),
        created: Timestamp::from_unix(NOON),
    }
}

fn account(code: &str, active: bool, control: bool, wants_cost_center: bool) -> Account {
    Account {
        code: code.into(),
        name: format!("Account {code}"),
        active,
        control,
        wants_cost_center,
        wants_project: false,
    }
}

fn contractor() -> Contractor {
    Contractor {
        seed: 7,
        currency: "USD".to_owned(),
        domain: "10USA".to_owned(),
        entity: "10USACO".to_owned(),
        further_entities: vec!["20USACO".to_owned()],
        vendors: (1..=450).map(|number| vendor(number, number != 13)).collect(),
        accounts: vec![
            account("5310", true, false, true),
            account("5399", false, false, false),
            account("2100", true, true, false),
            account("6000", true, false, false),
        ],
        cost_centers: vec![CostCenter { code: "C300".into(), name: "Concrete".into(), active: true }],
        ledger: (1..=30)
            .map(|number| LedgerInvoice {
                supplier: "S0001".into(),
                reference: format!("24-001-{number:02}"),
                date: day("2026-08-31"),
                amount: decimal("100.00"),
                account: "5310".into(),
                cost_center: "C300".into(),
            })
            .collect(),
        prime_contracts: vec![PrimeContract {
            id: 1,
            project: 1,
            number: "24-001".into(),
            title: "Library".into(),
            owner: "City of Joliet".into(),
            customer_code: "C0001".into(),
            approved: true,
            retainage_percent: decimal("10"),
            amount: decimal("1000000"),
            date: day("2026-01-05"),
        }],
        orders: orders(),
        receipts: receipts(),
        items: vec![Item { code: "REBAR-4".into(), description: "Rebar".into(), unit: "EA".into(), active: true }],
        ..Contractor::default()
    }
}

fn order(number: &str, lines: &[(i64, &str, &str)]) -> PurchaseOrder {
    let lines = lines.iter().map(|(number, ordered, unit_cost)| OrderLine {
        number: *number,
        item: "REBAR-4".into(),
        description: "Rebar".into(),
        ordered: decimal(ordered),
        unit: "EA".into(),
        unit_cost: decimal(unit_cost),
        account: "5310".into(),
        cost_center: "C300".into(),
        evaluated: false,
    });
    PurchaseOrder {
        number: number.into(),
        supplier: "S0002".into(),
        date: day("2026-08-01"),
        due: day("2026-12-31"),
        open: true,
        cancelled: false,
        project: String::new(),
        lines: lines.collect(),
    }
}

fn orders() -> Vec<PurchaseOrder> {
    let mut evaluated = order("4714", &[(1, "100", "90")]);
    evaluated.lines[0].evaluated = true;
    let mut mixed = order("4718", &[(1, "10", "1000"), (2, "10", "1000"), (3, "10", "1000")]);
    mixed.lines[2].evaluated = true;
    vec![
        order("4711", &[(2, "10", "1"), (3, "200", "60.00")]),
        order("4712", &[(1, "100", "90")]),
        order("4713", &[(1, "100", "90")]),
        evaluated,
        PurchaseOrder { open: false, ..order("4715", &[(1, "100", "90")]) },
        PurchaseOrder { open: false, cancelled: true, ..order("4716", &[(1, "100", "90")]) },
        PurchaseOrder { supplier: "S0003".into(), ..order("4717", &[(1, "100", "90")]) },
        mixed,
        PurchaseOrder { open: false, ..order("4719", &[(1, "100", "90")]) },
    ]
}

fn receipts() -> Vec<Receipt> {
    let receipts = [
        ("R1", "4711", 2, "2026-09-20", "10"),
        ("R1", "4711", 3, "2026-09-20", "150"),
        ("R2", "4711", 3, "2026-09-22", "-30"),
        ("R3", "4712", 1, "2026-09-15", "100"),
        ("R4", "4713", 1, "2026-09-15", "60"),
        ("R5", "4713", 1, "2026-10-01", "40"),
        ("R6", "4714", 1, "2026-09-15", "100"),
        ("R7", "4715", 1, "2026-09-15", "50"),
        ("R8", "4718", 1, "2026-09-15", "10"),
        ("R9", "4718", 2, "2026-09-15", "5"),
        ("R10", "4719", 1, "2026-09-15", "100"),
    ];
    let receipt = |(receiver, order, line, date, quantity): (&str, &str, i64, &str, &str)| Receipt {
        receiver: receiver.into(),
        order: order.into(),
        line,
        date: day(date),
        quantity: decimal(quantity),
        posted: date.parse().expect("instant"),
    };
    receipts.into_iter().map(receipt).collect()
}

fn world() -> Arc<World> {
    Arc::new(World {
        fake: Mutex::new(QadFake::new(&contractor())),
        clock: Hands(Mutex::new(Timestamp::from_unix(NOON))),
        urls: Mutex::default(),
        requests: AtomicU64::default(),
        rejected: AtomicU64::default(),
        instead: Mutex::default(),
    })
}

impl World {
    fn counted(&self) -> u64 {
        self.requests.swap(0, Ordering::Relaxed)
    }

    fn asked(&self, part: &str) -> usize {
        self.urls.lock().expect("urls").iter().filter(|url| url.contains(part)).count()
    }

    /// What another program with the same user reads.
    fn ask(&self, path: &str) -> HttpResponse {
        self.request(Method::Get, path, Vec::new())
    }

    fn request(&self, method: Method, path: &str, body: Vec<u8>) -> HttpResponse {
        let mut fake = self.fake.lock().expect("fake");
        let credential = fake.credential();
        let field =
            |name: &str| credential.get(name).map(|secret| secret.expose_secret().to_owned()).unwrap_or_default();
        let login = STANDARD.encode(format!("{}:{}", field("username"), field("password")));
        let headers =
            vec![("User-Agent".to_owned(), "test".to_owned()), ("Authorization".to_owned(), format!("Basic {login}"))];
        let url = format!("https://qad.sandbox.invalid/clouderp{path}");
        let request = HttpRequest { method, url, headers, body, timeout: Span::from_secs(1) };
        fake.answer(&request, self.now())
    }

    fn books(&self) -> usize {
        let books = self.fake.lock().expect("fake").books();
        books["supplier_invoices"].as_array().map_or(0, Vec::len)
    }
}

fn connect(world: &Arc<World>) -> Box<dyn Connector> {
    connect_with(world, None, |_, _| {})
}

fn connect_with(
    world: &Arc<World>,
    profile: Option<&str>,
    change: impl FnOnce(&mut Settings, &mut Credential),
) -> Box<dyn Connector> {
    let (mut settings, mut credential) = {
        let fake = world.fake.lock().expect("fake");
        (fake.settings(&fake.base_url()), fake.credential())
    };
    change(&mut settings, &mut credential);
    let wire = Wire { transport: world.clone(), clock: world.clone(), pace: world.clone() };
    let profile = profile.map(str::to_owned);
    (DRIVER.open)(Opening { name: "qad".into(), settings, credential, profile, wire })
        .map_err(|error| error.message)
        .expect("opens")
}

/// Connected by another way out.
fn connect_over(world: &Arc<World>, transport: Arc<dyn Transport>) -> Box<dyn Connector> {
    let (settings, credential) = {
        let fake = world.fake.lock().expect("fake");
        (fake.settings(&fake.base_url()), fake.credential())
    };
    let wire = Wire { transport, clock: world.clone(), pace: world.clone() };
    (DRIVER.open)(Opening { name: "qad".into(), settings, credential, profile: None, wire })
        .map_err(|error| error.message)
        .expect("opens")
}

fn line(account: &str, cost_center: &str, amount: &str) -> Value {
    let mut line = Record::new();
    line.insert("gl_account", account);
    if !cost_center.is_empty() {
        line.insert("cost_center", cost_center);
    }
    line.insert("amount", decimal(amount));
    line.insert("description", "Progress billing");
    line.into()
}

fn invoice(reference: &str) -> Record {
    let mut record = Record::new();
    record.insert("supplier", "S0002");
    record.insert("reference", reference);
    record.insert("invoice_date", day("2026-09-30"));
    record.insert("lines", Value::list(vec![line("5310", "C300", "10000.00"), line("5310", "C300", "-1000.00")]));
    record.insert("total", decimal("9000.00"));
    record
}

fn with(mut record: Record, name: &str, value: impl Into<Value>) -> Record {
    record.insert(name, value);
    record
}

fn lines(record: Record, lines: Vec<Value>, total: &str) -> Record {
    with(with(record, "lines", Value::list(lines)), "total", decimal(total))
}

fn key(supplier: &str, reference: &str) -> Key {
    Key(vec![("supplier".into(), supplier.into()), ("reference".into(), reference.into())])
}

fn text<'a>(record: &'a Record, name: &str) -> &'a str {
    record.get(name).and_then(Value::as_text).unwrap_or_default()
}

async fn all(connector: &dyn Connector, resource: &str) -> Vec<Record> {
    let mut records = Vec::new();
    let mut request = Fetch::all(resource);
    loop {
        let page = connector.fetch(&request).await.expect("page");
        records.extend(page.records.into_iter().map(|record| record.expect("record")));
        request.page = page.next;
        if request.page.is_none() {
            return records;
        }
    }
}

/// The one invoice of this supplier and reference.
async fn one(connector: &dyn Connector, supplier: &str, reference: &str) -> Found {
    let mut found = connector.find("supplier_invoices", &[key(supplier, reference)]).await.expect("asked").remove(0);
    assert_eq!(found.len(), 1);
    found.remove(0)
}
