//! Records: the list that the work list shows, and one record's whole story.

use super::answer::{Asked, At, Wrong, customer};
use super::pipelines::name;
use crate::serve::http::Caller;
use crate::serve::{House, Summary};
use crate::store::{AuditEntry, Outcome, RecordId};
use axum::extract::State;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// A page is at most so long.
const LONGEST: usize = 500;
const USUAL: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    outcome: Option<Outcome>,
    flow: Option<String>,
    /// A part of the label, the key, the reference or the reason.
    search: Option<String>,
    awaiting_approval: Option<bool>,
    /// The id after which the page begins, as the page before gave it.
    after: Option<String>,
    limit: Option<usize>,
}

impl Wanted {
    fn takes(&self, summary: &Summary) -> bool {
        let searched = self.search.as_ref().map(|text| text.to_lowercase());
        self.outcome.is_none_or(|outcome| summary.outcome == outcome)
            && self.flow.as_ref().is_none_or(|flow| summary.id.flow == *flow)
            && self.awaiting_approval.is_none_or(|wanted| summary.awaits_approval == wanted)
            && searched.is_none_or(|text| {
                let reference = summary.reference.as_deref().unwrap_or_default();
                let parts = [summary.label.as_str(), summary.reason.as_str(), reference, summary.id.key.as_str()];
                parts.iter().any(|part| part.to_lowercase().contains(&text))
            })
    }
}

pub async fn list(
    State(house): State<Arc<House>>,
    Extension(caller): Extension<Caller>,
    At(pipeline): At<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Value>, Wrong> {
    let customer = customer(&house, &caller, &pipeline)?;
    let limit = wanted.limit.unwrap_or(USUAL);
    if limit == 0 || limit > LONGEST {
        return Err(Wrong::bad(format!("`limit` is {limit}"), format!("give a number from 1 to {LONGEST}")));
    }
    let found = customer.index.select(|summary| wanted.takes(summary));
    let after = |summary: &&Arc<Summary>| wanted.after.as_ref().is_none_or(|after| summary.id.to_string() > *after);
    // In the order of their ids as text, which is the order of `after` too.
    let mut ordered: Vec<&Arc<Summary>> = found.iter().filter(after).collect();
    ordered.sort_by_cached_key(|summary| summary.id.to_string());
    let next = (ordered.len() > limit).then(|| ordered[limit - 1].id.to_string());
    let records: Vec<Value> = ordered.iter().take(limit).map(|summary| as_json(summary)).collect();
    Ok(Json(json!({ "total": found.len(), "records": records, "next": next })))
}

fn as_json(summary: &Summary) -> Value {
    json!({
        "flow": summary.id.flow,
        "key": summary.id.key,
        "outcome": name(summary.outcome),
        "label": summary.label,
        "reason": summary.reason,
        "mend": summary.mend,
        "kind": summary.kind,
        "amount": summary.amount.map(|amount| amount.to_string()),
        "reference": summary.reference,
        "awaiting_approval": summary.awaits_approval,
        "first_seen": summary.first_seen,
        "updated": summary.updated,
        "posted": summary.posted,
        "waits_since": summary.needs_attention().then_some(summary.since),
    })
}

pub async fn one(
    State(house): State<Arc<House>>,
    Extension(caller): Extension<Caller>,
    At((pipeline, flow, key)): At<(String, String, String)>,
) -> Result<Json<Value>, Wrong> {
    let customer = customer(&house, &caller, &pipeline)?;
    let id = RecordId { flow, key };
    let entry = customer.store().record(&id)?.ok_or_else(|| {
        Wrong::not_found(format!("there is no record {id}"), "GET …/records lists them, with flow and key")
    })?;
    let events: Vec<Value> = customer.events(&id)?.iter().map(event).collect();
    let seen = crate::engine::as_seen(&entry);
    Ok(Json(json!({ "record": entry, "seen": seen, "events": events })))
}

pub fn event(entry: &AuditEntry) -> Value {
    json!({
        "number": entry.number,
        "at": entry.event.at,
        "kind": entry.event.kind,
        "run": entry.event.run,
        "by": if entry.by.is_nobody() { Value::Null } else { entry.by.to_string().into() },
        "record": entry.event.record.as_ref().map(ToString::to_string),
        "detail": entry.event.detail,
        "hash": entry.hash,
    })
}
