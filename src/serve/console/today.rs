//! `/` and `/{customer}`: today, at a glance.

use super::glance::{Glance, Sum, grouped, runs};
use super::page::{Notice, Page, data};
use super::times::Times;
use super::visit::{Here, Visit};
use super::work::Group;
use super::{Section, work};
use crate::serve::Totals;
use crate::serve::http::Access;
use crate::serve::{Customer, House};
use axum::extract::State;
use axum::response::Response;
use minijinja::context;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// More groups of reasons are shown in the work list.
const GROUPS: usize = 6;
const RUNS: usize = 5;

/// Of all customers together.
#[derive(Serialize)]
struct All {
    posted: String,
    waiting: String,
    /// By currency.
    posted_money: Vec<Money>,
    waiting_money: Vec<Money>,
}

#[derive(Serialize)]
struct Money {
    amount: String,
    currency: String,
}

pub async fn all(State(house): State<Arc<House>>, visit: Visit) -> Response {
    let customers: Vec<Arc<Customer>> =
        house.customers().into_iter().filter(|customer| visit.caller.sees(&customer.name)).collect();
    let mut glances = Vec::new();
    let mut notices = Vec::new();
    for customer in &customers {
        match Glance::at(customer) {
            Ok(glance) => glances.push(glance),
            Err(error) => notices.push(Notice::wrong(format!("{}: {}", customer.name, error.message), error.hint)),
        }
        if let Some(refused) = customer.refused() {
            let text =
                format!("{}: the pipeline file as it stands now is not used.\n{}", customer.name, refused.message);
            notices.push(Notice::wrong(text, refused.mend));
        }
    }
    // Whose a file is that could not be opened is not known: it is told to those who see all.
    if visit.caller.pipelines.is_none() {
        for (file, refusal) in house.closed() {
            let text = format!("{} could not be opened.\n{}", file.display(), refusal.message);
            notices.push(Notice::wrong(text, refusal.mend));
        }
    }
    // The customer with the oldest trouble first; those without any last.
    let age = |glance: &Glance| (glance.totals.oldest.is_none(), glance.totals.oldest);
    glances.sort_by(|one, other| age(one).cmp(&age(other)).then_with(|| one.name.cmp(&other.name)));
    let oldest = glances.first().filter(|glance| glance.oldest.is_some()).map(data);
    let together = together(&glances);
    Page::new("Today", "today.html")
        .notice(notices)
        .with(context! { all => data(&together), customers => data(&glances), oldest })
        .to(&visit)
}

fn together(glances: &[Glance]) -> All {
    let sum = |of: fn(&Glance) -> &Totals| glances.iter().map(|glance| of(glance).records).sum();
    let money = |of: fn(&Glance) -> &Totals| {
        let mut sums: BTreeMap<&str, Totals> = BTreeMap::new();
        for glance in glances.iter().filter(|glance| !of(glance).amount.is_zero()) {
            let total = sums.entry(&glance.currency).or_default();
            total.amount = total.amount.checked_add(of(glance).amount).unwrap_or(total.amount);
        }
        let money =
            |(currency, total): (&str, Totals)| Money { amount: total.amount.money(), currency: currency.to_owned() };
        sums.into_iter().map(money).collect::<Vec<_>>()
    };
    All {
        posted: grouped(sum(|glance| &glance.posted_totals)),
        waiting: grouped(sum(|glance| &glance.totals)),
        posted_money: money(|glance| &glance.posted_totals),
        waiting_money: money(|glance| &glance.totals),
    }
}

#[derive(Serialize)]
struct Flow {
    name: String,
    href: String,
    posted: Sum,
    waiting: Sum,
}

pub async fn one(here: Here) -> Response {
    let customer = &here.customer;
    let times = Times::of(customer);
    let seen = Glance::at(customer).and_then(|glance| Ok((glance, runs(customer, &times, RUNS)?)));
    let (glance, runs) = match seen {
        Ok(seen) => seen,
        Err(error) => return here.unreadable(&error),
    };
    let mut groups = Group::all(customer, &work::Wanted::default(), &times);
    let more = groups.len().saturating_sub(GROUPS);
    groups.truncate(GROUPS);
    Page::new("Today", "customer.html")
        .of(customer, Section::Today)
        .with(context! {
            glance => data(&glance), groups => data(&groups), more, runs => data(&runs),
            flows => data(&flows(customer)), may_run => Access::OPERATE.lets(Some(here.caller())),
        })
        .to(&here.visit)
}

fn flows(customer: &Customer) -> Vec<Flow> {
    let mut sums: BTreeMap<String, (Totals, Totals)> = BTreeMap::new();
    customer.index.each(|summary| {
        let (posted, waiting) = sums.entry(summary.id.flow.clone()).or_default();
        if summary.needs_attention() {
            waiting.add(summary);
        } else if summary.outcome != crate::store::Outcome::Skipped {
            posted.add(summary);
        }
    });
    let opened = customer.opened();
    let flows = opened.setup.program.flows().iter().map(|flow| {
        let (posted, waiting) = sums.remove(flow.name()).unwrap_or_default();
        let wanted = work::Wanted { flow: flow.name().to_owned(), ..work::Wanted::default() };
        Flow {
            name: flow.name().replace('_', " "),
            href: wanted.href(&customer.name),
            posted: Sum::of(&posted),
            waiting: Sum::of(&waiting),
        }
    });
    flows.collect()
}
