//! Totals of the papers: by project, supplier, cost code and account.
//!
//! Invariant: in every row, what is approved less what is posted is what waits and what differs.

use super::item::{Item, Share, Standing};
use super::look::{less, plus};
use crate::value::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;

/// What stands on no account of which one could tell.
pub(super) const NO_ACCOUNT: &str = "(not coded)";

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    pub name: String,
    /// Approved in the source.
    pub approved: Decimal,
    /// Standing in the target.
    pub posted: Decimal,
    pub held: Decimal,
    pub awaiting_approval: Decimal,
    pub rejected: Decimal,
    pub failed: Decimal,
    pub in_doubt: Decimal,
    pub not_seen: Decimal,
    /// Everything else: each is told among the differences.
    pub other: Decimal,
}

impl Row {
    fn add(&mut self, standing: Standing, approved: Decimal, posted: Decimal) {
        self.approved = plus(self.approved, approved);
        self.posted = plus(self.posted, posted);
        let rest = match standing {
            Standing::Held => &mut self.held,
            Standing::AwaitingApproval => &mut self.awaiting_approval,
            Standing::Rejected => &mut self.rejected,
            Standing::Failed => &mut self.failed,
            Standing::InDoubt => &mut self.in_doubt,
            Standing::NotSeen => &mut self.not_seen,
            Standing::Posted | Standing::Foreign => &mut self.other,
        };
        *rest = plus(*rest, less(approved, posted));
    }

    pub fn difference(&self) -> Decimal {
        less(self.approved, self.posted)
    }
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Sums {
    pub total: Row,
    pub projects: Vec<Row>,
    pub suppliers: Vec<Row>,
    pub cost_codes: Vec<Row>,
    pub accounts: Vec<Row>,
}

impl Sums {
    pub(super) fn of(items: &[Item]) -> Self {
        let whole = |name: &dyn Fn(&Item, &Share) -> String| {
            table(items, &|item, share| vec![(name(item, share), share.amount)])
        };
        let mut total = Row { name: "all".to_owned(), ..Row::default() };
        for item in items {
            total.add(item.standing, item.approved.amount, item.posted.amount);
        }
        Self {
            total,
            projects: whole(&|item, _| item.project.clone()),
            suppliers: whole(&|_, share| share.party.clone()),
            cost_codes: table(items, &|_, share| share.codes.clone()),
            accounts: table(items, &|_, share| share.accounts.clone()),
        }
    }
}

fn table(items: &[Item], parts: &dyn Fn(&Item, &Share) -> Vec<(String, Decimal)>) -> Vec<Row> {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for item in items {
        let mut both: BTreeMap<String, (Decimal, Decimal)> = BTreeMap::new();
        for (name, amount) in parts(item, &item.approved) {
            let sum = &mut both.entry(name).or_default().0;
            *sum = plus(*sum, amount);
        }
        for (name, amount) in parts(item, &item.posted) {
            let sum = &mut both.entry(name).or_default().1;
            *sum = plus(*sum, amount);
        }
        for (name, (approved, posted)) in both.into_iter().filter(|(_, (a, b))| !a.is_zero() || !b.is_zero()) {
            rows.entry(name.clone()).or_insert_with(|| Row { name, ..Row::default() }).add(
                item.standing,
                approved,
                posted,
            );
        }
    }
    rows.into_values().collect()
}
