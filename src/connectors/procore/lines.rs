//! Lines that a list does not show: asked for after the page, only for what is on it.
//!
//! Few records are read one by one, with their lines. For more, the lines of all records
//! between the smallest and the largest id on the page are listed at once. A record whose
//! lines then do not come to its total was changed in between, or the list was
//! understood otherwise there: it is read alone. So the guess costs requests at worst,
//! never a line.

use super::catalogue::{Call, Lines};
use super::client::{Place, Procore};
use super::error;
use super::query::Query;
use crate::connector::{Error, ErrorKind, Fetch, ResourceSpec};
use crate::value::{Decimal, Record, Value, from_wire_json};
use std::collections::BTreeMap;

/// So many are read one by one.
const FEW: usize = 2;
/// Lines asked for per page.
const PAGE: u64 = 500;

impl Procore {
    /// The records of a page, each with its lines under `line_items`. One that is gone by now
    /// is left out, as if the page had been read a moment later. One that is listed and yet
    /// not shown has no lines: it cannot be decoded, and somebody sees it.
    pub(super) async fn with_lines(
        &self,
        resource: &ResourceSpec,
        call: &Call,
        lines: &Lines,
        fetch: &Fetch,
        items: &[Value],
    ) -> Result<Vec<Value>, Error> {
        let mut by_record =
            if items.len() > FEW { self.listed_lines(lines, fetch, items).await? } else { BTreeMap::new() };
        let mut whole = Vec::with_capacity(items.len());
        for item in items {
            let numbered = item.as_record().and_then(|record| Some((record, record.get("id")?.as_integer()?)));
            let Some((record, id)) = numbered else {
                whole.push(item.clone());
                continue;
            };
            let found = by_record.remove(&id).unwrap_or_default();
            let shown = if items.len() > FEW && come_to(&found, record) {
                let mut shown = record.clone();
                shown.insert("line_items", Value::list(found));
                Some(shown)
            } else {
                match self.shown(lines, fetch, id, record).await? {
                    None if self.is_listed(resource, call, fetch, id).await? => Some(record.clone()),
                    shown => shown,
                }
            };
            whole.extend(shown.map(Value::record));
        }
        Ok(whole)
    }

    /// The lines of all records between the first and the last id, by record.
    async fn listed_lines(
        &self,
        lines: &Lines,
        fetch: &Fetch,
        items: &[Value],
    ) -> Result<BTreeMap<i64, Vec<Value>>, Error> {
        let ids = || items.iter().filter_map(|item| item.as_record()?.get("id")?.as_integer());
        let (Some(first), Some(last)) = (ids().min(), ids().max()) else { return Ok(BTreeMap::new()) };
        let query = Query::new().with(&format!("filters[{}]", lines.by), &format!("{first}...{last}"));
        let listed = self.listed(&scoped(&lines.list, fetch), &query, PAGE, "their lines").await?;
        let mut by_record: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
        for line in listed {
            let holder = line.as_record().and_then(|line| line.at("holder.id")).and_then(Value::as_integer);
            by_record.entry(holder.unwrap_or_default()).or_default().push(line);
        }
        Ok(by_record)
    }

    /// The record as it is shown alone. What only its list shows stays.
    async fn shown(&self, lines: &Lines, fetch: &Fetch, id: i64, record: &Record) -> Result<Option<Record>, Error> {
        let path = scoped(&lines.show, fetch).replace("{id}", &id.to_string());
        let what = format!("direct cost {id}");
        let response = match self.get(&self.at(&path), &what).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            answer => answer?,
        };
        let malformed = |problem: &str| error::malformed(&response, &what, problem);
        let body = from_wire_json(&response.body).map_err(|problem| malformed(&problem.to_string()))?;
        let shown = body.as_record().ok_or_else(|| malformed("it is not an object"))?;
        let mut whole = record.clone();
        shown.iter().for_each(|(name, value)| whole.insert(name.clone(), value.clone()));
        Ok(Some(whole))
    }

    async fn is_listed(&self, resource: &ResourceSpec, call: &Call, fetch: &Fetch, id: i64) -> Result<bool, Error> {
        let one = Fetch {
            scope: fetch.scope.clone(),
            filters: vec![("id".to_owned(), Value::Integer(id))],
            ..Fetch::all(fetch.resource.as_str())
        };
        let place = Place::first(call.per_page);
        let listed = self.page(&self.address(resource, call, &one, place)?, &resource.plural, place).await?;
        Ok(listed.items.iter().any(|item| is(item, id)))
    }

    /// Every record of a list, as it came.
    pub(super) async fn listed(&self, path: &str, query: &Query, size: u64, what: &str) -> Result<Vec<Value>, Error> {
        let mut place = Place::first(size);
        let mut all = Vec::new();
        loop {
            let url = self.at(&format!("{path}?{}", place.on(query.clone()).into_string()));
            let page = self.page(&url, what, place).await?;
            all.extend(page.items);
            match page.next {
                Some(next) => place = next,
                None => return Ok(all),
            }
        }
    }
}

fn is(item: &Value, id: i64) -> bool {
    item.as_record().and_then(|record| record.get("id")?.as_integer()) == Some(id)
}

/// Whether the lines are all there, by the total that the record shows.
fn come_to(lines: &[Value], record: &Record) -> bool {
    let amount = |record: &Record, name: &str| -> Option<Decimal> { record.get(name)?.to_string().parse().ok() };
    let sum =
        lines.iter().try_fold(Decimal::ZERO, |sum, line| sum.checked_add(amount(line.as_record()?, "total_amount")?));
    sum.is_some() && sum == amount(record, "grand_total")
}

fn scoped(path: &str, fetch: &Fetch) -> String {
    let scope = fetch.scope.as_ref().map(ToString::to_string).unwrap_or_default();
    path.replace("{scope}", &scope)
}
