//! Reading over QXtend: lists, questions by key, and the proof that silence means nothing is there.

use super::super::invoice;
use super::super::reads::{Condition, Operator, Source};
use super::{Connection, MOST_PAGES_OF_ONE_TEXT, Resource};
use crate::connector::{DecodeError, Error, ErrorKind, FieldSpec, Found, Key, Permanence, ResourceSpec, decode};
use crate::connectors::qad::ask::{Ask, Reach, plan};
use crate::connectors::qad::connection::{configuration, unreadable};
use crate::connectors::qad::key::{folded, reference};
use crate::connectors::qad::query::Query;
use crate::value::{Record, Value};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

impl Connection {
    pub(super) fn source<'a>(&'a self, resource: Resource<'a>) -> Source<'a> {
        Source {
            spec: resource.spec,
            wire: resource.wire,
            style: &self.tenant.profile.qxtend,
            codes: &self.tenant.profile.errors,
        }
    }

    /// Records that belong to an entity are only ever asked for within this one.
    pub(super) fn within(&self, resource: Resource<'_>) -> Vec<Condition> {
        let field = resource.rest.within_entity.iter();
        field.map(|name| Condition::new(name, Operator::Equals, self.client.entity())).collect()
    }

    /// Every record whose field `by` is among the texts (and others), by that field.
    pub(super) async fn ask(
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
    pub(super) async fn rows(
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
    pub(super) async fn prove(&self, resource: Resource<'_>, by: &str) -> Result<(), Error> {
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
    pub(super) fn canary(&self, resource: Resource<'_>, by: &str, row: Record) -> Result<Option<String>, Error> {
        let shown =
            self.decoded(resource, &as_named(&self.listed(resource)), row).map_err(|error| unreadable(&error))?;
        Ok(shown.get(by).map(ToString::to_string).filter(|text| !text.trim().is_empty()))
    }

    /// The fields that a list is compared by: the same as over REST.
    pub(super) fn listed(&self, resource: Resource<'_>) -> IndexMap<String, FieldSpec> {
        let whole = !resource.rest.list_shows_headers_only;
        let fields = resource.spec.fields.iter().filter(|(_, field)| whole || field.fields.is_empty());
        fields.map(|(name, field)| (name.clone(), field.clone())).collect()
    }

    /// The fields that a record is compared by after it was written: its lists as well, as far
    /// as they are shown.
    pub(super) fn compared(&self, resource: Resource<'_>) -> IndexMap<String, FieldSpec> {
        let mut fields = resource.spec.fields.clone();
        if resource.rest.list_shows_headers_only {
            fields.values_mut().filter(|field| !field.fields.is_empty()).for_each(|field| field.required = false);
        }
        fields
    }

    /// A list without an item may be one that is not shown; and what a status does not keep
    /// was never sent.
    pub(super) fn forget_unshown(&self, resource: Resource<'_>, record: &mut Record) {
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

    pub(super) fn decoded(
        &self,
        resource: Resource<'_>,
        fields: &IndexMap<String, FieldSpec>,
        row: Record,
    ) -> Result<Record, DecodeError> {
        let row = if resource.name == invoice::RESOURCE { invoice::incoming(&self.tenant.profile, row) } else { row };
        decode(resource.name, resource.spec.identity.last().map_or("?", String::as_str), fields, &row.into())
    }

    /// The record as it stands now, by the key that it was found with.
    pub(super) async fn present(&self, resource: Resource<'_>, found: &Found) -> Result<Record, Error> {
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
}

/// What an ask comes to on the field that is asked by.
pub(super) fn reach(field: &str, ask: &Ask) -> Vec<Condition> {
    match ask.reach() {
        Reach::One(text) => vec![Condition::new(field, Operator::Equals, text)],
        Reach::Range(from, to) => {
            vec![Condition::new(field, Operator::AtLeast, from), Condition::new(field, Operator::AtMost, to)]
        }
        Reach::Begins(prefix) => vec![Condition::new(field, Operator::Begins, prefix)],
        Reach::All => Vec::new(),
    }
}

pub(super) fn found(spec: &ResourceSpec, record: Record) -> Found {
    let keys = spec.identity.iter().fold(Query::new(), |query, name| match record.get(name) {
        Some(value) if !value.is_null() => query.with(name, value.to_string()),
        _ => query,
    });
    Found { reference: reference(spec, &record), token: Some(keys.encoded()), record }
}

/// A field of the keys that a record does not show: whether it carries the key would be a guess.
pub(super) fn unseen(keys: &[Key], there: &BTreeMap<String, Vec<Found>>) -> Option<String> {
    let first = keys.first()?;
    let shown =
        |name: &str| there.values().flatten().all(|found| found.record.get(name).is_some_and(|value| !value.is_null()));
    first.0.iter().find(|(name, _)| !shown(name)).map(|(name, _)| name.to_string())
}

/// The fields by the catalogue's own names, as rows are read into.
pub(super) fn as_named(fields: &IndexMap<String, FieldSpec>) -> IndexMap<String, FieldSpec> {
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
