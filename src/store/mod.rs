//! What a pipeline must not forget: the ledger of records, links, cursors, intents, runs,
//! deliveries of other systems, and an audit log whose entries are chained by hash.
//!
//! [`Store::commit`] is the only way to write: one batch, all or nothing, durable when
//! it returns; only lists that can be read again are kept beside it. The audit events of a
//! batch are chained in the order in which they stand.

pub mod asked;
pub mod audit;
mod blobs;
mod codec;
#[cfg(test)]
pub(crate) mod contract;
mod delivery;
mod disk;
mod guarded;
mod head_file;
mod keys;
mod lists;
mod lock;
mod memory;
mod migration;
pub mod payload;
pub mod portable;
mod sled;
mod trigger;
mod writer;

pub use delivery::{Delivery, DeliveryContent, DeliveryState};
pub use lists::{KeptList, ListContent};
pub use memory::{MemoryStore, Moment};
pub use payload::Payload;
pub use sled::{Compacted, Loss, Pruned, Repaired, Restored, Restoring, SledStore};
pub use trigger::Trigger;

use crate::value::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[async_trait]
pub trait Store: Send + Sync {
    /// Writes the batch, all or nothing; it is on disk when this returns.
    async fn commit(&self, batch: Batch) -> Result<Head, StoreError>;

    fn record(&self, id: &RecordId) -> Result<Option<RecordEntry>, StoreError>;

    /// All records of a flow, or of all flows, in the order of their ids.
    fn records(&self, flow: Option<&str>) -> Result<Vec<RecordEntry>, StoreError>;

    /// The record of this flow that owns a target key.
    fn link(&self, flow: &str, target_key: &str) -> Result<Option<RecordId>, StoreError>;

    /// The records of a flow that somebody has to look at: held, rejected, failed, in doubt.
    fn attention(&self, flow: &str) -> Result<Vec<RecordId>, StoreError> {
        let records = self.records(Some(flow))?;
        Ok(records.into_iter().filter(|entry| entry.outcome.needs_attention()).map(|entry| entry.id).collect())
    }

    /// Writes that were announced and whose outcome is not yet known.
    fn intents(&self) -> Result<Vec<Intent>, StoreError>;

    fn cursor(&self, flow: &str, scope: &str) -> Result<Option<Cursor>, StoreError>;

    /// The cursors of all scopes of a flow, in the order of their scopes.
    fn cursors(&self, flow: &str) -> Result<Vec<Cursor>, StoreError>;

    /// The latest runs, newest first.
    fn runs(&self, most: usize) -> Result<Vec<RunEntry>, StoreError>;

    /// Entries of the audit log from number `from` on, at most `most`.
    fn audit(&self, from: u64, most: usize) -> Result<Vec<AuditEntry>, StoreError>;

    /// The payload of this name, checked against it; `None` if it is not there.
    fn payload(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// What is known of a delivery.
    fn delivery(&self, connection: &str, id: &str) -> Result<Option<Delivery>, StoreError>;

    /// Deliveries that wait, or those that are settled, by connection and id.
    fn deliveries(&self, waiting: bool) -> Result<Vec<Delivery>, StoreError>;

    /// Keeps a list as it was last read, in place of the one of this name; no part of what
    /// commits keep. A store may do without.
    fn keep_list(&self, name: &str, list: &KeptList) -> Result<(), StoreError> {
        let _ = (name, list);
        Ok(())
    }

    /// `None` for a list that was not kept.
    fn kept_list(&self, name: &str) -> Result<Option<KeptList>, StoreError> {
        let _ = name;
        Ok(None)
    }

    /// The newest audit entry's number and hash.
    fn head(&self) -> Result<Head, StoreError>;
}

/// Changes that belong together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub operations: Vec<Operation>,
    pub events: Vec<Event>,
}

#[derive(Clone, Debug)]
pub enum Operation {
    PutRecord(Box<RecordEntry>),
    /// Refused (the whole batch with it) if another record of the flow owns the target key.
    PutLink {
        flow: String,
        target_key: String,
        record: RecordId,
    },
    PutIntent(Box<Intent>),
    RemoveIntent {
        record: RecordId,
    },
    PutCursor(Cursor),
    PutRun(Box<RunEntry>),
    /// What an event of the same batch, or of a later one, names. The same bytes are kept once.
    PutPayload(Payload),
    /// Kept if its connection knows none of this id; else nothing is changed.
    ReceiveDelivery(Box<Delivery>),
    /// In place of what is known of it.
    PutDelivery(Box<Delivery>),
    ForgetDelivery {
        connection: String,
        id: String,
    },
}

/// One source record in one flow. `key` begins with the scope where there is one: `598134/1412207`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordId {
    pub flow: String,
    pub key: String,
}

impl std::fmt::Display for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.flow, self.key)
    }
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Posted,
    Unchanged,
    Skipped,
    Held,
    Rejected,
    Failed,
    InDoubt,
}

impl Outcome {
    pub const ALL: [Self; 7] =
        [Self::Posted, Self::Unchanged, Self::Skipped, Self::Held, Self::Rejected, Self::Failed, Self::InDoubt];

    pub fn word(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::InDoubt => "in doubt",
        }
    }

    /// Somebody has to look at it (exit code 1).
    pub fn needs_attention(self) -> bool {
        matches!(self, Self::Held | Self::Rejected | Self::Failed | Self::InDoubt)
    }
}

/// What is known of one record. Never holds `Unchanged`: a posted record stays posted.
///
/// `reference` is there exactly as long as the other side has (or said that it has) the
/// record; then `target`, `target_key`, `target_hash` and `amount` tell what stands there,
/// whatever the outcome has become since. Without it they tell what would be posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordEntry {
    pub id: RecordId,
    pub outcome: Outcome,
    /// For people: `subcontractor invoice TCC-0192 of Tallow Creek Concreting`.
    pub label: String,
    /// What and why, in a sentence; empty where all is well.
    pub reason: String,
    /// Who mends it, and where.
    pub mend: String,
    /// The kind of reason, the same for records with the same trouble: for tables.
    pub kind: String,
    /// SHA-256 of the source record as it was read, in hex.
    pub source_hash: String,
    /// The flow's content hash when it was mapped.
    pub program_hash: String,
    /// The source record, as JSON, for replay. Also the scope record under `scope`.
    pub source: serde_json::Value,
    /// What it became, as JSON.
    pub target: Option<serde_json::Value>,
    /// The target's natural key, canonical.
    pub target_key: Option<String>,
    /// How the other side names the record.
    pub reference: Option<String>,
    /// SHA-256 of what was posted, in hex.
    pub target_hash: Option<String>,
    /// The amount, as decimal text, where the target has one.
    pub amount: Option<String>,
    /// What a person is asked to approve, or has approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// What is to be written back to the source, once it is posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// Of a record that was corrected: the first post, and each correction. Together they
    /// are what `target` tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// It was not posted by us: people had keyed it into the other side, and it was recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<Box<Adoption>>,
    pub attempts: u32,
    pub run: String,
    pub first_seen: Timestamp,
    pub updated: Timestamp,
    /// When what stands on the other side came to stand as it does, by a post of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted: Option<Timestamp>,
    /// Since when it waits, for one reason after the other; `None` where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<Timestamp>,
}

impl RecordEntry {
    /// When it was posted as it stands; what was kept before that was written down changed last
    /// when it was posted.
    pub fn posted_at(&self) -> Option<Timestamp> {
        let ours = self.reference.is_some() && self.adopted.is_none();
        self.posted.or_else(|| ours.then_some(self.updated))
    }

    /// Since when it waits; what was kept before that was written down, since it was first seen.
    pub fn waiting_since(&self) -> Option<Timestamp> {
        self.outcome.needs_attention().then(|| self.waits_since.unwrap_or(self.first_seen))
    }

    /// Its source does not show yet what it became.
    pub fn owes_mark(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.made.is_none() && !mark.is_given_up())
    }
}

/// The name of what a record became, to be written into a field of the source record. Owed
/// from the commit on that says that the record is posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub field: String,
    pub value: String,
    /// The run in which it became owed.
    pub run: String,
    /// When it was seen to stand there.
    pub made: Option<Timestamp>,
    /// The source refuses it: not tried again by itself.
    pub refused: bool,
    /// In how many runs that was told.
    #[serde(default)]
    pub told: u32,
    /// Why it could not be made when it was last tried, and who mends that.
    pub reason: String,
    pub mend: String,
}

impl Mark {
    /// A mark that was refused is told by so many runs; then nobody waits for it any longer.
    pub const PATIENCE: u32 = 3;

    pub fn is_given_up(&self) -> bool {
        self.made.is_none() && self.refused && self.told >= Self::PATIENCE
    }
}

/// How a record of the other side, which people had keyed, came to be the one of a source
/// record. It is never changed by us.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adoption {
    /// How sure it was: `certain`, `likely`, `ambiguous`.
    pub grade: String,
    pub by: String,
    pub reason: String,
    pub at: Timestamp,
    /// What the mapping made of the source record then; the next change is compared with it.
    pub target: serde_json::Value,
    /// SHA-256 of that, in hex.
    pub target_hash: String,
}

/// One of the records of the target that a source record became: the first post, or a
/// correction that was posted when the source had changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// 0 for the first post.
    pub number: u32,
    pub reference: String,
    pub target_key: String,
    /// The natural key by which the other side is asked, as `[name, value]` pairs.
    pub key: serde_json::Value,
    /// As it was sent.
    pub target: serde_json::Value,
    pub amount: Option<String>,
    pub run: String,
    pub at: Timestamp,
}

/// What a correction makes of all that was posted of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correcting {
    /// From 1.
    pub number: u32,
    /// What stands on the other side once it is there, as one record.
    pub target: serde_json::Value,
    pub target_hash: String,
    pub amount: Option<String>,
    /// The parts that it corrects.
    pub parts: Vec<Part>,
    /// The other side said that it took it under this name, and does not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_as: Option<String>,
}

/// A person's word on one record. It holds for one content only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// SHA-256 of what would be posted, in hex.
    pub target_hash: String,
    /// `None` while it waits.
    pub granted: Option<Grant>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    pub by: String,
    pub reason: String,
    pub at: Timestamp,
}

/// A write that is about to be sent, or was sent and not yet settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    pub record: RecordId,
    pub connection: String,
    pub resource: String,
    /// The natural key by which the other side is asked, as `[name, value]` pairs.
    pub key: serde_json::Value,
    pub target_key: String,
    pub target: serde_json::Value,
    pub target_hash: String,
    pub attempt: u32,
    /// The write changes a record that was posted before; without it, it creates one.
    #[serde(default)]
    pub update: bool,
    /// The write corrects a record that was posted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correcting: Option<Box<Correcting>>,
    pub run: String,
    pub at: Timestamp,
}

/// How far a source has been read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    pub flow: String,
    /// The scope record's id, or empty.
    pub scope: String,
    /// The newest change that was seen in a pass that came to its end.
    pub changed: Option<Timestamp>,
    /// How many records that pass saw.
    pub seen: u64,
    pub program_hash: String,
    pub at: Timestamp,
}

/// By connection, the settings that say where it leads.
pub type Systems = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEntry {
    pub id: String,
    pub pipeline: String,
    pub program_hash: String,
    pub sandbox: bool,
    /// Where its connections led; empty in the sandbox.
    #[serde(default)]
    pub systems: Systems,
    /// What began it.
    #[serde(default)]
    pub trigger: Trigger,
    pub started: Timestamp,
    /// `None` while it runs, and for one that was stopped from outside.
    pub ended: Option<Timestamp>,
    /// The report as printed by `--format json`.
    pub report: Option<serde_json::Value>,
}

/// Something that happened, before it has a place in the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub at: Timestamp,
    pub run: String,
    pub kind: EventKind,
    pub record: Option<RecordId>,
    /// What happened, for people and for machines; never a secret.
    pub detail: serde_json::Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    StoreCreated,
    /// An earlier state was put back; what was done after it is not in this log.
    StoreRestored,
    /// A damaged database was put in order.
    StoreRepaired,
    /// What was read, sent and answered before a certain time was dropped.
    PayloadsDropped,
    RunStarted,
    RunEnded,
    LookupVerified,
    /// A record was read; hash and snapshot of what was read.
    Read,
    Skipped,
    Held,
    Rejected,
    /// A person approved it.
    Approved,
    /// A person said no to it.
    Refused,
    /// A person had it tried again.
    Replayed,
    /// The other side has it already: found by `match`, and nothing differs.
    Linked,
    /// A write is about to be sent.
    Intent,
    /// The other side answered a write.
    Answered,
    /// The answer to a write is not known.
    InDoubt,
    /// The other side was asked, and has it or has it not.
    Asked,
    Posted,
    Updated,
    /// A correction of it was posted.
    Corrected,
    Failed,
    /// The source was told what the record became, or refused to be told.
    Marked,
}

/// Who let something happen: the account of the process that wrote it, and what started that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub user: String,
    pub host: String,
    /// `mlc run from a terminal`, `mlc run from cron`.
    pub start: String,
}

impl Actor {
    /// Nobody was named: a store that tests opened.
    pub fn is_nobody(&self) -> bool {
        *self == Self::default()
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {}, {}", self.user, self.host, self.start)
    }
}

/// An event in the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// From 1, without a gap.
    pub number: u64,
    #[serde(default, skip_serializing_if = "Actor::is_nobody")]
    pub by: Actor,
    pub event: Event,
    /// Hash of the entry before; 64 zeros for the first.
    pub previous: String,
    /// As [`audit::chain_hash`] makes it, in hex.
    pub hash: String,
}

/// The newest audit entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// 0 when there is none.
    pub number: u64,
    /// 64 zeros when there is none.
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { number: 0, hash: audit::START.to_owned() }
    }
}

/// Why the store cannot do it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    pub kind: StoreErrorKind,
    /// What happened, naming the path.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl StoreError {
    pub fn new(kind: StoreErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: hint.into() }
    }

    fn link_taken(target_key: &str, owner: &RecordId, record: &RecordId) -> Self {
        Self::new(
            StoreErrorKind::LinkTaken,
            format!("{record} maps to the key {target_key}, which belongs to {owner}"),
            "two source records must not become one: change the source, or the `key` of the flow",
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Another process holds it.
    InUse,
    /// The disk refuses.
    Io,
    /// What is there is damaged, cut, or older than its head file.
    Damaged,
    /// Written by a later release.
    Format,
    /// A record would take over a target key that another record owns.
    LinkTaken,
}
