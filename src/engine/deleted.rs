//! Records that were posted and that their source shows no longer.
//!
//! Nothing of a deletion is in a list of what changed, so no run comes upon it by itself. Two
//! kinds of run look for it: one for notices, in which the source said that a record was
//! deleted, and a reconcile poll, which holds what it read against what was posted.
//!
//! What the source deleted still stands in the ledger. So it is held, and a person decides;
//! nothing is taken back by itself. Invariant: a record is called gone only when its whole
//! scope was read to the end and did not show it, and (unless the source itself said that it
//! was deleted) a second list did not show it either: lists shift while they are read.

use super::error::RunError;
use super::flow_run::FlowRun;
use super::ledger::{self, Outbox, Seen};
use super::mapping::Verdict;
use super::pass::{self, PassEnd};
use super::sought::Wanted;
use super::{kinds, still_there, wording};
use crate::store::{Outcome, RecordEntry};
use crate::value::{Decimal, Timestamp};

/// Looks for them in what this run has read, and says what is gone.
pub(super) async fn tell(flow: &FlowRun, ends: &[PassEnd]) -> Result<(), RunError> {
    let mut outbox = Outbox::default();
    if flow.sought.is_some() {
        notices(flow, ends, &mut outbox).await?;
    } else if flow.context.lookback.is_some() && flow.source.apart.is_none() {
        poll(flow, ends, &mut outbox).await?;
    }
    outbox.flush(&flow.context, &flow.name).await
}

/// What notices named, and the whole of its scope did not show.
async fn notices(flow: &FlowRun, ends: &[PassEnd], outbox: &mut Outbox) -> Result<(), RunError> {
    let mut unknown = Vec::new();
    for end in ends.iter().filter(|end| end.complete && end.full) {
        let (said, unsaid): (Vec<&Wanted>, Vec<&Wanted>) = end.missing.iter().partition(|wanted| wanted.deleted);
        for wanted in said {
            gone(flow, flow.context.store.record(&wanted.id)?, outbox);
        }
        unknown.extend(unsaid.iter().filter(|wanted| !wanted.known).map(|wanted| wanted.id.to_string()));
        let known =
            unsaid.into_iter().filter(|wanted| wanted.known).map(|wanted| flow.context.store.record(&wanted.id));
        let known = known.collect::<Result<Vec<_>, _>>()?;
        confirmed(flow, end, known.into_iter().flatten().collect(), outbox).await;
    }
    if let Some(sought) = flow.sought.as_ref().filter(|_| ends.iter().all(|end| end.complete)) {
        unknown.extend(sought.nowhere(&flow.name, ends));
    }
    let title = &flow.source_title;
    if let Some(first) = unknown.first() {
        let (more, it) = match unknown.len() - 1 {
            0 => (String::new(), "it"),
            more => (format!(" and {more} more"), "them"),
        };
        flow.context.tally.warn(format!(
            "{title} told of {first}{more}, and does not show {it}; look at the permissions of the credential"
        ));
    }
    let outside = flow.sought.as_ref().map(|sought| {
        sought.outside(|scope| ends.iter().any(|end| end.name() == scope)).into_iter().filter(|wanted| wanted.known)
    });
    for wanted in outside.into_iter().flatten().filter(|wanted| wanted.deleted) {
        let Some(entry) = flow.context.store.record(&wanted.id)? else { continue };
        if let Some(reference) = &entry.reference {
            flow.context.tally.warn(format!(
                "{title} says that {} was deleted, which was posted to {} as {reference}; whether that is so was not \
                 looked at, since the flow {} does not read the part that it was in",
                entry.label, flow.target_title, flow.name
            ));
        }
    }
    Ok(())
}

/// What was posted and would have been shown, had it still been there.
async fn poll(flow: &FlowRun, ends: &[PassEnd], outbox: &mut Outbox) -> Result<(), RunError> {
    let posted: Vec<RecordEntry> = flow.context.store.records(Some(&flow.name))?;
    for end in ends.iter().filter(|end| end.complete && end.read > 0) {
        let missing = posted.iter().filter(|entry| {
            let mine = flow.scope.is_none() || entry.id.key.split('/').next() == Some(&end.name());
            mine && entry.reference.is_some()
                && !end.seen.contains(&pass::digest(&entry.id))
                && would_show(flow, entry, end)
        });
        confirmed(flow, end, missing.cloned().collect(), outbox).await;
    }
    Ok(())
}

/// Whether this pass read so far back that it had to come upon the record.
fn would_show(flow: &FlowRun, entry: &RecordEntry, end: &PassEnd) -> bool {
    let Some(since) = end.since.filter(|_| !end.full) else { return true };
    last_changed(flow, entry).is_some_and(|changed| changed >= since)
}

/// When the record changed, as it was read last.
pub(super) fn last_changed(flow: &FlowRun, entry: &RecordEntry) -> Option<Timestamp> {
    let field = flow.source.changed.as_ref()?;
    entry.source.get(field)?.as_str()?.parse().ok()
}

/// Those that a second look does not show either. When that cannot be had, all stay as they were.
async fn confirmed(flow: &FlowRun, end: &PassEnd, missing: Vec<RecordEntry>, outbox: &mut Outbox) {
    let missing: Vec<RecordEntry> = missing.into_iter().filter(|entry| entry.reference.is_some()).collect();
    if missing.is_empty() || flow.context.brake.is_pulled() {
        return;
    }
    match still_there::listed(flow, end.scope.as_ref()).await {
        // A list without anything tells more of permissions than of records.
        Ok(shown) if shown.is_empty() => {}
        Ok(shown) => {
            let missing = missing.into_iter().filter(|entry| !shown.contains(&entry.id));
            missing.for_each(|entry| gone(flow, Some(entry), outbox));
        }
        Err(error) => {
            let place = end.scope.as_ref().map_or(flow.source_title.as_str(), |scope| &scope.label);
            flow.context.tally.warn(format!(
                "{}: of {place}, {} that were posted were not shown, and a second look failed: {}",
                flow.name,
                missing.len(),
                error.message
            ));
        }
    }
}

/// Held, unless a person has said what becomes of it. What only waited is told by the run itself.
fn gone(flow: &FlowRun, entry: Option<RecordEntry>, outbox: &mut Outbox) {
    let Some(before) = entry else { return };
    let Some(reference) = before.reference.clone() else { return };
    if before.kind == kinds::REFUSED || flow.in_doubt.contains_key(&before.id) {
        return;
    }
    let seen = Seen {
        id: before.id.clone(),
        label: before.label.clone(),
        hash: before.source_hash.clone(),
        json: before.source.clone(),
        amount: before.amount.as_ref().and_then(|text| text.parse::<Decimal>().ok()),
    };
    flow.no_longer_waits(&before.id);
    let why = wording::deleted(flow, &reference);
    let entry = ledger::entry(&flow.context, &flow.hash, &seen, Some(&before), Outcome::Held, why);
    let verdict = if ledger::needs_no_word(&flow.context, &before, &entry) {
        Verdict::Stands(Box::new(before), Outcome::Held)
    } else {
        Verdict::Settled { entry: Box::new(entry), counted: Outcome::Held, news: false }
    };
    pass::settle(flow, verdict, outbox);
}
