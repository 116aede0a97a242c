//! `/{customer}/runs`: what ran, when, why and what came of it.

use super::glance::{Ran, grouped, runs};
use super::page::{Page, data};
use super::times::Times;
use super::visit::Here;
use super::{Section, address};
use crate::serve::http::Access;
use axum::response::Response;
use minijinja::context;
use serde::Serialize;
use serde_json::Value as Json;

/// So many runs are listed.
const MOST: usize = 100;

pub async fn list(here: Here) -> Response {
    let times = Times::of(&here.customer);
    let ran = match runs(&here.customer, &times, MOST) {
        Ok(ran) => ran,
        Err(error) => return here.unreadable(&error),
    };
    let home = Section::Runs.href(&address::segment(&here.customer.name));
    let lines: Vec<Line> =
        ran.into_iter().map(|ran| Line { href: format!("{home}/{}", address::segment(&ran.id)), ran }).collect();
    Page::new("Runs", "runs.html")
        .of(&here.customer, Section::Runs)
        .with(context! {
            lines => data(&lines), most => MOST, may_run => Access::OPERATE.lets(Some(here.caller())),
            run_now => format!("{}/run", Section::Today.href(&address::segment(&here.customer.name))),
        })
        .to(&here.visit)
}

#[derive(Serialize)]
struct Line {
    href: String,
    #[serde(flatten)]
    ran: Ran,
}

pub async fn one(here: Here) -> Response {
    let id = here.names.get("run").map_or("", String::as_str);
    let runs = match here.customer.store().runs(usize::MAX) {
        Ok(runs) => runs,
        Err(error) => return here.unreadable(&error),
    };
    let Some(run) = runs.into_iter().find(|run| run.id == id) else {
        return here.missing("There is no such run.");
    };
    let times = Times::of(&here.customer);
    let report = run.report.clone().unwrap_or_default();
    let mut flows = Vec::new();
    for (name, flow) in report["flows"].as_object().into_iter().flatten() {
        flows.push(Flow::of(name, flow));
    }
    let texts = |field: &str| -> Vec<String> {
        report[field].as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
    };
    let failed: Vec<(String, String, String)> = report["failed_scopes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|scope| (text(&scope["scope"]), text(&scope["message"]), text(&scope["mend"])))
        .collect();
    let requests: Vec<(String, String)> = report["requests_by_connection"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, count)| (name.clone(), grouped(count.as_u64().unwrap_or(0))))
        .collect();
    Page::new("One run", "one-run.html")
        .of(&here.customer, Section::Runs)
        .with(context! {
            id => run.id, began => run.trigger.word(), started => data(&times.when(run.started)),
            ended => data(&run.ended.map(|at| times.when(at))), mapping => run.program_hash,
            flows => data(&flows), warnings => texts("warnings"), refused => texts("refused_rows"),
            failed => data(&failed), requests => data(&requests), stopped => text(&report["stopped"]),
            told => run.report.is_some(), runs => Section::Runs.href(&address::segment(&here.customer.name)),
        })
        .to(&here.visit)
}

/// One flow of the report.
#[derive(Serialize)]
struct Flow {
    name: String,
    read: String,
    counts: Vec<(&'static str, &'static str, String)>,
    reasons: Vec<Reason>,
}

#[derive(Serialize)]
struct Reason {
    class: String,
    outcome: String,
    count: String,
    amount: String,
    example: String,
    mend: String,
}

impl Flow {
    fn of(name: &str, flow: &Json) -> Self {
        let count = |field: &str| flow[field].as_u64().unwrap_or(0);
        let outcomes = [
            ("posted", "posted"),
            ("unchanged", "unchanged"),
            ("skipped", "skipped"),
            ("held", "held"),
            ("rejected", "rejected"),
            ("failed", "failed"),
            ("in_doubt", "in doubt"),
        ];
        let counts = outcomes.into_iter().filter(|(field, _)| count(field) > 0);
        let reasons = flow["groups"].as_array().into_iter().flatten().map(|group| Reason {
            class: text(&group["outcome"]),
            outcome: text(&group["outcome"]).replace('_', " "),
            count: grouped(group["count"].as_u64().unwrap_or(0)),
            amount: text(&group["amount"])
                .parse::<crate::value::Decimal>()
                .map_or_else(|_| String::new(), |sum| if sum.is_zero() { String::new() } else { sum.money() }),
            example: text(&group["example"]),
            mend: text(&group["mend"]),
        });
        Self {
            name: name.to_owned(),
            read: grouped(count("read")),
            counts: counts.map(|(field, word)| (field, word, grouped(count(field)))).collect(),
            reasons: reasons.collect(),
        }
    }
}

fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
}
