//! Connections without a system behind them: they know their catalogue, and show the lists
//! that runs have kept. Nothing leaves the process through one.

use super::kept;
use super::{RunError, RunErrorKind};
use crate::connector::{
    Catalogue, Connector, DecodeError, Error, ErrorKind, Fetch, Found, Key, Page, Permanence, Written,
};
use crate::model::Connection;
use crate::program::Program;
use crate::store::Store;
use crate::value::Record;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All connections of a program, offline.
pub fn offline(program: &Program, store: &Arc<dyn Store>) -> Result<BTreeMap<String, Arc<dyn Connector>>, RunError> {
    let mut connections: BTreeMap<String, Arc<dyn Connector>> = BTreeMap::new();
    for connection in program.connections() {
        let open =
            Offline { name: connection.name.to_string(), catalogue: catalogue(connection)?, store: store.clone() };
        connections.insert(connection.name.to_string(), Arc::new(open));
    }
    Ok(connections)
}

fn catalogue(connection: &Connection) -> Result<Catalogue, RunError> {
    let Some(profile) = &connection.profile else { return Ok((connection.driver.catalogue)().clone()) };
    (connection.driver.profiled)(profile)
        .map_err(|sentence| RunError::new(RunErrorKind::World, sentence, "check the pipeline again: `mlc check`"))
}

struct Offline {
    name: String,
    catalogue: Catalogue,
    store: Arc<dyn Store>,
}

impl Offline {
    fn refuses<T>(&self) -> Result<T, Error> {
        let message = format!("`{}` is not connected: a backtest asks nobody", self.name);
        Err(Error::new(ErrorKind::Configuration, Permanence::Permanent, message))
    }
}

#[async_trait]
impl Connector for Offline {
    fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    async fn fetch(&self, request: &Fetch) -> Result<Page, Error> {
        let name = kept::name(&self.name, request);
        let missing = |why: &str| {
            let message = format!("{name} {why}");
            Error::new(ErrorKind::Configuration, Permanence::Permanent, message)
                .mend("run the pipeline once with this release: a run keeps what it looks up")
        };
        let kept = self.store.kept_list(&name).map_err(|error| missing(&error.message))?;
        let Some(list) = kept else { return Err(missing("was not kept by any run")) };
        let Some(spec) = self.catalogue.resources.get(&request.resource) else { return self.refuses() };
        let records = kept::records(&spec.source_type(), &list)
            .ok_or_else(|| missing("was kept under another catalogue, which it no longer fits"))?;
        let unreadable = list.content.unreadable.iter().map(|sentence| {
            Err(DecodeError {
                resource: request.resource.clone(),
                id: "?".to_owned(),
                field: "?".to_owned(),
                problem: sentence.clone(),
            })
        });
        let total = Some(records.len() as u64);
        Ok(Page { records: records.into_iter().map(Ok).chain(unreadable).collect(), next: None, total })
    }

    async fn find(&self, _: &str, _: &[Key]) -> Result<Vec<Vec<Found>>, Error> {
        self.refuses()
    }

    async fn create(&self, _: &str, _: &Record) -> Result<Written, Error> {
        self.refuses()
    }

    async fn update(&self, _: &str, _: &Found, _: &Record) -> Result<Written, Error> {
        self.refuses()
    }
}
