//! Backtest: what an edited pipeline would have made of the records that the store keeps.
//!
//! Each record is mapped again and held against what became of it. Nothing is sent, nothing
//! written, nobody asked: lookups and matches come out of the lists that the last runs have
//! kept ([`kept`](super::kept)), so what a list answered otherwise at the time of a posting
//! shows as a difference too.
//!
//! | it | is mapped from | and held against |
//! | --- | --- | --- |
//! | stands on the other side | its source as it was when it was posted | what was posted |
//! | was stopped after the mapping (failed, waits for approval, …) | its source as last read | what was to be sent |
//! | was stopped in the mapping, or left out | its source as last read | outcome and kind of reason |

use super::codings::{Codings, Side, Sum, Sums};
use super::context::Context;
use super::differences::{self, FieldChange};
use super::error::RunError;
use super::flow_run::FlowRun;
use super::mapping::{self, Verdict};
use super::origins::Origins;
use super::pass::{self, Scope};
use super::picked::Picked;
use super::{Options, Setup, hash, kinds, label, lookups, peers, run, stored};
use crate::program::{Evaluation, Mapped};
use crate::store::{Outcome, RecordEntry, RecordId};
use crate::value::{Record, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What of the store is looked at.
#[derive(Clone, Debug, Default)]
pub struct BacktestOptions {
    /// Records that moved since then.
    pub since: Option<Timestamp>,
    /// Names of flows; empty for all.
    pub flows: Vec<String>,
}

/// What would be otherwise.
#[derive(Clone, Debug, Default)]
pub struct Backtest {
    pub flows: Vec<FlowBacktest>,
}

#[derive(Clone, Debug, Default)]
pub struct FlowBacktest {
    pub name: String,
    /// Why none of its records could be reckoned.
    pub unreckoned: Option<String>,
    /// Records that stand on the other side, and were mapped again.
    pub postings: u64,
    /// Records that do not, and were mapped again.
    pub others: u64,
    pub left_out: Vec<LeftOut>,
    /// In the order of their keys.
    pub differences: Vec<Otherwise>,
    /// What the postings that differ come to, by codes.
    pub sums: Vec<Sum>,
}

/// Records that cannot be reckoned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub count: u64,
    pub why: &'static str,
}

/// One record that would come out otherwise.
#[derive(Clone, Debug)]
pub struct Otherwise {
    pub before: RecordEntry,
    /// As what it would leave the mapping: posted, or an outcome with a reason.
    pub now: Outcome,
    pub reason: String,
    /// Field by field, where it was mapped then and would be now.
    pub changes: Vec<FieldChange>,
}

const UNREADABLE: &str = "what was kept of them cannot be read, or no longer fits the catalogue";
const NO_ORIGIN: &str = "the log does not tell what they were posted from";
const GONE: &str = "their source shows them no longer";

/// Maps what the store keeps. The connections of `setup` are [`offline`](super::offline()).
pub async fn backtest(setup: &Setup, options: &BacktestOptions) -> Result<Backtest, RunError> {
    let as_plan = Options { plan: true, flows: options.flows.clone(), ..Options::default() };
    let mut told = Backtest::default();
    for index in run::chosen(setup, &as_plan)? {
        let mut context = run::context(setup, &as_plan, setup.clock.now());
        // No record stands as it stood for that neither it nor the flow has changed.
        context.replay = Some(Picked::default());
        told.flows.push(one_flow(&Arc::new(context), index, options).await?);
    }
    Ok(told)
}

async fn one_flow(context: &Arc<Context>, index: usize, options: &BacktestOptions) -> Result<FlowBacktest, RunError> {
    let name = context.program.flows()[index].name().to_owned();
    let mut told = FlowBacktest { name, ..FlowBacktest::default() };
    let tables = match lookups::load(context, &[index]).await? {
        Some(tables) => peers::load(context, index, &Arc::new(tables)).await?,
        None => None,
    };
    let Some(tables) = tables else {
        let stop = context.brake.reason();
        told.unreckoned = Some(stop.map_or_else(String::new, |stop| format!("{}; {}", stop.message, stop.mend)));
        return Ok(told);
    };
    let flow = FlowRun::new(context.clone(), index, tables, &[], Arc::default())?;
    let mut entries = context.store.records(Some(&flow.name))?;
    entries.retain(|entry| options.since.is_none_or(|since| entry.updated >= since));
    let keys = entries.iter().filter(|entry| entry.reference.is_some());
    let keys = keys.filter_map(|entry| Some((entry.target_key.clone()?, (entry.id.clone(), entry.label.clone()))));
    let keys = keys.collect();
    let origins = Origins::of(context.store.as_ref(), &entries)?;
    let mut desk = Desk {
        flow: &flow,
        codings: Codings::new(&context.program, &flow.target),
        sums: Sums::default(),
        left_out: BTreeMap::new(),
        keys,
    };
    for entry in entries {
        let otherwise = if entry.reference.is_some() {
            desk.standing(&entry, &origins).map(|found| (true, found))
        } else {
            desk.waiting(&entry)?.map(|found| (false, found))
        };
        let Some((stands, otherwise)) = otherwise else { continue };
        *(if stands { &mut told.postings } else { &mut told.others }) += 1;
        told.differences.extend(otherwise);
    }
    told.left_out = desk.left_out.into_iter().map(|(why, count)| LeftOut { count, why }).collect();
    told.sums = desk.sums.told();
    Ok(told)
}

/// Where the records of one flow are reckoned.
struct Desk<'a> {
    flow: &'a FlowRun,
    codings: Codings,
    sums: Sums,
    left_out: BTreeMap<&'static str, u64>,
    /// The target keys that postings have, and those that they would have.
    keys: HashMap<String, (RecordId, String)>,
}

/// `None` for a record that cannot be reckoned, `Some(None)` for one that comes out as it did.
type Reckoned = Option<Option<Otherwise>>;

impl Desk<'_> {
    fn leave_out(&mut self, why: &'static str) -> Reckoned {
        *self.left_out.entry(why).or_default() += 1;
        None
    }

    fn restored(&self, json: &serde_json::Value) -> Option<(Record, Option<Scope>)> {
        let scope_type = self.flow.scope.as_ref().map(|(_, ty)| ty.as_ref());
        let (record, scope) = stored::restore(json, &self.flow.source_type, scope_type)?;
        let scope = match scope {
            Some(record) => Some(self.scope(record)?),
            None => None,
        };
        Some((record, scope))
    }

    fn scope(&self, record: Record) -> Option<Scope> {
        let wanted = self.flow.flow().source().scope.as_ref()?;
        let (spec, _) = self.flow.scope.as_ref()?;
        let value = record.get(&wanted.field)?.clone();
        Some(Scope { name: value.to_string(), value, label: label::plain(spec, &record), record })
    }

    fn wants(&self, scope: Option<&Scope>) -> bool {
        scope.is_none_or(|scope| self.flow.flow().wants_scope(&self.flow.tables, &scope.record))
    }

    /// A record that stands on the other side.
    fn standing(&mut self, entry: &RecordEntry, origins: &Origins) -> Reckoned {
        let Some(source) = origins.source(entry) else { return self.leave_out(NO_ORIGIN) };
        let Some((record, scope)) = self.restored(source) else { return self.leave_out(UNREADABLE) };
        let flow = self.flow;
        let was = entry.target.as_ref().and_then(|target| stored::partial(&flow.target_type, target));
        let Some(was) = was else { return self.leave_out(UNREADABLE) };
        let scope_record = scope.as_ref().map(|scope| &scope.record);
        let evaluation = if self.wants(scope.as_ref()) {
            flow.flow().evaluate_linked(&flow.tables, &record, scope_record, entry.reference.as_deref())
        } else {
            Evaluation::Skipped
        };
        let (now, reason, target) = match evaluation {
            Evaluation::Mapped(mapped) => match self.refused(entry, &mapped) {
                Some((outcome, reason)) => (outcome, reason, None),
                None if entry.target_hash.as_deref() == Some(hash::of_records([&mapped.target]).as_str()) => {
                    return Some(None);
                }
                None => (Outcome::Posted, String::new(), Some(mapped.target)),
            },
            Evaluation::Skipped => (Outcome::Skipped, "the flow's `where` would leave it out".to_owned(), None),
            Evaluation::Stopped(stop) => (mapping::outcome_of(&stop), stop.sentence, None),
        };
        let changes = match &target {
            Some(target) => {
                self.codings.count(&was, Side::From, &mut self.sums);
                self.codings.count(target, Side::To, &mut self.sums);
                differences::between(&was, target)
            }
            None => {
                self.codings.count(&was, Side::Stopped, &mut self.sums);
                Vec::new()
            }
        };
        Some(Some(Otherwise { before: entry.clone(), now, reason, changes }))
    }

    /// What of the mapping would not be sent: another posting has its key, or nobody has
    /// approved what would wait for it.
    fn refused(&mut self, entry: &RecordEntry, mapped: &Mapped) -> Option<(Outcome, String)> {
        let key = mapped.key.canonical();
        match self.keys.get(&key) {
            Some((id, other)) if *id != entry.id => {
                let reason = format!("{} would belong to {other} already; two records must not become one", mapped.key);
                return Some((Outcome::Rejected, reason));
            }
            Some(_) => {}
            None => drop(self.keys.insert(key, (entry.id.clone(), entry.label.clone()))),
        }
        let approved = entry.approval.as_ref().is_some_and(|asked| asked.granted.is_some());
        if mapped.wants_approval && !approved {
            let condition = self.flow.flow().target().approve.as_ref().map_or("", |approve| &approve.text);
            return Some((Outcome::Held, format!("it would wait for approval: {condition}")));
        }
        None
    }

    /// A record that does not stand there.
    fn waiting(&mut self, entry: &RecordEntry) -> Result<Reckoned, RunError> {
        if entry.kind == kinds::GONE {
            return Ok(self.leave_out(GONE));
        }
        let Some((record, scope)) = self.restored(&entry.source) else { return Ok(self.leave_out(UNREADABLE)) };
        let otherwise =
            |now, reason: &str, changes| Otherwise { before: entry.clone(), now, reason: reason.to_owned(), changes };
        if !self.wants(scope.as_ref()) {
            let left_out = "the flow would no longer read the part of the source that it is in";
            let same = entry.outcome == Outcome::Skipped;
            return Ok(Some((!same).then(|| otherwise(Outcome::Skipped, left_out, Vec::new()))));
        }
        let flow = self.flow;
        let seen = pass::seen(flow, &record, scope.as_ref());
        let scope_record = scope.as_ref().map(|scope| &scope.record);
        let verdict = mapping::evaluate(flow, seen, Some(entry.clone()), &record, scope_record);
        Ok(Some(match verdict {
            Verdict::Ready(_) if entry.target.is_none() => Some(otherwise(Outcome::Posted, "", Vec::new())),
            Verdict::Ready(ready) => {
                let was = entry.target.as_ref().and_then(|target| stored::partial(&flow.target_type, target));
                let same = entry.target_hash.as_ref() == Some(&ready.facts.hash);
                let changes = || differences::between(&was.unwrap_or_default(), &ready.target);
                (!same).then(|| otherwise(Outcome::Posted, "", changes()))
            }
            Verdict::Stands(now, _) | Verdict::Refreshed(now) | Verdict::Settled { entry: now, .. } => {
                let same = now.outcome == entry.outcome && now.kind == entry.kind;
                (!same).then(|| otherwise(now.outcome, &now.reason, Vec::new()))
            }
        }))
    }
}
