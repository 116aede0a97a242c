//! One customer at a glance: what was posted today, what waits, how much money and for how long.

use super::standing::{Badge, Standing};
use super::times::{Times, When};
use super::work::Wanted;
use super::{Section, address};
use crate::serve::{Customer, Refusal, Totals};
use crate::store::StoreError;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub struct Glance {
    pub name: String,
    pub href: String,
    pub work: String,
    pub sandbox: bool,
    pub currency: String,
    pub posted: Sum,
    pub waiting: Sum,
    pub oldest: Option<When>,
    /// Those of [`Standing::WORK`] that there are.
    pub standings: Vec<Waiting>,
    pub last_run: Option<Ran>,
    /// When something is due by itself; `None` where all runs by hand or on notice.
    pub next: Option<When>,
    /// A run that goes on: what began it, and since when.
    pub running: Option<(&'static str, When)>,
    /// Why its file as it stands now is not used.
    pub refused: Option<String>,
    #[serde(skip)]
    pub totals: Totals,
    #[serde(skip)]
    pub posted_totals: Totals,
}

/// A number of records and their money, as text.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sum {
    pub count: String,
    pub money: String,
    pub none: bool,
}

impl Sum {
    pub fn of(totals: &Totals) -> Self {
        let money = if totals.amount.is_zero() { String::new() } else { totals.amount.money() };
        Self { count: grouped(totals.records), money, none: totals.records == 0 }
    }
}

/// Those that wait in one way.
#[derive(Serialize)]
pub struct Waiting {
    pub badge: Badge,
    pub meaning: &'static str,
    pub href: String,
    pub sum: Sum,
    pub oldest: Option<When>,
}

/// A run of before.
#[derive(Serialize)]
pub struct Ran {
    pub id: String,
    pub when: When,
    pub began: &'static str,
    pub ended: bool,
    pub posted: String,
    pub waits: String,
    pub requests: String,
    /// Why it stopped before its end.
    pub stopped: String,
}

impl Glance {
    pub fn at(customer: &Customer) -> Result<Self, StoreError> {
        let times = Times::of(customer);
        let opened = customer.opened();
        let (began, status) = (times.day_began(), customer.status());
        let mut posted = Totals::default();
        let mut all = Totals::default();
        let mut by_standing: BTreeMap<Standing, Totals> = BTreeMap::new();
        customer.index.each(|summary| {
            if summary.needs_attention() {
                all.add(summary);
                by_standing.entry(Standing::of(summary)).or_default().add(summary);
            } else if summary.posted_since(began) {
                posted.add(summary);
            }
        });
        let standings = Standing::WORK.into_iter().filter_map(|standing| {
            let totals = by_standing.get(&standing)?;
            Some(Waiting {
                badge: standing.badge(),
                meaning: standing.meaning(),
                href: Wanted { outcome: Some(standing), ..Wanted::default() }.href(&customer.name),
                sum: Sum::of(totals),
                oldest: totals.oldest.map(|at| times.when(at)),
            })
        });
        Ok(Self {
            name: customer.name.clone(),
            href: Section::Today.href(&address::segment(&customer.name)),
            work: Section::Work.href(&address::segment(&customer.name)),
            sandbox: opened.setup.sandbox,
            currency: opened.setup.program.currency().unwrap_or_default().to_owned(),
            posted: Sum::of(&posted),
            waiting: Sum::of(&all),
            oldest: all.oldest.map(|at| times.when(at)),
            standings: standings.collect(),
            last_run: runs(customer, &times, 1)?.pop(),
            next: status.next().map(|at| times.due(at)),
            running: status.running.map(|running| (running.trigger.word(), times.when(running.since))),
            refused: customer.refused().map(|Refusal { message, .. }| message),
            totals: all,
            posted_totals: posted,
        })
    }
}

/// The latest runs, newest first.
pub fn runs(customer: &Customer, times: &Times, most: usize) -> Result<Vec<Ran>, StoreError> {
    let runs = customer.store().runs(most)?;
    let told = runs.iter().map(|run| {
        let report = run.report.as_ref();
        let count = |name: &str| report.and_then(|report| report.get(name)).and_then(Json::as_u64).unwrap_or(0);
        let waits = ["held", "rejected", "failed", "in_doubt"].into_iter().map(count).sum();
        let stopped = report.and_then(|report| report.get("stopped")).and_then(Json::as_str).unwrap_or_default();
        Ran {
            id: run.id.clone(),
            when: times.when(run.started),
            began: run.trigger.word(),
            ended: run.ended.is_some(),
            posted: grouped(count("posted")),
            waits: grouped(waits),
            requests: grouped(count("requests")),
            stopped: stopped.to_owned(),
        }
    });
    Ok(told.collect())
}

/// `12,450`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_are_grouped_as_money_is() {
        assert_eq!([0, 999, 1_000, 12_450, 1_234_567].map(grouped), ["0", "999", "1,000", "12,450", "1,234,567"]);
    }
}
