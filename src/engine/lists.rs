//! The lists that the lookups of a run are filled from: whole resources, and those that are
//! kept scope by scope.
//!
//! Each list is read once, however many lookups and verifications need it, and of scopes
//! only those that are wanted. A lookup is whole or the run stops: a missing row would look
//! like a code that nobody has, and two rows that contradict each other like one.

use super::brake::StopKind;
use super::context::Context;
use super::error::RunError;
use super::{fetch, label};
use crate::connector::{Error, Fetch};
use crate::model::LookupId;
use crate::program::Tables;
use crate::value::{Record, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;
use tracing::Instrument as _;

/// Scopes whose lists are read at once.
const AT_ONCE: usize = 4;

/// A resource of a connection.
type Place = (Arc<str>, Arc<str>);

/// Records, and the sentences of those that could not be decoded.
#[derive(Default)]
pub(super) struct Listed {
    pub records: Vec<Record>,
    pub unreadable: Vec<String>,
}

/// The scope records of a run, by connection and resource. The flows of the run move within
/// the same scopes that its lookups know.
#[derive(Default)]
pub(super) struct ScopeLists(Mutex<HashMap<Place, Arc<Listed>>>);

impl ScopeLists {
    /// `None` where no lookup needed them.
    pub fn known(&self, connection: &Arc<str>, resource: &Arc<str>) -> Option<Arc<Listed>> {
        let place = (connection.clone(), resource.clone());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned()
    }

    fn keep(&self, place: Place, list: Arc<Listed>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(place, list);
    }
}

/// What has been read for the lookups.
#[derive(Default)]
pub(super) struct Lists {
    whole: HashMap<Place, Arc<Vec<Record>>>,
    /// By the scope as well, as text.
    parts: HashMap<(Place, String), Vec<Record>>,
}

/// One scope whose list is to be read.
struct Part {
    name: String,
    value: Value,
    label: String,
}

impl Lists {
    /// All records of a resource; `None` when they cannot be read and the run stops.
    pub async fn whole(
        &mut self,
        context: &Arc<Context>,
        connection: &Arc<str>,
        resource: &Arc<str>,
    ) -> Result<Option<Arc<Vec<Record>>>, RunError> {
        let place = (connection.clone(), resource.clone());
        if let Some(known) = self.whole.get(&place) {
            return Ok(Some(known.clone()));
        }
        let plural = context.resource(connection, resource)?.plural;
        match fetch::everything(context, connection, Fetch::all(&**resource)).await {
            Ok((records, unreadable)) => {
                warn(context, unreadable);
                let records = Arc::new(records);
                self.whole.insert(place, records.clone());
                Ok(Some(records))
            }
            Err(error) => {
                stop(context, connection, &plural, error);
                Ok(None)
            }
        }
    }

    /// The rows of a lookup whose resource is kept scope by scope, with what they carry of
    /// their scopes; `None` when one of them cannot be read and the run stops.
    pub async fn by_scope(
        &mut self,
        context: &Arc<Context>,
        tables: &Tables,
        lookup: LookupId,
    ) -> Result<Option<Arc<Vec<Record>>>, RunError> {
        let program = context.program.clone();
        let Some(from) = &program.lookups()[lookup.0].resource else { return Ok(Some(Arc::default())) };
        let Some(scope) = &from.scope else { return Ok(Some(Arc::default())) };
        let place = (from.connection.clone(), from.resource.clone());
        let Some(scopes) = scope_records(context, &from.connection, &scope.resource).await? else { return Ok(None) };
        let spec = context.resource(&from.connection, &scope.resource)?;
        let wanted: Vec<(String, Value, &Record)> = scopes
            .records
            .iter()
            .filter(|record| program.lookup_wants(tables, lookup, record))
            .filter_map(|record| {
                let value = record.get(&scope.field).filter(|value| !value.is_null())?;
                Some((value.to_string(), value.clone(), record))
            })
            .collect();
        let unread = wanted.iter().filter(|(name, ..)| !self.parts.contains_key(&(place.clone(), name.clone())));
        let unread: Vec<Part> = unread
            .map(|(name, value, record)| Part {
                name: name.clone(),
                value: value.clone(),
                label: label::plain(&spec, record),
            })
            .collect();
        if !self.read_parts(context, &place, unread).await? {
            return Ok(None);
        }
        let mut rows = Vec::new();
        for (name, _, scope_record) in wanted {
            let part = self.parts.get(&(place.clone(), name)).into_iter().flatten();
            rows.extend(part.map(|record| scope.carried(record, scope_record)));
        }
        Ok(Some(Arc::new(rows)))
    }

    /// Whether all of them were read.
    async fn read_parts(&mut self, context: &Arc<Context>, place: &Place, parts: Vec<Part>) -> Result<bool, RunError> {
        let plural = context.resource(&place.0, &place.1)?.plural;
        let mut waiting = parts.into_iter();
        let mut reading = JoinSet::new();
        loop {
            while reading.len() < AT_ONCE && !context.brake.is_pulled() {
                let Some(part) = waiting.next() else { break };
                let (context, connection) = (context.clone(), place.0.clone());
                let request = Fetch { scope: Some(part.value.clone()), ..Fetch::all(&*place.1) };
                let read = async move { (part, fetch::everything(&context, &connection, request).await) };
                reading.spawn(read.in_current_span());
            }
            let Some(ended) = reading.join_next().await else { break };
            let (part, read) = ended.map_err(|error| RunError::lost_task(&error))?;
            match read {
                Ok((records, unreadable)) => {
                    warn(context, unreadable);
                    self.parts.insert((place.clone(), part.name), records);
                }
                Err(error) => {
                    stop(context, &place.0, &format!("{plural} of {}", part.label), error);
                    return Ok(false);
                }
            }
        }
        Ok(!context.brake.is_pulled())
    }
}

/// The records that the lists are kept by, kept for the flows; `None` when they cannot be
/// read and the run stops.
async fn scope_records(
    context: &Arc<Context>,
    connection: &Arc<str>,
    resource: &Arc<str>,
) -> Result<Option<Arc<Listed>>, RunError> {
    if let Some(known) = context.scopes.known(connection, resource) {
        return Ok(Some(known));
    }
    let plural = context.resource(connection, resource)?.plural;
    match fetch::everything(context, connection, Fetch::all(&**resource)).await {
        Ok((records, unreadable)) => {
            warn(context, unreadable.clone());
            let list = Arc::new(Listed { records, unreadable });
            context.scopes.keep((connection.clone(), resource.clone()), list.clone());
            Ok(Some(list))
        }
        Err(error) => {
            stop(context, connection, &plural, error);
            Ok(None)
        }
    }
}

fn warn(context: &Context, unreadable: Vec<String>) {
    for message in unreadable {
        context.tally.warn(format!("left out of the lookups: {message}"));
    }
}

/// Stops the run, unless it stops already: what gave up for that has nothing of its own to say.
fn stop(context: &Context, connection: &str, what: &str, error: Error) {
    if context.brake.is_pulled() {
        return;
    }
    let message = format!(
        "the {what} of {} could not be read, and nothing is posted without them: {}",
        context.title(connection),
        error.message
    );
    context.brake.pull(StopKind::World, message, error.mend);
}
