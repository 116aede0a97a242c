//! `mlc replay`: parked records that a person names are tried again, after they have seen
//! what will differ from the last time.

use super::arguments::{Format, Replay as Arguments};
use super::compose::{self, Ready, Wish};
use super::confirm;
use super::exit::{Exit, Failure, Outcome};
use super::preview::{Preview, as_json};
use super::progress::{Counter, Ticker};
use super::run::{ended, rendered, settle, until_stopped};
use super::screen::{count, say, say_json};
use super::show::find;
use super::state::must_have_run;
use crate::engine::{self, Replay, ReplayOptions, Replayed, Report, RunError};
use crate::program::Program;
use crate::store::{self, RecordEntry};
use serde_json::json;
use std::sync::Arc;

pub async fn run(arguments: &Arguments) -> Outcome {
    said_enough(arguments)?;
    must_have_run(&arguments.place)?;
    let program = compose::program(&arguments.place.file, &arguments.vars.vars)?;
    let counter = Arc::new(Counter::default());
    let (make, plan) = (&arguments.make, arguments.dry_run);
    let wish = Wish { place: &arguments.place, seed: make.seed, faults: &make.faults, plan };
    let ready = compose::open(program, &wish, counter.clone())?;
    let picked = picked(arguments, &ready)?;
    let options = ReplayOptions {
        records: picked.records.iter().map(|entry| entry.id.clone()).collect(),
        afresh: arguments.remap,
        moved: arguments.moved,
        by: arguments.by.trim().to_owned(),
        because: arguments.because.trim().to_owned(),
        ..ReplayOptions::default()
    };
    if picked.records.is_empty() {
        return nothing(arguments, &ready, &picked);
    }
    let ticker = Ticker::start(&counter, arguments.quiet);
    let previewed = tried(&ready, ReplayOptions { preview: true, ..options.clone() }).await;
    ticker.stop().await;
    let shown = previewed.map_err(|error| failed(settle(Err(error))))?;
    let preview = Preview { arguments, ready: &ready, replay: &shown, left_out: picked.left_out };
    let json = arguments.printing.format == Format::Json;
    if !json {
        say(&preview.render())?;
    }
    if arguments.dry_run {
        if json {
            say_json(&object(arguments, &shown.report, &shown.records))?;
        }
        return Ok(ended(&shown.report, None));
    }
    if !arguments.yes && !confirm::confirmed(&preview.question()) {
        say("nothing was sent\n")?;
        return Ok(ended(&shown.report, None));
    }
    let ticker = Ticker::start(&counter, arguments.quiet);
    let options = ReplayOptions { shown: Some(shown.records), ..options };
    let result = tried(&ready, options).await;
    ticker.stop().await;
    tell(arguments, &ready, result)
}

/// What is missing on the command line is told before anything is read.
fn said_enough(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.dry_run {
        return Ok(());
    }
    if arguments.because.trim().is_empty() {
        return Err(Failure::wrong("no reason is given", "say why, for the log: --because \"…\""));
    }
    if arguments.by.trim().is_empty() {
        return Err(Failure::wrong("nobody is named who wants it", "say who: --by NAME"));
    }
    if !arguments.yes && (arguments.printing.format == Format::Json || !confirm::can_ask()) {
        return Err(Failure::wrong(
            "nobody is there who could be asked whether to send",
            "look first with --dry-run, then send with --yes",
        ));
    }
    Ok(())
}

/// The records to be replayed, and what was left out of those that were meant.
struct Picked {
    records: Vec<RecordEntry>,
    left_out: u64,
}

fn picked(arguments: &Arguments, ready: &Ready) -> Result<Picked, Failure> {
    let store = ready.setup.store.as_ref();
    let all = store.records(None)?;
    let program = &ready.setup.program;
    if arguments.records.is_empty() {
        return several(arguments, &all, program);
    }
    let mut records: Vec<RecordEntry> = Vec::new();
    for wanted in &arguments.records {
        let entry = find(&all, wanted)?;
        if let Some((message, hint)) = engine::why_not(entry, &target_title(program, entry)?) {
            return Err(Failure::wrong(message, hint));
        }
        if !records.iter().any(|known| known.id == entry.id) {
            records.push(entry.clone());
        }
    }
    Ok(Picked { records, left_out: 0 })
}

/// Of `--failed` and `--run`.
fn several(arguments: &Arguments, all: &[RecordEntry], program: &Program) -> Result<Picked, Failure> {
    let of_run = |entry: &&RecordEntry| arguments.run.as_ref().is_none_or(|run| entry.run == *run);
    let meant: Vec<&RecordEntry> = all.iter().filter(of_run).collect();
    if let Some(run) = &arguments.run
        && meant.is_empty()
    {
        return Err(Failure::wrong(
            format!("no record stands as a run `{run}` left it"),
            "`mlc audit list` shows the runs; a later run may have moved all of its records",
        ));
    }
    let failed = |entry: &&RecordEntry| !arguments.failed || entry.outcome == store::Outcome::Failed;
    let mut picked = Picked { records: Vec::new(), left_out: 0 };
    for entry in meant.into_iter().filter(failed) {
        match target_title(program, entry) {
            Ok(title) if engine::why_not(entry, &title).is_none() => picked.records.push(entry.clone()),
            _ => picked.left_out += 1,
        }
    }
    Ok(picked)
}

/// The product that the record's flow posts into, for people.
fn target_title(program: &Program, entry: &RecordEntry) -> Result<String, Failure> {
    let flow = program.flows().iter().find(|flow| flow.name() == entry.id.flow).ok_or_else(|| {
        Failure::wrong(
            format!("{} is of the flow `{}`, which the pipeline no longer has", entry.label, entry.id.flow),
            "replay it with the pipeline that has the flow",
        )
    })?;
    let connection = program.connections().iter().find(|connection| connection.name == flow.target().connection);
    Ok(connection.map_or_else(String::new, |connection| (connection.driver.catalogue)().title.clone()))
}

async fn tried(ready: &Ready, options: ReplayOptions) -> Result<Replay, RunError> {
    until_stopped(async |asked| engine::replay(&ready.setup, &ReplayOptions { cancel: Some(asked), ..options }).await)
        .await
}

fn nothing(arguments: &Arguments, ready: &Ready, picked: &Picked) -> Outcome {
    if arguments.printing.format == Format::Json {
        let report = Report {
            pipeline: ready.setup.program.name().to_owned(),
            sandbox: ready.setup.sandbox,
            plan: arguments.dry_run,
            ..Report::default()
        };
        say_json(&object(arguments, &report, &[]))?;
    } else {
        let rest = match picked.left_out {
            0 => String::new(),
            others => format!(" ({} of them stand posted or are left out)", count(others, "record", "records")),
        };
        say(&format!("there is nothing to replay{rest}\n"))?;
    }
    Ok(Exit::Well)
}

fn failed(failure: Result<(Report, Option<Failure>), Failure>) -> Failure {
    match failure {
        Ok((_, Some(failure))) | Err(failure) => failure,
        Ok((_, None)) => Failure::world("the preview did not come to its end", "try again"),
    }
}

fn tell(arguments: &Arguments, ready: &Ready, result: Result<Replay, RunError>) -> Outcome {
    let (records, result) = match result {
        Ok(Replay { report, records }) => (records, Ok(report)),
        Err(error) => (Vec::new(), Err(error)),
    };
    let (report, failure) = settle(result)?;
    if arguments.printing.format == Format::Json {
        say_json(&object(arguments, &report, &records))?;
    } else {
        let currency = ready.setup.program.currency();
        say(&format!("\n{}", rendered(ready, &arguments.place, currency, &report)?))?;
    }
    Ok(ended(&report, failure))
}

/// The object of a run, with what was replayed beside it.
fn object(arguments: &Arguments, report: &Report, records: &[Replayed]) -> serde_json::Value {
    let mut object = json!(report);
    object["replay"] = json!({
        "by": arguments.by.trim(),
        "because": arguments.because.trim(),
        "read": if arguments.remap { "afresh" } else { "as stored" },
        "records": records.iter().map(as_json).collect::<Vec<_>>(),
    });
    object
}
