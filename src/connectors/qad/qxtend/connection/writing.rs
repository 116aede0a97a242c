//! Writing over QXtend: which document a record goes by, and what its answer says was stored.

use super::super::client::Outgoing;
use super::super::document::{self, Job, Reading};
use super::super::matching::{self, Bill};
use super::super::response::{Judge, Warning};
use super::super::session::Context;
use super::super::wire::Document;
use super::super::xml::Element;
use super::super::{invoice, outgoing};
use super::reading::as_named;
use super::{Connection, DEFAULT, Resource};
use crate::connector::{Error, FieldSpec, Written};
use crate::connectors::qad::connection::configuration;
use crate::connectors::qad::dress::{self, Terms};
use crate::connectors::qad::error::Purpose;
use crate::connectors::qad::key::reference;
use crate::connectors::qad::readiness::Shelves as _;
use crate::value::{Record, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;

impl Connection {
    pub(super) fn terms(&self) -> Terms<'_> {
        Terms { profile: &self.tenant.profile, domain: self.client.domain(), entity: self.client.entity() }
    }

    pub(super) fn check(&self, resource: Resource<'_>, record: &Record) -> Result<(), Error> {
        dress::of(resource.name).check(resource.spec, self.terms(), record)
    }

    /// An invoice that is matched as it is posted: its document, and what is written in it.
    pub(super) async fn matched<'a>(
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
    pub(super) fn dressed<'a>(
        &'a self,
        resource: Resource<'a>,
        record: &Record,
    ) -> Result<(&'a Document, Record), Error> {
        let (name, dressed) = if resource.name == invoice::RESOURCE {
            invoice::dress(resource.spec, resource.wire, self.terms(), record)?
        } else {
            (DEFAULT, outgoing::defaulted(resource.name, resource.spec, self.terms(), record)?)
        };
        Ok((document_of(resource, name)?, dressed))
    }

    pub(super) async fn write(
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
    pub(super) fn written(
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

pub(super) fn document_of<'a>(resource: Resource<'a>, name: &str) -> Result<&'a Document, Error> {
    resource.wire.documents.get(name).ok_or_else(|| {
        configuration(format!("the catalogue names no document `{name}` that writes {}", resource.spec.plural))
            .mend("write it into the tenant profile, under `resources`, in `qxtend.documents` of this resource")
    })
}

/// A text that was warned of is not held against the record a second time.
pub(super) fn forget(record: &mut Record, path: &str) {
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
