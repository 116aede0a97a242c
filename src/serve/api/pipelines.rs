//! The pipelines, and where each stands.

use super::answer::{At, Wrong, customer};
use crate::serve::http::Caller;
use crate::serve::{Customer, House};
use crate::store::Outcome;
use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub async fn list(State(house): State<Arc<House>>, Extension(caller): Extension<Caller>) -> Json<Value> {
    let seen = house.customers().into_iter().filter(|customer| caller.sees(&customer.name));
    Json(json!({ "pipelines": seen.map(|customer| summary(&customer)).collect::<Vec<_>>() }))
}

pub async fn one(
    State(house): State<Arc<House>>,
    Extension(caller): Extension<Caller>,
    At(name): At<String>,
) -> Result<Json<Value>, Wrong> {
    Ok(Json(summary(&*customer(&house, &caller, &name)?)))
}

fn summary(customer: &Customer) -> Value {
    let opened = customer.opened();
    let program = &opened.setup.program;
    let mut outcomes = Map::new();
    for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Unchanged) {
        outcomes.insert(name(outcome), totals(customer, outcome));
    }
    let refused = customer.refused();
    json!({
        "name": customer.name,
        "sandbox": opened.setup.sandbox,
        "currency": program.currency(),
        "flows": program.flows().iter().map(|flow| flow.name()).collect::<Vec<_>>(),
        "program_hash": program.hash(),
        "records": outcomes,
        "awaiting_approval": customer.index.totals(|summary| summary.awaits_approval).records,
        "refused_file": refused.map(|refusal| json!({ "message": refusal.message, "mend": refusal.mend })),
    })
}

fn totals(customer: &Customer, outcome: Outcome) -> Value {
    let totals = customer.index.totals(|summary| summary.outcome == outcome);
    json!({ "count": totals.records, "amount": totals.amount.to_string(), "oldest": totals.oldest })
}

/// `in_doubt`.
pub fn name(outcome: Outcome) -> String {
    outcome.word().replace(' ', "_")
}
