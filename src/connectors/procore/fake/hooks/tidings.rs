//! What everybody would be told of, had they asked, when people change the books behind the API.

use super::event::{Event, ulid};
use super::forms::{FORMS, payload};
use crate::connector::contractor::{Contractor, DirectCost};
use crate::value::Timestamp;
use std::collections::BTreeMap;

/// A person, not an application.
const SOMEBODY: i64 = 4_711;

/// The bodies of the deliveries, each form in its turn; direct costs are what is told of.
pub fn tidings(before: &Contractor, now: &Contractor, at: Timestamp) -> Vec<Vec<u8>> {
    let known: BTreeMap<i64, &DirectCost> = before.direct_costs.iter().map(|cost| (cost.id, cost)).collect();
    let left: BTreeMap<i64, &DirectCost> = now.direct_costs.iter().map(|cost| (cost.id, cost)).collect();
    let written = now.direct_costs.iter().filter_map(|cost| match known.get(&cost.id) {
        None => Some((cost, "create")),
        Some(old) => (old.updated != cost.updated).then_some((cost, "update")),
    });
    let gone = before.direct_costs.iter().filter(|cost| !left.contains_key(&cost.id)).map(|cost| (cost, "delete"));
    let event = |(cost, happened): (&DirectCost, &str)| Event {
        id: at.unix_millis() * 1_000 + cost.id % 1_000,
        ulid: ulid(at, cost.id),
        at,
        user: SOMEBODY,
        application: None,
        happened: happened.to_owned(),
        named: "Direct Costs".to_owned(),
        record: cost.id,
        project: Some(cost.project),
        parent: None,
    };
    let form = |event: &Event| FORMS[usize::try_from(event.id.rem_euclid(3)).unwrap_or_default()];
    let events = written.chain(gone).map(event);
    events.map(|event| payload(form(&event), now.company_id, &event).to_string().into_bytes()).collect()
}
