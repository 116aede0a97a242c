//! Records that change after they were posted.

use super::bench::Bench;
use super::side::Fault;
use crate::store::Outcome;
use crate::value::{Decimal, Span, Timestamp};
use crate::world::Clock as _;

/// Changes bill 12 of project 1, so that an incremental read sees it.
fn change(bench: &Bench, cents: i64) {
    let mut state = bench.state();
    let bill = state.bill(1, 12);
    bill.insert("amount", Decimal::cents(cents));
    bill.insert("updated_at", Timestamp::from_unix(1_790_002_000 + cents));
}

fn total_of_12(bench: &Bench) -> String {
    let reference = bench.entry(1, 12).reference.expect("posted");
    let state = bench.state();
    let (_, invoice) = state.invoices.iter().find(|(name, _)| *name == reference).expect("its invoice");
    invoice.get("total").map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn a_change_is_held_and_what_was_posted_is_not_forgotten() {
    let bench = Bench::new();
    bench.run().await;
    let posted = bench.entry(1, 12);
    change(&bench, 13_000);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held), (0, 1));
    let held = bench.entry(1, 12);
    assert_eq!(held.outcome, Outcome::Held);
    assert!(held.reason.ends_with("total was 120.00, now 130.00"), "{}", held.reason);
    assert_eq!((held.reference, held.target_hash), (posted.reference, posted.target_hash));
    let commits = bench.store.commits();
    assert_eq!(bench.run().await.counts.held, 1, "still there to be seen");
    assert_eq!(bench.store.commits() - commits, 5, "begin, lookups, two cursors, end: no news, no entry");
    change(&bench, 12_000);
    let report = bench.run().await;
    assert_eq!((report.counts.held, bench.entry(1, 12).outcome), (0, Outcome::Posted));
    assert_eq!(bench.state().invoices.len(), 7);
    bench.check_quiet("changed back");
}

#[tokio::test]
async fn a_change_that_does_not_matter_is_unchanged() {
    let bench = Bench::new();
    bench.run().await;
    let events = bench.store_events();
    change(&bench, 12_000);
    let report = bench.run().await;
    assert_eq!((report.counts.unchanged, report.counts.held), (7, 0));
    assert_eq!(bench.store_events() - events, 3, "begin, lookups and end");
}

#[tokio::test]
async fn an_approval_that_is_taken_back_is_held() {
    let bench = Bench::new();
    bench.run().await;
    bench.state().bill(1, 12).insert("status", "draft");
    let report = bench.run().await;
    assert_eq!(report.counts.held, 1);
    assert!(bench.entry(1, 12).reason.contains("leave it out"), "{}", bench.entry(1, 12).reason);
    assert!(bench.entry(1, 12).reference.is_some());
}

#[tokio::test]
async fn with_ignore_a_change_is_unchanged() {
    let bench = Bench::with_rules("on change ignore");
    bench.run().await;
    change(&bench, 13_000);
    let report = bench.run().await;
    assert_eq!((report.counts.unchanged, report.counts.held), (7, 0));
    assert_eq!(total_of_12(&bench), "120.00");
}

#[tokio::test]
async fn with_update_a_change_is_carried_over_whatever_goes_wrong() {
    let faults = [None, Some(Fault::LostBefore), Some(Fault::LostAfter), Some(Fault::DieBefore), Some(Fault::DieAfter)];
    for fault in faults {
        let bench = Bench::with_rules("on change update");
        bench.run().await;
        change(&bench, 13_000);
        if let Some(fault) = fault {
            let write = bench.state().writes;
            bench.state().write_faults.insert(write, fault);
        }
        bench.live().await;
        bench.run().await;
        assert_eq!(total_of_12(&bench), "130.00", "{fault:?}");
        assert_eq!(bench.state().invoices.len(), 7, "{fault:?}");
        assert_eq!(bench.entry(1, 12).outcome, Outcome::Posted, "{fault:?}");
        bench.check_quiet(&format!("{fault:?}"));
    }
}

#[tokio::test]
async fn since_when_it_waits_and_when_it_was_posted_are_two_things() {
    let bench = Bench::new();
    bench.run().await;
    let posted = bench.entry(1, 12);
    assert_eq!((posted.posted, posted.waiting_since()), (Some(posted.updated), None));
    bench.clock.sleep(Span::from_secs(3_600)).await;
    change(&bench, 13_000);
    bench.run().await;
    let held = bench.entry(1, 12);
    assert!(held.updated > posted.updated, "it is not held since it was first seen");
    assert_eq!((held.posted, held.waiting_since()), (posted.posted, Some(held.updated)));
    bench.clock.sleep(Span::from_secs(3_600)).await;
    change(&bench, 14_000);
    bench.run().await;
    let again = bench.entry(1, 12);
    assert!(again.updated > held.updated);
    assert_eq!((again.posted, again.waiting_since()), (posted.posted, held.waiting_since()), "it waits on");
    bench.clock.sleep(Span::from_secs(3_600)).await;
    change(&bench, 12_000);
    bench.run().await;
    let back = bench.entry(1, 12);
    assert!(back.updated > again.updated);
    assert_eq!((back.posted, back.waiting_since()), (posted.posted, None), "nothing was posted again");
}
