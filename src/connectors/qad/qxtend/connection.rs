//! The connector over QXtend: the engine's operations as documents and queries.
//!
//! The same catalogue and the same checks as over REST; only the way differs. It remembers
//! which lists are proven, nothing about records. `probe` looks at what a pipeline needs
//! before it runs.

mod probe;

use super::super::ask::{Ask, Reach, plan};
use super::super::browse::fingerprint;
use super::super::catalogue::{ResourceWire, Tenant};
use super::super::connection::{configuration, differs, merged, unreadable};
use super::super::dress::{self, Terms};
use super::super::error::Purpose;
use super::super::key::{carries, folded, named, part, reference};
use super::super::query::Query;
use super::super::readiness::{self, Shelves};
use super::client::{Client, Outgoing};
use super::document::{self, Job, Reading};
use super::invoice;
use super::matching::{self, Bill};
use super::outgoing;
use super::reads::{Condition, Operator, Source};
use super::response::{Judge, Warning};
use super::session::{Context, Login};
use super::wire::{Document, QxtendWire};
use super::xml::Element;
use crate::connector::{
    Catalogue, Connector, DecodeError, Error, ErrorKind, Fetch, FieldSpec, Found, Key, Opening, Operation, Page,
    PageToken, Permanence, Probe, Readiness, ResourceSpec, Wait, Wanted, Written, decode,
};
use crate::value::{Record, Timestamp, Value};
use async_trait::async_trait;
use indexmap::IndexMap;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

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
    let tenant = Tenant::read(opening.profile.as_deref())
        .map_err(|problem| configuration(problem).mend("correct the file that `profile` of the connection names"))?;
    let setting = |name: &str| {
        let text = opening.settings.text(name).map(str::trim).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| {
            configuration(format!("connection `{}` has no `{name}`", opening.name))
                .mend("write it into the `connect` block")
        })
    };
    let (url, domain, entity) = (setting("url")?, setting("domain")?, setting("entity")?);
    let login = Login::new(&opening.credential, tenant.profile.qxtend.credentials)?;
    let client = Client::new(opening.wire, &url, &tenant.profile, domain, entity, login);
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
            self.prove(resource, &resource.rest.ask_by).await?;
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
        let mut texts = BTreeSet::new();
        for key in keys {
            let text = part(key, ask_by).map(ToString::to_string).ok_or_else(|| {
                configuration(format!("QAD cannot be asked for {} without `{ask_by}`", resource.spec.plural))
                    .mend(format!("add `{ask_by}` to the key"))
            })?;
            // An empty text is in no record: none is ever created with one.
            if !text.trim().is_empty() {
                texts.insert(text);
            }
        }
        let there = self.ask(resource, ask_by, &texts).await?;
        if let Some(name) = unseen(keys, &there) {
            return Err(configuration(format!("QAD's list of {} does not show `{name}`", resource.spec.plural))
                .mend(format!("leave `{name}` out of the key, or write its name into the tenant profile")));
        }
        let matching = |key: &Key| {
            let text = part(key, ask_by).map(|text| folded(&text.to_string())).unwrap_or_default();
            let candidates = there.get(&text).map(Vec::as_slice).unwrap_or_default();
            candidates.iter().filter(|found| carries(&found.record, key)).cloned().collect()
        };
        Ok(keys.iter().map(matching).collect())
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
            return Err(Error::new(
                ErrorKind::Conflict,
                Permanence::Permanent,
                format!("{} changed in QAD since it was read: `{name}` is another", found.reference),
            )
            .mend("nothing was changed; the next run reads it again"));
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

    fn source<'a>(&'a self, resource: Resource<'a>) -> Source<'a> {
        Source {
            spec: resource.spec,
            wire: resource.wire,
            style: &self.tenant.profile.qxtend,
            codes: &self.tenant.profile.errors,
        }
    }

    /// Records that belong to an entity are only ever asked for within this one.
    fn within(&self, resource: Resource<'_>) -> Vec<Condition> {
        let field = resource.rest.within_entity.iter();
        field.map(|name| Condition::new(name, Operator::Equals, self.client.entity())).collect()
    }

    /// Every record whose field `by` is among the texts (and others), by that field.
    async fn ask(
        &self,
        resource: Resource<'_>,
        by: &str,
        texts: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<Found>>, Error> {
        let mut there: BTreeMap<String, BTreeMap<String, Found>> = BTreeMap::new();
        let mut asks = plan(texts, self.tenant.profile.qxtend.keys_per_request);
        let fields = as_named(&self.compared(resource));
        let mut silent = asks.is_empty();
        while let Some(ask) = asks.pop() {
            let Some(rows) = self.rows(resource, by, &ask, &mut asks).await? else { continue };
            silent |= rows.is_empty();
            for row in rows {
                // A row that cannot be read could be the very one: the answer would be a guess.
                let mut record = self.decoded(resource, &fields, row).map_err(|error| unreadable(&error))?;
                self.forget_unshown(resource, &mut record);
                let text = record.get(by).map(|text| folded(&text.to_string())).unwrap_or_default();
                let found = found(resource.spec, record);
                there.entry(text).or_default().insert(found.reference.clone(), found);
            }
        }
        if silent {
            self.prove(resource, by).await?;
        }
        Ok(there.into_iter().map(|(text, found)| (text, found.into_values().collect())).collect())
    }

    /// The rows of one ask; `None` when they are too many and its halves were put back.
    async fn rows(
        &self,
        resource: Resource<'_>,
        by: &str,
        ask: &Ask,
        asks: &mut Vec<Ask>,
    ) -> Result<Option<Vec<Record>>, Error> {
        let style = &self.tenant.profile.qxtend;
        let mut conditions = self.within(resource);
        conditions.extend(reach(by, ask));
        let halves = ask.halves();
        let most = if halves.is_some() { style.most_pages_per_range } else { MOST_PAGES_OF_ONE_TEXT };
        let mut all = Vec::new();
        let mut before = None;
        for page in 0..most {
            let first = page * style.page_size + 1;
            let rows = self.source(resource).rows(&self.client, &conditions, first, style.page_size).await?;
            let full = u64::try_from(rows.len()).is_ok_and(|count| count >= style.page_size);
            if !rows.is_empty() && rows.first() == before.as_ref() {
                return Err(configuration(format!(
                    "QAD gives the same {} again from number {first} on, so it cannot be asked for them",
                    resource.spec.plural
                ))
                .mend("correct the names of first row and row count under `qxtend` in the tenant profile"));
            }
            before = rows.first().cloned();
            all.extend(rows);
            if !full {
                return Ok(Some(all));
            }
        }
        let (front, back) = halves.ok_or_else(|| {
            configuration(format!(
                "QAD lists more than {MOST_PAGES_OF_ONE_TEXT} pages of {} for one key",
                resource.spec.plural
            ))
            .mend("check the names of the query and its fields in the tenant profile")
        })?;
        asks.extend([front, back]);
        Ok(None)
    }

    /// Makes sure that an empty answer means that there is nothing. A record that the list
    /// shows must come when it is asked for by its own field: names are the tenant's, and a
    /// wrong one finds nothing and says nothing. Two requests, once.
    async fn prove(&self, resource: Resource<'_>, by: &str) -> Result<(), Error> {
        let proof = format!("{}.{by}", resource.name);
        if self.proven.lock().unwrap_or_else(PoisonError::into_inner).contains(&proof) {
            return Ok(());
        }
        let source = self.source(resource);
        // Only some have the field, where it is not the one that all are asked for by.
        let is_optional = by != resource.rest.ask_by;
        let count = if is_optional { self.tenant.profile.qxtend.page_size } else { 1 };
        let rows = source.rows(&self.client, &self.within(resource), 1, count).await?;
        let some = !rows.is_empty();
        let text = match rows.into_iter().find_map(|row| self.canary(resource, by, row).transpose()) {
            Some(text) => text?,
            // None to try it on: the next question that finds nothing looks again.
            None if some => return Ok(()),
            None => String::new(),
        };
        if some {
            let mut conditions = self.within(resource);
            conditions.push(Condition::new(by, Operator::Equals, text.as_str()));
            let again = source.rows(&self.client, &conditions, 1, 1).await?.into_iter().next();
            let same = again.map(|row| self.canary(resource, by, row)).transpose()?.flatten();
            if same.map(|again| folded(&again)) != Some(folded(&text)) {
                return Err(configuration(format!(
                    "QAD lists the {} `{text}`, but does not find it when it is asked for by `{by}`",
                    resource.spec.title
                ))
                .mend("correct the names under `resources`, in `qxtend` of this resource, in the tenant profile"));
            }
        }
        self.proven.lock().unwrap_or_else(PoisonError::into_inner).insert(proof);
        Ok(())
    }

    /// What a row shows in a field; `None` where it shows nothing.
    fn canary(&self, resource: Resource<'_>, by: &str, row: Record) -> Result<Option<String>, Error> {
        let shown =
            self.decoded(resource, &as_named(&self.listed(resource)), row).map_err(|error| unreadable(&error))?;
        Ok(shown.get(by).map(ToString::to_string).filter(|text| !text.trim().is_empty()))
    }

    /// The fields that a list is compared by: the same as over REST.
    fn listed(&self, resource: Resource<'_>) -> IndexMap<String, FieldSpec> {
        let whole = !resource.rest.list_shows_headers_only;
        let fields = resource.spec.fields.iter().filter(|(_, field)| whole || field.fields.is_empty());
        fields.map(|(name, field)| (name.clone(), field.clone())).collect()
    }

    /// The fields that a record is compared by after it was written: its lists as well, as far
    /// as they are shown.
    fn compared(&self, resource: Resource<'_>) -> IndexMap<String, FieldSpec> {
        let mut fields = resource.spec.fields.clone();
        if resource.rest.list_shows_headers_only {
            fields.values_mut().filter(|field| !field.fields.is_empty()).for_each(|field| field.required = false);
        }
        fields
    }

    /// A list without an item may be one that is not shown; and what a status does not keep
    /// was never sent.
    fn forget_unshown(&self, resource: Resource<'_>, record: &mut Record) {
        if !resource.rest.list_shows_headers_only {
            return;
        }
        let uncoded = |record: &Record| {
            let status = record.get("status_code").and_then(Value::as_text).unwrap_or_default();
            resource.name == invoice::RESOURCE && self.tenant.profile.invoice.is_uncoded(status.trim())
        };
        let is_hidden = |name: &str, record: &Record| {
            record.get(name).and_then(Value::as_list).is_some_and(<[Value]>::is_empty) || uncoded(record)
        };
        for name in resource.spec.fields.iter().filter(|(_, field)| !field.fields.is_empty()).map(|(name, _)| name) {
            if is_hidden(name, record) {
                record.remove(name.as_str());
            }
        }
    }

    fn decoded(
        &self,
        resource: Resource<'_>,
        fields: &IndexMap<String, FieldSpec>,
        row: Record,
    ) -> Result<Record, DecodeError> {
        let row = if resource.name == invoice::RESOURCE { invoice::incoming(&self.tenant.profile, row) } else { row };
        decode(resource.name, resource.spec.identity.last().map_or("?", String::as_str), fields, &row.into())
    }

    /// The record as it stands now, by the key that it was found with.
    async fn present(&self, resource: Resource<'_>, found: &Found) -> Result<Record, Error> {
        let keys = found.token.as_deref().map(Query::parse).ok_or_else(|| {
            Error::new(ErrorKind::Refused, Permanence::Permanent, "this record was found without its keys")
                .mend("run again; it is looked up anew")
        })?;
        let of = |name: &String| keys.get(name).map(|value| Condition::new(name, Operator::Equals, value));
        let conditions: Vec<Condition> = resource.spec.identity.iter().filter_map(of).collect();
        let rows = self.source(resource).rows(&self.client, &conditions, 1, 1).await?;
        let row = rows.into_iter().next().ok_or_else(|| {
            Error::new(ErrorKind::NotFound, Permanence::Permanent, format!("{} is no longer in QAD", found.reference))
                .mend("find out who removed it; then replay the record")
        })?;
        self.decoded(resource, &as_named(&resource.spec.fields), row).map_err(|error| unreadable(&error))
    }

    fn terms(&self) -> Terms<'_> {
        Terms { profile: &self.tenant.profile, domain: self.client.domain(), entity: self.client.entity() }
    }

    fn check(&self, resource: Resource<'_>, record: &Record) -> Result<(), Error> {
        dress::of(resource.name).check(resource.spec, self.terms(), record)
    }

    /// An invoice that is matched as it is posted: its document, and what is written in it.
    async fn matched<'a>(
        &'a self,
        resource: Resource<'a>,
        bill: &Bill<'_>,
        record: &Record,
    ) -> Result<(&'a Document, Record), Error> {
        let number = BTreeSet::from([bill.order.to_owned()]);
        let orders = self.records("purchase_orders", "number", &number).await?;
        let receipts = self.records("goods_receipts", "order", &number).await?;
        let receipts: Vec<Record> = receipts.into_values().flatten().collect();
        let matches = bill.matches(orders.values().flatten().next(), &receipts)?;
        let dressed = invoice::matched(resource.spec, self.terms(), record, matches, &bill.costs)?;
        Ok((document_of(resource, matching::MATCHED)?, dressed))
    }

    /// The document that a record goes by, and what is written in it.
    fn dressed<'a>(&'a self, resource: Resource<'a>, record: &Record) -> Result<(&'a Document, Record), Error> {
        let (name, dressed) = if resource.name == invoice::RESOURCE {
            invoice::dress(resource.spec, resource.wire, self.terms(), record)?
        } else {
            (DEFAULT, outgoing::defaulted(resource.name, resource.spec, self.terms(), record)?)
        };
        Ok((document_of(resource, name)?, dressed))
    }

    async fn write(
        &self,
        resource: Resource<'_>,
        document: &Document,
        job: Job,
        dressed: &Record,
        sent: &Record,
        otherwise: String,
    ) -> Result<Written, Error> {
        let style = &self.tenant.profile.qxtend;
        let mut rest: Vec<Element> = document
            .parameters
            .iter()
            .filter_map(|(name, value)| Some(Element::leaf(name.as_str(), value.clone()?)))
            .collect();
        rest.push(document::write(resource.spec, resource.wire, document, job, dressed)?);
        let context = Context {
            version: document.version.as_ref().unwrap_or(&style.version),
            action: document.action.as_deref(),
        };
        let outgoing = Outgoing { element: &document.element, context, rest, purpose: Purpose::Write };
        let answer = self.client.document(outgoing).await?;
        let judge = Judge {
            spec: resource.spec,
            wire: resource.wire,
            document: Some(document),
            purpose: Purpose::Write,
            codes: &self.tenant.profile.errors,
        };
        let warnings = judge.warnings(&answer).map_err(|mut error| {
            error.message = self.client.scrubbed(&error.message);
            error
        })?;
        Ok(self.written(resource, document, &answer, warnings, sent, otherwise))
    }

    /// A write that was answered with success. What the answer leaves out, the engine reads back.
    fn written(
        &self,
        resource: Resource<'_>,
        document: &Document,
        answer: &Element,
        warned: Vec<Warning>,
        sent: &Record,
        otherwise: String,
    ) -> Written {
        let mut warnings: Vec<String> = warned.iter().map(|warning| self.client.scrubbed(&warning.text)).collect();
        let name =
            |path: &str, spec: &FieldSpec| resource.wire.name(Some(document), path, Some(spec)).map(Cow::into_owned);
        let reading = Reading { table: &document.table, lists: &document.lists, name: &name };
        let carried = |name: &String, field: &FieldSpec| field.fields.is_empty() || document.lists.contains_key(name);
        let fields = resource.spec.fields.iter().filter(|(name, field)| carried(name, field));
        let fields = as_named(&fields.map(|(name, field)| (name.clone(), field.clone())).collect());
        let row = document::read(&resource.spec.fields, &reading, answer).into_iter().next();
        let echo = match row.map(|row| self.decoded(resource, &fields, row)) {
            Some(Ok(mut echo)) => {
                warned.iter().filter_map(|warning| warning.about.as_deref()).for_each(|path| forget(&mut echo, path));
                let (echo, dropped) = dress::of(resource.name).echoed(self.terms(), sent, echo);
                warnings.extend(dropped);
                Some(echo)
            }
            Some(Err(error)) => {
                warnings.push(format!("QAD's answer to the write could not be read: {error}"));
                None
            }
            None => None,
        };
        let reference = echo.as_ref().map_or(otherwise, |echo| reference(resource.spec, echo));
        Written { reference, echo, warnings }
    }
}

fn document_of<'a>(resource: Resource<'a>, name: &str) -> Result<&'a Document, Error> {
    resource.wire.documents.get(name).ok_or_else(|| {
        configuration(format!("the catalogue names no document `{name}` that writes {}", resource.spec.plural))
            .mend("write it into the tenant profile, under `resources`, in `qxtend.documents` of this resource")
    })
}

/// Where a page of a list begins, and what the page before began with.
struct Place {
    first: u64,
    before: String,
}

impl Default for Place {
    fn default() -> Self {
        Self { first: 1, before: String::new() }
    }
}

impl Place {
    fn write(&self) -> PageToken {
        PageToken(format!("{} {}", self.first, self.before))
    }

    fn read(token: &PageToken) -> Result<Self, Error> {
        let parts = token.0.split_once(' ');
        let place =
            parts.and_then(|(first, before)| Some(Self { first: first.parse().ok()?, before: before.to_owned() }));
        place.ok_or_else(|| {
            Error::new(ErrorKind::Malformed, Permanence::Permanent, "this is no place in a QAD list")
                .mend("start the list anew")
        })
    }
}

/// What an ask comes to on the field that is asked by.
fn reach(field: &str, ask: &Ask) -> Vec<Condition> {
    match ask.reach() {
        Reach::One(text) => vec![Condition::new(field, Operator::Equals, text)],
        Reach::Range(from, to) => {
            vec![Condition::new(field, Operator::AtLeast, from), Condition::new(field, Operator::AtMost, to)]
        }
        Reach::Begins(prefix) => vec![Condition::new(field, Operator::Begins, prefix)],
        Reach::All => Vec::new(),
    }
}

fn found(spec: &ResourceSpec, record: Record) -> Found {
    let keys = spec.identity.iter().fold(Query::new(), |query, name| match record.get(name) {
        Some(value) if !value.is_null() => query.with(name, value.to_string()),
        _ => query,
    });
    Found { reference: reference(spec, &record), token: Some(keys.encoded()), record }
}

/// A text that was warned of is not held against the record a second time.
fn forget(record: &mut Record, path: &str) {
    let Some((list, field)) = path.split_once('.') else { return drop(record.remove(path)) };
    let Some(items) = record.get(list).and_then(Value::as_list) else { return };
    let without = items.iter().map(|item| {
        let mut item = item.as_record().cloned().unwrap_or_default();
        item.remove(field);
        item.into()
    });
    let without: Vec<Value> = without.collect();
    record.insert(list, Value::list(without));
}

/// A field of the keys that a record does not show: whether it carries the key would be a guess.
fn unseen(keys: &[Key], there: &BTreeMap<String, Vec<Found>>) -> Option<String> {
    let first = keys.first()?;
    let shown =
        |name: &str| there.values().flatten().all(|found| found.record.get(name).is_some_and(|value| !value.is_null()));
    first.0.iter().find(|(name, _)| !shown(name)).map(|(name, _)| name.to_string())
}

/// The fields by the catalogue's own names, as rows are read into.
fn as_named(fields: &IndexMap<String, FieldSpec>) -> IndexMap<String, FieldSpec> {
    let plain = fields.iter().map(|(name, field)| {
        let own = FieldSpec {
            wire: None,
            aliases: Vec::new(),
            derive: Vec::new(),
            fields: as_named(&field.fields),
            ..field.clone()
        };
        (name.clone(), own)
    });
    plain.collect()
}
