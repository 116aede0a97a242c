//! What a run for notices looks for in one flow: which scopes it reads, and which records
//! it has to find there.
//!
//! A burst of notices costs one list of each scope that it is in, however many they are. A
//! record that this list does not show is looked for in the whole of its scope; one that is
//! not there either is gone, or was never ours to see.

use super::error::RunError;
use super::flow_run::FlowRun;
use super::pass::{PassEnd, digest, escape};
use super::touched::TouchedRecord;
use crate::store::RecordId;
use std::collections::BTreeMap;

/// What notices named of one flow.
#[derive(Default)]
pub(super) struct Sought {
    /// By scope, as it stands in a record's key; of a source without scopes, under no name.
    by_scope: BTreeMap<String, Vec<Wanted>>,
    /// Records of which nobody knows in which scope they are.
    anywhere: Vec<TouchedRecord>,
}

/// One record that a notice named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub id: RecordId,
    /// The notice says that it was deleted.
    pub deleted: bool,
    /// The store has it.
    pub known: bool,
}

impl Sought {
    /// `None` in a run that takes all.
    pub fn of(flow: &FlowRun) -> Result<Option<Self>, RunError> {
        let Some(touched) = &flow.context.touched else { return Ok(None) };
        let mut sought = Self::default();
        for one in touched.of(flow.flow()) {
            match scope_of(flow, one)? {
                Some(scope) => sought.want(flow, &scope, one)?,
                None => sought.anywhere.push(one.clone()),
            }
        }
        // One of which nothing is known, and which is gone, is nowhere to be looked for.
        sought.anywhere.retain(|one| !one.deleted);
        Ok(Some(sought))
    }

    fn want(&mut self, flow: &FlowRun, scope: &str, one: &TouchedRecord) -> Result<(), RunError> {
        let wanted = self.by_scope.entry(scope.to_owned()).or_default();
        // A notice has one id; where a record has several, its scope is read and that is all.
        if flow.source.identity.len() != 1 {
            return Ok(());
        }
        let id = RecordId { flow: flow.name.clone(), key: key(scope, one) };
        let known = flow.context.store.record(&id)?.is_some();
        // The notices of one record come in any order: that it was deleted, one look tells.
        match wanted.iter_mut().find(|wanted| wanted.id == id) {
            Some(wanted) => wanted.deleted |= one.deleted,
            None => wanted.push(Wanted { id, deleted: one.deleted, known }),
        }
        Ok(())
    }

    /// Whether the scope of this name is read at all.
    pub fn wants(&self, scope: &str) -> bool {
        !self.anywhere.is_empty() || self.by_scope.contains_key(scope)
    }

    /// Whether it is not known of all in which scope they are.
    pub fn looks_anywhere(&self) -> bool {
        !self.anywhere.is_empty()
    }

    /// Those of them that no pass has seen.
    pub fn nowhere(&self, flow: &str, ends: &[PassEnd]) -> Vec<String> {
        let seen = |one: &&TouchedRecord| {
            ends.iter().any(|end| {
                let id = RecordId { flow: flow.to_owned(), key: key(&end.name(), one) };
                end.seen.contains(&digest(&id))
            })
        };
        self.anywhere.iter().filter(|one| !seen(one)).map(|one| format!("{flow}/{}", one.record)).collect()
    }

    /// What has to be found in the scope of this name.
    pub fn within(&self, scope: &str) -> Vec<Wanted> {
        self.by_scope.get(scope).cloned().unwrap_or_default()
    }

    /// Those of scopes for which `is_read` says no.
    pub fn outside(&self, is_read: impl Fn(&str) -> bool) -> Vec<Wanted> {
        let outside = self.by_scope.iter().filter(|(scope, _)| !is_read(scope));
        outside.flat_map(|(_, wanted)| wanted.clone()).collect()
    }
}

/// The scope as it stands in keys, from the notice or from what the store has.
fn scope_of(flow: &FlowRun, one: &TouchedRecord) -> Result<Option<String>, RunError> {
    if flow.scope.is_none() {
        return Ok(Some(String::new()));
    }
    if let Some(scope) = &one.scope {
        return Ok(Some(escape(scope)));
    }
    let known = flow.context.store.records(Some(&flow.name))?;
    let mine = known.iter().find(|entry| one.is(&entry.id.key, true));
    Ok(mine.and_then(|entry| entry.id.key.split_once('/')).map(|(scope, _)| scope.to_owned()))
}

fn key(scope: &str, one: &TouchedRecord) -> String {
    let record = escape(&one.record);
    if scope.is_empty() { record } else { format!("{scope}/{record}") }
}
