//! The writer thread's side of the database: a batch becomes changes of trees, and one transaction.

use super::lock;
use super::shelf::{Shelf, Trees};
use crate::store::head_file::HeadFile;
use crate::store::writer::Ground;
use crate::store::{Actor, Batch, Head, Operation, Payload, RecordId, StoreError, asked, audit, codec, keys};
use ::sled::IVec;
use ::sled::transaction::{ConflictableTransactionError, TransactionError, Transactional as _, TransactionalTree};
use std::sync::{Arc, Mutex};

/// The writer thread's side of the database.
pub(super) struct SledGround {
    shelf: Shelf,
    head_file: HeadFile,
    by: Actor,
    /// The newest entry that was applied.
    applied: Head,
    /// The newest entry that is on disk.
    pub(super) sealed: Arc<Mutex<Head>>,
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
    pub(super) fn new(shelf: Shelf, head: Head, by: Actor) -> Self {
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
