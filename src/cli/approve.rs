//! `mlc approve`: a person's yes to one record that waits for it. It goes into the log, and
//! holds for exactly what would be posted now.

use super::arguments::{Approve, Format};
use super::exit::{Exit, Failure, Outcome};
use super::screen::{GOOD, say, say_json};
use super::show::find;
use super::state::State;
use super::status::money;
use crate::host;
use crate::store::{Approval, Batch, Event, EventKind, Grant, Operation, RecordEntry};
use crate::value::Timestamp;
use serde_json::json;

/// What stands in the log in place of a run.
const BY_HAND: &str = "by hand";

pub async fn run(arguments: &Approve) -> Outcome {
    let by = arguments.by.trim();
    if by.is_empty() {
        return Err(Failure::wrong("nobody is named who approves", "say who: --by NAME"));
    }
    let state = State::open(&arguments.place)?;
    let all = state.store().records(None)?;
    let entry = find(&all, &arguments.record)?;
    let asked = waiting(entry)?;
    // In the sandbox the log's own time goes on.
    let now = host::world().clock.now();
    let now = if state.identity.sandbox { entry.updated } else { now };
    let approved = approved(entry, asked, by, &arguments.reason, now);
    let event = Event {
        at: now,
        run: BY_HAND.to_owned(),
        kind: EventKind::Approved,
        record: Some(entry.id.clone()),
        detail: json!({
            "label": entry.label, "by": by, "reason": arguments.reason,
            "target_hash": asked.target_hash, "amount": entry.amount,
        }),
    };
    let operations = vec![Operation::PutRecord(Box::new(approved.clone()))];
    state.store().commit(Batch { operations, events: vec![event] }).await?;
    if arguments.printing.format == Format::Json {
        say_json(&json!({"sandbox": state.identity.sandbox, "record": approved}))?;
    } else {
        let amount = money(entry);
        let over = if amount.is_empty() { String::new() } else { format!(" over {amount}") };
        say(&format!(
            "{GOOD}approved{GOOD:#} by {by}: {}{over}\nThe next run posts it: mlc run {}\n",
            entry.label,
            arguments.place.file.display()
        ))?;
    }
    Ok(Exit::Well)
}

/// What the record asks for; an error if it does not wait for a person.
fn waiting(entry: &RecordEntry) -> Result<&Approval, Failure> {
    match &entry.approval {
        Some(asked) if asked.granted.is_none() => Ok(asked),
        Some(Approval { granted: Some(grant), .. }) => Err(Failure::wrong(
            format!("{} is approved already, by {}", entry.label, grant.by),
            "the next run posts it; if it has changed since, that run asks again",
        )),
        _ => Err(Failure::wrong(
            format!("{} does not wait for approval: it is {}", entry.label, entry.outcome.word()),
            "`mlc status` says what each record waits for",
        )),
    }
}

fn approved(entry: &RecordEntry, asked: &Approval, by: &str, reason: &str, at: Timestamp) -> RecordEntry {
    let grant = Grant { by: by.to_owned(), reason: reason.to_owned(), at };
    RecordEntry {
        approval: Some(Approval { granted: Some(grant), ..asked.clone() }),
        reason: format!("approved by {by}; the next run posts it"),
        mend: "run again".to_owned(),
        updated: at,
        ..entry.clone()
    }
}
