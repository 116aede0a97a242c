//! A run in good hands: what goes wrong in it stays in it.
//!
//! A run that panics is told of, one that takes too long is told of, asked to stop, and in the
//! end broken off. The engine is made for processes that die at any moment, so whatever was open
//! is settled by the next run.

use super::customer::Customer;
use crate::engine::{self, Options, Report, RunError, RunErrorKind};
use crate::value::render_duration;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{OwnedMutexGuard, watch};
use tokio::task::{AbortHandle, JoinError};

/// Runs, and keeps the customer's status. It goes on when the caller is gone.
pub async fn run(customer: &Arc<Customer>, turn: OwnedMutexGuard<()>, options: &Options) -> Result<Report, RunError> {
    let run = tokio::spawn(watched(Arc::clone(customer), turn, options.clone()));
    run.await.unwrap_or_else(|error| Err(lost(error)))
}

async fn watched(customer: Arc<Customer>, _turn: OwnedMutexGuard<()>, options: Options) -> Result<Report, RunError> {
    let clock = Arc::clone(&customer.shared.clock);
    let opened = customer.opened();
    let flows: Vec<String> = if options.flows.is_empty() {
        opened.setup.program.flows().iter().map(|flow| flow.name().to_owned()).collect()
    } else {
        options.flows.clone()
    };
    customer.lock_status().begin(clock.now(), &options);
    let (ask, asked) = watch::channel(false);
    let theirs = options.cancel.clone();
    let options = Options { cancel: Some(asked), ..options };
    let mut work = tokio::spawn(async move { engine::run(&opened.setup, &options).await });
    let handle = work.abort_handle();
    let ended = tokio::select! {
        biased;
        ended = &mut work => ended.unwrap_or_else(|error| Err(lost(error))),
        never = accompany(&customer, &ask, theirs, &handle) => match never {},
    };
    customer.lock_status().end(clock.now(), &flows, &ended);
    tell(&customer, &ended);
    ended
}

/// Asks the run to stop when somebody wants it or it takes too long, and breaks it off when it
/// does not.
async fn accompany(
    customer: &Customer,
    ask: &watch::Sender<bool>,
    theirs: Option<watch::Receiver<bool>>,
    work: &AbortHandle,
) -> Infallible {
    let (clock, bounds) = (&customer.shared.clock, customer.shared.bounds);
    tokio::select! {
        () = customer.stopped() => {}
        () = asked_by(theirs) => {}
        () = clock.sleep(bounds.run) => {
            if let Some(running) = &mut customer.lock_status().running {
                running.overdue = true;
            }
            let (pipeline, bound) = (&customer.name, render_duration(bounds.run));
            tracing::error!(pipeline, "a run goes on for more than {bound}; it is asked to stop");
        }
    }
    ask.send_replace(true);
    clock.sleep(bounds.grace).await;
    let (pipeline, grace) = (&customer.name, render_duration(bounds.grace));
    tracing::error!(pipeline, "a run did not stop within {grace} and is broken off; the next one settles what is open");
    work.abort();
    std::future::pending().await
}

async fn asked_by(theirs: Option<watch::Receiver<bool>>) {
    if let Some(mut theirs) = theirs
        && theirs.wait_for(|asked| *asked).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

/// A run that ended without an answer.
fn lost(error: JoinError) -> RunError {
    let mend = "the next run settles what is open";
    let (message, mend) = match error.try_into_panic() {
        Ok(panic) => {
            let said = panic.downcast_ref::<&str>().map(ToString::to_string);
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            (format!("the run broke down: {said}"), format!("this is a fault of mlc: report it; {mend}"))
        }
        Err(_) => ("the run took too long and was broken off".to_owned(), format!("look at its systems; {mend}")),
    };
    RunError { kind: RunErrorKind::Internal, message, mend, report: None }
}

fn tell(customer: &Customer, ended: &Result<Report, RunError>) {
    let pipeline = &customer.name;
    match ended {
        Ok(report) => {
            let (run, trigger, counts) = (&report.run, report.trigger.word(), &report.counts);
            let (posted, requests) = (counts.posted, report.requests);
            let waiting = counts.held + counts.rejected + counts.failed + counts.in_doubt;
            tracing::info!(pipeline, run, trigger, posted, waiting, requests, "ran");
            if let Some(stopped) = &report.stopped {
                tracing::warn!(pipeline, run, "stopped before its end: {stopped}");
            }
            for failed in &report.failed_scopes {
                tracing::warn!(pipeline, run, mend = failed.mend, "{} was not read: {}", failed.scope, failed.message);
            }
        }
        Err(error) => tracing::error!(pipeline, mend = error.mend, "a run failed: {}", error.message),
    }
}
