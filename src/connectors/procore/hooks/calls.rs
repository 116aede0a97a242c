//! Requests to Procore's interface for hooks and triggers, version 2.0.
//!
//! Lists come in pages under `data`. Their default page is small and their largest is not
//! known, so a page counts as the last only where it is certain. The secret goes out and
//! never comes back: what is shown of it are its last five characters.

use super::super::client::Procore;
use super::super::error;
use super::super::query::Query;
use super::super::webhook::FORM;
use crate::connector::{Effect, Error, Hook, HookStatus, NoticeEvent, Trigger};
use crate::value::{Record, Value};
use crate::world::{HttpResponse, Method};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value as Json, json};

const PER_PAGE: usize = 100;
/// A page that is smaller than any that Procore makes by itself is the last.
const SMALLEST_PAGE: usize = 10;
/// So many triggers are taken at once.
const AT_ONCE: usize = 500;
/// So many characters of the secret are shown.
const SHOWN: usize = 5;

/// Where hooks lie: the company, or one project of it.
#[derive(Clone, Debug)]
pub struct Ground {
    pub scope: Option<i64>,
    /// For people.
    pub name: String,
}

impl Ground {
    pub fn company() -> Self {
        Self { scope: None, name: "the company".to_owned() }
    }

    pub fn project(record: &Record) -> Option<Self> {
        let id = record.get("id").and_then(Value::as_integer)?;
        let called = ["project_number", "name"].iter().find_map(|field| record.get(field).and_then(Value::as_text));
        Some(Self { scope: Some(id), name: format!("project {}", called.unwrap_or(&id.to_string())) })
    }
}

/// A hook, and what is shown of its secret.
pub struct Standing {
    pub hook: Hook,
    secret: Shown,
}

enum Shown {
    /// The answer says nothing of it.
    Unknown,
    None,
    Masked(String),
}

impl Standing {
    fn read(shown: &Json, ground: &Ground) -> Option<Self> {
        let text = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
        let status = match shown["status"].as_str() {
            Some("active") | None => HookStatus::Active,
            Some("disabled") => HookStatus::Disabled,
            Some(other) => HookStatus::Other(other.to_owned()),
        };
        let secret = match shown.get("destination_headers") {
            None => Shown::Unknown,
            Some(headers) => {
                headers["Authorization"].as_str().map_or(Shown::None, |text| Shown::Masked(text.to_owned()))
            }
        };
        let hook = Hook {
            id: id_of(&shown["id"])?,
            namespace: text("namespace"),
            destination: text("destination_url"),
            scope: ground.scope.map(|id| id.to_string()),
            form: text("payload_version"),
            status,
            triggers: Vec::new(),
        };
        Some(Self { hook, secret })
    }

    /// Whether this may be its secret, as far as can be seen.
    pub fn may_have(&self, secret: &str) -> bool {
        let end: String = secret.chars().rev().take(SHOWN).collect::<Vec<_>>().into_iter().rev().collect();
        match &self.secret {
            Shown::Unknown => true,
            Shown::None => false,
            Shown::Masked(shown) => shown.ends_with(&end),
        }
    }
}

/// What is to be changed of a hook.
pub struct Patch<'a> {
    pub destination: Option<&'a str>,
    pub secret: Option<&'a SecretString>,
    pub wake: bool,
}

impl Procore {
    fn hooks_path(&self, ground: &Ground) -> String {
        let project = ground.scope.map_or(String::new(), |id| format!("/projects/{id}"));
        format!("/rest/v2.0/companies/{}{project}/webhooks/hooks", self.company())
    }

    /// The hooks there; with a namespace, only those of it.
    pub(super) async fn hooks_on(&self, ground: &Ground, namespace: Option<&str>) -> Result<Vec<Standing>, Error> {
        let query = namespace.map_or(Query::new(), |namespace| Query::new().with("namespace", namespace));
        let what = format!("the webhooks of {}", ground.name);
        let shown = self.data_pages(&self.hooks_path(ground), &query, &what).await?;
        let hooks = shown.iter().filter_map(|shown| Standing::read(shown, ground));
        // A filter that the server does not know might be ignored.
        Ok(hooks.filter(|one| namespace.is_none_or(|namespace| one.hook.namespace == namespace)).collect())
    }

    pub(super) async fn triggers_of(&self, ground: &Ground, hook: &str) -> Result<Vec<Trigger>, Error> {
        let path = format!("{}/{hook}/triggers", self.hooks_path(ground));
        let shown = self.data_pages(&path, &Query::new(), &format!("the triggers of webhook {hook}")).await?;
        let trigger = |shown: &Json| {
            let named = shown["resource_name"].as_str()?.to_owned();
            Some(Trigger { id: id_of(&shown["id"])?, named, event: NoticeEvent::of(shown["event_type"].as_str()?) })
        };
        Ok(shown.iter().filter_map(trigger).collect())
    }

    /// Its id.
    pub(super) async fn create_hook(
        &self,
        ground: &Ground,
        namespace: &str,
        destination: &str,
        secret: &SecretString,
    ) -> Result<String, Error> {
        let what = format!("a new webhook of {}", ground.name);
        let body = json!({
            "payload_version": FORM,
            "namespace": namespace,
            "destination_url": destination,
            "destination_headers": {"Authorization": secret.expose_secret()},
        });
        let response = self.send(Method::Post, &self.hooks_path(ground), Some(&body), &what).await?;
        let shown: Json = serde_json::from_slice(&response.body).unwrap_or_default();
        id_of(&shown["data"]["id"]).ok_or_else(|| unreadable(&response, &what, "it holds no `id`"))
    }

    pub(super) async fn patch_hook(&self, ground: &Ground, hook: &str, patch: &Patch<'_>) -> Result<(), Error> {
        let mut body = Map::new();
        if let Some(destination) = patch.destination {
            body.insert("destination_url".to_owned(), destination.into());
            body.insert("payload_version".to_owned(), FORM.into());
        }
        if let Some(secret) = patch.secret {
            body.insert("destination_headers".to_owned(), json!({"Authorization": secret.expose_secret()}));
        }
        if patch.wake {
            body.insert("status".to_owned(), "active".into());
        }
        let path = format!("{}/{hook}", self.hooks_path(ground));
        let what = format!("a change of webhook {hook}");
        self.send(Method::Patch, &path, Some(&Json::Object(body)), &what).await.map(|_| ())
    }

    /// One that is gone already is gone.
    pub(super) async fn delete_hook(&self, ground: &Ground, hook: &str) -> Result<(), Error> {
        let path = format!("{}/{hook}", self.hooks_path(ground));
        match self.send(Method::Delete, &path, None, &format!("the removal of webhook {hook}")).await {
            Err(error) if error.status == Some(404) => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// What was not taken, in a sentence each.
    pub(super) async fn create_triggers(
        &self,
        ground: &Ground,
        hook: &str,
        triggers: &[(String, NoticeEvent)],
    ) -> Result<Vec<String>, Error> {
        let path = format!("{}/{hook}/triggers/bulk", self.hooks_path(ground));
        let what = format!("new triggers of webhook {hook}");
        let mut refused = Vec::new();
        for part in triggers.chunks(AT_ONCE) {
            let one =
                |(named, event): &(String, NoticeEvent)| json!({"resource_name": named, "event_type": event.name()});
            let body = part.iter().map(one).collect();
            let response = self.send(Method::Post, &path, Some(&body), &what).await?;
            if response.status == 207 {
                // In which words it says so is not recorded: what is there now tells.
                let there = self.triggers_of(ground, hook).await?;
                let is_there = |(named, event): &&(String, NoticeEvent)| {
                    !there.iter().any(|trigger| trigger.named == *named && trigger.event == *event)
                };
                refused.extend(
                    part.iter()
                        .filter(is_there)
                        .map(|(named, event)| format!("{}: Procore does not tell of `{named}` {event}", ground.name)),
                );
            }
        }
        Ok(refused)
    }

    pub(super) async fn delete_triggers(&self, ground: &Ground, hook: &str, ids: &[&str]) -> Result<(), Error> {
        let path = format!("{}/{hook}/triggers/bulk", self.hooks_path(ground));
        for part in ids.chunks(AT_ONCE) {
            let what = format!("the removal of triggers of webhook {hook}");
            // Some that were gone already make it a 207.
            self.send(Method::Delete, &path, Some(&json!(part)), &what).await?;
        }
        Ok(())
    }

    /// Everything that a list under `data` holds, page by page.
    pub(super) async fn data_pages(&self, path: &str, query: &Query, what: &str) -> Result<Vec<Json>, Error> {
        let mut all = Vec::new();
        for page in 1_usize.. {
            let query = query.clone().with("page", &page.to_string()).with("per_page", &PER_PAGE.to_string());
            let response = self.get(&self.at(&format!("{path}?{}", query.into_string())), what).await?;
            let body: Json = serde_json::from_slice(&response.body)
                .map_err(|problem| error::malformed(&response, what, &problem.to_string()))?;
            let list = body["data"].as_array().ok_or_else(|| error::malformed(&response, what, "it holds no list"))?;
            all.extend(list.iter().cloned());
            let number = |name: &str| response.header(name).and_then(|text| text.trim().parse::<usize>().ok());
            let last = match (number("Total"), number("Per-Page")) {
                (Some(total), _) => all.len() >= total,
                (None, Some(size)) => list.len() < size,
                (None, None) => list.len() < SMALLEST_PAGE,
            };
            if last || list.is_empty() {
                break;
            }
        }
        Ok(all)
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Json>, what: &str) -> Result<HttpResponse, Error> {
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.exchange(method, &self.at(path), &body, what).await
    }
}

fn unreadable(response: &HttpResponse, what: &str, problem: &str) -> Error {
    error::malformed(response, what, problem).effect(Effect::Unknown)
}

/// An id stands in a path: digits, letters and dashes only.
pub fn id_of(value: &Json) -> Option<String> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let fits = !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (fits && !value.is_null()).then_some(text)
}
