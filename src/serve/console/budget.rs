//! `/{customer}/budget`: how many calls each system allows, and how many are used.

use super::Section;
use super::glance::grouped;
use super::page::{Page, data};
use super::times::{Times, When};
use super::visit::Here;
use crate::connector::Pace as _;
use axum::response::Response;
use minijinja::context;
use serde::Serialize;

pub async fn of(here: Here) -> Response {
    let times = Times::of(&here.customer);
    let opened = here.customer.opened();
    let connections: Vec<Connection> = opened
        .setup
        .paces
        .iter()
        .map(|(name, pace)| Connection {
            name: name.clone(),
            system: opened.system_title(name).unwrap_or_default(),
            requests: grouped(pace.requests()),
            windows: pace
                .allowances()
                .into_iter()
                .rev()
                .map(|window| Window {
                    limit: grouped(window.limit),
                    used: grouped(window.used),
                    left: grouped(window.limit.saturating_sub(window.used)),
                    share: (window.used.min(window.limit) * 1_000).checked_div(window.limit).unwrap_or(0),
                    percent: (window.used * 100).checked_div(window.limit).unwrap_or(0),
                    ends: window.ends.map(|at| times.due(at)),
                })
                .collect(),
        })
        .collect();
    Page::new("Rate budget", "budget.html")
        .of(&here.customer, Section::Budget)
        .with(context! { connections => data(&connections) })
        .to(&here.visit)
}

#[derive(Serialize)]
struct Connection {
    name: String,
    system: String,
    /// Since the server was started.
    requests: String,
    windows: Vec<Window>,
}

#[derive(Serialize)]
struct Window {
    limit: String,
    used: String,
    left: String,
    /// In thousandths.
    share: u64,
    percent: u64,
    ends: Option<When>,
}
