//! The connector: the engine's five operations in QAD's terms.
//!
//! Lists are browses, records are business entities. It remembers sessions and which
//! browses exist, nothing about records.

use super::ask::{Ask, plan};
use super::auth::Sessions;
use super::browse::{Browses, filter};
use super::catalogue::{ResourceWire, Tenant, column};
use super::client::Client;
use super::envelope::{self, Envelope};
use super::error::Purpose;
use super::invoice;
use super::key::{carries, folded, keys_of, named, part, reference, with_keys};
use super::query::Query;
use crate::connector::{
    Catalogue, Connector, DecodeError, Error, ErrorKind, Fetch, FieldSpec, Found, Key, Opening, Operation, Page,
    Permanence, Probe, ResourceSpec, Wanted, Written, decode,
};
use crate::value::{Record, Value};
use async_trait::async_trait;
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One text can name this many pages of records before something must be wrong.
const MOST_PAGES_OF_ONE_TEXT: u64 = 1_000;

/// A live connection to one tenant.
pub struct Connection {
    pub(super) tenant: Tenant,
    client: Client,
    browses: Browses,
    domain: String,
    entity: String,
}

/// Opens a connection. Sends nothing yet.
pub fn open(opening: Opening) -> Result<Box<dyn Connector>, Error> {
    let tenant = Tenant::read(opening.profile.as_deref())
        .map_err(|problem| configuration(problem).mend("correct the file that `profile` of the connection names"))?;
    let setting = |name: &str| {
        let text = opening.settings.text(name).map(str::trim).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| {
            configuration(format!("connection `{}` has no `{name}`", opening.name))
                .mend("write it into the `connect` block")
        })
    };
    let base = setting("url")?.trim_end_matches('/').to_owned();
    let (domain, entity) = (setting("domain")?, setting("entity")?);
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
        let (spec, wire) = self.resource(&request.resource, Operation::List)?;
        let mut filters = self.within(spec, wire);
        for (name, value) in &request.filters {
            filters.extend(spec.fields.get(name).and_then(column).and_then(|column| equals(column, value)));
        }
        let page = self.browses.page(&self.client, &wire.browse, &filters, request.page.as_ref()).await?;
        if page.rows.is_empty() && request.page.is_none() {
            self.browses.prove(&self.client, spec, wire).await?;
        }
        let listed = listed(spec);
        let mut records = Vec::with_capacity(page.rows.len());
        for row in &page.rows {
            let record = decode_row(&request.resource, spec, &listed, row);
            records.push(match record {
                Ok(header) if wire.list_shows_headers_only => {
                    self.whole(&request.resource, spec, wire, &header).await?
                }
                other => other,
            });
        }
        Ok(Page { records, next: page.next, total: None })
    }

    async fn find(&self, resource: &str, keys: &[Key]) -> Result<Vec<Vec<Found>>, Error> {
        let (spec, wire) = self.resource(resource, Operation::List)?;
        let mut texts = BTreeSet::new();
        for key in keys {
            let text = part(key, &wire.ask_by).map(ToString::to_string).ok_or_else(|| {
                configuration(format!("QAD cannot be asked for {} without `{}`", spec.plural, wire.ask_by))
                    .mend(format!("add `{}` to the key", wire.ask_by))
            })?;
            if let Some((name, _)) = key.0.iter().find(|(name, _)| spec.fields.get(&**name).and_then(column).is_none())
            {
                return Err(configuration(format!("QAD's list of {} does not show `{name}`", spec.plural))
                    .mend(format!("leave `{name}` out of the key, or name its column in the tenant profile")));
            }
            // An empty text is in no record: none is ever created with one.
            if !text.trim().is_empty() {
                texts.insert(text);
            }
        }
        let there = self.ask(resource, spec, wire, &texts).await?;
        let matching = |key: &Key| {
            let text = part(key, &wire.ask_by).map(|text| folded(&text.to_string())).unwrap_or_default();
            let candidates = there.get(&text).map(Vec::as_slice).unwrap_or_default();
            candidates.iter().filter(|found| carries(&found.record, key)).cloned().collect()
        };
        Ok(keys.iter().map(matching).collect())
    }

    async fn create(&self, resource: &str, record: &Record) -> Result<Written, Error> {
        let (spec, wire) = self.resource(resource, Operation::Create)?;
        invoice::check(spec, record)?;
        let outgoing = invoice::outgoing(spec, &self.tenant.profile.invoice, &self.domain, &self.entity, record);
        let query = Query::new().with("viewUri", wire.view_uri.as_str());
        let body = self.client.post(&wire.path, &query, envelope::wrap(&wire.array, outgoing)).await?;
        let mut written = self.written(resource, spec, wire, body.as_ref(), named(spec, record))?;
        written.warnings.extend(written.echo.as_ref().and_then(|echo| invoice::dropped(record, echo)));
        Ok(written)
    }

    async fn update(&self, resource: &str, found: &Found, record: &Record) -> Result<Written, Error> {
        let (spec, wire) = self.resource(resource, Operation::Update)?;
        let keys = found.token.as_deref().map(Query::parse).ok_or_else(|| {
            Error::new(ErrorKind::Refused, Permanence::Permanent, "this record was found without its keys")
                .mend("run again; it is looked up anew")
        })?;
        let query = with_keys(Query::new().with("viewUri", wire.view_uri.as_str()), wire, &keys);
        let mut present = self.show(spec, wire, &query).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, Permanence::Permanent, format!("{} is no longer in QAD", found.reference))
                .mend("find out who removed it; then replay the record")
        })?;
        let shown = self.decoded(resource, spec, present.clone()).map_err(|error| unreadable(&error))?;
        let whole = merged(&shown, record);
        invoice::check(spec, &whole)?;
        if let Some(name) = differs(&found.record, &shown) {
            return Err(Error::new(
                ErrorKind::Conflict,
                Permanence::Permanent,
                format!("{} changed in QAD since it was read: `{name}` is another", found.reference),
            )
            .mend("nothing was changed; the next run reads it again"));
        }
        let changes = invoice::changes(spec, &self.tenant.profile.invoice, &self.domain, record);
        for (name, value) in changes.iter() {
            present.insert(name.clone(), value.clone());
        }
        present.insert("dataOperation", "U");
        let body = self.client.post(&wire.path, &query, envelope::wrap(&wire.array, present)).await?;
        self.written(resource, spec, wire, body.as_ref(), found.reference.clone())
    }

    async fn probe(&self, wanted: &Wanted) -> Vec<Probe> {
        self.look(wanted).await
    }
}

impl Connection {
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Domain and entity.
    pub(super) fn place(&self) -> (&str, &str) {
        (&self.domain, &self.entity)
    }

    fn resource(&self, name: &str, operation: Operation) -> Result<(&ResourceSpec, &ResourceWire), Error> {
        match self.tenant.resource(name) {
            Some((spec, wire)) if spec.can(operation) => Ok((spec, wire)),
            Some((spec, _)) => {
                Err(configuration(format!("the connector cannot {} {} in QAD", operation.name(), spec.plural)))
            }
            None => Err(configuration(format!("QAD has no resource `{name}` in the catalogue"))),
        }
    }

    /// Records that belong to an entity are only ever asked for within this one.
    pub(super) fn within(&self, spec: &ResourceSpec, wire: &ResourceWire) -> Vec<String> {
        let field = wire.within_entity.as_ref().and_then(|name| spec.fields.get(name));
        field.and_then(column).map(|column| filter(column, "eq", &self.entity)).into_iter().collect()
    }

    /// Every record whose `ask_by` field is among the texts (and others), by that field.
    async fn ask(
        &self,
        resource: &str,
        spec: &ResourceSpec,
        wire: &ResourceWire,
        texts: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<Found>>, Error> {
        let listed = listed(spec);
        let mut there: BTreeMap<String, BTreeMap<String, Found>> = BTreeMap::new();
        let mut asks = plan(texts, self.tenant.profile.browse.keys_per_request);
        let mut silent = asks.is_empty();
        while let Some(ask) = asks.pop() {
            let Some(rows) = self.rows(spec, wire, &ask, &mut asks).await? else { continue };
            silent |= rows.is_empty();
            for row in &rows {
                // A row that cannot be read could be the very one: the answer would be a guess.
                let record = decode_row(resource, spec, &listed, row).map_err(|error| unreadable(&error))?;
                let text = record.get(&wire.ask_by).map(|text| folded(&text.to_string())).unwrap_or_default();
                let found = self.found(spec, wire, record);
                there.entry(text).or_default().insert(found.reference.clone(), found);
            }
        }
        if silent {
            self.browses.prove(&self.client, spec, wire).await?;
        }
        Ok(there.into_iter().map(|(text, found)| (text, found.into_values().collect())).collect())
    }

    /// The rows of one ask; `None` when they are too many and its halves were put back.
    async fn rows(
        &self,
        spec: &ResourceSpec,
        wire: &ResourceWire,
        ask: &Ask,
        asks: &mut Vec<Ask>,
    ) -> Result<Option<Vec<Value>>, Error> {
        let mut filters = self.within(spec, wire);
        let by = spec.fields.get(&wire.ask_by).and_then(column).unwrap_or(&wire.ask_by);
        filters.extend(ask.filter(by));
        let halves = ask.halves();
        let most =
            if halves.is_some() { self.tenant.profile.browse.most_pages_per_range } else { MOST_PAGES_OF_ONE_TEXT };
        if let Some(rows) = self.browses.rows(&self.client, &wire.browse, &filters, most).await? {
            return Ok(Some(rows));
        }
        let (front, back) = halves.ok_or_else(|| {
            configuration(format!("QAD lists more than {MOST_PAGES_OF_ONE_TEXT} pages of {} for one key", spec.plural))
                .mend("check the browse and its columns in the tenant profile")
        })?;
        asks.extend([front, back]);
        Ok(None)
    }

    fn found(&self, spec: &ResourceSpec, wire: &ResourceWire, record: Record) -> Found {
        Found { reference: reference(spec, &record), token: Some(keys_of(spec, wire, &record).encoded()), record }
    }

    /// A listed record with its lines.
    async fn whole(
        &self,
        resource: &str,
        spec: &ResourceSpec,
        wire: &ResourceWire,
        header: &Record,
    ) -> Result<Result<Record, DecodeError>, Error> {
        let query = with_keys(Query::new().with("viewUri", wire.view_uri.as_str()), wire, &keys_of(spec, wire, header));
        Ok(match self.show(spec, wire, &query).await? {
            Some(record) => self.decoded(resource, spec, record),
            None => Err(DecodeError {
                resource: resource.to_owned(),
                id: reference(spec, header),
                field: wire.keys.join(" + "),
                problem: "is listed, but names no record".to_owned(),
            }),
        })
    }

    /// One record by its keys, as it stands on the wire.
    pub(super) async fn show(
        &self,
        spec: &ResourceSpec,
        wire: &ResourceWire,
        query: &Query,
    ) -> Result<Option<Record>, Error> {
        let body = self.client.get(&wire.path, query).await?.ok_or_else(|| {
            Error::new(ErrorKind::Malformed, Permanence::Temporary, "QAD answers a read with nothing")
                .mend("if this goes on, ask whoever runs the QAD tenant")
        })?;
        let opened = self.opened(spec, wire, &body, Purpose::Read)?;
        Ok(opened.records.into_iter().next())
    }

    fn opened(
        &self,
        spec: &ResourceSpec,
        wire: &ResourceWire,
        body: &Value,
        purpose: Purpose,
    ) -> Result<Envelope, Error> {
        envelope::open(body, &wire.array, purpose, &spec.fields, &self.tenant.profile.errors.stale_lock)
    }

    pub(super) fn decoded(&self, resource: &str, spec: &ResourceSpec, wire: Record) -> Result<Record, DecodeError> {
        decode(resource, identity(spec), &spec.fields, &invoice::incoming(spec, wire).into())
    }

    /// A write that was answered. What the answer leaves out, the engine reads back.
    fn written(
        &self,
        resource: &str,
        spec: &ResourceSpec,
        wire: &ResourceWire,
        body: Option<&Value>,
        otherwise: String,
    ) -> Result<Written, Error> {
        let Some(body) = body else {
            return Ok(Written { reference: otherwise, echo: None, warnings: Vec::new() });
        };
        let Envelope { records, mut warnings } = self.opened(spec, wire, body, Purpose::Write)?;
        let echo = match records.into_iter().next().map(|record| self.decoded(resource, spec, record)) {
            Some(Ok(echo)) => Some(echo),
            Some(Err(error)) => {
                warnings.push(format!("QAD's answer to the write could not be read: {error}"));
                None
            }
            None => None,
        };
        warnings.extend(echo.as_ref().and_then(|echo| self.other_entity(echo)));
        let reference = echo.as_ref().map_or(otherwise, |echo| reference(spec, echo));
        Ok(Written { reference, echo, warnings })
    }

    fn other_entity(&self, echo: &Record) -> Option<String> {
        let entity = echo.get("entity")?.as_text().filter(|entity| !entity.eq_ignore_ascii_case(&self.entity))?;
        Some(format!("QAD posted it in entity {entity}, not in {}", self.entity))
    }
}

/// The fields that the browse shows, by their columns.
pub(super) fn listed(spec: &ResourceSpec) -> IndexMap<String, FieldSpec> {
    let shown = spec.fields.iter().filter_map(|(name, field)| {
        let mut field = field.clone();
        field.wire = Some(column(&field)?.to_owned());
        Some((name.clone(), field))
    });
    shown.collect()
}

pub(super) fn decode_row(
    resource: &str,
    spec: &ResourceSpec,
    listed: &IndexMap<String, FieldSpec>,
    row: &Value,
) -> Result<Record, DecodeError> {
    let identity = spec.identity.last().and_then(|name| listed.get(name)).and_then(|field| field.wire.as_deref());
    let mut decoded = decode(resource, identity.unwrap_or("?"), listed, row);
    if let (Err(error), Some(row), Some(column)) = (&mut decoded, row.as_record(), identity) {
        // `decode` steps into dots; a column's name is one name.
        error.id = row.get(column).map_or_else(|| "?".to_owned(), ToString::to_string);
    }
    decoded
}

fn identity(spec: &ResourceSpec) -> &str {
    spec.identity.last().map_or("?", |name| spec.fields.get(name).map_or(name, |field| field.wire_name(name)))
}

/// `None` for a value that a filter cannot carry: the list is then wider than asked for.
fn equals(column: &str, value: &Value) -> Option<String> {
    let text = value.to_string();
    (!text.contains(',')).then(|| filter(column, "eq", &text))
}

/// The first field that both show and that is not the same.
fn differs(before: &Record, now: &Record) -> Option<Arc<str>> {
    let changed = |(name, value): &(&Arc<str>, &Value)| {
        let there = now.get(name).unwrap_or(&Value::Null);
        !value.is_null() && there != *value && there.as_decimal().is_none_or(|there| value.as_decimal() != Some(there))
    };
    before.iter().find(changed).map(|(name, _)| name.clone())
}

fn merged(present: &Record, changes: &Record) -> Record {
    let mut whole = present.clone();
    for (name, value) in changes.iter().filter(|(_, value)| !value.is_null()) {
        whole.insert(name.clone(), value.clone());
    }
    whole
}

pub(super) fn unreadable(error: &DecodeError) -> Error {
    Error::new(ErrorKind::Malformed, Permanence::Permanent, format!("what QAD shows cannot be read: {error}"))
        .mend("correct the wire name or column of that field in the tenant profile")
}

fn configuration(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, Permanence::Permanent, message)
}
