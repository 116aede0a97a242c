//! Whether a household was served as its pipeline says: by its store's runs, its people's papers
//! and its road's meter.

use super::calendar::{Dues, dues};
use super::road::{Mishap, WINDOWS};
use super::street::Household;
use super::{Lived, Outage};
use crate::simulation::oracle::{Breach, Oracle};
use crate::simulation::programs::Rules;
use crate::store::{EventKind, RunEntry, Store, Trigger};
use crate::value::{Span, Timestamp};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// What is due begins within this, the time left aside in which its customer is at work for
/// something that was due before.
pub const PROMPT: Span = Span::from_secs(1);
/// And within this in any case.
pub const BOUND: Span = Span::from_secs(300);
/// What is caught up begins so late after the start at most.
const CAUGHT_UP: Span = Span::from_secs(10);

pub struct Judge<'a> {
    pub household: &'a Household,
    pub from: Timestamp,
    pub until: Timestamp,
    /// Nobody was there to run anything.
    pub outage: Option<Outage>,
    runs: Vec<RunEntry>,
    /// By run, the flows that it was begun for.
    begun: BTreeMap<String, Vec<String>>,
}

impl<'a> Judge<'a> {
    pub fn new(household: &'a Household, from: Timestamp, until: Timestamp, outage: Option<Outage>) -> Self {
        let mut runs = household.store.runs(usize::MAX).unwrap_or_default();
        runs.reverse();
        let log = household.store.audit(0, usize::MAX).unwrap_or_default();
        let started = log.into_iter().filter(|entry| entry.event.kind == EventKind::RunStarted);
        let flows = |detail: &Json| serde_json::from_value(detail["flows"].clone()).unwrap_or_default();
        let begun = started.map(|entry| (entry.event.run, flows(&entry.event.detail))).collect();
        Self { household, from, until, outage, runs, begun }
    }

    /// Everything that was promised; what there was to be seen is added up.
    pub fn judge(&self, lived: &mut Lived) -> Result<(), Breach> {
        lived.runs += self.runs.len() as u64;
        self.never_two_at_once()?;
        let written = dues(&self.household.program, self.from, self.until).map_err(|detail| Breach {
            invariant: "nothing is shifted by more than it may be",
            detail: self.of(&detail),
        })?;
        for Dues { flow, runs, polls } in &written {
            self.on_time(flow, runs, false, lived)?;
            self.on_time(flow, polls, true, lived)?;
            if !runs.is_empty() {
                self.once_after(flow, runs)?;
            }
        }
        self.papers(&written, lived)?;
        self.within_windows(lived)
    }

    /// And what stands in both books, when nothing is left to do.
    pub fn books(&self) -> Result<(), Breach> {
        let Household { network, store, scope, .. } = self.household;
        let oracle = Oracle { network, store, scope: *scope, remapped: false, rules: Rules::default(), grants: &[] };
        oracle
            .always()
            .and_then(|()| oracle.finally())
            .map_err(|breach| Breach { detail: self.of(&breach.detail), ..breach })
    }

    fn of(&self, detail: &str) -> String {
        format!("{}: {detail}", self.household.name)
    }

    fn never_two_at_once(&self) -> Result<(), Breach> {
        for pair in self.runs.windows(2) {
            if pair[0].ended.is_some_and(|ended| ended > pair[1].started) {
                let detail = format!("{} and {}", pair[0].id, pair[1].id);
                return Err(Breach { invariant: "runs of one customer never overlap", detail: self.of(&detail) });
            }
        }
        Ok(())
    }

    /// Each due instant has a run that begins then, or when its customer's run before it is over.
    fn on_time(&self, flow: &str, dues: &[Timestamp], polls: bool, lived: &mut Lived) -> Result<(), Breach> {
        let last = self.until.minus(BOUND);
        for at in dues.iter().copied().filter(|at| *at < last) {
            if self.is_in_trouble(at) {
                lived.excused += 1;
                continue;
            }
            let wanted = self.outage.filter(|outage| outage.has(at)).map_or(at, |outage| outage.until.plus(CAUGHT_UP));
            let Some(run) = self.first_after(at, flow, polls) else {
                return Err(self.late(flow, at, "nothing was run"));
            };
            lived.dues += 1;
            let waited = run.started.since(wanted);
            lived.latest = lived.latest.max(waited);
            let idle = waited.saturating_sub(self.at_work(wanted, run.started));
            if idle > PROMPT || waited > BOUND {
                let detail = format!("{} waited for {}, idle for {}", run.id, shown(waited), shown(idle));
                return Err(self.late(flow, at, &detail));
            }
        }
        Ok(())
    }

    fn late(&self, flow: &str, at: Timestamp, what: &str) -> Breach {
        Breach { invariant: "every schedule is met", detail: self.of(&format!("{flow}, due at {at}: {what}")) }
    }

    /// What was missed is caught up once.
    fn once_after(&self, flow: &str, dues: &[Timestamp]) -> Result<(), Breach> {
        let Some(Outage { until, .. }) = self.outage else { return Ok(()) };
        let minute = until.plus(Span::from_secs(60));
        let allowed = 1 + dues.iter().filter(|at| **at > until && **at <= minute).count();
        let of_flow = |run: &&RunEntry| run.started >= until && run.started <= minute && self.covers(run, flow, false);
        let found = self.runs.iter().filter(of_flow).count();
        if found > allowed {
            return Err(self.late(flow, until, &format!("caught up in {found} runs")));
        }
        Ok(())
    }

    /// Each paper is seen by the next run or poll that is due for its flow, whoever was not told of it.
    fn papers(&self, written: &[Dues], lived: &mut Lived) -> Result<(), Breach> {
        let papers = self.household.papers.lock().unwrap_or_else(PoisonError::into_inner);
        for ((flow, key), at) in papers.iter() {
            lived.papers += 1;
            let of_flow = written.iter().find(|dues| dues.flow == *flow);
            let Some(due) = of_flow.and_then(|dues| dues.next(*at)) else { continue };
            if self.household.stormy || self.is_in_trouble(due) || due >= self.until.minus(BOUND) {
                continue;
            }
            let caught = self.outage.filter(|outage| outage.has(due)).map_or(due, |outage| outage.until);
            let id = crate::store::RecordId { flow: (*flow).to_owned(), key: key.clone() };
            let record = self.household.store.record(&id).ok().flatten();
            // One that was deleted before anybody looked is nowhere.
            let seen = record.map(|record| record.first_seen);
            if seen.is_none_or(|seen| seen > caught.plus(BOUND)) {
                let seen = seen.map_or_else(|| "never".to_owned(), |seen| seen.to_string());
                let detail = format!("{id} came at {at}, due at {caught}, seen: {seen}");
                return Err(Breach {
                    invariant: "what nobody told of is caught by the next poll",
                    detail: self.of(&detail),
                });
            }
            lived.lost += u64::from(Household::is_deaf(flow));
        }
        Ok(())
    }

    fn within_windows(&self, lived: &mut Lived) -> Result<(), Breach> {
        let meter = *self.household.road.meter.lock().unwrap_or_else(PoisonError::into_inner);
        lived.requests += meter.requests;
        lived.refused += meter.refused;
        for ((most, most_of_all), (seconds, limit)) in meter.most().into_iter().zip(&mut lived.most).zip(WINDOWS) {
            *most_of_all = (*most_of_all).max(most);
            if most > limit || meter.refused > 0 {
                let detail = format!("{most} requests in {seconds} seconds, {} refused", meter.refused);
                return Err(Breach { invariant: "both rate windows are kept", detail: self.of(&detail) });
            }
        }
        Ok(())
    }

    /// While its systems are silent, and until the run that waits for them is broken off.
    fn is_in_trouble(&self, at: Timestamp) -> bool {
        let after = super::BOUNDS.run + super::BOUNDS.grace + Span::from_secs(3_600);
        matches!(self.household.mishap, Some(Mishap::Silence(from, until)) if from <= at && at < until.plus(after))
    }

    fn first_after(&self, at: Timestamp, flow: &str, polls: bool) -> Option<&RunEntry> {
        let first = self.runs.partition_point(|run| run.started < at);
        self.runs[first..].iter().find(|run| self.covers(run, flow, polls))
    }

    /// It was begun for the flow; and where it came to its end, it came to the flow.
    fn covers(&self, run: &RunEntry, flow: &str, polls: bool) -> bool {
        let begun = self.begun.get(&run.id).is_some_and(|flows| flows.iter().any(|begun| begun == flow));
        let left_out = |report: &Json| report["stopped"].is_null() && report["flows"].get(flow).is_none();
        begun && !run.report.as_ref().is_some_and(left_out) && (!polls || run.trigger == Trigger::Reconcile)
    }

    /// How much of this time the customer was at work.
    fn at_work(&self, from: Timestamp, until: Timestamp) -> Span {
        let last = self.runs.partition_point(|run| run.started < until);
        let spans = (last.saturating_sub(20)..last).map(|at| {
            let run = &self.runs[at];
            // One that broke off was over when the next began.
            let next = self.runs.get(at + 1).map_or(until, |next| next.started);
            run.ended.unwrap_or(next).min(until).since(run.started.max(from))
        });
        spans.sum()
    }
}

fn shown(span: Span) -> String {
    format!("{:.1} s", span.as_secs_f64())
}
