//! A person's yes or no: it holds for what they saw, and a run goes by it.

use super::bench::Bench;
use super::side::Fault;
use crate::engine::{Decision, DecisionErrorKind, Options, REFUSED, approve, as_seen, reject};
use crate::store::{Moment, Outcome, RecordEntry, RecordId, Store};
use crate::value::{Decimal, Timestamp};

const LIMIT: &str = "approve when total > 300";

/// Bills 31, 32 and 33 are over the limit.
async fn waiting() -> Bench {
    let bench = Bench::with_rules(LIMIT);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held), (4, 3));
    bench
}

fn decision(entry: &RecordEntry, reason: &str) -> Decision {
    Decision {
        record: entry.id.clone(),
        by: "Mia Dunn".to_owned(),
        reason: reason.to_owned(),
        at: Timestamp::from_unix(1_790_001_500),
        seen: Some(as_seen(entry)),
    }
}

fn change(bench: &Bench, id: i64, cents: i64) {
    let mut state = bench.state();
    let bill = state.bill(3, id);
    bill.insert("amount", Decimal::cents(cents));
    bill.insert("updated_at", Timestamp::from_unix(1_790_000_900));
}

#[tokio::test]
async fn what_is_approved_is_posted_by_the_next_run() {
    let bench = waiting().await;
    let approved = approve(bench.store.as_ref(), &decision(&bench.entry(3, 31), "")).await.expect("approved");
    assert_eq!(approved, bench.entry(3, 31));
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held), (1, 2));
    let again = approve(bench.store.as_ref(), &decision(&bench.entry(3, 31), "")).await.expect_err("posted");
    assert_eq!(again.kind, DecisionErrorKind::NotWaiting);
    bench.check_quiet("approved");
}

#[tokio::test]
async fn what_is_refused_is_not_looked_at_again_until_it_changes() {
    let bench = waiting().await;
    reject(bench.store.as_ref(), &decision(&bench.entry(3, 31), "not our job")).await.expect("refused");
    let refused = bench.entry(3, 31);
    assert_eq!((refused.outcome, refused.kind.as_str()), (Outcome::Rejected, REFUSED));
    assert_eq!(refused.reason, "refused by Mia Dunn: not our job");
    let events = bench.store_events();
    let retry = Options { retry: true, ..Options::default() };
    for options in [Options::default(), retry] {
        let report = bench.try_run(&options).await.expect("a run");
        assert_eq!((report.counts.posted, report.counts.rejected), (0, 1));
        assert_eq!(bench.entry(3, 31), refused);
    }
    assert_eq!(bench.store_events(), events + 6, "begin, lookups and end of two runs");
    change(&bench, 31, 32_000);
    let report = bench.run().await;
    assert_eq!((report.counts.rejected, report.counts.held), (0, 3), "what changed is asked for anew");
    assert_eq!(bench.entry(3, 31).kind, "waits for approval");
}

#[tokio::test]
async fn a_word_on_what_has_changed_since_is_refused() {
    let bench = waiting().await;
    let shown = bench.entry(3, 31);
    change(&bench, 31, 40_000);
    bench.run().await;
    for word in [
        approve(bench.store.as_ref(), &decision(&shown, "")).await,
        reject(bench.store.as_ref(), &decision(&shown, "no")).await,
    ] {
        let error = word.expect_err("it is another content now");
        assert_eq!(error.kind, DecisionErrorKind::Moved);
    }
    assert_eq!(bench.run().await.counts.posted, 0);
    approve(bench.store.as_ref(), &decision(&bench.entry(3, 31), "")).await.expect("as it is now");
    change(&bench, 31, 50_000);
    assert_eq!(bench.run().await.counts.posted, 0, "the yes was to something else");
}

#[tokio::test]
async fn of_two_people_only_the_first_is_heard() {
    let bench = waiting().await;
    let shown = bench.entry(3, 31);
    reject(bench.store.as_ref(), &decision(&shown, "twice")).await.expect("the first");
    let late = approve(bench.store.as_ref(), &decision(&shown, "")).await.expect_err("too late");
    assert_eq!(late.kind, DecisionErrorKind::Moved);
    let twice = Decision { seen: None, ..decision(&shown, "once more") };
    let error = reject(bench.store.as_ref(), &twice).await.expect_err("refused already");
    assert_eq!(error.kind, DecisionErrorKind::NotWaiting);
    assert_eq!(bench.run().await.counts.posted, 0);
}

#[tokio::test]
async fn what_may_have_been_sent_cannot_be_refused() {
    let bench = Bench::new();
    bench.state().write_faults.insert(0, Fault::DieAfter);
    bench.live().await;
    let open = bench.store.intents().expect("store").remove(0);
    let entry = bench.store.record(&open.record).expect("store").expect("an entry");
    let error = reject(bench.store.as_ref(), &decision(&entry, "no")).await.expect_err("it may be there");
    assert_eq!(error.kind, DecisionErrorKind::InDoubt);
    assert_eq!(bench.run().await.counts.posted, 7);
    bench.check_quiet("in doubt");
}

#[tokio::test]
async fn a_no_needs_a_reason_and_a_name_and_a_record_that_waits() {
    let bench = waiting().await;
    let (store, waits, posted) = (bench.store.as_ref(), bench.entry(3, 31), bench.entry(1, 11));
    let kind = |result: Result<RecordEntry, crate::engine::DecisionError>| result.expect_err("refused").kind;
    assert_eq!(kind(reject(store, &decision(&waits, " ")).await), DecisionErrorKind::Incomplete);
    let nobody = Decision { by: " ".to_owned(), ..decision(&waits, "no") };
    assert_eq!(kind(reject(store, &nobody).await), DecisionErrorKind::Incomplete);
    assert_eq!(kind(approve(store, &nobody).await), DecisionErrorKind::Incomplete);
    assert_eq!(kind(reject(store, &decision(&posted, "no")).await), DecisionErrorKind::NotWaiting);
    assert_eq!(kind(approve(store, &decision(&posted, "yes")).await), DecisionErrorKind::NotWaiting);
    let id = RecordId { flow: "bills".to_owned(), key: "9/9".to_owned() };
    let unknown = Decision { record: id, seen: None, ..decision(&waits, "no") };
    assert_eq!(kind(reject(store, &unknown).await), DecisionErrorKind::Unknown);
    assert_eq!(bench.entry(3, 31), waits);
}

#[tokio::test]
async fn a_word_is_kept_with_its_event_or_not_at_all() {
    for moment in [Moment::Before, Moment::After] {
        let bench = waiting().await;
        let (before, events) = (bench.entry(3, 31), bench.store_events());
        bench.store.fail_commit(1, moment);
        let word = reject(bench.store.as_ref(), &decision(&before, "no")).await;
        assert_eq!(word.expect_err("the store fails").kind, DecisionErrorKind::Store);
        let kept = moment == Moment::After;
        assert_eq!(bench.store_events(), events + u64::from(kept));
        assert_eq!(bench.entry(3, 31).kind == REFUSED, kept);
        bench.run().await;
        bench.check_quiet("the store failed");
    }
}

/// A person's word on what was deleted at its source after it was posted.
#[tokio::test]
async fn what_stands_posted_keeps_its_name_when_a_person_has_settled_it() {
    let bench = Bench::new();
    bench.run().await;
    super::notices::delete(&bench, 1, 12);
    bench.try_run(&super::notices::poll(35)).await.expect("a poll");
    let held = bench.entry(1, 12);
    assert_eq!(held.outcome, Outcome::Held);
    reject(bench.store.as_ref(), &decision(&held, "taken back by hand")).await.expect("settled");
    for options in [super::notices::poll(35), Options::default()] {
        let report = bench.try_run(&options).await.expect("a run");
        assert_eq!((report.counts.held, report.counts.rejected), (0, 1));
    }
    assert_eq!(bench.entry(1, 12).reference, held.reference);
}
