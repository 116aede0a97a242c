//! Making, showing, changing and removing hooks, in both versions of the interface.
//!
//! The secret is kept whole and shown by its last five characters. The older version takes
//! company or project in the body or the query and wraps the hook in a word; the newer has
//! both in the path.

use super::super::changes::Change;
use super::super::errors::{answer, invalid, missing, not_found, wrong};
use super::super::paging::page_under;
use super::super::request::Request;
use super::super::shapes::instant;
use super::super::stock::Stock;
use super::forms::named;
use super::names::NEWER;
use super::{Hook, HookChange, SERVICE_ACCOUNT, Set};
use crate::value::Timestamp;
use crate::world::{HttpResponse, Method};
use serde_json::{Value as Json, json};

pub type Answer = (HttpResponse, Option<Change>);

/// Which interface asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V1,
    V2,
}

/// The place that a request of the older version names: a project, or `None` for the company.
pub fn older_place(stock: &Stock, request: &Request<'_>) -> Result<Option<i64>, HttpResponse> {
    let body = request.json();
    let number = |name: &str| request.integer(name).or_else(|| body[name].as_i64());
    match (number("project_id"), number("company_id")) {
        (Some(project), _) => place(stock, Some(project)),
        (None, Some(company)) if company == stock.contractor.company_id => Ok(None),
        (None, Some(_)) => Err(super::super::errors::not_connected()),
        (None, None) => Err(missing("company_id")),
    }
}

/// The project, if it can be seen; the company always can.
pub fn place(stock: &Stock, project: Option<i64>) -> Result<Option<i64>, HttpResponse> {
    let seen = project.is_none_or(|project| stock.visible_project(project).is_some());
    seen.then_some(project).ok_or_else(|| not_found("Project"))
}

pub fn list(stock: &Stock, request: &Request<'_>, version: Version, scope: Option<i64>) -> HttpResponse {
    let wanted = |hook: &&Hook| {
        let is = |name: &str, value: &str| request.parameter(name).is_none_or(|wanted| wanted == value);
        is("namespace", &hook.set.namespace) && is("payload_version", &hook.set.form)
    };
    let hooks: Vec<&Hook> = stock.hooks.of(scope).filter(wanted).collect();
    match version {
        Version::V1 => answer(200, &hooks.iter().map(|hook| show(stock, version, hook)).collect()),
        Version::V2 => page_under("data", request, NEWER, &hooks, |hook| show(stock, version, hook)),
    }
}

pub fn one(stock: &Stock, scope: Option<i64>, id: i64) -> HttpResponse {
    let found = stock.hooks.get(scope, id);
    found.map_or_else(
        || not_found("Webhooks::Hook"),
        |hook| answer(200, &json!({"data": show(stock, Version::V2, hook)})),
    )
}

/// Makes a hook, or changes the one of that id.
pub fn write(
    stock: &mut Stock,
    request: &Request<'_>,
    version: Version,
    scope: Option<i64>,
    id: Option<i64>,
    now: Timestamp,
) -> Answer {
    let (id, set) = match written(stock, request, version, scope, id) {
        Ok(written) => written,
        Err(refusal) => return (refusal, None),
    };
    let change = HookChange::Written { id, scope, at: now, set };
    stock.hooks.apply(&change);
    let shown = stock.hooks.get(scope, id).map(|hook| show(stock, version, hook)).unwrap_or_default();
    let shown = if version == Version::V2 { json!({"data": shown}) } else { shown };
    let status = if request.method == Method::Post { 201 } else { 200 };
    (answer(status, &shown), Some(Change::Hook { what: change }))
}

fn written(
    stock: &Stock,
    request: &Request<'_>,
    version: Version,
    scope: Option<i64>,
    id: Option<i64>,
) -> Result<(i64, Set), HttpResponse> {
    let body = request.json();
    let wanted = match version {
        Version::V1 => body.get("hook").filter(|hook| hook.is_object()).cloned().ok_or_else(|| missing("hook"))?,
        Version::V2 => body,
    };
    let refuse =
        |field: &str, words: &str| if version == Version::V1 { invalid(field, words) } else { wrong(field, words) };
    let before = match id {
        Some(id) => Some(stock.hooks.get(scope, id).ok_or_else(|| not_found("Webhooks::Hook"))?),
        None => None,
    };
    let text = |name: &str| wanted.get(name).and_then(Json::as_str).map(str::to_owned);
    let form_name = if version == Version::V1 { "api_version" } else { "payload_version" };
    let form = match text(form_name) {
        Some(word) => named(&word).ok_or_else(|| refuse(form_name, "is not included in the list"))?.to_owned(),
        None => before.map(|hook| hook.set.form.clone()).ok_or_else(|| missing(form_name))?,
    };
    let url = text("destination_url").or_else(|| before.map(|hook| hook.set.url.clone()));
    let url = url.ok_or_else(|| missing("destination_url"))?;
    if !may_be_sent_to(&url) {
        return Err(refuse("destination_url", "must be an https URL"));
    }
    let namespace = text("namespace").or_else(|| before.map(|hook| hook.set.namespace.clone()));
    let namespace = match namespace {
        Some(namespace) => namespace,
        // The older version can do without.
        None if version == Version::V1 => "procore".to_owned(),
        None => return Err(missing("namespace")),
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if namespace.is_empty() || !namespace.bytes().all(plain) {
        return Err(refuse("namespace", "may hold small letters, digits and dashes"));
    }
    let active = match text("status").as_deref() {
        Some("active") => true,
        Some("disabled") => false,
        Some(_) => return Err(refuse("status", "is not included in the list")),
        None => before.is_none_or(|hook| hook.set.active),
    };
    let authorization = match wanted.get("destination_headers") {
        Some(headers) => headers["Authorization"].as_str().map(str::to_owned),
        None => before.and_then(|hook| hook.set.authorization.clone()),
    };
    Ok((id.unwrap_or_else(|| stock.hooks.next_id()), Set { namespace, form, url, authorization, active }))
}

/// Encrypted, as the real one wants it; or to this machine, for whoever tries things out.
fn may_be_sent_to(url: &str) -> bool {
    let local = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()) || local.iter().any(|here| url.starts_with(here))
}

pub fn delete(stock: &mut Stock, version: Version, scope: Option<i64>, id: i64) -> Answer {
    if stock.hooks.get(scope, id).is_none() {
        return (not_found("Webhooks::Hook"), None);
    }
    let change = HookChange::Deleted { id };
    stock.hooks.apply(&change);
    (gone(version), Some(Change::Hook { what: change }))
}

/// The answer to a removal.
pub fn gone(version: Version) -> HttpResponse {
    match version {
        Version::V1 => answer(200, &json!({})),
        Version::V2 => HttpResponse { status: 204, headers: Vec::new(), body: Vec::new() },
    }
}

fn show(stock: &Stock, version: Version, hook: &Hook) -> Json {
    let headers = json!({"Authorization": hook.set.authorization.as_deref().map(masked)});
    let company = stock.contractor.company_id;
    match version {
        Version::V1 => json!({
            "id": hook.id,
            "api_version": if hook.set.form == "v2.0" { "v2" } else { &hook.set.form },
            "destination_headers": headers,
            "destination_url": hook.set.url,
            "owned_by_company_id": hook.scope.is_none().then_some(company),
            "owned_by_project_id": hook.scope,
            "owned_by_user_id": SERVICE_ACCOUNT,
            "namespace": hook.set.namespace,
        }),
        Version::V2 => json!({
            "id": hook.id.to_string(),
            "status": if hook.set.active { "active" } else { "disabled" },
            "payload_version": hook.set.form,
            "namespace": hook.set.namespace,
            "destination_headers": headers,
            "destination_url": hook.set.url,
            "trigger_count": hook.triggers.len(),
            "company_id": company.to_string(),
            "project_id": hook.scope.map(|id| id.to_string()),
            "created_at": instant(hook.created),
            "updated_at": instant(hook.updated),
        }),
    }
}

/// `*****a1b2c`
fn masked(secret: &str) -> String {
    let count = secret.chars().count();
    secret.chars().enumerate().map(|(at, c)| if at + 5 < count { '*' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{masked, may_be_sent_to};

    #[test]
    fn only_the_end_of_a_secret_is_shown() {
        assert_eq!(masked("Bearer 0123456789"), "************56789");
        assert_eq!(masked("abc"), "abc");
    }

    #[test]
    fn what_is_not_encrypted_stays_on_this_machine() {
        for (url, may) in [
            ("https://mlc.example/webhooks", true),
            ("http://127.0.0.1:8080/webhooks", true),
            ("http://mlc.example/webhooks", false),
            ("http://127.0.0.1.example/", false),
            ("https://", false),
        ] {
            assert_eq!(may_be_sent_to(url), may, "{url}");
        }
    }
}
