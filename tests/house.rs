//! A house for tests: customers in sandboxes of their own, their stores in memory, and a door that
//! knows people by a header.

use crate::support::root;
use axum::http::HeaderMap;
use mlc::connector::{Opening, Wire};
use mlc::connectors::drivers;
use mlc::diag::{Diagnostic, Sources, Style, render};
use mlc::engine::{Governor, Progress, Setup, Stage};
use mlc::host::DiskFiles;
use mlc::model;
use mlc::program::{Program, compile};
use mlc::sandbox::{Sandbox, SandboxOptions};
use mlc::serve::http::{Caller, Door, Role};
use mlc::serve::{House, Opened, Opener, Outside, Refusal};
use mlc::store::{MemoryStore, Outcome, Store};
use mlc::syntax::parse;
use mlc::value::Timestamp;
use mlc::world::CredentialSource;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Who asks, as `NAME role role`, or `NAME:PIPELINE role` for one who may see that one only.
pub const CALLER: &str = "x-test-caller";

/// What everybody's forms carry.
pub const CSRF: &str = "everybody's";

/// Opens every file in a sandbox of its own that is nowhere on disk.
#[derive(Default)]
pub struct InMemory {
    sandboxes: Mutex<BTreeMap<String, Arc<Sandbox>>>,
}

impl Opener for InMemory {
    fn open(&self, file: &Path, kept: Option<&Opened>) -> Result<Opened, Refusal> {
        let text = fs::read_to_string(file).map_err(|error| refusal(error.to_string()))?;
        let program = Arc::new(program(file, &text)?);
        let store: Arc<dyn Store> = kept.map_or_else(|| Arc::new(MemoryStore::new()) as _, Opened::store);
        let mut sandboxes = self.sandboxes.lock().expect("sandboxes");
        let sandbox = match sandboxes.get(program.name()) {
            Some(sandbox) => Arc::clone(sandbox),
            None => {
                let connections = program.connections().iter();
                let profiled = connections.filter_map(|of| Some((of.driver.name, of.profile.as_ref()?.to_string())));
                let options = SandboxOptions { profiles: profiled.collect(), ..SandboxOptions::default() };
                let opened = Sandbox::open(None, drivers(), options);
                Arc::new(opened.map_err(|error| refusal(error.message))?)
            }
        };
        sandboxes.insert(program.name().to_owned(), Arc::clone(&sandbox));
        Ok(Opened { setup: setup(&program, store, &sandbox), folder: root(), text })
    }

    /// The file and the tables beside it.
    fn taken(&self, file: &Path) -> String {
        let beside = file.parent().into_iter().flat_map(fs::read_dir).flatten().flatten().map(|entry| entry.path());
        let mut files: Vec<_> = beside.filter(|path| path.extension().is_some_and(|kind| kind == "csv")).collect();
        files.push(file.to_owned());
        files.sort();
        files.iter().filter_map(|path| fs::read_to_string(path).ok()).collect()
    }
}

fn refusal(message: String) -> Refusal {
    Refusal { message, mend: String::new(), world: false }
}

fn program(file: &Path, text: &str) -> Result<Program, Refusal> {
    let mut sources = Sources::new();
    let id = sources.add(file, text);
    let parsed = parse(&sources, id);
    let checked = model::check(&parsed.file, &mut sources, &DiskFiles::beside(file), drivers());
    let found: Vec<_> = parsed.diagnostics.into_iter().chain(checked.diagnostics).collect();
    let model = checked.model.filter(|_| !found.iter().any(Diagnostic::is_error));
    model.map(compile).ok_or_else(|| refusal(render(&found, &sources, Style::Plain)))
}

fn setup(program: &Arc<Program>, store: Arc<dyn Store>, sandbox: &Arc<Sandbox>) -> Setup {
    let world = sandbox.world();
    let mut setup = Setup {
        program: Arc::clone(program),
        connections: BTreeMap::new(),
        paces: BTreeMap::new(),
        store,
        clock: Arc::clone(&world.clock),
        entropy: Arc::clone(&world.entropy),
        progress: Arc::new(Silent),
        sandbox: true,
    };
    for connection in program.connections() {
        let driver = connection.driver;
        let pace = Arc::new(Governor::new(Arc::clone(&world.clock)));
        let fields: Vec<&str> = (driver.catalogue)().credentials.iter().map(|field| field.name.as_str()).collect();
        let source = CredentialSource::Sandbox(driver.name.to_owned());
        let mut settings = connection.settings.clone();
        if let Some(own) = sandbox.settings(driver.name, &settings) {
            settings.0.extend(own.0);
        }
        let opening = Opening {
            name: connection.name.to_string(),
            settings,
            credential: world.secrets.credential(&source, &fields).expect("the sandbox has credentials"),
            profile: connection.profile.as_ref().map(ToString::to_string),
            wire: Wire {
                transport: Arc::clone(&world.transport),
                clock: Arc::clone(&world.clock),
                pace: Arc::clone(&pace) as _,
            },
        };
        let open = (driver.open)(opening).expect("the connection opens");
        setup.connections.insert(connection.name.to_string(), Arc::from(open));
        setup.paces.insert(connection.name.to_string(), pace);
    }
    setup
}

struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &str, _: Stage) {}
    fn settled(&self, _: &str, _: Outcome) {}
    fn read(&self, _: &str, _: u64) {}
}

/// Believes what the header says.
pub struct Trusting;

impl Door for Trusting {
    fn caller(&self, headers: &HeaderMap, _: Timestamp) -> Option<Caller> {
        let mut words = headers.get(CALLER)?.to_str().ok()?.split(' ');
        let first = words.next()?;
        let (name, only) = first.split_once(':').map_or((first, None), |(name, only)| (name, Some(only)));
        let roles: BTreeSet<Role> =
            words.filter_map(|word| Role::ALL.into_iter().find(|role| role.word() == word)).collect();
        let pipelines = only.map(|name| BTreeSet::from([name.to_owned()]));
        Some(Caller { name: name.to_owned(), roles, pipelines, csrf: CSRF.to_owned() })
    }
}

/// A house with these pipeline files.
pub fn house(files: &[&Path]) -> Arc<House> {
    let world = mlc::host::world();
    let outside = Outside { clock: world.clock, entropy: world.entropy, transport: world.transport };
    let house = Arc::new(House::new(outside, Arc::new(InMemory::default()), Arc::new(Trusting)));
    for file in files {
        house.admit(file).unwrap_or_else(|refusal| panic!("{}: {refusal}", file.display()));
    }
    house
}

/// The quickstart's customer.
pub fn quickstart() -> Arc<House> {
    house(&[&root().join("examples/quickstart.mlc")])
}

mod tests {
    use super::quickstart;
    use mlc::engine::Options;

    #[tokio::test]
    async fn a_customer_runs_and_the_index_knows_its_records() {
        let house = quickstart();
        let [customer] = house.customers().try_into().unwrap_or_else(|_| panic!("one customer"));
        let report = customer.run(&Options::default()).await.expect("it runs");
        let posted = customer.index.totals(|summary| summary.outcome == mlc::store::Outcome::Posted);
        assert_eq!(posted.records, report.counts.posted);
        assert!(posted.records > 300, "{posted:?}");
        let waiting = customer.index.totals(mlc::serve::Summary::needs_attention);
        assert_eq!(waiting.records, report.counts.held + report.counts.rejected + report.counts.failed);
    }
}
