//! A third system, whole and in here only: its catalogue, its client and its fake. A
//! pipeline goes through it in both directions, and neither the language nor the engine
//! knows of it.

mod client;
mod fake;

use crate::support::scratch;
use mlc::connector::{Catalogue, Driver, Opening, Wire};
use mlc::connectors::drivers;
use mlc::diag::{Sources, Style, render};
use mlc::engine::{Governor, Options, Progress, Report, RunError, RunErrorKind, Setup, Stage, run};
use mlc::model::{self, FileText, Files};
use mlc::program::{Program, compile};
use mlc::sandbox::{Faults, Sandbox, SandboxOptions};
use mlc::store::{Outcome, SledStore, audit};
use mlc::syntax::parse;
use mlc::world::CredentialSource;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

fn catalogue() -> &'static Catalogue {
    static READ: OnceLock<Catalogue> = OnceLock::new();
    READ.get_or_init(|| Catalogue::read(include_str!("ledger/catalogue.yaml")).expect("the ledger's catalogue"))
}

const LEDGER: Driver = Driver {
    name: "ledger",
    catalogue,
    profiled: Catalogue::read,
    open: client::open,
    fake: |contractor| Box::new(fake::Ledger::new(contractor)),
    webhook: None,
};

/// The same ledger while it takes no new party.
const CLOSED: Driver = Driver { fake: |contractor| Box::new(fake::Ledger::closed(contractor)), ..LEDGER };

/// How a run is made.
#[derive(Clone, Copy, Default)]
struct Way {
    faults: &'static str,
    plan: bool,
    retry: bool,
    closed: bool,
}

const PIPELINE: &str = r#"
pipeline "third" { currency = "USD" }
connect ledger { sandbox }
connect qad { sandbox }

flow bills {
  from ledger.bills as bill per book where book.open
  let supplier = linked(parties, bill.party) else hold "party {{ bill.party }} is no supplier yet"
  map {
    supplier     = supplier.code
    reference    = "{{ book.id }}/{{ bill.number }}" | shorten(25)
    invoice_date = bill.day
    lines        = [{ gl_account = "6100"  cost_center = "C030"  amount = bill.amount }]
    total        = bill.amount
  }
  to qad.supplier_invoices { key supplier, reference }
  run every 15m
}

flow parties {
  from qad.suppliers as supplier
  where supplier.active
  match ledger.parties as party {
    party.code == supplier.code
    normalize(party.name) == normalize(supplier.name)
    ambiguous hold "{{ supplier.name }} stands {{ matches | length }} times in the ledger"
  }
  map {
    name = supplier.name
    code = supplier.code
  }
  to ledger.parties {
    key code
    on change update
  }
}
"#;

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<FileText, String> {
        Err(format!("there is no {path}"))
    }
}

fn systems(ledger: Driver) -> Vec<Driver> {
    drivers().iter().copied().chain([ledger]).collect()
}

/// The program, or the codes of what is wrong.
fn check(text: &str, ledger: Driver) -> Result<Program, (Vec<&'static str>, String)> {
    let mut sources = Sources::new();
    let id = sources.add("third.mlc", text);
    let parsed = parse(&sources, id);
    let checked = model::check(&parsed.file, &mut sources, &NoFiles, &systems(ledger));
    let found: Vec<_> = parsed.diagnostics.into_iter().chain(checked.diagnostics).collect();
    let said = render(&found, &sources, Style::Plain);
    checked.model.map(compile).ok_or_else(|| (found.iter().map(|found| found.code.id).collect(), said))
}

struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &str, _: Stage) {}
    fn settled(&self, _: &str, _: Outcome) {}
    fn read(&self, _: &str, _: u64) {}
}

/// A run over the sandbox and the store that lie in the folder.
async fn go(folder: &Path, way: Way) -> Result<Report, RunError> {
    let ledger = if way.closed { CLOSED } else { LEDGER };
    let faults = Faults::parse(way.faults).expect("faults");
    let options = SandboxOptions { faults, read_only: way.plan, ..SandboxOptions::default() };
    let sandbox = Sandbox::open(Some(&folder.join("world")), &systems(ledger), options).expect("a sandbox");
    let world = sandbox.world();
    let store = SledStore::open(&folder.join("store"), world.clock.now()).expect("a store");
    let program = Arc::new(check(PIPELINE, ledger).unwrap_or_else(|(_, said)| panic!("{said}")));
    let mut setup = Setup {
        program: program.clone(),
        connections: BTreeMap::new(),
        paces: BTreeMap::new(),
        store: Arc::new(store),
        clock: world.clock.clone(),
        entropy: world.entropy.clone(),
        progress: Arc::new(Silent),
        sandbox: true,
    };
    for connection in program.connections() {
        let name = connection.driver.name;
        let pace = Arc::new(Governor::new(world.clock.clone()));
        let fields: Vec<&str> =
            (connection.driver.catalogue)().credentials.iter().map(|field| field.name.as_str()).collect();
        let source = CredentialSource::Sandbox(name.to_owned());
        let open = (connection.driver.open)(Opening {
            name: connection.name.to_string(),
            settings: sandbox.settings(name, &connection.settings).expect("the sandbox has it"),
            credential: world.secrets.credential(&source, &fields).expect("a credential"),
            profile: None,
            wire: Wire { transport: world.transport.clone(), clock: world.clock.clone(), pace: pace.clone() },
        });
        setup.connections.insert(connection.name.to_string(), Arc::from(open.expect("it opens")));
        setup.paces.insert(connection.name.to_string(), pace);
    }
    let ended = run(&setup, &Options { plan: way.plan, retry: way.retry, ..Options::default() }).await;
    audit::verify_store(setup.store.as_ref()).expect("the log is whole");
    ended
}

/// What stands in both systems, without numbers that go by arrival.
fn books(folder: &Path) -> (Vec<(String, String)>, Vec<String>) {
    let options = SandboxOptions { read_only: true, ..SandboxOptions::default() };
    let sandbox = Sandbox::open(Some(&folder.join("world")), &systems(LEDGER), options).expect("a sandbox");
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let parties = sandbox.books("ledger").expect("its books")["parties"].clone();
    let parties = parties.as_array().into_iter().flatten();
    let mut parties: Vec<_> = parties.map(|party| (text(&party["code"]), text(&party["name"]))).collect();
    parties.sort();
    let invoices = sandbox.books("qad").expect("its books")["supplier_invoices"].clone();
    let references = invoices.as_array().into_iter().flatten().map(|invoice| text(&invoice["reference"]));
    let mut ours: Vec<String> = references.filter(|reference| reference.contains("/B-")).collect();
    ours.sort();
    (parties, ours)
}

async fn calmly(folder: &Path) -> Report {
    go(folder, Way::default()).await.expect("the run comes to its end")
}

fn posted(report: &Report, flow: &str) -> (u64, u64) {
    let counts = &report.flows[flow].counts;
    (counts.posted + counts.unchanged, counts.held)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_system_is_a_folder_and_a_line() {
    let dir = scratch();
    let plan = go(dir.path(), Way { plan: true, ..Way::default() }).await.expect("the plan comes to its end");
    assert!(plan.counts.posted > 3, "{:?}", plan.counts);
    let first = calmly(dir.path()).await;
    assert_eq!((first.counts.failed, first.counts.rejected, first.counts.in_doubt), (0, 0, 0), "{first:?}");
    assert_eq!(posted(&first, "bills"), (5, 1), "that of the unknown party waits, that of the closed book is not read");
    let (parties, invoices) = books(dir.path());
    assert_eq!(invoices.len(), 5, "{invoices:?}");
    let codes: Vec<&String> = parties.iter().map(|(code, _)| code).filter(|code| !code.is_empty()).collect();
    assert!(codes.windows(2).all(|pair| pair[0] != pair[1]), "a code stands twice: {codes:?}");
    assert!(parties.iter().any(|(code, name)| code.is_empty() && name == "Nobody's Friend"));
    let second = calmly(dir.path()).await;
    assert_eq!(second.counts.posted, 0, "{:?}", second.counts);
    assert_eq!(second.counts.held, first.counts.held);
    assert_eq!(books(dir.path()), (parties, invoices));
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_a_third_system_changes_nothing() {
    let (calm, dir) = (scratch(), scratch());
    calmly(calm.path()).await;
    for _ in 0..3 {
        // What is too much for one run is said, and the next one goes on from there.
        let faults = "lost=10%,500=5%,timeout=5%,torn=5%";
        if let Err(error) = go(dir.path(), Way { faults, ..Way::default() }).await {
            assert_eq!(error.kind, RunErrorKind::World, "{error:?}");
        }
    }
    calmly(dir.path()).await;
    assert_eq!(books(dir.path()), books(calm.path()));
}

/// The other side refused, and was mended since: neither the source nor the mapping changed.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_tried_again_only_when_asked_for() {
    let dir = scratch();
    let way = Way { closed: true, ..Way::default() };
    let refused = go(dir.path(), way).await.expect("the run comes to its end");
    assert!(refused.counts.failed > 3, "{:?}", refused.counts);
    let asked = go(dir.path(), Way { retry: true, ..way }).await.expect("the run comes to its end");
    assert_eq!(asked.counts.failed, refused.counts.failed, "it is refused again");
    let unasked = calmly(dir.path()).await;
    assert_eq!(unasked.flows["parties"].counts.failed, refused.counts.failed, "nobody asked for it");
    let mended = go(dir.path(), Way { retry: true, ..Way::default() }).await.expect("the run comes to its end");
    let calm = scratch();
    let first = calmly(calm.path()).await;
    // Of two that are one and the same over there, the second waits once the first stands.
    let (before, after) = (&refused.flows["parties"].counts, &mended.flows["parties"].counts);
    assert_eq!(after.held, first.flows["parties"].counts.held);
    assert_eq!((after.posted + after.held - before.held, mended.counts.failed), (refused.counts.failed, 0));
    calmly(dir.path()).await;
    assert_eq!(books(dir.path()), books(calm.path()));
}

#[test]
fn what_a_third_system_cannot_do_is_an_error_of_check() {
    for (from, to, code) in [
        ("run every 15m", "run on webhook", "E0633"),
        ("ledger.bills as bill per book where book.open", "ledger.bills as bill", "E0209"),
        ("to ledger.parties {\n    key code", "to ledger.parties {\n    key name", "E0410"),
        ("book.open", "book.opne", "E0203"),
    ] {
        let text = PIPELINE.replace(from, to);
        assert_ne!(text, PIPELINE);
        let (codes, said) = check(&text, LEDGER).err().unwrap_or_else(|| panic!("`{to}` passes"));
        assert!(codes.contains(&code), "`{to}`: {said}");
    }
}
