//! Backups, also while others commit; putting them back; migration; compaction; and what
//! is dropped after its time.

use super::{batch, copy, filled, now, open, patiently, unpackable};
use crate::store::asked::Request;
use crate::store::audit::{AuditFault, AuditFaultKind, VerifyError, verify_store};
use crate::store::portable::{About, Import};
use crate::store::{
    Actor, Batch, EventKind, Head, Operation, Outcome, Payload, Pruned, RecordEntry, Restored, Restoring, RunEntry,
    SledStore, Store, StoreError, StoreErrorKind, Systems, Trigger, contract, disk,
};
use crate::value::{Span, Timestamp};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DAY: Span = Span::from_secs(24 * 60 * 60);

fn about() -> About {
    About { pipeline: "acme".to_owned(), sandbox: false, at: now() }
}

fn restore(folder: &Path, file: &Path, replace: bool) -> Result<Restored, StoreError> {
    let how = Restoring { replace, by: Actor::default(), now: Some(now()) };
    match SledStore::restore(folder, file, how.clone()) {
        // Refused because it is there is what some of the tests ask for.
        Err(error) if error.kind == StoreErrorKind::InUse && !error.message.contains("already") => {
            patiently(|| SledStore::restore(folder, file, how.clone()))
        }
        done => done,
    }
}

fn prune(folder: &Path, age: Span, now: Timestamp) -> Pruned {
    patiently(|| SledStore::prune(folder, age, Some(now), Actor::default())).expect("prune")
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Everything but the audit log, as text.
fn told(store: &SledStore) -> String {
    let (records, intents) = (store.records(None).expect("records"), store.intents().expect("intents"));
    let (cursors, runs) = (store.cursors("bills").expect("cursors"), store.runs(1_000).expect("runs"));
    let links: Vec<_> = records.iter().map(|record| store.link("bills", &record.id.key).expect("link")).collect();
    format!("{records:#?}{intents:#?}{cursors:#?}{runs:#?}{links:#?}")
}

#[tokio::test]
async fn a_backup_is_put_back_and_tells_what_it_replaced() {
    let folder = tempfile::tempdir().expect("folder");
    let (state, file) = (folder.path().join("state"), folder.path().join("backup"));
    let then = filled(&state, 5).await;
    let before = told(&open(&state));
    assert_eq!(open(&state).export(&file, &about()).expect("export"), then);
    let later = filled(&state, 9).await;

    let error = restore(&state, &file, false).expect_err("it is there");
    assert!(error.message.contains("there is a state") && error.hint.contains("--replace"), "{error}");
    assert_eq!(open(&state).head().expect("head"), later, "nothing was changed");

    let restored = restore(&state, &file, true).expect("restore");
    assert_eq!((&restored.title.head, restored.replaced.as_ref()), (&then, Some(&later)));
    assert_eq!(restored.head.number, then.number + 1);
    let store = open(&state);
    assert_eq!(told(&store), before);
    assert_eq!(verify_store(&store).expect("whole"), restored.head);
    let last = &store.audit(restored.head.number, 1).expect("audit")[0].event;
    assert_eq!(last.kind, EventKind::StoreRestored);
    assert_eq!(last.detail["replaced"]["number"], later.number);
    drop(store);
    // What was replaced lies beside it, whole.
    let aside = restored.aside.expect("aside");
    assert_eq!(open(&aside).head().expect("head"), later);
    // Into an empty folder nothing is set aside.
    let restored = restore(&folder.path().join("elsewhere"), &file, false).expect("restore");
    assert_eq!((restored.aside, restored.replaced), (None, None));
}

#[tokio::test]
async fn what_cannot_be_restored_changes_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let (state, file) = (folder.path().join("state"), folder.path().join("backup"));
    filled(&state, 5).await;
    open(&state).export(&file, &about()).expect("export");
    let head = filled(&state, 6).await;
    let bytes = fs::read(&file).expect("backup");
    for (what, spoilt) in [("cut", &bytes[..bytes.len() / 2]), ("empty", &[])] {
        fs::write(&file, spoilt).expect("write");
        let error = restore(&state, &file, true).expect_err(what);
        assert_eq!(error.kind, StoreErrorKind::Damaged, "{what}: {error}");
        assert_eq!(open(&state).head().expect("head"), head, "{what}");
        assert_eq!(super::super::databases(&state).expect("list").len(), 1, "{what}: nothing is left behind");
        let empty = folder.path().join("none");
        restore(&empty, &file, false).expect_err(what);
        assert!(!SledStore::is_in(&empty), "{what}");
    }
    // One that was stopped where nothing good was is not taken for an empty store.
    fs::remove_file(state.join("head.json")).expect("remove");
    fs::write(state.join("restoring"), "").expect("write");
    let error = super::refusal(&state);
    assert!(error.message.contains("did not come to its end"), "{}", error.message);
    fs::write(&file, &bytes).expect("write");
    restore(&state, &file, true).expect("again");
    assert_eq!(open(&state).records(None).expect("records").len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_while_others_commit_is_of_one_moment() {
    let folder = tempfile::tempdir().expect("folder");
    let state = folder.path().join("state");
    let store = Arc::new(open(&state));
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let sides: Vec<_> = (0..4u64)
        .map(|side| {
            let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut number = side * 100_000;
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    number += 1;
                    store.commit(batch(number)).await.expect("commit");
                }
            })
        })
        .collect();
    let mut heads: Vec<Head> = Vec::new();
    for turn in 0..3 {
        assert!(matches!(SledStore::open(&state, now()), Err(error) if error.kind == StoreErrorKind::InUse));
        let file = folder.path().join(format!("backup-{turn}"));
        let request = Request::new(&state, format!("r{turn}"), about());
        while !request.fetch(&file).expect("no refusal") {
            tokio::task::yield_now().await;
        }
        drop(request);
        let title = Import::open(&file).expect("open").prove().expect("whole");
        let place = folder.path().join(format!("restored-{turn}"));
        restore(&place, &file, false).expect("restore");
        let restored = open(&place);
        // Each commit is one record, one link and one audit entry.
        let records = restored.records(None).expect("records");
        assert_eq!(records.len() as u64, title.head.number - 1);
        assert!(records.iter().all(|record| restored.link("bills", &record.id.key).expect("link").is_some()));
        heads.push(title.head);
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    for side in sides {
        side.await.expect("side");
    }
    assert!(heads.windows(2).all(|pair| pair[0].number < pair[1].number), "work went on: {heads:?}");
    assert!(!state.join("asked").exists(), "nothing is left behind");
}

#[tokio::test]
async fn what_was_asked_of_a_holder_that_is_gone_is_forgotten() {
    let folder = tempfile::tempdir().expect("folder");
    filled(folder.path(), 1).await;
    fs::create_dir(folder.path().join("asked")).expect("folder");
    fs::write(folder.path().join("asked/r.state"), "old").expect("write");
    drop(open(folder.path()));
    assert!(!folder.path().join("asked").exists());
}

/// A store of the first format, kept from then.
#[tokio::test]
async fn a_store_of_format_1_becomes_one_of_this_release() {
    let folder = tempfile::tempdir().expect("folder");
    copy(&golden("format-1"), folder.path());
    let written: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("head.json")).expect("head file")).expect("json");
    for _ in 0..2 {
        let store = open(folder.path());
        let head = verify_store(&store).expect("whole");
        assert_eq!((head.number, head.hash.as_str()), (5, written["hash"].as_str().expect("a hash")));
        let records = store.records(Some("bills")).expect("records");
        assert_eq!(records.len(), 4);
        // What is written down since then was not known.
        let known = RecordEntry { posted: None, waits_since: None, ..contract::record("bills", "000001") };
        assert_eq!(records[0], known);
        assert_eq!(records[0].waiting_since(), Some(known.first_seen));
        assert!(records[3].source["note"].as_str().is_some_and(|note| note.len() == 48_000));
        assert_eq!(store.link("bills", "000002").expect("link"), Some(contract::id("bills", "000002")));
        assert_eq!(store.intents().expect("intents"), vec![contract::intent("bills", "large")]);
        assert_eq!((store.cursors("bills").expect("cursors")[0].seen, store.runs(9).expect("runs").len()), (12, 1));
        assert_eq!(store.audit(2, 1).expect("audit")[0].by.user, "anna");
    }
    let known = crate::store::head_file::HeadFile::new(folder.path()).read().expect("read").expect("some");
    assert_eq!((known.format, known.db.as_str()), (2, "db-2"));
    assert!(!folder.path().join("db").exists(), "the old one is gone");
}

/// A file of the first release that wrote one.
#[tokio::test]
async fn an_export_of_format_2_can_be_imported() {
    let folder = tempfile::tempdir().expect("folder");
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    copy(&golden("format-1"), &old);
    let restored = restore(&new, &golden("format-2.mlc-state"), false).expect("import");
    assert_eq!((restored.title.format, restored.title.about.pipeline.as_str()), (2, "golden"));
    let (old, new) = (open(&old), open(&new));
    assert_eq!(told(&old), told(&new));
    assert_eq!(old.audit(1, 9).expect("audit"), new.audit(1, 5).expect("audit"));
}

#[tokio::test]
async fn compaction_gives_room_back_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    for round in 0..60 {
        let mut entry = contract::record("bills", "1");
        entry.reason = format!("{round} {}", "x".repeat(30_000));
        let mut gone = contract::intent("bills", "1");
        gone.target = serde_json::json!("y".repeat(30_000));
        let operations = vec![Operation::PutRecord(Box::new(entry)), Operation::PutIntent(Box::new(gone))];
        store.commit(Batch { operations, events: Vec::new() }).await.expect("commit");
    }
    let before = told(&store);
    assert!(store.shelf.is_bloated().expect("size"));
    let size = disk::size(folder.path());
    drop(store);
    // At the next start it is written anew by itself.
    let store = open(folder.path());
    assert_eq!(told(&store), before);
    assert!(!store.shelf.is_bloated().expect("size"));
    drop(store);
    assert!(disk::size(folder.path()) < size / 3, "{} of {size}", disk::size(folder.path()));
    let orphan = folder.path().join("blobs").join("00");
    fs::write(&orphan, "nobody names it").expect("write");
    patiently(|| SledStore::compact(folder.path())).expect("compact");
    assert!(!orphan.exists());
    assert_eq!(told(&open(folder.path())), before);
}

/// One month of work: records with payloads, some of them large, and runs with reports.
async fn month(store: &SledStore, number: u64) {
    let at = now().plus(DAY * 30 * number as u32);
    for item in 0..20 {
        let mut entry = contract::record("bills", &format!("{number:03}-{item:03}"));
        let bytes = if item == 0 { 80_000 } else { 3_000 };
        entry.source =
            serde_json::json!({ "number": number, "item": item, "note": unpackable(number * 100 + item, bytes) });
        entry.outcome = if number == 0 && item == 1 { Outcome::Held } else { Outcome::Posted };
        entry.updated = at;
        let answer = Payload::of_json(&serde_json::json!({ "taken": [number, item], "echo": unpackable(item, 2_000) }));
        let source = Payload::of_json(&entry.source);
        let mut event = contract::event(EventKind::Posted, item);
        event.at = at;
        event.record = Some(entry.id.clone());
        event.detail = serde_json::json!({ "source": source.reference(), "answer": answer.reference() });
        let operations = vec![Operation::PutRecord(Box::new(entry)), Operation::PutPayload(answer)];
        store.commit(Batch { operations, events: vec![event] }).await.expect("commit");
    }
    for item in 0..50 {
        let run = RunEntry {
            id: format!("{number}-{item}"),
            pipeline: "p".to_owned(),
            program_hash: "h".to_owned(),
            sandbox: false,
            systems: Systems::new(),
            trigger: Trigger::Schedule,
            started: at.plus(Span::from_secs(item * 60)),
            ended: Some(at.plus(Span::from_secs(item * 60 + 5))),
            report: Some(serde_json::json!({ "text": "r".repeat(1_500) })),
        };
        let operations = vec![Operation::PutRun(Box::new(run))];
        store.commit(Batch { operations, events: Vec::new() }).await.expect("commit");
    }
}

#[tokio::test]
async fn thirty_months_do_not_take_more_room_than_six_but_for_the_log() {
    let folder = tempfile::tempdir().expect("folder");
    let mut sizes = Vec::new();
    for number in 0..30 {
        let store = open(folder.path());
        month(&store, number).await;
        drop(store);
        let end = now().plus(DAY * 30 * (number as u32 + 1));
        let done = prune(folder.path(), DAY * 100, end);
        sizes.push(done.bytes_after);
    }
    let store = open(folder.path());
    let (log, records) = (store.audit(1, 10_000).expect("audit"), store.records(None).expect("records"));
    let lasting =
        (serde_json::to_vec(&log).expect("json").len() + serde_json::to_vec(&records).expect("json").len()) as u64;
    assert!(sizes[29] < sizes[5] + 2 * lasting && sizes[29] < 4 * sizes[5], "{sizes:?}, of which {lasting} lasts");
    assert_eq!(records.len(), 600, "every record is known for ever");
    assert!(records.iter().all(|record| record.target.is_some()));
    verify_store(&store).expect("whole, though payloads are gone");
    let source = |key: &str| store.record(&contract::id("bills", key)).expect("record").expect("there").source;
    assert!(source("000-002").is_null() && source("000-000").is_null(), "old");
    assert_eq!(source("000-001")["item"], 1, "it waits for somebody");
    assert_eq!(source("029-000")["number"], 29, "young");
    assert!(store.runs(1_000).expect("runs").len() <= 201);
    assert!(fs::read_dir(folder.path().join("blobs")).expect("list").count() <= 5, "large ones go too");
}

/// Who deletes a payload by himself is seen, also where others of its age were dropped.
#[tokio::test]
async fn a_payload_that_is_gone_before_its_time_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    for number in 0..6 {
        month(&store, number).await;
    }
    drop(store);
    prune(folder.path(), DAY * 100, now().plus(DAY * 180));
    let store = open(folder.path());
    verify_store(&store).expect("whole");
    let young = Payload::of_json(&serde_json::json!({ "taken": [5, 3], "echo": unpackable(3, 2_000) }));
    let key = crate::store::keys::payload(young.name()).expect("a name");
    assert!(store.shelf.trees.payloads.remove(key).expect("remove").is_some());
    match verify_store(&store) {
        Err(VerifyError::Fault(AuditFault { kind: AuditFaultKind::PayloadMissing, .. })) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_dropped_twice() {
    let folder = tempfile::tempdir().expect("folder");
    drop(open(folder.path()));
    let later: Timestamp = now().plus(DAY * 900);
    let done = prune(folder.path(), DAY, later);
    assert_eq!((done.payloads, done.runs), (0, 0));
    assert_eq!(open(folder.path()).head().expect("head").number, 1, "what changes nothing is not told of");
}
