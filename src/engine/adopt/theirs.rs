//! The records of a target that are not this pipeline's: out of a list since a day, and
//! then asked for by key as far as they may be one of ours.

use super::ours::side;
use super::{Match, Ours, Side};
use crate::connector::{Between, EvidenceSpec, Fetch, Found, Key};
use crate::engine::ask;
use crate::engine::error::{RunError, RunErrorKind};
use crate::engine::fetch::Pages;
use crate::engine::flow_run::FlowRun;
use crate::engine::post::GROUP;
use crate::store::RecordId;
use crate::value::{Date, Record, Value};
use std::collections::{BTreeSet, HashSet};

/// A record of the target that people keyed.
pub struct Theirs {
    pub side: Side,
    pub(super) key: Key,
    pub(super) target_key: String,
    /// It was taken for this record before.
    pub(super) of: Option<RecordId>,
    /// As the other side names it, asked for by its key.
    pub(super) found: Option<Found>,
}

impl Theirs {
    /// How the other side names it.
    pub fn reference(&self) -> &str {
        self.found.as_ref().map_or("", |found| &found.reference)
    }
}

/// What belongs to this pipeline over there.
struct Owned {
    flows: Vec<String>,
    references: HashSet<String>,
    /// Keys of writes that may be out.
    on_their_way: HashSet<String>,
}

impl Owned {
    /// By all flows that write into the same list.
    fn of(flow: &FlowRun) -> Result<Self, RunError> {
        let (context, to) = (&flow.context, flow.flow().target());
        let flows = context.program.flows().iter().filter(|other| {
            let target = other.target();
            target.connection == to.connection && target.resource == to.resource
        });
        let flows: Vec<String> = flows.map(|flow| flow.name().to_owned()).collect();
        let mut references = HashSet::new();
        for name in &flows {
            for entry in context.store.records(Some(name))? {
                references.extend(entry.parts.into_iter().map(|part| part.reference));
                references.extend(entry.reference);
            }
        }
        let intents = context.store.intents()?.into_iter();
        let on_their_way =
            intents.filter(|intent| flows.contains(&intent.record.flow)).map(|intent| intent.target_key).collect();
        Ok(Self { flows, references, on_their_way })
    }

    fn owner(&self, flow: &FlowRun, target_key: &str) -> Result<Option<RecordId>, RunError> {
        for name in &self.flows {
            if let Some(id) = flow.context.store.link(name, target_key)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}

/// The list since a day, without what is this pipeline's.
pub(super) async fn read(
    flow: &FlowRun,
    evidence: &EvidenceSpec,
    since: Option<Date>,
    ours: &[Ours],
) -> Result<Vec<Theirs>, RunError> {
    let to = flow.flow().target();
    let owned = Owned::of(flow)?;
    let again: HashSet<&RecordId> = ours.iter().filter(|ours| ours.again.is_some()).map(Ours::id).collect();
    let request = Fetch {
        between: since.map(|from| Between { field: evidence.date.clone(), from, to: Date::LAST }),
        headers_only: true,
        ..Fetch::all(to.resource.as_ref())
    };
    let mut pages = Pages::read(flow.context.clone(), flow.context.connection(&to.connection)?.clone(), request);
    let mut theirs = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            let message = format!(
                "the {} of {} could not be read to the end: {}",
                flow.target.plural, flow.target_title, error.message
            );
            RunError::new(RunErrorKind::World, message, error.mend)
        })?;
        for record in page.records {
            match record {
                Ok(record) => {
                    let Some((side, key)) = side(flow, evidence, &record).zip(key(flow, &record)) else { continue };
                    let target_key = key.canonical();
                    if owned.on_their_way.contains(&target_key) {
                        continue;
                    }
                    let of = owned.owner(flow, &target_key)?;
                    if of.as_ref().is_none_or(|id| again.contains(id)) {
                        theirs.push(Theirs { side, key, target_key, of, found: None });
                    }
                }
                Err(error) => flow.context.tally.warn(format!("{}: cannot be compared: {error}", flow.name)),
            }
        }
    }
    Ok(theirs)
}

/// Asks for those that may be one of ours by their keys: how the other side names each. What
/// is this pipeline's under that name, or there several times, stays without one.
pub(super) async fn name(flow: &FlowRun, theirs: &mut [Theirs], edges: &[Match]) -> Result<(), RunError> {
    let owned = Owned::of(flow)?;
    let to = flow.flow().target();
    let wanted: BTreeSet<usize> = edges.iter().map(|edge| edge.theirs).collect();
    let wanted: Vec<usize> = wanted.into_iter().collect();
    for group in wanted.chunks(GROUP) {
        let keys: Vec<Key> = group.iter().map(|&place| theirs[place].key.clone()).collect();
        let found = ask::find(&flow.context, &to.connection, &to.resource, &keys).await.map_err(|error| {
            let message = format!("{} cannot be asked: {}", flow.target_title, error.message);
            RunError::new(RunErrorKind::World, message, error.mend)
        })?;
        for (&place, mut found) in group.iter().zip(found) {
            let their = &mut theirs[place];
            let Some(one) = found.pop().filter(|_| found.is_empty()) else { continue };
            if their.of.is_some() || !owned.references.contains(&one.reference) {
                their.found = Some(one);
            }
        }
    }
    Ok(())
}

fn key(flow: &FlowRun, record: &Record) -> Option<Key> {
    let field = |name: &std::sync::Arc<str>| {
        let value = record.get(name).filter(|value| !value.is_null())?;
        Some((name.clone(), Value::clone(value)))
    };
    flow.flow().target().key.iter().map(field).collect::<Option<Vec<_>>>().map(Key)
}
