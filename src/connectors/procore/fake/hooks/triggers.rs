//! Triggers: one by one, and up to five hundred at once, of which some may fail.

use super::super::changes::Change;
use super::super::errors::{answer, invalid, missing, not_found, wrong};
use super::super::paging::page_under;
use super::super::request::Request;
use super::super::stock::Stock;
use super::management::{Answer, Version, gone};
use super::names::{NEWER, fits};
use super::{Hook, HookChange, Trigger};
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

/// More are too many.
const AT_ONCE: usize = 500;

pub fn list(stock: &Stock, request: &Request<'_>, version: Version, scope: Option<i64>, hook: i64) -> HttpResponse {
    let Some(hook) = stock.hooks.get(scope, hook) else { return not_found("Webhooks::Hook") };
    let all: Vec<(&i64, &Trigger)> = hook.triggers.iter().collect();
    let shown = |(id, trigger): &(&i64, &Trigger)| show(stock, version, hook, **id, trigger);
    match version {
        Version::V1 => answer(200, &all.iter().map(shown).collect()),
        Version::V2 => page_under("data", request, NEWER, &all, shown),
    }
}

fn show(stock: &Stock, version: Version, hook: &Hook, id: i64, trigger: &Trigger) -> Json {
    let company = hook.scope.is_none().then_some(stock.contractor.company_id);
    let text = |id: i64| id.to_string();
    match version {
        Version::V1 => json!({
            "id": id,
            "webhook_hook_id": hook.id,
            "resource_name": trigger.named,
            "resource_id": null,
            "event_type": trigger.event.to_uppercase(),
            "company_id": company,
            "project_id": hook.scope,
            "user_id": null,
        }),
        Version::V2 => json!({
            "id": text(id),
            "webhook_hook_id": text(hook.id),
            "resource_name": trigger.named,
            "event_type": trigger.event,
            "company_id": company.map(text),
            "project_id": hook.scope.map(text),
        }),
    }
}

/// What of a body is a trigger that the hook can have; the complaint if not.
fn read(hook: &Hook, wanted: &Json) -> Result<Trigger, &'static str> {
    let text = |name: &str| wanted[name].as_str().unwrap_or_default();
    let trigger = Trigger { named: text("resource_name").to_owned(), event: text("event_type").to_lowercase() };
    fits(hook.scope, &trigger.named, &trigger.event)?;
    if hook.triggers.values().any(|there| *there == trigger) {
        return Err("trigger has already been taken");
    }
    Ok(trigger)
}

/// `POST …/triggers`
pub fn create(stock: &mut Stock, request: &Request<'_>, version: Version, scope: Option<i64>, hook: i64) -> Answer {
    let body = request.json();
    let Some(held) = stock.hooks.get(scope, hook) else { return (not_found("Webhooks::Hook"), None) };
    let wanted = if version == Version::V1 { &body["trigger"] } else { &body };
    if !wanted.is_object() || wanted["resource_name"].is_null() {
        return (missing(if version == Version::V1 { "trigger" } else { "resource_name" }), None);
    }
    let trigger = match read(held, wanted) {
        Ok(trigger) => trigger,
        Err(words) if version == Version::V1 => return (invalid("trigger", words), None),
        Err(words) => return (wrong("resource_name", words), None),
    };
    let change = made(stock, hook, vec![trigger]);
    let shown = shown(stock, version, scope, hook, &change).into_iter().next().unwrap_or_default();
    let shown = if version == Version::V2 { json!({"data": shown}) } else { shown };
    (answer(201, &shown), Some(Change::Hook { what: change }))
}

/// `POST …/triggers/bulk`
pub fn create_all(stock: &mut Stock, request: &Request<'_>, version: Version, scope: Option<i64>, hook: i64) -> Answer {
    let wanted = match all_of(request, version) {
        Ok(wanted) => wanted,
        Err(refusal) => return (refusal, None),
    };
    let Some(held) = stock.hooks.get(scope, hook) else { return (not_found("Webhooks::Hook"), None) };
    let (mut good, mut failed): (Vec<Trigger>, Vec<Json>) = (Vec::new(), Vec::new());
    for one in &wanted {
        match read(held, one) {
            Ok(trigger) if !good.contains(&trigger) => good.push(trigger),
            Ok(_) => failed.push(failure(one, "trigger has already been taken")),
            Err(words) => failed.push(failure(one, words)),
        }
    }
    let change = (!good.is_empty()).then(|| made(stock, hook, good));
    let success = change.as_ref().map(|change| shown(stock, version, scope, hook, change)).unwrap_or_default();
    let response = match (version, failed.is_empty()) {
        (Version::V1, true) => answer(200, &json!({"success": success})),
        (Version::V1, false) => answer(207, &json!({"success": success, "failed": failed})),
        (Version::V2, true) => answer(201, &json!({"data": success})),
        (Version::V2, false) => answer(207, &json!({"data": {"succeeded": success, "failed": failed}})),
    };
    (response, change.map(|what| Change::Hook { what }))
}

fn failure(wanted: &Json, words: &str) -> Json {
    json!({
        "code": "422",
        "message": words,
        "trigger": {"resource_name": wanted["resource_name"]},
        "errors": {"event_type": words},
    })
}

/// The list of a bulk request; the refusal if it is none, or too long.
fn all_of(request: &Request<'_>, version: Version) -> Result<Vec<Json>, HttpResponse> {
    let body = request.json();
    let list = if version == Version::V1 { &body["triggers"] } else { &body };
    let list = list.as_array().cloned().ok_or_else(|| missing("triggers"))?;
    if list.len() > AT_ONCE {
        return Err(answer(413, &json!({"errors": "Payload Too Large: at most 500 triggers at once"})));
    }
    Ok(list)
}

fn made(stock: &mut Stock, hook: i64, triggers: Vec<Trigger>) -> HookChange {
    let ids = stock.hooks.next_trigger_id()..;
    let change = HookChange::TriggersMade { hook, triggers: ids.zip(triggers).collect() };
    stock.hooks.apply(&change);
    change
}

fn shown(stock: &Stock, version: Version, scope: Option<i64>, hook: i64, change: &HookChange) -> Vec<Json> {
    let HookChange::TriggersMade { triggers, .. } = change else { return Vec::new() };
    let Some(hook) = stock.hooks.get(scope, hook) else { return Vec::new() };
    triggers.iter().map(|(id, trigger)| show(stock, version, hook, *id, trigger)).collect()
}

/// `DELETE …/triggers/{id}`
pub fn delete(stock: &mut Stock, version: Version, scope: Option<i64>, hook: i64, id: i64) -> Answer {
    if !stock.hooks.get(scope, hook).is_some_and(|hook| hook.triggers.contains_key(&id)) {
        return (not_found("Webhooks::Trigger"), None);
    }
    let change = HookChange::TriggersDeleted { hook, ids: vec![id] };
    stock.hooks.apply(&change);
    (gone(version), Some(Change::Hook { what: change }))
}

/// `DELETE …/triggers/bulk`
pub fn delete_all(stock: &mut Stock, request: &Request<'_>, version: Version, scope: Option<i64>, hook: i64) -> Answer {
    let wanted = match all_of(request, version) {
        Ok(wanted) => wanted,
        Err(refusal) => return (refusal, None),
    };
    let Some(held) = stock.hooks.get(scope, hook) else { return (not_found("Webhooks::Hook"), None) };
    let number = |id: &Json| id.as_i64().or_else(|| id.as_str()?.parse().ok());
    let there = |id: &&Json| number(id).is_some_and(|id| held.triggers.contains_key(&id));
    let (good, bad): (Vec<&Json>, Vec<&Json>) = wanted.iter().partition(there);
    let ids: Vec<i64> = good.iter().filter_map(|id| number(id)).collect();
    let failed: Vec<Json> = bad.iter().map(|id| json!({"code": "404", "trigger": id})).collect();
    let response = match (version, failed.is_empty()) {
        (Version::V1, true) => answer(200, &json!({"success": ids})),
        (Version::V1, false) => answer(207, &json!({"success": ids, "failed": failed})),
        (Version::V2, true) => answer(200, &json!({"data": {"succeeded": good}})),
        (Version::V2, false) => answer(207, &json!({"data": {"succeeded": good, "failed": failed}})),
    };
    if ids.is_empty() {
        return (response, None);
    }
    let change = HookChange::TriggersDeleted { hook, ids };
    stock.hooks.apply(&change);
    (response, Some(Change::Hook { what: change }))
}
