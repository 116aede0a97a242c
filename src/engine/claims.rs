//! Which target keys are taken, and by whom: a key belongs to one source record. So does a
//! record of the target that `match` found.
//!
//! The store's links speak for what was posted. What is on its way is kept here: the
//! keys of the group in hand, those of writes in doubt, and in a plan, which has no
//! links, all of them.

use super::error::RunError;
use super::flow_run::FlowRun;
use super::mapping::Ready;
use crate::connector::Found;
use crate::store::RecordId;
use std::collections::HashMap;

pub(super) struct Claims {
    /// The owner of a target key, and its label.
    taken: HashMap<String, (RecordId, String)>,
    /// With a `match`: the owner of a record of the target, and its label.
    matched: HashMap<String, (RecordId, String)>,
    plan: bool,
}

/// Why a record cannot have what it claims.
pub(super) enum Taken {
    /// Its key belongs to the record of this label.
    Key(String),
    /// What it matches belongs to the record of this label.
    Matched(Found, String),
}

impl Claims {
    pub fn new(flow: &FlowRun) -> Result<Self, RunError> {
        let doubts = flow.in_doubt.iter();
        let taken = doubts.map(|(id, key)| (key.clone(), (id.clone(), id.to_string()))).collect();
        let mut matched = HashMap::new();
        if flow.flow().matches_by().is_some() {
            let entries = flow.context.store.records(Some(&flow.name))?.into_iter();
            matched.extend(entries.filter_map(|entry| Some((entry.reference?, (entry.id, entry.label)))));
        }
        Ok(Self { taken, matched, plan: flow.context.plan })
    }

    /// Takes the key, and what `match` found, for this record; or says who has it.
    pub fn claim(&mut self, flow: &FlowRun, ready: &Ready) -> Result<Option<Taken>, RunError> {
        if let Some(owner) = self.owner(flow, ready)? {
            return Ok(Some(Taken::Key(owner)));
        }
        let claim = (ready.seen.id.clone(), ready.seen.label.clone());
        if let Some(found) = &ready.matched {
            match self.matched.get(&found.reference) {
                Some((id, label)) if *id != ready.seen.id => {
                    return Ok(Some(Taken::Matched(found.clone(), label.clone())));
                }
                _ => drop(self.matched.insert(found.reference.clone(), claim.clone())),
            }
        }
        self.taken.insert(ready.facts.key.clone(), claim);
        Ok(None)
    }

    /// From here on the link speaks for the key, or nobody does.
    pub fn release(&mut self, ready: &Ready) {
        if !self.plan {
            self.taken.remove(&ready.facts.key);
        }
    }

    /// Nothing is sent of it: its key is free, also where only a plan is made.
    pub fn give_up(&mut self, ready: &Ready) {
        self.taken.remove(&ready.facts.key);
    }

    fn owner(&self, flow: &FlowRun, ready: &Ready) -> Result<Option<String>, RunError> {
        let key = &ready.facts.key;
        if let Some((id, label)) = self.taken.get(key) {
            return Ok((*id != ready.seen.id).then(|| label.clone()));
        }
        let store = &flow.context.store;
        let Some(id) = store.link(&flow.name, key)?.filter(|id| *id != ready.seen.id) else { return Ok(None) };
        Ok(Some(store.record(&id)?.map_or_else(|| id.to_string(), |entry| entry.label)))
    }
}
