//! What a replay would send, record by record, beside what became of it the last time.

use super::arguments::Replay as Arguments;
use super::compose::Ready;
use super::report::SANDBOX;
use super::screen::{BAD, BOLD, DIM, GOOD, WAITING, count};
use super::show::tree;
use super::status::{money, name};
use super::written::shown;
use crate::engine::{Draft, FieldChange, Replay, Replayed};
use crate::store::Outcome;
use crate::value::Value;
use serde_json::json;
use std::fmt::Write;

/// More records are only counted.
const RECORDS: usize = 50;
/// More changes of one record are only counted.
const CHANGES: usize = 16;

pub struct Preview<'a> {
    pub arguments: &'a Arguments,
    pub ready: &'a Ready,
    pub replay: &'a Replay,
    /// Of those that were meant, how many stand posted or cannot be replayed.
    pub left_out: u64,
}

impl Preview<'_> {
    pub fn render(&self) -> String {
        let records = &self.replay.records;
        let read = if self.arguments.remap { "read afresh from their source" } else { "from what was stored of them" };
        let name = self.ready.setup.program.name();
        let total = count(records.len() as u64, "record", "records");
        let mut text = format!("{BOLD}{name}{BOLD:#}  replay of {total}, {read}\n");
        if self.replay.report.sandbox {
            let _ = writeln!(text, "{WAITING}{SANDBOX}{WAITING:#}");
        }
        for one in records.iter().take(RECORDS) {
            record(one, &mut text);
        }
        let more = records.len().saturating_sub(RECORDS);
        if more > 0 {
            let _ = writeln!(text, "\n{DIM}and {more} more; all of them with --format json{DIM:#}");
        }
        for warning in &self.replay.report.warnings {
            let _ = writeln!(text, "\n{WAITING}warning{WAITING:#}: {warning}");
        }
        if let Some(stopped) = &self.replay.report.stopped {
            let _ = writeln!(text, "\n{BAD}stopped before the end{BAD:#}: {stopped}");
        }
        let _ = writeln!(text, "\n{}", self.summary());
        if self.arguments.dry_run {
            let _ = writeln!(text, "{DIM}a preview: nothing was sent, nothing was written{DIM:#}");
        }
        text
    }

    pub fn question(&self) -> String {
        let sent = self.replay.report.counts.posted + self.replay.report.counts.in_doubt;
        format!("Send {}?", count(sent, "record", "records"))
    }

    /// `2 to be posted, 1 still held`.
    fn summary(&self) -> String {
        let counts = &self.replay.report.counts;
        let mut parts: Vec<String> = Outcome::ALL
            .into_iter()
            .filter(|outcome| counts.get(*outcome) > 0)
            .map(|outcome| match outcome {
                Outcome::Posted => format!("{} to be sent", counts.posted),
                Outcome::InDoubt => format!("{} to be asked for first", counts.in_doubt),
                outcome => format!("{} {}", counts.get(outcome), outcome.word()),
            })
            .collect();
        if self.left_out > 0 {
            parts.push(format!("{} left alone: posted, or not to be replayed", self.left_out));
        }
        parts.join(", ")
    }
}

fn record(one: &Replayed, text: &mut String) {
    let before = &one.before;
    let _ = writeln!(text, "\n{BOLD}{}{BOLD:#}  {DIM}{}{DIM:#}", before.label, before.id);
    let reason = if before.reason.is_empty() { String::new() } else { format!(": {}", before.reason) };
    let when = before.updated.whole_seconds();
    let _ = writeln!(text, "  {DIM}then{DIM:#}  {}, {when} in run {}{reason}", before.outcome.word(), before.run);
    let _ = writeln!(text, "  {DIM}now{DIM:#}   {}", now(one));
    match &one.sent {
        // Nothing was mapped the last time: all of it is new.
        Some(draft) if before.target.is_none() => {
            let mut fields = String::new();
            tree(&draft.target, &mut fields);
            for line in fields.lines() {
                let _ = writeln!(text, "      {line}");
            }
        }
        Some(draft) => changes(draft, text),
        None => {}
    }
}

fn now(one: &Replayed) -> String {
    let amount = match money(&one.after) {
        amount if amount.is_empty() => amount,
        amount => format!(" over {amount}"),
    };
    match (one.outcome, &one.sent) {
        (Outcome::Posted, Some(draft)) => {
            format!("{GOOD}to be posted{GOOD:#} as {}{amount}, once the other side was asked for it", draft.key)
        }
        (Outcome::InDoubt, _) => format!(
            "{WAITING}in doubt{WAITING:#}: the other side is asked whether it arrived; if it did not, and maps to the \
             same, it is sent again"
        ),
        (outcome, _) => {
            let still = if outcome == one.before.outcome { "still " } else { "" };
            format!("{WAITING}{still}{}{WAITING:#}: {}", outcome.word(), one.after.reason)
        }
    }
}

fn changes(draft: &Draft, text: &mut String) {
    if draft.changes.is_empty() {
        let _ = writeln!(text, "        {DIM}the same as the last time{DIM:#}");
    }
    let width = draft.changes.iter().take(CHANGES).map(|change| change.field.len()).max().unwrap_or(0);
    for change in draft.changes.iter().take(CHANGES) {
        let _ = writeln!(text, "        {:<width$}  {}", change.field, arrow(change));
    }
    let more = draft.changes.len().saturating_sub(CHANGES);
    if more > 0 {
        let _ = writeln!(text, "        {DIM}and {}{DIM:#}", count(more as u64, "more field", "more fields"));
    }
}

/// `5310 → 5020`.
pub fn arrow(change: &FieldChange) -> String {
    format!("{} → {}", plain(&change.was), plain(&change.now))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Text(text) => text.to_string(),
        Value::Decimal(number) => number.money(),
        other => shown(other),
    }
}

pub fn as_json(one: &Replayed) -> serde_json::Value {
    let Replayed { before, after, outcome, sent } = one;
    json!({
        "key": before.id.key,
        "flow": before.id.flow,
        "label": before.label,
        "before": {
            "outcome": name(before.outcome), "reason": before.reason, "run": before.run, "amount": before.amount,
            "target_key": before.target_key, "target": before.target,
        },
        "outcome": name(*outcome),
        "reason": after.reason,
        "mend": after.mend,
        "amount": after.amount,
        "reference": after.reference,
        "target": sent.as_ref().map(|draft| &draft.target),
        "changes": sent.as_ref().map(|draft| &draft.changes),
    })
}
