//! The store on disk: only it and its rooms name sled.
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

mod ground;
mod prune;
mod repair;
mod restore;
mod rewrite;
mod rows;
mod shelf;

pub use prune::Pruned;
pub use repair::{Loss, Repaired};
pub use restore::{Restored, Restoring};
pub use rewrite::Compacted;

use super::head_file::{FIRST, FORMAT, HeadFile, Known, damaged, names_database};
use super::lists::{KeptList, Lists};
use super::lock::Lock;
use super::portable::About;
use super::writer::{Ground as _, Writer};
use super::{
    Actor, AuditEntry, Batch, Cursor, Delivery, Event, EventKind, Head, Intent, RecordEntry, RecordId, RunEntry, Store,
    StoreError, asked, disk, keys,
};
use crate::value::Timestamp;
use async_trait::async_trait;
use ground::SledGround;
use shelf::{Shelf, torn};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

fn lock(head: &Mutex<Head>) -> MutexGuard<'_, Head> {
    head.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
