//! What kills a process, and the store that it leaves behind as it was at its last commit.

use super::clock::VirtualClock;
use super::tale::Tale;
use crate::sandbox::Random;
use crate::store::{
    AuditEntry, Batch, Cursor, Delivery, Head, Intent, MemoryStore, Moment, RecordEntry, RecordId, RunEntry, Store,
    StoreError,
};
use crate::value::Span;
use crate::world::Clock as _;
use async_trait::async_trait;
use std::fmt;
use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, watch};

/// At which moment of its life a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Of old age: it does what it came for.
    Natural,
    /// As it begins its nth commit; nothing of it is kept.
    BeforeCommit(u64),
    /// When its nth commit is kept, and before it hears of that.
    AfterCommit(u64),
    /// With its nth request on the way: it never arrives.
    Unsent(u64),
    /// With its nth request on the way: it arrives when nobody waits for it any more.
    Outlived(u64),
    /// When its nth request took effect, and before the answer came.
    Unanswered(u64),
    /// It lives on, but the disk refuses its nth commit.
    Full(u64),
    /// It lives on, but is told so when its nth commit is kept all the same.
    FullAfter(u64),
    /// Somebody asks it to stop at its nth request.
    Stopped(u64),
    /// When its nth write took effect, and before the answer came.
    Written(u64),
    /// Between its nth write, which took effect, and the next commit.
    Unkept(u64),
}

impl End {
    /// Most lives end naturally; short ones are the more likely, and the first requests and
    /// commits are those of a recovery.
    pub fn draw(random: &mut Random, percent: u64) -> Self {
        if !random.chance(percent) {
            return Self::Natural;
        }
        let most = [8, 25, 60][random.below(3)];
        let nth = u64::try_from(random.between(1, most)).unwrap_or(1);
        match random.below(9) {
            6 => Self::Full(nth),
            7 => Self::FullAfter(nth),
            8 => Self::Stopped(nth),
            0 => Self::BeforeCommit(nth),
            1 | 2 => Self::AfterCommit(nth),
            3 => Self::Unsent(nth),
            4 => Self::Outlived(nth),
            _ => Self::Unanswered(nth),
        }
    }

    /// For one life in five: around one of the first writes. Most requests only read, so that
    /// the other ends seldom meet one.
    pub fn draw_at_write(random: &mut Random) -> Option<Self> {
        let strikes = random.chance(20);
        let nth = u64::try_from(random.between(1, 6)).unwrap_or(1);
        let end = if random.chance(50) { Self::Written(nth) } else { Self::Unkept(nth) };
        strikes.then_some(end)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Natural => f.write_str("lives to its end"),
            Self::BeforeCommit(nth) => write!(f, "dies before commit {nth}"),
            Self::AfterCommit(nth) => write!(f, "dies after commit {nth}"),
            Self::Unsent(nth) => write!(f, "dies before request {nth} arrives"),
            Self::Outlived(nth) => write!(f, "dies, and request {nth} arrives later"),
            Self::Unanswered(nth) => write!(f, "dies before request {nth} is answered"),
            Self::Full(nth) => write!(f, "finds the disk full at commit {nth}"),
            Self::FullAfter(nth) => write!(f, "is told that the disk is full after commit {nth}"),
            Self::Stopped(nth) => write!(f, "is asked to stop at request {nth}"),
            Self::Written(nth) => write!(f, "dies before write {nth} is answered"),
            Self::Unkept(nth) => write!(f, "dies before write {nth} is kept"),
        }
    }
}

/// One life of the process.
pub struct Life {
    pub end: End,
    commits: AtomicU64,
    requests: AtomicU64,
    written: AtomicU64,
    death: Notify,
    stop: watch::Sender<bool>,
}

impl Life {
    pub fn new(end: End) -> Self {
        Self {
            end,
            commits: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            written: AtomicU64::new(0),
            death: Notify::new(),
            stop: watch::Sender::new(false),
        }
    }

    /// Becomes true when the process is asked to stop.
    pub fn stop(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Returns when the process is dead.
    pub async fn over(&self) {
        self.death.notified().await;
    }

    /// The number of the request that begins now.
    pub fn request(&self) -> u64 {
        let nth = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        if self.end == End::Stopped(nth) {
            self.stop.send_replace(true);
        }
        nth
    }

    /// Of its requests so many more took effect. Whether it dies of it.
    pub fn wrote(&self, changes: u64) -> bool {
        let before = self.written.fetch_add(changes, Ordering::Relaxed);
        matches!(self.end, End::Written(nth) if before < nth && nth <= before + changes)
    }

    /// What it wrote may be kept now. Whether it dies first.
    fn keeps(&self) -> bool {
        matches!(self.end, End::Unkept(nth) if self.written.load(Ordering::Relaxed) >= nth)
    }

    /// How many requests it made.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Nothing comes after it.
    pub async fn die(&self) -> ! {
        self.death.notify_one();
        pending::<()>().await;
        unreachable!("nobody waits for a dead process")
    }
}

/// A store in the hands of a process that can die.
pub struct MortalStore {
    pub kept: Arc<MemoryStore>,
    pub life: Arc<Life>,
    pub clock: Arc<VirtualClock>,
    pub tale: Arc<Tale>,
    pub random: Mutex<Random>,
}

#[async_trait]
impl Store for MortalStore {
    async fn commit(&self, batch: Batch) -> Result<Head, StoreError> {
        let nth = self.life.commits.fetch_add(1, Ordering::Relaxed) + 1;
        let takes = self.random.lock().unwrap_or_else(PoisonError::into_inner).between(1, 30);
        self.clock.sleep(Span::from_millis(takes.unsigned_abs())).await;
        if self.life.end == End::BeforeCommit(nth) || self.life.keeps() {
            self.tale.tell(self.clock.now(), format_args!("  dies before commit {nth}"));
            self.life.die().await;
        }
        let (operations, events) = (batch.operations.len(), batch.events.len());
        match self.life.end {
            End::Full(at) if at == nth => self.kept.fail_commit(1, Moment::Before),
            End::FullAfter(at) if at == nth => self.kept.fail_commit(1, Moment::After),
            _ => {}
        }
        let head = self.kept.commit(batch).await;
        self.tale.tell(self.clock.now(), format_args!("  commit {nth}: {operations} writes, {events} events"));
        if self.life.end == End::AfterCommit(nth) {
            self.tale.tell(self.clock.now(), format_args!("  dies after commit {nth}"));
            self.life.die().await;
        }
        head
    }

    fn record(&self, id: &RecordId) -> Result<Option<RecordEntry>, StoreError> {
        self.kept.record(id)
    }

    fn records(&self, flow: Option<&str>) -> Result<Vec<RecordEntry>, StoreError> {
        self.kept.records(flow)
    }

    fn link(&self, flow: &str, target_key: &str) -> Result<Option<RecordId>, StoreError> {
        self.kept.link(flow, target_key)
    }

    fn payload(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept.payload(name)
    }

    fn attention(&self, flow: &str) -> Result<Vec<RecordId>, StoreError> {
        self.kept.attention(flow)
    }

    fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        self.kept.intents()
    }

    fn cursor(&self, flow: &str, scope: &str) -> Result<Option<Cursor>, StoreError> {
        self.kept.cursor(flow, scope)
    }

    fn cursors(&self, flow: &str) -> Result<Vec<Cursor>, StoreError> {
        self.kept.cursors(flow)
    }

    fn runs(&self, most: usize) -> Result<Vec<RunEntry>, StoreError> {
        self.kept.runs(most)
    }

    fn audit(&self, from: u64, most: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.kept.audit(from, most)
    }

    fn delivery(&self, connection: &str, id: &str) -> Result<Option<Delivery>, StoreError> {
        self.kept.delivery(connection, id)
    }

    fn deliveries(&self, waiting: bool) -> Result<Vec<Delivery>, StoreError> {
        self.kept.deliveries(waiting)
    }

    fn head(&self) -> Result<Head, StoreError> {
        self.kept.head()
    }
}
