//! Matching, links and approval: whole runs, undisturbed and killed at every point.

use super::bench::{Counter, Silent};
use super::clock::TestClock;
use super::directory::{Directory, Renamed, Stock, catalogue, party, record};
use super::side::Fault;
use crate::connector::Driver;
use crate::diag::{Sources, Style, render};
use crate::engine::{Options, Report, RunError, Setup, run};
use crate::model::{FileText, Files, check};
use crate::program::{Program, compile};
use crate::store::{
    Approval, Batch, Grant, MemoryStore, Moment, Operation, Outcome, RecordEntry, RecordId, Store, audit,
};
use crate::syntax::parse;
use crate::value::{Decimal, Timestamp, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;

const PIPELINE: &str = r#"
connect directory { credentials = env("D") }

# Stands above the flow whose links it names, and runs after it.
flow letters {
  from directory.notes as note
  let supplier = linked(parties, note.party) else hold "party {{ note.party }} is no supplier yet"
  map {
    code     = note.code
    supplier = supplier.code
    amount   = note.amount
  }
  to directory.letters {
    key code
    approve when amount > 1_000
  }
}

flow parties {
  from directory.suppliers as supplier
  match directory.parties as party {
    party.origin == supplier.code
    supplier.tax == party.tax
    normalize(party.name) == normalize(supplier.name)
    ambiguous hold "{{ supplier.name }} matches {{ matches | length }} parties, the first is {{ matches[0].id }}"
  }
  map {
    name   = supplier.name
    origin = supplier.code
  }
  to directory.parties {
    key origin
    on change CHANGE
  }
}
"#;

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<FileText, String> {
        Err(format!("{path} is not there"))
    }
}

fn program(change: &str) -> Arc<Program> {
    let mut sources = Sources::new();
    let id = sources.add("matches.mlc", PIPELINE.replace("CHANGE", change));
    let parsed = parse(&sources, id);
    assert!(parsed.diagnostics.is_empty(), "{}", render(&parsed.diagnostics, &sources, Style::Plain));
    let driver = Driver {
        name: "directory",
        catalogue,
        profiled: |_| Err("no profiles here".to_owned()),
        open: |_| unreachable!("the tests open their connections themselves"),
        fake: |_| unreachable!("nothing is imitated here"),
        webhook: None,
    };
    let checked = check(&parsed.file, &mut sources, &NoFiles, &[driver]);
    assert!(checked.diagnostics.is_empty(), "{}", render(&checked.diagnostics, &sources, Style::Plain));
    Arc::new(compile(checked.model.expect("a model")))
}

struct Desk {
    stock: Arc<Mutex<Stock>>,
    store: Arc<MemoryStore>,
    clock: Arc<TestClock>,
    death: Arc<Notify>,
    program: Arc<Program>,
}

impl Desk {
    fn new() -> Self {
        Self::on_change("update")
    }

    /// One supplier of each kind: known by its key, by its tax number, by its name, as it
    /// should be already, new, of two parties, and one whose name somebody else has.
    fn on_change(change: &str) -> Self {
        let supplier = |code: &str, name: &str, tax: &str| record(&[("code", code), ("name", name), ("tax", tax)]);
        let suppliers = vec![
            supplier("S1", "Key Works", "1"),
            supplier("S2", "Tax Works", "2"),
            supplier("S3", "NAME WORKS, INC.", ""),
            supplier("S4", "Settled Works", ""),
            supplier("S5", "New Works", ""),
            supplier("S6", "Twin Works", ""),
            supplier("S7", "Key Works", "9"),
        ];
        let parties = BTreeMap::from([
            party(101, &[("name", "KEY WORKS"), ("origin", "S1")]),
            party(102, &[("name", "Something else"), ("tax", "2")]),
            party(103, &[("name", "Name Works")]),
            party(104, &[("name", "Settled Works"), ("origin", "S4")]),
            party(105, &[("name", "Twin Works")]),
            party(106, &[("name", "twin works")]),
        ]);
        let note = |code: &str, party: i64, cents: i64| {
            let mut note = record(&[("code", code)]);
            note.insert("party", party);
            note.insert("amount", Decimal::cents(cents));
            note
        };
        let notes = vec![note("L1", 102, 5_000), note("L2", 105, 5_000), note("L3", 103, 200_000)];
        Self {
            stock: Arc::new(Mutex::new(Stock { suppliers, parties, notes, ..Stock::default() })),
            store: Arc::new(MemoryStore::new()),
            clock: Arc::new(TestClock::at(Timestamp::from_unix(1_790_001_000))),
            death: Arc::default(),
            program: program(change),
        }
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().expect("stock")
    }

    async fn try_run(&self) -> Result<Report, RunError> {
        let side = Directory { stock: self.stock.clone(), death: self.death.clone() };
        let setup = Setup {
            program: self.program.clone(),
            connections: BTreeMap::from([("directory".to_owned(), Arc::new(side) as _)]),
            paces: BTreeMap::new(),
            store: self.store.clone(),
            clock: self.clock.clone(),
            entropy: Arc::new(Counter::default()),
            progress: Arc::new(Silent),
            sandbox: true,
        };
        run(&setup, &Options::default()).await
    }

    async fn run(&self) -> Report {
        self.try_run().await.expect("the run comes to its end")
    }

    /// Whether the run came to its end, and was not killed.
    async fn lives(&self) -> bool {
        let ended = tokio::select! {
            ended = self.try_run() => { ended.expect("no error"); true }
            () = self.death.notified() => false,
        };
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        ended
    }

    fn entry(&self, flow: &str, key: &str) -> RecordEntry {
        let id = RecordId { flow: flow.to_owned(), key: key.to_owned() };
        self.store.record(&id).expect("store").expect("an entry")
    }

    /// Both books, in words.
    fn books(&self) -> Vec<String> {
        let stock = self.stock();
        let text =
            |record: &crate::value::Record, name: &str| record.get(name).map(Value::to_string).unwrap_or_default();
        let parties = stock.parties.values();
        let parties =
            parties.map(|party| format!("{} {}: {}", text(party, "id"), text(party, "name"), text(party, "origin")));
        let letters = stock.letters.iter();
        let letters = letters.map(|letter| format!("{} to {}", text(letter, "code"), text(letter, "supplier")));
        parties.chain(letters).collect()
    }

    fn approve(&self, key: &str) -> RecordEntry {
        let mut entry = self.entry("letters", key);
        let asked = entry.approval.clone().expect("it asks for approval");
        let grant = Grant { by: "Mia".to_owned(), reason: String::new(), at: entry.updated };
        entry.approval = Some(Approval { granted: Some(grant), ..asked });
        entry
    }

    async fn put(&self, entry: RecordEntry) {
        let operations = vec![Operation::PutRecord(Box::new(entry))];
        self.store.commit(Batch { operations, events: Vec::new() }).await.expect("commit");
    }
}

const BOOKS: [&str; 8] = [
    "101 Key Works: S1",
    "102 Tax Works: S2",
    "103 NAME WORKS, INC.: S3",
    "104 Settled Works: S4",
    "105 Twin Works: ",
    "106 twin works: ",
    "107 New Works: S5",
    "L1 to S2",
];

#[tokio::test]
async fn what_is_there_is_linked_or_changed_and_only_what_is_new_is_created() {
    let desk = Desk::new();
    let report = desk.run().await;
    assert_eq!(desk.books(), BOOKS);
    let counts = &report.flows["parties"].counts;
    assert_eq!((counts.posted, counts.unchanged, counts.held), (4, 1, 2), "{report:?}");
    assert_eq!(desk.entry("parties", "S6").reason, "Twin Works matches 2 parties, the first is 105");
    let stolen = desk.entry("parties", "S7");
    assert_eq!(stolen.outcome, Outcome::Held);
    assert!(stolen.reason.contains("fits party 101, but by its origin that is another one"), "{}", stolen.reason);
    for (code, number) in [("S1", "101"), ("S2", "102"), ("S3", "103"), ("S4", "104"), ("S5", "107")] {
        assert_eq!(desk.entry("parties", code).reference.as_deref(), Some(number), "{code}");
    }
    // A second run finds all of it as it was.
    let writes = desk.stock().writes;
    let report = desk.run().await;
    let counts = &report.flows["parties"].counts;
    assert_eq!((counts.posted, counts.unchanged, counts.held), (0, 5, 2));
    assert_eq!(desk.stock().writes, writes);
    audit::verify_store(desk.store.as_ref()).expect("the log is whole");
}

#[tokio::test]
async fn two_suppliers_never_share_a_party() {
    let desk = Desk::new();
    let twin = record(&[("code", "S8"), ("name", "Name Works"), ("tax", "")]);
    desk.stock().suppliers.push(twin);
    desk.run().await;
    assert_eq!(desk.books(), BOOKS);
    let held = desk.entry("parties", "S8");
    assert_eq!(held.outcome, Outcome::Held);
    assert!(held.reason.contains("belongs to supplier S3 already"), "{}", held.reason);
    // It stays so when the other one has put its key there.
    desk.run().await;
    assert_eq!(desk.entry("parties", "S8").outcome, Outcome::Held);
    assert_eq!(desk.books(), BOOKS);
}

#[tokio::test]
async fn without_update_a_difference_waits_for_a_person() {
    let desk = Desk::on_change("hold");
    let report = desk.run().await;
    assert_eq!(report.flows["parties"].counts.held, 5);
    let held = desk.entry("parties", "S1");
    assert_eq!(held.reason, "it is party 101 of Directory, where name was `KEY WORKS`, now `Key Works`");
    assert_eq!(desk.entry("parties", "S4").reference.as_deref(), Some("104"), "no difference, so it is linked");
}

#[tokio::test]
async fn a_linked_party_follows_its_supplier_and_stays_the_same() {
    let desk = Desk::new();
    desk.run().await;
    desk.stock().suppliers[2].insert("name", "Renamed Works");
    let report = desk.run().await;
    assert_eq!(report.flows["parties"].counts.posted, 1);
    assert_eq!(desk.books()[2], "103 Renamed Works: S3");
}

#[tokio::test]
async fn links_come_from_the_flow_that_ran_before() {
    let desk = Desk::new();
    let report = desk.run().await;
    let counts = &report.flows["letters"].counts;
    assert_eq!((counts.posted, counts.held), (1, 2), "one has no supplier, one waits for approval");
    assert_eq!(desk.entry("letters", "L2").reason, "party 105 is no supplier yet");
    // Somebody links one of the twins by hand.
    desk.stock().parties.get_mut(&105).expect("a party").insert("origin", "S6");
    let report = desk.run().await;
    assert_eq!(report.flows["letters"].counts.posted, 1);
    assert_eq!(desk.books().last().map(String::as_str), Some("L2 to S6"));
}

#[tokio::test]
async fn nothing_is_created_while_a_record_that_it_may_match_cannot_be_read() {
    let desk = Desk::new();
    // Without the name that every party has.
    desk.stock().parties.insert(110, party(110, &[("tax", "77")]).1);
    let report = desk.run().await;
    assert_eq!(desk.stock().parties.len(), 7, "none is created");
    assert!(report.warnings.iter().any(|warning| warning.contains("110")), "{:?}", report.warnings);
    let held = desk.entry("parties", "S5");
    assert_eq!((held.outcome, held.kind.as_str()), (Outcome::Held, "may match a record that cannot be read"));
    assert!(held.reason.contains("110"), "{}", held.reason);
    for code in ["S1", "S2", "S3", "S4"] {
        assert_eq!(desk.entry("parties", code).outcome, Outcome::Posted, "{code} is matched all the same");
    }
    // It turns out to be the one.
    desk.stock().parties.get_mut(&110).expect("party").insert("name", "New Works");
    desk.run().await;
    assert_eq!(desk.entry("parties", "S5").reference.as_deref(), Some("110"));
    assert_eq!(desk.stock().parties.len(), 7);
}

#[tokio::test]
async fn what_is_renamed_on_both_sides_during_a_run_is_not_created_again() {
    // The parties are read by the first call, the suppliers by the second.
    for call in [1, 2] {
        let desk = Desk::new();
        desk.stock().renamed = Some((call, Renamed { supplier: 2, party: 103, name: "Other Works" }));
        desk.run().await;
        assert!(desk.stock().renamed.is_none(), "call {call}");
        let books = desk.books();
        assert_eq!(books.len(), BOOKS.len(), "call {call}: only the new one is created: {books:?}");
        let entry = desk.entry("parties", "S3");
        if call == 1 {
            assert_eq!(
                (entry.outcome, entry.kind.as_str()),
                (Outcome::Held, "matches a record that came up meanwhile")
            );
        }
        desk.run().await;
        assert_eq!(desk.entry("parties", "S3").reference.as_deref(), Some("103"), "call {call}");
        let books = desk.books();
        assert_eq!((books.len(), books[2].as_str()), (BOOKS.len(), "103 Other Works: S3"), "call {call}");
    }
}

#[tokio::test]
async fn nothing_is_created_when_the_other_side_does_not_say_again_that_there_is_none() {
    let calls = {
        let desk = Desk::new();
        desk.run().await;
        desk.stock().calls
    };
    let mut held = 0;
    for call in 0..calls {
        let desk = Desk::new();
        // As often as a read is tried.
        desk.stock().faults.extend((call..call + 8).map(|call| (call, Fault::LostBefore)));
        if desk.try_run().await.is_ok() {
            let entry = desk.entry("parties", "S5");
            held += usize::from(entry.reason.contains("before Directory has said once more that there is none"));
        }
        desk.stock().faults.clear();
        desk.run().await;
        desk.run().await;
        assert_eq!(desk.books(), BOOKS, "call {call}");
    }
    assert!(held > 0, "at one of the calls it is the question before the post that finds no answer");
}

#[tokio::test]
async fn what_is_approved_is_posted_once_and_only_as_it_was_approved() {
    let desk = Desk::new();
    desk.run().await;
    let waiting = desk.entry("letters", "L3");
    assert_eq!(waiting.reason, "waits for approval: amount > 1_000 (2,000.00)");
    desk.run().await;
    assert_eq!(desk.entry("letters", "L3").outcome, Outcome::Held, "it waits as long as nobody says yes");

    desk.put(desk.approve("L3")).await;
    desk.stock().notes[2].insert("amount", Decimal::cents(300_000));
    desk.run().await;
    let waiting = desk.entry("letters", "L3");
    assert_eq!(waiting.reason, "waits for approval: amount > 1_000 (3,000.00)", "another content asks again");

    desk.put(desk.approve("L3")).await;
    let report = desk.run().await;
    assert_eq!(report.flows["letters"].counts.posted, 1);
    let report = desk.run().await;
    assert_eq!(report.flows["letters"].counts.posted, 0);
    assert_eq!(desk.books().iter().filter(|line| line.starts_with("L3")).count(), 1);
}

#[tokio::test]
async fn dying_at_every_call_changes_nothing() {
    for fault in [Fault::DieBefore, Fault::DieAfter, Fault::LostBefore, Fault::LostAfter] {
        for call in 0.. {
            let what = format!("call {call}, {fault:?}");
            let desk = Desk::new();
            desk.stock().faults.insert(call, fault);
            let alive = desk.lives().await;
            if alive && desk.stock().calls <= call {
                assert!(call > 8, "the run calls more often than {call} times");
                break;
            }
            desk.run().await;
            assert_eq!(desk.books(), BOOKS, "{what}");
            assert_eq!(desk.store.intents().expect("store"), [], "{what}");
            audit::verify_store(desk.store.as_ref()).expect(&what);
        }
    }
}

#[tokio::test]
async fn dying_at_every_commit_changes_nothing() {
    for moment in [Moment::Before, Moment::After] {
        for commit in 1.. {
            let what = format!("commit {commit}, {moment:?}");
            let desk = Desk::new();
            desk.store.fail_commit(commit, moment);
            if desk.try_run().await.is_ok() {
                assert!(commit > 5, "the run commits more often than {commit} times");
                break;
            }
            desk.run().await;
            assert_eq!(desk.books(), BOOKS, "{what}");
            assert_eq!(desk.store.intents().expect("store"), [], "{what}");
        }
    }
}
