//! Reconciliation of a period: what the source approves, what stands in the target, and a
//! named cause for every cent between them.
//!
//! ```text
//!  papers (source, today's pipeline) ─┐
//!  the ledger of records              ├─> ledgers ─> judge ─┬─ ours    ─┐
//!  shelf  (target, of the period)    ─┘                     └─ theirs  ─┴─> items ─> sums
//! ```
//!
//! Both sides are read afresh: what our own ledger says is only held against them. Nothing
//! is written anywhere. A paper belongs to the period in which its record of the target is
//! posted: the first day of the target's `paper` that is there. One that was never mapped
//! goes by its own day, and one without a day is told in every period.
//!
//! Invariant: the amounts of an item's findings come to its difference. What could not be
//! read is told, and then nothing agrees.

mod cause;
mod item;
mod judge;
mod ledgers;
mod look;
mod names;
mod ours;
mod papers;
mod period;
mod retained;
mod retaining;
mod shelf;
mod sums;
mod theirs;

pub use cause::{Cause, Finding};
pub use item::{Item, Share, Standing};
pub use period::Period;
pub use retained::{Kept, Retained};
pub use sums::{Row, Sums};

use super::context::Context;
use super::error::{RunError, RunErrorKind};
use super::flow_run::FlowRun;
use super::report::Stage;
use super::{Options, Setup, lookups, peers, run, systems};
use crate::connector::Pace;
use crate::store::RecordEntry;
use crate::value::Decimal;
use ledgers::{Ledger, Side};
use serde::Serialize;
use shelf::Shelf;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is to be reconciled.
#[derive(Clone, Debug)]
pub struct ReconcileOptions {
    pub period: Period,
    /// Names of flows; empty for all that move papers.
    pub flows: Vec<String>,
}

/// The result.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Reconciliation {
    /// The products' names, for people.
    pub source: String,
    pub target: String,
    /// The flows that were compared.
    pub flows: Vec<String>,
    /// Every paper of the period, those that agree among them.
    pub items: Vec<Item>,
    pub sums: Sums,
    pub retainage: Vec<Retained>,
    /// The account that the target keeps retainage on.
    pub retainage_account: Option<String>,
    /// Records of the source that a rule of the pipeline leaves out, and what they come to.
    pub skipped: u64,
    pub skipped_amount: Decimal,
    /// Records of the target on none of our projects and accounts: they are no part of this.
    pub elsewhere: u64,
    pub elsewhere_amount: Decimal,
    /// Records read from the source and from the target.
    pub read_source: u64,
    pub read_target: u64,
    pub requests: u64,
    pub requests_by_connection: BTreeMap<String, u64>,
    /// What could not be read: as long as there is any, nothing agrees.
    pub unread: Vec<String>,
    pub notes: Vec<String>,
}

impl Reconciliation {
    /// Everything was read, and nothing differs.
    pub fn agrees(&self) -> bool {
        self.unread.is_empty() && self.read_source > 0 && self.items.iter().all(|item| item.findings.is_empty())
    }

    /// Each cause with its papers and its amount, in the order of the causes.
    pub fn by_cause(&self) -> BTreeMap<Cause, (u64, Decimal)> {
        let mut causes: BTreeMap<Cause, (u64, Decimal)> = BTreeMap::new();
        for finding in self.items.iter().flat_map(|item| &item.findings) {
            let (count, amount) = causes.entry(finding.cause).or_default();
            *count += 1;
            *amount = look::plus(*amount, finding.amount);
        }
        causes
    }
}

/// Reads both sides and compares them.
///
/// # Errors
/// As a run; also when no flow moves papers. A part of a source or of a target that cannot
/// be read is no error: it is told in the result.
pub async fn reconcile(setup: &Setup, options: &ReconcileOptions) -> Result<Reconciliation, RunError> {
    let run_options = Options { plan: true, flows: options.flows.clone(), ..Options::default() };
    systems::check(setup, &run_options)?;
    let flows = run::chosen(setup, &run_options)?;
    let context = Arc::new(run::context(setup, &run_options, setup.clock.now()));
    let before = requests(setup);
    let mut out = Reconciliation::default();
    let moving = moving_papers(&context, &flows, &mut out)?;
    let groups = read_sources(&context, &moving, &mut out).await?;
    let all = context.store.records(None)?;
    for sides in groups.into_values() {
        let target = sides[0].flow.flow().target();
        context.progress.stage(&sides[0].flow.name, Stage::Records);
        let shelf = Shelf::read(&context, &target.connection, &target.resource, options.period).await?;
        let (entries, strangers) = sorted(&sides, &all);
        let mut ledger = Ledger::new(&sides, options.period, shelf);
        let first = out.items.len();
        ledger.close(&entries, &strangers, &mut out).await?;
        let mut items = out.items.split_off(first);
        retaining::tell(&ledger, &entries, &items, &mut out);
        ledger.names.tell(&mut items);
        out.items.append(&mut items);
        out.read_target += ledger.shelf.stood.len() as u64;
        out.unread.append(&mut ledger.shelf.unread);
    }
    finish(setup, &context, &before, &mut out);
    Ok(out)
}

/// The flows whose both sides are papers.
fn moving_papers(context: &Context, flows: &[usize], out: &mut Reconciliation) -> Result<Vec<usize>, RunError> {
    let mut moving = Vec::new();
    for &index in flows {
        let flow = &context.program.flows()[index];
        let (from, to) = (flow.source(), flow.target());
        let source = context.resource(&from.connection, &from.resource)?;
        let target = context.resource(&to.connection, &to.resource)?;
        if source.paper.is_some() && target.paper.is_some() {
            out.flows.push(flow.name().to_owned());
            moving.push(index);
        } else {
            out.notes.push(format!(
                "{} is not compared: {} into {} are no papers that a month is closed over",
                flow.name(),
                source.plural,
                target.plural
            ));
        }
    }
    if moving.is_empty() {
        return Err(RunError::new(
            RunErrorKind::UnknownFlow,
            "none of these flows moves invoices or costs, so there is nothing to reconcile",
            "name a flow that does, or leave --flow away",
        ));
    }
    Ok(moving)
}

/// The sources, by the resource that they go to.
async fn read_sources(
    context: &Arc<Context>,
    flows: &[usize],
    out: &mut Reconciliation,
) -> Result<BTreeMap<(Arc<str>, Arc<str>), Vec<Side>>, RunError> {
    context.progress.stage("", Stage::Lookups);
    let Some(tables) = lookups::load(context, flows).await? else { return Err(stopped(context)) };
    let tables = Arc::new(tables);
    let intents = context.store.intents()?;
    let mut groups: BTreeMap<_, Vec<Side>> = BTreeMap::new();
    for &index in flows {
        let Some(tables) = peers::load(context, index, &tables).await? else { return Err(stopped(context)) };
        let flow = FlowRun::new(context.clone(), index, tables, &intents, Arc::default())?;
        context.tally.begin(&flow.name);
        context.progress.stage(&flow.name, Stage::Records);
        let mut papers = papers::read(&flow).await?;
        if context.brake.is_pulled() {
            return Err(stopped(context));
        }
        out.source.clone_from(&flow.source_title);
        out.target.clone_from(&flow.target_title);
        out.read_source += papers.read;
        out.unread.append(&mut papers.unread);
        let target = flow.flow().target();
        groups.entry((target.connection.clone(), target.resource.clone())).or_default().push(Side { flow, papers });
    }
    Ok(groups)
}

fn stopped(context: &Context) -> RunError {
    let message = || "the systems could not be read".to_owned();
    let (message, mend) =
        context.brake.reason().map_or_else(|| (message(), String::new()), |stop| (stop.message, stop.mend));
    RunError::new(RunErrorKind::World, message, mend)
}

/// The records of each flow, and those of all others.
fn sorted(sides: &[Side], all: &[RecordEntry]) -> (Vec<Vec<RecordEntry>>, Vec<RecordEntry>) {
    let of = |name: &str| all.iter().filter(|entry| entry.id.flow == name).cloned().collect();
    let others = all.iter().filter(|entry| !sides.iter().any(|side| side.flow.name == entry.id.flow));
    (sides.iter().map(|side| of(&side.flow.name)).collect(), others.cloned().collect())
}

fn requests(setup: &Setup) -> BTreeMap<String, u64> {
    setup.paces.iter().map(|(name, pace)| (name.clone(), pace.requests())).collect()
}

fn finish(setup: &Setup, context: &Context, before: &BTreeMap<String, u64>, out: &mut Reconciliation) {
    for (name, now) in requests(setup) {
        let used = now.saturating_sub(before.get(&name).copied().unwrap_or(0));
        out.requests += used;
        out.requests_by_connection.insert(name, used);
    }
    out.unread.sort();
    out.unread.dedup();
    out.notes.extend(context.tally.report_so_far().warnings);
    if out.read_source == 0 {
        out.unread.push(format!("{} shows no paper at all; look at the permissions of the credential", out.source));
    }
    out.items
        .sort_by(|a, b| (&a.project, a.day, &a.label, &a.reference).cmp(&(&b.project, b.day, &b.label, &b.reference)));
    out.retainage.sort_by(|a, b| (&a.project, &a.contract).cmp(&(&b.project, &b.contract)));
    out.sums = Sums::of(&out.items);
}
