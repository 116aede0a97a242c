//! The runs.

use super::answer::{Asked, At, Wrong, customer};
use crate::serve::House;
use crate::serve::http::Caller;
use crate::store::RunEntry;
use axum::extract::State;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const LONGEST: usize = 500;
const USUAL: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    limit: Option<usize>,
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
    let runs = customer.store().runs(limit)?;
    Ok(Json(json!({ "runs": runs.iter().map(as_json).collect::<Vec<_>>() })))
}

pub async fn one(
    State(house): State<Arc<House>>,
    Extension(caller): Extension<Caller>,
    At((pipeline, id)): At<(String, String)>,
) -> Result<Json<Value>, Wrong> {
    let customer = customer(&house, &caller, &pipeline)?;
    let found = customer.store().runs(usize::MAX)?.into_iter().find(|run| run.id == id);
    let run = found.ok_or_else(|| Wrong::not_found(format!("there is no run {id}"), "GET …/runs lists them"))?;
    let mut object = as_json(&run);
    object["report"] = run.report.unwrap_or_default();
    Ok(Json(object))
}

fn as_json(run: &RunEntry) -> Value {
    let of_report = |field: &str| run.report.as_ref().and_then(|report| report.get(field)).cloned().unwrap_or_default();
    json!({
        "id": run.id,
        "trigger": run.trigger,
        "started": run.started,
        "ended": run.ended,
        "sandbox": run.sandbox,
        "program_hash": run.program_hash,
        "posted": of_report("posted"),
        "held": of_report("held"),
        "rejected": of_report("rejected"),
        "failed": of_report("failed"),
        "in_doubt": of_report("in_doubt"),
        "requests": of_report("requests"),
        "stopped": of_report("stopped"),
    })
}
