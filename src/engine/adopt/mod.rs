//! What people keyed into the target before this pipeline was, recognised and taken for the
//! records that it belongs to, so that it is not posted a second time.
//!
//! ```text
//!  source ─> mapping ─┐
//!                     ├─> recognise ─> survey ─(a person's yes)─> adopt ─> store
//!  target, a list ────┘
//! ```
//!
//! [`survey`] reads and compares, and writes nothing. [`adopt`] writes what was chosen of it
//! into the store, with the evidence, and sends nothing to any system.
//!
//! Invariant: one record of the target belongs to at most one source record. What this
//! pipeline posted itself, or may have posted, is never a candidate.

mod ours;
mod recognise;
mod theirs;
mod write;

pub use ours::Ours;
pub use recognise::{Grade, Match};
pub use theirs::Theirs;
pub use write::adopt;

use super::context::Context;
use super::error::{RunError, RunErrorKind};
use super::flow_run::FlowRun;
use super::report::Stage;
use super::{Options, Setup, lookups, peers, run, systems};
use crate::connector::{EvidenceSpec, Pace};
use crate::value::{Date, Decimal};
use serde::Serialize;
use std::sync::Arc;

/// A record that is looked for may bear a day that is so much earlier there.
const EARLIER_DAYS: i64 = 31;

/// What is looked at.
#[derive(Clone, Debug, Default)]
pub struct AdoptOptions {
    /// Names of flows; empty for all.
    pub flows: Vec<String>,
    /// Only records that bear this day or a later one; without it, all that the source has.
    pub since: Option<Date>,
    /// The connections lead to the same systems as before, under other addresses.
    pub moved: bool,
}

/// What was found.
pub struct Survey {
    pub flows: Vec<FlowFinds>,
    /// Source records that were read.
    pub records: u64,
    pub requests: u64,
    pub warnings: Vec<String>,
    /// Under this name it stands in the log.
    pub run: String,
}

/// What was found for one flow.
pub struct FlowFinds {
    pub flow: String,
    pub target_title: String,
    /// What people call the target's records.
    pub plural: String,
    /// The fields that were compared.
    pub evidence: EvidenceSpec,
    /// Source records that would be posted.
    pub ours: Vec<Ours>,
    /// Records of the target that are not this pipeline's.
    pub theirs: Vec<Theirs>,
    pub matches: Vec<Match>,
    /// Source records that cannot be mapped yet, so that nothing could be compared.
    pub unmapped: u64,
    pub since: Option<Date>,
    run: Arc<FlowRun>,
}

/// One of both, as it is compared.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    pub party: String,
    pub reference: String,
    pub amount: Decimal,
    pub date: Option<Date>,
    /// By the names of the fields that may speak against it.
    #[serde(skip)]
    pub also: Vec<Option<String>>,
}

/// Looks for records of the targets that people keyed.
///
/// # Errors
/// [`RunErrorKind::UnknownFlow`] for a flow that is not there, [`RunErrorKind::World`] when a
/// lookup, a source or a target cannot be read to its end.
pub async fn survey(setup: &Setup, options: &AdoptOptions) -> Result<Survey, RunError> {
    let run_options = Options { plan: true, moved: options.moved, flows: options.flows.clone(), ..Options::default() };
    let flows = run::chosen(setup, &run_options)?;
    systems::check(setup, &run_options)?;
    let context = Arc::new(run::context(setup, &run_options, setup.clock.now()));
    let before = requests(setup);
    context.progress.stage("", Stage::Lookups);
    let Some(tables) = lookups::load(&context, &flows).await? else { return Err(stopped(&context)) };
    let tables = Arc::new(tables);
    let intents = setup.store.intents()?;
    let mut survey =
        Survey { flows: Vec::new(), records: 0, requests: 0, warnings: Vec::new(), run: context.run.clone() };
    for index in flows {
        let target = context.program.flows()[index].target();
        if context.resource(&target.connection, &target.resource)?.evidence.is_none() {
            continue;
        }
        let Some(tables) = peers::load(&context, index, &tables).await? else { return Err(stopped(&context)) };
        let flow = Arc::new(FlowRun::new(context.clone(), index, tables, &intents, Arc::default())?);
        context.tally.begin(&flow.name);
        context.progress.stage(&flow.name, Stage::Records);
        survey.flows.extend(look(&flow, options, &mut survey.records).await?);
        context.progress.stage(&flow.name, Stage::Done);
    }
    survey.requests = requests(setup).saturating_sub(before);
    survey.warnings = context.tally.report_so_far().warnings;
    Ok(survey)
}

async fn look(flow: &Arc<FlowRun>, options: &AdoptOptions, records: &mut u64) -> Result<Option<FlowFinds>, RunError> {
    let Some(evidence) = flow.target.evidence.clone() else { return Ok(None) };
    let read = ours::read(flow, &evidence, options.since).await?;
    *records += read.records;
    let earliest = read.ours.iter().filter_map(|ours| ours.side.date).min().map(|day| day.plus_days(-EARLIER_DAYS));
    let since = options.since.or(earliest);
    let mut finds = FlowFinds {
        flow: flow.name.clone(),
        target_title: flow.target_title.clone(),
        plural: flow.target.plural.clone(),
        theirs: Vec::new(),
        matches: Vec::new(),
        unmapped: read.unmapped,
        since,
        run: flow.clone(),
        ours: read.ours,
        evidence,
    };
    if !finds.ours.is_empty() {
        finds.theirs = theirs::read(flow, &finds.evidence, since, &finds.ours).await?;
        let edges = recognise::edges(&finds.evidence, &finds.ours, &finds.theirs);
        theirs::name(flow, &mut finds.theirs, &edges).await?;
        finds.matches = recognise::resolve(edges.into_iter().filter(|edge| finds.theirs[edge.theirs].found.is_some()));
    }
    Ok(Some(finds))
}

fn requests(setup: &Setup) -> u64 {
    setup.paces.values().map(|pace| pace.requests()).sum()
}

fn stopped(context: &Context) -> RunError {
    match context.brake.reason() {
        Some(stop) => RunError::new(RunErrorKind::World, stop.message, stop.mend),
        None => RunError::new(RunErrorKind::World, "not everything could be read", "run again"),
    }
}
