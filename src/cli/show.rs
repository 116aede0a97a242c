//! `mlc show`: one record's whole story, from what was read to what the other side answered.

use super::arguments::{Format, Show};
use super::exit::{Exit, Failure, Outcome};
use super::report::SANDBOX;
use super::screen::{BOLD, DIM, WAITING, count, say, say_json};
use super::state::State;
use super::status::money;
use crate::store::{AuditEntry, Mark, RecordEntry, Store};
use crate::value::Decimal;
use serde_json::{Value, json};
use std::fmt::Write;

/// How many entries of the log are read at once.
const PAGE: usize = 1_000;
/// How many candidates are listed.
const CANDIDATES: usize = 8;

pub fn run(arguments: &Show) -> Outcome {
    let state = State::open(&arguments.place)?;
    let all = state.store().records(None)?;
    let entry = find(&all, &arguments.record)?;
    let events = events(state.store(), entry)?;
    if arguments.printing.format == Format::Json {
        say_json(&json!({
            "sandbox": state.identity.sandbox,
            "pipeline": state.identity.name,
            "record": entry,
            "events": events,
        }))?;
    } else {
        let mut text = String::new();
        if state.identity.sandbox {
            let _ = writeln!(text, "{WAITING}{SANDBOX}{WAITING:#}");
        }
        head(entry, &mut text);
        let _ = writeln!(text, "\n{BOLD}What was read{BOLD:#} {DIM}(all of it with --format json){DIM:#}");
        tree(&entry.source, &mut text);
        if let Some(target) = &entry.target {
            let why = format!("mlc why {} {}", arguments.place.file.display(), entry.id.key);
            let _ = writeln!(text, "\n{BOLD}What it became{BOLD:#} {DIM}({why} tells of what){DIM:#}");
            tree(target, &mut text);
        }
        story(&events, &mut text);
        say(&text)?;
    }
    Ok(Exit::Well)
}

/// The one record that is meant: by its key, its name on either side, or a part of them.
pub fn find<'a>(all: &'a [RecordEntry], wanted: &str) -> Result<&'a RecordEntry, Failure> {
    let low = wanted.to_lowercase();
    let exact = |entry: &&RecordEntry| {
        entry.id.key == wanted
            || entry.id.to_string() == wanted
            || entry.reference.as_deref() == Some(wanted)
            || entry.id.key.rsplit('/').next() == Some(wanted)
    };
    let part = |entry: &&RecordEntry| {
        [Some(entry.label.as_str()), entry.target_key.as_deref(), entry.reference.as_deref()]
            .into_iter()
            .flatten()
            .chain([entry.id.to_string().as_str()])
            .any(|text| text.to_lowercase().contains(&low))
    };
    let mut found: Vec<&RecordEntry> = all.iter().filter(exact).collect();
    if found.is_empty() {
        found = all.iter().filter(part).collect();
    }
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::wrong(
            format!("no record has `{wanted}` in its key or its name"),
            "`mlc status FILE --all` lists all records",
        )),
        several => {
            let names: Vec<String> =
                several.iter().take(CANDIDATES).map(|entry| format!("{}  {}", entry.id.key, entry.label)).collect();
            let more = several.len().saturating_sub(CANDIDATES);
            let rest = if more > 0 { format!("\n        and {more} more") } else { String::new() };
            Err(Failure::wrong(
                format!("{} have `{wanted}` in their keys or names", count(several.len() as u64, "record", "records")),
                format!("name one of\n        {}{rest}", names.join("\n        ")),
            ))
        }
    }
}

fn events(store: &dyn Store, entry: &RecordEntry) -> Result<Vec<AuditEntry>, Failure> {
    let mut found = Vec::new();
    let mut from = 1;
    loop {
        let page = store.audit(from, PAGE)?;
        let Some(last) = page.last() else { return Ok(found) };
        from = last.number + 1;
        found.extend(page.into_iter().filter(|audit| audit.event.record.as_ref() == Some(&entry.id)));
    }
}

fn head(entry: &RecordEntry, text: &mut String) {
    let _ = writeln!(text, "{BOLD}{}{BOLD:#}", entry.label);
    let fields = [
        ("record", entry.id.to_string()),
        ("outcome", entry.outcome.word().to_owned()),
        ("why", entry.reason.clone()),
        ("mend", entry.mend.clone()),
        ("amount", money(entry)),
        ("there as", entry.reference.clone().unwrap_or_default()),
        ("key there", entry.target_key.clone().unwrap_or_default()),
        ("mark", entry.mark.as_ref().map(marked).unwrap_or_default()),
        ("first seen", entry.first_seen.whole_seconds()),
        ("last moved", format!("{} in run {}", entry.updated.whole_seconds(), entry.run)),
        ("attempts", entry.attempts.to_string()),
        ("mapping", short(&entry.program_hash)),
    ];
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "  {DIM}{name:<10}{DIM:#}  {value}");
    }
    for part in entry.parts.iter().filter(|part| part.number > 0) {
        let amount = part.amount.as_ref().and_then(|amount| amount.parse::<Decimal>().ok());
        let amount = amount.map_or_else(String::new, |amount| format!(" over {}", amount.money()));
        let name = format!("correction {}", part.number);
        let key: Vec<&str> = part.key.as_array().into_iter().flatten().filter_map(|pair| pair[1].as_str()).collect();
        let _ = writeln!(text, "  {DIM}{name:<10}{DIM:#}  {}{amount}, key {}", part.reference, key.join(" / "));
    }
}

/// Whether the source was told what it became.
fn marked(mark: &Mark) -> String {
    let place = format!("`{}` = {}", mark.field, mark.value);
    match mark.made {
        Some(at) => format!("{place}, written back {}", at.whole_seconds()),
        None if mark.reason.is_empty() => format!("{place}, still to be written back"),
        None if mark.is_given_up() => format!("{place}, given up: {}", mark.reason),
        None => format!("{place}, not written back: {}; {}", mark.reason, mark.mend),
    }
}

/// What is there, a field a line: what is absent or nothing is left out, and so is what
/// lies deeper than a list's own fields.
pub fn tree(value: &Value, text: &mut String) {
    let Some(fields) = value.as_object() else { return };
    let width = fields.iter().filter(|(_, value)| says(value) && !nested(value)).map(|(name, _)| name.len()).max();
    for (name, value) in fields.iter().filter(|(_, value)| says(value) && !nested(value)) {
        let _ = writeln!(text, "  {DIM}{name:<0$}{DIM:#}  {1}", width.unwrap_or(0), bare(value));
    }
    for (name, value) in fields.iter().filter(|(_, value)| says(value) && nested(value)) {
        let _ = writeln!(text, "  {DIM}{name}{DIM:#}");
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate().filter(|(_, item)| says(item)) {
                    let _ = writeln!(text, "    {}. {}", index + 1, line(item));
                }
            }
            other => {
                let _ = writeln!(text, "    {}", line(other));
            }
        }
    }
}

/// The plain fields of a record on one line.
fn line(value: &Value) -> String {
    let Some(fields) = value.as_object() else { return bare(value) };
    let plain = |(name, value): (&String, &Value)| match value {
        Value::Object(inner) => {
            let codes: Vec<String> = inner
                .iter()
                .filter(|(_, value)| says(value) && !nested(value))
                .map(|(n, v)| format!("{n} {}", bare(v)))
                .collect();
            (!codes.is_empty()).then(|| codes.join(", "))
        }
        Value::Array(_) => None,
        value => Some(format!("{name} {}", bare(value))),
    };
    fields.iter().filter(|(_, value)| says(value)).filter_map(plain).collect::<Vec<_>>().join(", ")
}

fn nested(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// Whether there is something to say: not absent, not empty, not an amount of nothing.
fn says(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty() && !text.parse::<Decimal>().is_ok_and(Decimal::is_zero),
        Value::Array(items) => items.iter().any(says),
        Value::Object(fields) => fields.values().any(says),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn story(events: &[AuditEntry], text: &mut String) {
    let _ = writeln!(text, "\n{BOLD}What happened{BOLD:#}");
    let mut by = None;
    for entry in events {
        let kind = event_name(entry);
        if by != Some(&entry.by) && !entry.by.is_nobody() {
            let _ = writeln!(text, "  {DIM}{:>6}  by {}{DIM:#}", "", entry.by);
        }
        by = Some(&entry.by);
        let _ = writeln!(
            text,
            "  {DIM}{:>6}  {}{DIM:#}  {kind:<9}  {}",
            entry.number,
            entry.event.at.whole_seconds(),
            detail(&entry.event.detail)
        );
    }
}

/// `in doubt`, `posted`.
pub fn event_name(entry: &AuditEntry) -> String {
    serde_json::to_value(entry.event.kind)
        .ok()
        .and_then(|kind| kind.as_str().map(|kind| kind.replace('_', " ")))
        .unwrap_or_default()
}

/// What an event says, on one line: what people read first, then the plain facts.
pub fn detail(detail: &Value) -> String {
    let Some(fields) = detail.as_object() else { return bare(detail) };
    let sentences = ["reason", "message", "sentence"];
    // The mapping is the same for all events of a run.
    let silent = |name: &str| sentences.contains(&name) || name == "program_hash";
    let lead = sentences.iter().find_map(|name| fields.get(*name).and_then(Value::as_str));
    let facts = fields
        .iter()
        .filter(|(name, value)| !silent(name) && !value.is_object() && !value.is_array() && !value.is_null())
        .map(|(name, value)| format!("{name} {}", short(&bare(value))));
    let payloads = fields.iter().filter_map(|(name, value)| Some(format!("{name} {}", payload(value)?)));
    let sent = fields.get("exchanges").and_then(Value::as_array).into_iter().flatten().map(exchange);
    lead.map(str::to_owned).into_iter().chain(facts).chain(payloads).chain(sent).collect::<Vec<_>>().join("; ")
}

/// What an event names, as `mlc audit payload` takes it.
fn payload(value: &Value) -> Option<String> {
    let (name, bytes) = (value.get("sha256")?.as_str()?, value.get("bytes")?.as_u64()?);
    Some(format!("{} ({})", short(name), count(bytes, "byte", "bytes")))
}

/// `POST /api/invoices, sent 2cd018855389… (1,061 bytes), answered 200 with …`.
fn exchange(value: &Value) -> String {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let url = text("url").split('?').next().unwrap_or_default();
    let path = url.split("://").nth(1).and_then(|rest| rest.find('/').map(|slash| &rest[slash..])).unwrap_or(url);
    let sent = value.get("request").and_then(payload).map_or_else(String::new, |sent| format!(", sent {sent}"));
    let answer = match value.get("status").and_then(Value::as_u64) {
        Some(status) => {
            let body = value.get("answer").and_then(payload).map_or_else(String::new, |body| format!(" with {body}"));
            format!("answered {status}{body}")
        }
        None => format!("no answer: {}", text("no_answer")),
    };
    format!("{} {path}{sent}, {answer}", text("method"))
}

/// Hashes are shown by their beginning, as people compare them.
fn short(text: &str) -> String {
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { format!("{}…", &text[..12]) } else { text.to_owned() }
}
