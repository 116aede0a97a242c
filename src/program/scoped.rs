//! Lookups whose resource is kept scope by scope: for which scopes their rows are read, and
//! what of the scope record stands in each row.

use super::machine::Machine;
use super::{Flow, Program, Tables};
use crate::model::{LocalId, LookupId, LookupScope};
use crate::value::Record;
use std::sync::Arc;

impl Program {
    /// What a lookup's rows are read per one of; `None` for a list that is kept as a whole.
    pub fn lookup_scope(&self, lookup: LookupId) -> Option<&LookupScope> {
        self.lookups().get(lookup.0)?.resource.as_ref()?.scope.as_ref()
    }

    /// Whether the rows of a lookup are to be read for this scope record: its own filter
    /// says so, or, without one, a flow that asks the lookup wants the scope, be it run now or
    /// not: the rows do not depend on which flows are run. A flow that is not read per record
    /// of that resource can ask for any. A record for which a filter has no answer is read,
    /// so that no row is missed in silence.
    pub fn lookup_wants(&self, tables: &Tables, lookup: LookupId, scope: &Record) -> bool {
        let Some(place) = self.lookup_scope(lookup) else { return true };
        if let Some(filter) = self.code.get(lookup.0).and_then(|code| code.scope_filter.as_ref()) {
            let mut machine = Machine::new(tables, place.locals.max(1));
            machine.set(LocalId(0), scope.clone().into());
            return machine.holds(filter).unwrap_or(true);
        }
        let mut asking = self.flows().iter().filter(|flow| flow.lookups().contains(&lookup));
        asking.any(|flow| !self.shares_scope(flow, lookup) || flow.wants_scope(tables, scope))
    }

    /// Whether a flow is read per record of the same resource as a lookup.
    fn shares_scope(&self, flow: &Flow, lookup: LookupId) -> bool {
        let resource = self.lookups().get(lookup.0).and_then(|lookup| lookup.resource.as_ref());
        let (Some(ours), Some(resource)) = (&flow.source().scope, resource) else { return false };
        let theirs = resource.scope.as_ref().map(|scope| &scope.resource);
        flow.source().connection == resource.connection && theirs == Some(&ours.resource)
    }
}

impl LookupScope {
    /// A record of the list, with what it carries of its scope.
    pub fn carried(&self, record: &Record, scope: &Record) -> Record {
        let mut record = record.clone();
        for (name, field) in &self.carries {
            if let Some(value) = scope.get(field) {
                record.insert(Arc::clone(name), value.clone());
            }
        }
        record
    }
}
