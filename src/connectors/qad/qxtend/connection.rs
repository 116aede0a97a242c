//! The connector over QXtend: the engine's operations as documents and queries.
//!
//! The same catalogue and the same checks as over REST; only the way differs. It remembers
//! which lists are proven, nothing about records. `reading` asks, `writing` dresses and
//! sends, `place` tells where a page begins, `probe` looks at what a pipeline needs before
//! it runs.

mod place;
mod probe;
mod reading;
mod writing;

use super::client::Client;
use super::document::Job;
use super::invoice;
use super::matching::Bill;
use super::reads::{Condition, Operator};
use super::session::Login;
use super::wire::QxtendWire;
use crate::connectors::qad::browse::fingerprint;
use crate::connectors::qad::catalogue::{ResourceWire, Tenant};
use crate::connectors::qad::connection::{configuration, differs, merged};
use crate::connectors::qad::key::{folded, named};
use crate::connectors::qad::readiness::{self, Shelves};
use crate::connectors::qad::shared;
use place::Place;
use reading::{as_named, unseen};

use crate::connector::{
    Catalogue, Connector, Error, Fetch, FilterKind, Found, Key, Opening, Operation, Page, Probe, Readiness,
    ResourceSpec, Wait, Wanted, Written,
};
use crate::value::{Record, Timestamp};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// One text can name this many pages of records before something must be wrong.
const MOST_PAGES_OF_ONE_TEXT: u64 = 1_000;
/// What a record's document is called where there is only one.
const DEFAULT: &str = "default";

/// A live connection to one tenant.
pub struct Connection {
    tenant: Tenant,
    client: Client,
    /// Resources with a field by which an empty answer is known to mean that there is nothing.
    proven: Mutex<BTreeSet<String>>,
    /// One invoice is matched with receipts at a time.
    matching: tokio::sync::Mutex<()>,
}

/// A resource with all that is known of it.
#[derive(Clone, Copy)]
struct Resource<'a> {
    name: &'a str,
    spec: &'a ResourceSpec,
    rest: &'a ResourceWire,
    wire: &'a QxtendWire,
}

/// Opens a connection. Sends nothing yet.
pub fn open(opening: Opening) -> Result<Box<dyn Connector>, Error> {
    let (tenant, to) = shared::settled(&opening)?;
    let login = Login::new(&opening.credential, tenant.profile.qxtend.credentials)?;
    let client = Client::new(opening.wire, &to.url, &tenant.profile, to.domain, to.entity, login);
    Ok(Box::new(Connection { tenant, client, proven: Mutex::default(), matching: tokio::sync::Mutex::default() }))
}

#[async_trait]
impl Connector for Connection {
    fn catalogue(&self) -> &Catalogue {
        &self.tenant.catalogue
    }

    async fn fetch(&self, request: &Fetch) -> Result<Page, Error> {
        let resource = self.resource(&request.resource, Operation::List)?;
        let mut conditions = self.within(resource);
        for (name, value) in &request.filters {
            conditions.push(Condition::new(name, Operator::Equals, value.to_string()));
        }
        let days = request.between.as_ref();
        let days = days.filter(|days| resource.spec.filters.get(&days.field) == Some(&FilterKind::Range));
        if let Some(days) = days {
            conditions.push(Condition::new(&days.field, Operator::AtLeast, days.from.to_string()));
            conditions.push(Condition::new(&days.field, Operator::AtMost, days.to.to_string()));
        }
        let place = request.page.as_ref().map_or(Ok(Place::default()), Place::read)?;
        let size = self.tenant.profile.qxtend.page_size;
        let rows = self.source(resource).rows(&self.client, &conditions, place.first, size).await?;
        let first = rows.first().map(|row| fingerprint(&row.clone().into())).unwrap_or_default();
        if !rows.is_empty() && first == place.before {
            return Err(configuration(format!(
                "QAD gives the {} before again from number {} on, so their list cannot be read whole",
                resource.spec.plural, place.first
            ))
            .mend("correct the names of first row and row count in the tenant profile, or set a `qxtend.page_size` that holds the whole list"));
        }
        if rows.is_empty() && place.first == 1 {
            self.prove(resource, days.map_or(resource.rest.ask_by.as_str(), |days| &days.field)).await?;
        }
        let full = u64::try_from(rows.len()).is_ok_and(|count| count >= size);
        let next = full.then(|| Place { first: place.first + size, before: first }.write());
        let fields = as_named(&resource.spec.fields);
        let records = rows.into_iter().map(|row| self.decoded(resource, &fields, row)).collect();
        Ok(Page { records, next, total: None })
    }

    async fn find(&self, name: &str, keys: &[Key]) -> Result<Vec<Vec<Found>>, Error> {
        let resource = self.resource(name, Operation::List)?;
        let ask_by = &resource.rest.ask_by;
        let texts = shared::texts(keys, resource.spec, ask_by)?;
        let there = self.ask(resource, ask_by, &texts).await?;
        if let Some(name) = unseen(keys, &there) {
            return Err(configuration(format!("QAD's list of {} does not show `{name}`", resource.spec.plural))
                .mend(format!("leave `{name}` out of the key, or write its name into the tenant profile")));
        }
        Ok(shared::carrying(keys, ask_by, &there))
    }

    async fn create(&self, name: &str, record: &Record) -> Result<Written, Error> {
        let resource = self.resource(name, Operation::Create)?;
        self.check(resource, record)?;
        let bill = if name == invoice::RESOURCE { Bill::read(self.terms(), resource.wire, record) } else { None };
        // Held until the answer is there: what one invoice takes, the next one must not see as open.
        let _alone = match bill {
            Some(_) => Some(self.matching.lock().await),
            None => None,
        };
        let (document, dressed) = match &bill {
            Some(bill) => self.matched(resource, bill, record).await?,
            None => self.dressed(resource, record)?,
        };
        self.write(resource, document, Job::Add, &dressed, record, named(resource.spec, record)).await
    }

    async fn update(&self, name: &str, found: &Found, record: &Record) -> Result<Written, Error> {
        let resource = self.resource(name, Operation::Update)?;
        let present = self.present(resource, found).await?;
        let whole = merged(&present, record);
        self.check(resource, &whole)?;
        if let Some(name) = differs(&found.record, &present) {
            return Err(shared::changed_meanwhile(found, &name));
        }
        let (document, mut dressed) = self.dressed(resource, &whole)?;
        // The key makes a change of what would be a new record otherwise.
        for name in &resource.spec.identity {
            if let Some(value) = present.get(name) {
                dressed.insert(name.as_str(), value.clone());
            }
        }
        self.write(resource, document, Job::Modify, &dressed, &whole, found.reference.clone()).await
    }

    async fn probe(&self, wanted: &Wanted) -> Vec<Probe> {
        self.look(wanted).await
    }

    async fn readiness(&self, wait: &Wait<'_>) -> Result<Vec<Readiness>, Error> {
        readiness::judge(self, wait).await
    }
}

#[async_trait]
impl Shelves for Connection {
    fn catalogue(&self) -> &Catalogue {
        &self.tenant.catalogue
    }

    fn now(&self) -> Timestamp {
        self.client.now()
    }

    async fn records(
        &self,
        resource: &str,
        by: &str,
        texts: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<Record>>, Error> {
        let there = self.ask(self.resource(resource, Operation::List)?, by, texts).await?;
        let wanted: BTreeSet<String> = texts.iter().map(|text| folded(text)).collect();
        let there = there.into_iter().filter(|(text, _)| wanted.contains(text));
        Ok(there.map(|(text, found)| (text, found.into_iter().map(|found| found.record).collect())).collect())
    }
}

impl Connection {
    fn resource<'a>(&'a self, name: &'a str, operation: Operation) -> Result<Resource<'a>, Error> {
        let Some((spec, rest)) = self.tenant.resource(name) else {
            return Err(configuration(format!("QAD has no resource `{name}` in the catalogue")));
        };
        if !spec.can(operation) {
            return Err(configuration(format!("the connector cannot {} {} in QAD", operation.name(), spec.plural)));
        }
        let wire = rest.qxtend.as_ref().ok_or_else(|| {
            configuration(format!("the catalogue does not say what {} are called over QXtend", spec.plural))
                .mend("write `qxtend` of this resource into the tenant profile, under `resources`")
        })?;
        Ok(Resource { name, spec, rest, wire })
    }
}
