//! From the store to the books: gathered, run once, settled; through failures and restarts.

use super::bench::{Bench, SECRET, told};
use crate::serve::webhook::settle::{KNOWN, forget};
use crate::serve::webhook::{dispatch, listening, retry};
use crate::store::{Delivery, DeliveryState, Store as _, Trigger};
use crate::value::Span;
use crate::world::Clock as _;
use axum::body::Body;
use std::sync::Arc;
use tokio::task::JoinSet;

/// The dispatcher at work, for as long as this lives.
fn at_work(bench: &Bench) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(dispatch(Arc::clone(&bench.house)));
    tasks
}

async fn pass(bench: &Bench, seconds: u64) {
    bench.clock.sleep(Span::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_gathered_into_one_run_and_settled_by_it() {
    let bench = Bench::new();
    let _at_work = at_work(&bench);
    for n in 0..30 {
        assert!(bench.send(&told(&format!("d{n}"), "Bills", 100 + n % 3, Some(1))).await.is_success());
        bench.clock.sleep(Span::from_millis(100)).await;
    }
    assert_eq!(bench.runs(), 0, "it is not quiet yet");
    pass(&bench, 5).await;
    assert_eq!(bench.runs(), 1);
    let run = bench.store.runs(1).expect("runs").remove(0);
    assert_eq!(run.trigger, Trigger::Webhook);
    assert!((0..30).all(|n| bench.is_done(&format!("d{n}"))));
    assert_eq!(bench.count(&bench.house.webhooks.done), 30);
    assert_eq!(bench.customer.index.waiting.len(), 0);
    let invoices = bench.invoices();
    assert!(["1-N100", "1-N101", "1-N102"].iter().all(|one| invoices.iter().filter(|it| it == one).count() == 1));
    pass(&bench, 600).await;
    assert_eq!(bench.runs(), 1, "nothing is left to do");
}

#[tokio::test(start_paused = true)]
async fn one_burst_without_end_is_looked_at_after_fifteen_seconds() {
    let bench = Bench::new();
    let _at_work = at_work(&bench);
    for n in 0..40 {
        assert!(bench.send(&told(&format!("d{n}"), "Bills", 100, Some(1))).await.is_success());
        bench.clock.sleep(Span::from_millis(500)).await;
    }
    assert!(bench.is_done("d0") && bench.is_done("d20"));
    assert!(!bench.is_done("d39"));
}

#[tokio::test(start_paused = true)]
async fn what_a_run_did_not_end_well_for_waits_on_and_is_taken_again() {
    let bench = Bench::new();
    bench.systems().down = true;
    let _at_work = at_work(&bench);
    assert!(bench.send(&told("d1", "Bills", 101, Some(1))).await.is_success());
    pass(&bench, 30).await;
    assert!(bench.known("d1").is_waiting());
    assert!(bench.count(&bench.house.webhooks.failed_runs) >= 1);
    let fetched = bench.systems().fetched.len();
    pass(&bench, 3_600).await;
    let more = bench.systems().fetched.len() - fetched;
    assert!((1..60).contains(&more), "it is tried again, and ever more rarely: {more}");
    bench.systems().down = false;
    pass(&bench, 700).await;
    assert!(bench.is_done("d1"));
}

#[tokio::test(start_paused = true)]
async fn a_project_that_cannot_be_read_keeps_no_other_waiting_and_is_given_up_after_a_day() {
    let bench = Bench::new();
    bench.systems().closed.insert(2);
    let _at_work = at_work(&bench);
    for project in [1, 2, 3] {
        let body = told(&format!("d{project}"), "Bills", project * 100, Some(project));
        assert!(bench.send(&body).await.is_success());
    }
    pass(&bench, 60).await;
    assert!(bench.known("d2").is_waiting());
    pass(&bench, 26 * 60 * 60).await;
    assert!(bench.ignored("d2").contains("could not be read for a day"));
}

#[tokio::test(start_paused = true)]
async fn what_a_process_that_was_killed_left_waiting_is_taken_by_the_next() {
    let bench = Bench::new();
    bench.systems().slow = Some(Span::from_secs(20));
    let mut first = at_work(&bench);
    for n in 0..5 {
        assert!(bench.send(&told(&format!("d{n}"), "Bills", 100 + n % 3, Some(1))).await.is_success());
    }
    pass(&bench, 10).await;
    assert_eq!(bench.runs(), 1, "it is in the middle of a run");
    first.shutdown().await;
    bench.systems().slow = None;
    let next = Bench::restarted(&bench);
    assert_eq!(next.customer.index.waiting.len(), 5);
    let _at_work = at_work(&next);
    pass(&next, 30).await;
    assert!((0..5).all(|n| next.is_done(&format!("d{n}"))));
    let invoices = next.invoices();
    assert!(["1-N100", "1-N101", "1-N102"].iter().all(|one| invoices.iter().filter(|it| it == one).count() == 1));
    // The other side sends one of them again.
    assert!(next.send(&told("d0", "Bills", 100, Some(1))).await.is_success());
    pass(&next, 60).await;
    assert_eq!(next.runs(), 2, "it is known, and nothing is done for it");
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_be_read_has_everything_looked_at_but_not_over_and_over() {
    let bench = Bench::new();
    let _at_work = at_work(&bench);
    for n in 0..4 {
        let body = Body::from(format!("nothing of ours {n}"));
        assert!(bench.post("site", "acme.one.site", Some(SECRET), body).await.is_success());
        pass(&bench, 60).await;
    }
    assert_eq!(bench.invoices().len(), 9, "all bills of all projects");
    assert_eq!(bench.runs(), 1, "the others wait for the next look");
    pass(&bench, 600).await;
    assert_eq!((bench.runs(), bench.customer.index.waiting.len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_settled_can_be_put_back_by_a_person() {
    let bench = Bench::new();
    let _at_work = at_work(&bench);
    assert!(bench.send(&told("d1", "Bills", 101, Some(1))).await.is_success());
    pass(&bench, 10).await;
    assert!(bench.is_done("d1"));
    assert!(!retry(&bench.customer, "site", "d9").await.expect("store"));
    assert!(retry(&bench.customer, "site", "d1").await.expect("store"));
    // It came long ago, so that it may be taken at once.
    pass(&bench, 10).await;
    assert!(bench.is_done("d1"));
    assert_eq!(bench.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_settled_long_ago_is_forgotten_and_what_waits_is_not() {
    let bench = Bench::new();
    let store = bench.customer.store();
    let now = bench.clock.now();
    for n in 0..3 {
        assert!(bench.send(&told(&format!("d{n}"), "Bills", 101, Some(1))).await.is_success());
    }
    let settled = Delivery { state: DeliveryState::Done { run: "r".to_owned(), at: now }, ..bench.known("d0") };
    let young = Delivery { received: now.plus(Span::from_secs(60)), id: "d1".to_owned(), ..settled.clone() };
    for delivery in [settled, young] {
        let operations = vec![crate::store::Operation::PutDelivery(Box::new(delivery))];
        store.commit(crate::store::Batch { operations, events: Vec::new() }).await.expect("kept");
    }
    assert_eq!(forget(store.as_ref(), now.plus(KNOWN)).await.expect("store"), 0);
    assert_eq!(forget(store.as_ref(), now.plus(KNOWN + Span::from_secs(1))).await.expect("store"), 1);
    assert_eq!(bench.store.delivery("site", "d0").expect("store"), None);
    let left: Vec<bool> = ["d1", "d2"].map(|id| bench.known(id).is_waiting()).to_vec();
    assert_eq!(left, [false, true]);
}

#[tokio::test(start_paused = true)]
async fn it_is_said_where_deliveries_come_in() {
    let bench = Bench::new();
    let listening = listening(&bench.customer);
    assert_eq!(listening.len(), 1);
    assert_eq!(listening[0].path, "/webhooks/site/acme.one.site");
    assert_eq!(listening[0].flows, ["bills", "names"]);
    assert_eq!(listening[0].trouble, None);
}
