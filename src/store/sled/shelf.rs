//! The open database as its readers see it: trees, and what stands in them decoded and checked.

use crate::store::blobs::Blobs;
use crate::store::guarded::guarded;
use crate::store::head_file::{FORMAT, check_format, damaged};
use crate::store::lock::in_use;
use crate::store::portable::TREES;
use crate::store::writer::panicked;
use crate::store::{AuditEntry, Delivery, Head, RecordEntry, StoreError, audit, codec, disk, keys};
use ::sled::{Db, IVec, Mode, Tree};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// sled's own default is 1 GiB.
const CACHE: u64 = 64 << 20;

/// Holds `FORMAT` in the tree `meta`.
const FORMAT_KEY: &str = "format";

/// The open database and what is needed to read it.
#[derive(Clone)]
pub(super) struct Shelf {
    pub(super) trees: Trees,
    pub(super) db: Db,
    pub(super) blobs: Blobs,
    pub(super) folder: PathBuf,
    /// The name of the database's own folder.
    pub(super) name: String,
}

#[derive(Clone)]
pub(super) struct Trees {
    pub(super) meta: Tree,
    pub(super) records: Tree,
    pub(super) links: Tree,
    pub(super) intents: Tree,
    pub(super) cursors: Tree,
    pub(super) runs: Tree,
    pub(super) audit: Tree,
    pub(super) payloads: Tree,
    pub(super) webhooks: Tree,
}

impl Shelf {
    pub(super) fn open(folder: &Path, name: &str) -> Result<Self, StoreError> {
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
    pub(super) fn guard(&self, known: &Head) -> Result<Head, StoreError> {
        if !self.db.was_recovered() {
            return Err(damaged(&self.folder, "the database opened empty, although records were written to it"));
        }
        check_format(self.format()?, &self.folder)?;
        self.replay_tail(known)
    }

    pub(super) fn format(&self) -> Result<u32, StoreError> {
        let format: Option<u32> = self.find(&self.trees.meta, FORMAT_KEY.as_bytes())?;
        format.ok_or_else(|| damaged(&self.folder, "the database does not know its own format"))
    }

    pub(super) fn say_format(&self) -> Result<(), StoreError> {
        let said = self.trees.meta.insert(FORMAT_KEY, codec::encode(&FORMAT));
        said.map(drop).map_err(|error| self.failed(error))
    }

    /// Makes durable what was written.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
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

    pub(super) fn get(&self, tree: &Tree, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        guarded(|| tree.get(key))
            .map_err(|panic| torn(&self.folder, panic.as_ref()))?
            .map_err(|error| self.failed(error))
    }

    pub(super) fn find<T: DeserializeOwned>(&self, tree: &Tree, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.get(tree, key)?.map(|bytes| self.decode(&bytes)).transpose()
    }

    /// The bytes of this name, checked against it.
    pub(super) fn payload(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(key) = keys::payload(name) else { return Ok(None) };
        let value = self.get(&self.trees.payloads, &key)?;
        value.map(|value| codec::decode_payload(name, &value, &self.blobs, &self.folder)).transpose()
    }

    pub(super) fn delivery(&self, connection: &str, id: &str) -> Result<Option<Delivery>, StoreError> {
        let in_state = |waiting| self.find(&self.trees.webhooks, &keys::delivery(waiting, connection, id));
        // In this order: one that is settled between the two looks is found by the second.
        in_state(true).transpose().or_else(|| in_state(false).transpose()).transpose()
    }

    /// A record, with the source that it names.
    pub(super) fn decode_record(&self, bytes: &[u8]) -> Result<RecordEntry, StoreError> {
        codec::decode_record(bytes, &self.blobs, &self.folder, |name| self.payload(name))
    }

    pub(super) fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, StoreError> {
        codec::decode(bytes, &self.blobs, &self.folder)
    }

    pub(super) fn collect<T>(
        &self,
        values: impl Iterator<Item = ::sled::Result<IVec>>,
        decode: impl Fn(&[u8]) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        guarded(|| values.map(|bytes| decode(&bytes.map_err(|error| self.failed(error))?)).collect())
            .map_err(|panic| torn(&self.folder, panic.as_ref()))?
    }

    pub(super) fn failed(&self, error: ::sled::Error) -> StoreError {
        self.abandon();
        sentence(&self.folder, error)
    }

    /// Lets go of the database without closing it. On sled 0.34 the last owner of a tree
    /// flushes it when it is dropped, and after a failed write that flush waits for ever;
    /// one owner that is never dropped keeps it from being the last. The process is about
    /// to end, and the next one opens what the disk holds.
    pub(super) fn abandon(&self) {
        std::mem::forget((self.trees.clone(), self.db.clone()));
    }
}

impl Trees {
    /// What a store consists of, in the order of [`TREES`].
    pub(super) fn all(&self) -> [(&'static str, &Tree); 8] {
        let Self { meta: _, records, links, intents, cursors, runs, audit, payloads, webhooks } = self;
        let trees = [records, links, intents, cursors, runs, audit, payloads, webhooks];
        std::array::from_fn(|place| (TREES[place], trees[place]))
    }

    /// A fixed set: sled grows with each tree that was ever made.
    pub(super) fn open(db: &Db) -> ::sled::Result<Self> {
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

/// The sentence for a database that panicked over what it read.
pub(super) fn torn(folder: &Path, panic: &(dyn std::any::Any + Send)) -> StoreError {
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
