//! `mlc approve` and `mlc reject`: a person's yes or no to one record. It goes into the log,
//! and holds for exactly what would be posted now.

use super::arguments::{Approve, Format, Place, Reject};
use super::exit::{Exit, Failure, Outcome};
use super::screen::{GOOD, WAITING, say, say_json};
use super::show::find;
use super::state::State;
use super::status::money;
use crate::engine::{Decision, approve, as_seen, reject};
use crate::host;
use crate::store::RecordEntry;
use serde_json::json;

pub async fn yes(arguments: &Approve) -> Outcome {
    let by = named(&arguments.by, "who approves")?;
    let state = State::open(&arguments.place)?;
    let (entry, decision) = decision(&state, &arguments.record, by, &arguments.reason)?;
    let approved = approve(state.store(), &decision).await?;
    if arguments.printing.format == Format::Json {
        say_json(&json!({"sandbox": state.identity.sandbox, "record": approved}))?;
    } else {
        say(&format!(
            "{GOOD}approved{GOOD:#} by {by}: {}\nThe next run posts it: {}\n",
            told(&entry),
            run(&arguments.place)
        ))?;
    }
    Ok(Exit::Well)
}

pub async fn no(arguments: &Reject) -> Outcome {
    let by = named(&arguments.by, "who refuses it")?;
    let state = State::open(&arguments.place)?;
    let (entry, decision) = decision(&state, &arguments.record, by, &arguments.because)?;
    let refused = reject(state.store(), &decision).await?;
    if arguments.printing.format == Format::Json {
        say_json(&json!({"sandbox": state.identity.sandbox, "record": refused}))?;
    } else {
        say(&format!(
            "{WAITING}refused{WAITING:#} by {by}: {}\nNothing is posted of it until its source or the pipeline changes, \
             or somebody replays it\n",
            told(&entry)
        ))?;
    }
    Ok(Exit::Well)
}

/// A missing name is told before the state is opened.
fn named<'a>(by: &'a str, who: &str) -> Result<&'a str, Failure> {
    match by.trim() {
        "" => Err(Failure::wrong(format!("nobody is named {who}"), "say who: --by NAME")),
        by => Ok(by),
    }
}

/// On the record that is meant, as it stands.
fn decision(state: &State, record: &str, by: &str, reason: &str) -> Result<(RecordEntry, Decision), Failure> {
    let all = state.store().records(None)?;
    let entry = find(&all, record)?.clone();
    // In the sandbox the log's own time goes on.
    let at = if state.identity.sandbox { entry.updated } else { host::world().clock.now() };
    let seen = Some(as_seen(&entry));
    let decision = Decision { record: entry.id.clone(), by: by.to_owned(), reason: reason.to_owned(), at, seen };
    Ok((entry, decision))
}

/// The record, and its amount.
fn told(entry: &RecordEntry) -> String {
    match money(entry) {
        amount if amount.is_empty() => entry.label.clone(),
        amount => format!("{} over {amount}", entry.label),
    }
}

fn run(place: &Place) -> String {
    format!("mlc run {}", place.file.display())
}
