//! At the door: what is kept, what is refused, and what whoever is refused learns.

use super::bench::{BEFORE, Bench, PIPELINE, SECRET, told};
use crate::store::{
    AuditEntry, Batch, Cursor, Delivery, DeliveryContent, Head, Intent, MemoryStore, Moment, RecordEntry, RecordId,
    RunEntry, Store, StoreError,
};
use crate::value::Span;
use crate::world::Clock as _;
use async_trait::async_trait;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use std::sync::Arc;

#[tokio::test(start_paused = true)]
async fn what_is_answered_with_200_is_in_the_store() {
    let bench = Bench::new();
    assert_eq!(bench.send(&told("d1", "Bills", 101, Some(1))).await, StatusCode::OK);
    assert!(bench.known("d1").is_waiting());
    assert_eq!((bench.customer.index.waiting.len(), bench.count(&bench.house.webhooks.received)), (1, 1));
    let old = Body::from(told("d2", "Bills", 102, Some(1)).to_string());
    assert_eq!(bench.post("site", "acme.one.site", Some(BEFORE), old).await, StatusCode::OK, "while it is changed");
    assert_eq!(bench.customer.index.waiting.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_is_answered_and_kept_once() {
    let bench = Bench::new();
    for _ in 0..3 {
        assert_eq!(bench.send(&told("d1", "Bills", 101, Some(1))).await, StatusCode::OK);
    }
    let counts = &bench.house.webhooks;
    assert_eq!((bench.count(&counts.received), bench.count(&counts.duplicate)), (1, 2));
    assert_eq!(bench.store.deliveries(true).expect("store").len(), 1);
    let (_, timed) = counts.durable.up_to();
    assert_eq!(timed, 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_know_the_secret_changes_and_learns_nothing() {
    let bench = Bench::new();
    let good = told("d1", "Bills", 101, Some(1)).to_string();
    let cases = [
        ("site", "acme.one.site", None),
        ("site", "acme.one.site", Some("")),
        ("site", "acme.one.site", Some("Bearer the-new-on")),
        ("site", "acme.one.site", Some("the-new-one")),
        ("site", "acme.one.other", Some(SECRET)),
        ("site", "acme.two.site", Some(SECRET)),
        ("site", "site", Some(SECRET)),
        ("site", "", Some(SECRET)),
        ("books", "acme.one.books", Some(SECRET)),
        ("books", "acme.one.books", Some("")),
        ("books", "acme.one.site", Some(SECRET)),
        ("no-such", "acme.one.site", Some(SECRET)),
    ];
    for (driver, place, secret) in cases {
        let status = bench.post(driver, place, secret, Body::from(good.clone())).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{driver} {place} {secret:?}");
    }
    assert_eq!(bench.count(&bench.house.webhooks.forged), cases.len() as u64);
    assert_eq!(bench.store.commits(), 0, "nothing was written");
    assert!(bench.customer.index.waiting.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_forged_body_is_not_even_read() {
    let bench = Bench::new();
    let endless = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    let before = bench.clock.now();
    let status = bench.post("site", "acme.one.site", Some("wrong"), Body::from_stream(endless)).await;
    assert_eq!((status, bench.clock.now()), (StatusCode::UNAUTHORIZED, before));
}

#[tokio::test(start_paused = true)]
async fn bodies_are_bounded_in_length_and_in_time() {
    let bench = Bench::new();
    let post = |body| bench.post("site", "acme.one.site", Some(SECRET), body);
    assert_eq!(post(Body::from(vec![b' '; (64 << 10) + 1])).await, StatusCode::PAYLOAD_TOO_LARGE);
    // Nor is what is said of the length believed.
    let pieces = futures_util::stream::repeat(()).map(|()| Ok::<_, std::io::Error>(Bytes::from(vec![b'['; 1_000])));
    assert_eq!(post(Body::from_stream(pieces)).await, StatusCode::PAYLOAD_TOO_LARGE);
    let clock = Arc::clone(&bench.clock);
    let drops = futures_util::stream::repeat(()).then(move |()| {
        let clock = Arc::clone(&clock);
        async move {
            clock.sleep(Span::from_millis(300)).await;
            Ok::<_, std::io::Error>(Bytes::from_static(b"["))
        }
    });
    let before = bench.clock.now();
    assert_eq!(post(Body::from_stream(drops)).await, StatusCode::REQUEST_TIMEOUT);
    assert!(bench.clock.now().since(before) <= Span::from_millis(2_100));
    let broken = futures_util::stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))]);
    assert_eq!(post(Body::from_stream(broken)).await, StatusCode::BAD_REQUEST);
    assert_eq!(post(Body::empty()).await, StatusCode::BAD_REQUEST);
    let counts = &bench.house.webhooks;
    let counted = [&counts.too_large, &counts.too_slow, &counts.broken].map(|count| bench.count(count));
    assert_eq!((counted, bench.store.commits()), ([2, 1, 2], 0));
}

#[tokio::test(start_paused = true)]
async fn what_knows_the_secret_and_cannot_be_read_is_kept_and_told() {
    let bench = Bench::new();
    let deep = "[".repeat(60_000);
    let bodies: [&[u8]; 4] = [b"\xff\xfe\x00", deep.as_bytes(), b"{\"id\":\"x\"}", b"null"];
    for body in bodies {
        for _ in 0..2 {
            let status = bench.post("site", "acme.one.site", Some(SECRET), Body::from(body.to_vec())).await;
            assert_eq!(status, StatusCode::OK);
        }
    }
    let kept = bench.store.deliveries(true).expect("store");
    assert_eq!(kept.len(), 4, "each once");
    for delivery in &kept {
        let DeliveryContent::Unreadable { why, beginning, .. } = &delivery.content else { panic!("{delivery:?}") };
        assert!(!why.is_empty() && beginning.len() <= 6_000);
    }
    assert_eq!(bench.count(&bench.house.webhooks.unreadable), 4);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_no_name_is_known_all_the_same() {
    let bench = Bench::new();
    for id in ["", "a\u{0}b", &"x".repeat(5_000)] {
        assert_eq!(bench.send(&told(id, "Bills", 101, Some(1))).await, StatusCode::OK);
        assert_eq!(bench.send(&told(id, "Bills", 101, Some(1))).await, StatusCode::OK);
    }
    let kept = bench.store.deliveries(true).expect("store");
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|delivery| delivery.id.len() < 100 && delivery.id.starts_with("sha256-")));
}

#[tokio::test(start_paused = true)]
async fn what_the_disk_refuses_is_not_answered_as_kept() {
    for (moment, there) in [(Moment::Before, false), (Moment::After, true)] {
        let bench = Bench::new();
        bench.store.fail_commit(1, moment);
        assert_eq!(bench.send(&told("d1", "Bills", 101, Some(1))).await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(bench.customer.index.waiting.len(), usize::from(there), "{moment:?}");
        assert_eq!(bench.send(&told("d1", "Bills", 101, Some(1))).await, StatusCode::OK, "it comes again");
        assert_eq!(bench.store.deliveries(true).expect("store").len(), 1);
        assert_eq!(bench.count(&bench.house.webhooks.refused), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_too_slow_is_answered_for_within_five_seconds_and_keeps_it_all_the_same() {
    let kept = Arc::new(MemoryStore::new());
    let slow = Slow { kept: Arc::clone(&kept), clock: Arc::new(std::sync::OnceLock::new()) };
    let clock = Arc::clone(&slow.clock);
    let bench = Bench::over(PIPELINE, Arc::new(slow), kept, None);
    clock.set(Arc::clone(&bench.clock)).ok().expect("set once");
    let before = bench.clock.now();
    assert_eq!(bench.send(&told("d1", "Bills", 101, Some(1))).await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(bench.clock.now().since(before) < Span::from_secs(5));
    assert!(bench.customer.index.waiting.is_empty());
    bench.clock.sleep(Span::from_secs(10)).await;
    assert_eq!(bench.customer.index.waiting.len(), 1, "nobody waits for the answer, and it is known to wait");
}

/// Takes seven seconds for each commit.
struct Slow {
    kept: Arc<MemoryStore>,
    clock: Arc<std::sync::OnceLock<Arc<super::bench::PausedClock>>>,
}

#[async_trait]
impl Store for Slow {
    async fn commit(&self, batch: Batch) -> Result<Head, StoreError> {
        self.clock.get().expect("a clock").sleep(Span::from_secs(7)).await;
        self.kept.commit(batch).await
    }

    fn record(&self, id: &RecordId) -> Result<Option<RecordEntry>, StoreError> {
        self.kept.record(id)
    }

    fn records(&self, flow: Option<&str>) -> Result<Vec<RecordEntry>, StoreError> {
        self.kept.records(flow)
    }

    fn link(&self, flow: &str, target_key: &str) -> Result<Option<RecordId>, StoreError> {
        self.kept.link(flow, target_key)
    }

    fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        self.kept.intents()
    }

    fn cursor(&self, flow: &str, scope: &str) -> Result<Option<Cursor>, StoreError> {
        self.kept.cursor(flow, scope)
    }

    fn cursors(&self, flow: &str) -> Result<Vec<Cursor>, StoreError> {
        self.kept.cursors(flow)
    }

    fn runs(&self, most: usize) -> Result<Vec<RunEntry>, StoreError> {
        self.kept.runs(most)
    }

    fn audit(&self, from: u64, most: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.kept.audit(from, most)
    }

    fn payload(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept.payload(name)
    }

    fn delivery(&self, connection: &str, id: &str) -> Result<Option<Delivery>, StoreError> {
        self.kept.delivery(connection, id)
    }

    fn deliveries(&self, waiting: bool) -> Result<Vec<Delivery>, StoreError> {
        self.kept.deliveries(waiting)
    }

    fn head(&self) -> Result<Head, StoreError> {
        self.kept.head()
    }
}
