//! A process that dies: at each commit, at each call, before and after it took effect.
//! The next run makes the books what they would have been.

use super::bench::{Bench, Life, undisturbed};
use super::side::Fault;
use crate::store::Moment;

#[tokio::test]
async fn dying_at_every_commit_changes_nothing() {
    let books = undisturbed().await;
    for moment in [Moment::Before, Moment::After] {
        for commit in 1.. {
            let what = format!("commit {commit}, {moment:?}");
            let bench = Bench::new();
            bench.store.fail_commit(commit, moment);
            if bench.try_run(&Default::default()).await.is_ok() {
                assert!(commit > 5, "the run commits more often than {commit} times");
                break;
            }
            bench.run().await;
            assert_eq!(bench.lines(), books, "{what}");
            bench.check_quiet(&what);
        }
    }
}

#[tokio::test]
async fn dying_at_every_call_changes_nothing() {
    let books = undisturbed().await;
    for fault in [Fault::DieBefore, Fault::DieAfter] {
        for call in 0.. {
            let what = format!("call {call}, {fault:?}");
            let bench = Bench::new();
            bench.state().faults.insert(call, fault);
            match bench.live().await {
                Life::Killed => {}
                Life::Ended(ended) => {
                    (*ended).expect(&what);
                    assert!(call > 10, "the run calls more often than {call} times");
                    break;
                }
            }
            let report = bench.run().await;
            assert_eq!(bench.lines(), books, "{what}");
            assert_eq!(report.counts.held + report.counts.in_doubt, 0, "{what}");
            bench.check_quiet(&what);
        }
    }
}

/// A request can outlive the process that sent it.
#[tokio::test]
async fn a_write_that_arrives_after_the_process_died_is_not_sent_again() {
    let books = undisturbed().await;
    for write in 0..7 {
        let what = format!("write {write}");
        let bench = Bench::new();
        bench.state().write_faults.insert(write, Fault::DieLate);
        assert!(matches!(bench.live().await, Life::Killed), "{what}");
        let report = bench.run().await;
        assert_eq!(bench.lines(), books, "{what}");
        assert_eq!(report.counts.held, 0, "{what}");
        bench.check_quiet(&what);
    }
}

/// The recovering run may die as well.
#[tokio::test]
async fn dying_again_while_recovering_changes_nothing() {
    let books = undisturbed().await;
    for first in [Fault::DieBefore, Fault::DieAfter] {
        for commit in 1..12 {
            let what = format!("{first:?} at the third write, then commit {commit}");
            let bench = Bench::new();
            bench.state().write_faults.insert(2, first);
            assert!(matches!(bench.live().await, Life::Killed), "{what}");
            bench.store.fail_commit(commit, Moment::Before);
            // It fails, or it is done before so many commits.
            let _ = bench.try_run(&Default::default()).await;
            bench.run().await;
            assert_eq!(bench.lines(), books, "{what}");
            bench.check_quiet(&what);
        }
    }
}

#[tokio::test]
async fn a_write_that_cannot_be_asked_for_stays_in_doubt_and_is_not_sent_again() {
    let books = undisturbed().await;
    let bench = Bench::new();
    bench.state().write_faults.insert(0, Fault::DieAfter);
    assert!(matches!(bench.live().await, Life::Killed));
    let finds = bench.state().finds;
    // More than the attempts for all keys together, for half of them, and for one.
    for find in finds..finds + 16 {
        bench.state().find_faults.insert(find, Fault::Down);
    }
    let report = bench.run().await;
    assert!(report.counts.in_doubt >= 1, "{:?}", report.counts);
    assert!(bench.lines().len() <= books.len());
    bench.run().await;
    assert_eq!(bench.lines(), books);
    bench.check_quiet("after the doubt");
}
