//! What the schedules of a pipeline cost in requests, told by a plan.
//!
//! A plan reads what a run would read, so what that took is known, not guessed. Of it is told,
//! flow by flow, what one run by schedule costs, one for webhook notices of one scope, and one
//! reconcile poll; and whether all of them together leave room in the hourly allowance. What
//! is posted comes on top of it.

use super::context::Context;
use super::deleted::last_changed;
use super::error::RunError;
use super::flow_run::FlowRun;
use super::meter::{Cost, List};
use super::pass::{self, OVERLAP, PassEnd};
use crate::connector::FilterKind;
use crate::model::RunWhen;
use crate::store::{Cursor, RecordEntry};
use crate::value::{Span, Timestamp, render_duration};
use indexmap::IndexMap;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Records on a page where none was seen that another followed.
const PAGE: u64 = 100;
const HOUR: Span = Span::from_secs(60 * 60);

/// What one flow costs when it runs by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlowCost {
    pub flow: String,
    /// Scopes that a run reads; 0 for a source that has none.
    pub scopes: u64,
    /// What they are: `projects`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// `15m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
    /// One run by schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Trip>,
    /// All runs by schedule that begin in one hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour: Option<Trip>,
    /// One run for webhook notices of one scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Trip>,
    /// One reconcile poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconcile: Option<Trip>,
    /// `05:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconcile_at: Option<String>,
    /// `35d`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookback: Option<String>,
    /// It is looked at again and again since nobody tells of it.
    pub polled_without_webhook: bool,
}

/// What one run costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trip {
    pub requests: u64,
    /// Those that read the records themselves; the others read lists that the flow looks things up in.
    pub reading: u64,
    pub by_connection: IndexMap<String, u64>,
}

impl Trip {
    fn of(ahead: &BTreeMap<String, u64>, connection: &str, reading: u64) -> Self {
        let mut by = ahead.clone();
        *by.entry(connection.to_owned()).or_default() += reading;
        Self { requests: by.values().sum(), reading, by_connection: by.into_iter().filter(|(_, n)| *n > 0).collect() }
    }

    /// All of it so often in one hour; a part of one more counts as one more.
    fn in_an_hour(&self, every: Span) -> Self {
        let times = |requests: u64| (requests * HOUR.as_secs()).div_ceil(every.as_secs().max(1));
        let by_connection: IndexMap<String, u64> =
            self.by_connection.iter().map(|(name, requests)| (name.clone(), times(*requests))).collect();
        Self { requests: by_connection.values().sum(), reading: times(self.reading), by_connection }
    }
}

/// What a plan saw of one flow.
#[derive(Default)]
pub(super) struct Readings {
    parts: Vec<Part>,
}

/// One scope, or a source that has none.
struct Part {
    /// The scope record's id.
    scope: Option<String>,
    /// Changes were asked for.
    since: bool,
    /// All was asked for.
    full: bool,
    /// Something has changed there once: the next run asks for changes only.
    moved: bool,
    /// How many records a poll would see.
    recent: u64,
}

impl Readings {
    pub fn of(flow: &FlowRun, ends: &[PassEnd]) -> Result<Self, RunError> {
        let lookback = flow.flow().schedule().reconcile.map(|reconcile| reconcile.lookback);
        let kept = if lookback.is_some() { flow.context.store.records(Some(&flow.name))? } else { Vec::new() };
        let mut parts = Vec::new();
        for end in ends {
            let name = end.scope.as_ref().map_or("", |scope| &scope.name);
            let cursor = flow.context.store.cursor(&flow.name, name)?;
            let newest = newest(cursor.as_ref(), end);
            let recent = lookback.map_or(0, |lookback| {
                let since = flow.context.clock.now().minus(lookback);
                let since = newest.map_or(since, |newest| since.min(newest.minus(OVERLAP)));
                recent(flow, end, &kept, since)
            });
            let scope = end.scope.as_ref().map(|scope| scope.name.clone());
            parts.push(Part { scope, since: end.since.is_some(), full: end.full, moved: newest.is_some(), recent });
        }
        Ok(Self { parts })
    }
}

fn newest(cursor: Option<&Cursor>, end: &PassEnd) -> Option<Timestamp> {
    cursor.and_then(|cursor| cursor.changed).max(end.changes.iter().max().copied())
}

/// Records of a scope that changed since then: those that this plan has seen, and those that the store knows.
fn recent(flow: &FlowRun, end: &PassEnd, kept: &[RecordEntry], since: Timestamp) -> u64 {
    let seen = end.changes.iter().filter(|changed| **changed >= since).count();
    let scope = end.name();
    let unseen = kept.iter().filter(|entry| {
        let here = flow.scope.is_none() || entry.id.key.split('/').next() == Some(scope.as_str());
        here && !end.seen.contains(&pass::digest(&entry.id)) && last_changed(flow, entry).is_some_and(|at| at >= since)
    });
    (seen + unseen.count()) as u64
}

/// What a flow costs, by what this plan took to read.
pub(super) fn of(context: &Context, index: usize, readings: &Readings) -> Result<FlowCost, RunError> {
    let flow = &context.program.flows()[index];
    let source = flow.source();
    let spec = context.resource(&source.connection, &source.resource)?;
    let filters = spec.changed.as_ref().is_some_and(|field| spec.filters.get(field) == Some(&FilterKind::Range));
    let list = List::whole(&source.connection, &source.resource);
    let cost = |scope: &Option<String>, since: bool| {
        context.meter.of(&list.clone().within(scope.clone(), since)).unwrap_or_default()
    };
    let run = |part: &Part| match (part.since, part.full) {
        (true, true) => cost(&part.scope, true).requests + cost(&part.scope, false).requests,
        (true, false) => cost(&part.scope, true).requests,
        (false, _) if filters && part.moved => cost(&part.scope, false).a_page(),
        (false, _) => cost(&part.scope, false).requests,
    };
    let page = context.meter.page(&source.connection, &source.resource).unwrap_or(PAGE);
    let poll = |part: &Part| {
        let read: Cost = cost(&part.scope, part.since);
        if filters && part.moved {
            part.recent.div_ceil(page).max(1) * read.a_page()
        } else {
            cost(&part.scope, false).requests
        }
    };
    let ahead = ahead(context, index);
    let trip = |reading: u64| Trip::of(&ahead, &source.connection, reading);
    let schedule = flow.schedule();
    let every = match schedule.run {
        Some(RunWhen::Every(every)) => Some(every),
        _ => None,
    };
    let one_run = trip(readings.parts.iter().map(run).sum());
    let scope = source.scope.as_ref().map(|scope| context.resource(&source.connection, &scope.resource)).transpose()?;
    Ok(FlowCost {
        flow: flow.name().to_owned(),
        scopes: if scope.is_some() { readings.parts.len() as u64 } else { 0 },
        scope: scope.map(|scope| scope.plural),
        every: every.map(render_duration),
        hour: every.map(|every| one_run.in_an_hour(every)),
        run: every.map(|_| one_run),
        webhook: (schedule.run == Some(RunWhen::Webhook))
            .then(|| trip(readings.parts.iter().map(run).max().unwrap_or(1).max(1))),
        reconcile: schedule.reconcile.map(|_| trip(readings.parts.iter().map(poll).sum())),
        reconcile_at: schedule.reconcile.map(|at| format!("{:02}:{:02}", at.minute_of_day / 60, at.minute_of_day % 60)),
        lookback: schedule.reconcile.map(|reconcile| render_duration(reconcile.lookback)),
        polled_without_webhook: every.is_some() && spec.webhook.is_none(),
    })
}

/// The requests before the first record is read, by connection: lookups and what verifies them,
/// the list of scopes, and what `match` looks among.
fn ahead(context: &Context, index: usize) -> BTreeMap<String, u64> {
    let program = &context.program;
    let flow = &program.flows()[index];
    let mut lists: BTreeSet<List> = BTreeSet::new();
    for id in flow.lookups() {
        let lookup = &program.lookups()[id.0];
        if let Some(from) = &lookup.resource {
            let scoped = from.scope.is_some();
            let read = context.meter.lists(&from.connection, &from.resource);
            lists.extend(read.into_iter().filter(|list| list.scope.is_some() == scoped));
            lists.extend(from.scope.iter().map(|scope| List::whole(&from.connection, &scope.resource)));
        }
        lists.extend(lookup.verifies.iter().map(|verify| List::whole(&verify.connection, &verify.resource)));
    }
    let source = flow.source();
    lists.extend(source.scope.iter().map(|scope| List::whole(&source.connection, &scope.resource)));
    if flow.matches_by().is_some() {
        let target = flow.target();
        lists.extend(context.meter.lists(&target.connection, &target.resource));
    }
    let mut ahead = BTreeMap::new();
    for list in lists {
        let requests = context.meter.of(&list).map_or(0, |cost| cost.requests);
        *ahead.entry(list.connection).or_default() += requests;
    }
    ahead
}

/// Says by connection where the schedules together want more than an hour allows: the runs,
/// and with them the reconcile polls that begin at the same time.
pub(super) fn too_much(
    costs: &[FlowCost],
    allowances: &IndexMap<String, u64>,
    title: impl Fn(&str) -> String,
) -> Vec<String> {
    let of = |trip: &Option<Trip>, connection: &str| {
        trip.as_ref().and_then(|trip| trip.by_connection.get(connection).copied()).unwrap_or(0)
    };
    let mut told = Vec::new();
    for (connection, allowed) in allowances {
        let runs: u64 = costs.iter().map(|cost| of(&cost.hour, connection)).sum();
        let mut polls: BTreeMap<&str, u64> = BTreeMap::new();
        for cost in costs {
            let at = cost.reconcile_at.as_deref().and_then(|at| at.split(':').next()).unwrap_or_default();
            *polls.entry(at).or_default() += of(&cost.reconcile, connection);
        }
        let (at, poll) = polls.into_iter().max_by_key(|(_, poll)| *poll).unwrap_or_default();
        let name = title(connection);
        if runs > *allowed {
            told.push(format!(
                "the schedules of all flows take about {runs} requests an hour of {name}, which allows {allowed}: runs \
                 will wait for the next hour; let flows run less often"
            ));
        } else if runs + poll > *allowed {
            told.push(format!(
                "in the hour from {at}:00 the schedules of all flows and their reconcile polls take about {} requests \
                 of {name}, which allows {allowed} an hour: give the polls different times, or a shorter lookback",
                runs + poll
            ));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::{FlowCost, Trip, too_much};
    use crate::value::Span;
    use indexmap::IndexMap;
    use std::collections::BTreeMap;

    fn trip(requests: u64) -> Trip {
        Trip::of(&BTreeMap::from([("books".to_owned(), 2)]), "office", requests)
    }

    #[test]
    fn an_hour_holds_as_many_runs_as_begin_in_it() {
        let hour = trip(12).in_an_hour(Span::from_secs(15 * 60));
        assert_eq!((hour.requests, hour.by_connection["office"], hour.by_connection["books"]), (56, 48, 8));
        let day = trip(12).in_an_hour(Span::from_secs(24 * 60 * 60));
        assert_eq!(day.by_connection["office"], 1, "a part of one request counts as one");
    }

    #[test]
    fn more_than_an_hour_allows_is_told_by_connection() {
        let hour = |requests| Some(trip(requests).in_an_hour(Span::from_secs(900)));
        let poll = |requests, at: &str| FlowCost {
            reconcile: Some(trip(requests)),
            reconcile_at: Some(at.to_owned()),
            ..FlowCost::default()
        };
        let allowed = IndexMap::from([("office".to_owned(), 100)]);
        let told = |costs: &[FlowCost]| too_much(costs, &allowed, |_| "Office".to_owned());
        let run = FlowCost { hour: hour(20), ..FlowCost::default() };
        assert_eq!(told(std::slice::from_ref(&run)), Vec::<String>::new());
        let twice = told(&[run.clone(), run.clone()]);
        assert!(twice[0].contains("about 160 requests an hour of Office, which allows 100"), "{twice:?}");
        let apart = told(&[run.clone(), poll(15, "04:00"), poll(15, "05:00")]);
        assert_eq!(apart, Vec::<String>::new());
        let together = told(&[run, poll(15, "05:00"), poll(15, "05:30")]);
        assert!(together[0].starts_with("in the hour from 05:00"), "{together:?}");
        assert!(together[0].contains("about 110 requests"), "{together:?}");
    }
}
