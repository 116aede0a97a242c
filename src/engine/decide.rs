//! A person's word on one record: yes to what waits for it, or no to what is not to be posted.
//!
//! Takes what the person saw, and does nothing when the record has moved since: the word
//! holds for what was seen. The entry and the event that names the person become durable in
//! one commit. Nothing is sent; the next run goes by it.
//!
//! Invariant: whoever calls this holds the turn, so that no run is at work on the same store;
//! a record whose write may be out is never refused.

use super::hash;
use super::kinds;
use crate::store::{
    Approval, Batch, Event, EventKind, Grant, Operation, Outcome, RecordEntry, RecordId, Store, StoreError,
};
use crate::value::Timestamp;
use serde_json::json;

/// The kind of reason of records that a person has said no to.
pub const REFUSED: &str = kinds::REFUSED;

/// What stands in the log in place of a run.
const BY_HAND: &str = "by hand";

/// Who says it of which record, and why.
#[derive(Clone, Debug)]
pub struct Decision {
    pub record: RecordId,
    pub by: String,
    /// A yes may go without; a no may not.
    pub reason: String,
    pub at: Timestamp,
    /// The record as it was shown to them: what [`as_seen`] gave. Without it, as it stands.
    pub seen: Option<String>,
}

/// Why nothing was decided.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct DecisionError {
    pub kind: DecisionErrorKind,
    /// What is in the way, in a sentence.
    pub message: String,
    /// What to do.
    pub mend: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionErrorKind {
    /// There is no such record.
    Unknown,
    /// Nobody is named, or no reason is given.
    Incomplete,
    /// It does not wait for that.
    NotWaiting,
    /// It is not what was seen any more.
    Moved,
    /// Its write may be out.
    InDoubt,
    /// State cannot be kept.
    Store,
}

impl DecisionError {
    fn new(kind: DecisionErrorKind, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { kind, message: message.into(), mend: mend.into() }
    }
}

impl From<StoreError> for DecisionError {
    fn from(error: StoreError) -> Self {
        Self::new(DecisionErrorKind::Store, error.message, error.hint)
    }
}

/// A short text that changes whenever what a person decides on does: what was read, what it
/// would become, and what it waits for.
pub fn as_seen(entry: &RecordEntry) -> String {
    let asked = entry.approval.as_ref().map(|asked| (&asked.target_hash, asked.granted.is_some()));
    let story = json!([
        entry.outcome,
        entry.kind,
        entry.source_hash,
        entry.program_hash,
        entry.target_hash,
        entry.reference,
        asked
    ]);
    hash::of_text(&story.to_string())[..16].to_owned()
}

/// Says yes to exactly what would be posted now. The next run posts it; if it has changed by
/// then, that run asks again.
pub async fn approve(store: &dyn Store, decision: &Decision) -> Result<RecordEntry, DecisionError> {
    let by = name(decision, "who approves")?;
    let entry = as_it_stands(store, decision)?;
    let asked = waiting(&entry)?;
    let grant = Grant { by: by.to_owned(), reason: decision.reason.clone(), at: decision.at };
    let approved = RecordEntry {
        approval: Some(Approval { granted: Some(grant), ..asked.clone() }),
        reason: format!("approved by {by}; the next run posts it"),
        mend: "run again".to_owned(),
        updated: decision.at,
        ..entry.clone()
    };
    let detail = json!({
        "label": entry.label, "by": by, "reason": decision.reason,
        "target_hash": asked.target_hash, "amount": entry.amount,
    });
    commit(store, decision, EventKind::Approved, &approved, detail).await?;
    Ok(approved)
}

/// Says no: it is not to be posted as it is. It is looked at again when its source or the
/// mapping changes, or when somebody replays it; not on each run. What stands on the other
/// side stays there, and the record keeps its name.
pub async fn reject(store: &dyn Store, decision: &Decision) -> Result<RecordEntry, DecisionError> {
    let by = name(decision, "who refuses it")?;
    let because = decision.reason.trim();
    if because.is_empty() {
        return Err(DecisionError::new(
            DecisionErrorKind::Incomplete,
            "no reason is given",
            "say why: whoever mends the record reads it",
        ));
    }
    let entry = as_it_stands(store, decision)?;
    refusable(store, &entry)?;
    let refused = RecordEntry {
        outcome: Outcome::Rejected,
        kind: REFUSED.to_owned(),
        reason: format!("refused by {by}: {because}"),
        mend: "change it at its source, or the pipeline, and the next run looks at it again; or replay it (`mlc \
               replay`)"
            .to_owned(),
        approval: None,
        updated: decision.at,
        ..entry.clone()
    };
    let detail = json!({
        "label": entry.label, "by": by, "reason": because, "was": entry.outcome.word(), "then": entry.reason,
        "target_hash": entry.target_hash, "amount": entry.amount,
    });
    commit(store, decision, EventKind::Refused, &refused, detail).await?;
    Ok(refused)
}

fn name<'d>(decision: &'d Decision, who: &str) -> Result<&'d str, DecisionError> {
    match decision.by.trim() {
        "" => Err(DecisionError::new(
            DecisionErrorKind::Incomplete,
            format!("nobody is named {who}"),
            "say who: --by NAME",
        )),
        by => Ok(by),
    }
}

fn as_it_stands(store: &dyn Store, decision: &Decision) -> Result<RecordEntry, DecisionError> {
    let Some(entry) = store.record(&decision.record)? else {
        return Err(DecisionError::new(
            DecisionErrorKind::Unknown,
            format!("there is no record {}", decision.record),
            "`mlc status FILE --all` lists all records",
        ));
    };
    if decision.seen.as_ref().is_some_and(|seen| *seen != as_seen(&entry)) {
        return Err(DecisionError::new(
            DecisionErrorKind::Moved,
            format!("{} has changed since it was shown: it is {} now", entry.label, entry.outcome.word()),
            "look at it again, and decide on what it is now",
        ));
    }
    Ok(entry)
}

/// What the record asks for; an error if it does not wait for a person.
fn waiting(entry: &RecordEntry) -> Result<&Approval, DecisionError> {
    match &entry.approval {
        Some(asked) if asked.granted.is_none() && entry.outcome == Outcome::Held => Ok(asked),
        Some(Approval { granted: Some(grant), .. }) => Err(DecisionError::new(
            DecisionErrorKind::NotWaiting,
            format!("{} is approved already, by {}", entry.label, grant.by),
            "the next run posts it; if it has changed since, that run asks again",
        )),
        _ => Err(DecisionError::new(
            DecisionErrorKind::NotWaiting,
            format!("{} does not wait for approval: it is {}", entry.label, entry.outcome.word()),
            "`mlc status` says what each record waits for",
        )),
    }
}

/// An error if there is nothing to say no to.
fn refusable(store: &dyn Store, entry: &RecordEntry) -> Result<(), DecisionError> {
    let out = store.intents()?.iter().any(|intent| intent.record == entry.id);
    if out || entry.outcome == Outcome::InDoubt {
        return Err(DecisionError::new(
            DecisionErrorKind::InDoubt,
            format!("{} may have been sent: nobody can say no to it before that is known", entry.label),
            "run again: it asks the other side; then decide",
        ));
    }
    if entry.kind == REFUSED {
        return Err(DecisionError::new(
            DecisionErrorKind::NotWaiting,
            format!("{} is {} already", entry.label, entry.reason),
            "it is looked at again when its source or the mapping changes, or on replay",
        ));
    }
    if !entry.outcome.needs_attention() {
        return Err(DecisionError::new(
            DecisionErrorKind::NotWaiting,
            format!("{} does not wait for anybody: it is {}", entry.label, entry.outcome.word()),
            "`mlc status` says which records wait",
        ));
    }
    Ok(())
}

async fn commit(
    store: &dyn Store,
    decision: &Decision,
    kind: EventKind,
    entry: &RecordEntry,
    detail: serde_json::Value,
) -> Result<(), DecisionError> {
    let record = Some(entry.id.clone());
    let event = Event { at: decision.at, run: BY_HAND.to_owned(), kind, record, detail };
    let operations = vec![Operation::PutRecord(Box::new(entry.clone()))];
    store.commit(Batch { operations, events: vec![event] }).await?;
    Ok(())
}
