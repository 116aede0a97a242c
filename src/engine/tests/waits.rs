//! What a first post waits for on the other side, and what that side takes later.

use super::bench::{Bench, Life, undisturbed};
use super::side::Fault;
use crate::connector::Readiness;
use crate::engine::{Options, RunErrorKind};
use crate::store::{Moment, Outcome};

const SETTLE: &str = "settle receipts for 24h";

fn waits() -> Readiness {
    Readiness::Waits {
        reason: "order PO-7 has 20.00 of 120.00 received".to_owned(),
        mend: "post the receipt in Books; the next run looks again".to_owned(),
    }
}

fn never() -> Readiness {
    Readiness::Never {
        reason: "order PO-8 is evaluated on receipt: Books writes the invoice by itself".to_owned(),
        mend: "nothing is to be done".to_owned(),
    }
}

/// One bill waits, one will never be posted.
fn bench() -> Bench {
    let bench = Bench::with_rules(SETTLE);
    bench.state().waits.insert("P1-N12".to_owned(), waits());
    bench.state().waits.insert("P3-N32".to_owned(), never());
    bench
}

#[tokio::test]
async fn what_waits_is_held_and_posted_when_it_is_there() {
    let bench = bench();
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held, report.counts.rejected), (5, 1, 1));
    let held = bench.entry(1, 12);
    assert_eq!((held.outcome, held.reason.as_str()), (Outcome::Held, "order PO-7 has 20.00 of 120.00 received"));
    assert_eq!(held.mend, "post the receipt in Books; the next run looks again");
    assert_eq!(held.kind, "waits for receipts: order … has … of … received");
    assert_eq!(bench.entry(3, 32).outcome, Outcome::Rejected);
    let events = bench.store_events();
    let again = bench.run().await;
    assert_eq!((again.counts.posted, again.counts.held, again.counts.rejected), (0, 1, 1));
    assert_eq!(bench.store_events(), events + 3, "nothing is news but the run itself");
    bench.state().waits.clear();
    let posted = bench.run().await;
    assert_eq!((posted.counts.posted, posted.counts.rejected), (1, 1), "what was rejected waits for a change");
    bench.state().bill(3, 32).insert("note", "another order");
    assert_eq!(bench.run().await.counts.posted, 1);
    assert_eq!(bench.lines(), undisturbed().await);
    bench.check_quiet("settled");
}

#[tokio::test]
async fn one_question_asks_for_all_first_posts_of_a_group_and_for_nothing_else() {
    let bench = Bench::with_rules("settle receipts for 24h\n    on change update");
    bench.run().await;
    assert_eq!(bench.state().waits_asked.iter().sum::<usize>(), 7);
    assert!(bench.state().waits_asked.len() <= 2, "{:?}", bench.state().waits_asked);
    let asked = bench.state().waits_asked.len();
    bench.state().waits.insert("P1-N12".to_owned(), waits());
    bench.state().bill(1, 12).insert("note", "amended");
    assert_eq!(bench.run().await.counts.posted, 1, "what stands there is changed without waiting");
    assert_eq!(bench.state().waits_asked.len(), asked);
}

#[tokio::test]
async fn a_plan_asks_as_a_run_would_and_counts_the_question() {
    let with = bench().plan().await;
    assert_eq!((with.counts.posted, with.counts.held, with.counts.rejected), (5, 1, 1));
    let without = Bench::new().plan().await;
    let (with, without) = (with.expected_requests.expect("some"), without.expected_requests.expect("some"));
    assert_eq!(with, without - 2 + 1, "two posts fewer, one question more");
}

#[tokio::test]
async fn what_cannot_be_asked_for_stops_the_run_and_sends_nothing() {
    let bench = Bench::with_rules(SETTLE);
    let clean = Bench::with_rules(SETTLE);
    clean.run().await;
    // Reads of the source and of lookups, one question by key; then what it waits for.
    let first = clean.state().first_wait.expect("it was asked");
    for call in first..first + 60 {
        bench.state().faults.insert(call, Fault::Down);
    }
    let error = bench.try_run(&Options::default()).await.expect_err("it is down");
    assert_eq!(error.kind, RunErrorKind::World);
    assert!(error.message.contains("Books cannot be asked: down"), "{}", error.message);
    assert_eq!(bench.state().writes, 0);
    bench.state().faults.clear();
    bench.run().await;
    assert_eq!(bench.lines(), undisturbed().await);
}

/// However the question is cut into pieces, and whatever is in doubt: what one invoice
/// takes is not there for another.
#[tokio::test]
async fn what_was_received_is_never_billed_twice() {
    let undisturbed = Bench::with_rules(SETTLE);
    undisturbed.run().await;
    let first = undisturbed.state().first_wait.expect("it was asked");
    let questions = [Fault::Refused, Fault::TooMany, Fault::LostBefore, Fault::LostAfter, Fault::BrokenBefore];
    let writes = [Fault::LostBefore, Fault::LostAfter, Fault::LostLate, Fault::BrokenAfter, Fault::Hidden];
    let tries = questions.iter().map(|fault| (first, *fault));
    let tries = tries.chain(writes.iter().flat_map(|fault| (first + 1..first + 4).map(|call| (call, *fault))));
    for (call, fault) in tries {
        let what = format!("call {call}, {fault:?}");
        let bench = Bench::with_rules(SETTLE);
        bench.state().room = Some(3);
        bench.state().faults.insert(call, fault);
        bench.run().await;
        assert!(bench.lines().len() <= 3, "{what}: {:?}", bench.lines());
        bench.state().reveal();
        let again = bench.run().await;
        assert_eq!(bench.lines().len(), 3, "{what}: {:?}", bench.lines());
        assert_eq!((again.counts.held, again.counts.in_doubt), (4, 0), "{what}");
        bench.check_quiet(&what);
    }
}

/// An incremental pass shows what changed, and not what was deleted.
#[tokio::test]
async fn what_is_deleted_while_it_waits_is_not_posted() {
    let bench = bench();
    bench.run().await;
    bench
        .state()
        .bills
        .get_mut(&1)
        .expect("bills of a project")
        .retain(|bill| bill.as_ref().is_ok_and(|bill| bill.get("id").is_none_or(|id| id.to_string() != "12")));
    bench.state().waits.clear();
    let lines = bench.lines();
    for _ in 0..2 {
        assert_eq!(bench.run().await.counts.posted, 0);
        let held = bench.entry(1, 12);
        assert_eq!((held.outcome, held.kind.as_str()), (Outcome::Held, "no longer shown by the source"));
        assert_eq!(bench.lines(), lines);
    }
    bench.check_quiet("deleted");
}

#[tokio::test]
async fn dying_around_the_question_changes_nothing() {
    let undisturbed = bench();
    undisturbed.run().await;
    let books = undisturbed.lines();
    for fault in [Fault::DieBefore, Fault::DieAfter] {
        for call in 0.. {
            let what = format!("call {call}, {fault:?}");
            let bench = bench();
            bench.state().faults.insert(call, fault);
            if let Life::Ended(ended) = bench.live().await {
                (*ended).expect(&what);
                assert!(call > 10, "the run calls more often than {call} times");
                break;
            }
            let report = bench.run().await;
            assert_eq!(bench.lines(), books, "{what}");
            assert_eq!((report.counts.held, report.counts.rejected, report.counts.in_doubt), (1, 1, 0), "{what}");
            bench.check_quiet(&what);
        }
    }
    for moment in [Moment::Before, Moment::After] {
        for commit in 1.. {
            let what = format!("commit {commit}, {moment:?}");
            let bench = bench();
            bench.store.fail_commit(commit, moment);
            if bench.try_run(&Options::default()).await.is_ok() {
                assert!(commit > 5, "the run commits more often than {commit} times");
                break;
            }
            bench.run().await;
            assert_eq!(bench.lines(), books, "{what}");
            bench.check_quiet(&what);
        }
    }
}

/// Of the seven bills, the suppliers S0 (12, 33), S1 (13, 31) and S2 (11, 14, 32) have some each.
fn closed() -> Bench {
    let bench = Bench::new();
    bench.state().closed = vec!["S2".to_owned()];
    bench
}

#[tokio::test]
async fn what_is_taken_later_is_held_and_only_one_of_its_like_is_tried_in_a_run() {
    let bench = closed();
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held, report.counts.failed), (4, 3, 0));
    let held = bench.entry(1, 11);
    assert_eq!(
        (held.kind.as_str(), held.reason.as_str(), held.mend.as_str(), held.attempts),
        (
            "not taken yet: period … is closed",
            "period 2026/06 is closed",
            "open the period; the next run tries again",
            1
        )
    );
    bench.check_quiet("held");
    let writes = bench.state().writes;
    assert_eq!(writes, 7, "each was sent once");
    assert_eq!(bench.plan().await.counts.held, 3, "a plan cannot know better");
    for run in 1..4 {
        let again = bench.run().await;
        assert_eq!((again.counts.posted, again.counts.held), (0, 3));
        assert_eq!(bench.state().writes, writes + run, "one is tried for all three");
        bench.check_quiet("held again");
    }
    bench.state().closed.clear();
    assert_eq!(bench.run().await.counts.posted, 3);
    assert_eq!(bench.lines(), undisturbed().await);
    bench.check_quiet("open again");
}

#[tokio::test]
async fn another_content_is_tried_for_itself() {
    let bench = closed();
    bench.run().await;
    let writes = bench.state().writes;
    bench.state().bill(1, 14).insert("supplier", "S1");
    assert_eq!(bench.run().await.counts.posted, 1, "moved to another month, it is taken");
    assert_eq!(bench.state().writes, writes + 2);
}

#[tokio::test]
async fn a_guard_counts_only_what_is_sent() {
    let bench = Bench::with_rules("guard 2 records");
    bench.state().closed = vec!["S0".to_owned(), "S1".to_owned(), "S2".to_owned()];
    // Two in the first run, then one more in each: one of those before is tried for all.
    for _ in 0..5 {
        bench.run().await;
    }
    let held = bench.run().await;
    assert_eq!((held.counts.held, held.stopped.is_none()), (7, true), "one is sent for all: {:?}", held.stopped);
}

#[tokio::test]
async fn dying_around_not_yet_changes_nothing() {
    for fault in [Fault::DieBefore, Fault::DieAfter] {
        for second in [false, true] {
            for write in 0..8 {
                let what = format!("write {write}, {fault:?}, in the second run: {second}");
                let bench = closed();
                if second {
                    bench.run().await;
                }
                let write = bench.state().writes + write;
                bench.state().write_faults.insert(write, fault);
                if let Life::Ended(ended) = bench.live().await {
                    (*ended).expect(&what);
                }
                bench.state().write_faults.clear();
                let report = bench.run().await;
                assert_eq!((report.counts.held, report.counts.in_doubt), (3, 0), "{what}");
                assert_eq!(bench.lines().len(), 4, "{what}");
                bench.check_quiet(&what);
                bench.state().closed.clear();
                bench.run().await;
                assert_eq!(bench.lines(), undisturbed().await, "{what}");
                bench.check_quiet(&what);
            }
        }
    }
}

#[tokio::test]
async fn dying_at_every_commit_around_not_yet_changes_nothing() {
    for moment in [Moment::Before, Moment::After] {
        for commit in 1.. {
            let what = format!("commit {commit}, {moment:?}");
            let bench = closed();
            bench.store.fail_commit(commit, moment);
            if bench.try_run(&Options::default()).await.is_ok() {
                assert!(commit > 5, "the run commits more often than {commit} times");
                break;
            }
            bench.state().closed.clear();
            bench.run().await;
            assert_eq!(bench.lines(), undisturbed().await, "{what}");
            bench.check_quiet(&what);
        }
    }
}

#[tokio::test]
async fn a_change_that_is_taken_later_keeps_what_stands() {
    let bench = Bench::with_rules("on change update");
    bench.run().await;
    let write = bench.state().writes;
    bench.state().write_faults.insert(write, Fault::NotYet);
    bench.state().bill(1, 12).insert("note", "amended");
    let report = bench.run().await;
    assert_eq!(report.counts.held, 1);
    let entry = bench.entry(1, 12);
    assert!(entry.reference.is_some() && entry.reason.contains("is closed"), "{entry:?}");
    bench.check_quiet("held");
    assert_eq!(bench.run().await.counts.posted, 1);
    assert_eq!(bench.state().invoices.len(), 7);
    bench.check_quiet("changed");
}
