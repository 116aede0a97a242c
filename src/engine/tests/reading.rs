//! Reading: pages that drift, cursors, silence, and parts that cannot be read.

use super::bench::{Bench, undisturbed};
use super::side::{self, Fault};
use crate::engine::Options;
use crate::store::{Moment, Store};

#[tokio::test]
async fn a_record_that_comes_twice_in_one_pass_is_taken_once() {
    let bench = Bench::new();
    let again = side::bill(11, 11_000);
    bench.state().bills.get_mut(&1).expect("project").push(Ok(again));
    let report = bench.run().await;
    assert_eq!(report.counts.posted, 7);
    assert_eq!(bench.lines(), undisturbed().await);
}

#[tokio::test]
async fn a_second_run_posts_nothing_and_reads_only_what_changed() {
    let bench = Bench::new();
    bench.run().await;
    let fetches = bench.state().fetches.len();
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.unchanged), (0, 7));
    assert!(!report.needs_attention());
    let state = bench.state();
    assert!(state.fetches[fetches..].iter().filter(|fetch| fetch.scope.is_some()).all(|f| f.changed_since.is_some()));
}

#[tokio::test]
async fn the_cursor_waits_for_what_is_not_settled() {
    let bench = Bench::with_rules("guard 5 records");
    bench.run().await;
    let cursor = |project| bench.store.cursor("bills", project).expect("store");
    assert!(cursor("1").is_none() || cursor("3").is_none(), "two records are not settled");
    bench.run().await;
    assert!(cursor("1").is_some() && cursor("3").is_some());
    assert_eq!(bench.lines(), undisturbed().await);
}

#[tokio::test]
async fn the_cursor_is_the_last_thing_that_is_written() {
    for commit in 1..10 {
        let bench = Bench::new();
        bench.store.fail_commit(commit, Moment::Before);
        let _ = bench.try_run(&Options::default()).await;
        for (project, bills) in [("1", 11..15), ("3", 31..34)] {
            if bench.store.cursor("bills", project).expect("store").is_some() {
                for bill in bills {
                    bench.entry(project.parse().expect("id"), bill);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_part_that_cannot_be_read_is_said_and_the_others_go_on() {
    let bench = Bench::new();
    bench.state().page_size = 10;
    let refused = |call| {
        let bench = Bench::new();
        bench.state().page_size = 10;
        bench.state().faults.insert(call, Fault::Refused);
        bench
    };
    // The first call lists the projects, the two after it read one each.
    let bench = refused(1);
    let report = bench.run().await;
    assert_eq!(report.failed_scopes.len(), 1);
    assert_eq!(report.failed_scopes[0].scope, "project P1");
    assert_eq!(report.exit_code(), 3);
    assert_eq!(report.counts.posted, 3, "the other project went on");
    assert_eq!(bench.run().await.counts.posted, 4);
    assert_eq!(bench.lines(), undisturbed().await);
}

#[tokio::test]
async fn silence_where_there_was_something_is_not_a_success() {
    let bench = Bench::new();
    for bills in bench.state().bills.values_mut() {
        bills.clear();
    }
    let report = bench.run().await;
    assert!(report.needs_attention());
    assert!(report.warnings[0].contains("shows no bills at all"), "{:?}", report.warnings);
    let bench = Bench::new();
    for project in &mut bench.state().projects {
        project.insert("active", false);
    }
    let report = bench.run().await;
    assert!(report.warnings[0].contains("none of the 3 projects"), "{:?}", report.warnings);
}
