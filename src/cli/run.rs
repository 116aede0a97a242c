//! `mlc run` and `mlc plan`.

use super::arguments::{Format, Place, Plan, Run};
use super::compose::{self, Ready, Wish};
use super::exit::{Exit, Failure, Outcome};
use super::progress::{Counter, Ticker};
use super::report;
use super::screen::{complain, note, say, say_json, width};
use super::{confirm, first_run};
use crate::engine::{self, Options, Report, RunError, RunErrorKind};
use crate::host::signal;
use crate::program::Program;
use crate::store;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Says what a run would do.
pub async fn plan(arguments: &Plan) -> Outcome {
    carry_out(arguments, program(arguments)?, true).await
}

/// Runs. The first run on a live system asks, if nobody has seen yet what it would do.
pub async fn run(arguments: &Run) -> Outcome {
    let Run { plan: arguments, yes } = arguments;
    let first = program(arguments)?;
    if *yes || !first_run::is_blind(&first, arguments)? {
        return carry_out(arguments, first, false).await;
    }
    if arguments.printing.format == Format::Json || !confirm::can_ask() {
        return Err(first_run::refusal(&first, &arguments.place));
    }
    note(&first_run::announcement(&first));
    let shown = carry_out(arguments, first, true).await?;
    if !matches!(shown, Exit::Well | Exit::Attention) || !confirm::confirmed("Run it?") {
        note("nothing was posted\n");
        return Ok(Exit::Attention.max(shown));
    }
    carry_out(arguments, program(arguments)?, false).await
}

fn program(arguments: &Plan) -> Result<Program, Failure> {
    compose::program(&arguments.place.file, &arguments.vars.vars)
}

async fn carry_out(arguments: &Plan, program: Program, plan: bool) -> Outcome {
    let currency = program.currency().map(ToString::to_string);
    let counter = Arc::new(Counter::default());
    let wish = Wish { place: &arguments.place, seed: arguments.make.seed, faults: &arguments.make.faults, plan };
    let ready = compose::open(program, &wish, counter.clone())?;
    let ticker = Ticker::start(&counter, arguments.quiet);
    let options = |asked| Options {
        plan,
        moved: arguments.moved,
        retry: arguments.retry,
        flows: arguments.flows.clone(),
        cancel: Some(asked),
        ..Options::default()
    };
    let result = until_stopped(async |asked| engine::run(&ready.setup, &options(asked)).await).await;
    ticker.stop().await;
    let (report, failure) = settle(result)?;
    if plan && failure.is_none() {
        first_run::remember(&ready.setup, arguments)?;
    }
    if arguments.printing.format == Format::Json {
        say_json(&report)?;
    } else {
        say(&rendered(&ready, &arguments.place, currency.as_deref(), &report)?)?;
    }
    Ok(ended(&report, failure))
}

/// The report as people read it.
pub fn rendered(ready: &Ready, place: &Place, currency: Option<&str>, report: &Report) -> Result<String, Failure> {
    let posted_before = posted_before(ready, report)?;
    let view = report::View {
        report,
        file: &place.file,
        state: place.state.as_deref(),
        flag: place.sandbox,
        currency,
        posted_before: &posted_before,
        width: width(),
    };
    Ok(view.render())
}

/// What the process ends with, after the failure was told.
pub fn ended(report: &Report, failure: Option<Failure>) -> Exit {
    if let Some(failure) = failure {
        complain(&failure);
        return failure.exit;
    }
    match report.exit_code() {
        0 => Exit::Well,
        1 => Exit::Attention,
        _ => Exit::World,
    }
}

/// By flow, how many records earlier runs have posted.
fn posted_before(ready: &Ready, report: &Report) -> Result<BTreeMap<String, u64>, Failure> {
    let mut counts = BTreeMap::new();
    for entry in ready.setup.store.records(None)? {
        if entry.outcome == store::Outcome::Posted && entry.run != report.run {
            *counts.entry(entry.id.flow).or_insert(0) += 1;
        }
    }
    Ok(counts)
}

/// Ctrl-C once: nothing new is taken up, what is in flight is settled. Twice: the end.
pub async fn until_stopped<T>(work: impl AsyncFnOnce(watch::Receiver<bool>) -> T) -> T {
    let (ask, asked) = watch::channel(false);
    let listener = tokio::spawn(async move {
        signal::stop().await;
        note("\nstopping: what is in flight is being settled; press Ctrl-C once more to break off\n");
        ask.send_replace(true);
        signal::stop().await;
        std::process::exit(130);
    });
    let result = work(asked).await;
    listener.abort();
    result
}

/// A run that broke off may still have something to tell.
pub fn settle(result: Result<Report, RunError>) -> Result<(Report, Option<Failure>), Failure> {
    let error = match result {
        Ok(report) => return Ok((report, None)),
        Err(error) => error,
    };
    let exit = if matches!(error.kind, RunErrorKind::UnknownFlow | RunErrorKind::OtherSystem) {
        Exit::Wrong
    } else {
        Exit::World
    };
    let failure = Failure { exit, message: error.message, hint: error.mend };
    match error.report {
        Some(report) => Ok((*report, Some(failure))),
        None => Err(failure),
    }
}
