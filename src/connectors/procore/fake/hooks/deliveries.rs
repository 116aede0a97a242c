//! What became of the events of a hook. The older version goes on after the id of the last
//! event, the newer by pages, and they have other words for the same.

use super::super::errors::{answer, not_found};
use super::super::paging::page_under;
use super::super::request::Request;
use super::super::shapes::instant;
use super::super::stock::Stock;
use super::Hook;
use super::forms::payload;
use super::names::NEWER;
use super::queue::{Became, Logged, Try};
use crate::value::Date;
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

const PAGE: usize = 100;

/// `GET /rest/v1.0/webhooks/hooks/{hook_id}/deliveries`: what was tried, newest first.
pub fn older(stock: &Stock, request: &Request<'_>, scope: Option<i64>, hook: i64) -> HttpResponse {
    let Some(hook) = stock.hooks.get(scope, hook) else { return not_found("Webhooks::Hook") };
    let status = request.parameter("filters[status]").or(request.parameter("filter[status]")).unwrap_or("any");
    let size = request.integer("page_size").and_then(|size| usize::try_from(size).ok()).unwrap_or(PAGE);
    let after = request.integer("page_start");
    let wanted = |logged: &&Logged| match status {
        "successful" => logged.became == Became::Delivered,
        "failing" => logged.became == Became::Retrying,
        "discarded" => logged.became == Became::Discarded,
        _ => logged.became != Became::Enqueued,
    };
    let later = |logged: &&Logged| after.is_none_or(|last| logged.event.id < last);
    let mut kept: Vec<&Logged> = hook.queue.logged().filter(wanted).filter(later).collect();
    kept.sort_by_key(|logged| std::cmp::Reverse(logged.event.id));
    let shown = kept.into_iter().take(size.max(1)).map(|logged| {
        let last = logged.tries.last();
        json!({
            // The documents know no other form here.
            "event": payload("v2.0", stock.contractor.company_id, &logged.event),
            "event_id": logged.event.id,
            "outcome": match logged.became {
                Became::Delivered => "ok",
                Became::Discarded => "discarded",
                Became::Enqueued | Became::Retrying => "retried",
            },
            "response_status": last.and_then(|tried| tried.status),
            "response_headers": {},
            "response_body": null,
            "response_error": last.and_then(complaint),
            "started_at": last.map(|tried| instant(tried.at)),
            "completed_at": last.map(|tried| instant(tried.at)),
        })
    });
    answer(200, &shown.collect())
}

/// `GET …/hooks/{hook_id}/deliveries` of the newer version, newest first.
pub fn newer(stock: &Stock, request: &Request<'_>, scope: Option<i64>, hook: i64) -> HttpResponse {
    let Some(hook) = stock.hooks.get(scope, hook) else { return not_found("Webhooks::Hook") };
    let is = |name: &str, value: &str| request.parameter(name).is_none_or(|wanted| wanted == value);
    let day = |name: &str| request.parameter(name).and_then(|text| text.parse::<Date>().ok());
    let (start, end) = (day("filter[start]"), day("filter[end]"));
    let wanted = |logged: &&Logged| {
        // One may ask for what has succeeded, and is told what was delivered.
        let asked = if logged.became == Became::Delivered { "succeeded" } else { became(logged) };
        let on = logged.event.at.date();
        is("filter[status]", asked)
            && is("filter[resource_name]", &logged.event.named)
            && is("filter[event_type]", &logged.event.happened)
            && start.is_none_or(|start| on >= start)
            && end.is_none_or(|end| on <= end)
    };
    let kept: Vec<&Logged> = hook.queue.logged().filter(wanted).collect();
    page_under("data", request, NEWER, &kept, |logged| show(stock, hook, logged))
}

fn show(stock: &Stock, hook: &Hook, logged: &Logged) -> Json {
    let attempt = |tried: &Try| {
        json!({
            "response_status": tried.status,
            "response_error": complaint(tried),
            "started_at": instant(tried.at),
            "completed_at": instant(tried.at),
        })
    };
    // The record of this answer knows the older form only.
    let form = if hook.set.form == "v4.0" { "v4.0" } else { "v2.0" };
    json!({
        "id": logged.event.ulid,
        "status": became(logged),
        "payload": payload(form, stock.contractor.company_id, &logged.event),
        "delivery_attempts": logged.tries.iter().map(attempt).collect::<Vec<_>>(),
    })
}

fn became(logged: &Logged) -> &'static str {
    match logged.became {
        Became::Enqueued => "enqueued",
        Became::Retrying => "retrying",
        Became::Delivered => "delivered",
        Became::Discarded => "discarded",
    }
}

fn complaint(tried: &Try) -> Option<&'static str> {
    tried.status.is_none().then_some("no answer within 5 seconds")
}
