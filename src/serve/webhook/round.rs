//! One round for one customer: what waits is read from the store, planned, looked at by runs,
//! and settled as far as they ended well.

use super::counts::Counts;
use super::plan::{self, Plan, Wanted};
use super::settle::settle;
use crate::engine::mutant::{self, Mutant};
use crate::engine::{Options, Report, RunError};
use crate::serve::{Customer, House};
use crate::store::{Delivery, DeliveryState, StoreError, Trigger};
use crate::value::{Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Between two looks at all that some flows read; those that ask for one wait so long.
pub const FULL_LOOK: Span = Span::from_secs(10 * 60);

/// One whose project could not be read for so long is given up; the reconcile poll goes on
/// looking there.
const GIVEN_UP: Span = Span::from_secs(24 * 60 * 60);

/// What remains to be done after a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing that this round knew of.
    Nothing,
    /// Some ask for a look at everything, and that was done a moment ago.
    FullLook(Timestamp),
    /// Something did not go well, and is to be tried again.
    Failed,
}

pub struct Round<'a> {
    pub house: &'a House,
    pub customer: &'a Arc<Customer>,
    /// When everything was looked at last.
    pub looked: &'a mut Option<Timestamp>,
}

impl Round<'_> {
    pub async fn go(&mut self) -> After {
        match self.look().await {
            Ok(after) => after,
            Err(error) => {
                tracing::error!(pipeline = self.customer.name, "webhook deliveries cannot be settled: {error}");
                After::Failed
            }
        }
    }

    async fn look(&mut self) -> Result<After, StoreError> {
        let mut waiting = self.customer.store().deliveries(true)?;
        waiting.sort_by_key(|one| one.received);
        self.know_own_users(&waiting).await;
        let Plan { ignored, named, vague } = Plan::of(&self.customer.opened().setup, waiting);
        let at = self.now();
        let ignore = ignored.into_iter().map(|(delivery, why)| (delivery, DeliveryState::Ignored { why, at }));
        let count = settle(self.customer.store().as_ref(), ignore).await?;
        Counts::many(&self.house.webhooks.ignored, count);
        let well = named.is_empty() || self.look_at_named(named).await?;
        if vague.is_empty() {
            return Ok(if well { After::Nothing } else { After::Failed });
        }
        let due = self.looked.map(|looked| looked.plus(FULL_LOOK));
        if let Some(due) = due.filter(|due| *due > self.now()) {
            return Ok(if well { After::FullLook(due) } else { After::Failed });
        }
        *self.looked = Some(self.now());
        let all = Options { flows: plan::flows(&vague), trigger: Trigger::Webhook, ..Options::default() };
        let rest = self.run_and_settle(&all, vague).await?;
        let rest = self.give_up(rest).await?;
        Ok(if well && rest.is_empty() { After::Nothing } else { After::Failed })
    }

    /// By their own writes systems are told from others; asked once by each connection.
    async fn know_own_users(&self, waiting: &[Delivery]) {
        let opened = self.customer.opened();
        let connections: BTreeSet<&str> = waiting.iter().map(|delivery| delivery.connection.as_str()).collect();
        for connection in connections {
            let Some(connector) = opened.setup.connections.get(connection) else { continue };
            if let Err(error) = connector.know_own_user().await {
                // What it writes itself is read again then, and found to be the same.
                tracing::debug!(pipeline = self.customer.name, connection, "own user not known: {error}");
            }
        }
    }

    /// All in one run; where parts of it could not be read, each part by itself, so that one
    /// project keeps no other's deliveries waiting.
    async fn look_at_named(&self, named: Vec<Wanted>) -> Result<bool, StoreError> {
        let rest = self.run_and_settle(&touching(&named), named).await?;
        let mut parts: BTreeMap<Part, Vec<Wanted>> = BTreeMap::new();
        for wanted in rest.scopes {
            parts.entry(Part::of(&wanted)).or_default().push(wanted);
        }
        let mut left = Rest { all: rest.all, scopes: Vec::new() };
        if parts.len() == 1 {
            left.scopes = parts.into_values().flatten().collect();
        } else {
            for part in parts.into_values() {
                let rest = self.run_and_settle(&touching(&part), part).await?;
                left.all.extend(rest.all);
                left.scopes.extend(rest.scopes);
            }
        }
        Ok(self.give_up(left).await?.is_empty())
    }

    /// Runs, and settles what that run looked at in full. What it did not is given back.
    async fn run_and_settle(&self, options: &Options, wanted: Vec<Wanted>) -> Result<Rest, StoreError> {
        let counts = &self.house.webhooks;
        if mutant::is(Mutant::SettleFirst) {
            let state = DeliveryState::Done { run: String::new(), at: self.now() };
            let done = wanted.iter().map(|wanted| (wanted.delivery.clone(), state.clone()));
            settle(self.customer.store().as_ref(), done).await?;
        }
        let ended = self.customer.run(options).await;
        let Some((report, unread)) = self.ended_well(&ended) else {
            Counts::one(&counts.failed_runs);
            return Ok(Rest { all: wanted, scopes: Vec::new() });
        };
        Counts::one(if unread.is_empty() { &counts.runs } else { &counts.failed_runs });
        let is_unread = |wanted: &Wanted| wanted.flows.iter().any(|flow| unread.contains(flow.as_str()));
        let (scopes, done): (Vec<Wanted>, Vec<Wanted>) = wanted.into_iter().partition(is_unread);
        let state = DeliveryState::Done { run: report.run.clone(), at: self.now() };
        let done = done.into_iter().map(|wanted| (wanted.delivery, state.clone()));
        let count = settle(self.customer.store().as_ref(), done).await?;
        Counts::many(&counts.done, count);
        Ok(Rest { all: Vec::new(), scopes })
    }

    /// The report of a run that came to its end, and the flows of which parts could not be read.
    fn ended_well<'r>(&self, ended: &'r Result<Report, RunError>) -> Option<(&'r Report, BTreeSet<&'r str>)> {
        let pipeline = &self.customer.name;
        match ended {
            Err(error) => {
                tracing::warn!(pipeline, "a run for webhook deliveries failed, they wait: {error}");
                None
            }
            Ok(Report { stopped: Some(stopped), .. }) => {
                tracing::warn!(pipeline, "a run for webhook deliveries was stopped, they wait: {stopped}");
                None
            }
            Ok(report) => Some((report, report.failed_scopes.iter().map(|failed| failed.flow.as_str()).collect())),
        }
    }

    /// Settles those that could not be looked at for too long; gives back the others.
    async fn give_up(&self, rest: Rest) -> Result<Vec<Wanted>, StoreError> {
        let now = self.now();
        let is_old = |wanted: &Wanted| wanted.delivery.received < now.minus(GIVEN_UP);
        let (old, mut left): (Vec<Wanted>, Vec<Wanted>) = rest.scopes.into_iter().partition(is_old);
        let why = "where it leads to could not be read for a day; the reconcile poll goes on looking there";
        let state = DeliveryState::Ignored { why: why.to_owned(), at: now };
        let old = old.into_iter().map(|wanted| (wanted.delivery, state.clone()));
        let count = settle(self.customer.store().as_ref(), old).await?;
        Counts::many(&self.house.webhooks.ignored, count);
        left.extend(rest.all);
        Ok(left)
    }

    fn now(&self) -> Timestamp {
        self.house.outside.clock.now()
    }
}

/// What waits on after a run.
struct Rest {
    /// The run did not come to its end.
    all: Vec<Wanted>,
    /// It did, and a part of what these flows read could not be read.
    scopes: Vec<Wanted>,
}

/// The place that a delivery is about: its connection and its project.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Part(String, Option<String>);

impl Part {
    fn of(wanted: &Wanted) -> Self {
        let scope = wanted.records.first().and_then(|record| record.scope.clone());
        Self(wanted.delivery.connection.clone(), scope)
    }
}

fn touching(wanted: &[Wanted]) -> Options {
    Options {
        flows: plan::flows(wanted),
        trigger: Trigger::Webhook,
        touched: Some(plan::touched(wanted)),
        ..Options::default()
    }
}
