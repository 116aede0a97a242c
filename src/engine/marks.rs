//! Marks: what a posted record became is written back into a field of its source record.
//!
//! A mark is owed from the very commit that says "posted", and made after the flow has
//! posted all that it had; so it can neither hinder a post nor double one. *Killed in
//! between: it is still owed, and the next run makes it.* A mark of an earlier run, and one
//! whose answer is not known or a refusal, is looked for before anything is written: who
//! locks a marked record refuses the same mark a second time. Writing it twice would change
//! nothing, since it is the same text. What another system wrote there is never written
//! over. A mark that is refused is told by a few runs, then it is given up.

use super::context::Context;
use super::error::RunError;
use super::fetch::Pages;
use super::flow_run::FlowRun;
use super::ledger::Outbox;
use super::post::GROUP;
use super::retry::Backoff;
use super::stored;
use crate::connector::exchange::noted;
use crate::connector::{Connector, Effect, Error, ErrorKind, Exchange, Fetch, FilterKind, Found, Permanence};
use crate::store::{EventKind, Mark, Outcome, RecordEntry};
use crate::value::{Record, Value};
use futures_util::stream::{self, StreamExt as _};
use serde_json::json;
use std::sync::Arc;

/// Marks in flight at once.
const AT_ONCE: usize = 2;

/// After so many in a row that could not be made for a passing cause, the rest waits for the next run.
const LOST_IN_A_ROW: u32 = 3;

/// Says that the source is to be told what this posted record became, if its flow wants it.
pub(super) fn owe(context: &Context, entry: &mut RecordEntry) {
    let flow = context.program.flows().iter().find(|flow| flow.name() == entry.id.flow);
    let (Some(field), Some(value)) = (flow.and_then(|flow| flow.target().mark.clone()), entry.reference.clone()) else {
        return;
    };
    let same = |mark: &Mark| *mark.field == *field && mark.value == value;
    if !entry.mark.as_ref().is_some_and(same) {
        entry.mark = Some(Mark {
            field: field.to_string(),
            value,
            run: context.run.clone(),
            made: None,
            refused: false,
            told: 0,
            reason: String::new(),
            mend: String::new(),
        });
    }
}

/// Makes the marks that the flow owes.
pub(super) async fn make(flow: &FlowRun) -> Result<(), RunError> {
    let context = &flow.context;
    if flow.flow().target().mark.is_none() {
        return Ok(());
    }
    let mut owed = context.store.records(Some(&flow.name))?;
    owed.retain(|entry| is_open(entry, context.retry) && entry.outcome == Outcome::Posted && context.takes(&entry.id));
    if context.plan {
        // One of an earlier run is looked for, then written.
        let posts = context.tally.counts(&flow.name).posted;
        let expected = posts + 2 * owed.len() as u64;
        if expected > 0 {
            context.tally.expect_requests(expected);
        }
        return Ok(());
    }
    let refused = |entry: &RecordEntry| entry.mark.as_ref().is_some_and(|mark| mark.refused);
    let (stay, mut owed): (Vec<_>, Vec<_>) = owed.into_iter().partition(|entry| refused(entry) && !context.retry);
    let mut stay = tell_again(flow, stay).await?;
    let mut lost = 0;
    while !owed.is_empty() && lost < LOST_IN_A_ROW && !context.brake.is_pulled() {
        let group: Vec<RecordEntry> = owed.drain(..owed.len().min(GROUP)).collect();
        make_group(flow, group, &mut lost, &mut stay).await?;
    }
    if !context.brake.is_pulled() {
        stay.extend(owed);
        warn(flow, &stay);
    }
    Ok(())
}

/// Still to be made; one that was given up is tried again only where that is asked for.
fn is_open(entry: &RecordEntry, retry: bool) -> bool {
    entry.owes_mark() || (retry && entry.mark.as_ref().is_some_and(Mark::is_given_up))
}

/// Counts one more run for those that were refused before.
async fn tell_again(flow: &FlowRun, mut refused: Vec<RecordEntry>) -> Result<Vec<RecordEntry>, RunError> {
    let mut outbox = Outbox::default();
    for entry in &mut refused {
        let Some(mark) = &mut entry.mark else { continue };
        mark.told += 1;
        if mark.is_given_up() {
            let detail = json!({"field": mark.field, "value": mark.value, "made": false, "given_up": true});
            outbox.tell(flow.context.event(EventKind::Marked, Some(entry.id.clone()), detail));
        }
        outbox.put(entry.clone());
    }
    outbox.flush(&flow.context, &flow.name).await?;
    Ok(refused)
}

async fn make_group(
    flow: &FlowRun,
    group: Vec<RecordEntry>,
    lost: &mut u32,
    stay: &mut Vec<RecordEntry>,
) -> Result<(), RunError> {
    let connection = flow.context.connection(&flow.flow().source().connection)?.clone();
    let tried = stream::iter(group).map(|entry| try_one(flow, &connection, entry));
    let tried = tried.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
    let mut outbox = Outbox::default();
    for (entry, made, exchanges) in tried {
        let passing = made.as_ref().is_err_and(passes);
        *lost = if passing { *lost + 1 } else { 0 };
        let entry = settle(flow, entry, made, exchanges, &mut outbox);
        if entry.mark.as_ref().is_some_and(|mark| mark.made.is_none()) {
            stay.push(entry);
        }
    }
    outbox.flush(&flow.context, &flow.name).await
}

/// The entry, with what became of its mark. Written only where that is news.
fn settle(
    flow: &FlowRun,
    mut entry: RecordEntry,
    made: Result<Made, Error>,
    exchanges: Vec<Exchange>,
    outbox: &mut Outbox,
) -> RecordEntry {
    let Some(mark) = &mut entry.mark else { return entry };
    let before = mark.clone();
    let title = &flow.source_title;
    match made {
        Ok(Made::Stands) => {
            mark.made = Some(flow.context.clock.now());
            (mark.refused, mark.told) = (false, 0);
            (mark.reason, mark.mend) = (String::new(), String::new());
        }
        Ok(Made::Foreign(other)) => {
            (mark.refused, mark.told) = (true, mark.told + 1);
            mark.reason = format!(
                "it is posted as {}, but {title} shows `{other}` in `{}`: the system that wrote it there owns the \
                 record, and it is not written over",
                mark.value, mark.field
            );
            mark.mend = format!(
                "find out which integration of {title} writes `{other}`; let it give up the record and run with \
                 --retry, or take `mark` out of the flow"
            );
        }
        Err(error) => {
            mark.refused = !passes(&error);
            mark.told += u32::from(mark.refused);
            let word = if mark.refused { "refuses" } else { "did not take" };
            mark.reason = format!(
                "it is posted as {}, but {title} {word} that name in `{}`: {}",
                mark.value, mark.field, error.message
            );
            mark.mend = if mark.refused {
                format!("write it there by hand, or free the record in {title}; then run with --retry")
            } else {
                "run again later".to_owned()
            };
        }
    }
    if *mark != before {
        let mut detail = json!({"field": mark.field, "value": mark.value, "made": mark.made.is_some()});
        if !mark.reason.is_empty() {
            detail["reason"] = mark.reason.clone().into();
        }
        if !exchanges.is_empty() {
            detail["exchanges"] = outbox.evidence().exchanges(exchanges);
        }
        outbox.tell(flow.context.event(EventKind::Marked, Some(entry.id.clone()), detail));
        outbox.put(entry.clone());
    }
    entry
}

/// A later run may have more luck.
fn passes(error: &Error) -> bool {
    error.is_temporary() || error.stops_the_run()
}

fn warn(flow: &FlowRun, stay: &[RecordEntry]) {
    let title = &flow.source_title;
    let given_up = |entry: &RecordEntry| entry.mark.as_ref().is_some_and(Mark::is_given_up);
    let (over, stay): (Vec<&RecordEntry>, Vec<&RecordEntry>) = stay.iter().partition(|entry| given_up(entry));
    let reason = |entry: &RecordEntry| entry.mark.as_ref().map_or(String::new(), |mark| mark.reason.clone());
    if let Some(example) = stay.iter().find(|entry| !reason(entry).is_empty()) {
        flow.context.tally.warn(format!(
            "{}: {} posted, but not marked in {title}; {}: {}. `mlc status` lists them",
            flow.name,
            stay.len(),
            example.label,
            reason(example)
        ));
    }
    if let Some(example) = over.first() {
        flow.context.tally.warn(format!(
            "{}: {} posted, and the mark in {title} is given up after {} runs; {}: {}. `mlc show` keeps it, and a run \
             with --retry tries once more",
            flow.name,
            over.len(),
            Mark::PATIENCE,
            example.label,
            reason(example)
        ));
    }
}

async fn try_one(
    flow: &FlowRun,
    connection: &Arc<dyn Connector>,
    entry: RecordEntry,
) -> (RecordEntry, Result<Made, Error>, Vec<Exchange>) {
    let mut exchanges = Vec::new();
    let made = match Place::of(flow, connection, &entry) {
        Some(place) => place.make(&mut exchanges).await,
        None => Err(Error::new(
            ErrorKind::Malformed,
            Permanence::Permanent,
            "what is kept of the record no longer fits the catalogue",
        )),
    };
    (entry, made, exchanges)
}

/// What there is of a mark in the source.
enum Made {
    Stands,
    /// Something else stands there, which another system wrote.
    Foreign(String),
}

/// Where one mark goes.
struct Place<'a> {
    flow: &'a FlowRun,
    connection: &'a Arc<dyn Connector>,
    mark: &'a Mark,
    /// The source record as it was read.
    record: Record,
    scope: Option<Value>,
}

impl<'a> Place<'a> {
    fn of(flow: &'a FlowRun, connection: &'a Arc<dyn Connector>, entry: &'a RecordEntry) -> Option<Self> {
        let scope_type = flow.scope.as_ref().map(|(_, ty)| ty.as_ref());
        let (record, scope) = stored::restore(&entry.source, &flow.source_type, scope_type)?;
        let selects = flow.flow().source().scope.as_ref().map(|scope| scope.field.clone());
        let scope = selects.zip(scope).and_then(|(field, scope)| scope.get(&field).cloned());
        Some(Self { flow, connection, mark: entry.mark.as_ref()?, record, scope })
    }

    /// `exchanges`: what went over the wire for the writes themselves.
    async fn make(&self, exchanges: &mut Vec<Exchange>) -> Result<Made, Error> {
        let (context, flow) = (&self.flow.context, self.flow.flow());
        let looked = if self.mark.run == context.run { self.shown_by(&self.record) } else { self.look().await? };
        if let Some(made) = looked {
            return Ok(made);
        }
        let found = Found { reference: self.name(), record: self.record.clone(), token: None };
        let mut change = Record::new();
        change.insert(self.mark.field.as_str(), self.mark.value.as_str());
        let mut backoff = Backoff::new(flow.target().retry, context.entropy.next_u64());
        loop {
            let (written, sent) = noted(self.connection.update(&flow.source().resource, &found, &change)).await;
            exchanges.extend(sent);
            let error = match written {
                Ok(_) => return Ok(Made::Stands),
                Err(error) => error,
            };
            let unclear = error.effect == Effect::Unknown || !error.is_temporary();
            if let Some(made) = if unclear { self.look().await? } else { None } {
                return Ok(made);
            }
            if !error.is_temporary() {
                return Err(error);
            }
            match backoff.next(&error, context.clock.now()) {
                Some(wait) if context.pause(wait).await => {}
                _ => return Err(error),
            }
        }
    }

    /// What the source shows by now in the field of this record, if anything.
    async fn look(&self) -> Result<Option<Made>, Error> {
        let request = Fetch {
            scope: self.scope.clone(),
            filters: self.filters(),
            ..Fetch::all(self.flow.flow().source().resource.as_ref())
        };
        let mut pages = Pages::read(self.flow.context.clone(), self.connection.clone(), request);
        while let Some(page) = pages.next().await {
            if let Some(made) = page?.records.iter().flatten().find(|record| self.is_this(record)) {
                return Ok(self.shown_by(made));
            }
        }
        Ok(None)
    }

    /// By what names the record, where the system can be asked so.
    fn filters(&self) -> Vec<(String, Value)> {
        let equal = |name: &String| self.flow.source.filters.get(name) == Some(&FilterKind::Equal);
        let named = self.flow.source.identity.iter().filter(|name| equal(name));
        named.filter_map(|name| Some((name.clone(), self.record.get(name)?.clone()))).collect()
    }

    fn is_this(&self, record: &Record) -> bool {
        self.flow.source.identity.iter().all(|name| record.get(name) == self.record.get(name))
    }

    fn shown_by(&self, record: &Record) -> Option<Made> {
        let shown = record.get(&self.mark.field).and_then(Value::as_text).filter(|text| !text.trim().is_empty())?;
        Some(if shown == self.mark.value { Made::Stands } else { Made::Foreign(shown.to_owned()) })
    }

    /// What the source calls the record.
    fn name(&self) -> String {
        let parts = self.flow.source.identity.iter().filter_map(|name| self.record.get(name).map(Value::to_string));
        parts.collect::<Vec<_>>().join("/")
    }
}
