//! All of a database, row by row: for the file that is a backup, for another database, and
//! to prove that every row can be read.

use super::{Shelf, torn};
use crate::store::audit::Verifier;
use crate::store::guarded::guarded;
use crate::store::head_file::{FORMAT, damaged};
use crate::store::portable::{About, Export, Row};
use crate::store::{
    AuditEntry, Cursor, Delivery, EventKind, Head, Intent, RecordId, RunEntry, StoreError, audit, codec, keys,
};
use crate::value::Timestamp;
use std::path::Path;

impl Shelf {
    /// Hands out every row, tree by tree, in the order of the keys.
    pub(super) fn rows(&self, mut each: impl FnMut(Row) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let walk = || {
            for (name, tree) in self.trees.all() {
                for pair in tree.iter() {
                    let (key, value) = pair.map_err(|error| self.failed(error))?;
                    each(Row { tree: name, key: key.to_vec(), value: value.to_vec() })?;
                }
            }
            Ok(())
        };
        guarded(walk).map_err(|panic| torn(&self.folder, panic.as_ref()))?
    }

    /// Writes a row; durable only after a flush.
    pub(super) fn put(&self, row: &Row) -> Result<(), StoreError> {
        let tree = self.trees.all().into_iter().find(|(name, _)| *name == row.tree);
        let (_, tree) = tree.expect("a row is of one of the trees");
        tree.insert(row.key.as_slice(), row.value.as_slice()).map(drop).map_err(|error| self.failed(error))
    }

    /// Writes all of it into a file.
    pub(super) fn export(&self, path: &Path, about: &About, head: &Head) -> Result<(), StoreError> {
        let mut export = Export::begin(path, FORMAT, about, head)?;
        self.rows(|row| export.row(&row, &self.blobs))?;
        export.end()
    }

    /// When the newest entry of the log was written.
    pub(super) fn latest(&self, head: &Head) -> Result<Timestamp, StoreError> {
        let entry: Option<AuditEntry> = self.find(&self.trees.audit, &keys::audit(head.number))?;
        entry.map(|entry| entry.event.at).ok_or_else(|| damaged(&self.folder, "its newest audit entry is missing"))
    }

    /// Reads all of it, and gives the head to which the audit log leads. Every value must be
    /// one that was written, every payload that of its name, the chain whole from its first
    /// entry on; and what the log calls posted must be known.
    pub(super) fn prove(&self) -> Result<Head, StoreError> {
        let mut verifier = Verifier::default();
        self.rows(|row| match row.tree {
            "records" => self.decode_record(&row.value).map(drop),
            "links" => self.decode::<RecordId>(&row.value).map(drop),
            "intents" => self.decode::<Intent>(&row.value).map(drop),
            "cursors" => self.decode::<Cursor>(&row.value).map(drop),
            "runs" => self.decode::<RunEntry>(&row.value).map(drop),
            "webhooks" => self.decode::<Delivery>(&row.value).map(drop),
            "audit" => {
                let entry: AuditEntry = self.decode(&row.value)?;
                verifier.push(&entry);
                self.is_known(&entry)
            }
            _ => codec::decode_payload(&audit::hex(&row.key), &row.value, &self.blobs, &self.folder).map(drop),
        })?;
        verifier.end(None).map_err(|fault| damaged(&self.folder, &fault.message))
    }

    fn is_known(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let Some(record) = entry.event.record.as_ref().filter(|_| entry.event.kind == EventKind::Posted) else {
            return Ok(());
        };
        match self.get(&self.trees.records, &keys::record(record))? {
            Some(_) => Ok(()),
            None => {
                let what = format!("audit entry {} says that {record} was posted, and it is not there", entry.number);
                Err(damaged(&self.folder, &what))
            }
        }
    }
}
