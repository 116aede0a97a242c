//! `/api/v1`: what the console does, for programs. The document at `/api/v1/openapi.json` tells
//! every path, what it takes and what it answers; a test holds it against the table of routes.
//!
//! What is wrong with a request is told as `{"error": {"message", "mend"}}`.

mod actions;
mod answer;
mod audit;
mod budget;
mod document;
mod pipelines;
mod records;
mod runs;

pub use document::document;

use super::http::{Access, Route};
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};

/// All routes of the API.
pub fn routes() -> Vec<Route> {
    let look = |path, handler| Route { method: Method::GET, path, access: Access::SIGNED_IN, handler };
    let act = |path, access, handler| Route { method: Method::POST, path, access, handler };
    vec![
        look("/api/v1/openapi.json", || get(document::answer)),
        look("/api/v1/pipelines", || get(pipelines::list)),
        look("/api/v1/pipelines/{customer}", || get(pipelines::one)),
        look("/api/v1/pipelines/{customer}/records", || get(records::list)),
        look("/api/v1/pipelines/{customer}/records/{flow}/{*key}", || get(records::one)),
        look("/api/v1/pipelines/{customer}/runs", || get(runs::list)),
        look("/api/v1/pipelines/{customer}/runs/{run}", || get(runs::one)),
        look("/api/v1/pipelines/{customer}/audit", || get(audit::list)),
        look("/api/v1/pipelines/{customer}/budget", || get(budget::of)),
        act("/api/v1/pipelines/{customer}/approve", Access::APPROVE, || post(actions::approve)),
        act("/api/v1/pipelines/{customer}/reject", Access::APPROVE, || post(actions::reject)),
        act("/api/v1/pipelines/{customer}/replay", Access::REPLAY, || post(actions::replay)),
        act("/api/v1/pipelines/{customer}/run", Access::OPERATE, || post(actions::run)),
    ]
}

/// Paths below `/api` that are not there.
pub fn not_found() -> MethodRouter<std::sync::Arc<super::House>> {
    axum::routing::any(|| async { answer::Wrong::not_found("there is no such path", "see /api/v1/openapi.json") })
}
