//! Runs for webhook notices: what a burst costs, what it finds, and what becomes of records
//! that their source says were deleted.

use super::bench::Bench;
use super::side;
use crate::engine::{Options, Report, Touched, TouchedRecord};
use crate::store::{Moment, Outcome, Store as _, Trigger};
use crate::value::{Decimal, Span, Timestamp};

const DAY: u64 = 24 * 60 * 60;
/// Before the overlap that each pass reads again.
const LONG_AGO: i64 = 1_790_000_000 - 10 * DAY as i64;

fn record(scope: Option<i64>, id: i64, deleted: bool) -> TouchedRecord {
    TouchedRecord {
        connection: "office".to_owned(),
        resource: "bills".to_owned(),
        scope: scope.map(|scope| scope.to_string()),
        record: id.to_string(),
        deleted,
    }
}

fn notices(records: impl IntoIterator<Item = TouchedRecord>) -> Options {
    let touched = Touched { records: records.into_iter().collect(), since: None };
    Options { touched: Some(touched), trigger: Trigger::Webhook, ..Options::default() }
}

async fn told(bench: &Bench, options: &Options) -> Report {
    bench.state().fetches.clear();
    bench.try_run(options).await.expect("the run comes to its end")
}

/// The lists of bills that were asked for: of which project, and whether of changes only.
fn lists(bench: &Bench) -> Vec<(String, bool)> {
    let state = bench.state();
    let bills = state.fetches.iter().filter(|fetch| fetch.resource == "bills");
    let mut lists: Vec<(String, bool)> = bills
        .map(|fetch| (fetch.scope.as_ref().map(ToString::to_string).unwrap_or_default(), fetch.changed_since.is_some()))
        .collect();
    lists.sort();
    lists
}

fn one(project: i64, changes: bool) -> (String, bool) {
    (project.to_string(), changes)
}

fn change(bench: &Bench, project: i64, id: i64, at: i64) {
    let mut state = bench.state();
    let bill = state.bill(project, id);
    bill.insert("amount", Decimal::cents(99_900));
    bill.insert("updated_at", Timestamp::from_unix(at));
}

pub(super) fn delete(bench: &Bench, project: i64, id: i64) {
    let mut state = bench.state();
    let bills = state.bills.get_mut(&project).expect("bills of a project");
    bills.retain(|bill| {
        bill.as_ref().is_ok_and(|bill| bill.get("id").is_none_or(|own| own.to_string() != id.to_string()))
    });
}

#[tokio::test]
async fn a_burst_costs_one_list_of_each_project_that_it_is_in() {
    let bench = Bench::new();
    bench.state().page_size = 1_000;
    bench.run().await;
    let mut named = Vec::new();
    for (project, first) in [(1, 1_000), (3, 2_000)] {
        for id in first..first + 100 {
            bench.state().bills.get_mut(&project).expect("bills").push(Ok(side::bill(id, id)));
            named.push(record(Some(project), id, false));
        }
    }
    let report = told(&bench, &notices(named)).await;
    assert_eq!(report.counts.posted, 200);
    assert_eq!(lists(&bench), [one(1, true), one(3, true)]);
    assert_eq!(bench.state().fetches.len(), 4, "and the projects, and the accounts");
    assert_eq!(bench.store.runs(1).expect("runs")[0].trigger, Trigger::Webhook);
    bench.check_quiet("a burst");
}

#[tokio::test]
async fn only_what_is_told_of_is_read() {
    let bench = Bench::new();
    bench.run().await;
    for (project, id) in [(1, 12), (3, 32)] {
        change(&bench, project, id, 1_790_000_500);
    }
    bench.state().page_size = 1_000;
    let report = told(&bench, &notices([record(Some(3), 32, false)])).await;
    assert_eq!((report.counts.held, lists(&bench)), (1, vec![one(3, true)]));
    assert_eq!(bench.entry(1, 12).outcome, Outcome::Posted, "not read yet");
    let other = TouchedRecord { resource: "projects".to_owned(), ..record(None, 1, false) };
    let report = told(&bench, &notices([other])).await;
    assert!(report.flows.is_empty() && lists(&bench).is_empty(), "{report:?}");
    let closed = told(&bench, &notices([record(Some(2), 21, false)])).await;
    assert!(lists(&bench).is_empty() && closed.warnings.is_empty(), "the flow does not want this project: {closed:?}");
    assert_eq!(bench.run().await.counts.held, 2, "a run by schedule reads the others");
}

#[tokio::test]
async fn a_record_that_the_list_of_changes_does_not_show_is_looked_for_in_the_whole() {
    let bench = Bench::new();
    bench.state().page_size = 1_000;
    bench.run().await;
    change(&bench, 1, 12, LONG_AGO);
    let report = told(&bench, &notices([record(Some(1), 12, false)])).await;
    assert_eq!((report.counts.held, lists(&bench)), (1, vec![one(1, false), one(1, true)]));
    assert!(bench.entry(1, 12).reason.contains("999.00"), "{}", bench.entry(1, 12).reason);
    change(&bench, 1, 13, LONG_AGO);
    let mut dated = notices([record(Some(1), 13, false)]);
    dated.touched.as_mut().expect("notices").since = Some(Timestamp::from_unix(LONG_AGO));
    let report = told(&bench, &dated).await;
    assert_eq!((report.counts.held, lists(&bench)), (2, vec![one(1, true)]), "the notice says since when");
}

#[tokio::test]
async fn a_notice_without_its_project_is_looked_for_where_the_record_was_or_everywhere() {
    let bench = Bench::new();
    bench.state().page_size = 1_000;
    bench.run().await;
    change(&bench, 1, 12, 1_790_000_500);
    told(&bench, &notices([record(None, 12, false)])).await;
    assert_eq!(lists(&bench), [one(1, true)], "the store knows where it is");
    bench.state().bills.get_mut(&3).expect("bills").push(Ok(side::bill(77, 700)));
    let report = told(&bench, &notices([record(None, 77, false)])).await;
    assert_eq!((report.counts.posted, lists(&bench)), (1, vec![one(1, true), one(3, true)]));
    let report = told(&bench, &notices([record(None, 78, false)])).await;
    assert!(report.warnings[0].contains("told of bills/78"), "{:?}", report.warnings);
    let report = told(&bench, &notices([record(Some(1), 79, false)])).await;
    assert!(report.warnings[0].contains("told of bills/1/79, and does not show it"), "{:?}", report.warnings);
}

#[tokio::test]
async fn a_posted_record_that_is_deleted_is_held_until_a_person_has_looked() {
    let bench = Bench::new();
    bench.state().page_size = 1_000;
    bench.run().await;
    let (before, books) = (bench.entry(1, 12), bench.lines());
    delete(&bench, 1, 12);
    assert_eq!(bench.run().await.counts.held, 0, "no list of changes shows it");
    let report = told(&bench, &notices([record(Some(1), 12, true), record(Some(1), 12, false)])).await;
    assert_eq!((report.counts.held, lists(&bench)), (1, vec![one(1, false)]), "one list of the whole");
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    let held = bench.entry(1, 12);
    assert_eq!((held.outcome, held.kind.as_str()), (Outcome::Held, "posted, but no longer shown by its source"));
    assert!(held.reason.contains("posted to Books as") && held.reason.contains("Office shows it no longer"));
    assert_eq!((&held.reference, &held.target_hash), (&before.reference, &before.target_hash));
    assert_eq!(bench.lines(), books, "nothing is taken back by itself");
    let events = bench.store_events();
    for _ in 0..2 {
        assert_eq!(bench.run().await.counts.held, 1);
        assert_eq!(bench.entry(1, 12), held);
    }
    assert_eq!(bench.store_events(), events + 6, "begin, lookups and end of two runs");
    bench.state().bills.get_mut(&1).expect("bills").push(Ok(side::bill(12, 12_000)));
    let back = bench.run().await;
    assert_eq!((back.counts.held, bench.entry(1, 12).outcome), (0, Outcome::Posted));
    assert_eq!(bench.lines(), books);
    bench.check_quiet("deleted and back");
}

#[tokio::test]
async fn a_deletion_that_is_not_so_changes_nothing() {
    let bench = Bench::new();
    bench.run().await;
    let (before, events) = (bench.entry(1, 12), bench.store_events());
    let report = told(&bench, &notices([record(Some(1), 12, true), record(Some(1), 999, true)])).await;
    assert_eq!((report.counts.held, report.warnings.len()), (0, 0), "{report:?}");
    assert_eq!((bench.entry(1, 12), bench.store_events()), (before, events + 3));
}

#[tokio::test]
async fn the_last_record_of_a_project_may_be_deleted_too() {
    let bench = Bench::new();
    bench.run().await;
    (31..34).for_each(|id| delete(&bench, 3, id));
    let named = (31..34).map(|id| record(Some(3), id, true));
    let report = told(&bench, &notices(named)).await;
    assert_eq!((report.counts.held, report.warnings.len()), (3, 0), "{:?}", report.warnings);
    let later = bench.run().await;
    assert_eq!((later.counts.held, later.warnings.len()), (3, 0), "{:?}", later.warnings);
}

#[tokio::test]
async fn an_empty_list_that_nobody_explains_is_no_proof_of_a_deletion() {
    let bench = Bench::new();
    bench.run().await;
    (31..34).for_each(|id| delete(&bench, 3, id));
    let report = told(&bench, &notices([record(Some(3), 31, false)])).await;
    assert_eq!(report.counts.held, 0);
    assert!(report.warnings.iter().any(|warning| warning.contains("permissions")), "{:?}", report.warnings);
    assert_eq!(bench.entry(3, 31).outcome, Outcome::Posted);
}

#[tokio::test]
async fn a_deletion_in_a_project_that_is_not_read_any_more_is_told() {
    let bench = Bench::new();
    bench.run().await;
    delete(&bench, 1, 12);
    bench.state().projects[0].insert("active", false);
    let report = told(&bench, &notices([record(Some(1), 12, true)])).await;
    assert!(report.warnings[0].contains("was deleted, which was posted to Books as"), "{:?}", report.warnings);
}

#[tokio::test]
async fn a_run_for_notices_that_dies_at_any_commit_is_made_up_for_by_the_next() {
    for moment in [Moment::Before, Moment::After] {
        for commit in 1.. {
            let what = format!("commit {commit}, {moment:?}");
            let bench = Bench::new();
            bench.run().await;
            delete(&bench, 1, 12);
            change(&bench, 3, 31, 1_790_000_500);
            bench.state().bills.get_mut(&3).expect("bills").push(Ok(side::bill(77, 700)));
            let options = notices([record(Some(1), 12, true), record(Some(3), 31, false), record(Some(3), 77, false)]);
            bench.store.fail_commit(commit, moment);
            if bench.try_run(&options).await.is_ok() {
                assert!(commit > 5, "the run commits more often than {commit} times");
                break;
            }
            bench.try_run(&options).await.expect(&what);
            assert_eq!(bench.lines().len(), 8, "{what}");
            assert_eq!(bench.entry(1, 12).kind, "posted, but no longer shown by its source", "{what}");
            assert_eq!(bench.entry(3, 31).kind, "changed after it was posted", "{what}");
            assert_eq!(bench.entry(3, 77).outcome, Outcome::Posted, "{what}");
            bench.check_quiet(&what);
        }
    }
}

#[tokio::test]
async fn what_waits_elsewhere_stands_as_it_stood() {
    let bench = Bench::new();
    bench.state().bill(1, 12).insert("supplier", crate::value::Value::Null);
    assert_eq!(bench.run().await.counts.held, 1);
    let report = told(&bench, &notices([record(Some(3), 31, false)])).await;
    assert_eq!((report.counts.held, lists(&bench)), (1, vec![one(3, true)]), "it is counted, and its project not read");
}

/// A look so far back.
pub(super) fn poll(days: u64) -> Options {
    let lookback = Some(Span::from_secs(days * DAY));
    Options { lookback, trigger: Trigger::Reconcile, ..Options::default() }
}
