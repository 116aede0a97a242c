//! The source records that would be posted, as the mapping makes them.

use super::{Side, stopped};
use crate::connector::{EvidenceSpec, Fetch};
use crate::engine::cutover;
use crate::engine::error::{RunError, RunErrorKind};
use crate::engine::fetch::Pages;
use crate::engine::flow_run::FlowRun;
use crate::engine::ledger::{Facts, Seen};
use crate::engine::pass::{self, Scope};
use crate::engine::{ask, flow, kinds, mapping};
use crate::program::{Evaluation, Mapped};
use crate::store::{Outcome, RecordEntry, RecordId};
use crate::value::{Date, Record, Value};
use std::collections::HashSet;

/// A source record that would be posted.
pub struct Ours {
    pub side: Side,
    /// Its natural key of the target, as it was adopted before and is held since.
    pub(super) again: Option<String>,
    pub(super) seen: Seen,
    pub(super) before: Option<RecordEntry>,
    pub(super) mapped: Mapped,
    pub(super) facts: Facts,
}

impl Ours {
    pub fn id(&self) -> &RecordId {
        &self.seen.id
    }

    pub fn label(&self) -> &str {
        &self.seen.label
    }
}

#[derive(Default)]
pub(super) struct Read {
    pub ours: Vec<Ours>,
    pub records: u64,
    pub unmapped: u64,
}

pub(super) async fn read(flow: &FlowRun, evidence: &EvidenceSpec, since: Option<Date>) -> Result<Read, RunError> {
    let mut read = Read::default();
    let mut seen = HashSet::new();
    for scope in flow::scopes(flow).await? {
        let source = flow.flow().source();
        let request =
            Fetch { scope: scope.as_ref().map(|scope| scope.value.clone()), ..Fetch::all(source.resource.as_ref()) };
        let connection = flow.context.connection(&source.connection)?.clone();
        let mut pages = Pages::read(flow.context.clone(), connection, request);
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                let message = format!("the {} could not be read to the end: {}", flow.source.plural, error.message);
                RunError::new(RunErrorKind::World, message, error.mend)
            })?;
            flow.context.tally.read(&flow.name, page.records.len() as u64);
            for record in page.records {
                read.records += 1;
                match record {
                    Ok(record) => take(flow, evidence, since, &record, scope.as_ref(), &mut seen, &mut read)?,
                    Err(_) => read.unmapped += 1,
                }
            }
        }
    }
    if flow.context.brake.is_pulled() { Err(stopped(&flow.context)) } else { Ok(read) }
}

fn take(
    flow: &FlowRun,
    evidence: &EvidenceSpec,
    since: Option<Date>,
    record: &Record,
    scope: Option<&Scope>,
    known: &mut HashSet<RecordId>,
    read: &mut Read,
) -> Result<(), RunError> {
    let seen = pass::seen(flow, record, scope);
    // A list that shifts while it is read shows a record twice.
    if !known.insert(seen.id.clone()) || flow.in_doubt.contains_key(&seen.id) {
        return Ok(());
    }
    let before = flow.context.store.record(&seen.id)?;
    let again = match &before {
        Some(entry) if entry.reference.is_some() => {
            let adopted = entry.adopted.is_some() && entry.outcome == Outcome::Held;
            if !adopted || entry.kind != kinds::ADOPTED_CHANGED {
                return Ok(());
            }
            entry.target_key.clone()
        }
        _ => None,
    };
    if again.is_none() && cutover::before(flow, &flow.source.dated, record).is_some() {
        return Ok(());
    }
    let mapped = match flow.flow().evaluate(&flow.tables, record, scope.map(|scope| &scope.record)) {
        Evaluation::Skipped => return Ok(()),
        Evaluation::Stopped(stop) => {
            read.unmapped += u64::from(stop.outcome != crate::syntax::Outcome::Skip);
            return Ok(());
        }
        Evaluation::Mapped(mapped) => mapped,
    };
    let day = cutover::day_of(&mapped.target, &evidence.date);
    let early = cutover::before(flow, &Some(evidence.date.clone()), &mapped.target).is_some();
    if (again.is_none() && early) || day.zip(since).is_some_and(|(day, since)| day < since) {
        return Ok(());
    }
    if let Some(side) = side(flow, evidence, &mapped.target) {
        let facts = mapping::facts(flow, &mapped);
        read.ours.push(Ours { side, again, seen, before, mapped, facts });
    }
    Ok(())
}

/// What of a record of the target is compared; `None` where it says too little.
pub(super) fn side(flow: &FlowRun, evidence: &EvidenceSpec, record: &Record) -> Option<Side> {
    let text = |name: &String| {
        record.get(name).filter(|value| !value.is_null()).map(Value::to_string).filter(|text| !text.trim().is_empty())
    };
    let places = flow.target.amount.as_ref().and_then(|name| flow.target.fields.get(name)).and_then(|spec| spec.places);
    let amount = ask::amount(&flow.target, record)?;
    Some(Side {
        party: text(&evidence.party)?,
        reference: text(&evidence.reference)?,
        amount: places.map_or(amount, |places| amount.rounded(places)),
        date: cutover::day_of(record, &evidence.date),
        also: evidence.also.iter().map(text).collect(),
    })
}
