//! `mlc status`: the records that wait for somebody, with what, why and the mend.

use super::arguments::{Format, Status};
use super::exit::{Exit, Outcome as Ended};
use super::grid::Grid;
use super::mends::Mends;
use super::report::SANDBOX;
use super::screen::{BOLD, DIM, WAITING, count, grouped, say, say_json};
use super::state::State;
use crate::store::{Outcome, RecordEntry, RunEntry};
use crate::value::Decimal;
use serde_json::{Value, json};
use std::fmt::Write;

pub fn run(arguments: &Status) -> Ended {
    let state = State::open(&arguments.place)?;
    let all = state.store().records(None)?;
    let chosen: Vec<&RecordEntry> = all.iter().filter(|entry| wanted(arguments, entry)).collect();
    if arguments.printing.format == Format::Json {
        say_json(&chosen.iter().map(|entry| as_json(entry, state.identity.sandbox)).collect::<Vec<_>>())?;
    } else {
        let last = state.store().runs(1)?.pop();
        say(&render(arguments, &state, last.as_ref(), &all, &chosen))?;
    }
    Ok(if all.iter().any(waits) { Exit::Attention } else { Exit::Well })
}

fn wanted(arguments: &Status, entry: &RecordEntry) -> bool {
    match &arguments.outcome {
        Some(outcome) => name(entry.outcome) == *outcome,
        None => arguments.all || waits(entry),
    }
}

/// For a person, or for its mark in the source.
fn waits(entry: &RecordEntry) -> bool {
    entry.outcome.needs_attention() || entry.owes_mark()
}

/// Why it waits, and who mends it. What waits only for its mark is posted, and all is well with it.
fn why(entry: &RecordEntry) -> (&str, &str) {
    match &entry.mark {
        Some(mark) if entry.owes_mark() && entry.reason.is_empty() => (&mark.reason, &mark.mend),
        _ => (&entry.reason, &entry.mend),
    }
}

/// `in_doubt`, as in JSON.
pub fn name(outcome: Outcome) -> String {
    outcome.word().replace(' ', "_")
}

fn as_json(entry: &RecordEntry, sandbox: bool) -> Value {
    json!({
        "key": entry.id.key,
        "flow": entry.id.flow,
        "outcome": name(entry.outcome),
        "reason": entry.reason,
        "mend": entry.mend,
        "kind": entry.kind,
        "label": entry.label,
        "target_key": entry.target_key,
        "reference": entry.reference,
        "amount": entry.amount,
        "attempts": entry.attempts,
        "mark": entry.mark,
        "corrections": entry.parts.iter().filter(|part| part.number > 0).map(|part| json!({
            "number": part.number, "reference": part.reference, "target_key": part.target_key, "amount": part.amount,
        })).collect::<Vec<_>>(),
        "updated": entry.updated,
        "sandbox": sandbox,
    })
}

/// `last run 2026-10-31T10:00:00Z, began by schedule`.
fn last_run(run: &RunEntry) -> String {
    let open = if run.ended.is_some() { "" } else { ", and did not come to its end" };
    format!("last run {}, began {}{open}", run.started.whole_seconds(), run.trigger.began())
}

fn render(
    arguments: &Status,
    state: &State,
    last: Option<&RunEntry>,
    all: &[RecordEntry],
    chosen: &[&RecordEntry],
) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}  {}\n", state.identity.name, summary(all));
    if state.identity.sandbox {
        let _ = writeln!(text, "{WAITING}{SANDBOX}{WAITING:#}");
    }
    if let Some(last) = last {
        let _ = writeln!(text, "{DIM}{}{DIM:#}", last_run(last));
    }
    if chosen.is_empty() {
        text.push_str(match (&arguments.outcome, arguments.all) {
            (None, false) => "\nNo record waits for anybody.\n",
            _ => "\nThere is no such record.\n",
        });
        return text;
    }
    let mut grid = Grid::new(&["Record", "Outcome", ">Amount", "What it is, why it waits, and who mends it"]);
    grid.at_least(1, 8);
    grid.at_least(2, 10);
    let mends = Mends::new(chosen.iter().map(|entry| why(entry).1));
    for entry in chosen {
        let (reason, mend) = why(entry);
        let what = if reason.is_empty() {
            entry.label.clone()
        } else {
            mends.with(&format!("{}\n{reason}", entry.label), mend)
        };
        grid.row([entry.id.key.clone(), entry.outcome.word().to_owned(), money(entry), what]);
    }
    let _ = write!(text, "\n{}", grid.render());
    let notes = mends.notes();
    if !notes.is_empty() {
        let _ = write!(text, "\n{notes}");
    }
    let _ = writeln!(
        text,
        "\n{}; {DIM}mlc show {} RECORD{DIM:#} tells the whole story of one",
        count(chosen.len() as u64, "record", "records"),
        arguments.place.file.display()
    );
    text
}

fn summary(all: &[RecordEntry]) -> String {
    let of = |outcome: Outcome| all.iter().filter(|entry| entry.outcome == outcome).count() as u64;
    let parts: Vec<String> = Outcome::ALL
        .into_iter()
        .filter(|outcome| of(*outcome) > 0)
        .map(|outcome| format!("{} {}", grouped(of(outcome)), outcome.word()))
        .collect();
    if parts.is_empty() { "no records yet".to_owned() } else { parts.join(", ") }
}

/// The amount with thousands apart, or nothing.
pub fn money(entry: &RecordEntry) -> String {
    entry.amount.as_deref().and_then(|amount| amount.parse().ok()).map_or_else(String::new, Decimal::money)
}
