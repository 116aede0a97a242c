//! How things stand with one customer at one instant: all that notices are decided by.

use super::history::{Ended, History, Run};
use crate::engine::Allowance;
use crate::serve::{Customer, Summary};
use crate::store::Outcome;
use crate::value::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// All that wait for somebody.
    pub waiting: Vec<Arc<Summary>>,
    /// By flow, how many records were there before one that reads nothing any more.
    pub silent: BTreeMap<String, u64>,
    /// By connection, its widest window.
    pub budgets: BTreeMap<String, Allowance>,
    /// By flow (empty for a run as a whole), the run that did not come to its end and why.
    pub failed: BTreeMap<String, Failed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub run: String,
    pub started: Timestamp,
    pub why: String,
}

impl Situation {
    pub fn of(customer: &Customer, history: &History) -> Self {
        let opened = customer.opened();
        let budgets = opened.setup.paces.iter().filter_map(|(name, pace)| {
            let widest = pace.allowances().into_iter().max_by_key(|allowance| allowance.limit)?;
            Some((name.clone(), widest))
        });
        Self {
            waiting: customer.index.select(Summary::needs_attention),
            silent: silent(history),
            budgets: budgets.collect(),
            failed: failed(history),
        }
    }
}

/// The flows whose last run saw nothing where there was something.
pub fn silent(history: &History) -> BTreeMap<String, u64> {
    let mut last: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let well = |run: &&Run| run.whole && run.ended.is_some_and(|(_, how)| how == Ended::Well);
    for run in history.runs().filter(well) {
        for (name, flow) in &run.flows {
            last.entry(name).or_insert((flow.read, flow.vanished));
        }
    }
    last.into_iter()
        .filter(|(_, (read, vanished))| *read == 0 && *vanished > 0)
        .map(|(name, (_, vanished))| (name.to_owned(), vanished))
        .collect()
}

/// What the last word on each flow is, where it is a bad one.
pub fn failed(history: &History) -> BTreeMap<String, Failed> {
    // A run for notices that ended well says nothing of a whole one that did not.
    let mut seen: BTreeMap<(&str, bool), Option<Failed>> = BTreeMap::new();
    for (place, run) in history.runs().filter(|run| run.ended.is_some()).enumerate() {
        let how = run.ended.map(|(_, how)| how);
        if how == Some(Ended::Cancelled) {
            continue;
        }
        let failure = |why: Option<&String>| Failed {
            run: run.id.clone(),
            started: run.started,
            why: why.cloned().unwrap_or_else(|| "it ended without a word; the process was stopped".to_owned()),
        };
        if run.flows.is_empty() && how != Some(Ended::Well) && place == 0 {
            seen.insert(("", true), Some(failure(run.why.as_ref())));
        }
        for (name, flow) in &run.flows {
            let why = match how {
                Some(Ended::Well) => None,
                _ => flow.failed.as_ref().or(run.why.as_ref()),
            };
            // A whole run that ended well has read what notices told of as well.
            if run.whole {
                seen.entry((name, false)).or_insert(None);
            }
            seen.entry((name, run.whole)).or_insert_with(|| why.map(|why| failure(Some(why))));
        }
    }
    seen.into_iter().filter_map(|((name, _), failed)| Some((name.to_owned(), failed?))).collect()
}

/// The words for a count of records by outcome: `3 held, 1 failed`.
pub fn outcomes(records: &[Arc<Summary>]) -> String {
    let counted = Outcome::ALL.iter().filter_map(|outcome| {
        let count = records.iter().filter(|summary| summary.outcome == *outcome).count();
        (count > 0).then(|| format!("{count} {}", outcome.word()))
    });
    counted.collect::<Vec<_>>().join(", ")
}
