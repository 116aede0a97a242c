//! Marks: what a posted record became is written back into a field of its source record.
//!
//! A mark is owed from the very commit that says "posted", and made after the flow has
//! posted all that it had; so it can neither hinder a post nor double one. *Killed in
//! between: it is still owed, and the next run makes it.* A mark of an earlier run, and one
//! whose answer is not known or a refusal, is looked for before anything is written: who
//! locks a marked record refuses the same mark a second time. Writing it twice would change
//! nothing, since it is the same text.

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
    owed.retain(|entry| entry.owes_mark() && entry.outcome == Outcome::Posted && context.takes(&entry.id));
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
    let (mut stay, mut owed): (Vec<_>, Vec<_>) = owed.into_iter().partition(|entry| refused(entry) && !context.retry);
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
        if entry.owes_mark() {
            stay.push(entry);
        }
    }
    outbox.flush(&flow.context, &flow.name).await
}

/// The entry, with what became of its mark. Written only where that is news.
fn settle(
    flow: &FlowRun,
    mut entry: RecordEntry,
    made: Result<(), Error>,
    exchanges: Vec<Exchange>,
    outbox: &mut Outbox,
) -> RecordEntry {
    let Some(mark) = &mut entry.mark else { return entry };
    let before = mark.clone();
    match made {
        Ok(()) => {
            mark.made = Some(flow.context.clock.now());
            mark.refused = false;
            (mark.reason, mark.mend) = (String::new(), String::new());
        }
        Err(error) => {
            mark.refused = !passes(&error);
            let title = &flow.source_title;
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
}

async fn try_one(
    flow: &FlowRun,
    connection: &Arc<dyn Connector>,
    entry: RecordEntry,
) -> (RecordEntry, Result<(), Error>, Vec<Exchange>) {
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
    async fn make(&self, exchanges: &mut Vec<Exchange>) -> Result<(), Error> {
        let (context, flow) = (&self.flow.context, self.flow.flow());
        if self.mark.run != context.run && self.stands().await? {
            return Ok(());
        }
        let found = Found { reference: self.name(), record: self.record.clone(), token: None };
        let mut change = Record::new();
        change.insert(self.mark.field.as_str(), self.mark.value.as_str());
        let mut backoff = Backoff::new(flow.target().retry, context.entropy.next_u64());
        loop {
            let (written, sent) = noted(self.connection.update(&flow.source().resource, &found, &change)).await;
            exchanges.extend(sent);
            let error = match written {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let unclear = error.effect == Effect::Unknown || !error.is_temporary();
            if unclear && self.stands().await? {
                return Ok(());
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

    /// Whether the source shows the mark on this record.
    async fn stands(&self) -> Result<bool, Error> {
        let request = Fetch {
            scope: self.scope.clone(),
            filters: self.filters(),
            ..Fetch::all(self.flow.flow().source().resource.as_ref())
        };
        let mut pages = Pages::read(self.flow.context.clone(), self.connection.clone(), request);
        while let Some(page) = pages.next().await {
            if page?.records.iter().flatten().any(|record| self.is_marked(record)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// By the mark itself where the system can be asked so, else by what names the record.
    fn filters(&self) -> Vec<(String, Value)> {
        let equal = |name: &String| self.flow.source.filters.get(name) == Some(&FilterKind::Equal);
        if equal(&self.mark.field) {
            return vec![(self.mark.field.clone(), Value::text(&self.mark.value))];
        }
        let named = self.flow.source.identity.iter().filter(|name| equal(name));
        named.filter_map(|name| Some((name.clone(), self.record.get(name)?.clone()))).collect()
    }

    fn is_marked(&self, record: &Record) -> bool {
        let same = self.flow.source.identity.iter().all(|name| record.get(name) == self.record.get(name));
        same && record.get(&self.mark.field).and_then(Value::as_text) == Some(self.mark.value.as_str())
    }

    /// What the source calls the record.
    fn name(&self) -> String {
        let parts = self.flow.source.identity.iter().filter_map(|name| self.record.get(name).map(Value::to_string));
        parts.collect::<Vec<_>>().join("/")
    }
}
