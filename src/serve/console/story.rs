//! What happened to one record, out of the log: when, who, why, what was sent and what came back.

use super::times::{Times, When};
use super::tree::plain;
use crate::store::{AuditEntry, EventKind, Store};
use serde::Serialize;
use serde_json::{Map, Value as Json};

/// Longer texts are cut here; the whole is in the state.
const LONGEST: usize = 16_000;
/// Older events are only counted.
const EVENTS: usize = 200;
/// So many bodies are read for one page.
const BODIES: usize = 60;

#[derive(Serialize)]
pub struct Chapter {
    number: u64,
    title: String,
    /// `posted`, `bad`, `wait`, `person`, or nothing.
    class: &'static str,
    when: When,
    /// What and why, in a sentence.
    sentence: String,
    mend: String,
    /// A person who decided, else the account that did it.
    by: String,
    run: String,
    facts: Vec<(String, String)>,
    exchanges: Vec<Exchanged>,
}

/// One request to another system, and its answer.
#[derive(Serialize)]
struct Exchanged {
    /// `POST /api/invoices`.
    line: String,
    /// `answered 200`.
    answer_line: String,
    request: Option<Body>,
    answer: Option<Body>,
}

#[derive(Serialize)]
struct Body {
    text: String,
    note: String,
}

/// The newest last; with it how many older ones are left out.
pub fn told(store: &dyn Store, events: &[AuditEntry], times: &Times) -> (Vec<Chapter>, usize) {
    let left_out = events.len().saturating_sub(EVENTS);
    let mut teller = Teller { store, times, bodies: BODIES };
    (events[left_out..].iter().map(|entry| teller.chapter(entry)).collect(), left_out)
}

struct Teller<'a> {
    store: &'a dyn Store,
    times: &'a Times,
    bodies: usize,
}

impl Teller<'_> {
    fn chapter(&mut self, entry: &AuditEntry) -> Chapter {
        let (event, detail) = (&entry.event, &entry.event.detail);
        let text = |name: &str| detail.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let person = text("by");
        let sentence = ["reason", "message", "sentence", "error"].map(text).into_iter().find(|text| !text.is_empty());
        let exchanges = detail.get("exchanges").and_then(Json::as_array).into_iter().flatten();
        Chapter {
            number: entry.number,
            title: title(event.kind),
            class: class(event.kind),
            when: self.times.when(event.at),
            sentence: sentence.unwrap_or_default(),
            mend: text("mend"),
            by: if person.is_empty() { account(entry) } else { person },
            run: event.run.clone(),
            facts: facts(detail),
            exchanges: exchanges.map(|exchange| self.exchanged(exchange)).collect(),
        }
    }

    fn exchanged(&mut self, exchange: &Json) -> Exchanged {
        let text = |name: &str| exchange.get(name).and_then(Json::as_str).unwrap_or_default();
        let url = text("url");
        let path = url.split("://").nth(1).and_then(|rest| rest.find('/').map(|slash| &rest[slash..])).unwrap_or(url);
        let answer_line = match exchange.get("status").and_then(Json::as_u64) {
            Some(status) => format!("answered {status}"),
            None => format!("no answer: {}", text("no_answer")),
        };
        Exchanged {
            line: format!("{} {path}", text("method")),
            answer_line,
            request: exchange.get("request").and_then(|body| self.body(body)),
            answer: exchange.get("answer").and_then(|body| self.body(body)),
        }
    }

    /// A body as an event names it; `None` for none at all.
    fn body(&mut self, named: &Json) -> Option<Body> {
        if let Some(bytes) = named.get("not_kept").and_then(Json::as_u64) {
            return Some(Body { text: String::new(), note: format!("{bytes} bytes, not kept") });
        }
        let name = named.get("sha256").and_then(Json::as_str)?;
        let told = |text: &str| Some(Body { text: String::new(), note: text.to_owned() });
        if self.bodies == 0 {
            return told("kept, and too much for this page: `mlc audit payload` shows it");
        }
        self.bodies -= 1;
        match self.store.payload(name) {
            Ok(Some(bytes)) => Some(readable(&bytes, named.get("secrets_removed").is_some())),
            Ok(None) => told("kept no longer"),
            Err(error) => told(&error.message),
        }
    }
}

fn readable(bytes: &[u8], removed: bool) -> Body {
    let text = String::from_utf8_lossy(bytes);
    // As it was sent, but for white space.
    let pretty = serde_json::from_slice::<Json>(bytes).ok().and_then(|json| serde_json::to_string_pretty(&json).ok());
    let text = pretty.unwrap_or_else(|| text.into_owned());
    let mut notes = Vec::new();
    if removed {
        notes.push("secrets were taken out before it was kept".to_owned());
    }
    let shown = match text.char_indices().nth(LONGEST) {
        Some((end, _)) => {
            notes.push(format!("the first {LONGEST} characters; `mlc audit payload` shows all"));
            text[..end].to_owned()
        }
        None => text,
    };
    Body { text: shown, note: notes.join("; ") }
}

/// The plain facts beside the sentences.
fn facts(detail: &Json) -> Vec<(String, String)> {
    const SAID: [&str; 11] = [
        "reason",
        "message",
        "sentence",
        "error",
        "mend",
        "by",
        "label",
        "kind",
        "source_hash",
        "target_hash",
        "program_hash",
    ];
    let fields = detail.as_object().into_iter().flatten();
    let facts = fields
        .filter(|(name, value)| !SAID.contains(&name.as_str()) && !value.is_null())
        .filter_map(|(name, value)| {
            let text = match value {
                Json::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
                    items.iter().map(plain).collect::<Vec<_>>().join(", ")
                }
                Json::Object(_) | Json::Array(_) => return None,
                Json::String(key) if name.ends_with("_key") => key_shown(key),
                value => plain(value),
            };
            Some((name.replace('_', " "), text))
        })
        .filter(|(_, text)| !text.is_empty());
    facts.collect()
}

/// A key is kept with the names of its parts; people know them by their order.
pub fn key_shown(key: &str) -> String {
    let Ok(parts) = serde_json::from_str::<Map<String, Json>>(key) else { return key.to_owned() };
    let shown = |part: &Json| part.as_str().map_or_else(|| part.to_string(), str::to_owned);
    parts.values().map(shown).collect::<Vec<_>>().join(" / ")
}

fn account(entry: &AuditEntry) -> String {
    if entry.by.is_nobody() { String::new() } else { entry.by.to_string() }
}

fn title(kind: EventKind) -> String {
    let title = match kind {
        EventKind::Read => "Read from the source",
        EventKind::Skipped => "Left out by the pipeline",
        EventKind::Held => "Held",
        EventKind::Rejected => "Rejected",
        EventKind::Approved => "Approved",
        EventKind::Refused => "Refused",
        EventKind::Replayed => "Tried again",
        EventKind::Linked => "Found on the other side",
        EventKind::Intent => "About to be sent",
        EventKind::Answered => "The other side answered",
        EventKind::InDoubt => "In doubt",
        EventKind::Asked => "The other side was asked",
        EventKind::Posted => "Posted",
        EventKind::Updated => "Updated",
        EventKind::Corrected => "Corrected",
        EventKind::Failed => "Failed",
        EventKind::Marked => "Written back to the source",
        other => {
            let word = serde_json::to_value(other).ok().and_then(|word| word.as_str().map(str::to_owned));
            return word.unwrap_or_default().replace('_', " ");
        }
    };
    title.to_owned()
}

fn class(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Posted | EventKind::Updated | EventKind::Corrected | EventKind::Linked => "posted",
        EventKind::Rejected | EventKind::Failed => "bad",
        EventKind::Held | EventKind::InDoubt => "wait",
        EventKind::Approved | EventKind::Refused | EventKind::Replayed => "person",
        _ => "",
    }
}
