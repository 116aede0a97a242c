//! Lists that exist only inside of other records: payments, which are shown by contract.
//!
//! First the contracts of the project are listed, then each is asked for its payments,
//! one page a fetch. What is left to ask travels in the page token, so nothing is kept
//! here between two pages. A contract on which nothing was ever invoiced or paid is not
//! asked; one whose payments cancel out still is.

use super::catalogue::{Call, Within};
use super::client::{Listed, Place, Procore, configuration};
use super::query::Query;
use crate::connector::{Error, ErrorKind, Fetch, Page, PageToken, ResourceSpec, decode};
use crate::value::{Decimal, Record, Value, from_json, to_json_string};

/// What of a contract is shown beside each record.
const SHOWN: [&str; 4] = ["id", "number", "title", "vendor"];
/// And of its vendor.
const SHOWN_OF_VENDOR: [&str; 5] = ["id", "name", "company", "origin_id", "origin_code"];

/// What is still to be asked: the first contract from this place on, the others from their beginning.
struct Rest {
    contracts: Vec<Value>,
    place: Place,
}

impl Procore {
    /// One page of one contract.
    pub(super) async fn fetch_within(
        &self,
        resource: &ResourceSpec,
        call: &Call,
        within: &Within,
        fetch: &Fetch,
    ) -> Result<Page, Error> {
        let scope = call.scope.as_deref().zip(fetch.scope.as_ref().map(ToString::to_string));
        let (parameter, scope) = scope.ok_or_else(|| configuration(format!("`{}` has no scope", fetch.resource)))?;
        let mut rest = match &fetch.page {
            Some(token) => Rest::read(token)?,
            None => {
                Rest { contracts: self.contracts(within, parameter, &scope).await?, place: Place::first(call.per_page) }
            }
        };
        let Some(contract) = rest.contracts.first().cloned() else {
            return Ok(Page { records: Vec::new(), next: None, total: None });
        };
        let id = number(&contract);
        let mut inside = Call { path: call.path.replace("{within}", &id), ..call.clone() };
        inside.query.extend(within.parameter.iter().map(|parameter| (parameter.clone(), id.clone())));
        let url = self.address(resource, &inside, fetch, rest.place)?;
        let answer = self.page(&url, &format!("{} of contract {id}", resource.plural), rest.place).await;
        // A contract that is gone by now takes what it held with it. One that is still listed is not gone.
        let gone = answer.as_ref().is_err_and(|error| error.kind == ErrorKind::NotFound)
            && !within.alike
            && !self.contracts(within, parameter, &scope).await?.iter().any(|one| number(one) == id);
        let page = if gone { Listed { items: Vec::new(), next: None, total: None } } else { answer? };
        let beside = |item: &Value| match item.as_record().zip(within.shown_as.as_deref()) {
            Some((record, shown_as)) => {
                let mut record = record.clone();
                record.insert(shown_as, contract.clone());
                Value::record(record)
            }
            None => item.clone(),
        };
        let records =
            page.items.iter().map(|item| decode(&resource.title, "id", &resource.fields, &beside(item))).collect();
        match page.next {
            Some(next) => rest.place = next,
            None => {
                rest.contracts.remove(0);
                rest.place = Place::first(call.per_page);
            }
        }
        Ok(Page { records, next: (!rest.contracts.is_empty()).then(|| rest.token()), total: None })
    }

    /// The contracts that may have something inside.
    async fn contracts(&self, within: &Within, parameter: &str, scope: &str) -> Result<Vec<Value>, Error> {
        let query = within.query.iter().fold(Query::new(), |query, (name, value)| query.with(name, value));
        let query = query.with(parameter, scope);
        let mut contracts = Vec::new();
        for path in &within.lists {
            let listed = self.listed(path, &query, 100, "the contracts of the project").await?;
            let busy = listed.iter().filter_map(Value::as_record).filter(|contract| !is_idle(within, contract));
            contracts.extend(busy.map(|contract| Value::record(shown(contract))));
        }
        if within.alike {
            contracts.sort_by_key(|contract| contract.as_record().and_then(|one| one.get("id")?.as_integer()));
            contracts.truncate(1);
        }
        Ok(contracts)
    }
}

/// Whether all the amounts that tell of something inside are there, and zero.
fn is_idle(within: &Within, contract: &Record) -> bool {
    let zero = |name: &String| {
        let amount = contract.get(name).and_then(|value| value.to_string().parse::<Decimal>().ok());
        amount.is_some_and(Decimal::is_zero)
    };
    !within.idle.is_empty() && within.idle.iter().all(zero)
}

fn number(contract: &Value) -> String {
    contract.as_record().and_then(|contract| contract.get("id")).map(ToString::to_string).unwrap_or_default()
}

fn shown(contract: &Record) -> Record {
    let only = |record: &Record, names: &[&str]| -> Record {
        let kept = record.iter().filter(|(name, _)| names.contains(&name.as_ref()));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let mut shown = only(contract, &SHOWN);
    if let Some(vendor) = contract.get("vendor").and_then(Value::as_record) {
        shown.insert("vendor", Value::record(only(vendor, &SHOWN_OF_VENDOR)));
    }
    shown
}

impl Rest {
    /// `2:100 [{"id":870012,…},…]`
    fn token(&self) -> PageToken {
        let contracts = to_json_string(&Value::list(self.contracts.clone()));
        PageToken(format!("{} {contracts}", self.place.token().0))
    }

    fn read(token: &PageToken) -> Result<Self, Error> {
        let read = || {
            let (place, contracts) = token.0.split_once(' ')?;
            let place = Place::of(Some(&PageToken(place.to_owned())), 1).ok()?;
            Some(Self { contracts: from_json(contracts).ok()?.as_list()?.to_vec(), place })
        };
        read().ok_or_else(|| configuration(format!("`{}` is no page of Procore", token.0)))
    }
}
