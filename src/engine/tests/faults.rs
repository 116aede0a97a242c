//! The other side and the network misbehave, and the process lives.

use super::bench::{Bench, undisturbed};
use super::side::Fault;
use crate::engine::{Options, RunErrorKind, StopKind};
use crate::store::{Outcome, Trigger};
use crate::value::Record;

const PASSING: [Fault; 7] = [
    Fault::LostLate,
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::BrokenBefore,
    Fault::BrokenAfter,
    Fault::TooMany,
    Fault::Down,
];

#[tokio::test]
async fn one_passing_fault_at_every_call_changes_nothing() {
    let books = undisturbed().await;
    for fault in PASSING {
        for call in 0.. {
            let what = format!("{fault:?} at call {call}");
            let bench = Bench::new();
            bench.state().faults.insert(call, fault);
            let report = bench.run().await;
            assert_eq!(bench.lines(), books, "{what}");
            assert_eq!(report.counts.posted, 7, "{what}");
            bench.check_quiet(&what);
            if bench.state().calls <= call {
                break;
            }
        }
    }
}

#[tokio::test]
async fn many_passing_faults_change_nothing_in_the_end() {
    let books = undisturbed().await;
    for seed in 0_u64..60 {
        let bench = Bench::new();
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for call in 0..400 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            if random.is_multiple_of(4) {
                bench.state().faults.insert(call, PASSING[(random >> 8) as usize % PASSING.len()]);
            }
        }
        // A run may stop when too much fails in a row; the next ones go on.
        for _ in 0..6 {
            let _ = bench.try_run(&Options::default()).await;
        }
        assert_eq!(bench.lines(), books, "seed {seed}");
        bench.check_quiet(&format!("seed {seed}"));
    }
}

#[tokio::test]
async fn what_is_refused_is_parked_until_something_changes() {
    let bench = Bench::new();
    bench.state().write_faults.insert(1, Fault::Refused);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.failed), (6, 1));
    let group = &report.flows["bills"].groups[0];
    assert_eq!(group.kind, "account … is not active");
    assert_eq!(group.mend, "open it; then try it again with `mlc replay`");
    let writes = bench.state().writes;
    let again = bench.run().await;
    assert_eq!((again.counts.posted, again.counts.failed), (0, 1), "still there to be seen");
    assert_eq!(bench.state().writes, writes, "and not sent again");
    let parked = (11..15).find(|id| bench.entry(1, *id).outcome == Outcome::Failed).expect("one failed in project 1");
    let plan = Options { plan: true, retry: true, ..Options::default() };
    let planned = bench.try_run(&plan).await.expect("the plan comes to its end");
    assert_eq!((planned.counts.posted, bench.state().writes), (1, writes), "a plan tells what a retry would do");
    bench.state().write_faults.insert(writes, Fault::Refused);
    let retry = Options { retry: true, ..Options::default() };
    let refused = bench.try_run(&retry).await.expect("the run comes to its end");
    assert_eq!((refused.counts.posted, refused.counts.failed), (0, 1), "tried again, and refused again");
    assert_eq!(bench.entry(1, parked).attempts, 2);
    bench.state().bill(1, parked).insert("note", "mended");
    assert_eq!(bench.run().await.counts.posted, 1, "a change takes it up again");
    bench.check_quiet("refused");
}

#[tokio::test]
async fn what_could_not_be_taken_for_now_is_taken_up_by_a_later_run() {
    let books = undisturbed().await;
    let bench = Bench::with_rules("retry 2 times from 1s to 2s");
    for write in 0..3 {
        bench.state().write_faults.insert(write * 2, Fault::Down);
        bench.state().write_faults.insert(write * 2 + 1, Fault::Down);
    }
    let first = bench.run().await;
    assert_eq!(first.counts.posted + first.counts.failed, 7);
    assert!(first.counts.failed > 0);
    let second = bench.run().await;
    assert_eq!(second.counts.posted, first.counts.failed);
    assert_eq!(bench.lines(), books);
    bench.check_quiet("taken up");
}

#[tokio::test]
async fn a_target_that_is_down_stops_the_run_and_loses_nothing() {
    let books = undisturbed().await;
    let bench = Bench::with_rules("retry 1 times from 1s to 2s");
    for write in 0..100 {
        bench.state().write_faults.insert(write, Fault::Down);
    }
    let error = bench.try_run(&Options::default()).await.expect_err("it is down");
    assert_eq!(error.kind, RunErrorKind::World);
    assert_eq!(error.report.expect("so far").exit_code(), 3);
    assert!(bench.state().writes < 14, "not every record is tried: {}", bench.state().writes);
    bench.state().write_faults.clear();
    bench.run().await;
    assert_eq!(bench.lines(), books);
    bench.check_quiet("back again");
}

#[tokio::test]
async fn a_refused_credential_stops_at_once() {
    let books = undisturbed().await;
    let bench = Bench::new();
    bench.state().write_faults.insert(2, Fault::Credentials);
    let error = bench.try_run(&Options::default()).await.expect_err("refused");
    let report = error.report.expect("so far");
    assert_eq!(report.stopped_by, Some(StopKind::World));
    assert!(bench.state().writes <= 4, "{}", bench.state().writes);
    bench.run().await;
    assert_eq!(bench.lines(), books);
    bench.check_quiet("credential");
}

#[tokio::test]
async fn what_stands_there_differently_is_held_and_never_sent_again() {
    let bench = Bench::new();
    bench.state().write_faults.insert(0, Fault::WrongAmount);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held), (6, 1));
    let example = &report.flows["bills"].groups[0].example;
    assert!(example.contains("its amount is 0.01"), "{example}");
    bench.run().await;
    assert_eq!(bench.state().invoices.len(), 7);
    // Somebody corrects it in the books.
    let (index, total) = {
        let state = bench.state();
        let index = state
            .invoices
            .iter()
            .position(|(_, invoice)| invoice.get("total").map(ToString::to_string) == Some("0.01".to_owned()))
            .expect("the wrong one");
        let reference = state.invoices[index].1.get("reference").map(ToString::to_string).expect("reference");
        let id: i64 = reference.rsplit('N').next().and_then(|id| id.parse().ok()).expect("a bill's id");
        (index, crate::value::Decimal::cents(id * 1_000))
    };
    bench.state().invoices[index].1.insert("total", total);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held), (1, 0));
    assert_eq!(bench.state().invoices.len(), 7);
    bench.check_quiet("corrected");
}

#[tokio::test]
async fn what_was_accepted_and_is_not_shown_is_not_sent_again() {
    let bench = Bench::new();
    bench.state().write_faults.insert(0, Fault::Hidden);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.in_doubt), (6, 1));
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.in_doubt), (0, 1));
    assert_eq!(bench.state().invoices.len(), 7);
    bench.state().reveal();
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.in_doubt), (1, 0));
    assert_eq!(bench.lines(), undisturbed().await);
    bench.check_quiet("shown");
}

#[tokio::test]
async fn what_was_taken_otherwise_is_held_until_a_person_mended_it() {
    let bench = Bench::new();
    bench.state().write_faults.insert(0, Fault::Shorn);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held, bench.state().writes), (6, 1, 7));
    let group = &report.flows["bills"].groups[0];
    assert!(group.example.contains("but the books left `account` aside, and wrote the rest"), "{}", group.example);
    assert_eq!(group.mend, "correct or remove it there");
    let again = bench.run().await;
    assert_eq!((again.counts.posted, again.counts.held), (0, 1), "the account is still not there");
    let example = &again.flows["bills"].groups[0].example;
    assert!(example.contains("its account is ``, `L1` was sent"), "{example}");
    let shorn = |state: &mut super::side::State| {
        let account = |record: &Record| record.get("account").map(ToString::to_string);
        let place = state.invoices.iter().position(|(_, record)| account(record).as_deref() == Some(""));
        state.invoices[place.expect("the shorn one")].1.insert("account", "L1");
    };
    shorn(&mut bench.state());
    assert_eq!(bench.run().await.counts.held, 0, "mended");
    assert_eq!(bench.state().writes, 7);
    assert_eq!(bench.lines(), undisturbed().await);
    bench.check_quiet("mended");
}

#[tokio::test]
async fn what_was_taken_under_another_key_stays_in_doubt_and_is_never_sent_again() {
    let bench = Bench::new();
    bench.state().write_faults.insert(0, Fault::Cut);
    for run in 0..3 {
        let report = bench.run().await;
        assert_eq!((report.counts.posted, report.counts.in_doubt), (if run == 0 { 6 } else { 0 }, 1), "run {run}");
        let example = &report.flows["bills"].groups[0].example;
        assert!(example.contains("the books cut `reference` to fit"), "run {run}: {example}");
        assert_eq!(bench.state().writes, 7);
    }
    let sent = bench.lines().into_iter().find(|line| line.contains(" P ")).expect("the cut one");
    let whole = undisturbed().await.into_iter().find(|line| !bench.lines().contains(line)).expect("what it should be");
    let reference = whole.split(' ').nth(1).expect("a reference").to_owned();
    {
        let mut state = bench.state();
        let cut = |record: &Record| record.get("reference").map(ToString::to_string).as_deref() == Some("P");
        let place = state.invoices.iter().position(|(_, record)| cut(record)).expect("the cut one");
        state.invoices[place].1.insert("reference", reference);
    }
    let report = bench.run().await;
    assert_eq!((report.counts.in_doubt, bench.state().writes), (0, 7), "{sent} is whole");
    assert_eq!(bench.lines(), undisturbed().await);
    bench.check_quiet("mended");
}

#[tokio::test]
async fn only_a_person_has_a_refused_credential_tried_again() {
    for trigger in [Trigger::ByHand, Trigger::Schedule, Trigger::Webhook, Trigger::Reconcile] {
        let bench = Bench::new();
        bench.try_run(&Options { trigger, ..Options::default() }).await.expect("a run");
        // Both sides are the same one here.
        assert_eq!(bench.state().forgiven, if trigger == Trigger::ByHand { 2 } else { 0 }, "{trigger:?}");
    }
}
