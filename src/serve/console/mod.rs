//! The console: pages for the people who look after the customers' records.
//!
//! ```text
//!  handler ─> view (what a page shows, as plain data) ─> template ─> Page ─> answer
//! ```
//!
//! Rendered here, of templates that escape every text; works without scripts, and needs nothing
//! from elsewhere. A page reads summaries out of the index and single records out of the store,
//! never all of it. What somebody decides comes in by forms that carry the token of their
//! sign-in, and goes through the engine, which writes it into the log with their name.

mod address;
mod again;
mod assets;
mod audit;
mod budget;
mod decide;
mod engine;
mod flash;
mod form;
mod glance;
mod headers;
mod page;
mod reconciliation;
mod record;
mod run;
mod runs;
mod section;
mod standing;
mod story;
mod times;
mod today;
mod tree;
mod visit;
mod why;
mod work;

pub use headers::secured;
pub use page::{Notice, Page, Tone, onward, refused};
pub use section::Section;

use super::House;
use super::http::{Access, Route};
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};
use std::sync::Arc;

/// Every route of the console.
pub fn routes() -> Vec<Route> {
    let mut routes = assets::routes();
    routes.extend([
        look("/", || get(today::all)),
        look("/{customer}", || get(today::one)),
        look("/{customer}/work", || get(work::list)),
        look("/{customer}/records/{flow}/{*key}", || get(record::show)),
        act("/{customer}/approve", Access::APPROVE, || post(decide::approve)),
        act("/{customer}/reject", Access::APPROVE, || post(decide::reject)),
        act("/{customer}/replay", Access::REPLAY, || post(again::preview)),
        act("/{customer}/replay/send", Access::REPLAY, || post(again::send)),
        act("/{customer}/run", Access::OPERATE, || post(run::now)),
        look("/{customer}/runs", || get(runs::list)),
        look("/{customer}/runs/{run}", || get(runs::one)),
        look("/{customer}/audit", || get(audit::list)),
        look("/{customer}/budget", || get(budget::of)),
        look("/{customer}/reconciliation", || get(reconciliation::show)),
        act("/{customer}/reconciliation", Access::REPLAY, || post(reconciliation::make)),
        look("/{customer}/reconciliation/{file}", || get(reconciliation::file)),
    ]);
    routes
}

fn look(path: &'static str, handler: fn() -> MethodRouter<Arc<House>>) -> Route {
    Route { method: Method::GET, path, access: Access::SIGNED_IN, handler }
}

fn act(path: &'static str, access: Access, handler: fn() -> MethodRouter<Arc<House>>) -> Route {
    Route { method: Method::POST, path, access, handler }
}
