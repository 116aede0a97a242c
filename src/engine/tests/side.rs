//! Two small systems in memory: an office with projects and bills, and books that take
//! invoices. Like a real ledger, the books take the same invoice twice if it is sent twice.

use super::clock::TestClock;
use crate::connector::{
    Catalogue, Connector, DecodeError, Effect, Error, ErrorKind, Fetch, Found, Key, Page, PageToken, Permanence,
    Readiness, Wait, Written,
};
use crate::value::{Decimal, Record, Span, Timestamp, Value};
use crate::world::Clock as _;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use tokio::sync::Notify;

pub(super) fn office() -> &'static Catalogue {
    static OFFICE: OnceLock<Catalogue> = OnceLock::new();
    OFFICE.get_or_init(|| Catalogue::read(include_str!("office.yaml")).expect("test catalogue"))
}

pub(super) fn books() -> &'static Catalogue {
    static BOOKS: OnceLock<Catalogue> = OnceLock::new();
    BOOKS.get_or_init(|| Catalogue::read(include_str!("books.yaml")).expect("test catalogue"))
}

/// So long a late request is on its way: less than an exchange may take.
const LATE: Span = Span::from_secs(45);

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The process dies before anything happens on the other side.
    DieBefore,
    /// The process dies when it has happened and before the answer is there.
    DieAfter,
    /// The process dies, and the request arrives a while later.
    DieLate,
    /// No answer, and the request arrives a while later.
    LostLate,
    /// The answer is lost, and nothing happened.
    LostBefore,
    /// The answer is lost, and it happened.
    LostAfter,
    /// 500, and nothing happened, which the client cannot know.
    BrokenBefore,
    /// 500, and it happened.
    BrokenAfter,
    /// 429.
    TooMany,
    /// Down, for certain.
    Down,
    /// Understood and refused.
    Refused,
    /// Understood, and to be taken later.
    NotYet,
    /// The credential is refused.
    Credentials,
    /// Taken, with another amount.
    WrongAmount,
    /// Taken, and never shown.
    Hidden,
    /// Taken, without its account; the answer says so.
    Shorn,
    /// Taken, with its reference cut; the answer says so.
    Cut,
}

/// The state of both systems, and the faults to come.
#[derive(Default)]
pub(super) struct State {
    /// How often a person began a run.
    pub forgiven: u32,
    pub projects: Vec<Record>,
    /// By project id.
    pub bills: BTreeMap<i64, Vec<Result<Record, DecodeError>>>,
    pub accounts: Vec<Record>,
    pub invoices: Vec<(String, Record)>,
    pub page_size: usize,
    /// By number of the call, from 0, of any kind.
    pub faults: BTreeMap<usize, Fault>,
    /// By number of the write, from 0.
    pub write_faults: BTreeMap<usize, Fault>,
    /// The faults of finds, by number of the find.
    pub find_faults: BTreeMap<usize, Fault>,
    pub calls: usize,
    pub writes: usize,
    pub finds: usize,
    pub fetches: Vec<Fetch>,
    pub hidden: Vec<String>,
    /// By reference, what an invoice waits for.
    pub waits: BTreeMap<String, Readiness>,
    /// So many invoices were received, if it is known.
    pub room: Option<usize>,
    /// The bills for which a mark was sent, in order.
    pub marks_sent: Vec<String>,
    /// How often a mark of each bill took effect.
    pub marked: BTreeMap<String, u32>,
    /// Bills that another integration holds.
    pub locked: Vec<String>,
    /// How many records each question for what they wait for held.
    pub waits_asked: Vec<usize>,
    /// The number of the call that asked so first.
    pub first_wait: Option<usize>,
    /// Suppliers of whom no invoice is taken yet.
    pub closed: Vec<String>,
    /// Requests that arrive late.
    pub late: Vec<(Timestamp, Record)>,
}

/// One of the two systems.
pub(super) struct Side {
    catalogue: &'static Catalogue,
    state: Arc<Mutex<State>>,
    clock: Arc<TestClock>,
    /// Told when the process is to die.
    pub death: Arc<Notify>,
}

impl Side {
    pub fn new(
        catalogue: &'static Catalogue,
        state: Arc<Mutex<State>>,
        clock: Arc<TestClock>,
        death: Arc<Notify>,
    ) -> Self {
        Self { catalogue, state, clock, death }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("state")
    }

    fn fault(&self) -> Option<Fault> {
        let mut state = self.state();
        let call = state.calls;
        state.calls += 1;
        state.faults.get(&call).copied()
    }

    /// Dies, or fails before anything happened.
    async fn before(&self, fault: Option<Fault>) -> Result<(), Error> {
        match fault {
            Some(Fault::DieBefore | Fault::DieLate) => self.die().await,
            Some(fault @ (Fault::LostBefore | Fault::LostLate | Fault::BrokenBefore)) => Err(unknown(fault)),
            Some(Fault::TooMany) => {
                Err(Error::new(ErrorKind::RateLimit, Permanence::Temporary, "too many requests").status(429))
            }
            Some(Fault::Down) => Err(Error::new(ErrorKind::Unavailable, Permanence::Temporary, "down").status(503)),
            Some(Fault::Refused) => {
                Err(Error::new(ErrorKind::Refused, Permanence::Permanent, "account 5100 is not active").mend("open it"))
            }
            Some(Fault::NotYet) => Err(not_yet()),
            Some(Fault::Credentials) => {
                Err(Error::new(ErrorKind::Credentials, Permanence::Permanent, "the password is refused").status(401))
            }
            _ => Ok(()),
        }
    }

    /// Dies, or fails when all has happened.
    async fn after(&self, fault: Option<Fault>) -> Result<(), Error> {
        match fault {
            Some(Fault::DieAfter) => self.die().await,
            Some(fault @ (Fault::LostAfter | Fault::BrokenAfter)) => Err(unknown(fault)),
            Some(Fault::Shorn) => Err(altered("the books left `account` aside, and wrote the rest")),
            Some(Fault::Cut) => Err(altered("the books cut `reference` to fit, and wrote the rest")),
            _ => Ok(()),
        }
    }

    async fn die(&self) -> ! {
        self.death.notify_one();
        std::future::pending::<()>().await;
        unreachable!("a dead process does not go on")
    }
}

fn not_yet() -> Error {
    Error::new(ErrorKind::NotYet, Permanence::Permanent, "period 2026/06 is closed").mend("open the period")
}

fn altered(message: &str) -> Error {
    let error = Error::new(ErrorKind::Refused, Permanence::Permanent, message).mend("correct or remove it there");
    error.effect(Effect::Altered).status(200)
}

fn unknown(fault: Fault) -> Error {
    let kind = match fault {
        Fault::LostBefore | Fault::LostLate | Fault::LostAfter => ErrorKind::Network,
        _ => ErrorKind::Unavailable,
    };
    let error = Error::new(kind, Permanence::Temporary, "no answer").effect(Effect::Unknown);
    if kind == ErrorKind::Network { error } else { error.status(500) }
}

/// A read has no effect, whatever became of its answer.
fn of_a_read(error: Error) -> Error {
    error.effect(Effect::None)
}

#[async_trait]
impl Connector for Side {
    fn catalogue(&self) -> &Catalogue {
        self.catalogue
    }

    async fn fetch(&self, request: &Fetch) -> Result<Page, Error> {
        let fault = self.fault();
        self.before(fault).await.map_err(of_a_read)?;
        let page = self.state().page(request);
        self.after(fault).await.map_err(of_a_read)?;
        Ok(page)
    }

    fn forgive_refusal(&self) {
        self.state().forgiven += 1;
    }

    async fn find(&self, _resource: &str, keys: &[Key]) -> Result<Vec<Vec<Found>>, Error> {
        let fault = self.fault();
        let fault = {
            let mut state = self.state();
            let find = state.finds;
            state.finds += 1;
            state.find_faults.get(&find).copied().or(fault)
        };
        self.before(fault).await.map_err(of_a_read)?;
        let now = self.clock.now();
        let found = {
            let mut state = self.state();
            let (arrived, late) = std::mem::take(&mut state.late).into_iter().partition(|(at, _)| *at <= now);
            state.late = late;
            let arrived: Vec<(Timestamp, Record)> = arrived;
            for (_, record) in arrived {
                state.create(&record, None);
            }
            keys.iter().map(|key| state.find(key)).collect()
        };
        self.after(fault).await.map_err(of_a_read)?;
        Ok(found)
    }

    async fn create(&self, _resource: &str, record: &Record) -> Result<Written, Error> {
        let fault = self.write_fault();
        if matches!(fault, Some(Fault::DieLate | Fault::LostLate)) {
            let arrival = self.clock.now().plus(LATE);
            self.state().late.push((arrival, record.clone()));
        }
        self.before(fault).await?;
        let supplier = record.get("supplier").map(Value::to_string).unwrap_or_default();
        if self.state().closed.contains(&supplier) {
            self.after(fault).await?;
            return Err(not_yet());
        }
        let written = self.state().create(record, fault);
        self.after(fault).await?;
        Ok(written)
    }

    async fn update(&self, resource: &str, found: &Found, record: &Record) -> Result<Written, Error> {
        if resource == "bills" {
            let fault = self.fault();
            self.before(fault).await?;
            let marked = self.state().mark(found, record);
            self.after(fault).await?;
            return marked;
        }
        let fault = self.write_fault();
        self.before(fault).await?;
        {
            let mut state = self.state();
            let stored = state.invoices.iter_mut().find(|(reference, _)| *reference == found.reference);
            stored.expect("the invoice that was found").1 = record.clone();
        }
        self.after(fault).await?;
        Ok(Written { reference: found.reference.clone(), echo: Some(record.clone()), warnings: Vec::new() })
    }

    async fn readiness(&self, wait: &Wait<'_>) -> Result<Vec<Readiness>, Error> {
        let call = self.state().calls;
        self.state().first_wait.get_or_insert(call);
        let fault = self.fault();
        self.before(fault).await.map_err(of_a_read)?;
        let ready = self.state().readiness(wait);
        self.after(fault).await.map_err(of_a_read)?;
        Ok(ready)
    }
}

impl Side {
    fn write_fault(&self) -> Option<Fault> {
        let fault = self.fault();
        let mut state = self.state();
        let write = state.writes;
        state.writes += 1;
        state.write_faults.get(&write).copied().or(fault)
    }
}

impl State {
    fn page(&mut self, request: &Fetch) -> Page {
        self.fetches.push(request.clone());
        let records: Vec<Result<Record, DecodeError>> = match request.scope.as_ref().and_then(Value::as_integer) {
            None if request.resource == "accounts" => self.accounts.iter().cloned().map(Ok).collect(),
            None => self.projects.iter().cloned().map(Ok).collect(),
            Some(project) => self.bills.get(&project).cloned().unwrap_or_default(),
        };
        let records: Vec<_> = records
            .into_iter()
            .filter(|record| match (record, request.changed_since) {
                (Ok(record), Some(since)) => {
                    !matches!(record.get("updated_at"), Some(Value::DateTime(at)) if *at < since)
                }
                _ => true,
            })
            .collect();
        let from = request.page.as_ref().map_or(0, |page| page.0.parse::<usize>().expect("our own token"));
        let to = (from + self.page_size).min(records.len());
        let next = (to < records.len()).then(|| PageToken(to.to_string()));
        Page { records: records[from.min(to)..to].to_vec(), next, total: None }
    }

    fn find(&self, key: &Key) -> Vec<Found> {
        let fits = |record: &Record| key.0.iter().all(|(name, value)| record.get(name) == Some(value));
        self.invoices
            .iter()
            .filter(|(reference, record)| fits(record) && !self.hidden.contains(reference))
            .map(|(reference, record)| Found { reference: reference.clone(), record: record.clone(), token: None })
            .collect()
    }

    /// As an office that locks what has a name in the ledger: even the same name is refused.
    fn mark(&mut self, found: &Found, change: &Record) -> Result<Written, Error> {
        let id = found.reference.clone();
        self.marks_sent.push(id.clone());
        let locked = self.locked.contains(&id);
        let bills = self.bills.values_mut().flatten().flatten();
        let mut bills = bills.filter(|bill| bill.get("id").is_some_and(|number| number.to_string() == id));
        let bill = bills.next().expect("the bill that was read");
        if locked || bill.get("origin").is_some_and(|origin| !origin.is_null()) {
            return Err(Error::new(ErrorKind::Refused, Permanence::Permanent, "the bill is locked").status(422));
        }
        assert_eq!(change.iter().count(), 1, "the mark and nothing else");
        bill.insert("origin", change.get("origin").cloned().unwrap_or_default());
        bill.insert("sync", "synced");
        let Some(Value::DateTime(at)) = bill.get("updated_at").cloned() else { panic!("a bill has changed once") };
        bill.insert("updated_at", at.plus(Span::from_secs(1)));
        *self.marked.entry(id.clone()).or_default() += 1;
        Ok(Written { reference: id, echo: Some(bill.clone()), warnings: Vec::new() })
    }

    fn readiness(&mut self, wait: &Wait<'_>) -> Vec<Readiness> {
        assert_eq!((wait.resource, wait.what, wait.quiet), ("invoices", "receipts", Span::from_secs(24 * 60 * 60)));
        self.waits_asked.push(wait.records.len());
        let references = wait.records.iter().map(|record| record.get("reference").map(Value::to_string));
        let waits = references.map(|reference| self.waits.get(&reference.unwrap_or_default()).cloned());
        let mut room = self.room.map(|room| room.saturating_sub(self.invoices.len() + self.not_there(wait.ahead)));
        waits.map(|waits| waits.unwrap_or_else(|| take_from(room.as_mut()))).collect()
    }

    /// How many of these do not stand yet.
    fn not_there(&self, records: &[Record]) -> usize {
        let stands =
            |record: &&Record| self.invoices.iter().any(|(_, there)| there.get("reference") == record.get("reference"));
        records.len() - records.iter().filter(stands).count()
    }

    pub fn create(&mut self, record: &Record, fault: Option<Fault>) -> Written {
        let reference = format!("V{}", self.invoices.len() + 1);
        let mut stored = record.clone();
        if fault == Some(Fault::WrongAmount) {
            stored.insert("total", Decimal::cents(1));
        }
        if fault == Some(Fault::Shorn) {
            stored.insert("account", "");
        }
        if fault == Some(Fault::Cut) {
            stored.insert("reference", "P");
        }
        if fault == Some(Fault::Hidden) {
            self.hidden.push(reference.clone());
        }
        self.invoices.push((reference.clone(), stored.clone()));
        Written { reference, echo: Some(stored), warnings: Vec::new() }
    }

    /// What was hidden is shown.
    pub fn reveal(&mut self) {
        self.hidden.clear();
    }

    /// The books, line by line, in an order that does not depend on the order of posting.
    pub fn lines(&self) -> Vec<String> {
        let text = |record: &Record, name: &str| record.get(name).map(Value::to_string).unwrap_or_default();
        let mut lines: Vec<String> = self
            .invoices
            .iter()
            .map(|(_, invoice)| {
                format!("{} {} {}", text(invoice, "supplier"), text(invoice, "reference"), text(invoice, "total"))
            })
            .collect();
        lines.sort();
        lines
    }

    pub fn bill(&mut self, project: i64, id: i64) -> &mut Record {
        let bills = self.bills.get_mut(&project).expect("a project").iter_mut().flatten();
        let mut bills = bills.filter(|bill| bill.get("id").and_then(Value::as_integer) == Some(id));
        bills.next().expect("a bill")
    }
}

pub(super) fn project(id: i64, active: bool) -> Record {
    let mut record = Record::new();
    record.insert("id", id);
    record.insert("code", format!("P{id}"));
    record.insert("active", active);
    record
}

pub(super) fn account(code: &str, active: bool) -> Record {
    let mut record = Record::new();
    record.insert("code", code);
    record.insert("active", active);
    record
}

/// A line of a bill.
pub(super) fn part(account: &str, text: &str, cents: i64) -> Value {
    let mut record = Record::new();
    record.insert("account", account);
    record.insert("text", text);
    record.insert("amount", Decimal::cents(cents));
    Value::record(record)
}

pub(super) fn bill(id: i64, cents: i64) -> Record {
    let mut record = Record::new();
    record.insert("id", id);
    record.insert("number", format!("N{id}"));
    record.insert("status", "approved");
    record.insert("supplier", format!("S{}", id % 3));
    record.insert("amount", Decimal::cents(cents));
    record.insert("note", Value::Null);
    record.insert("account", "a1");
    record.insert("origin", Value::Null);
    record.insert("sync", Value::Null);
    record.insert("parts", Value::list(vec![part("L1", "works", cents)]));
    record.insert("updated_at", Timestamp::from_unix(1_790_000_000 + id));
    record
}

/// One more, if there is room for it.
fn take_from(room: Option<&mut usize>) -> Readiness {
    match room {
        None => Readiness::Ready,
        Some(0) => Readiness::Waits { reason: "no more was received".to_owned(), mend: "post the receipt".to_owned() },
        Some(left) => {
            *left -= 1;
            Readiness::Ready
        }
    }
}
