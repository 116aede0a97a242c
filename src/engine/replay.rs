//! Replay: records that a person has picked are tried again, they alone.
//!
//! ```text
//!  picked ─> recover (theirs) ─> lookups ─> evaluate ─> post, settle, guard, approve: as in a run
//! ```
//!
//! What a record is evaluated from is what the store keeps of it, or what its source shows
//! now. Everything after that is the path of a run, so a replay can no more post twice than a
//! run can. It moves no cursor, and neither reads nor writes any other record of the flow.
//!
//! A preview goes the same way and writes nothing. A replay that is given what a preview
//! showed sends just that: what maps to another content by now stays as it was.

use super::context::Context;
use super::differences::FieldChange;
use super::error::RunError;
use super::flow::{self, QUEUE};
use super::flow_run::FlowRun;
use super::ledger::Outbox;
use super::mapping::Ready;
use super::picked::{Desk, Picked};
use super::post::Poster;
use super::report::{Report, Stage};
use super::{Options, Setup, kinds, lookups, marks, peers, recover, run, systems};
use crate::program::Tables;
use crate::store::{Batch, EventKind, Outcome, RecordEntry, RecordId, Trigger};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::Instrument as _;

/// What is wanted of a replay.
#[derive(Clone, Debug, Default)]
pub struct ReplayOptions {
    /// Those that [`why_not`] has nothing against.
    pub records: Vec<RecordId>,
    /// Read from the source again, in place of what the store keeps.
    pub afresh: bool,
    /// Write nothing, and say what would come of it.
    pub preview: bool,
    /// As in [`Options`].
    pub moved: bool,
    /// Who wants it.
    pub by: String,
    /// Why.
    pub because: String,
    /// What a preview showed. Without it, whatever the records map to is sent.
    pub shown: Option<Vec<Replayed>>,
    pub cancel: Option<watch::Receiver<bool>>,
}

/// What came of a replay.
#[derive(Debug)]
pub struct Replay {
    pub report: Report,
    /// In the order of their ids.
    pub records: Vec<Replayed>,
}

/// One record, before and after.
#[derive(Clone, Debug)]
pub struct Replayed {
    pub before: RecordEntry,
    /// As it stands now; in a preview, as it would stand.
    pub after: RecordEntry,
    pub outcome: Outcome,
    /// What was to be sent; `None` if the mapping, or what stands there, left nothing to send.
    pub sent: Option<Draft>,
}

/// A record as it is sent.
#[derive(Clone, Debug)]
pub struct Draft {
    /// As JSON.
    pub target: Json,
    pub target_hash: String,
    pub key: String,
    /// Against what was sent, or was to be sent, the last time.
    pub changes: Vec<FieldChange>,
}

/// Why a record cannot be replayed, and what can be done in its stead; `None` if it can.
pub fn why_not(entry: &RecordEntry, target: &str) -> Option<(String, String)> {
    let stands = [kinds::CHANGED, kinds::DELETED, kinds::DIFFERS, kinds::SEVERAL, kinds::VANISHED];
    let stands = stands.contains(&entry.kind.as_str());
    match (entry.outcome, &entry.reference) {
        (Outcome::Skipped, _) => Some((
            format!("{} is no parked record: {}", entry.label, entry.reason),
            "change the pipeline if it is to be posted; the next run looks at it again".to_owned(),
        )),
        (Outcome::Posted | Outcome::Unchanged, reference) => {
            let reference = reference.as_deref().unwrap_or_default();
            Some((
                format!("{} stands posted in {target} as {reference}: a replay would post it twice", entry.label),
                format!(
                    "to correct it, change it at its source with `on change correct` in the flow, which posts the \
                     difference, or credit {reference} in {target}"
                ),
            ))
        }
        (_, Some(reference)) if stands => Some((
            format!("{} stands posted in {target} as {reference}, and waits: {}", entry.label, entry.reason),
            format!(
                "each run looks at it again by itself; {}, or let the flow say `on change correct`, which posts the \
                 difference",
                entry.mend
            ),
        )),
        _ => None,
    }
}

/// Tries the picked records again, or says what would come of it.
pub async fn replay(setup: &Setup, options: &ReplayOptions) -> Result<Replay, RunError> {
    let as_run = Options {
        plan: options.preview,
        moved: options.moved,
        trigger: Trigger::Replay,
        by: options.by.clone(),
        cancel: options.cancel.clone(),
        ..Options::default()
    };
    systems::check(setup, &as_run)?;
    let started = setup.clock.now();
    let mut context = run::context(setup, &as_run, started);
    context.replay = Some(Picked { records: options.records.iter().cloned().collect() });
    context.tally.witness();
    let context = Arc::new(context);
    let replaying = Arc::new(Replaying::new(&context, options)?);
    let report = run::within(setup, &as_run, &context, started, replaying.clone().all()).await?;
    Ok(Replay { report, records: replaying.told() })
}

/// A replay at work.
pub(super) struct Replaying {
    context: Arc<Context>,
    options: ReplayOptions,
    pub before: BTreeMap<RecordId, RecordEntry>,
    drafts: Mutex<BTreeMap<RecordId, Draft>>,
}

impl Replaying {
    fn new(context: &Arc<Context>, options: &ReplayOptions) -> Result<Self, RunError> {
        let mut before = BTreeMap::new();
        for id in &options.records {
            before.extend(context.store.record(id)?.map(|entry| (id.clone(), entry)));
        }
        Ok(Self { context: context.clone(), options: options.clone(), before, drafts: Mutex::default() })
    }

    async fn all(self: Arc<Self>) -> Result<(), RunError> {
        let context = &self.context;
        self.announce().await?;
        let recovered = if context.plan {
            Arc::default()
        } else {
            context.progress.stage("", Stage::Recover);
            Arc::new(recover::recover(context).await?)
        };
        let flows = self.flows();
        context.progress.stage("", Stage::Lookups);
        if context.brake.is_pulled() {
            return Ok(());
        }
        let Some(tables) = lookups::load(context, &flows).await? else { return Ok(()) };
        let tables = Arc::new(tables);
        for index in flows {
            if context.brake.is_pulled() {
                break;
            }
            let Some(tables) = peers::load(context, index, &tables).await? else { break };
            self.flow(index, tables, recovered.clone()).await?;
        }
        Ok(())
    }

    /// Those of the picked records, in the program's order.
    fn flows(&self) -> Vec<usize> {
        let flows = self.context.program.flows();
        let picked: HashSet<&str> = self.before.keys().map(|id| id.flow.as_str()).collect();
        (0..flows.len()).filter(|&index| picked.contains(flows[index].name())).collect()
    }

    /// Who wants it and why, and what was shown to them, is in the log before anything is sent.
    async fn announce(&self) -> Result<(), RunError> {
        let mut batch = Batch::default();
        for (id, entry) in &self.before {
            let mut detail = json!({
                "reason": self.options.because, "by": self.options.by, "label": entry.label,
                "was": entry.outcome.word(), "read": if self.options.afresh { "afresh" } else { "as stored" },
            });
            if !entry.reason.is_empty() {
                detail["then"] = entry.reason.as_str().into();
            }
            if let Some(draft) = self.shown(id) {
                detail["target_hash"] = draft.target_hash.as_str().into();
                detail["changes"] = serde_json::to_value(&draft.changes).unwrap_or_default();
            }
            batch.events.push(self.context.event(EventKind::Replayed, Some(id.clone()), detail));
        }
        self.context.commit(batch).await
    }

    async fn flow(&self, index: usize, tables: Arc<Tables>, recovered: Arc<HashSet<RecordId>>) -> Result<(), RunError> {
        let context = &self.context;
        let intents = context.store.intents()?;
        let flow = Arc::new(FlowRun::new(context.clone(), index, tables, &intents, recovered)?);
        context.tally.begin(&flow.name);
        context.progress.stage(&flow.name, Stage::Records);
        let (out, inbox) = mpsc::channel(QUEUE);
        let mut poster = JoinSet::new();
        poster.spawn(Poster::new(flow.clone(), inbox)?.run().in_current_span());
        let mut desk = Desk { replaying: self, flow: flow.clone(), out, outbox: Outbox::default() };
        let fed = if self.options.afresh { desk.afresh().await } else { desk.as_stored().await };
        // The poster ends when nobody can send it anything more.
        drop(desk);
        let posted = flow::joined(&mut poster).await;
        fed?;
        posted?;
        marks::make(&flow).await?;
        context.progress.stage(&flow.name, Stage::Done);
        Ok(())
    }

    fn shown(&self, id: &RecordId) -> Option<&Draft> {
        self.options.shown.iter().flatten().find(|shown| shown.before.id == *id)?.sent.as_ref()
    }

    /// Whether the preview showed that this content would be sent. Of a record in doubt it
    /// showed that the other side is asked first; then what was sent the last time may be sent.
    pub fn was_shown(&self, ready: &Ready) -> bool {
        if self.options.shown.is_none() {
            return true;
        }
        let id = &ready.seen.id;
        let in_doubt = self.before.get(id).filter(|before| before.outcome == Outcome::InDoubt);
        let hash = self.shown(id).map(|draft| &draft.target_hash);
        hash.or_else(|| in_doubt?.target_hash.as_ref()) == Some(&ready.facts.hash)
    }

    /// What is about to be sent of a record.
    pub fn remember(&self, id: &RecordId, draft: Draft) {
        self.drafts.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), draft);
    }

    /// What became of each. One that the run did not come to stands as it stood.
    fn told(&self) -> Vec<Replayed> {
        let mut drafts = std::mem::take(&mut *self.drafts.lock().unwrap_or_else(PoisonError::into_inner));
        let mut after: BTreeMap<RecordId, (RecordEntry, Outcome)> = BTreeMap::new();
        for (entry, outcome) in self.context.tally.take_witnessed() {
            after.insert(entry.id.clone(), (entry, outcome));
        }
        let one = |(id, before): (&RecordId, &RecordEntry)| {
            let (entry, outcome) = after.remove(id).unwrap_or_else(|| (before.clone(), before.outcome));
            Replayed { before: before.clone(), after: entry, outcome, sent: drafts.remove(id) }
        };
        self.before.iter().map(one).collect()
    }
}
