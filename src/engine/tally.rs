//! Counts while a run goes on, and the report at its end. Its size depends on the number
//! of flows and kinds of reasons, never on the number of records.

use super::costs::FlowCost;
use super::report::{Counts, FailedScope, FlowReport, Group, Progress, Report};
use crate::store::{Outcome, RecordEntry};
use crate::value::Decimal;
use indexmap::IndexMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many kinds of reasons a flow keeps apart; what comes after them is one group.
const MOST_GROUPS: usize = 200;
const OTHER: &str = "other reasons";

pub(super) struct Tally {
    report: Mutex<Report>,
    /// The records themselves with what they counted as, where somebody wants to see each.
    witness: Option<Mutex<Vec<(RecordEntry, Outcome)>>>,
    progress: Arc<dyn Progress>,
}

impl Tally {
    pub fn new(report: Report, progress: Arc<dyn Progress>) -> Self {
        Self { report: Mutex::new(report), witness: None, progress }
    }

    /// Keeps each record that is settled from now on: for those few that people picked.
    pub fn witness(&mut self) {
        self.witness = Some(Mutex::default());
    }

    /// What was kept, in the order in which it was settled.
    pub fn take_witnessed(&self) -> Vec<(RecordEntry, Outcome)> {
        let witness = self.witness.as_ref();
        witness
            .map(|seen| std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner)))
            .unwrap_or_default()
    }

    /// A record left the flow, or stands as it stood.
    pub fn settle(&self, flow: &str, outcome: Outcome, entry: &RecordEntry) {
        self.progress.settled(flow, outcome);
        // What and why stands in the store, for those who may see it.
        if outcome.needs_attention() || outcome == Outcome::Posted {
            tracing::info!(record = %entry.id, outcome = outcome.word(), "settled");
        } else {
            tracing::debug!(record = %entry.id, outcome = outcome.word(), "settled");
        }
        if let Some(witness) = &self.witness {
            witness.lock().unwrap_or_else(PoisonError::into_inner).push((entry.clone(), outcome));
        }
        let mut report = self.report();
        report.counts.add(outcome);
        let flow = report.flows.entry(flow.to_owned()).or_default();
        flow.counts.add(outcome);
        let amount = entry.amount.as_ref().and_then(|text| text.parse::<Decimal>().ok());
        if let Some(amount) = amount.filter(|_| outcome != Outcome::Skipped) {
            add(flow.money.entry(outcome.word().to_owned()).or_default(), amount);
        }
        if outcome.needs_attention() {
            group(&mut flow.groups, outcome, entry, amount.unwrap_or_default());
        }
    }

    /// One of those that were posted is a correction.
    pub fn corrected(&self, flow: &str) {
        self.report().flows.entry(flow.to_owned()).or_default().corrections += 1;
    }

    pub fn read(&self, flow: &str, records: u64) {
        self.progress.read(flow, records);
        self.report().flows.entry(flow.to_owned()).or_default().read += records;
    }

    /// A source shows nothing any more where so many records were before.
    pub fn vanish(&self, flow: &str, records: u64) {
        self.report().flows.entry(flow.to_owned()).or_default().vanished += records;
    }

    /// A flow stands in the report even if it moves nothing.
    pub fn begin(&self, flow: &str) {
        self.report().flows.entry(flow.to_owned()).or_default();
    }

    pub fn warn(&self, warning: impl Into<String>) {
        self.report().warnings.push(warning.into());
    }

    pub fn refuse_rows(&self, rows: &[String]) {
        self.report().refused_rows.extend_from_slice(rows);
    }

    pub fn fail_scope(&self, failed: FailedScope) {
        self.report().failed_scopes.push(failed);
    }

    pub fn expect_requests(&self, requests: u64) {
        *self.report().expected_requests.get_or_insert(0) += requests;
    }

    /// What a flow costs when it runs by itself.
    pub fn cost(&self, cost: FlowCost) {
        self.report().costs.push(cost);
    }

    pub fn counts(&self, flow: &str) -> Counts {
        self.report().flows.get(flow).map(|flow| flow.counts.clone()).unwrap_or_default()
    }

    /// The report as it stands; groups with most records first.
    pub fn report_so_far(&self) -> Report {
        let mut report = self.report().clone();
        for flow in report.flows.values_mut() {
            flow.groups.sort_by(|a, b| (b.count, &a.kind).cmp(&(a.count, &b.kind)));
            sort_money(flow);
        }
        report
    }

    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn group(groups: &mut Vec<Group>, outcome: Outcome, entry: &RecordEntry, amount: Decimal) {
    let known = |kind: &str| groups.iter().position(|group| group.outcome == outcome && group.kind == kind);
    let kind = if known(&entry.kind).is_none() && groups.len() >= MOST_GROUPS { OTHER } else { &entry.kind };
    match known(kind) {
        Some(index) => {
            groups[index].count += 1;
            add(&mut groups[index].amount, amount);
        }
        None => groups.push(Group {
            outcome,
            kind: kind.to_owned(),
            count: 1,
            amount,
            example: format!("{}: {}", entry.label, entry.reason),
            mend: entry.mend.clone(),
        }),
    }
}

/// A sum beyond 28 digits stays at what it was: it is only shown, never posted.
fn add(sum: &mut Decimal, amount: Decimal) {
    *sum = sum.checked_add(amount).unwrap_or(*sum);
}

/// In the order of the outcomes, so that two reports compare.
fn sort_money(flow: &mut FlowReport) {
    let mut money = std::mem::take(&mut flow.money);
    flow.money = Outcome::ALL
        .iter()
        .filter_map(|outcome| money.swap_remove_entry(outcome.word()))
        .collect::<IndexMap<String, Decimal>>();
}
