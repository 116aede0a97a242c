//! A workbench: both systems, a store and a pipeline, run as often as a test likes.

use super::clock::TestClock;
use super::side::{self, Side, State};
use crate::engine::{Options, Progress, Report, RunError, Setup, Stage, run};
use crate::program::Program;
use crate::store::{MemoryStore, Outcome, RecordEntry, RecordId, Store, audit};
use crate::value::Timestamp;
use crate::world::Entropy;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;

pub(super) struct Bench {
    pub state: Arc<Mutex<State>>,
    pub store: Arc<MemoryStore>,
    pub clock: Arc<TestClock>,
    pub program: Arc<Program>,
    pub death: Arc<Notify>,
    entropy: Arc<Counter>,
}

/// What became of a run that may be killed.
#[derive(Debug)]
pub(super) enum Life {
    Ended(Box<Result<Report, RunError>>),
    Killed,
}

impl Bench {
    /// Three projects, one of them closed, with seven approved bills in the others.
    pub fn new() -> Self {
        Self::with_rules("")
    }

    /// With further rules in the flow's `to` block.
    pub fn with_rules(rules: &str) -> Self {
        let mut state = State { page_size: 3, ..State::default() };
        state.projects = vec![side::project(1, true), side::project(2, false), side::project(3, true)];
        state.accounts = vec![side::account("L1", true), side::account("L9", true)];
        state.bills.insert(1, (11..15).map(|id| Ok(side::bill(id, id * 1_000))).collect());
        state.bills.insert(2, vec![Ok(side::bill(21, 5))]);
        state.bills.insert(3, (31..34).map(|id| Ok(side::bill(id, id * 1_000))).collect());
        Self {
            state: Arc::new(Mutex::new(state)),
            store: Arc::new(MemoryStore::new()),
            clock: Arc::new(TestClock::at(Timestamp::from_unix(1_790_001_000))),
            program: super::pipeline::program(rules),
            death: Arc::new(Notify::new()),
            entropy: Arc::default(),
        }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("state")
    }

    pub async fn run(&self) -> Report {
        self.try_run(&Options::default()).await.expect("the run comes to its end")
    }

    pub async fn plan(&self) -> Report {
        let options = Options { plan: true, ..Options::default() };
        self.try_run(&options).await.expect("the plan comes to its end")
    }

    pub async fn try_run(&self, options: &Options) -> Result<Report, RunError> {
        run(&self.setup(), options).await
    }

    /// Runs until its end, or until one of the systems says that the process dies.
    pub async fn live(&self) -> Life {
        let options = Options::default();
        let life = tokio::select! {
            ended = self.try_run(&options) => Life::Ended(Box::new(ended)),
            () = self.death.notified() => Life::Killed,
        };
        // Tasks of a run that was dropped end when they are next looked at.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        life
    }

    /// The books when every request that was on its way has arrived.
    pub fn lines(&self) -> Vec<String> {
        let mut state = self.state();
        for (_, record) in std::mem::take(&mut state.late) {
            state.create(&record, None);
        }
        state.lines()
    }

    pub fn entry(&self, project: i64, bill: i64) -> RecordEntry {
        let id = RecordId { flow: "bills".to_owned(), key: format!("{project}/{bill}") };
        self.store.record(&id).expect("store").expect("an entry")
    }

    /// Entries of the audit log.
    pub fn store_events(&self) -> u64 {
        self.store.head().expect("store").number
    }

    /// What must hold at any time: nothing open, the log whole, and each entry that says
    /// posted has its invoice.
    pub fn check_quiet(&self, what: &str) {
        assert_eq!(self.store.intents().expect("store"), [], "{what}: writes are still open");
        audit::verify_store(self.store.as_ref()).expect(what);
        let state = self.state();
        for entry in self.store.records(None).expect("store") {
            if entry.outcome == Outcome::Posted {
                let reference = entry.reference.as_deref().expect("a posted entry has a reference");
                let standing = state.invoices.iter().filter(|(name, _)| name == reference).count();
                assert_eq!(standing, 1, "{what}: {} says that it is {reference}", entry.id);
            }
        }
    }

    fn setup(&self) -> Setup {
        let office = Side::new(side::office(), self.state.clone(), self.clock.clone(), self.death.clone());
        let books = Side::new(side::books(), self.state.clone(), self.clock.clone(), self.death.clone());
        Setup {
            program: self.program.clone(),
            connections: BTreeMap::from([
                ("office".to_owned(), Arc::new(office) as _),
                ("books".to_owned(), Arc::new(books) as _),
            ]),
            paces: BTreeMap::new(),
            store: self.store.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            progress: Arc::new(Silent),
            sandbox: true,
        }
    }
}

/// The books of a run that nothing disturbs.
pub(super) async fn undisturbed() -> Vec<String> {
    let bench = Bench::new();
    let report = bench.run().await;
    assert_eq!(report.counts.posted, 7);
    bench.check_quiet("undisturbed");
    bench.lines()
}

#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl Entropy for Counter {
    fn next_u64(&self) -> u64 {
        self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
    }
}

pub(super) struct Silent;

impl Progress for Silent {
    fn stage(&self, _flow: &str, _stage: Stage) {}
    fn settled(&self, _flow: &str, _outcome: Outcome) {}
    fn read(&self, _flow: &str, _records: u64) {}
}
