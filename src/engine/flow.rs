//! One flow from its source to its target: the scopes are read side by side, what is
//! mapped goes to one poster through a bounded queue, and at the end comes what waits
//! from earlier runs and was not read again.

use super::brake::StopKind;
use super::context::Context;
use super::costs::{self, Readings};
use super::error::RunError;
use super::fetch;
use super::flow_run::FlowRun;
use super::ledger::{self, Outbox, Seen};
use super::mapping::{self, Ready, Verdict};
use super::marks;
use super::pass::{self, Pass, PassEnd, Scope};
use super::post::{GROUP, Poster};
use super::report::Stage;
use super::{deleted, kinds, label, stored, wording};
use crate::connector::{Fetch, ResourceSpec};
use crate::program::Tables;
use crate::store::{Cursor, Intent, Outcome, RecordEntry, RecordId};
use crate::value::Decimal;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tracing::Instrument as _;

/// Scopes that are read at once. The rate budget is the bound; more would only hold more
/// pages in memory.
const SCOPES_AT_ONCE: usize = 4;

/// Mapped records that wait for the poster: its next group, while it works on one.
pub(super) const QUEUE: usize = GROUP;

/// Entries that go into one commit when nothing is posted between them.
const BATCH: usize = 100;

/// Moves one flow's records.
pub(super) async fn run(
    context: &Arc<Context>,
    index: usize,
    tables: &Arc<Tables>,
    intents: &[Intent],
    recovered: &Arc<HashSet<RecordId>>,
) -> Result<(), RunError> {
    let flow = FlowRun::new(context.clone(), index, tables.clone(), intents, recovered.clone())?;
    let flow = Arc::new(flow);
    context.tally.begin(&flow.name);
    context.progress.stage(&flow.name, Stage::Records);
    let scopes = scopes(&flow).await?;
    let (out, inbox) = mpsc::channel(QUEUE);
    let mut poster = JoinSet::new();
    poster.spawn(Poster::new(flow.clone(), inbox)?.run().in_current_span());
    let read = read_scopes(&flow, scopes, &out).await;
    let waited = match &read {
        Ok(ends) => match deleted::tell(&flow, ends).await {
            Ok(()) => take_up_waiting(&flow, ends, &out).await,
            Err(error) => Err(error),
        },
        Err(_) => Ok(()),
    };
    // The poster ends when nobody can send it anything more.
    drop(out);
    let posted = joined(&mut poster).await;
    let ends = read?;
    posted?;
    waited?;
    marks::make(&flow).await?;
    warn_of_silence(&flow, &ends);
    flow.strays.tell(&flow);
    if context.plan && flow.has_schedule() && ends.iter().all(|end| end.complete) {
        context.tally.cost(costs::of(context, index, &Readings::of(&flow, &ends)?)?);
    }
    context.progress.stage(&flow.name, Stage::Done);
    Ok(())
}

/// The scopes that the flow wants; one without a name for a source that has none.
pub(super) async fn scopes(flow: &FlowRun) -> Result<Vec<Option<Scope>>, RunError> {
    let source = flow.flow().source();
    let (Some(wanted), Some((spec, _))) = (&source.scope, &flow.scope) else { return Ok(vec![None]) };
    let context = &flow.context;
    let read = match context.scopes.known(&source.connection, &wanted.resource) {
        // A scope that the lookups do not know of has no rows in them: it waits for the next run.
        Some(list) => Ok((list.records.clone(), list.unreadable.clone())),
        None => fetch::everything(context, &source.connection, Fetch::all(&*wanted.resource)).await,
    };
    let (records, unreadable) = match read {
        Ok(read) => read,
        Err(error) => {
            let message = format!("the {} of {} could not be read: {}", spec.plural, flow.source_title, error.message);
            context.brake.pull(StopKind::World, message, error.mend);
            return Ok(Vec::new());
        }
    };
    for message in unreadable {
        context.tally.warn(format!("{}: left out, since it cannot be read: {message}", flow.name));
    }
    let shown = records.len();
    let (mut listed, mut names) = (HashSet::new(), HashSet::new());
    let mut scopes = Vec::new();
    for record in records {
        let Some(value) = record.get(&wanted.field).filter(|value| !value.is_null()).cloned() else { continue };
        let name = value.to_string();
        listed.insert(name.clone());
        if flow.flow().wants_scope(&flow.tables, &record) && names.insert(name.clone()) {
            let label = label::plain(spec, &record);
            scopes.push(Some(Scope { name, value, record, label }));
        }
    }
    warn_of_the_vanished(flow, spec, &listed)?;
    if let Some(sought) = &flow.sought {
        scopes.retain(|scope: &Option<Scope>| {
            scope.as_ref().is_some_and(|scope| sought.wants(&pass::escape(&scope.name)))
        });
        return Ok(scopes);
    }
    if scopes.is_empty() {
        context.tally.warn(format!(
            "{}: none of the {shown} {} of {} is wanted, so nothing was read",
            flow.name, spec.plural, flow.source_title
        ));
    }
    Ok(scopes)
}

/// A scope that was read before and is not even listed any more: what happens in it is
/// not seen, and nobody would miss it.
fn warn_of_the_vanished(flow: &FlowRun, spec: &ResourceSpec, listed: &HashSet<String>) -> Result<(), RunError> {
    let context = &flow.context;
    let before = context.store.cursors(&flow.name)?;
    let gone = |cursor: &&Cursor| cursor.seen > 0 && !cursor.scope.is_empty() && !listed.contains(&cursor.scope);
    for gone in before.iter().filter(gone) {
        context.tally.vanish(&flow.name, gone.seen);
        context.tally.warn(format!(
            "{}: {} does not list {} any more; {} of its {} were read before. If it was deleted, nothing is to be \
             done; if not, look at the permissions of the credential",
            flow.name,
            flow.source_title,
            called(flow, spec, &gone.scope)?,
            gone.seen,
            flow.source.plural
        ));
    }
    Ok(())
}

/// What people call a scope that is not listed any more: as a record of it was read last.
fn called(flow: &FlowRun, spec: &ResourceSpec, scope: &str) -> Result<String, RunError> {
    let kept = flow.context.store.records(Some(&flow.name))?;
    let within = |entry: &&RecordEntry| entry.id.key.split('/').next() == Some(scope);
    let shown = kept.iter().filter(within).find_map(|entry| {
        let (_, ty) = flow.scope.as_ref()?;
        stored::restore(&entry.source, &flow.source_type, Some(ty))?.1
    });
    Ok(shown.map_or_else(|| format!("{} {scope}", spec.title), |record| label::plain(spec, &record)))
}

async fn read_scopes(
    flow: &Arc<FlowRun>,
    scopes: Vec<Option<Scope>>,
    out: &mpsc::Sender<Ready>,
) -> Result<Vec<PassEnd>, RunError> {
    let turns = Arc::new(Semaphore::new(SCOPES_AT_ONCE));
    let mut passes = JoinSet::new();
    for scope in scopes {
        passes.spawn(Pass::new(flow.clone(), scope, out.clone()).run(turns.clone()).in_current_span());
    }
    let mut ends = Vec::new();
    let mut failure = None;
    while let Some(ended) = passes.join_next().await {
        match ended.map_err(|error| RunError::lost_task(&error)).and_then(|end| end) {
            Ok(end) => ends.push(end),
            Err(error) => {
                flow.context.brake.pull(StopKind::Error, error.message.clone(), error.mend.clone());
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(ends), Err)
}

pub(super) async fn joined(poster: &mut JoinSet<Result<(), RunError>>) -> Result<(), RunError> {
    match poster.join_next().await {
        None => Ok(()),
        Some(ended) => ended.map_err(|error| RunError::lost_task(&error))?,
    }
}

/// Records that somebody has to look at and that this run did not read: those that can
/// move by themselves are evaluated again from what the store keeps, the others are
/// counted as they stand.
async fn take_up_waiting(flow: &FlowRun, ends: &[PassEnd], out: &mpsc::Sender<Ready>) -> Result<(), RunError> {
    let ends: HashMap<String, &PassEnd> = ends.iter().map(|end| (end.name(), end)).collect();
    let mut outbox = Outbox::default();
    for id in flow.take_waiting() {
        let Some(entry) = flow.context.store.record(&id)? else { continue };
        let scope = if flow.scope.is_some() { id.key.split('/').next().unwrap_or_default() } else { "" };
        match waiting_verdict(flow, entry, ends.get(scope).copied())? {
            // A poster that is gone has failed, and says why itself.
            Verdict::Ready(ready) => {
                let scope = ends.get(scope).and_then(|end| end.scope.clone());
                flow.taken_from_store(ready.seen.id.clone(), scope);
                let _ = out.send(*ready).await;
            }
            verdict => pass::settle(flow, verdict, &mut outbox),
        }
        if outbox.writes() >= BATCH {
            outbox.flush(&flow.context, &flow.name).await?;
        }
    }
    outbox.flush(&flow.context, &flow.name).await
}

fn waiting_verdict(flow: &FlowRun, entry: RecordEntry, end: Option<&PassEnd>) -> Result<Verdict, RunError> {
    let outcome = entry.outcome;
    let as_it_stands = |entry| Ok(Verdict::Stands(Box::new(entry), outcome));
    let read_to_its_end = end.filter(|end| end.complete && !flow.context.brake.is_pulled());
    let Some(end) = read_to_its_end.filter(|_| !flow.in_doubt.contains_key(&entry.id)) else {
        return as_it_stands(entry);
    };
    if end.full || [kinds::GONE, kinds::DELETED].contains(&entry.kind.as_str()) {
        let waits = matches!(outcome, Outcome::Held | Outcome::InDoubt) || entry.kind == kinds::UNAVAILABLE;
        // What stands on the other side does not wait to be posted.
        if !waits || entry.reference.is_some() || entry.kind == kinds::GONE {
            return as_it_stands(entry);
        }
        return Ok(gone(flow, &entry));
    }
    // The record is as it was, or it would have been read. Its scope was read anew: what
    // was amended there (the project's code in the ledger) sets free what waited for it.
    let scope_type = flow.scope.as_ref().map(|(_, ty)| ty.as_ref());
    match stored::restore(&entry.source, &flow.source_type, scope_type) {
        Some((record, _)) => {
            let seen = pass::seen(flow, &record, end.scope.as_ref());
            mapping::judge(flow, seen, &record, end.scope.as_ref().map(|scope| &scope.record))
        }
        None => as_it_stands(entry),
    }
}

/// It waited to be posted, and a whole pass did not show it.
fn gone(flow: &FlowRun, entry: &RecordEntry) -> Verdict {
    let seen = Seen {
        id: entry.id.clone(),
        label: entry.label.clone(),
        hash: entry.source_hash.clone(),
        json: entry.source.clone(),
        amount: entry.amount.as_ref().and_then(|text| text.parse::<Decimal>().ok()),
    };
    let gone = ledger::entry(&flow.context, &flow.hash, &seen, Some(entry), Outcome::Held, wording::gone(flow));
    Verdict::Settled { entry: Box::new(gone), counted: Outcome::Held, news: false }
}

/// A whole source that shows nothing is not a success.
fn warn_of_silence(flow: &FlowRun, ends: &[PassEnd]) {
    let silent =
        flow.sought.is_none() && !ends.is_empty() && ends.iter().all(|end| end.complete && end.full && end.read == 0);
    if silent {
        let plural = &flow.source.plural;
        flow.context.tally.warn(format!(
            "{}: {} shows no {plural} at all; look at the permissions of the credential",
            flow.name, flow.source_title
        ));
    }
}
