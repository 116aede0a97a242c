//! The connector: the engine's five operations in QAD's terms.
//!
//! Lists are browses, records are business entities. It remembers sessions and which
//! browses exist, nothing about records.

use super::auth::Sessions;
use super::browse::{Browses, filter, range};
use super::catalogue::{ResourceWire, Tenant, column};
use super::client::Client;
use super::dress::{self, Dress, Terms};
use super::envelope::{self, Envelope};
use super::error::Purpose;
use super::key::{named, reference, with_keys};
use super::query::Query;
use super::readiness::{self, Shelves};
use super::shared::{self, Place, changed_meanwhile};
use crate::connector::{
    Between, Catalogue, Connector, DecodeError, Error, ErrorKind, Fetch, FilterKind, Found, Key, Opening, Operation,
    Page, Permanence, Probe, Readiness, ResourceSpec, Wait, Wanted, Written,
};
use crate::value::{Record, Timestamp, Value};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A resource with all that is known of how to handle it.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub name: &'a str,
    pub spec: &'a ResourceSpec,
    pub wire: &'a ResourceWire,
    pub dress: &'static dyn Dress,
}

/// A live connection to one tenant.
pub struct Connection {
    pub(super) tenant: Tenant,
    pub(super) client: Client,
    pub(super) browses: Browses,
    domain: String,
    entity: String,
}

/// Opens a connection. Sends nothing yet.
pub fn open(opening: Opening) -> Result<Box<dyn Connector>, Error> {
    let (tenant, Place { url, domain, entity }) = shared::settled(&opening)?;
    let base = url.trim_end_matches('/').to_owned();
    let sessions = Sessions::new(opening.wire.clone(), &base, &tenant.profile, &opening.credential)?;
    let client = Client::new(opening.wire, &base, format!("{domain}_{entity}"), &tenant.profile, sessions);
    let browses = Browses::new(tenant.profile.browse.clone());
    Ok(Box::new(Connection { tenant, client, browses, domain, entity }))
}

#[async_trait]
impl Connector for Connection {
    fn catalogue(&self) -> &Catalogue {
        &self.tenant.catalogue
    }

    async fn fetch(&self, request: &Fetch) -> Result<Page, Error> {
        let desk = self.desk(&request.resource, Operation::List)?;
        let mut filters = self.within(desk);
        for (name, value) in &request.filters {
            filters.extend(desk.spec.fields.get(name).and_then(column).and_then(|column| equals(column, value)));
        }
        let days =
            request.between.as_ref().filter(|days| desk.spec.filters.get(&days.field) == Some(&FilterKind::Range));
        filters.extend(days.and_then(|days| within_days(desk.spec, days)));
        let page = self.browses.page(&self.client, &desk.wire.browse, &filters, request.page.as_ref()).await?;
        if page.rows.is_empty() && request.page.is_none() {
            self.prove(desk, days.map_or(desk.wire.ask_by.as_str(), |days| &days.field)).await?;
        }
        let records =
            if request.headers_only { self.headers(desk, &page.rows) } else { self.listed(desk, &page.rows).await? };
        Ok(Page { records, next: page.next, total: None })
    }

    async fn find(&self, resource: &str, keys: &[Key]) -> Result<Vec<Vec<Found>>, Error> {
        let desk = self.desk(resource, Operation::List)?;
        let (spec, ask_by) = (desk.spec, desk.wire.ask_by.as_str());
        let texts = shared::texts(keys, spec, ask_by)?;
        let is_hidden = |(name, _): &&(Arc<str>, Value)| spec.fields.get(&**name).and_then(column).is_none();
        if let Some((name, _)) = keys.iter().flat_map(|key| &key.0).find(is_hidden) {
            return Err(configuration(format!("QAD's list of {} does not show `{name}`", spec.plural))
                .mend(format!("leave `{name}` out of the key, or name its column in the tenant profile")));
        }
        let there = self.asked(desk, ask_by, &texts).await?;
        Ok(shared::carrying(keys, ask_by, &there))
    }

    async fn create(&self, resource: &str, record: &Record) -> Result<Written, Error> {
        let desk = self.desk(resource, Operation::Create)?;
        desk.dress.check(desk.spec, self.terms(), record)?;
        let outgoing = dress::outgoing(desk.dress, desk.spec, self.terms(), record);
        let query = Query::new().with("viewUri", desk.wire.view_uri.as_str());
        let body = self.client.post(&desk.wire.path, &query, envelope::wrap(&desk.wire.array, outgoing)).await?;
        self.written(desk, record, body.as_ref(), named(desk.spec, record)).map_err(|error| self.client.veiled(error))
    }

    async fn update(&self, resource: &str, found: &Found, record: &Record) -> Result<Written, Error> {
        let desk = self.desk(resource, Operation::Update)?;
        let keys = found.token.as_deref().map(Query::parse).ok_or_else(|| {
            Error::new(ErrorKind::Refused, Permanence::Permanent, "this record was found without its keys")
                .mend("run again; it is looked up anew")
        })?;
        let query = with_keys(Query::new().with("viewUri", desk.wire.view_uri.as_str()), desk.wire, &keys);
        let mut present = self.show(desk, &query).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, Permanence::Permanent, format!("{} is no longer in QAD", found.reference))
                .mend("find out who removed it; then replay the record")
        })?;
        let shown = self.decoded(desk, present.clone()).map_err(|error| unreadable(&error))?;
        let whole = merged(&shown, record);
        desk.dress.check(desk.spec, self.terms(), &whole)?;
        if let Some(name) = differs(&found.record, &shown) {
            return Err(changed_meanwhile(found, &name));
        }
        let changes = desk.dress.changes(desk.spec, self.terms(), record, &whole);
        for (name, value) in changes.iter() {
            present.insert(name.clone(), value.clone());
        }
        present.insert("dataOperation", "U");
        let body = self.client.post(&desk.wire.path, &query, envelope::wrap(&desk.wire.array, present)).await?;
        self.written(desk, &whole, body.as_ref(), found.reference.clone()).map_err(|error| self.client.veiled(error))
    }

    async fn readiness(&self, wait: &Wait<'_>) -> Result<Vec<Readiness>, Error> {
        readiness::judge(self, wait).await
    }

    fn forgive_refusal(&self) {
        self.client.forgive();
    }

    async fn probe(&self, wanted: &Wanted) -> Vec<Probe> {
        self.look(wanted).await
    }
}

#[async_trait]
impl Shelves for Connection {
    fn catalogue(&self) -> &Catalogue {
        &self.tenant.catalogue
    }

    fn now(&self) -> Timestamp {
        self.client.wire().clock.now()
    }

    async fn records(
        &self,
        resource: &str,
        by: &str,
        texts: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<Record>>, Error> {
        self.records_by(self.desk(resource, Operation::List)?, by, texts).await
    }
}

impl Connection {
    /// Domain and entity.
    pub(super) fn place(&self) -> (&str, &str) {
        (&self.domain, &self.entity)
    }

    pub(super) fn desk<'a>(&'a self, name: &'a str, operation: Operation) -> Result<Desk<'a>, Error> {
        match self.tenant.resource(name) {
            Some((spec, wire)) if spec.can(operation) => Ok(Desk { name, spec, wire, dress: dress::of(name) }),
            Some((spec, _)) => {
                Err(configuration(format!("the connector cannot {} {} in QAD", operation.name(), spec.plural)))
            }
            None => Err(configuration(format!("QAD has no resource `{name}` in the catalogue"))),
        }
    }

    fn terms(&self) -> Terms<'_> {
        Terms { profile: &self.tenant.profile, domain: &self.domain, entity: &self.entity }
    }

    /// Records that belong to an entity are only ever asked for within this one.
    pub(super) fn within(&self, desk: Desk<'_>) -> Vec<String> {
        let field = desk.wire.within_entity.as_ref().and_then(|name| desk.spec.fields.get(name));
        field.and_then(column).map(|column| filter(column, "eq", &self.entity)).into_iter().collect()
    }

    pub(super) fn opened(&self, desk: Desk<'_>, body: &Value, purpose: Purpose) -> Result<Envelope, Error> {
        envelope::open(body, &desk.wire.array, purpose, &desk.spec.fields, &self.tenant.profile.errors)
    }

    /// A write that was answered. What the answer leaves out, the engine reads back.
    fn written(
        &self,
        desk: Desk<'_>,
        sent: &Record,
        body: Option<&Value>,
        otherwise: String,
    ) -> Result<Written, Error> {
        let Some(body) = body else {
            return Ok(Written { reference: otherwise, echo: None, warnings: Vec::new() });
        };
        let Envelope { records, mut warnings } = self.opened(desk, body, Purpose::Write)?;
        let echo = match records.into_iter().next().map(|record| self.decoded(desk, record)) {
            Some(Ok(echo)) => {
                warnings.extend(self.other_entity(&echo));
                let (echo, dropped) = desk.dress.echoed(self.terms(), sent, echo);
                warnings.extend(dropped);
                Some(echo)
            }
            Some(Err(error)) => {
                warnings.push(format!("QAD's answer to the write could not be read: {error}"));
                None
            }
            None => None,
        };
        let reference = echo.as_ref().map_or(otherwise, |echo| reference(desk.spec, echo));
        Ok(Written { reference, echo, warnings })
    }

    fn other_entity(&self, echo: &Record) -> Option<String> {
        let entity = echo.get("entity")?.as_text().filter(|entity| !entity.eq_ignore_ascii_case(&self.entity))?;
        Some(format!("QAD posted it in entity {entity}, not in {}", self.entity))
    }
}

/// `None` for a value that a filter cannot carry: the list is then wider than asked for.
fn equals(column: &str, value: &Value) -> Option<String> {
    let text = value.to_string();
    (!text.contains(',')).then(|| filter(column, "eq", &text))
}

/// Filters on days are written as instants.
fn within_days(spec: &ResourceSpec, days: &Between) -> Option<String> {
    let column = spec.fields.get(&days.field).and_then(column)?;
    let instant = |day| format!("{day}T00:00:00.000Z");
    Some(range(column, &instant(days.from), &instant(days.to)))
}

/// The first field that both show and that is not the same.
pub fn differs(before: &Record, now: &Record) -> Option<Arc<str>> {
    let changed = |(name, value): &(&Arc<str>, &Value)| {
        let there = now.get(name).unwrap_or(&Value::Null);
        !is_blank(value) && there != *value && there.as_decimal().is_none_or(|there| value.as_decimal() != Some(there))
    };
    before.iter().find(changed).map(|(name, _)| name.clone())
}

/// A list shows nothing as an empty text, a record shows it as nothing.
fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_text().is_some_and(|text| text.trim().is_empty())
}

/// The record with what changed laid over it.
pub fn merged(present: &Record, changes: &Record) -> Record {
    let mut whole = present.clone();
    for (name, value) in changes.iter().filter(|(_, value)| !value.is_null()) {
        whole.insert(name.clone(), value.clone());
    }
    whole
}

/// A row that is not as the catalogue describes it, where none may be left out.
pub fn unreadable(error: &DecodeError) -> Error {
    Error::new(ErrorKind::Malformed, Permanence::Permanent, format!("what QAD shows cannot be read: {error}"))
        .mend("correct the wire name or column of that field in the tenant profile")
}

/// The connection's settings or its profile are wrong.
pub fn configuration(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, Permanence::Permanent, message)
}
