//! One flow in one run: what its parts share.

use super::context::Context;
use super::error::RunError;
use super::guard::GuardRail;
use super::pass::Scope;
use super::sought::Sought;
use super::strays::Strays;
use crate::connector::ResourceSpec;
use crate::program::{Flow, Tables};
use crate::store::{Intent, RecordId};
use crate::value::{Record, RecordType};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) struct FlowRun {
    pub context: Arc<Context>,
    index: usize,
    pub tables: Arc<Tables>,
    pub name: String,
    pub hash: String,
    pub source: ResourceSpec,
    pub source_type: Arc<RecordType>,
    /// The resource that the source is read per one of.
    pub scope: Option<(ResourceSpec, Arc<RecordType>)>,
    pub target: ResourceSpec,
    pub target_type: Arc<RecordType>,
    pub source_title: String,
    pub target_title: String,
    pub guard: GuardRail,
    pub strays: Strays,
    /// What notices named of it; `None` in a run that takes all.
    pub sought: Option<Sought>,
    /// Writes that could not be settled before the run began, with their target keys.
    pub in_doubt: HashMap<RecordId, String>,
    /// Records that recovery settled as posted in this run.
    pub recovered: Arc<HashSet<RecordId>>,
    /// Scopes in a row that could not be reached.
    pub unreachable: AtomicU32,
    /// Records that somebody has to look at and that this run has not read yet.
    waiting: Mutex<HashSet<RecordId>>,
    /// Those of them that were taken up from the store, with their scopes.
    stored: Mutex<HashMap<RecordId, Option<Scope>>>,
}

impl FlowRun {
    pub fn new(
        context: Arc<Context>,
        index: usize,
        tables: Arc<Tables>,
        intents: &[Intent],
        recovered: Arc<HashSet<RecordId>>,
    ) -> Result<Self, RunError> {
        let flow = &context.program.flows()[index];
        let (from, to) = (flow.source(), flow.target());
        let source = context.resource(&from.connection, &from.resource)?;
        let target = context.resource(&to.connection, &to.resource)?;
        let scope = from.scope.as_ref().map(|scope| context.resource(&from.connection, &scope.resource)).transpose()?;
        let name = flow.name().to_owned();
        let own = intents.iter().filter(|intent| intent.record.flow == name);
        let mut flow = Self {
            index,
            tables,
            hash: flow.hash().to_owned(),
            source_type: source.source_type(),
            source,
            scope: scope.map(|spec| {
                let ty = spec.source_type();
                (spec, ty)
            }),
            target_type: target.target_type(),
            target,
            source_title: context.title(&from.connection),
            target_title: context.title(&to.connection),
            guard: GuardRail::new(to.guard),
            strays: Strays::default(),
            sought: None,
            in_doubt: own.map(|intent| (intent.record.clone(), intent.target_key.clone())).collect(),
            recovered,
            unreachable: AtomicU32::new(0),
            stored: Mutex::default(),
            waiting: Mutex::new(context.store.attention(&name)?.into_iter().collect()),
            name,
            context,
        };
        flow.sought = Sought::of(&flow)?;
        Ok(flow)
    }

    pub fn flow(&self) -> &Flow {
        &self.context.program.flows()[self.index]
    }

    /// It runs by itself.
    pub fn has_schedule(&self) -> bool {
        let schedule = self.flow().schedule();
        schedule.run.is_some() || schedule.reconcile.is_some()
    }

    /// Whether somebody asks later which records a pass has seen.
    pub fn remembers(&self) -> bool {
        let context = &self.context;
        let for_costs = context.plan && self.flow().schedule().reconcile.is_some();
        for_costs || context.lookback.is_some() || self.sought.as_ref().is_some_and(Sought::looks_anywhere)
    }

    /// The source record without what our own mark moves there: else each mark would come
    /// back as a change of its record.
    pub fn content<'r>(&self, record: &'r Record) -> Cow<'r, Record> {
        let mark = self.flow().target().mark.as_ref().and_then(|field| self.source.marks.get_key_value(&**field));
        let Some((field, mark)) = mark else { return Cow::Borrowed(record) };
        let moves: Vec<&str> =
            mark.moves.iter().chain([field]).chain(&self.source.changed).map(String::as_str).collect();
        let kept = record.iter().filter(|(name, _)| !moves.contains(&name.as_ref()));
        Cow::Owned(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// The record was read from its source in this run.
    pub fn no_longer_waits(&self, id: &RecordId) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// This record goes on as the store keeps it: this run has not read it.
    pub fn taken_from_store(&self, id: RecordId, scope: Option<Scope>) {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).insert(id, scope);
    }

    /// The scope of a record that was taken from the store; `None` for one that was read.
    pub fn scope_of_stored(&self, id: &RecordId) -> Option<Option<Scope>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Those that were not read, in the order of their ids.
    pub fn take_waiting(&self) -> Vec<RecordId> {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut waiting: Vec<RecordId> = waiting.into_iter().collect();
        waiting.sort();
        waiting
    }
}
