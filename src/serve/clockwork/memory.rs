//! When each flow was last begun, and so when it is due next.

use super::rounds::Round;
use crate::engine;
use crate::serve::Customer;
use crate::serve::schedule::{Line, Timetable};
use crate::serve::status::{Ran, Status};
use crate::store::{RunEntry, Trigger};
use crate::value::{Span, Timestamp};
use std::collections::BTreeMap;

/// So many of the newest runs are looked at first; where they do not tell enough, all are.
const NEWEST: usize = 200;
/// What is caught up when the process starts begins within this, so that forty customers who
/// were all stopped for an hour do not all call at once.
const CATCHING_UP: Span = Span::from_secs(10);

pub struct Memory {
    flows: BTreeMap<String, Last>,
    /// What is caught up begins here.
    start: Timestamp,
}

/// When a flow was last begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Last {
    /// By whatever reads its source; `None` for never.
    run: Option<Timestamp>,
    /// By a reconcile poll; where there was none yet, when it was first run at all.
    reconcile: Option<Timestamp>,
    /// Since this process lives.
    looked: bool,
}

impl Memory {
    /// As the store remembers it.
    pub fn of(customer: &Customer, timetable: &Timetable, now: Timestamp) -> Self {
        let store = customer.store();
        let known = store.runs(NEWEST).and_then(|runs| {
            let told = runs.len() < NEWEST || timetable.lines.iter().all(|line| is_told(&runs, line));
            if told { Ok(runs) } else { store.runs(usize::MAX) }
        });
        let runs = known.unwrap_or_else(|error| {
            let pipeline = &customer.name;
            tracing::error!(pipeline, mend = error.hint, "what ran before cannot be read: {}", error.message);
            Vec::new()
        });
        let mut status = customer.lock_status();
        for run in runs.iter().filter(|run| is_whole(run)) {
            for line in timetable.lines.iter().filter(|line| covers(run, &line.flow)) {
                let ran = &mut status.flows.entry(line.flow.clone()).or_default().last_run;
                if ran.as_ref().is_none_or(|ran| ran.started < run.started) {
                    let ended = run.ended.unwrap_or(run.started);
                    *ran = Some(Ran { run: run.id.clone(), trigger: run.trigger, started: run.started, ended });
                }
            }
        }
        Self::out_of(&runs, timetable, now)
    }

    /// As these runs tell.
    pub fn out_of(runs: &[RunEntry], timetable: &Timetable, now: Timestamp) -> Self {
        let last = |line: &Line| {
            let of_flow = || runs.iter().filter(|run| is_whole(run) && covers(run, &line.flow));
            // By a clock that may be ahead of this one.
            let started = |run: &RunEntry| run.started.min(now);
            let polls = of_flow().filter(|run| run.trigger == Trigger::Reconcile);
            Last {
                run: of_flow().map(started).max(),
                reconcile: polls.map(started).max().or_else(|| of_flow().map(started).min()),
                looked: false,
            }
        };
        let flows = timetable.lines.iter().map(|line| (line.flow.clone(), last(line))).collect();
        Self { flows, start: now.plus(catching_up(timetable)) }
    }

    /// A clock that was set back leaves nothing in the future: else nothing would be due until then.
    pub fn not_after(&mut self, now: Timestamp) {
        let earlier = |at: &mut Option<Timestamp>| *at = at.map(|at| at.min(now));
        for last in self.flows.values_mut() {
            earlier(&mut last.run);
            earlier(&mut last.reconcile);
        }
    }

    /// What is begun now is due again one pause later.
    pub fn begin(&mut self, round: &Round, now: Timestamp) {
        for flow in &round.flows {
            let last = self.flows.entry(flow.clone()).or_default();
            last.run = Some(now);
            last.looked = true;
            if round.trigger == Trigger::Reconcile || last.reconcile.is_none() {
                last.reconcile = Some(now);
            }
        }
    }

    /// When the flow is to be run.
    pub fn next_run(&self, line: &Line) -> Option<Timestamp> {
        let last = self.last(line);
        let due = match (&line.every, last.run) {
            (Some(every), Some(run)) => every.next_after(run)?,
            (Some(_), None) => self.start,
            // What happened while no process lived may have been told to nobody.
            (None, _) if line.on_notice && !last.looked => self.start,
            (None, _) => return None,
        };
        Some(due.max(self.start))
    }

    /// When the flow is to be looked at further back.
    pub fn next_reconcile(&self, line: &Line) -> Option<Timestamp> {
        let (daily, _) = line.reconcile.as_ref()?;
        let since = self.last(line).reconcile.unwrap_or(self.start);
        Some(daily.next_after(since)?.max(self.start))
    }

    /// When anything is due.
    pub fn next(&self, timetable: &Timetable) -> Option<Timestamp> {
        timetable.lines.iter().flat_map(|line| [self.next_run(line), self.next_reconcile(line)]).flatten().min()
    }

    /// Says on the customer's board what is due when.
    pub fn post(&self, timetable: &Timetable, status: &mut Status) {
        let before = std::mem::take(&mut status.flows);
        status.flows = timetable
            .lines
            .iter()
            .map(|line| {
                let mut flow = before.get(&line.flow).cloned().unwrap_or_default();
                flow.next_run = self.next_run(line);
                flow.next_reconcile = self.next_reconcile(line);
                flow.on_notice = line.on_notice;
                (line.flow.clone(), flow)
            })
            .collect();
    }

    fn last(&self, line: &Line) -> Last {
        self.flows.get(&line.flow).copied().unwrap_or_default()
    }
}

/// Whether the runs tell all that is asked of this flow.
fn is_told(runs: &[RunEntry], line: &Line) -> bool {
    let of_flow = |polled: bool| {
        let wanted = |run: &&RunEntry| !polled || run.trigger == Trigger::Reconcile;
        runs.iter().filter(wanted).any(|run| is_whole(run) && covers(run, &line.flow))
    };
    (line.every.is_none() || of_flow(false)) && (line.reconcile.is_none() || of_flow(true))
}

/// A run that read what it was to read: it was neither broken off nor stopped, and is none that
/// a person picked records for.
fn is_whole(run: &RunEntry) -> bool {
    let report = run.report.as_ref().filter(|report| report["stopped"].is_null());
    run.ended.is_some() && report.is_some() && run.trigger != Trigger::Replay && !engine::is_adoption(run)
}

fn covers(run: &RunEntry, flow: &str) -> bool {
    run.report.as_ref().is_some_and(|report| report["flows"].get(flow).is_some())
}

/// The same share of it as of everything else.
fn catching_up(timetable: &Timetable) -> Span {
    let share = timetable.shift.as_secs_f64() / crate::serve::schedule::LONGEST_SHIFT.as_secs_f64();
    CATCHING_UP.mul_f64(share.clamp(0.0, 1.0))
}
