//! What hooks are told: one event for each change of a record, and for each line of it.
//!
//! Changes of subcontractor invoices are no events: Procore has none for them.

use super::super::changes::Change;
use super::super::stock::Stock;
use super::SERVICE_ACCOUNT;
use crate::value::Timestamp;
use crate::world::Method;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub id: i64,
    /// 26 characters.
    pub ulid: String,
    pub at: Timestamp,
    pub user: i64,
    pub application: Option<String>,
    /// `create`, `update` or `delete`.
    pub happened: String,
    pub named: String,
    pub record: i64,
    pub project: Option<i64>,
    /// The record that it lies in.
    pub parent: Option<(i64, String)>,
}

/// Who made a change.
#[derive(Clone, Debug)]
pub struct Author {
    pub user: i64,
    pub application: Option<String>,
}

impl Author {
    /// The service account by its application, or the person that the request says it is.
    pub fn of(person: Option<i64>, application: &str) -> Self {
        match person {
            Some(user) => Self { user, application: None },
            None => Self { user: SERVICE_ACCOUNT, application: Some(application.to_owned()) },
        }
    }
}

/// What a change is of: resource, record, project, and what it belongs to.
type Seen = (&'static str, i64, Option<i64>, Option<(i64, String)>);

/// The events of a change that was made just now.
pub fn events(stock: &mut Stock, change: &Change, method: Method, author: &Author, now: Timestamp) -> Vec<Event> {
    let happened = match method {
        Method::Post => "create",
        Method::Delete => "delete",
        Method::Get | Method::Patch => "update",
    };
    let mut seen: Vec<Seen> = Vec::new();
    match change {
        Change::VendorWritten { id, .. } => seen.push(("Company Vendors", *id, None, None)),
        Change::DirectCostEdited { id, .. } | Change::DirectCostDeleted { id } => {
            let Some(cost) = stock.cost_mut(*id) else { return Vec::new() };
            let project = Some(cost.cost.project);
            let changed = |line: i64| match change {
                Change::DirectCostEdited { lines, .. } => lines.has(line),
                _ => true,
            };
            let lines = cost.cost.lines.iter().map(|line| line.id).filter(|line| changed(*line));
            let lines: Vec<i64> = lines.collect();
            seen.push(("Direct Costs", *id, project, None));
            let parent = || Some((*id, "Direct Costs".to_owned()));
            seen.extend(lines.into_iter().map(|line| ("Direct Cost Line Items", line, project, parent())));
        }
        Change::PaymentWritten { id, .. } | Change::PaymentDeleted { id } => {
            let contract = stock.payment_mut(*id).map(|payment| payment.contract);
            let project = contract.and_then(|contract| stock.project_of_contract(contract));
            seen.push(("Contract Payments", *id, project, None));
        }
        Change::RequisitionEdited { .. } | Change::RequisitionDeleted { .. } | Change::Hook { .. } => {}
    }
    let event = |(named, record, project, parent): (&str, i64, Option<i64>, Option<(i64, String)>)| {
        let number = stock.hooks.count();
        Event {
            id: now.unix_millis() * 1_000 + number % 1_000,
            ulid: ulid(now, number),
            at: now,
            user: author.user,
            application: author.application.clone(),
            happened: happened.to_owned(),
            named: named.to_owned(),
            record,
            project,
            parent,
        }
    };
    seen.into_iter().map(event).collect()
}

/// The instant in 10 characters, and 16 that no other event has.
pub fn ulid(at: Timestamp, number: i64) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let millis = u64::try_from(at.unix_millis()).unwrap_or_default();
    let time = (0..10).rev().map(|place| usize::try_from((millis >> (place * 5)) & 31).unwrap_or_default());
    let digest = Sha256::digest(format!("{millis} {number}").as_bytes());
    let rest = digest.iter().take(16).map(|byte| usize::from(byte & 31)).collect::<Vec<_>>();
    time.chain(rest).map(|at| char::from(LETTERS[at])).collect()
}

#[cfg(test)]
mod tests {
    use super::ulid;
    use crate::value::Timestamp;

    #[test]
    fn a_later_event_has_a_greater_name_and_none_is_the_same() {
        let (first, later) = (Timestamp::from_unix(1_793_606_400), Timestamp::from_unix(1_793_606_401));
        assert_eq!(ulid(first, 1).len(), 26);
        assert!(ulid(first, 9) < ulid(later, 1));
        assert_ne!(ulid(first, 1), ulid(first, 2));
    }
}
