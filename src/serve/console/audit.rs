//! `/{customer}/audit`: the log of all that was done, a page at a time, the newest first.

use super::page::{Page, data};
use super::times::{Times, When};
use super::visit::Here;
use super::{Section, address};
use crate::store::AuditEntry;
use axum::extract::Query;
use axum::response::Response;
use minijinja::context;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// So many entries are on one page.
const PAGE: u64 = 100;
/// A detail longer than this is shown when it is opened.
const BRIEF: usize = 160;

pub async fn list(here: Here, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let store = here.customer.store();
    let head = match store.head() {
        Ok(head) => head,
        Err(error) => return here.unreadable(&error),
    };
    let asked = query.get("to").and_then(|number| number.trim().parse::<u64>().ok());
    let last = asked.unwrap_or(head.number).clamp(1, head.number.max(1));
    let first = last.saturating_sub(PAGE - 1).max(1);
    let most = usize::try_from(last + 1 - first).unwrap_or(0);
    let entries = match store.audit(first, most) {
        Ok(entries) => entries,
        Err(error) => return here.unreadable(&error),
    };
    let times = Times::of(&here.customer);
    let home = Section::Audit.href(&address::segment(&here.customer.name));
    let at = |number: u64| address::with(&home, &[("to", &number.to_string())]);
    let lines: Vec<Line> = entries.iter().rev().map(|entry| Line::of(entry, &here.customer.name, &times)).collect();
    let newer = (last < head.number).then(|| at((last + PAGE).min(head.number)));
    let older = (first > 1).then(|| at(first - 1));
    Page::new("Audit", "audit.html")
        .of(&here.customer, Section::Audit)
        .with(context! {
            lines => data(&lines), first, last, head => head.number, hash => head.hash, newer, older, home,
        })
        .to(&here.visit)
}

#[derive(Serialize)]
struct Line {
    number: u64,
    when: When,
    what: String,
    by: String,
    record: String,
    href: String,
    detail: String,
    /// The whole of it, where it is longer than a line.
    whole: String,
    hash: String,
}

impl Line {
    fn of(entry: &AuditEntry, customer: &str, times: &Times) -> Self {
        let event = &entry.event;
        let detail = brief(&event.detail);
        let whole = serde_json::to_string_pretty(&event.detail).unwrap_or_default();
        let short: String = detail.chars().take(BRIEF).collect();
        let person = event.detail["by"].as_str().unwrap_or_default();
        let process = if entry.by.is_nobody() { String::new() } else { entry.by.to_string() };
        Self {
            number: entry.number,
            when: times.when(event.at),
            what: serde_json::to_value(event.kind)
                .ok()
                .and_then(|kind| Some(kind.as_str()?.replace('_', " ")))
                .unwrap_or_default(),
            by: if person.is_empty() { process } else { person.to_owned() },
            record: event.record.as_ref().map(ToString::to_string).unwrap_or_default(),
            href: event.record.as_ref().map(|id| address::record(customer, id)).unwrap_or_default(),
            detail: if short.len() < detail.len() { format!("{short}…") } else { short },
            whole: if event.detail.is_null() { String::new() } else { whole },
            hash: entry.hash.clone(),
        }
    }
}

/// The plain fields of a detail on one line.
fn brief(detail: &Json) -> String {
    let Some(fields) = detail.as_object() else { return String::new() };
    let plain = |(name, value): (&String, &Json)| match value {
        Json::String(text) if !text.is_empty() && !is_hash(text) => Some(format!("{}: {text}", name.replace('_', " "))),
        Json::Number(number) => Some(format!("{}: {number}", name.replace('_', " "))),
        Json::Bool(true) => Some(name.replace('_', " ")),
        _ => None,
    };
    fields.iter().filter_map(plain).collect::<Vec<_>>().join(" · ")
}

/// Nobody reads a hash on a line.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
