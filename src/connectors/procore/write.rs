//! Writing to Procore, and finding by key what is there.
//!
//! A body holds the record under a word of its own, beside the company's number. Nothing
//! hinders Procore from taking the same record twice, so the engine asks by key first;
//! that one ledger key belongs to one vendor is all that Procore itself looks after.

use super::catalogue::{Call, catalogue};
use super::client::{Procore, configuration};
use super::error;
use crate::connector::Connector as _;
use crate::connector::{Error, Fetch, FilterKind, Found, Key, Operation, ResourceSpec, Written, decode, encode};
use crate::value::{Record, Value, from_wire_json, to_json_string};
use crate::world::Method;

/// For so many keys one question each costs less than reading the list.
const FEW: usize = 3;

impl Procore {
    /// Few keys are asked for one by one, where Procore can filter by them; for more, the
    /// whole list is read, five hundred at a time.
    pub(super) async fn find_by_keys(&self, resource: &str, keys: &[Key]) -> Result<Vec<Vec<Found>>, Error> {
        let spec = writable(resource, Operation::Create)?;
        let filter = |key: &Key| match key.0.as_slice() {
            [(name, value)] if spec.filters.get(&**name) == Some(&FilterKind::Equal) => {
                Some((name.to_string(), value.clone()))
            }
            _ => None,
        };
        let filters: Option<Vec<_>> = keys.iter().map(filter).collect();
        let Some(filters) = filters.filter(|filters| filters.len() <= FEW) else {
            let all = self.everything(Fetch::all(resource)).await?;
            let answers = keys.iter().map(|key| having(key, &all)).collect();
            return self.or_apart(resource, spec, keys, answers).await;
        };
        let mut answers = Vec::with_capacity(keys.len());
        for (key, filter) in keys.iter().zip(filters) {
            let found = self.everything(Fetch { filters: vec![filter], ..Fetch::all(resource) }).await?;
            // A filter that the server does not know might be ignored.
            answers.push(having(key, &found));
        }
        self.or_apart(resource, spec, keys, answers).await
    }

    /// What is in no list may be among those that are listed apart, since they are out of use.
    async fn or_apart(
        &self,
        resource: &str,
        spec: &ResourceSpec,
        keys: &[Key],
        mut answers: Vec<Vec<Found>>,
    ) -> Result<Vec<Vec<Found>>, Error> {
        let Some(flag) = spec.apart.as_ref().filter(|_| answers.iter().any(Vec::is_empty)) else { return Ok(answers) };
        let filters = vec![(flag.clone(), Value::Bool(false))];
        let apart = self.everything(Fetch { filters, ..Fetch::all(resource) }).await?;
        for (key, answer) in keys.iter().zip(&mut answers).filter(|(_, answer)| answer.is_empty()) {
            *answer = having(key, &apart);
        }
        Ok(answers)
    }

    pub(super) async fn everything(&self, mut fetch: Fetch) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        loop {
            let page = self.fetch(&fetch).await?;
            // What cannot be decoded has no key that could be compared.
            records.extend(page.records.into_iter().flatten());
            match page.next {
                Some(next) => fetch.page = Some(next),
                None => return Ok(records),
            }
        }
    }

    /// Creates a record, or changes the fields of the one that was found.
    pub(super) async fn write(&self, resource: &str, found: Option<&Found>, record: &Record) -> Result<Written, Error> {
        let number = found.map(|found| found.reference.as_str());
        let operation = if number.is_some() { Operation::Update } else { Operation::Create };
        let spec = writable(resource, operation)?;
        let call = Call::of(resource, spec).map_err(configuration)?;
        let word =
            call.body.clone().ok_or_else(|| configuration(format!("Procore's `{resource}` has no body to write")))?;
        let mut body = Record::new();
        body.insert("company_id", self.company());
        for name in &call.beside {
            let value = found.and_then(|found| found.record.get(name)).cloned();
            body.insert(name.as_str(), value.unwrap_or_default());
        }
        body.insert(word.as_str(), encode(&spec.fields, record));
        let (method, path) = match number {
            None => (Method::Post, call.path.clone()),
            Some(number) => (Method::Patch, format!("{}/{number}", within(&call, found)?)),
        };
        let what = match number {
            None => format!("a new {}", spec.title),
            Some(number) => format!("a change of {} {number}", spec.title),
        };
        let body = to_json_string(&Value::record(body));
        let response = self.exchange(method, &self.at(&path), body.as_bytes(), &what).await?;
        let unreadable =
            |problem: &str| error::malformed(&response, &what, problem).effect(crate::connector::Effect::Unknown);
        let answer = from_wire_json(&response.body).map_err(|problem| unreadable(&problem.to_string()))?;
        let echo = match decode(&spec.title, "id", &spec.fields, &answer) {
            Ok(echo) => Some(echo),
            // The answer to a change may show less than a list does; what counts is that it is of this record.
            Err(_) if number.is_some() => None,
            Err(problem) => return Err(unreadable(&problem.to_string())),
        };
        let shown = answer.as_record().and_then(|answer| answer.get("id")).filter(|id| !id.is_null());
        let reference = shown.map(Value::to_string).ok_or_else(|| unreadable("it has no number"))?;
        Ok(Written { reference, echo, warnings: Vec::new() })
    }
}

/// The path of a list that lies in the scope of the record that was found.
fn within(call: &Call, found: Option<&Found>) -> Result<String, Error> {
    if !call.path.contains("{scope}") {
        return Ok(call.path.clone());
    }
    let shown = call.scope_as.as_ref().and_then(|member| found?.record.get(member)).filter(|scope| !scope.is_null());
    let scope = shown.ok_or_else(|| {
        configuration("the record does not show the project that it lies in".to_owned())
            .mend("run again when it has changed in Procore; it is read anew then")
    })?;
    Ok(call.path.replace("{scope}", &scope.to_string()))
}

/// Those of the records that carry the key.
fn having(key: &Key, records: &[Record]) -> Vec<Found> {
    let carries = |record: &&Record| {
        key.0.iter().all(|(name, value)| record.get(name).is_some_and(|theirs| theirs.to_string() == value.to_string()))
    };
    let found = |record: &Record| {
        let reference = record.get("id").map(Value::to_string).unwrap_or_default();
        Found { reference, record: record.clone(), token: None }
    };
    records.iter().filter(carries).map(found).collect()
}

/// The resource, if it can be written. The checker refuses others before this is reached.
fn writable(resource: &str, operation: Operation) -> Result<&'static ResourceSpec, Error> {
    catalogue().resources.get(resource).filter(|spec| spec.can(operation)).ok_or_else(|| {
        configuration(format!("Procore's `{resource}` can only be read in this release"))
            .mend("take another target for this flow")
    })
}
