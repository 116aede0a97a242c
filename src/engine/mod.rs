//! The engine: fetch, map, post, and what is said of it.
//!
//! ```text
//!  recover ─> lookups ─> flow ─┬─ pass (a scope) ─> mapping ─┐
//!                              ├─ pass               …       ├─> post ─> send
//!                              └─ pass               …       ┘      └─> ask
//! ```
//!
//! [`run()`] takes a program, open connections and a store, and gives a [`Report`]. The
//! promise that it keeps: each source record ends in exactly one record of the target, or
//! in a queue that people see, wherever the process, the network or the other side
//! breaks. `post` tells how, gap by gap.

mod adopt;
mod announce;
mod approval;
mod ask;
mod backtest;
mod brake;
mod change;
mod claims;
mod codings;
mod context;
mod correction;
mod costs;
mod coverage;
mod cutover;
mod decide;
mod deleted;
mod deliver;
mod differences;
mod error;
mod evidence;
pub mod explain;
mod fetch;
mod flow;
mod flow_run;
mod governor;
mod guard;
mod hash;
mod kept;
mod kinds;
mod label;
mod ledger;
mod lists;
mod lookups;
mod mapping;
mod marks;
mod matching;
mod meter;
pub(crate) mod mutant;
mod not_yet;
mod offline;
mod origins;
mod pass;
mod peers;
mod picked;
mod post;
mod readiness;
mod reconcile;
mod recover;
mod rematch;
mod replay;
mod report;
mod retry;
mod run;
mod run_id;
mod send;
mod settle;
mod sought;
mod still_there;
mod stored;
mod strays;
mod systems;
mod tally;
#[cfg(test)]
mod tests;
mod ticket;
mod touched;
mod wording;

pub use adopt::{AdoptOptions, FlowFinds, Grade, Match, Ours, Side, Survey, Theirs, adopt, is_adoption, survey};
pub use backtest::{Backtest, BacktestOptions, FlowBacktest, LeftOut, Otherwise, backtest};
pub use brake::StopKind;
pub use codings::Sum;
pub use costs::{FlowCost, Trip};
pub use coverage::{Coverage, CoverageOptions, LookupCoverage, Use, coverage};
pub use decide::{Decision, DecisionError, DecisionErrorKind, REFUSED, approve, as_seen, reject};
pub use differences::FieldChange;
pub use error::{RunError, RunErrorKind};
pub use governor::{Allowance, Governor};
pub use hash::of_text as hash_of_text;
pub use offline::offline;
pub use reconcile::{
    Cause, Finding, Item, Kept, Period, ReconcileOptions, Reconciliation, Retained, Row, Share, Standing, Sums,
    reconcile,
};
pub use replay::{Draft, Replay, ReplayOptions, Replayed, replay, why_not};
pub use report::{Counts, FailedScope, FlowReport, Group, Progress, Report, Stage};
pub use run::run;
pub use touched::{Touched, TouchedRecord};

use crate::connector::Connector;
use crate::program::Program;
use crate::store::{Store, Trigger};
use crate::value::Span;
use crate::world::{Clock, Entropy};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Everything that a run works with.
pub struct Setup {
    pub program: Arc<Program>,
    /// Open connections, by the names that the pipeline gives them.
    pub connections: BTreeMap<String, Arc<dyn Connector>>,
    /// The rate budgets of the same connections; the report counts by them.
    pub paces: BTreeMap<String, Arc<Governor>>,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub progress: Arc<dyn Progress>,
    pub sandbox: bool,
}

/// What is wanted of this run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Read, map and ask, and write nothing anywhere.
    pub plan: bool,
    /// The connections lead to the same systems as before, under other addresses.
    pub moved: bool,
    /// What the other side refused before is tried again, although neither the source nor
    /// the mapping changed: the cause was mended over there.
    pub retry: bool,
    /// Names of flows; empty for all.
    pub flows: Vec<String>,
    /// What began it.
    pub trigger: Trigger,
    /// Who asked for it; empty where nobody but the owner of the process did.
    pub by: String,
    /// A reconcile poll: what changed in so long a time before now is read again, where the
    /// source can tell (else all of it is, as in each run); never less than a run reads.
    pub lookback: Option<Span>,
    /// Only what notices named: the flows that read it, and of those the scopes that it is in.
    pub touched: Option<Touched>,
    /// Becomes `true` when the run shall take up nothing new, settle what is in flight, and report.
    pub cancel: Option<watch::Receiver<bool>>,
}
