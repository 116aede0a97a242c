//! What a customer's flows are at, for pages and for machines that look after the process.

use crate::engine::{Options, Report, RunError};
use crate::store::Trigger;
use crate::value::Timestamp;
use indexmap::IndexMap;
use serde::Serialize;

/// Of one customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Status {
    /// By name, in the program's order.
    pub flows: IndexMap<String, FlowStatus>,
    /// What is going on just now.
    pub running: Option<Running>,
    /// Whatever went wrong last, in a run that has not been made good by a later one.
    pub trouble: Option<Trouble>,
}

/// Of one flow.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FlowStatus {
    /// When it is due; `None` for one that runs by hand, or when its source tells of changes.
    pub next_run: Option<Timestamp>,
    pub next_reconcile: Option<Timestamp>,
    /// `run on webhook`.
    pub on_notice: bool,
    /// The last run that came to its end.
    pub last_run: Option<Ran>,
    /// The last run that did not; `None` once one did again.
    pub last_failure: Option<Trouble>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ran {
    /// Empty for one of which only the time is known.
    pub run: String,
    pub trigger: Trigger,
    pub started: Timestamp,
    pub ended: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trouble {
    pub at: Timestamp,
    /// What happened, in a sentence.
    pub message: String,
    /// Who mends it, and how.
    pub mend: String,
}

/// A run that is going on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Running {
    pub since: Timestamp,
    pub trigger: Trigger,
    /// Its flows; empty for all.
    pub flows: Vec<String>,
    /// It goes on for longer than any run should.
    pub overdue: bool,
    /// It reads all of its flows' sources, and not only what notices named.
    #[serde(skip)]
    pub whole: bool,
}

impl Status {
    pub(super) fn begin(&mut self, now: Timestamp, options: &Options) {
        self.running = Some(Running {
            since: now,
            trigger: options.trigger,
            flows: options.flows.clone(),
            overdue: false,
            whole: options.touched.is_none(),
        });
    }

    /// A run is over; `flows` are those that it was to run.
    pub(super) fn end(&mut self, now: Timestamp, flows: &[String], ended: &Result<Report, RunError>) {
        let running = self.running.take();
        let started = running.as_ref().map_or(now, |running| running.since);
        let whole = running.as_ref().is_none_or(|running| running.whole);
        for flow in flows {
            let trouble = trouble(now, ended, flow);
            let status = self.flows.entry(flow.clone()).or_default();
            match (&trouble, ended) {
                (None, Ok(report)) => {
                    let (run, trigger) = (report.run.clone(), report.trigger);
                    status.last_run = Some(Ran { run, trigger, started, ended: now });
                    if whole {
                        status.last_failure = None;
                    }
                }
                (trouble, _) => status.last_failure.clone_from(trouble),
            }
        }
        self.trouble = self.flows.values().find_map(|flow| flow.last_failure.clone());
    }

    /// A run that was not even begun.
    pub(super) fn failed(&mut self, now: Timestamp, flows: &[String], error: &RunError) {
        let trouble = Trouble { at: now, message: error.message.clone(), mend: error.mend.clone() };
        for flow in flows {
            self.flows.entry(flow.clone()).or_default().last_failure = Some(trouble.clone());
        }
        self.trouble = Some(trouble);
    }

    /// When something is due next.
    pub fn next(&self) -> Option<Timestamp> {
        self.flows.values().flat_map(|flow| [flow.next_run, flow.next_reconcile]).flatten().min()
    }
}

/// What keeps a run from counting as one in which the flow came to its end.
fn trouble(now: Timestamp, ended: &Result<Report, RunError>, flow: &str) -> Option<Trouble> {
    let (message, mend) = match ended {
        Err(error) => (error.message.clone(), error.mend.clone()),
        Ok(report) => match (&report.stopped, report.failed_scopes.iter().find(|failed| failed.flow == flow)) {
            (Some(stopped), _) => (stopped.clone(), "it goes on when it is due next".to_owned()),
            (None, Some(failed)) => (format!("{}: {}", failed.scope, failed.message), failed.mend.clone()),
            (None, None) => return None,
        },
    };
    Some(Trouble { at: now, message, mend })
}
