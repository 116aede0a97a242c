//! The store on disk: what it promises, what it refuses, and what a kill leaves behind.

mod damage;
mod keeping;

use super::SledStore;
use crate::store::audit::{AuditFault, AuditFaultKind, VerifyError, verify_store};
use crate::store::{
    Actor, AuditEntry, Batch, EventKind, Head, Operation, Outcome, Payload, Store, StoreError, StoreErrorKind, audit,
    codec, contract, keys,
};
use crate::value::Timestamp;
use std::fs;
use std::path::Path;

fn now() -> Timestamp {
    Timestamp::from_unix(1_790_000_000)
}

fn open(folder: &Path) -> SledStore {
    patiently(|| SledStore::open(folder, now())).expect("a good store")
}

/// Other tests start processes: between its start and its own program, one of these holds a
/// copy of every lock of this process for a moment.
#[allow(clippy::disallowed_methods, reason = "a lock that is free in a moment of real time")]
fn patiently<T>(mut work: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    for _ in 0..100 {
        match work() {
            Err(error) if error.kind == StoreErrorKind::InUse => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            done => return done,
        }
    }
    work()
}

fn refusal(folder: &Path) -> StoreError {
    match SledStore::open(folder, now()) {
        Ok(_) => panic!("the store opened"),
        Err(error) => error,
    }
}

fn batch(number: u64) -> Batch {
    let record = contract::record("bills", &format!("{number:06}"));
    let link =
        Operation::PutLink { flow: "bills".to_owned(), target_key: format!("{number:06}"), record: record.id.clone() };
    Batch {
        operations: vec![Operation::PutRecord(Box::new(record)), link],
        events: vec![contract::event(EventKind::Posted, number)],
    }
}

/// What cannot be packed into a few bytes.
fn noise() -> String {
    (0..2_000_u32).map(|number| audit::sha256(&number.to_be_bytes())).collect()
}

async fn filled(folder: &Path, count: u64) -> Head {
    let store = open(folder);
    let mut head = store.head().expect("head");
    for number in 1..=count {
        head = store.commit(batch(number)).await.expect("commit");
    }
    head
}

/// Text that does not repeat, so that it takes room also when it is packed.
fn unpackable(seed: u64, bytes: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    };
    std::iter::repeat_with(&mut next).take(bytes / 16).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folder");
    for entry in fs::read_dir(from).expect("list") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copy");
        }
    }
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let folder = tempfile::tempdir().expect("folder");
    contract::all(&open(folder.path())).await;
}

#[tokio::test]
async fn it_is_the_same_after_closing() {
    let folder = tempfile::tempdir().expect("folder");
    let mut large = contract::record("bills", "large");
    large.source = serde_json::json!({ "note": noise() });
    let head = {
        let store = open(folder.path());
        let first = store.audit(1, 10).expect("audit");
        assert_eq!(first.len(), 1);
        assert_eq!((first[0].event.kind, first[0].event.at), (EventKind::StoreCreated, now()));
        let operations = vec![
            Operation::PutRecord(Box::new(large.clone())),
            Operation::PutIntent(Box::new(contract::intent("b", "1"))),
        ];
        store.commit(Batch { operations, events: batch(1).events }).await.expect("commit")
    };
    for _ in 0..3 {
        let store = open(folder.path());
        assert_eq!(store.head().expect("head"), head);
        assert_eq!(store.record(&large.id).expect("record"), Some(large.clone()));
        assert_eq!(store.intents().expect("intents"), vec![contract::intent("b", "1")]);
        assert_eq!(verify_store(&store).expect("good"), head);
    }
    assert_eq!(fs::read_dir(folder.path().join("blobs")).expect("list").count(), 1);
    assert!(!folder.path().join("holder").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_from_many_sides_are_all_there() {
    let folder = tempfile::tempdir().expect("folder");
    let store = std::sync::Arc::new(open(folder.path()));
    let sides: Vec<_> = (0..8u64)
        .map(|side| {
            let store = std::sync::Arc::clone(&store);
            tokio::spawn(async move {
                for number in 0..25 {
                    let number = side * 100 + number;
                    let head = store.commit(batch(number)).await.expect("commit");
                    // What is acknowledged is read at once, while others write.
                    let record = contract::id("bills", &format!("{number:06}"));
                    assert!(store.record(&record).expect("record").is_some());
                    assert_eq!(store.audit(head.number, 1).expect("audit")[0].number, head.number);
                    assert!(store.records(None).expect("records").len() as u64 >= number % 100);
                }
            })
        })
        .collect();
    for side in sides {
        side.await.expect("side");
    }
    assert_eq!(verify_store(&*store).expect("good").number, 201);
    assert_eq!(store.records(Some("bills")).expect("records").len(), 200);
}

#[tokio::test]
async fn looking_makes_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let missing = folder.path().join("none");
    assert!(SledStore::open_existing(&missing, now()).expect("none").is_none());
    assert!(!missing.exists());
    drop(open(&missing));
    assert!(SledStore::open_existing(&missing, now()).expect("some").is_some());
}

#[tokio::test]
async fn a_store_in_use_names_its_folder() {
    let folder = tempfile::tempdir().expect("folder");
    let _store = open(folder.path());
    let error = refusal(folder.path());
    assert_eq!(error.kind, StoreErrorKind::InUse);
    assert!(error.message.contains(&folder.path().display().to_string()), "{}", error.message);
    // Another program that opens the database without asking for our lock first.
    fs::remove_file(folder.path().join("lock")).expect("remove");
    let error = refusal(folder.path());
    assert_eq!(error.kind, StoreErrorKind::InUse, "{}", error.message);
}

#[tokio::test]
async fn a_file_in_the_way_is_an_io_error() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("state");
    fs::write(&path, "").expect("write");
    assert_eq!(refusal(&path).kind, StoreErrorKind::Io);
    fs::remove_file(&path).expect("remove");
    fs::create_dir(&path).expect("folder");
    fs::write(path.join("db"), "").expect("write");
    fs::write(path.join("head.json"), r#"{"format":1,"number":1,"hash":"aa"}"#).expect("write");
    let error = refusal(&path);
    assert_eq!(error.kind, StoreErrorKind::Io, "{}", error.message);
}

#[tokio::test]
async fn what_was_lost_is_noticed() {
    let folder = tempfile::tempdir().expect("folder");
    let (state, old) = (folder.path().join("state"), folder.path().join("old"));
    filled(&state, 3).await;
    copy(&state, &old);
    drop(filled(&state, 2).await);

    let head_file = fs::read(state.join("head.json")).expect("head file");
    fs::remove_file(state.join("head.json")).expect("remove");
    let error = refusal(&state);
    assert_eq!(error.kind, StoreErrorKind::Damaged);
    assert!(error.message.contains("head.json, is missing"), "{}", error.message);
    assert!(error.hint.contains("copy the whole folder away"), "{}", error.hint);

    fs::write(state.join("head.json"), &head_file).expect("write");
    fs::rename(state.join("db"), folder.path().join("newest")).expect("move");
    let error = refusal(&state);
    assert!(error.kind == StoreErrorKind::Damaged && error.message.contains("db, is missing"), "{}", error.message);

    copy(&old.join("db"), &state.join("db"));
    let error = refusal(&state);
    assert_eq!(error.kind, StoreErrorKind::Damaged);
    assert!(error.message.contains("older than its head file: audit entry 6"), "{}", error.message);

    fs::remove_dir_all(state.join("db")).expect("remove");
    fs::create_dir(state.join("db")).expect("folder");
    let error = refusal(&state);
    assert!(error.kind == StoreErrorKind::Damaged && error.message.contains("opened empty"), "{}", error.message);

    fs::remove_dir_all(state.join("db")).expect("remove");
    fs::rename(folder.path().join("newest"), state.join("db")).expect("move");
    assert_eq!(open(&state).head().expect("head").number, 6);
}

#[tokio::test]
async fn a_head_file_that_is_behind_is_brought_up() {
    let folder = tempfile::tempdir().expect("folder");
    filled(folder.path(), 2).await;
    let behind = fs::read(folder.path().join("head.json")).expect("head file");
    let head = {
        let store = open(folder.path());
        store.commit(batch(3)).await.expect("commit")
    };
    let ahead = fs::read(folder.path().join("head.json")).expect("head file");
    fs::write(folder.path().join("head.json"), &behind).expect("write");
    assert_eq!(open(folder.path()).head().expect("head"), head);
    assert_eq!(fs::read(folder.path().join("head.json")).expect("head file"), ahead);
}

#[tokio::test]
async fn a_torn_log_is_never_taken_for_a_good_store() {
    let folder = tempfile::tempdir().expect("folder");
    let state = folder.path().join("state");
    filled(&state, 40).await;
    let log = fs::metadata(state.join("db").join("db")).expect("log").len();
    for (round, keep) in [0, 100, log / 4, log / 2, log * 3 / 4].into_iter().enumerate() {
        let place = folder.path().join(round.to_string());
        copy(&state, &place);
        let snapshots = fs::read_dir(place.join("db")).expect("list").filter_map(Result::ok);
        snapshots
            .filter(|file| file.file_name().to_string_lossy().starts_with("snap"))
            .for_each(|file| fs::remove_file(file.path()).expect("remove"));
        let file = fs::OpenOptions::new().write(true).open(place.join("db").join("db")).expect("log");
        file.set_len(keep).expect("cut");
        drop(file);
        let error = match SledStore::open(&place, now()) {
            Err(error) => error,
            // The cut may have taken only bytes that hold nothing.
            Ok(store) => {
                assert_eq!(store.records(None).expect("records").len(), 40, "cut to {keep}");
                continue;
            }
        };
        assert!(matches!(error.kind, StoreErrorKind::Damaged | StoreErrorKind::Io), "{error}");
    }
}

#[tokio::test]
async fn a_making_that_was_stopped_is_begun_again() {
    let folder = tempfile::tempdir().expect("folder");
    drop(open(folder.path()));
    fs::write(folder.path().join("creating"), "").expect("write");
    fs::remove_file(folder.path().join("head.json")).expect("remove");
    assert_eq!(open(folder.path()).head().expect("head").number, 1);
    // The head file was written: the making had come to its end.
    let head = filled(folder.path(), 2).await;
    fs::write(folder.path().join("creating"), "").expect("write");
    assert_eq!(open(folder.path()).head().expect("head"), head);
    assert!(!folder.path().join("creating").exists());
}

#[tokio::test]
async fn a_later_format_is_left_alone() {
    let folder = tempfile::tempdir().expect("folder");
    filled(folder.path(), 1).await;
    let head_file = folder.path().join("head.json");
    let text = fs::read_to_string(&head_file).expect("head file");
    fs::write(&head_file, text.replace(r#""format":2"#, r#""format":3"#)).expect("write");
    assert_eq!(refusal(folder.path()).kind, StoreErrorKind::Format);
    fs::write(&head_file, text).expect("write");
    {
        let store = open(folder.path());
        store.shelf.trees.meta.insert("format", codec::encode(&3)).expect("insert");
    }
    assert_eq!(refusal(folder.path()).kind, StoreErrorKind::Format);
}

#[tokio::test]
async fn tampering_with_the_log_on_disk_is_named() {
    type Tamper = fn(&SledStore);
    let cases: [(Tamper, AuditFaultKind, u64); 4] = [
        (
            |store| {
                let mut entry = entries(store).remove(3);
                entry.event.run = "another".to_owned();
                put(store, 4, &entry);
            },
            AuditFaultKind::Edited,
            4,
        ),
        (|store| drop(store.shelf.trees.audit.remove(keys::audit(5)).expect("remove")), AuditFaultKind::Gap, 5),
        (
            |store| {
                let entries = entries(store);
                put(store, 3, &entries[6]);
                put(store, 7, &entries[2]);
            },
            AuditFaultKind::Reordered,
            3,
        ),
        (|store| drop(store.shelf.trees.audit.remove(keys::audit(9)).expect("remove")), AuditFaultKind::CutTail, 9),
    ];
    for (tamper, kind, number) in cases {
        let folder = tempfile::tempdir().expect("folder");
        assert_eq!(filled(folder.path(), 8).await.number, 9);
        let store = open(folder.path());
        tamper(&store);
        match verify_store(&store) {
            Err(VerifyError::Fault(AuditFault { kind: found, number: at, .. })) => {
                assert_eq!((found, at), (kind, number));
            }
            other => panic!("{kind:?}: {other:?}"),
        }
    }
}

/// Entry 4 names a small payload that lies in the database, entry 5 one in a file.
#[tokio::test]
async fn a_payload_that_is_missing_or_altered_is_named_with_its_entry() {
    let folder = tempfile::tempdir().expect("folder");
    let (small, large) = (Payload::new(b"{\"a\":1}".to_vec()), Payload::new(noise().into_bytes()));
    filled(folder.path(), 2).await;
    {
        let store = open(folder.path());
        for payload in [&small, &large] {
            let mut event = contract::event(EventKind::Read, 1);
            event.detail = serde_json::json!({ "source": payload.reference() });
            let operations = vec![Operation::PutPayload(payload.clone())];
            store.commit(Batch { operations, events: vec![event] }).await.expect("commit");
            assert_eq!(store.payload(payload.name()).expect("payload").as_deref(), Some(payload.bytes()));
        }
        verify_store(&store).expect("good");
    }
    let key = |payload: &Payload| keys::payload(payload.name()).expect("a key");
    type Spoiling<'a> = (&'a dyn Fn(&SledStore), AuditFaultKind, u64);
    let spoil: [Spoiling<'_>; 5] = [
        (&|store| drop(store.shelf.trees.payloads.remove(key(&small))), AuditFaultKind::PayloadMissing, 4),
        (
            &|store| drop(store.shelf.trees.payloads.insert(key(&small), &b"\x01={\"a\":2}"[..])),
            AuditFaultKind::PayloadAltered,
            4,
        ),
        (
            &|store| {
                let other = store.shelf.trees.payloads.get(key(&large)).expect("get").expect("some");
                drop(store.shelf.trees.payloads.insert(key(&small), other));
            },
            AuditFaultKind::PayloadAltered,
            4,
        ),
        (
            &|store| fs::write(store.shelf.folder.join("blobs").join(large.name()), "another").expect("write"),
            AuditFaultKind::PayloadAltered,
            5,
        ),
        (
            &|store| fs::remove_file(store.shelf.folder.join("blobs").join(large.name())).expect("remove"),
            AuditFaultKind::PayloadMissing,
            5,
        ),
    ];
    for (spoil, kind, number) in spoil {
        let broken = tempfile::tempdir().expect("folder");
        copy(folder.path(), broken.path());
        let store = open(broken.path());
        spoil(&store);
        match verify_store(&store) {
            Err(VerifyError::Fault(fault)) => assert_eq!((fault.kind, fault.number), (kind, number), "{fault}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn each_entry_names_who_wrote_it() {
    let folder = tempfile::tempdir().expect("folder");
    let who =
        |user: &str| Actor { user: user.to_owned(), host: "ledger".to_owned(), start: "mlc run from cron".to_owned() };
    for (number, user) in [(1, "anna"), (2, "ben")] {
        let store = SledStore::open_by(folder.path(), now(), who(user)).expect("open");
        store.commit(batch(number)).await.expect("commit");
    }
    let store = open(folder.path());
    let users: Vec<String> = entries(&store).into_iter().map(|entry| entry.by.user).collect();
    assert_eq!(users, ["anna", "anna", "ben"]);
    let mut entry = entries(&store).remove(1);
    entry.by = who("ben");
    put(&store, 2, &entry);
    match verify_store(&store) {
        Err(VerifyError::Fault(fault)) => assert_eq!((fault.kind, fault.number), (AuditFaultKind::Edited, 2)),
        other => panic!("{other:?}"),
    }
}

fn entries(store: &SledStore) -> Vec<AuditEntry> {
    store.audit(1, 100).expect("audit")
}

fn put(store: &SledStore, place: u64, entry: &AuditEntry) {
    store.shelf.trees.audit.insert(keys::audit(place), codec::encode(entry)).expect("insert");
}

/// As many commits as a run of six hundred records makes, eight at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::disallowed_methods, reason = "this test measures real time")]
async fn six_hundred_records_take_seconds() {
    let folder = tempfile::tempdir().expect("folder");
    let store = std::sync::Arc::new(open(folder.path()));
    let started = std::time::Instant::now();
    let sides: Vec<_> = (0..8u64)
        .map(|side| {
            let store = std::sync::Arc::clone(&store);
            tokio::spawn(async move {
                for number in 0..75 {
                    for outcome in [Outcome::Held, Outcome::InDoubt, Outcome::Posted] {
                        let mut batch = batch(side * 100 + number);
                        if let Operation::PutRecord(record) = &mut batch.operations[0] {
                            record.outcome = outcome;
                        }
                        store.commit(batch).await.expect("commit");
                    }
                }
            })
        })
        .collect();
    for side in sides {
        side.await.expect("side");
    }
    let took = started.elapsed();
    assert_eq!(store.head().expect("head").number, 1801);
    assert!(took < std::time::Duration::from_secs(60), "{took:?}");
}

#[cfg(unix)]
mod kill {
    //! A child commits and says what was acknowledged; it is killed; all of that is there.
    #![allow(clippy::disallowed_methods, reason = "a child process, killed at a real moment")]

    use super::{batch, now, open};
    use crate::store::{SledStore, Store, audit::verify_store};
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    const FOLDER: &str = "MLC_TEST_STORE_FOLDER";

    /// Not a test of its own: what the child runs.
    #[test]
    #[ignore = "run by what_was_acknowledged_survives_a_kill in a process of its own"]
    fn child() {
        let Some(folder) = std::env::var_os(FOLDER) else { return };
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
        let store = SledStore::open(folder.as_ref(), now()).expect("open");
        let first = store.head().expect("head").number;
        println!("open {first}");
        runtime.block_on(async {
            for number in first.. {
                // Four at a time, so that there are groups.
                let commits = (0..4).map(|side| store.commit(batch(number * 4 + side)));
                for head in futures_util::future::join_all(commits).await {
                    println!("kept {}", head.expect("commit").number);
                }
                std::io::stdout().flush().expect("stdout");
            }
        });
    }

    #[test]
    fn what_was_acknowledged_survives_a_kill() {
        let mut folder = tempfile::tempdir().expect("folder");
        let (mut kept, mut counted) = (1, 0);
        for round in 0..kills() {
            // Now and then a new one, so that it does not take longer with each round.
            if round % 20 == 19 {
                (folder, counted, kept) = (tempfile::tempdir().expect("folder"), counted + kept, 1);
            }
            kept = kept.max(run_and_kill("child", folder.path(), round * 7 % 13 * 11));
            let store = open(folder.path());
            let head = verify_store(&store).expect("the chain closes");
            assert!(head.number >= kept, "round {round}: {} of {kept}", head.number);
            // Each commit is one record, one link and one audit entry: all of it or nothing.
            let records = store.records(None).expect("records");
            let links =
                records.iter().filter(|r| store.link("bills", &r.id.key).expect("link").as_ref() == Some(&r.id));
            assert_eq!((links.count() as u64, records.len() as u64), (head.number - 1, head.number - 1));
        }
        let counted = counted + kept;
        println!("{} kills, {counted} acknowledged, all of them there", kills());
        assert!(counted > kills(), "the children got nothing done");
    }

    /// How often the child is killed; `MLC_KILLS=200` for the long form.
    fn kills() -> u64 {
        std::env::var("MLC_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
    }

    /// Not a test of its own: what the child of the next one runs.
    #[test]
    #[ignore = "run by a_kill_while_it_is_rewritten in a process of its own"]
    fn rewriting_child() {
        let Some(folder) = std::env::var_os(FOLDER) else { return };
        println!("open 0");
        loop {
            SledStore::compact(folder.as_ref()).expect("compact");
        }
    }

    #[tokio::test]
    async fn a_kill_while_it_is_rewritten() {
        let folder = tempfile::tempdir().expect("folder");
        let head = super::filled(folder.path(), 60).await;
        for round in 0..kills() {
            run_and_kill("rewriting_child", folder.path(), round * 7 % 13 * 9);
            let store = open(folder.path());
            assert_eq!(verify_store(&store).expect("the chain closes"), head, "round {round}");
            assert_eq!(store.records(None).expect("records").len(), 60, "round {round}");
        }
        SledStore::compact(folder.path()).expect("compact");
        assert_eq!(crate::store::sled::databases(folder.path()).expect("list").len(), 1, "what was left is gone");
    }

    #[test]
    fn a_kill_while_the_store_is_made_does_no_harm() {
        for round in 0..10u64 {
            let folder = tempfile::tempdir().expect("folder");
            let mut child = spawn("child", folder.path());
            while !folder.path().join("creating").exists() && !folder.path().join("head.json").exists() {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_millis(round * 2));
            child.kill().expect("kill");
            child.wait().expect("wait");
            verify_store(&open(folder.path())).expect("the chain closes");
        }
    }

    fn spawn(what: &str, folder: &std::path::Path) -> std::process::Child {
        Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", &format!("store::sled::tests::kill::{what}"), "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("child")
    }

    /// Lets a child work for some milliseconds after it opened the store; returns the
    /// last number that it was told is kept.
    fn run_and_kill(what: &str, folder: &std::path::Path, millis: u64) -> u64 {
        let mut child = spawn(what, folder);
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let opened = lines.by_ref().map_while(Result::ok).any(|line| line.contains("open "));
        assert!(opened, "the child did not open the store");
        std::thread::sleep(Duration::from_millis(millis));
        child.kill().expect("kill");
        child.wait().expect("wait");
        lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("kept ")?.parse().ok()).max().unwrap_or(0)
    }
}
