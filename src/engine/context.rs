//! What all parts of one run share.

use super::brake::Brake;
use super::error::{RunError, RunErrorKind};
use super::lists::ScopeLists;
use super::meter::Meter;
use super::picked::Picked;
use super::report::Progress;
use super::tally::Tally;
use super::touched::Touched;
use crate::connector::{Connector, ResourceSpec};
use crate::program::Program;
use crate::store::{Batch, Event, EventKind, RecordId, Store, Trigger};
use crate::value::Span;
use crate::world::{Clock, Entropy};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) struct Context {
    pub program: Arc<Program>,
    pub connections: BTreeMap<String, Arc<dyn Connector>>,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub progress: Arc<dyn Progress>,
    /// Nothing is written, neither to a target nor to the store.
    pub plan: bool,
    /// What failed is tried again.
    pub retry: bool,
    /// What began the run.
    pub trigger: Trigger,
    /// Who asked for it.
    pub by: String,
    /// How far back each pass looks, at least.
    pub lookback: Option<Span>,
    /// What notices named; `None` for a run, which takes all.
    pub touched: Option<Touched>,
    pub run: String,
    pub brake: Brake,
    pub tally: Tally,
    /// What a person has picked to be tried again; `None` for a run, which takes all.
    pub replay: Option<Picked>,
    /// What the lists cost that a plan read.
    pub meter: Meter,
    /// Scope records that the lookups of this run are read by.
    pub scopes: ScopeLists,
}

impl Context {
    /// Whether this run has to do with the record.
    pub fn takes(&self, id: &RecordId) -> bool {
        self.replay.as_ref().is_none_or(|picked| picked.records.contains(id))
    }

    /// Writes the batch, if there is anything in it. A plan writes nothing.
    pub async fn commit(&self, batch: Batch) -> Result<(), RunError> {
        if self.plan || (batch.operations.is_empty() && batch.events.is_empty()) {
            return Ok(());
        }
        self.store.commit(batch).await?;
        Ok(())
    }

    /// What happened now. Of a record, it names also the mapping by which it happened.
    pub fn event(&self, kind: EventKind, record: Option<RecordId>, mut detail: serde_json::Value) -> Event {
        let flow = record.as_ref().and_then(|id| self.program.flows().iter().find(|flow| flow.name() == id.flow));
        if let (Some(flow), Some(detail)) = (flow, detail.as_object_mut()) {
            detail.insert("program_hash".to_owned(), flow.hash().into());
        }
        Event { at: self.clock.now(), run: self.run.clone(), kind, record, detail }
    }

    /// Waits; `false` if the brake was pulled meanwhile.
    pub async fn pause(&self, span: Span) -> bool {
        if self.brake.is_pulled() {
            return false;
        }
        tokio::select! {
            () = self.clock.sleep(span) => !self.brake.is_pulled(),
            () = self.brake.pulled() => false,
        }
    }

    pub fn connection(&self, name: &str) -> Result<&Arc<dyn Connector>, RunError> {
        self.connections.get(name).ok_or_else(|| {
            RunError::new(
                RunErrorKind::Internal,
                format!("the connection `{name}` was not opened"),
                "this is a fault of mlc; report it",
            )
        })
    }

    /// The name of an open connection in the pipeline.
    pub fn name_of(&self, connection: &Arc<dyn Connector>) -> &str {
        let named = self.connections.iter().find(|(_, open)| Arc::ptr_eq(open, connection));
        named.map_or("", |(name, _)| name)
    }

    /// The catalogue's words on a resource.
    pub fn resource(&self, connection: &str, resource: &str) -> Result<ResourceSpec, RunError> {
        let spec = self.connection(connection)?.catalogue().resources.get(resource).cloned();
        spec.ok_or_else(|| {
            RunError::new(
                RunErrorKind::Internal,
                format!("`{connection}` has no resource `{resource}`"),
                "check the pipeline again: `mlc check`",
            )
        })
    }

    /// The product's name, for people.
    pub fn title(&self, connection: &str) -> String {
        self.connections.get(connection).map_or_else(|| connection.to_owned(), |open| open.catalogue().title.clone())
    }
}
