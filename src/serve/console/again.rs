//! Records are tried again: first what would differ is shown, then just that is sent.

use super::address;
use super::decide::wrong;
use super::form::Sent;
use super::glance::grouped;
use super::page::{Notice, Page, data, led_to};
use super::record::amount;
use super::section::Section;
use super::standing::{Badge, Standing};
use crate::engine::{Replay, Replayed, why_not};
use crate::serve::Summary;
use crate::serve::act::{self, ActError, Again};
use crate::store::{Outcome, RecordId};
use crate::value::Value;
use axum::response::Response;
use minijinja::context;
use serde::Serialize;

/// More changes of one record are only counted.
const CHANGES: usize = 24;

/// One record, before and after.
#[derive(Serialize)]
struct Before {
    id: String,
    href: String,
    label: String,
    was: Badge,
    reason: String,
    becomes: Badge,
    /// Why it still waits, or what happens first.
    note: String,
    amount: String,
    changes: Vec<Change>,
    more: usize,
    same: bool,
}

#[derive(Serialize)]
struct Change {
    field: String,
    was: Option<String>,
    now: String,
}

/// What would differ; sends nothing.
pub async fn preview(sent: Sent) -> Response {
    let here = &sent.here;
    let customer = &here.customer;
    let back = back(&sent);
    let ticked = sent.records();
    if ticked.is_empty() {
        return led_to(&back, &Notice::wrong("No record is ticked.", "Tick those that are to be tried again."));
    }
    let (records, left_out) = may_be_tried(&sent, &ticked);
    if records.is_empty() && ticked.len() > 1 {
        let text = "None of these records can be tried again: they stand posted, or each run looks at them by itself.";
        return led_to(&back, &Notice::wrong(text, "Their own pages say what can be done."));
    }
    let records = if records.is_empty() { ticked } else { records };
    let afresh = sent.text("afresh") == "1";
    let again = Again { records, afresh, because: String::new() };
    let replay = match act::preview(customer, here.caller(), &again).await {
        Ok(replay) => replay,
        Err(error) => return led_to(&back, &wrong(&error)),
    };
    let counts = &replay.report.counts;
    let to_send = counts.posted + counts.in_doubt;
    let lines: Vec<Before> = replay.records.iter().map(|one| before(&customer.name, one)).collect();
    let opened = customer.opened();
    Page::new("Try again", "again.html")
        .of(customer, Section::Work)
        .with(context! {
            records => data(&lines), left_out, afresh, back, shown => act::shown_as(&replay),
            to_send, to_send_text => grouped(to_send), warnings => data(&replay.report.warnings),
            stopped => &replay.report.stopped, currency => opened.setup.program.currency().unwrap_or_default(),
            act => format!("/{}/replay/send", address::segment(&customer.name)),
        })
        .to(&here.visit)
}

/// Sends what was shown.
pub async fn send(sent: Sent) -> Response {
    let here = &sent.here;
    let back = back(&sent);
    let again =
        Again { records: sent.records(), afresh: sent.text("afresh") == "1", because: sent.text("reason").to_owned() };
    let shown = Some(sent.text("shown")).filter(|shown| !shown.is_empty());
    let Some(shown) = shown else {
        return led_to(&back, &Notice::wrong("Nothing was sent.", "Look first at what would differ."));
    };
    let customer = std::sync::Arc::clone(&here.customer);
    let (caller, shown) = (here.caller().clone(), shown.to_owned());
    // A browser that goes away does not break off what is being sent.
    let task = tokio::spawn(async move { act::replay(&customer, &caller, &again, Some(&shown)).await });
    let notice = match task.await {
        Ok(Ok(replay)) => came_of(&replay),
        Ok(Err(error)) => wrong(&error),
        Err(_) => wrong(&ActError::new(
            act::ActErrorKind::World,
            "the server broke off what it was doing",
            "look at the records' own pages: they say what became of each",
        )),
    };
    led_to(&back, &notice)
}

/// What became of them, in a sentence.
fn came_of(replay: &Replay) -> Notice {
    let counts = &replay.report.counts;
    let told = Outcome::ALL.into_iter().filter(|outcome| counts.get(*outcome) > 0);
    let told: Vec<String> =
        told.map(|outcome| format!("{} {}", grouped(counts.get(outcome)), outcome.word())).collect();
    let text = match replay.records.as_slice() {
        [one] => format!("{} was tried again: it is {} now.", one.before.label, one.outcome.word()),
        _ => format!("Tried again: {}.", told.join(", ")),
    };
    let mut more: Vec<String> = replay.report.warnings.clone();
    more.extend(replay.report.stopped.iter().map(|stopped| format!("It stopped before its end: {stopped}")));
    if let [one] = replay.records.as_slice() {
        more.push(one.after.reason.clone());
    }
    let well = !counts.needs_attention() && replay.report.stopped.is_none();
    let notice = if well { Notice::done(text) } else { Notice::wait(text, "") };
    Notice { mend: more.join("\n").trim().to_owned(), ..notice }
}

/// Those that can be tried again, and how many cannot.
fn may_be_tried(sent: &Sent, ticked: &[RecordId]) -> (Vec<RecordId>, usize) {
    let customer = &sent.here.customer;
    let (opened, store) = (customer.opened(), customer.store());
    let may = |id: &&RecordId| {
        let target = opened.target_title(&id.flow);
        let entry = store.record(id).ok().flatten();
        target.zip(entry).is_some_and(|(target, entry)| why_not(&entry, &target).is_none())
    };
    let records: Vec<RecordId> = ticked.iter().filter(may).cloned().collect();
    let left_out = ticked.len() - records.len();
    (records, left_out)
}

/// The page that the form was on: a record's own, or the work list as it was narrowed.
fn back(sent: &Sent) -> String {
    let customer = address::segment(&sent.here.customer.name);
    let named = sent.text("back");
    let ours = named.starts_with(&format!("/{customer}/")) && !named.contains("..");
    if ours { named.to_owned() } else { Section::Work.href(&customer) }
}

fn before(customer: &str, one: &Replayed) -> Before {
    let draft = one.sent.as_ref();
    let becomes = match one.outcome {
        Outcome::Posted => Badge { class: "posted", word: "to be posted" },
        Outcome::InDoubt => Badge { class: "in_doubt", word: "asked for first" },
        _ => Standing::of(&Summary { outcome: one.outcome, ..Summary::of(&one.after) }).badge(),
    };
    let note = match one.outcome {
        Outcome::Posted => String::new(),
        Outcome::InDoubt => "The other side is asked whether it arrived; only if it did not, it is sent again.".into(),
        _ => one.after.reason.clone(),
    };
    let changes = draft.map_or(&[][..], |draft| draft.changes.as_slice());
    Before {
        id: one.before.id.to_string(),
        href: address::record(customer, &one.before.id),
        label: one.before.label.clone(),
        was: Standing::of_entry(&one.before).badge(),
        reason: one.before.reason.clone(),
        becomes,
        note,
        amount: amount(&one.after),
        changes: changes
            .iter()
            .take(CHANGES)
            .map(|change| Change {
                field: change.field.clone(),
                was: (change.was != Value::Null).then(|| plain(&change.was)),
                now: plain(&change.now),
            })
            .collect(),
        more: changes.len().saturating_sub(CHANGES),
        same: draft.is_some() && changes.is_empty(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Decimal(number) => number.money(),
        other => other.to_string(),
    }
}
