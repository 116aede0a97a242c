//! What was chosen is written into the store: entry, links and evidence in one commit, and
//! nothing is sent to any system.

use super::{FlowFinds, Match, Survey};
use crate::engine::error::{RunError, RunErrorKind};
use crate::engine::ledger::{self, Facts, Outbox, Why};
use crate::engine::{Setup, hash, marks, systems};
use crate::store::{Adoption, Batch, Event, EventKind, Operation, Outcome, RecordEntry, RunEntry, Trigger};
use crate::value::{Timestamp, Value, to_json};
use serde_json::{Value as Json, json};
use std::collections::HashSet;

/// So many are written in one commit.
const BATCH: usize = 100;

/// Takes the chosen pairs (by flow and match, as they stand in the survey) for one record
/// each. Gives the entries as they stand now.
///
/// # Errors
/// [`RunErrorKind::Internal`] if one record of either side is chosen twice, and what the
/// store says.
pub async fn adopt(
    setup: &Setup,
    survey: &Survey,
    chosen: &[(usize, usize)],
    by: &str,
    reason: &str,
) -> Result<Vec<RecordEntry>, RunError> {
    let pairs: Vec<(&FlowFinds, &Match)> =
        chosen.iter().map(|&(flow, place)| (&survey.flows[flow], &survey.flows[flow].matches[place])).collect();
    each_once(&pairs)?;
    let now = setup.clock.now();
    let mut entries = Vec::new();
    let keys = pairs.iter().map(|(finds, pair)| (finds.flow.clone(), finds.theirs[pair.theirs].target_key.clone()));
    let mut linked: HashSet<(String, String)> = keys.collect();
    open(setup, survey, now).await?;
    for group in pairs.chunks(BATCH) {
        let mut outbox = Outbox::default();
        for (finds, pair) in group {
            let entry = one(finds, pair, by, reason, now, &mut outbox);
            // A second source record that would be called the same stays a twin of this one.
            let own = &finds.ours[pair.ours].facts.key;
            if linked.insert((finds.flow.clone(), own.clone())) && setup.store.link(&finds.flow, own)?.is_none() {
                outbox.link(&finds.flow, own, &entry.id);
            }
            entries.push(entry);
        }
        // The survey was a plan, whose context commits nothing.
        setup.store.commit(outbox.take_batch()).await?;
    }
    close(setup, survey, now, entries.len()).await?;
    Ok(entries)
}

fn each_once(pairs: &[(&FlowFinds, &Match)]) -> Result<(), RunError> {
    let (mut ours, mut theirs) = (HashSet::new(), HashSet::new());
    let twice = pairs.iter().find(|(finds, pair)| {
        let target = finds.run.flow().target();
        let place = (target.connection.clone(), target.resource.clone(), finds.theirs[pair.theirs].reference());
        !ours.insert((finds.flow.as_str(), pair.ours)) || !theirs.insert(place)
    });
    twice.map_or(Ok(()), |(finds, pair)| {
        Err(RunError::new(
            RunErrorKind::Internal,
            format!("{} was chosen twice", finds.theirs[pair.theirs].reference()),
            "one record belongs to one other; choose again",
        ))
    })
}

fn one(finds: &FlowFinds, pair: &Match, by: &str, reason: &str, now: Timestamp, outbox: &mut Outbox) -> RecordEntry {
    let (flow, ours, theirs) = (&finds.run, &finds.ours[pair.ours], &finds.theirs[pair.theirs]);
    let facts = standing(finds, pair);
    let mut entry =
        ledger::entry(&flow.context, &flow.hash, &ours.seen, ours.before.as_ref(), Outcome::Posted, Why::default());
    ledger::stands(&mut entry, &facts, theirs.reference());
    entry.approval = None;
    entry.updated = now;
    entry.posted = None;
    entry.adopted = Some(Box::new(Adoption {
        grade: pair.grade.word().to_owned(),
        by: by.to_owned(),
        reason: reason.to_owned(),
        at: now,
        target: ours.facts.target.clone(),
        target_hash: ours.facts.hash.clone(),
    }));
    marks::owe(&flow.context, &mut entry);
    if ledger::is_news(&ours.seen, ours.before.as_ref()) {
        outbox.tell_read(&flow.context, &entry);
    }
    outbox.tell(event(finds, pair, &entry, by, reason));
    outbox.link(&finds.flow, &facts.key, &entry.id);
    outbox.put(entry.clone());
    entry
}

/// What stands there: the mapping, with what people keyed in place of what it would have been called.
fn standing(finds: &FlowFinds, pair: &Match) -> Facts {
    let (ours, theirs) = (&finds.ours[pair.ours], &finds.theirs[pair.theirs]);
    let mut target = ours.mapped.target.clone();
    let keyed = theirs.found.as_ref().map(|found| &found.record);
    for name in finds.evidence.fields().take(3) {
        if let Some(value) = keyed.and_then(|record| record.get(name)).filter(|value| !value.is_null()) {
            target.insert(name.as_str(), value.clone());
        }
    }
    Facts {
        target: to_json(&Value::record(target.clone())),
        key: theirs.target_key.clone(),
        hash: hash::of_records([&target]),
        amount: Some(theirs.side.amount),
    }
}

fn event(finds: &FlowFinds, pair: &Match, entry: &RecordEntry, by: &str, reason: &str) -> Event {
    let theirs = &finds.theirs[pair.theirs];
    let mut event = ledger::outcome_event(&finds.run.context, entry);
    event.kind = EventKind::Linked;
    let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    event.detail["sentence"] = Json::from(format!(
        "{}, which people keyed into {}, was taken for it by {by}{why}: {}, {}",
        theirs.reference(),
        finds.target_title,
        pair.grade.word(),
        pair.why
    ));
    let ours = &finds.ours[pair.ours];
    event.detail["adopted"] = json!({
        "grade": pair.grade.word(), "why": pair.why, "by": by, "reason": reason,
        "compared": compared(finds, pair),
        "mapped": {"target": ours.facts.target, "target_key": ours.facts.key, "target_hash": ours.facts.hash},
        "found": theirs.found.as_ref().map(|found| to_json(&Value::record(found.record.clone()))),
    });
    event
}

/// Every field of both sides that was looked at.
fn compared(finds: &FlowFinds, pair: &Match) -> Json {
    let (ours, theirs) = (&finds.ours[pair.ours].side, &finds.theirs[pair.theirs].side);
    let mut fields = serde_json::Map::new();
    let mut put = |name: &str, our: Json, their: Json| drop(fields.insert(name.to_owned(), json!([our, their])));
    put(&finds.evidence.party, json!(ours.party), json!(theirs.party));
    put(&finds.evidence.reference, json!(ours.reference), json!(theirs.reference));
    put("amount", json!(ours.amount), json!(theirs.amount));
    put(&finds.evidence.date, json!(ours.date), json!(theirs.date));
    for (name, (our, their)) in finds.evidence.also.iter().zip(ours.also.iter().zip(&theirs.also)) {
        put(name, json!(our), json!(their));
    }
    Json::Object(fields)
}

async fn open(setup: &Setup, survey: &Survey, now: Timestamp) -> Result<(), RunError> {
    let detail = json!({
        "pipeline": setup.program.name(), "program_hash": setup.program.hash(), "sandbox": setup.sandbox, "adopt": true,
    });
    run(setup, survey, now, json!({"adopted": 0}), Event { detail, ..event_of(survey, EventKind::RunStarted, now) })
        .await
}

async fn close(setup: &Setup, survey: &Survey, now: Timestamp, adopted: usize) -> Result<(), RunError> {
    let report = json!({"adopted": adopted, "requests": survey.requests});
    let event = Event { detail: report.clone(), ..event_of(survey, EventKind::RunEnded, now) };
    run(setup, survey, now, report, event).await
}

fn event_of(survey: &Survey, kind: EventKind, at: Timestamp) -> Event {
    Event { at, run: survey.run.clone(), kind, record: None, detail: Json::Null }
}

/// It stands among the runs, so that the state is known to speak of these systems. Its report
/// says that it was no run: [`is_one`].
async fn run(setup: &Setup, survey: &Survey, now: Timestamp, report: Json, event: Event) -> Result<(), RunError> {
    let entry = RunEntry {
        id: survey.run.clone(),
        pipeline: setup.program.name().to_owned(),
        program_hash: setup.program.hash().to_owned(),
        sandbox: setup.sandbox,
        systems: systems::of(setup),
        trigger: Trigger::ByHand,
        started: now,
        ended: Some(now),
        report: Some(report),
    };
    let operations = vec![Operation::PutRun(Box::new(entry))];
    setup.store.commit(Batch { operations, events: vec![event] }).await?;
    Ok(())
}

/// Whether this entry among the runs is of an adoption, in which nothing was posted.
pub fn is_one(run: &RunEntry) -> bool {
    run.report.as_ref().is_some_and(|report| report.get("adopted").is_some())
}
