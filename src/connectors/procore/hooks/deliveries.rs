//! Deliveries to our hooks that Procore gave up: after twelve hours without an answer it
//! drops everything that waits. Who lists them knows what was missed.
//!
//! Asked by the same version of the interface as the hooks; where that one does not know
//! them, by the older, whose pages go on after the id of the last event.

use super::super::client::Procore;
use super::super::error;
use super::super::query::Query;
use super::super::webhook;
use super::calls::{Ground, id_of};
use crate::connector::{Discarded, Error, ErrorKind, webhook::NAMESPACES};
use crate::value::Timestamp;
use serde_json::Value as Json;

/// Records on a page of the older version.
const PAGE_SIZE: usize = 100;

impl Procore {
    pub(in super::super) async fn given_up(&self, since: Timestamp) -> Result<Vec<Discarded>, Error> {
        let mut all = Vec::new();
        for ground in self.grounds(false).await? {
            for standing in self.hooks_on(&ground, None).await? {
                if standing.hook.namespace.starts_with(NAMESPACES) {
                    all.extend(self.given_up_by(&ground, &standing.hook.id, since).await?);
                }
            }
        }
        all.retain(|one| one.at.is_none_or(|at| at >= since));
        Ok(all)
    }

    async fn given_up_by(&self, ground: &Ground, hook: &str, since: Timestamp) -> Result<Vec<Discarded>, Error> {
        let project = ground.scope.map_or(String::new(), |id| format!("/projects/{id}"));
        let path = format!("/rest/v2.0/companies/{}{project}/webhooks/hooks/{hook}/deliveries", self.company());
        let query = Query::new().with("filter[status]", "discarded").with("filter[start]", &since.date().to_string());
        let what = format!("discarded deliveries of webhook {hook}");
        let shown = match self.data_pages(&path, &query, &what).await {
            Err(error) if error.kind == ErrorKind::NotFound => self.older_pages(ground, hook, since, &what).await?,
            other => other?,
        };
        Ok(shown.iter().filter_map(|shown| discarded(hook, shown)).collect())
    }

    /// By the older version, newest first, until they are older than wanted.
    async fn older_pages(&self, ground: &Ground, hook: &str, since: Timestamp, what: &str) -> Result<Vec<Json>, Error> {
        let (place, id) = ground.scope.map_or(("company_id", self.company()), |id| ("project_id", id));
        let mut all: Vec<Json> = Vec::new();
        let mut start: Option<String> = None;
        loop {
            // One document has `filters`, the other `filter`.
            let mut query = Query::new()
                .with(place, &id.to_string())
                .with("filters[status]", "discarded")
                .with("filter[status]", "discarded")
                .with("page_size", &PAGE_SIZE.to_string());
            if let Some(start) = &start {
                query = query.with("page_start", start);
            }
            let path = format!("/rest/v1.0/webhooks/hooks/{hook}/deliveries?{}", query.into_string());
            let response = self.get(&self.at(&path), what).await?;
            let body: Json = serde_json::from_slice(&response.body)
                .map_err(|problem| error::malformed(&response, what, &problem.to_string()))?;
            let list = body.as_array().ok_or_else(|| error::malformed(&response, what, "it is not a list"))?;
            let last = list.last().and_then(|last| id_of(&last["event_id"]));
            all.extend(list.iter().cloned());
            let old = list.last().and_then(tried).is_some_and(|at| at < since);
            // A server that does not know `page_start` would tell the same for ever.
            if list.len() < PAGE_SIZE || old || last.is_none() || last == start {
                return Ok(all);
            }
            start = last;
        }
    }
}

/// A filter that the server does not know might be ignored, so each says itself what became of it.
fn discarded(hook: &str, shown: &Json) -> Option<Discarded> {
    let became = shown["status"].as_str().or_else(|| shown["outcome"].as_str())?;
    let payload = if shown["payload"].is_object() { &shown["payload"] } else { &shown["event"] };
    let notice = webhook::notice(payload).ok().filter(|_| became == "discarded")?;
    let attempts = shown["delivery_attempts"].as_array();
    let last = attempts.and_then(|attempts| attempts.last()).unwrap_or(shown);
    let said = ["response_error", "response_body"].iter().find_map(|name| last[*name].as_str()).unwrap_or_default();
    Some(Discarded {
        hook: hook.to_owned(),
        at: tried(last).or(notice.at),
        notice,
        status: last["response_status"].as_u64().and_then(|status| u16::try_from(status).ok()),
        said: said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect(),
    })
}

fn tried(attempt: &Json) -> Option<Timestamp> {
    ["completed_at", "started_at"].iter().find_map(|name| attempt[*name].as_str()?.parse().ok())
}
