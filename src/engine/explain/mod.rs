//! Why a record became what it became, out of the state alone: nobody is asked, nothing is
//! sent, nothing is written.
//!
//! The stored source record goes through today's pipeline once more, with the lists that the
//! last runs have kept. What that gives is not always what was posted: then the notes say so.

mod notes;
mod places;
mod told;
mod trace;

pub use trace::{Asked, Checked, Input, Of, Output, Place, Row, Step, Stopped, Trace, Traced, What};

use super::context::Context;
use super::error::{RunError, RunErrorKind};
use super::flow_run::FlowRun;
use super::report::{Progress, Stage};
use super::{Options, Setup, cutover, lookups, mapping, offline, peers, run, stored};
use crate::program::{Evaluation, Tables, trace as traced};
use crate::store::{Outcome, RecordEntry, RecordId};
use crate::value::Record;
use std::collections::BTreeMap;
use std::sync::Arc;
use told::Told;

/// The trace of one record; `None` if the store has no such record.
///
/// The connections of `setup` are not used.
pub async fn explain(setup: &Setup, id: &RecordId) -> Result<Option<Trace>, RunError> {
    let Some(entry) = setup.store.record(id)? else { return Ok(None) };
    let flows = setup.program.flows();
    let Some(index) = flows.iter().position(|flow| flow.name() == id.flow) else {
        let names: Vec<&str> = flows.iter().map(|flow| flow.name()).collect();
        return Err(RunError::new(
            RunErrorKind::UnknownFlow,
            format!("the pipeline has no flow `{}` any more, by which the record was read", id.flow),
            format!("it has: {}", names.join(", ")),
        ));
    };
    let quiet = Setup {
        program: setup.program.clone(),
        connections: offline(&setup.program, &setup.store)?,
        paces: BTreeMap::new(),
        store: setup.store.clone(),
        clock: setup.clock.clone(),
        entropy: setup.entropy.clone(),
        progress: Arc::new(Unwatched),
        sandbox: setup.sandbox,
    };
    let options = Options { plan: true, ..Options::default() };
    let context = || Arc::new(run::context(&quiet, &options, quiet.clock.now()));
    let (tables, mut notes) = lookups::kept(&setup.program, index, context).await?;
    let tables = with_peers(&context(), index, tables, &mut notes).await?;
    let flow = FlowRun::new(context(), index, tables, &[], Arc::default())?;
    Ok(Some(told(&flow, &entry, notes)))
}

/// Nobody watches.
struct Unwatched;

impl Progress for Unwatched {
    fn stage(&self, _: &str, _: Stage) {}
    fn settled(&self, _: &str, _: Outcome) {}
    fn read(&self, _: &str, _: u64) {}
}

/// The tables with the records elsewhere that the flow sees, as far as they are kept.
async fn with_peers(
    context: &Arc<Context>,
    index: usize,
    tables: Tables,
    notes: &mut Vec<String>,
) -> Result<Arc<Tables>, RunError> {
    let tables = Arc::new(tables);
    if let Some(all) = peers::load(context, index, &tables).await? {
        return Ok(all);
    }
    let stop = context.brake.reason();
    notes.push(stop.map_or_else(String::new, |stop| format!("{}; {}", stop.message, stop.mend)));
    Ok(tables)
}

fn told(flow: &FlowRun, entry: &RecordEntry, mut notes: Vec<String>) -> Trace {
    let scope_type = flow.scope.as_ref().map(|(_, ty)| ty.as_ref());
    let Some((record, scope)) = stored::restore(&entry.source, &flow.source_type, scope_type) else {
        notes.push("what was stored of the record cannot be read, or no longer fits the catalogue".to_owned());
        return untraced(entry, notes);
    };
    let linked = entry.reference.as_deref();
    let program = &flow.context.program;
    let trace = program.trace(flow.flow(), &flow.tables, &record, scope.as_ref(), linked);
    let evaluated = flow.flow().evaluate_linked(&flow.tables, &record, scope.as_ref(), linked);
    if trace.evaluation != evaluated {
        notes.push(
            "the trace does not come to what a run makes of the record: this is a fault of mlc; report it".into(),
        );
    }
    let (outcome, reason) = standing(flow, entry, &record, scope.as_ref(), &trace);
    notes.extend(notes::of(flow, entry, &trace, outcome));
    Told::new(flow, &record).trace(entry, trace, outcome, reason, notes)
}

/// As what the record leaves the mapping today, and why.
fn standing(
    flow: &FlowRun,
    entry: &RecordEntry,
    record: &Record,
    scope: Option<&Record>,
    trace: &traced::Trace,
) -> (Outcome, String) {
    if scope.is_some_and(|scope| !flow.flow().wants_scope(&flow.tables, scope)) {
        return (
            Outcome::Skipped,
            "the flow's `per … where` leaves out the part of the source that it is in".to_owned(),
        );
    }
    if let Some(why) = cutover::before(flow, &flow.source.dated, record).filter(|_| entry.reference.is_none()) {
        return (Outcome::Skipped, why.reason);
    }
    match &trace.evaluation {
        Evaluation::Mapped(_) => (Outcome::Posted, String::new()),
        Evaluation::Skipped => (Outcome::Skipped, "the flow's `where` leaves it out".to_owned()),
        Evaluation::Stopped(stop) => (mapping::outcome_of(stop), stop.sentence.clone()),
    }
}

/// What is left where nothing can be mapped: as it stands.
fn untraced(entry: &RecordEntry, notes: Vec<String>) -> Trace {
    Trace {
        record: entry.id.clone(),
        outcome: entry.outcome,
        reason: entry.reason.clone(),
        source: entry.source.clone(),
        target: serde_json::Value::Null,
        values: Vec::new(),
        checks: Vec::new(),
        stopped: None,
        notes,
    }
}
