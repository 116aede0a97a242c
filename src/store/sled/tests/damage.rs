//! What a disk can do to a database: each row of the table in which it was measured, and
//! changes at random. It opens as it was, or it does not open; it is never empty, and what
//! a repair keeps is named.

use super::{batch, copy, now, open, patiently, unpackable};
use crate::store::audit::{AuditFaultKind, verify, verify_store};
use crate::store::head_file::HeadFile;
use crate::store::{
    Actor, AuditEntry, Batch, Head, Intent, Loss, Operation, RecordEntry, RecordId, Repaired, RunEntry, SledStore,
    Store, StoreError, StoreErrorKind,
};
use std::fs;
use std::path::{Path, PathBuf};

/// So many commits of so many bytes: packed, a database of about six megabytes.
const COMMITS: u64 = 240;
const BYTES: usize = 44_000;

fn large(number: u64) -> Batch {
    let mut batch = batch(number);
    if let Operation::PutRecord(record) = &mut batch.operations[0] {
        record.source = serde_json::json!({ "note": unpackable(number, BYTES) });
    }
    batch
}

/// A closed store with a snapshot, as a later run finds it.
async fn stock(folder: &Path) -> PathBuf {
    let stock = folder.join("stock");
    let store = open(&stock);
    let all = (1..=COMMITS).map(|number| store.commit(large(number)));
    futures_util::future::join_all(all).await.into_iter().for_each(|head| drop(head.expect("commit")));
    drop(store);
    // It may be written anew, and then has no snapshot until it is opened once more.
    drop(open(&stock));
    drop(open(&stock));
    assert!(!snapshots(&stock).is_empty(), "the database writes a snapshot when it is opened");
    stock
}

/// The folder of the database.
fn db(store: &Path) -> PathBuf {
    store.join(HeadFile::new(store).read().expect("head file").expect("there").db)
}

fn snapshots(store: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(db(store)).expect("list").map(|entry| entry.expect("entry").path());
    entries.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snap."))).collect()
}

fn log(store: &Path) -> PathBuf {
    db(store).join("db")
}

/// Without the padding at its end: what is cut away shall be what was written.
fn content(store: &Path) -> Vec<u8> {
    let mut content = fs::read(log(store)).expect("log");
    let padding = content.last().copied().expect("some");
    let end = content.iter().rposition(|byte| *byte != padding).expect("some") + 1;
    content.truncate(end);
    content
}

fn cut(store: &Path, bytes: usize) {
    let content = content(store);
    fs::write(log(store), &content[..content.len().saturating_sub(bytes)]).expect("log");
}

fn zero(store: &Path, bytes: usize) {
    let mut content = content(store);
    let from = content.len().saturating_sub(bytes);
    content[from..].fill(0);
    fs::write(log(store), content).expect("log");
}

fn flip(path: &Path, place: usize, bit: u8) {
    let mut content = fs::read(path).expect("file");
    content[place] ^= bit;
    fs::write(path, content).expect("file");
}

/// Everything that a store tells.
#[derive(Debug, PartialEq)]
struct All {
    records: Vec<RecordEntry>,
    links: Vec<Option<RecordId>>,
    intents: Vec<Intent>,
    runs: Vec<RunEntry>,
    audit: Vec<AuditEntry>,
    head: Head,
}

fn all(store: &SledStore) -> Result<All, StoreError> {
    let records = store.records(None)?;
    let links = records.iter().map(|record| store.link("bills", &record.id.key)).collect::<Result<_, _>>()?;
    let (intents, runs) = (store.intents()?, store.runs(100)?);
    Ok(All { records, links, intents, runs, audit: store.audit(1, 100_000)?, head: store.head()? })
}

/// What is read of a store that may be damaged: all of it, or an error that is named.
fn read(folder: &Path) -> Result<All, StoreError> {
    patiently(|| SledStore::open(folder, now())).and_then(|store| all(&store))
}

fn repair(folder: &Path, accept_loss: bool) -> Result<Repaired, StoreError> {
    patiently(|| SledStore::repair(folder, accept_loss, Some(now()), Actor::default()))
}

/// What is to be seen of a damage.
enum Expected {
    /// Nothing: it opens, and all is there.
    Whole,
    /// It is refused, and a repair brings all of it back.
    Mended,
    /// It is refused. A repair loses the newest, and says how many, or finds nothing that is whole.
    Lost,
}

#[tokio::test]
async fn each_row_of_the_damage_table() {
    let folder = tempfile::tempdir().expect("folder");
    let stock = stock(folder.path()).await;
    let good = read(&stock).expect("good");
    let spoil_snapshots = |store: &Path, change: &dyn Fn(&Path)| snapshots(store).iter().for_each(|path| change(path));
    type Damage<'a> = (&'a str, Expected, &'a dyn Fn(&Path));
    let rows: [Damage; 13] = [
        ("snapshot of length zero", Expected::Mended, &|store| {
            spoil_snapshots(store, &|path| fs::write(path, "").expect("write"));
        }),
        ("one byte of the snapshot changed", Expected::Mended, &|store| {
            spoil_snapshots(store, &|path| flip(path, 20, 0x10));
        }),
        ("snapshot deleted", Expected::Whole, &|store| {
            spoil_snapshots(store, &|path| fs::remove_file(path).expect("remove"));
        }),
        ("a snapshot that was being written", Expected::Whole, &|store| {
            fs::write(db(store).join("snap.0000000000000FFF.generating"), "half").expect("write");
        }),
        ("100 bytes cut", Expected::Lost, &|store| cut(store, 100)),
        ("4 KiB cut", Expected::Lost, &|store| cut(store, 4 << 10)),
        ("64 KiB cut", Expected::Lost, &|store| cut(store, 64 << 10)),
        ("512 KiB cut", Expected::Lost, &|store| cut(store, 512 << 10)),
        ("2 MiB cut", Expected::Lost, &|store| cut(store, 2 << 20)),
        ("512 KiB zeroed", Expected::Lost, &|store| zero(store, 512 << 10)),
        ("all of the log cut", Expected::Lost, &|store| cut(store, usize::MAX)),
        ("all of the log zeroed", Expected::Lost, &|store| zero(store, usize::MAX)),
        ("the folder of the database emptied", Expected::Lost, &|store| {
            let db = db(store);
            fs::remove_dir_all(&db).expect("remove");
            fs::create_dir(&db).expect("folder");
        }),
    ];
    for (name, expected, damage) in rows {
        for snapshot in ["kept", "deleted"] {
            let what = format!("{name}, snapshot {snapshot}");
            let place = folder.path().join("place");
            copy(&stock, &place);
            damage(&place);
            // A damaged snapshot that is deleted does no harm any more.
            let expected = if snapshot == "deleted" {
                spoil_snapshots(&place, &|path| drop(fs::remove_file(path)));
                if matches!(expected, Expected::Lost) { &expected } else { &Expected::Whole }
            } else {
                &expected
            };
            judge(&what, expected, &place, &good);
            fs::remove_dir_all(&place).expect("remove");
            drop(fs::remove_dir_all(folder.path().join("place.replaced-1")));
        }
    }
}

fn judge(what: &str, expected: &Expected, place: &Path, good: &All) {
    let kept = place.with_file_name("kept");
    copy(place, &kept);
    match (read(place), expected) {
        (Ok(all), Expected::Whole) => assert_eq!(&all, good, "{what}"),
        (Ok(all), _) => panic!("{what}: it opened with {} entries", all.head.number),
        (Err(error), Expected::Whole) => panic!("{what}: {error}"),
        (Err(error), _) => {
            assert!(matches!(error.kind, StoreErrorKind::Damaged | StoreErrorKind::Io), "{what}: {error}");
            assert!(error.message.contains("place"), "{what}: {error}");
        }
    }
    // As it was found: opening may have changed it.
    fs::remove_dir_all(place).expect("remove");
    fs::rename(&kept, place).expect("move");
    match (repair(place, false), expected) {
        (Ok(Repaired::Good(head)), Expected::Whole) => assert_eq!(head, good.head, "{what}"),
        (Ok(Repaired::Done { kept, loss: Loss::Nothing, aside }), Expected::Mended) => {
            assert_eq!(kept, good.head, "{what}");
            assert!(db(&aside).is_dir(), "{what}");
            let all = read(place).expect(what);
            assert_eq!((&all.records, &all.links), (&good.records, &good.links), "{what}");
            assert_eq!(all.audit[..good.audit.len()], good.audit[..], "{what}");
            assert_eq!(all.head.number, good.head.number + 1, "the repair is told of: {what}");
        }
        (Ok(Repaired::WouldLose { kept, loss: Loss::Newest(lost) }), Expected::Lost) => {
            assert_eq!((kept.number + lost, read(place).is_err()), (good.head.number, true), "{what}");
            let done = repair(place, true).expect(what);
            assert!(matches!(&done, Repaired::Done { kept: now, .. } if *now == kept), "{what}: {done:?}");
            let all = read(place).expect(what);
            assert_eq!(all.head.number, kept.number + 1, "{what}");
            // What is left is a state as it once was: the records of the log, with their links.
            assert_eq!(all.records.len() as u64, kept.number - 1, "{what}");
            assert_eq!(all.records[..], good.records[..all.records.len()], "{what}");
            assert!(all.links.iter().all(Option::is_some), "{what}");
        }
        (Err(error), Expected::Lost) => {
            assert_eq!(error.kind, StoreErrorKind::Damaged, "{what}: {error}");
            assert!(error.message.contains("cannot be repaired"), "{what}: {error}");
            assert!(error.hint.contains("mlc restore"), "{what}: {}", error.hint);
            assert!(read(place).is_err(), "{what}: nothing was changed");
        }
        (done, _) => panic!("{what}: {done:?}"),
    }
}

/// How many stores are changed; `MLC_FLIPS=2000` for the long form.
#[allow(clippy::disallowed_methods, reason = "a longer form of this test, for people")]
fn flips() -> u64 {
    std::env::var("MLC_FLIPS").ok().and_then(|text| text.parse().ok()).unwrap_or(60)
}

#[tokio::test]
async fn a_bit_that_is_flipped_anywhere_is_noticed_or_does_not_matter() {
    let folder = tempfile::tempdir().expect("folder");
    let stock = folder.path().join("stock");
    super::filled(&stock, 60).await;
    let good = read(&stock).expect("good");
    let mut files: Vec<PathBuf> = snapshots(&stock);
    files.extend([log(&stock), db(&stock).join("conf"), stock.join("head.json")]);
    let (mut noticed, mut seed) = (0, 7u64);
    for round in 0..flips() {
        let place = folder.path().join("place");
        copy(&stock, &place);
        for _ in 0..=round % 3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Most of them in the log, which is most of it.
            let file =
                if seed >> 60 < 12 { &files[files.len() - 3] } else { &files[(seed >> 40) as usize % files.len()] };
            let file = place.join(file.strip_prefix(&stock).expect("below"));
            let length = fs::metadata(&file).expect("file").len();
            flip(&file, ((seed >> 20) % length) as usize, 1 << (seed % 8));
        }
        // Without a snapshot all of the log is read again.
        if round % 2 == 0 {
            snapshots(&place).iter().for_each(|path| fs::remove_file(path).expect("remove"));
        }
        match read(&place) {
            Ok(all) => assert!(all == good, "round {round}: it opened, and is another"),
            Err(error) => {
                noticed += 1;
                let kinds = [StoreErrorKind::Damaged, StoreErrorKind::Io, StoreErrorKind::Format];
                assert!(kinds.contains(&error.kind), "round {round}: {error}");
            }
        }
        drop(fs::remove_dir_all(&place));
    }
    assert!(noticed > flips() / 4, "only {noticed} of {} were noticed", flips());
}

/// An older copy of all of it is whole in itself. What shows it is the head that somebody
/// has written down elsewhere; within the folder, an older database does not fit its head file.
#[tokio::test]
async fn an_older_copy_of_all_of_it_does_not_fit_the_head_that_was_noted() {
    let folder = tempfile::tempdir().expect("folder");
    let (state, older) = (folder.path().join("state"), folder.path().join("older"));
    super::filled(&state, 3).await;
    copy(&state, &older);
    let noted = {
        let store = open(&state);
        store.commit(batch(4)).await.expect("commit")
    };
    fs::remove_dir_all(&state).expect("remove");
    copy(&older, &state);
    let store = open(&state);
    verify_store(&store).expect("whole in itself");
    let fault = verify(store.audit(1, 100).expect("audit"), Some(&noted)).expect_err("cut");
    assert_eq!((fault.kind, fault.number), (AuditFaultKind::CutTail, 5));
}

#[tokio::test]
async fn a_head_file_that_is_gone_is_only_made_again_when_that_is_accepted() {
    let folder = tempfile::tempdir().expect("folder");
    let state = folder.path().join("state");
    let head = super::filled(&state, 3).await;
    fs::remove_file(state.join("head.json")).expect("remove");
    let asked = repair(&state, false).expect("asked");
    assert_eq!(asked, Repaired::WouldLose { kept: head.clone(), loss: Loss::Unknown });
    let done = repair(&state, true).expect("done");
    assert!(matches!(done, Repaired::Done { loss: Loss::Unknown, .. }), "{done:?}");
    assert_eq!(open(&state).head().expect("head").number, head.number + 1);
    let entries = open(&state).audit(head.number + 1, 1).expect("audit");
    assert_eq!(entries[0].event.detail["lost_entries"], "unknown");
}
