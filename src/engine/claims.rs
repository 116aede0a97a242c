//! Which target keys are taken, and by whom: a key belongs to one source record.
//!
//! The store's links speak for what was posted. What is on its way is kept here: the
//! keys of the group in hand, those of writes in doubt, and in a plan, which has no
//! links, all of them.

use super::error::RunError;
use super::flow_run::FlowRun;
use super::mapping::Ready;
use crate::store::RecordId;
use std::collections::HashMap;

pub(super) struct Claims {
    /// The owner of a target key, and its label.
    taken: HashMap<String, (RecordId, String)>,
    plan: bool,
}

impl Claims {
    pub fn new(flow: &FlowRun) -> Self {
        let doubts = flow.in_doubt.iter();
        let taken = doubts.map(|(id, key)| (key.clone(), (id.clone(), id.to_string()))).collect();
        Self { taken, plan: flow.context.plan }
    }

    /// Takes the key for this record, or gives the label of the record that has it.
    pub fn claim(&mut self, flow: &FlowRun, ready: &Ready) -> Result<Option<String>, RunError> {
        let owner = self.owner(flow, ready)?;
        if owner.is_none() {
            let claim = (ready.seen.id.clone(), ready.seen.label.clone());
            self.taken.insert(ready.facts.key.clone(), claim);
        }
        Ok(owner)
    }

    /// From here on the link speaks for the key, or nobody does.
    pub fn release(&mut self, ready: &Ready) {
        if !self.plan {
            self.taken.remove(&ready.facts.key);
        }
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
