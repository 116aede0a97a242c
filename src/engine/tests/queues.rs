//! What is not posted stands in a queue that people see.

use super::bench::{Bench, undisturbed};
use super::side::{self, Fault};
use crate::connector::DecodeError;
use crate::engine::{Options, StopKind};
use crate::store::{Outcome, Store};
use crate::value::{Decimal, Record, Value};
use tokio::sync::watch;

#[tokio::test]
async fn two_records_with_one_key_become_one_invoice() {
    let bench = Bench::new();
    bench.state().bill(1, 14).insert("number", "N11");
    bench.state().bill(1, 14).insert("supplier", "S2");
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.rejected), (6, 1));
    let twin = bench.entry(1, 14);
    assert!(twin.reason.contains("bill N11 of project P1"), "{}", twin.reason);
    let again = bench.run().await;
    assert_eq!((again.counts.posted, again.counts.unchanged, again.counts.rejected), (0, 6, 1));
    bench.check_quiet("twins");
}

/// One project with two bills that map to one key; the first that is read is bill 11.
fn twins() -> Bench {
    let bench = Bench::new();
    {
        let mut state = bench.state();
        state.bills = [(1, vec![Ok(side::bill(11, 11_000)), Ok(side::bill(14, 14_000))])].into();
        for (name, value) in [("number", "N11"), ("supplier", "S2")] {
            state.bill(1, 14).insert(name, value);
        }
    }
    bench
}

#[tokio::test]
async fn a_twin_takes_the_key_that_the_first_one_does_not_use() {
    let bench = twins();
    bench.state().write_faults.insert(0, Fault::Refused);
    assert_eq!(bench.plan().await.counts.posted, 1);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.failed), (1, 1));
    assert_eq!((bench.entry(1, 11).outcome, bench.entry(1, 14).outcome), (Outcome::Failed, Outcome::Posted));
    let report = bench.try_run(&Options { retry: true, ..Options::default() }).await.expect("the run");
    assert_eq!((report.counts.posted, report.counts.rejected), (0, 1), "the key is the other one's by now");
    assert_eq!(bench.lines().len(), 1);
    bench.check_quiet("the twin took the key");
}

/// Whether the first one arrived was not known, so the second was its twin. It did not arrive,
/// and then somebody deletes it.
#[tokio::test]
async fn a_twin_is_posted_when_the_one_before_it_is_gone() {
    let bench = twins();
    bench.state().write_faults.insert(0, Fault::BrokenBefore);
    bench.state().find_faults.extend((1..9).map(|find| (find, Fault::LostBefore)));
    bench.run().await;
    assert_eq!((bench.entry(1, 11).outcome, bench.entry(1, 14).outcome), (Outcome::InDoubt, Outcome::Rejected));
    assert_eq!(bench.entry(1, 14).kind, "two records with one key");
    bench.state().find_faults.clear();
    let second = bench.state().bill(1, 14).clone();
    bench.state().bills.insert(1, vec![Ok(second)]);
    bench.run().await;
    bench.run().await;
    assert_eq!(bench.entry(1, 11).kind, "two records with one key", "what waited in the store comes after it");
    assert_eq!((bench.entry(1, 11).outcome, bench.entry(1, 14).outcome), (Outcome::Rejected, Outcome::Posted));
    assert_eq!(bench.lines().len(), 1);
    bench.check_quiet("the first one is gone");
    let events = bench.store_events();
    bench.run().await;
    assert_eq!(bench.store_events(), events + 3, "nothing is news but the run itself");
}

#[tokio::test]
async fn an_invoice_keyed_in_by_hand_is_not_posted_again() {
    let bench = Bench::new();
    let mut by_hand = Record::new();
    by_hand.insert("supplier", "S0");
    by_hand.insert("reference", "P1-N12");
    by_hand.insert("total", Decimal::cents(12_000));
    bench.state().invoices.push(("H1".to_owned(), by_hand));
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held), (6, 1));
    let held = bench.entry(1, 12);
    assert!(held.reason.contains("over 120.00 as H1, which this pipeline did not post"), "{}", held.reason);
    assert_eq!(bench.lines(), undisturbed().await);
}

#[tokio::test]
async fn a_held_record_is_posted_when_what_it_waits_for_is_there() {
    let bench = Bench::new();
    bench.state().bill(1, 12).insert("supplier", Value::Null);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held), (6, 1));
    assert_eq!(report.flows["bills"].money["held"], Decimal::cents(12_000));
    assert_eq!(report.exit_code(), 1);
    bench.state().bill(1, 12).insert("supplier", "S0");
    assert_eq!(bench.run().await.counts.posted, 1);
    assert_eq!(bench.lines(), undisturbed().await);
}

#[tokio::test]
async fn a_row_that_verification_refuses_holds_only_the_records_that_hit_it() {
    let bench = Bench::new();
    bench.state().bill(1, 12).insert("account", "b1");
    bench.state().accounts[1].insert("active", false);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held), (6, 1));
    assert_eq!(report.refused_rows.len(), 1, "{:?}", report.refused_rows);
    bench.state().accounts[1].insert("active", true);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.refused_rows.len()), (1, 0));
    assert_eq!(bench.lines(), undisturbed().await);
}

/// The incremental read does not show it again; the store still has it.
#[tokio::test]
async fn a_held_record_outside_of_the_cursor_is_looked_at_again() {
    let bench = Bench::new();
    bench.state().bill(1, 12).insert("supplier", Value::Null);
    bench.run().await;
    let removed = bench.state().bills.get_mut(&1).map(|bills| bills.remove(1));
    assert!(removed.is_some());
    let report = bench.run().await;
    assert_eq!(report.counts.held, 1, "evaluated from the store: it still waits");
    assert_eq!(bench.entry(1, 12).kind, "no supplier yet");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_rejected_and_seen() {
    let bench = Bench::new();
    let unreadable = DecodeError {
        resource: "bills".to_owned(),
        id: "77".to_owned(),
        field: "amount".to_owned(),
        problem: "is not a decimal number: \"12,5\"".to_owned(),
    };
    bench.state().bills.get_mut(&1).expect("project").insert(1, Err(unreadable));
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.rejected), (7, 1));
    let entry = bench.entry(1, 77);
    assert!(entry.reason.contains("field `amount` is not a decimal number"), "{}", entry.reason);
    bench.state().bills.get_mut(&1).expect("project")[1] = Ok(side::bill(77, 100));
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.rejected), (1, 0));
    bench.check_quiet("readable");
}

#[tokio::test]
async fn the_guard_stops_before_one_more_is_posted() {
    let bench = Bench::with_rules("guard 3 records");
    let report = bench.run().await;
    assert_eq!((report.counts.posted, bench.state().invoices.len()), (3, 3));
    assert_eq!(report.stopped_by, Some(StopKind::Guard));
    assert_eq!(report.exit_code(), 1);
    assert!(report.stopped.expect("a reason").contains("allows 3 records"));
    assert_eq!(bench.run().await.counts.posted, 3);
    assert_eq!(bench.run().await.counts.posted, 1);
    assert_eq!(bench.lines(), undisturbed().await);
    bench.check_quiet("guard");
}

#[tokio::test]
async fn too_many_rejected_stop_the_run() {
    let bench = Bench::with_rules("guard 5% rejected");
    let mut bills: Vec<_> = (100..130).map(|id| Ok(side::bill(id, if id < 110 { 0 } else { 100 }))).collect();
    bench.state().bills.get_mut(&1).expect("project").append(&mut bills);
    let report = bench.run().await;
    assert_eq!(report.stopped_by, Some(StopKind::Guard));
    assert!(report.counts.posted < 30, "{:?}", report.counts);
    bench.check_quiet("rejected");
}

#[tokio::test]
async fn a_plan_says_what_a_run_would_do_and_writes_nothing() {
    let bench = Bench::new();
    bench.state().bill(1, 12).insert("supplier", Value::Null);
    let plan = bench.plan().await;
    assert_eq!((plan.counts.posted, plan.counts.held), (6, 1));
    assert!(plan.expected_requests.expect("an estimate") >= 8);
    assert_eq!(bench.store.commits(), 0);
    assert_eq!(bench.state().invoices.len(), 0);
    let report = bench.run().await;
    assert_eq!(report.counts, plan.counts);
    assert_eq!(report.flows["bills"].money, plan.flows["bills"].money);
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_settles_what_is_in_flight() {
    let books = undisturbed().await;
    let bench = Bench::new();
    let (ask, cancel) = watch::channel(true);
    let options = Options { cancel: Some(cancel), ..Options::default() };
    let report = bench.try_run(&options).await.expect("it reports");
    assert_eq!(report.stopped_by, Some(StopKind::Cancelled));
    drop(ask);
    bench.run().await;
    assert_eq!(bench.lines(), books);
    bench.check_quiet("cancelled");
}

#[tokio::test]
async fn an_outcome_is_told_once_in_the_log() {
    let bench = Bench::new();
    bench.run().await;
    let log = bench.store.audit(1, 1_000).expect("log");
    for id in 11..15 {
        let key = format!("1/{id}");
        let kinds: Vec<String> = log
            .iter()
            .filter(|entry| entry.event.record.as_ref().is_some_and(|record| record.key == key))
            .map(|entry| format!("{:?}", entry.event.kind))
            .collect();
        assert_eq!(kinds, ["Read", "Intent", "Answered", "Posted"]);
    }
    assert_eq!(bench.entry(1, 11).outcome, Outcome::Posted);
}

/// The flow changed, so everything is read again, and a waiting record is not among it.
#[tokio::test]
async fn a_held_record_that_the_source_no_longer_shows_is_not_posted() {
    let mut bench = Bench::new();
    bench.state().bill(1, 12).insert("supplier", Value::Null);
    bench.run().await;
    bench.state().bills.get_mut(&1).expect("project").truncate(1);
    bench.program = super::pipeline::program("on change ignore");
    for _ in 0..2 {
        let report = bench.run().await;
        assert_eq!((report.counts.posted, report.counts.held), (0, 1));
        assert_eq!(bench.entry(1, 12).kind, "no longer shown by the source");
    }
    let mut back = side::bill(12, 12_000);
    back.insert("note", "back");
    bench.state().bills.get_mut(&1).expect("project").push(Ok(back));
    assert_eq!(bench.run().await.counts.posted, 1);
}

#[tokio::test]
async fn a_posted_record_that_cannot_be_read_any_more_keeps_what_was_posted() {
    let bench = Bench::new();
    bench.run().await;
    let unreadable = DecodeError {
        resource: "bills".to_owned(),
        id: "12".to_owned(),
        field: "amount".to_owned(),
        problem: "is missing".to_owned(),
    };
    let good = std::mem::replace(&mut bench.state().bills.get_mut(&1).expect("project")[1], Err(unreadable));
    assert_eq!(bench.run().await.counts.rejected, 1);
    assert!(bench.entry(1, 12).reference.is_some());
    bench.state().bills.get_mut(&1).expect("project")[1] = good;
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.unchanged), (0, 7));
    assert_eq!(bench.lines(), undisturbed().await);
}

/// Far more records than a group or a queue holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_records_go_through_on_several_threads() {
    let bench = Bench::new();
    bench.state().page_size = 100;
    bench.state().bills.insert(1, (1_000..2_000).map(|id| Ok(side::bill(id, id))).collect());
    bench.state().write_faults.extend((0..1_000).step_by(37).map(|write| (write, Fault::LostAfter)));
    let report = bench.run().await;
    assert_eq!((report.counts.posted, bench.state().invoices.len()), (1_003, 1_003));
    assert_eq!(bench.run().await.counts.unchanged, 1_003);
    bench.check_quiet("a thousand");
}

/// The checker trusted the catalogue that no name is longer.
#[tokio::test]
async fn a_text_that_is_longer_than_its_catalogue_says_rejects_its_record_and_no_other() {
    let bench = Bench::new();
    bench.state().bill(1, 12).insert("supplier", "S".repeat(9));
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.rejected), (6, 1));
    let reason = bench.entry(1, 12).reason;
    assert!(
        reason.contains("bill 12: field `supplier` has 9 characters, and the catalogue allows 8 at most"),
        "{reason}"
    );
    bench.state().bill(1, 12).insert("supplier", "S".repeat(8));
    assert_eq!(bench.run().await.counts.posted, 1);
    bench.check_quiet("short enough");
}
