//! Run now, by a button.

use super::decide::wrong;
use super::form::Sent;
use super::glance::grouped;
use super::page::{Notice, led_to};
use super::{Section, address};
use crate::engine::Report;
use crate::serve::act::{self, ActError};
use crate::value::Span;
use axum::response::Response;
use std::sync::Arc;

/// So long the page waits for the run's end; then it goes on by itself.
const PATIENCE: Span = Span::from_secs(20);

pub async fn now(sent: Sent) -> Response {
    let customer = Arc::clone(&sent.here.customer);
    let home = Section::Today.href(&address::segment(&customer.name));
    let clock = sent.here.visit.house.outside.clock.clone();
    // A browser that goes away does not break off a run.
    let caller = sent.here.visit.caller.clone();
    let running = tokio::spawn(async move { act::run(&customer, &caller, Vec::new()).await });
    let notice = tokio::select! {
        ended = running => ended.map_or_else(|_| broken(), |ended| told(&ended)),
        () = clock.sleep(PATIENCE) => {
            Notice::wait("The run goes on.", "This page shows what came of it once it has ended.")
        }
    };
    led_to(&home, &notice)
}

fn told(ended: &Result<Report, ActError>) -> Notice {
    let report = match ended {
        Ok(report) => report,
        Err(error) => return wrong(error),
    };
    let counts = &report.counts;
    let waiting = counts.held + counts.rejected + counts.failed + counts.in_doubt;
    let text = format!(
        "The run has ended: {} posted, {} waiting, {} requests.",
        grouped(counts.posted),
        grouped(waiting),
        grouped(report.requests)
    );
    match &report.stopped {
        Some(stopped) => Notice::wait(format!("{text} It stopped before its end."), stopped.clone()),
        None => Notice { mend: report.warnings.join("\n"), ..Notice::done(text) },
    }
}

fn broken() -> Notice {
    Notice::wrong("The run broke off.", "The server's log says why; what was in flight is settled by the next run.")
}
