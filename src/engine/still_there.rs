//! Whether a record that waited in the store is still in its source.
//!
//! A pass over what changed lately does not show what was deleted. So what comes out of the
//! store, and not out of this run's reading, is looked for once more just before its first
//! post: one list of its scope, once a run, and only where something that waited goes out.

use super::fetch;
use super::flow_run::FlowRun;
use super::mapping::{Job, Ready};
use super::pass::{self, Scope};
use crate::connector::{Error, Fetch};
use crate::store::RecordId;
use std::collections::{HashMap, HashSet};

/// What each scope shows, by its name.
#[derive(Default)]
pub(super) struct StillThere(HashMap<String, Result<HashSet<RecordId>, Error>>);

impl StillThere {
    /// Whether the source shows it; what this run has read itself is there.
    pub async fn shows(&mut self, flow: &FlowRun, ready: &Ready) -> Result<bool, Error> {
        let Some(scope) = flow.scope_of_stored(&ready.seen.id).filter(|_| ready.job == Job::Create) else {
            return Ok(true);
        };
        let name = scope.as_ref().map_or_else(String::new, |scope| scope.name.clone());
        if !self.0.contains_key(&name) {
            self.0.insert(name.clone(), listed(flow, scope.as_ref()).await);
        }
        match self.0.get(&name) {
            Some(Err(error)) => Err(error.clone()),
            shown => Ok(shown.is_some_and(|shown| shown.as_ref().is_ok_and(|ids| ids.contains(&ready.seen.id)))),
        }
    }
}

/// What the scope shows now, all of it.
pub(super) async fn listed(flow: &FlowRun, scope: Option<&Scope>) -> Result<HashSet<RecordId>, Error> {
    let source = flow.flow().source();
    let request = Fetch { scope: scope.map(|scope| scope.value.clone()), ..Fetch::all(source.resource.as_ref()) };
    let records = fetch::shown(&flow.context, &source.connection, request).await?;
    Ok(records.iter().map(|record| pass::seen(flow, record, scope).id).collect())
}
