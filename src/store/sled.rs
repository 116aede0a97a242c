//! The store on disk: the only file that names sled.
//!
//! | in the folder | what it is |
//! | --- | --- |
//! | `db/`, `db-2/`, … | the database, the one that the head file names: trees meta, records, links, intents, cursors, runs, audit, payloads, webhooks |
//! | `blobs/` | large payloads, see [`blobs`](super::blobs) |
//! | `lists/` | lists as they were last read, see [`lists`](super::lists) |
//! | `head.json` | what the database must hold at least, see [`head_file`](super::head_file) |
//! | `lock`, `holder` | who works here, see [`lock`](super::lock) |
//! | `creating` | there only until the first head file is written |
//! | `restoring` | there while a backup is put into a folder that has no good store, see `restore` |
//! | `asked/` | there while somebody waits for a backup, see [`asked`] |
//!
//! Reads go to the database, all writes through the [`Writer`]. Invariant: a store that
//! has lost something it acknowledged does not open.

mod prune;
mod repair;
mod restore;
mod rewrite;
mod rows;

pub use prune::Pruned;
pub use repair::{Loss, Repaired};
pub use restore::{Restored, Restoring};
pub use rewrite::Compacted;

use super::blobs::Blobs;
use super::guarded::guarded;
use super::head_file::{FIRST, FORMAT, HeadFile, Known, check_format, damaged, names_database};
use super::lists::{KeptList, Lists};
use super::lock::{Lock, in_use};
use super::portable::{About, TREES};
use super::writer::{Ground, Writer, panicked};
use super::{
    Actor, AuditEntry, Batch, Cursor, Delivery, Event, EventKind, Head, Intent, Operation, Payload, RecordEntry,
    RecordId, RunEntry, Store, StoreError, asked, audit, codec, disk, keys,
};
use crate::value::Timestamp;
use ::sled::transaction::{ConflictableTransactionError, TransactionError, Transactional as _, TransactionalTree};
use ::sled::{Db, IVec, Mode, Tree};
use async_trait::async_trait;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// sled's own default is 1 GiB.
const CACHE: u64 = 64 << 20;

/// Holds `FORMAT` in the tree `meta`.
const FORMAT_KEY: &str = "format";

/// A store in a folder. Dropping it writes what was asked for and gives the folder back.
// The order of the fields is the order in which they are dropped: the lock last.
pub struct SledStore {
    writer: Writer,
    shelf: Shelf,
    head: Arc<Mutex<Head>>,
    _lock: Lock,
}

impl SledStore {
    /// Opens the store in the folder, or makes one there if there is none. `now` dates
    /// the audit event of its making.
    pub fn open(folder: &Path, now: Timestamp) -> Result<Self, StoreError> {
        Self::open_by(folder, now, Actor::default())
    }

    /// The same, and every entry of the log that is written through it names this actor.
    pub fn open_by(folder: &Path, now: Timestamp, by: Actor) -> Result<Self, StoreError> {
        disk::make_folder(folder)?;
        let lock = Lock::take(folder)?;
        forget_unfinished(folder)?;
        match HeadFile::new(folder).read()? {
            Some(known) => Held::open(folder, &known, lock, by)?.start(),
            None if databases(folder)?.is_empty() => Self::create(folder, now, lock, by),
            None => Err(damaged(folder, "its head file, head.json, is missing")),
        }
    }

    /// Opens the store in the folder; `None`, and nothing is written, if there is none.
    pub fn open_existing(folder: &Path, now: Timestamp) -> Result<Option<Self>, StoreError> {
        Self::open_existing_by(folder, now, Actor::default())
    }

    /// The same, for this actor.
    pub fn open_existing_by(folder: &Path, now: Timestamp, by: Actor) -> Result<Option<Self>, StoreError> {
        if Self::is_in(folder) { Self::open_by(folder, now, by).map(Some) } else { Ok(None) }
    }

    /// Whether there is a store in the folder, or what is left of one.
    pub fn is_in(folder: &Path) -> bool {
        ["db", "head.json", "restoring"].iter().any(|name| folder.join(name).exists())
            || databases(folder).is_ok_and(|names| !names.is_empty())
    }

    /// Opens a copy of the store, made in `scratch`, and leaves the store itself as it is:
    /// even opening a database may write to its files. `None` if there is no store.
    pub fn open_copy(folder: &Path, scratch: &Path, now: Timestamp) -> Result<Option<Self>, StoreError> {
        if !Self::is_in(folder) {
            return Ok(None);
        }
        let lock = Lock::take(folder)?;
        disk::copy_folder(folder, scratch)?;
        drop(lock);
        // What is wrong with the copy is wrong with the store, and that is where people look.
        let (copy, original) = (scratch.display().to_string(), folder.display().to_string());
        Self::open_existing(scratch, now)
            .map_err(|error| StoreError { message: error.message.replace(&copy, &original), ..error })
    }

    fn create(folder: &Path, now: Timestamp, lock: Lock, by: Actor) -> Result<Self, StoreError> {
        let marker = folder.join("creating");
        disk::replace(&marker, b"")?;
        let shelf = Shelf::open(folder, FIRST)?;
        shelf.say_format()?;
        let mut ground = SledGround::new(shelf.clone(), Head::default(), by.clone());
        let detail = serde_json::json!({ "format": FORMAT });
        let made = Event { at: now, run: String::new(), kind: EventKind::StoreCreated, record: None, detail };
        let head = ground.apply(Batch { operations: Vec::new(), events: vec![made] })?;
        ground.seal()?;
        disk::remove(&marker)?;
        Held { shelf, head, lock, by }.start()
    }

    /// Writes the whole state into one file, which must not be there yet. It takes the
    /// store, so that nobody commits meanwhile.
    pub fn export(self, path: &Path, about: &About) -> Result<Head, StoreError> {
        let head = self.head()?;
        self.shelf.export(path, about, &head).map(|()| head)
    }
}

/// A good store that nobody writes to: the way to [`SledStore`], and to what is done to a
/// database as a whole.
// The order of the fields is the order in which they are dropped: the lock last.
struct Held {
    shelf: Shelf,
    head: Head,
    by: Actor,
    lock: Lock,
}

impl Held {
    /// Opens the database that the head file names, and brings it into the form of this release.
    fn open(folder: &Path, known: &Known, lock: Lock, by: Actor) -> Result<Self, StoreError> {
        let held = Self::as_it_is(folder, known, lock, by)?;
        asked::forget(folder)?;
        let format = held.shelf.format()?;
        if format < FORMAT || held.shelf.is_bloated()? { held.renewed(format) } else { Ok(held) }
    }

    fn as_it_is(folder: &Path, known: &Known, lock: Lock, by: Actor) -> Result<Self, StoreError> {
        if !folder.join(&known.db).exists() {
            return Err(damaged(folder, &format!("its database, {}, is missing", known.db)));
        }
        let shelf = Shelf::open(folder, &known.db)?;
        let head = shelf.guard(&known.head)?;
        if head != known.head && known.format == FORMAT {
            // The process ended after the database was flushed and before the head file was written.
            HeadFile::new(folder).write(&head, &known.db)?;
        }
        Ok(Self { shelf, head, by, lock })
    }

    /// The store in the folder, for a change of the whole of it.
    fn of(folder: &Path, by: Actor) -> Result<Self, StoreError> {
        let lock = Lock::take(folder)?;
        forget_unfinished(folder)?;
        let known = HeadFile::new(folder).read()?;
        let known = known.ok_or_else(|| damaged(folder, "its head file, head.json, is missing"))?;
        Self::open(folder, &known, lock, by)
    }

    fn start(self) -> Result<SledStore, StoreError> {
        let ground = SledGround::new(self.shelf.clone(), self.head, self.by);
        let head = Arc::clone(&ground.sealed);
        Ok(SledStore { writer: Writer::start(ground)?, shelf: self.shelf, head, _lock: self.lock })
    }
}

#[async_trait]
impl Store for SledStore {
    async fn commit(&self, batch: Batch) -> Result<Head, StoreError> {
        self.writer.commit(batch).await
    }

    fn record(&self, id: &RecordId) -> Result<Option<RecordEntry>, StoreError> {
        let shelf = &self.shelf;
        let bytes = shelf.get(&shelf.trees.records, &keys::record(id))?;
        bytes.map(|bytes| shelf.decode_record(&bytes)).transpose()
    }

    fn records(&self, flow: Option<&str>) -> Result<Vec<RecordEntry>, StoreError> {
        let shelf = &self.shelf;
        let prefix = flow.map(keys::of_flow).unwrap_or_default();
        let values = shelf.trees.records.scan_prefix(prefix).values();
        shelf.collect(values, |bytes| shelf.decode_record(bytes))
    }

    fn link(&self, flow: &str, target_key: &str) -> Result<Option<RecordId>, StoreError> {
        self.shelf.find(&self.shelf.trees.links, &keys::in_flow(flow, target_key))
    }

    fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        self.shelf.collect(self.shelf.trees.intents.iter().values(), |bytes| self.shelf.decode(bytes))
    }

    fn cursor(&self, flow: &str, scope: &str) -> Result<Option<Cursor>, StoreError> {
        self.shelf.find(&self.shelf.trees.cursors, &keys::in_flow(flow, scope))
    }

    fn cursors(&self, flow: &str) -> Result<Vec<Cursor>, StoreError> {
        let values = self.shelf.trees.cursors.scan_prefix(keys::of_flow(flow)).values();
        self.shelf.collect(values, |bytes| self.shelf.decode(bytes))
    }

    fn runs(&self, most: usize) -> Result<Vec<RunEntry>, StoreError> {
        self.shelf.collect(self.shelf.trees.runs.iter().values().rev().take(most), |bytes| self.shelf.decode(bytes))
    }

    fn audit(&self, from: u64, most: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let values = self.shelf.trees.audit.range(keys::audit(from)..).values().take(most);
        self.shelf.collect(values, |bytes| self.shelf.decode(bytes))
    }

    fn payload(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.shelf.payload(name)
    }

    fn delivery(&self, connection: &str, id: &str) -> Result<Option<Delivery>, StoreError> {
        self.shelf.delivery(connection, id)
    }

    fn deliveries(&self, waiting: bool) -> Result<Vec<Delivery>, StoreError> {
        let values = self.shelf.trees.webhooks.scan_prefix(keys::deliveries(waiting)).values();
        self.shelf.collect(values, |bytes| self.shelf.decode(bytes))
    }

    fn keep_list(&self, name: &str, list: &KeptList) -> Result<(), StoreError> {
        Lists::of(&self.shelf.folder).put(name, list)
    }

    fn kept_list(&self, name: &str) -> Result<Option<KeptList>, StoreError> {
        Lists::of(&self.shelf.folder).get(name)
    }

    fn head(&self) -> Result<Head, StoreError> {
        Ok(lock(&self.head).clone())
    }
}

/// The open database and what is needed to read it.
#[derive(Clone)]
struct Shelf {
    trees: Trees,
    db: Db,
    blobs: Blobs,
    folder: PathBuf,
    /// The name of the database's own folder.
    name: String,
}

#[derive(Clone)]
struct Trees {
    meta: Tree,
    records: Tree,
    links: Tree,
    intents: Tree,
    cursors: Tree,
    runs: Tree,
    audit: Tree,
    payloads: Tree,
    webhooks: Tree,
}

impl Shelf {
    fn open(folder: &Path, name: &str) -> Result<Self, StoreError> {
        let blobs = Blobs::open(folder)?;
        let opened = guarded(|| {
            let config = ::sled::Config::new().path(folder.join(name)).cache_capacity(CACHE);
            let db = config.mode(Mode::LowSpace).flush_every_ms(Some(200)).open()?;
            let trees = Trees::open(&db)?;
            Ok((db, trees))
        });
        let (db, trees) =
            opened.map_err(|panic| torn(folder, panic.as_ref()))?.map_err(|error| sentence(folder, error))?;
        Ok(Self { trees, db, blobs, folder: folder.to_owned(), name: name.to_owned() })
    }

    /// Checks that the database holds what the head file knows, and returns its true head.
    fn guard(&self, known: &Head) -> Result<Head, StoreError> {
        if !self.db.was_recovered() {
            return Err(damaged(&self.folder, "the database opened empty, although records were written to it"));
        }
        check_format(self.format()?, &self.folder)?;
        self.replay_tail(known)
    }

    fn format(&self) -> Result<u32, StoreError> {
        let format: Option<u32> = self.find(&self.trees.meta, FORMAT_KEY.as_bytes())?;
        format.ok_or_else(|| damaged(&self.folder, "the database does not know its own format"))
    }

    fn say_format(&self) -> Result<(), StoreError> {
        let said = self.trees.meta.insert(FORMAT_KEY, codec::encode(&FORMAT));
        said.map(drop).map_err(|error| self.failed(error))
    }

    /// Makes durable what was written.
    fn flush(&self) -> Result<(), StoreError> {
        self.db.flush().map(drop).map_err(|error| self.failed(error))
    }

    /// From the entry of the head file to the end the chain must close.
    fn replay_tail(&self, known: &Head) -> Result<Head, StoreError> {
        let entry: Option<AuditEntry> = self.find(&self.trees.audit, &keys::audit(known.number))?;
        let entry = entry.ok_or_else(|| {
            let what = format!(
                "the database is older than its head file: audit entry {} was written, but is not there",
                known.number
            );
            damaged(&self.folder, &what)
        })?;
        if entry.hash != known.hash {
            let what = format!("audit entry {} is not the one that the head file knows", known.number);
            return Err(damaged(&self.folder, &what));
        }
        let mut head = known.clone();
        for bytes in self.trees.audit.range(keys::audit(known.number + 1)..).values() {
            let entry: AuditEntry = self.decode(&bytes.map_err(|error| self.failed(error))?)?;
            let closes =
                entry.number == head.number + 1 && entry.previous == head.hash && entry.hash == audit::hash_of(&entry);
            if !closes {
                return Err(damaged(&self.folder, &format!("the audit log breaks after entry {}", head.number)));
            }
            head = Head { number: entry.number, hash: entry.hash };
        }
        Ok(head)
    }

    fn get(&self, tree: &Tree, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        guarded(|| tree.get(key))
            .map_err(|panic| torn(&self.folder, panic.as_ref()))?
            .map_err(|error| self.failed(error))
    }

    fn find<T: DeserializeOwned>(&self, tree: &Tree, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.get(tree, key)?.map(|bytes| self.decode(&bytes)).transpose()
    }

    /// The bytes of this name, checked against it.
    fn payload(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(key) = keys::payload(name) else { return Ok(None) };
        let value = self.get(&self.trees.payloads, &key)?;
        value.map(|value| codec::decode_payload(name, &value, &self.blobs, &self.folder)).transpose()
    }

    fn delivery(&self, connection: &str, id: &str) -> Result<Option<Delivery>, StoreError> {
        let in_state = |waiting| self.find(&self.trees.webhooks, &keys::delivery(waiting, connection, id));
        // In this order: one that is settled between the two looks is found by the second.
        in_state(true).transpose().or_else(|| in_state(false).transpose()).transpose()
    }

    /// A record, with the source that it names.
    fn decode_record(&self, bytes: &[u8]) -> Result<RecordEntry, StoreError> {
        codec::decode_record(bytes, &self.blobs, &self.folder, |name| self.payload(name))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, StoreError> {
        codec::decode(bytes, &self.blobs, &self.folder)
    }

    fn collect<T>(
        &self,
        values: impl Iterator<Item = ::sled::Result<IVec>>,
        decode: impl Fn(&[u8]) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        guarded(|| values.map(|bytes| decode(&bytes.map_err(|error| self.failed(error))?)).collect())
            .map_err(|panic| torn(&self.folder, panic.as_ref()))?
    }

    fn failed(&self, error: ::sled::Error) -> StoreError {
        self.abandon();
        sentence(&self.folder, error)
    }

    /// Lets go of the database without closing it. On sled 0.34 the last owner of a tree
    /// flushes it when it is dropped, and after a failed write that flush waits for ever;
    /// one owner that is never dropped keeps it from being the last. The process is about
    /// to end, and the next one opens what the disk holds.
    fn abandon(&self) {
        std::mem::forget((self.trees.clone(), self.db.clone()));
    }
}

impl Trees {
    /// What a store consists of, in the order of [`TREES`].
    fn all(&self) -> [(&'static str, &Tree); 8] {
        let Self { meta: _, records, links, intents, cursors, runs, audit, payloads, webhooks } = self;
        let trees = [records, links, intents, cursors, runs, audit, payloads, webhooks];
        std::array::from_fn(|place| (TREES[place], trees[place]))
    }

    /// A fixed set: sled grows with each tree that was ever made.
    fn open(db: &Db) -> ::sled::Result<Self> {
        Ok(Self {
            meta: db.open_tree("meta")?,
            records: db.open_tree("records")?,
            links: db.open_tree("links")?,
            intents: db.open_tree("intents")?,
            cursors: db.open_tree("cursors")?,
            runs: db.open_tree("runs")?,
            audit: db.open_tree("audit")?,
            payloads: db.open_tree("payloads")?,
            webhooks: db.open_tree("webhooks")?,
        })
    }
}

/// The writer thread's side of the database.
struct SledGround {
    shelf: Shelf,
    head_file: HeadFile,
    by: Actor,
    /// The newest entry that was applied.
    applied: Head,
    /// The newest entry that is on disk.
    sealed: Arc<Mutex<Head>>,
}

/// One change of one tree, with its bytes: a transaction may run more than once and must
/// find all of them made.
struct Change {
    place: Place,
    key: Vec<u8>,
    /// `None` removes the key.
    value: Option<Vec<u8>>,
}

/// Trees that are written together; the order is that of [`SledGround::apply`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Records,
    Links,
    Intents,
    Cursors,
    Runs,
    Audit,
    Payloads,
    Webhooks,
}

/// A link that another record owns: the position of the change, and the owner's bytes.
struct Taken {
    change: usize,
    owner: IVec,
}

impl SledGround {
    fn new(shelf: Shelf, head: Head, by: Actor) -> Self {
        let head_file = HeadFile::new(&shelf.folder);
        Self { shelf, head_file, by, sealed: Arc::new(Mutex::new(head.clone())), applied: head }
    }

    /// The batch as bytes, and the head that it leads to.
    fn prepare(&self, batch: Batch) -> Result<(Vec<Change>, Head), StoreError> {
        let mut head = self.applied.clone();
        let mut changes = Vec::with_capacity(batch.operations.len() + batch.events.len());
        for operation in batch.operations {
            self.change(operation, &mut changes)?;
        }
        for event in batch.events {
            let entry = audit::chain(&head, self.by.clone(), event);
            let value = Some(codec::encode_large(&entry, &self.shelf.blobs)?);
            changes.push(Change { place: Place::Audit, key: keys::audit(entry.number).to_vec(), value });
            head = Head { number: entry.number, hash: entry.hash };
        }
        Ok((changes, head))
    }

    fn change(&self, operation: Operation, changes: &mut Vec<Change>) -> Result<(), StoreError> {
        let (place, key, value) = match operation {
            Operation::PutRecord(entry) => {
                let key = keys::record(&entry.id);
                let (value, source) = codec::encode_record(*entry);
                if let Some(source) = source {
                    self.keep(&source, changes)?;
                }
                (Place::Records, key, Some(value))
            }
            Operation::PutLink { flow, target_key, record } => {
                (Place::Links, keys::in_flow(&flow, &target_key), Some(codec::encode(&record)))
            }
            Operation::PutIntent(intent) => {
                (Place::Intents, keys::record(&intent.record), Some(codec::encode(&intent)))
            }
            Operation::RemoveIntent { record } => (Place::Intents, keys::record(&record), None),
            Operation::PutCursor(cursor) => {
                (Place::Cursors, keys::in_flow(&cursor.flow, &cursor.scope), Some(codec::encode(&cursor)))
            }
            Operation::PutRun(run) => {
                let key = keys::run(run.started, &run.id);
                (Place::Runs, key, Some(codec::encode_large(&run, &self.shelf.blobs)?))
            }
            Operation::PutPayload(payload) => return self.keep(&payload, changes),
            Operation::ReceiveDelivery(delivery) => {
                if self.shelf.delivery(&delivery.connection, &delivery.id)?.is_some() {
                    return Ok(());
                }
                let key = keys::delivery(delivery.is_waiting(), &delivery.connection, &delivery.id);
                (Place::Webhooks, key, Some(codec::encode(&delivery)))
            }
            Operation::PutDelivery(delivery) => {
                let waiting = delivery.is_waiting();
                let key = |waiting| keys::delivery(waiting, &delivery.connection, &delivery.id);
                changes.push(Change { place: Place::Webhooks, key: key(!waiting), value: None });
                (Place::Webhooks, key(waiting), Some(codec::encode(&delivery)))
            }
            Operation::ForgetDelivery { connection, id } => {
                let key = |waiting| keys::delivery(waiting, &connection, &id);
                changes.push(Change { place: Place::Webhooks, key: key(true), value: None });
                (Place::Webhooks, key(false), None)
            }
        };
        changes.push(Change { place, key, value });
        Ok(())
    }

    /// A payload that is there already is not written again.
    fn keep(&self, payload: &Payload, changes: &mut Vec<Change>) -> Result<(), StoreError> {
        let Some(key) = keys::payload(payload.name()) else { return Ok(()) };
        if self.shelf.get(&self.shelf.trees.payloads, &key)?.is_none() {
            let value = Some(codec::encode_payload(payload, &self.shelf.blobs)?);
            changes.push(Change { place: Place::Payloads, key, value });
        }
        Ok(())
    }

    fn link_taken(&self, taken: &Taken, change: &Change) -> StoreError {
        let owner = self.shelf.decode::<RecordId>(&taken.owner);
        let record = self.shelf.decode::<RecordId>(change.value.as_deref().unwrap_or_default());
        let target_key = change.key.split(|byte| *byte == 0).nth(1).unwrap_or_default();
        match (owner, record) {
            (Ok(owner), Ok(record)) => StoreError::link_taken(&String::from_utf8_lossy(target_key), &owner, &record),
            (Err(error), _) | (_, Err(error)) => error,
        }
    }
}

impl Ground for SledGround {
    fn apply(&mut self, batch: Batch) -> Result<Head, StoreError> {
        let (changes, head) = self.prepare(batch)?;
        let Trees { records, links, intents, cursors, runs, audit, payloads, webhooks, .. } = &self.shelf.trees;
        let written = (records, links, intents, cursors, runs, audit, payloads, webhooks).transaction(
            |(records, links, intents, cursors, runs, audit, payloads, webhooks)| {
                write_changes(&changes, [records, links, intents, cursors, runs, audit, payloads, webhooks])
            },
        );
        match written {
            Ok(()) => {
                self.applied = head.clone();
                Ok(head)
            }
            Err(TransactionError::Abort(taken)) => Err(self.link_taken(&taken, &changes[taken.change])),
            Err(TransactionError::Storage(error)) => Err(self.shelf.failed(error)),
        }
    }

    fn seal(&mut self) -> Result<(), StoreError> {
        self.shelf.flush()?;
        if *lock(&self.sealed) != self.applied {
            self.head_file.write(&self.applied, &self.shelf.name)?;
            *lock(&self.sealed) = self.applied.clone();
        }
        Ok(())
    }

    fn between(&mut self) {
        let head = lock(&self.sealed).clone();
        asked::serve(&self.shelf.folder, |path, about| self.shelf.export(path, about, &head));
    }

    fn abandon(&mut self) {
        self.shelf.abandon();
    }
}

fn write_changes(
    changes: &[Change],
    trees: [&TransactionalTree; 8],
) -> Result<(), ConflictableTransactionError<Taken>> {
    for (position, change) in changes.iter().enumerate() {
        let tree = trees[change.place as usize];
        let Some(value) = &change.value else {
            tree.remove(change.key.as_slice())?;
            continue;
        };
        let before = tree.insert(change.key.as_slice(), value.as_slice())?;
        if let Some(owner) = before.filter(|owner| change.place == Place::Links && *owner != value.as_slice()) {
            return Err(ConflictableTransactionError::Abort(Taken { change: position, owner }));
        }
    }
    Ok(())
}

/// Removes a database that was never finished: nothing in it was acknowledged. What stands
/// in the place of a store that was to be restored is no store.
fn forget_unfinished(folder: &Path) -> Result<(), StoreError> {
    let (creating, restoring) = (folder.join("creating"), folder.join("restoring"));
    if !creating.exists() && !restoring.exists() {
        return Ok(());
    }
    if HeadFile::new(folder).read()?.is_none() {
        if restoring.exists() {
            return Err(damaged(folder, "a backup was being restored into it, and that did not come to its end"));
        }
        databases(folder)?.iter().try_for_each(|name| disk::remove_folder(&folder.join(name)))?;
    }
    disk::remove(&creating)?;
    disk::remove(&restoring)
}

/// The names of the databases in the folder; all but one are left from a change that was stopped.
fn databases(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(disk::refused("read", folder, &error)),
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.filter(|name| names_database(name)).collect())
}

/// The sentence for a database that panicked over what it read.
fn torn(folder: &Path, panic: &(dyn std::any::Any + Send)) -> StoreError {
    damaged(folder, &panicked(panic).message)
}

/// What sled says, in our words.
fn sentence(folder: &Path, error: ::sled::Error) -> StoreError {
    match error {
        // Ours is taken first, so this is a program that does not know of it.
        ::sled::Error::Io(error) if error.to_string().contains("could not acquire lock") => in_use(folder),
        ::sled::Error::Io(error) => disk::refused("use the database in", folder, &error),
        ::sled::Error::Corruption { .. } => damaged(folder, "the database is torn"),
        ::sled::Error::CollectionNotFound(_) => damaged(folder, "a part of the database is missing"),
        ::sled::Error::Unsupported(what) | ::sled::Error::ReportableBug(what) => {
            damaged(folder, &format!("the database cannot be used ({what})"))
        }
    }
}

fn lock(head: &Mutex<Head>) -> MutexGuard<'_, Head> {
    head.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
