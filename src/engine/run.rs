//! The whole of a run, in order: what an earlier run left open is settled, the lookups
//! are read and verified, then each flow moves its records, and at the end it is said
//! what was done.
//!
//! A plan goes the same way, but settles nothing and writes nothing.

use super::brake::{Brake, StopKind};
use super::context::Context;
use super::error::{RunError, RunErrorKind};
use super::lists::ScopeLists;
use super::meter::Meter;
use super::report::{Counts, Report, Stage};
use super::run_id::run_id;
use super::tally::Tally;
use super::{Options, Setup, costs, flow, lookups, peers, recover, systems};
use crate::connector::Connector;
use crate::store::{Batch, EventKind, Operation, RunEntry, Trigger};
use crate::value::Timestamp;
use indexmap::IndexMap;
use serde_json::json;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use tokio::task::JoinSet;
use tracing::Instrument as _;

/// Runs the pipeline, or plans what a run would do.
///
/// The report tells of every record. An error means that the run could not come to its
/// end for a reason outside the records; what was settled until then stays settled.
pub async fn run(setup: &Setup, options: &Options) -> Result<Report, RunError> {
    let flows = chosen(setup, options)?;
    systems::check(setup, options)?;
    let started = setup.clock.now();
    let context = Arc::new(context(setup, options, started));
    within(setup, options, &context, started, move_all(&context, &flows)).await
}

/// A run around this work: begun and ended in the log, stopped when somebody asks for it, and told of.
pub(super) async fn within(
    setup: &Setup,
    options: &Options,
    context: &Arc<Context>,
    started: Timestamp,
    work: impl Future<Output = Result<(), RunError>>,
) -> Result<Report, RunError> {
    let trigger = options.trigger.word();
    let span = tracing::info_span!("run", run = context.run, pipeline = setup.program.name(), trigger);
    async {
        tracing::info!("the run begins");
        let ended = from_open_to_close(setup, options, context, started, work).await;
        match &ended {
            Ok(report) => told(report, report.stopped.as_deref()),
            Err(error) => told(&error.report.as_deref().cloned().unwrap_or_default(), Some(&error.message)),
        }
        ended
    }
    .instrument(span)
    .await
}

/// Counts alone: what stands in records is for those who may see them.
fn told(report: &Report, stopped: Option<&str>) {
    let Counts { posted, unchanged, skipped, held, rejected, failed, in_doubt } = report.counts;
    let requests = report.requests;
    match stopped {
        None => {
            tracing::info!(posted, unchanged, skipped, held, rejected, failed, in_doubt, requests, "the run ended");
        }
        Some(why) => tracing::warn!(posted, held, rejected, failed, in_doubt, requests, why, "the run was stopped"),
    }
}

async fn from_open_to_close(
    setup: &Setup,
    options: &Options,
    context: &Arc<Context>,
    started: Timestamp,
    work: impl Future<Output = Result<(), RunError>>,
) -> Result<Report, RunError> {
    let before = requests(setup);
    let _watch = watch_for_cancel(context, options);
    open(setup, options, context, started).await?;
    let moved = work.await;
    let mut report = finished_report(setup, context, &before);
    match moved {
        Err(error) => Err(RunError { report: Some(Box::new(report)), ..error }),
        Ok(()) => {
            let reason = context.brake.reason();
            report.stopped = reason.as_ref().map(|stop| stop.message.clone());
            report.stopped_by = reason.as_ref().map(|stop| stop.kind);
            close(setup, context, started, &report).await?;
            match reason.filter(|stop| stop.kind == StopKind::World) {
                Some(stop) => {
                    let error = RunError::new(RunErrorKind::World, stop.message, stop.mend);
                    Err(RunError { report: Some(Box::new(report)), ..error })
                }
                None => Ok(report),
            }
        }
    }
}

/// Indices of the flows to run, in the program's order.
pub(super) fn chosen(setup: &Setup, options: &Options) -> Result<Vec<usize>, RunError> {
    let flows = setup.program.flows();
    if let Some(unknown) = options.flows.iter().find(|name| !flows.iter().any(|flow| flow.name() == name.as_str())) {
        let names: Vec<&str> = flows.iter().map(|flow| flow.name()).collect();
        return Err(RunError::new(
            RunErrorKind::UnknownFlow,
            format!("the pipeline has no flow `{unknown}`"),
            format!("it has: {}", names.join(", ")),
        ));
    }
    let wanted = |name: &str| options.flows.is_empty() || options.flows.iter().any(|flow| flow == name);
    let touched =
        |index: usize| options.touched.as_ref().is_none_or(|touched| touched.of(&flows[index]).next().is_some());
    Ok((0..flows.len()).filter(|&index| wanted(flows[index].name()) && touched(index)).collect())
}

pub(super) fn context(setup: &Setup, options: &Options, started: Timestamp) -> Context {
    let run = run_id(started, [setup.entropy.next_u64(), setup.entropy.next_u64()]);
    let report = Report {
        pipeline: setup.program.name().to_owned(),
        run: run.clone(),
        sandbox: setup.sandbox,
        plan: options.plan,
        trigger: options.trigger,
        ..Report::default()
    };
    Context {
        program: setup.program.clone(),
        connections: setup.connections.clone(),
        store: setup.store.clone(),
        clock: setup.clock.clone(),
        entropy: setup.entropy.clone(),
        progress: setup.progress.clone(),
        plan: options.plan,
        retry: options.retry,
        trigger: options.trigger,
        by: options.by.clone(),
        lookback: options.lookback,
        touched: options.touched.clone(),
        replay: None,
        run,
        brake: Brake::new(),
        tally: Tally::new(report, setup.progress.clone()),
        meter: Meter::default(),
        scopes: ScopeLists::default(),
    }
}

/// Pulls the brake when somebody asks for it. Ends with the run.
fn watch_for_cancel(context: &Arc<Context>, options: &Options) -> JoinSet<()> {
    let mut watch = JoinSet::new();
    if let Some(mut cancel) = options.cancel.clone() {
        let context = context.clone();
        watch.spawn(async move {
            // A sender that is gone can no longer ask.
            if cancel.wait_for(|asked| *asked).await.is_ok() {
                let message = "the run was asked to stop; what was in flight is settled";
                context.brake.pull(StopKind::Cancelled, message, "run again to go on");
            }
        });
    }
    watch
}

async fn move_all(context: &Arc<Context>, flows: &[usize]) -> Result<(), RunError> {
    let recovered = if context.plan {
        Arc::default()
    } else {
        context.progress.stage("", Stage::Recover);
        Arc::new(recover::recover(context).await?)
    };
    if context.brake.is_pulled() {
        return Ok(());
    }
    context.progress.stage("", Stage::Lookups);
    let Some(tables) = lookups::load(context, flows).await? else { return Ok(()) };
    let tables = Arc::new(tables);
    for &index in flows {
        if context.brake.is_pulled() {
            break;
        }
        let intents = context.store.intents()?;
        let Some(tables) = peers::load(context, index, &tables).await? else { break };
        let span = tracing::info_span!("flow", flow = context.program.flows()[index].name());
        flow::run(context, index, &tables, &intents, &recovered).instrument(span).await?;
    }
    Ok(())
}

async fn open(setup: &Setup, options: &Options, context: &Context, started: Timestamp) -> Result<(), RunError> {
    if matches!(context.trigger, Trigger::ByHand | Trigger::Replay) {
        setup.connections.values().for_each(|connection| connection.forgive_refusal());
    }
    let mut detail = json!({
        "pipeline": setup.program.name(), "program_hash": setup.program.hash(), "sandbox": setup.sandbox,
        "trigger": context.trigger.word(),
    });
    if context.replay.is_none() {
        let flows = setup.program.flows();
        let names: Vec<&str> = chosen(setup, options)?.into_iter().map(|index| flows[index].name()).collect();
        detail["flows"] = names.into();
    }
    if !context.by.is_empty() {
        detail["by"] = context.by.as_str().into();
    }
    if let Some(picked) = &context.replay {
        detail["replayed"] = picked.records.len().into();
    }
    let mut batch = Batch::default();
    batch.operations.push(Operation::PutRun(Box::new(entry(setup, context, started, None))));
    batch.events.push(context.event(EventKind::RunStarted, None, detail));
    context.commit(batch).await
}

async fn close(setup: &Setup, context: &Context, started: Timestamp, report: &Report) -> Result<(), RunError> {
    let detail = json!({"counts": report.counts, "requests": report.requests, "stopped": report.stopped});
    let mut batch = Batch::default();
    batch.operations.push(Operation::PutRun(Box::new(entry(setup, context, started, Some(report)))));
    batch.events.push(context.event(EventKind::RunEnded, None, detail));
    context.commit(batch).await
}

fn entry(setup: &Setup, context: &Context, started: Timestamp, report: Option<&Report>) -> RunEntry {
    RunEntry {
        id: context.run.clone(),
        pipeline: setup.program.name().to_owned(),
        program_hash: setup.program.hash().to_owned(),
        sandbox: setup.sandbox,
        systems: systems::of(setup),
        trigger: context.trigger,
        started,
        ended: report.map(|_| context.clock.now()),
        // A report is made of texts, numbers and lists, which JSON can always hold.
        report: report.and_then(|report| serde_json::to_value(report).ok()),
    }
}

fn requests(setup: &Setup) -> BTreeMap<String, u64> {
    setup.paces.iter().map(|(name, pace)| (name.clone(), crate::connector::Pace::requests(pace.as_ref()))).collect()
}

fn finished_report(setup: &Setup, context: &Context, before: &BTreeMap<String, u64>) -> Report {
    let mut report = context.tally.report_so_far();
    for (name, now) in requests(setup) {
        let used = now.saturating_sub(before.get(&name).copied().unwrap_or(0));
        report.requests += used;
        report.requests_by_connection.insert(name, used);
    }
    if !report.costs.is_empty() {
        report.hourly = allowances(setup);
        report.warnings.extend(costs::too_much(&report.costs, &report.hourly, |name| context.title(name)));
    }
    report
}

/// By connection, how many requests an hour holds: as its answers say, or else its documents.
fn allowances(setup: &Setup) -> IndexMap<String, u64> {
    let of = |(name, open): (&String, &Arc<dyn Connector>)| {
        let told = setup.paces.get(name).and_then(|pace| pace.hourly());
        Some((name.clone(), told.or(open.catalogue().hourly)?))
    };
    setup.connections.iter().filter_map(of).collect()
}
