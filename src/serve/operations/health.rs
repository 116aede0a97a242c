//! `/healthz`: whether the process lives, is ready, and is current.
//!
//! Open to all, so it names nobody: which customer is behind stands there only for those who may
//! know of it.

use super::history::History;
use crate::model::RunWhen;
use crate::serve::http::Caller;
use crate::serve::{Customer, House};
use crate::value::{Span, Timestamp};
use axum::Extension;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A run may begin so much after its time, or take so long, before its flow counts as behind.
const GRACE: Span = Span::from_secs(5 * 60);

/// From one reconcile poll to the next.
const DAY: Span = Span::from_secs(24 * 60 * 60);

#[derive(Deserialize)]
pub struct Asked {
    check: Option<String>,
}

#[derive(Serialize)]
struct Health {
    /// It answers.
    live: bool,
    /// There are customers, all of them are opened, and their states can be read and written.
    ready: bool,
    /// Each flow's last good run is not older than its schedule allows.
    current: bool,
    pipelines: usize,
    not_open: usize,
    behind: usize,
    version: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flows_behind: Vec<Behind>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Behind {
    pub pipeline: String,
    pub flow: String,
    pub last_good: Option<Timestamp>,
}

pub async fn healthz(
    State(house): State<Arc<House>>,
    Query(asked): Query<Asked>,
    caller: Option<Extension<Caller>>,
) -> Response {
    let customers = house.customers();
    let not_open = house.closed().len();
    let mut behind = Vec::new();
    let mut readable = true;
    for customer in &customers {
        match house
            .operations
            .with_history(customer, |history| behind_of(customer, history, customer.opened().setup.clock.now()))
        {
            Ok(flows) => behind.extend(flows),
            Err(_) => readable = false,
        }
        // What could not be written once is not written again before the process starts anew.
        readable &= !customer.index.refuses();
    }
    // A folder that is not mounted looks like one without files.
    let served = !customers.is_empty() && readable;
    let (ready, current) = (not_open == 0 && served, behind.is_empty() && served);
    let well = match asked.check.as_deref() {
        None => ready && current,
        Some("live") => true,
        Some("ready") => ready,
        Some("current") => current,
        Some(_) => return (StatusCode::BAD_REQUEST, "check is one of live, ready and current\n").into_response(),
    };
    let sees = |flow: &Behind| caller.as_ref().is_some_and(|caller| caller.sees(&flow.pipeline));
    let health = Health {
        live: true,
        ready,
        current,
        pipelines: customers.len(),
        not_open,
        behind: behind.len(),
        version: env!("CARGO_PKG_VERSION"),
        flows_behind: behind.into_iter().filter(sees).collect(),
    };
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(health)).into_response()
}

/// The flows whose last good run is older than two of its intervals.
pub fn behind_of(customer: &Customer, history: &History, now: Timestamp) -> Vec<Behind> {
    let opened = customer.opened();
    let flows = opened.setup.program.flows().iter().filter_map(|flow| {
        let pause = match (&flow.schedule().run, &flow.schedule().reconcile) {
            (Some(RunWhen::Every(every)), _) => *every,
            (_, Some(_)) => DAY,
            _ => return None,
        };
        let last_good = history.last_good(flow.name());
        let allowed = pause.saturating_mul(2).saturating_add(GRACE);
        let late = last_good.is_none_or(|last| now.since(last) > allowed);
        late.then(|| Behind { pipeline: customer.name.clone(), flow: flow.name().to_owned(), last_good })
    });
    flows.collect()
}
