//! Results become entries of the ledger: what is written of a record, the events that
//! tell of it, and the batch in which both become durable together. A record is counted
//! only after its batch was committed.

use super::context::Context;
use super::error::RunError;
use super::evidence::Evidence;
use super::ticket::Ticket;
use crate::store::{Batch, Correcting, Event, EventKind, Intent, Operation, Outcome, Part, RecordEntry, RecordId};
use crate::value::{Decimal, Timestamp};
use serde_json::{Value as Json, json};

/// One source record, as it was read.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub id: RecordId,
    pub label: String,
    pub hash: String,
    pub json: Json,
    /// What the source says that it is about, where the source has an amount.
    pub amount: Option<Decimal>,
}

/// Why a record did not simply pass.
#[derive(Clone, Debug, Default)]
pub(super) struct Why {
    pub kind: String,
    pub reason: String,
    pub mend: String,
}

impl Why {
    /// As the entry says it.
    pub fn of(entry: &RecordEntry) -> Self {
        Self::new(entry.kind.clone(), entry.reason.clone(), entry.mend.clone())
    }

    pub fn new(kind: impl Into<String>, reason: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { kind: kind.into(), reason: reason.into(), mend: mend.into() }
    }
}

/// What stands on the other side, or would stand there.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub target: Json,
    pub key: String,
    pub hash: String,
    pub amount: Option<Decimal>,
}

/// The entry of a record that was read. What stands on the other side is carried over
/// from the entry before: no outcome makes the engine forget what it posted.
pub(super) fn entry(
    context: &Context,
    program_hash: &str,
    seen: &Seen,
    before: Option<&RecordEntry>,
    outcome: Outcome,
    why: Why,
) -> RecordEntry {
    let now = context.clock.now();
    let posted = before.filter(|entry| entry.reference.is_some());
    RecordEntry {
        id: seen.id.clone(),
        outcome,
        label: seen.label.clone(),
        reason: why.reason,
        mend: why.mend,
        kind: why.kind,
        source_hash: seen.hash.clone(),
        program_hash: program_hash.to_owned(),
        source: seen.json.clone(),
        target: posted.and_then(|entry| entry.target.clone()),
        target_key: posted.and_then(|entry| entry.target_key.clone()),
        reference: posted.and_then(|entry| entry.reference.clone()),
        target_hash: posted.and_then(|entry| entry.target_hash.clone()),
        amount: posted.map_or_else(|| seen.amount.map(|amount| amount.to_string()), |entry| entry.amount.clone()),
        // What still waits is asked for anew; a yes stays with the content that it was given to.
        approval: before.and_then(|entry| entry.approval.clone()).filter(|asked| asked.granted.is_some()),
        mark: posted.and_then(|entry| entry.mark.clone()),
        parts: posted.map_or_else(Vec::new, |entry| entry.parts.clone()),
        adopted: posted.and_then(|entry| entry.adopted.clone()),
        attempts: before.map_or(0, |entry| entry.attempts),
        run: context.run.clone(),
        first_seen: before.map_or(now, |entry| entry.first_seen),
        updated: now,
        posted: posted.and_then(RecordEntry::posted_at),
        waits_since: waits_since(before, outcome, now),
    }
}

/// What waits goes on waiting, whatever the reason is now.
pub(super) fn waits_since(before: Option<&RecordEntry>, outcome: Outcome, now: Timestamp) -> Option<Timestamp> {
    outcome.needs_attention().then(|| before.and_then(RecordEntry::waiting_since).unwrap_or(now))
}

/// Says what would stand on the other side; what does stand there is not overwritten.
pub(super) fn would_stand(entry: &mut RecordEntry, facts: &Facts) {
    if entry.reference.is_none() {
        set_facts(entry, facts);
    }
}

/// Says what stands on the other side, and how it is called there.
pub(super) fn stands(entry: &mut RecordEntry, facts: &Facts, reference: &str) {
    let other = entry.reference.as_deref() != Some(reference) || entry.target_hash.as_ref() != Some(&facts.hash);
    set_facts(entry, facts);
    entry.reference = Some(reference.to_owned());
    if other {
        entry.posted = Some(entry.updated);
    }
}

/// Says what stands on the other side with this correction, which is called so there. The
/// record keeps its key and the name of its first post.
pub(super) fn corrected(entry: &mut RecordEntry, correcting: &Correcting, part: Part) {
    entry.target = Some(correcting.target.clone());
    entry.target_hash = Some(correcting.target_hash.clone());
    entry.amount.clone_from(&correcting.amount);
    entry.parts.clone_from(&correcting.parts);
    entry.parts.push(part);
    entry.posted = Some(entry.updated);
}

/// The event of a correction, with its own name beside that of the record.
pub(super) fn corrected_event(context: &Context, entry: &RecordEntry, part: &Part) -> Event {
    let mut event = outcome_event(context, entry);
    if entry.outcome == Outcome::Posted {
        event.kind = EventKind::Corrected;
    }
    event.detail["correction"] = part.number.into();
    event.detail["correction_reference"] = part.reference.as_str().into();
    event.detail["correction_key"] = part.target_key.as_str().into();
    event.detail["correction_amount"] = part.amount.clone().into();
    event
}

fn set_facts(entry: &mut RecordEntry, facts: &Facts) {
    entry.target = Some(facts.target.clone());
    entry.target_key = Some(facts.key.clone());
    entry.target_hash = Some(facts.hash.clone());
    entry.amount = facts.amount.map(|amount| amount.to_string()).or_else(|| entry.amount.take());
}

/// Nothing about this record is to be written or told. What a person had tried again is told
/// even if it came out as before: the log shows each attempt.
pub(super) fn needs_no_word(context: &Context, before: &RecordEntry, now: &RecordEntry) -> bool {
    context.replay.is_none() && same_story(before, now)
}

/// Nothing about this record is news.
pub(super) fn same_story(before: &RecordEntry, now: &RecordEntry) -> bool {
    let story = |entry: &RecordEntry| {
        (
            entry.outcome,
            entry.kind.clone(),
            entry.reason.clone(),
            entry.mend.clone(),
            entry.source_hash.clone(),
            entry.program_hash.clone(),
            entry.reference.clone(),
            entry.approval.clone(),
        )
    };
    story(before) == story(now)
}

/// Results on their way into the store.
#[derive(Default)]
pub(super) struct Outbox {
    batch: Batch,
    evidence: Evidence,
    closed: Vec<Closed>,
}

struct Closed {
    entry: RecordEntry,
    counted: Outcome,
    ticket: Option<Ticket>,
    correction: bool,
}

impl Outbox {
    /// A record that is done for this run, with its entry to be written.
    pub fn close(&mut self, entry: RecordEntry, counted: Outcome, ticket: Option<Ticket>) {
        self.batch.operations.push(Operation::PutRecord(Box::new(entry.clone())));
        self.count(entry, counted, ticket);
    }

    /// A record that is done for this run, and nothing to be written of it.
    pub fn count(&mut self, entry: RecordEntry, counted: Outcome, ticket: Option<Ticket>) {
        self.closed.push(Closed { entry, counted, ticket, correction: false });
    }

    /// A record whose correction is done for this run: it counts with the correction's amount.
    pub fn close_correction(&mut self, entry: RecordEntry, ticket: Option<Ticket>, amount: Option<String>) {
        self.put(entry.clone());
        self.count_correction(RecordEntry { amount, ..entry }, ticket);
    }

    /// A correction that is done for this run, and nothing to be written of it.
    pub fn count_correction(&mut self, entry: RecordEntry, ticket: Option<Ticket>) {
        self.closed.push(Closed { counted: entry.outcome, entry, ticket, correction: true });
    }

    /// An entry that is not yet the end.
    pub fn put(&mut self, entry: RecordEntry) {
        self.batch.operations.push(Operation::PutRecord(Box::new(entry)));
    }

    pub fn announce(&mut self, intent: Intent) {
        self.batch.operations.push(Operation::PutIntent(Box::new(intent)));
    }

    pub fn forget_intent(&mut self, record: &RecordId) {
        self.batch.operations.push(Operation::RemoveIntent { record: record.clone() });
    }

    pub fn link(&mut self, flow: &str, target_key: &str, record: &RecordId) {
        self.batch.operations.push(Operation::PutLink {
            flow: flow.to_owned(),
            target_key: target_key.to_owned(),
            record: record.clone(),
        });
    }

    pub fn operation(&mut self, operation: Operation) {
        self.batch.operations.push(operation);
    }

    pub fn tell(&mut self, event: Event) {
        self.batch.events.push(event);
    }

    /// A record was read: the first time, or with another content than before.
    pub fn tell_read(&mut self, context: &Context, entry: &RecordEntry) {
        let source = self.evidence.keep_json(&entry.source);
        let detail = json!({"label": entry.label, "source_hash": entry.source_hash, "source": source});
        self.tell(context.event(EventKind::Read, Some(entry.id.clone()), detail));
    }

    /// A record that its flow leaves out, with what was read.
    pub fn tell_skipped(&mut self, context: &Context, entry: &RecordEntry) {
        let mut event = outcome_event(context, entry);
        event.detail["source"] = self.evidence.keep_json(&entry.source);
        self.tell(event);
    }

    /// Where the payloads go that an event names.
    pub fn evidence(&mut self) -> &mut Evidence {
        &mut self.evidence
    }

    pub fn writes(&self) -> usize {
        self.batch.operations.len()
    }

    /// All that is to be written, for who commits it himself: a plan's context writes nothing.
    pub fn take_batch(&mut self) -> Batch {
        let mut batch = std::mem::take(&mut self.batch);
        batch.operations.extend(std::mem::take(&mut self.evidence).into_operations());
        batch
    }

    /// Makes all of it durable, then counts it.
    pub async fn flush(&mut self, context: &Context, flow: &str) -> Result<(), RunError> {
        let batch = self.take_batch();
        context.commit(batch).await?;
        for closed in self.closed.drain(..) {
            context.tally.settle(flow, closed.counted, &closed.entry);
            if closed.correction && closed.counted == Outcome::Posted {
                context.tally.corrected(flow);
            }
            if let Some(ticket) = closed.ticket {
                ticket.settle();
            }
        }
        Ok(())
    }
}

/// Whether this content was not read before.
pub(super) fn is_news(seen: &Seen, before: Option<&RecordEntry>) -> bool {
    before.is_none_or(|entry| entry.source_hash != seen.hash)
}

/// A record left the flow without a write.
pub(super) fn outcome_event(context: &Context, entry: &RecordEntry) -> Event {
    let kind = match entry.outcome {
        Outcome::Posted | Outcome::Unchanged => EventKind::Posted,
        Outcome::Skipped => EventKind::Skipped,
        Outcome::Held => EventKind::Held,
        Outcome::Rejected => EventKind::Rejected,
        Outcome::Failed => EventKind::Failed,
        Outcome::InDoubt => EventKind::InDoubt,
    };
    let mut detail = json!({"label": entry.label, "source_hash": entry.source_hash});
    if let Json::Object(detail) = &mut detail {
        let texts = [("kind", &entry.kind), ("reason", &entry.reason), ("mend", &entry.mend)];
        detail.extend(
            texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(k, v)| (k.to_owned(), v.as_str().into())),
        );
        if entry.outcome == Outcome::Posted || entry.reference.is_some() {
            let facts = [
                ("reference", &entry.reference),
                ("target_key", &entry.target_key),
                ("target_hash", &entry.target_hash),
                ("amount", &entry.amount),
            ];
            detail.extend(facts.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), fact.clone()?.into()))));
        }
    }
    context.event(kind, Some(entry.id.clone()), detail)
}
