//! Reconcile polls: they find what no notice and no run has brought, at the number of
//! requests that a plan names.

use super::bench::Bench;
use super::notices::{delete, poll};
use super::{pipeline, side};
use crate::store::{Outcome, Store as _, Trigger};
use crate::value::{Decimal, Timestamp};

const DAY: i64 = 24 * 60 * 60;

/// The bench with a schedule.
fn bench() -> Bench {
    let schedule = "\n  }\n  run every 15m\n  reconcile daily at 05:00 lookback 35d";
    let zone = "currency = \"USD\"\n  timezone = \"America/Chicago\"";
    let mut bench = Bench::new();
    bench.program = pipeline::amended(&[("RULES\n  }", schedule), ("currency = \"USD\"", zone)]);
    bench
}

fn change(bench: &Bench, project: i64, id: i64, days_ago: i64) {
    let mut state = bench.state();
    let bill = state.bill(project, id);
    bill.insert("amount", Decimal::cents(99_900));
    bill.insert("updated_at", Timestamp::from_unix(1_790_000_000 - days_ago * DAY));
}

#[tokio::test]
async fn a_poll_finds_what_a_lost_notice_would_have_brought_at_the_price_that_the_plan_named() {
    let bench = bench();
    bench.run().await;
    change(&bench, 1, 13, 10);
    assert_eq!(bench.run().await.counts.held, 0, "a run looks back a day and no more");
    bench.state().bills.get_mut(&1).expect("bills").push(Ok(side::bill(15, 500)));
    let plan = bench.plan().await;
    let cost = &plan.costs[0];
    let named = cost.reconcile.as_ref().expect("it has a poll").clone();
    assert_eq!((cost.flow.as_str(), cost.scopes, cost.lookback.as_deref()), ("bills", 2, Some("35d")));
    bench.state().fetches.clear();
    let report = bench.try_run(&poll(35)).await.expect("the poll comes to its end");
    assert_eq!((report.counts.held, report.counts.posted), (1, 1));
    assert!(bench.entry(1, 13).reason.contains("999.00"), "{}", bench.entry(1, 13).reason);
    let asked = bench.state().fetches.len() as u64;
    assert_eq!(asked, named.requests, "{named:?}");
    assert_eq!(bench.store.runs(1).expect("runs")[0].trigger, Trigger::Reconcile);
    let cursor = bench.store.cursor("bills", "1").expect("store").expect("a cursor");
    assert_eq!(cursor.changed, Some(Timestamp::from_unix(1_790_000_015)), "it moves as in a run");
    bench.check_quiet("polled");
}

#[tokio::test]
async fn a_run_costs_what_the_plan_says() {
    let bench = bench();
    bench.run().await;
    let plan = bench.plan().await;
    let cost = &plan.costs[0];
    let run = cost.run.as_ref().expect("it runs by schedule");
    bench.state().fetches.clear();
    bench.run().await;
    assert_eq!(bench.state().fetches.len() as u64, run.requests);
    assert_eq!(cost.hour.as_ref().expect("an hour").requests, run.requests * 4);
    assert_eq!((cost.every.as_deref(), cost.polled_without_webhook), (Some("15m"), true));
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
    assert!(bench.run().await.costs.is_empty(), "only a plan tells it");
}

#[tokio::test]
async fn a_first_plan_knows_that_later_runs_ask_for_changes_only() {
    let bench = bench();
    let plan = bench.plan().await;
    let run = plan.costs[0].run.as_ref().expect("it runs by schedule");
    assert_eq!((run.reading, run.requests), (2, 4), "one list a project, the projects, the accounts");
}

#[tokio::test]
async fn a_poll_never_looks_less_far_than_a_run() {
    let bench = bench();
    bench.run().await;
    bench.state().fetches.clear();
    bench.try_run(&poll(0)).await.expect("the poll comes to its end");
    let state = bench.state();
    let since = state.fetches.iter().filter_map(|fetch| fetch.changed_since);
    assert_eq!(since.max(), Some(Timestamp::from_unix(1_790_000_033 - DAY)));
}

#[tokio::test]
async fn a_poll_finds_what_was_deleted_and_looks_twice_before_it_says_so() {
    let bench = bench();
    bench.state().page_size = 1_000;
    bench.run().await;
    delete(&bench, 1, 12);
    bench.state().fetches.clear();
    let report = bench.try_run(&poll(35)).await.expect("the poll comes to its end");
    assert_eq!(report.counts.held, 1);
    assert_eq!(bench.entry(1, 12).kind, "posted, but no longer shown by its source");
    let of_1 = |fetch: &&crate::connector::Fetch| fetch.scope.as_ref().is_some_and(|id| id.to_string() == "1");
    assert_eq!(bench.state().fetches.iter().filter(of_1).count(), 2, "the poll, and a second look");
    let events = bench.store_events();
    assert_eq!(bench.try_run(&poll(35)).await.expect("again").counts.held, 1);
    assert_eq!(bench.store_events(), events + 3, "no news");
    bench.check_quiet("polled");
}

#[tokio::test]
async fn a_poll_takes_an_empty_project_for_no_deletion() {
    let bench = bench();
    bench.run().await;
    (31..34).for_each(|id| delete(&bench, 3, id));
    let report = bench.try_run(&poll(35)).await.expect("the poll comes to its end");
    assert_eq!(report.counts.held, 0);
    assert!(report.warnings[0].contains("permissions"), "{:?}", report.warnings);
    assert_eq!(bench.entry(3, 31).outcome, Outcome::Posted);
}

#[tokio::test]
async fn a_record_older_than_the_lookback_is_not_missed() {
    let bench = bench();
    bench.state().page_size = 1_000;
    bench.state().bill(1, 11).insert("updated_at", Timestamp::from_unix(1_790_000_000 - 50 * DAY));
    bench.run().await;
    let report = bench.try_run(&poll(35)).await.expect("the poll comes to its end");
    assert_eq!(report.counts.held, 0, "it was not to be seen");
    assert_eq!(bench.entry(1, 11).outcome, Outcome::Posted);
}
