//! What was posted is written back to its source: once, after the post, and never in its way.

use super::bench::{Bench, Life, undisturbed};
use super::side::Fault;
use crate::engine::{Options, Report};
use crate::store::{EventKind, Moment, Outcome, Store};
use crate::value::Value;

const MARK: &str = "mark = origin";

fn bench() -> Bench {
    Bench::with_rules(MARK)
}

fn origin(bench: &Bench, project: i64, bill: i64) -> Option<String> {
    bench.state().bill(project, bill).get("origin").and_then(Value::as_text).map(str::to_owned)
}

/// Every posted bill shows its invoice, each mark took effect once, and the books are as ever.
async fn check_marked(bench: &Bench, what: &str) {
    assert_eq!(bench.lines(), undisturbed().await, "{what}");
    bench.check_quiet(what);
    for (project, bill) in [(1, 11), (1, 12), (1, 13), (1, 14), (3, 31), (3, 32), (3, 33)] {
        let entry = bench.entry(project, bill);
        assert!(!entry.owes_mark(), "{what}: {bill} still owes its mark: {:?}", entry.mark);
        assert_eq!(origin(bench, project, bill), entry.reference, "{what}: bill {bill}");
    }
    let state = bench.state();
    assert!(state.marked.values().all(|times| *times == 1) && state.marked.len() == 7, "{what}: {:?}", state.marked);
}

fn quiet(report: &Report, what: &str) {
    assert_eq!((report.counts.posted, report.counts.unchanged), (0, 7), "{what}");
    assert!(!report.needs_attention(), "{what}: {:?}", report.warnings);
}

#[tokio::test]
async fn what_is_posted_is_marked_and_its_own_mark_is_no_change() {
    let bench = bench();
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.exit_code()), (7, 0), "{:?}", report.warnings);
    check_marked(&bench, "first run").await;
    let told =
        bench.store.audit(1, 1_000).expect("log").into_iter().filter(|entry| entry.event.kind == EventKind::Marked);
    assert_eq!(told.count(), 7);
    let (sent, hash, events) = (bench.state().marks_sent.len(), bench.entry(1, 12).source_hash, bench.store_events());
    quiet(&bench.run().await, "second run");
    assert_eq!((bench.state().marks_sent.len(), bench.entry(1, 12).source_hash), (sent, hash));
    assert_eq!(bench.store_events(), events + 3, "nothing but the run itself");
    // Somebody opens the bill and changes it: that is a change.
    bench.state().bill(1, 12).insert("origin", Value::Null);
    bench.state().bill(1, 12).insert("note", "amended");
    assert_eq!(bench.run().await.counts.held, 1);
    assert_eq!(origin(&bench, 1, 12), None, "and the mark is not written over a record that waits for a person");
}

#[tokio::test]
async fn a_flow_that_looks_at_the_mark_still_knows_its_own() {
    let mut bench = bench();
    let unmarked = "bill.status == \"approved\" and (bill.origin ?? \"\") == \"\"";
    bench.program = super::pipeline::amended(&[("bill.status == \"approved\"", unmarked), ("RULES", MARK)]);
    bench.run().await;
    check_marked(&bench, "first run").await;
    quiet(&bench.run().await, "second run");
}

#[tokio::test]
async fn dying_at_every_call_marks_each_once() {
    for fault in [Fault::DieBefore, Fault::DieAfter] {
        for call in 0.. {
            let what = format!("call {call}, {fault:?}");
            let bench = bench();
            bench.state().faults.insert(call, fault);
            if let Life::Ended(ended) = bench.live().await {
                (*ended).expect(&what);
                assert!(call > 20, "the run calls more often than {call} times");
                break;
            }
            let report = bench.run().await;
            assert_eq!(report.warnings, Vec::<String>::new(), "{what}");
            check_marked(&bench, &what).await;
            quiet(&bench.run().await, &what);
        }
    }
}

#[tokio::test]
async fn dying_at_every_commit_marks_each_once() {
    for moment in [Moment::Before, Moment::After] {
        for commit in 1.. {
            let what = format!("commit {commit}, {moment:?}");
            let bench = bench();
            bench.store.fail_commit(commit, moment);
            if bench.try_run(&Options::default()).await.is_ok() {
                assert!(commit > 6, "the run commits more often than {commit} times");
                break;
            }
            let report = bench.run().await;
            assert_eq!(report.warnings, Vec::<String>::new(), "{what}");
            check_marked(&bench, &what).await;
        }
    }
}

#[tokio::test]
async fn a_passing_fault_at_every_call_marks_each_once() {
    for fault in [Fault::LostBefore, Fault::LostAfter, Fault::BrokenAfter, Fault::TooMany, Fault::Down] {
        for call in 0.. {
            let what = format!("{fault:?} at call {call}");
            let bench = bench();
            bench.state().faults.insert(call, fault);
            let report = bench.run().await;
            assert_eq!(report.counts.posted, 7, "{what}");
            check_marked(&bench, &what).await;
            if bench.state().calls <= call {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_refused_mark_is_told_and_hinders_nothing() {
    let bench = bench();
    bench.state().locked.push("12".to_owned());
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.exit_code()), (7, 1));
    assert!(
        report.warnings[0]
            .contains("bills: 1 posted, but not marked in Office; bill N12 of project P1: it is posted as V"),
        "{:?}",
        report.warnings
    );
    let entry = bench.entry(1, 12);
    let mark = entry.mark.as_ref().expect("a mark");
    assert_eq!((entry.outcome, mark.refused, mark.made), (Outcome::Posted, true, None));
    assert!(mark.reason.ends_with("but Office refuses that name in `origin`: the bill is locked"), "{}", mark.reason);
    let sent = bench.state().marks_sent.len();
    let again = bench.run().await;
    assert_eq!((again.counts.unchanged, again.warnings.len()), (7, 1), "it is told until it is made");
    assert_eq!(bench.state().marks_sent.len(), sent, "and not sent again by itself");
    let third = bench.run().await;
    assert!(third.warnings[0].contains("the mark in Office is given up after 3 runs"), "{:?}", third.warnings);
    assert!(!bench.entry(1, 12).owes_mark());
    quiet(&bench.run().await, "nobody waits for it any longer");
    assert_eq!(bench.state().marks_sent.len(), sent);
    bench.state().locked.clear();
    let retry = Options { retry: true, ..Options::default() };
    bench.try_run(&retry).await.expect("it runs");
    check_marked(&bench, "free again").await;
}

#[tokio::test]
async fn what_another_system_wrote_there_is_never_written_over() {
    for found_late in [false, true] {
        let bench = bench();
        if found_late {
            // It is written between the reading of the bill and its mark, or by an earlier run's end.
            bench.state().locked.push("12".to_owned());
            bench.run().await;
            bench.state().locked.clear();
        }
        bench.state().bill(1, 12).insert("origin", "SAGE-881");
        let options = Options { retry: found_late, ..Options::default() };
        let sent = bench.state().marks_sent.len();
        let report = bench.try_run(&options).await.expect("it runs");
        let reason = bench.entry(1, 12).mark.expect("a mark").reason;
        assert!(reason.contains("but Office shows `SAGE-881` in `origin`: the system that wrote it there"), "{reason}");
        assert!(report.warnings[0].contains("SAGE-881"), "{:?}", report.warnings);
        assert!(!bench.state().marks_sent[sent..].contains(&"12".to_owned()), "nothing was sent");
        assert_eq!(origin(&bench, 1, 12).as_deref(), Some("SAGE-881"));
        assert_eq!(bench.lines(), undisturbed().await, "and it is posted all the same");
    }
}

#[tokio::test]
async fn marks_that_cannot_be_made_now_are_made_by_a_later_run() {
    let bench = bench();
    let clean = self::bench();
    clean.run().await;
    let calls = clean.state().calls;
    for call in calls - 7..calls + 200 {
        bench.state().faults.insert(call, Fault::Down);
    }
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.stopped.is_none()), (7, true), "posting is not hindered");
    assert!(report.warnings[0].contains("did not take that name in `origin`: down"), "{:?}", report.warnings);
    assert!(bench.state().marks_sent.is_empty());
    bench.state().faults.clear();
    let plan = bench.plan().await;
    assert_eq!(plan.expected_requests, Some(14), "each is looked for, then written");
    assert_eq!(bench.run().await.warnings, Vec::<String>::new());
    check_marked(&bench, "later").await;
}

#[tokio::test]
async fn a_plan_counts_the_marks_and_makes_none() {
    let with = bench().plan().await.expected_requests.expect("some");
    assert_eq!(with, Bench::new().plan().await.expected_requests.expect("some") + 7);
    let bench = bench();
    bench.plan().await;
    assert!(bench.state().marks_sent.is_empty());
}
