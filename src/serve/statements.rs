//! The reconciliations that people asked for, in memory: each reads both systems, so one is made
//! once and looked at often, until somebody asks for it anew.

use super::Customer;
use crate::engine::{self, Period, ReconcileOptions, Reconciliation, RunError, RunErrorKind};
use crate::statement::Book;
use crate::value::{Timestamp, render_duration};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many periods of one customer are kept; the one that was made first gives way.
const KEPT: usize = 12;

#[derive(Default)]
pub struct Statements(Mutex<BTreeMap<String, Statement>>);

/// How far a statement has come.
#[derive(Clone)]
pub enum Statement {
    /// Both sides are being read, since then.
    Making(Timestamp),
    Made(Arc<Made>),
    /// It could not be made: when, why, and the mend.
    Failed(Timestamp, String, String),
}

/// A statement, and what it is of.
pub struct Made {
    pub found: Reconciliation,
    pub period: Period,
    pub at: Timestamp,
    pipeline: String,
    currency: Option<String>,
    sandbox: bool,
}

impl Made {
    /// `all`: papers that agree are told as well.
    pub fn book(&self, all: bool) -> Book<'_> {
        Book {
            found: &self.found,
            pipeline: &self.pipeline,
            period: self.period,
            currency: self.currency.as_deref(),
            sandbox: self.sandbox,
            made: self.at,
            all,
        }
    }
}

impl Statement {
    fn at(&self) -> Timestamp {
        match self {
            Self::Making(at) | Self::Failed(at, ..) => *at,
            Self::Made(made) => made.at,
        }
    }
}

impl Statements {
    pub fn of(&self, period: Period) -> Option<Statement> {
        self.lock().get(&period.to_string()).cloned()
    }

    /// The periods that were asked for, the newest first.
    pub fn periods(&self) -> Vec<(String, Statement)> {
        self.lock().iter().rev().map(|(period, statement)| (period.clone(), statement.clone())).collect()
    }

    /// Whether it is this caller's to make: nobody else is at it.
    fn begin(&self, period: Period, now: Timestamp) -> bool {
        let mut all = self.lock();
        let name = period.to_string();
        if matches!(all.get(&name), Some(Statement::Making(_))) {
            return false;
        }
        if all.len() >= KEPT && !all.contains_key(&name) {
            let settled = all.iter().filter(|(_, one)| !matches!(one, Statement::Making(_)));
            let first = settled.min_by_key(|(_, one)| one.at()).map(|(name, _)| name.clone());
            first.map(|name| all.remove(&name));
        }
        all.insert(name, Statement::Making(now));
        true
    }

    fn end(&self, period: Period, statement: Statement) {
        self.lock().insert(period.to_string(), statement);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Statement>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says, when it is dropped half way, that nothing came of it.
struct Begun<'a> {
    customer: &'a Customer,
    period: Period,
    ended: Option<Statement>,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let broken = || {
            let now = self.customer.opened().setup.clock.now();
            Statement::Failed(now, "it broke off".to_owned(), "ask for it again; the server's log says why".to_owned())
        };
        let statement = self.ended.take().unwrap_or_else(broken);
        self.customer.statements.end(self.period, statement);
    }
}

/// Reads both sides of a period when it is the customer's turn, and keeps what was found. `false`
/// if somebody is at it already.
pub async fn make(customer: &Customer, period: Period) -> bool {
    let clock = customer.opened().setup.clock.clone();
    if !customer.statements.begin(period, clock.now()) {
        return false;
    }
    let mut begun = Begun { customer, period, ended: None };
    // Nothing is written by it, so that it may be left wherever it is: by a server that stops,
    // which `Begun` tells, and by one that has waited long enough.
    let _turn = tokio::select! {
        () = customer.stopped() => return true,
        turn = customer.turn().lock() => turn,
    };
    let opened = customer.opened();
    let options = ReconcileOptions { period, flows: Vec::new() };
    let bound = customer.shared.bounds.run;
    let found = tokio::select! {
        () = customer.stopped() => return true,
        () = customer.shared.clock.sleep(bound) => Err(RunError {
            kind: RunErrorKind::World,
            message: format!("it took more than {}", render_duration(bound)),
            mend: "look at both systems; a longer time is given by --longest-run".to_owned(),
            report: None,
        }),
        found = engine::reconcile(&opened.setup, &options) => found,
    };
    begun.ended = Some(match found {
        Ok(found) => Statement::Made(Arc::new(Made {
            found,
            period,
            at: clock.now(),
            pipeline: customer.name.clone(),
            currency: opened.setup.program.currency().map(str::to_owned),
            sandbox: opened.setup.sandbox,
        })),
        Err(RunError { message, mend, .. }) => Statement::Failed(clock.now(), message, mend),
    });
    true
}
