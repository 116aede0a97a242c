//! A ledger's suppliers and a directory of parties, in memory. Like the real one, the
//! directory takes two parties of one name; a ledger key belongs to one.

use super::side::Fault;
use crate::connector::{Catalogue, Connector, Effect, Error, ErrorKind, Fetch, Found, Key, Page, Permanence, Written};
use crate::value::{Record, Value};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use tokio::sync::Notify;

pub(super) fn catalogue() -> &'static Catalogue {
    static DIRECTORY: OnceLock<Catalogue> = OnceLock::new();
    DIRECTORY.get_or_init(|| Catalogue::read(include_str!("directory.yaml")).expect("test catalogue"))
}

/// What both systems hold, and the faults to come, by number of the call.
#[derive(Default)]
pub(super) struct Stock {
    pub suppliers: Vec<Record>,
    pub parties: BTreeMap<i64, Record>,
    pub notes: Vec<Record>,
    pub letters: Vec<Record>,
    pub calls: usize,
    pub writes: usize,
    pub faults: BTreeMap<usize, Fault>,
    /// Before which call people call a supplier and its party otherwise.
    pub renamed: Option<(usize, Renamed)>,
}

/// A supplier, by its place, and a party, by its number, that get another name.
pub(super) struct Renamed {
    pub supplier: usize,
    pub party: i64,
    pub name: &'static str,
}

pub(super) struct Directory {
    pub stock: Arc<Mutex<Stock>>,
    /// Told when the process is to die.
    pub death: Arc<Notify>,
}

impl Directory {
    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().expect("stock")
    }

    fn fault(&self, write: bool) -> Option<Fault> {
        let mut stock = self.stock();
        stock.writes += usize::from(write);
        let call = stock.calls;
        stock.calls += 1;
        if let Some((_, Renamed { supplier, party, name })) = stock.renamed.take_if(|(at, _)| *at == call) {
            stock.suppliers[supplier].insert("name", name);
            stock.parties.get_mut(&party).expect("the party").insert("name", name);
        }
        stock.faults.get(&call).copied()
    }

    async fn before(&self, fault: Option<Fault>, write: bool) -> Result<(), Error> {
        match fault {
            Some(Fault::DieBefore) => self.die().await,
            Some(Fault::LostBefore) => Err(lost(write)),
            _ => Ok(()),
        }
    }

    async fn after(&self, fault: Option<Fault>, write: bool) -> Result<(), Error> {
        match fault {
            Some(Fault::DieAfter) => self.die().await,
            Some(Fault::LostAfter) => Err(lost(write)),
            _ => Ok(()),
        }
    }

    async fn die(&self) -> ! {
        self.death.notify_one();
        std::future::pending::<()>().await;
        unreachable!("a dead process does not go on")
    }
}

fn lost(write: bool) -> Error {
    let effect = if write { Effect::Unknown } else { Effect::None };
    Error::new(ErrorKind::Network, Permanence::Temporary, "no answer").effect(effect)
}

#[async_trait]
impl Connector for Directory {
    fn catalogue(&self) -> &Catalogue {
        catalogue()
    }

    async fn fetch(&self, request: &Fetch) -> Result<Page, Error> {
        let fault = self.fault(false);
        self.before(fault, false).await?;
        let records = {
            let stock = self.stock();
            match request.resource.as_str() {
                "suppliers" => stock.suppliers.clone(),
                "notes" => stock.notes.clone(),
                _ => stock.parties.values().cloned().collect(),
            }
        };
        self.after(fault, false).await?;
        Ok(Page { records: records.into_iter().map(Ok).collect(), next: None, total: None })
    }

    async fn find(&self, resource: &str, keys: &[Key]) -> Result<Vec<Vec<Found>>, Error> {
        let fault = self.fault(false);
        self.before(fault, false).await?;
        let found = {
            let stock = self.stock();
            let records: Vec<Record> = match resource {
                "letters" => stock.letters.clone(),
                _ => stock.parties.values().cloned().collect(),
            };
            let fits = |key: &Key, record: &Record| key.0.iter().all(|(name, value)| record.get(name) == Some(value));
            keys.iter()
                .map(|key| {
                    records.iter().filter(|record| fits(key, record)).map(|record| found(record.clone())).collect()
                })
                .collect()
        };
        self.after(fault, false).await?;
        Ok(found)
    }

    async fn create(&self, resource: &str, record: &Record) -> Result<Written, Error> {
        let fault = self.fault(true);
        self.before(fault, true).await?;
        let stored = {
            let mut stock = self.stock();
            let mut stored = record.clone();
            if resource == "letters" {
                stored.insert("id", i64::try_from(stock.letters.len()).expect("few") + 1);
                stock.letters.push(stored.clone());
            } else {
                let id = stock.parties.keys().next_back().map_or(1, |last| last + 1);
                stored.insert("id", id);
                stock.parties.insert(id, stored.clone());
            }
            stored
        };
        self.after(fault, true).await?;
        Ok(Written { reference: found(stored.clone()).reference, echo: Some(stored), warnings: Vec::new() })
    }

    async fn update(&self, _resource: &str, found: &Found, record: &Record) -> Result<Written, Error> {
        let fault = self.fault(true);
        self.before(fault, true).await?;
        let stored = {
            let mut stock = self.stock();
            let id = found.reference.parse::<i64>().expect("our own number");
            let stored = stock.parties.get_mut(&id).expect("the party that was found");
            record.iter().for_each(|(name, value)| stored.insert(name.clone(), value.clone()));
            stored.clone()
        };
        self.after(fault, true).await?;
        Ok(Written { reference: found.reference.clone(), echo: Some(stored), warnings: Vec::new() })
    }
}

fn found(record: Record) -> Found {
    Found { reference: record.get("id").map(Value::to_string).unwrap_or_default(), record, token: None }
}

pub(super) fn record(fields: &[(&str, &str)]) -> Record {
    fields.iter().map(|(name, value)| ((*name).into(), Value::text(*value))).collect()
}

pub(super) fn party(id: i64, fields: &[(&str, &str)]) -> (i64, Record) {
    let mut party = record(fields);
    party.insert("id", id);
    (id, party)
}
