//! What every store must do, as a test that each of them runs.

use super::{
    Batch, Cursor, Delivery, DeliveryContent, DeliveryState, Event, EventKind, Intent, Operation, Outcome, RecordEntry,
    RecordId, RunEntry, Store, StoreErrorKind, audit,
};
use crate::value::Timestamp;
use serde_json::json;

/// Runs on a store that holds no record yet.
pub async fn all(store: &dyn Store) {
    what_is_written_is_read(store).await;
    records_come_in_order(store).await;
    a_batch_is_all_or_nothing(store).await;
    runs_come_newest_first(store).await;
    a_delivery_is_known_once(store).await;
    audit::verify_store(store).expect("the chain closes");
}

/// A record with something in every field.
pub fn record(flow: &str, key: &str) -> RecordEntry {
    RecordEntry {
        id: id(flow, key),
        outcome: Outcome::Held,
        label: format!("subcontractor invoice {key}"),
        reason: "no account".to_owned(),
        mend: "add a row".to_owned(),
        kind: "lookup".to_owned(),
        source_hash: "aa".to_owned(),
        program_hash: "bb".to_owned(),
        source: json!({ "z": [1, "two", null], "a": { "ü": true } }),
        target: Some(json!({ "total": "12.50" })),
        target_key: Some("k".to_owned()),
        reference: None,
        target_hash: None,
        amount: Some("12.50".to_owned()),
        approval: None,
        mark: None,
        parts: Vec::new(),
        adopted: None,
        attempts: 1,
        run: "r1".to_owned(),
        first_seen: Timestamp::from_unix(1),
        updated: Timestamp::from_unix_millis(2_500),
        posted: Some(Timestamp::from_unix(2)),
        waits_since: Some(Timestamp::from_unix(1)),
    }
}

pub fn id(flow: &str, key: &str) -> RecordId {
    RecordId { flow: flow.to_owned(), key: key.to_owned() }
}

pub fn event(kind: EventKind, number: u64) -> Event {
    Event { at: Timestamp::from_unix(9), run: "r1".to_owned(), kind, record: None, detail: json!({ "n": number }) }
}

pub fn intent(flow: &str, key: &str) -> Intent {
    Intent {
        record: id(flow, key),
        connection: "ledger".to_owned(),
        resource: "bills".to_owned(),
        key: json!([["supplier", "S1"]]),
        target_key: "k".to_owned(),
        target: json!({ "total": "12.50" }),
        target_hash: "cc".to_owned(),
        attempt: 1,
        update: false,
        correcting: None,
        run: "r1".to_owned(),
        at: Timestamp::from_unix(5),
    }
}

fn link(flow: &str, target_key: &str, record: &RecordId) -> Operation {
    Operation::PutLink { flow: flow.to_owned(), target_key: target_key.to_owned(), record: record.clone() }
}

fn run(id: &str, started: i64) -> RunEntry {
    RunEntry {
        id: id.to_owned(),
        pipeline: "p".to_owned(),
        program_hash: "h".to_owned(),
        sandbox: true,
        systems: super::Systems::new(),
        trigger: super::Trigger::Webhook,
        started: Timestamp::from_unix(started),
        ended: None,
        report: Some(json!({ "posted": 1 })),
    }
}

async fn what_is_written_is_read(store: &dyn Store) {
    let (entry, intent) = (record("bills", "7/1"), intent("bills", "7/1"));
    let cursor = Cursor {
        flow: "bills".to_owned(),
        scope: "7".to_owned(),
        changed: Some(Timestamp::from_unix(3)),
        seen: 12,
        program_hash: "bb".to_owned(),
        at: Timestamp::from_unix(4),
    };
    let before = store.head().expect("head");
    let operations = vec![
        Operation::PutRecord(Box::new(entry.clone())),
        link("bills", "S1/100", &entry.id),
        Operation::PutIntent(Box::new(intent.clone())),
        Operation::PutCursor(cursor.clone()),
    ];
    let events = vec![event(EventKind::Read, 1), event(EventKind::Intent, 2)];
    let head = store.commit(Batch { operations, events }).await.expect("commit");
    assert_eq!(head.number, before.number + 2);
    assert_eq!(store.head().expect("head"), head);
    assert_eq!(store.record(&entry.id).expect("record"), Some(entry.clone()));
    assert_eq!(store.record(&id("bills", "7/2")).expect("record"), None);
    assert_eq!(store.link("bills", "S1/100").expect("link"), Some(entry.id.clone()));
    assert_eq!(store.link("other", "S1/100").expect("link"), None);
    assert_eq!(store.intents().expect("intents"), vec![intent]);
    assert_eq!(store.cursor("bills", "7").expect("cursor"), Some(cursor.clone()));
    assert_eq!(store.cursor("bills", "").expect("cursor"), None);
    assert_eq!(store.cursors("bills").expect("cursors"), [cursor]);
    assert_eq!(store.cursors("bill").expect("cursors"), []);
    let entries = store.audit(head.number, 10).expect("audit");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].event, event(EventKind::Intent, 2));
    assert_eq!(store.audit(before.number + 1, 1).expect("audit")[0].event, event(EventKind::Read, 1));
    let settle = vec![Operation::RemoveIntent { record: entry.id }];
    store.commit(Batch { operations: settle, events: Vec::new() }).await.expect("commit");
    assert_eq!(store.intents().expect("intents"), Vec::new());
}

async fn records_come_in_order(store: &dyn Store) {
    let ids = ["a/2", "a/10", "a", "b"].map(|key| id("bill", key));
    let put = |id: &RecordId| Operation::PutRecord(Box::new(record(&id.flow, &id.key)));
    store.commit(Batch { operations: ids.iter().map(put).collect(), events: Vec::new() }).await.expect("commit");
    let of_flow: Vec<_> = store.records(Some("bill")).expect("records").into_iter().map(|entry| entry.id).collect();
    assert_eq!(of_flow, ["a", "a/10", "a/2", "b"].map(|key| id("bill", key)), "`bills` is another flow");
    let all: Vec<_> = store.records(None).expect("records").into_iter().map(|entry| entry.id).collect();
    assert!(all.is_sorted() && all.len() == 5, "{all:?}");
}

async fn a_batch_is_all_or_nothing(store: &dyn Store) {
    let (first, second) = (record("orders", "1"), record("orders", "2"));
    let take = |entry: &RecordEntry| Batch {
        operations: vec![Operation::PutRecord(Box::new(entry.clone())), link("orders", "K", &entry.id)],
        events: vec![event(EventKind::Posted, 1)],
    };
    let head = store.commit(take(&first)).await.expect("free");
    let error = store.commit(take(&second)).await.expect_err("taken");
    assert_eq!(error.kind, StoreErrorKind::LinkTaken);
    assert!(error.message.contains("orders/1") && error.message.contains("orders/2"), "{}", error.message);
    assert_eq!(store.record(&second.id).expect("record"), None);
    assert_eq!(store.link("orders", "K").expect("link"), Some(first.id.clone()));
    assert_eq!(store.head().expect("head"), head);
    store.commit(take(&first)).await.expect("its owner may put it again");
    let both = vec![link("orders", "L", &first.id), link("orders", "L", &second.id)];
    let error = store.commit(Batch { operations: both, events: Vec::new() }).await.expect_err("twice in one batch");
    assert_eq!(error.kind, StoreErrorKind::LinkTaken);
    assert_eq!(store.link("orders", "L").expect("link"), None);
}

async fn runs_come_newest_first(store: &dyn Store) {
    for (id, started) in [("r2", 20), ("r1", 10), ("r3", 30)] {
        let operations = vec![Operation::PutRun(Box::new(run(id, started)))];
        store.commit(Batch { operations, events: Vec::new() }).await.expect("commit");
    }
    let ended = RunEntry { ended: Some(Timestamp::from_unix(31)), ..run("r3", 30) };
    let operations = vec![Operation::PutRun(Box::new(ended.clone()))];
    store.commit(Batch { operations, events: Vec::new() }).await.expect("commit");
    let runs = store.runs(2).expect("runs");
    assert_eq!(runs, vec![ended, run("r2", 20)]);
}

/// A delivery that waits.
pub fn delivery(connection: &str, id: &str) -> Delivery {
    Delivery {
        connection: connection.to_owned(),
        id: id.to_owned(),
        received: Timestamp::from_unix_millis(7_250),
        content: DeliveryContent::Notice(json!({ "record": "17" })),
        state: DeliveryState::Waiting,
    }
}

async fn a_delivery_is_known_once(store: &dyn Store) {
    let put = |operations| store.commit(Batch { operations, events: Vec::new() });
    let ids = |waiting| -> Vec<(String, String)> {
        let found = store.deliveries(waiting).expect("deliveries").into_iter();
        found.map(|delivery| (delivery.connection, delivery.id)).collect()
    };
    let named = |connection: &str, id: &str| (connection.to_owned(), id.to_owned());
    let (one, two, other) = (delivery("erp", "1"), delivery("erp", "2"), delivery("erp2", "1"));
    let receive = |delivery: &Delivery| Operation::ReceiveDelivery(Box::new(delivery.clone()));
    let head = put([&two, &other, &one].map(receive).to_vec()).await.expect("commit");
    assert_eq!(store.head().expect("head"), head, "the log tells what was done, not what was heard");
    assert_eq!(ids(true), [named("erp", "1"), named("erp", "2"), named("erp2", "1")]);
    assert_eq!(store.delivery("erp", "1").expect("known"), Some(one.clone()));
    assert_eq!(store.delivery("erp", "3").expect("known"), None);

    let done = DeliveryState::Done { run: "r9".to_owned(), at: Timestamp::from_unix(8) };
    let settled = Delivery { state: done, ..one.clone() };
    put(vec![Operation::PutDelivery(Box::new(settled.clone()))]).await.expect("commit");
    assert_eq!((ids(true), ids(false)), (vec![named("erp", "2"), named("erp2", "1")], vec![named("erp", "1")]));
    let later = Delivery { received: Timestamp::from_unix(99), ..one.clone() };
    put(vec![receive(&later)]).await.expect("commit");
    assert_eq!(store.delivery("erp", "1").expect("known"), Some(settled), "one that is settled does not wait again");
    put(vec![receive(&Delivery { received: Timestamp::from_unix(99), ..two.clone() })]).await.expect("commit");
    assert_eq!(store.delivery("erp", "2").expect("known"), Some(two), "nor is one that waits another");

    put(vec![Operation::PutDelivery(Box::new(later.clone()))]).await.expect("commit");
    assert_eq!(store.delivery("erp", "1").expect("known"), Some(later), "unless it is put back");
    assert_eq!(ids(false), []);
    let forget = |(connection, id)| Operation::ForgetDelivery { connection, id };
    put(ids(true).into_iter().map(forget).collect()).await.expect("commit");
    assert_eq!((ids(true), ids(false)), (vec![], vec![]));
}
