//! Plays a scenario: the standard pipeline through the library, as the command does it.

use super::mishap::Disturbed;
use super::scenario::Scenario;
use crate::support::{root, scratch};
use mlc::connector::contractor::Contractor;
use mlc::connector::{Opening, Wire};
use mlc::connectors::drivers;
use mlc::diag::{Sources, Style, render};
use mlc::engine::{
    AdoptOptions, Governor, Grade, Options, Progress, Report, RunError, Setup, Stage, adopt, run, survey,
};
use mlc::host::DiskFiles;
use mlc::model;
use mlc::program::{Program, compile};
use mlc::sandbox::{Sandbox, SandboxOptions};
use mlc::store::{MemoryStore, Outcome, RecordEntry, Store, audit};
use mlc::syntax::parse;
use mlc::value::{Span, Value};
use mlc::world::CredentialSource;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What there is to tell of one run.
pub struct Turn {
    pub ended: Result<Report, RunError>,
    /// Where the records stand after it.
    pub records: Vec<RecordEntry>,
}

pub struct Played {
    pub turns: Vec<Turn>,
    pub procore: Json,
    pub qad: Json,
}

struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &str, _: Stage) {}
    fn settled(&self, _: &str, _: Outcome) {}
    fn read(&self, _: &str, _: u64) {}
}

/// Plays it to its end, with the audit log whole after each run.
pub async fn play(scenario: &Scenario) -> Played {
    let dir = scratch();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let program = Arc::new(program(scenario));
    let mut contractor = scenario.contractor.clone();
    let mut turns = Vec::new();
    let (mut procore, mut qad) = (Json::Null, Json::Null);
    for number in 0..=scenario.steps.len() {
        if let Some(step) = number.checked_sub(1).map(|before| &scenario.steps[before]) {
            (step.change)(&mut contractor);
        }
        let sandbox = Arc::new(open(dir.path(), &contractor, number));
        let setup = connect(scenario, &program, &store, &sandbox, number);
        if number.checked_sub(1).is_some_and(|before| scenario.steps[before].adopts) {
            adopt_what_is_certain(&setup).await;
        }
        let options = Options { retry: scenario.retry && number > 0, ..Options::default() };
        let ended = run(&setup, &options).await;
        audit::verify_store(store.as_ref()).expect("the log is whole");
        let records = store.records(None).expect("the records");
        turns.push(Turn { ended, records });
        let books = |driver| sandbox.books(driver).expect("the driver has books");
        (procore, qad) = (books("procore"), books("qad"));
    }
    Played { turns, procore, qad }
}

async fn adopt_what_is_certain(setup: &Setup) {
    let survey = survey(setup, &AdoptOptions::default()).await.expect("both sides are read");
    let flows = survey.flows.iter().enumerate();
    let certain = flows.flat_map(|(flow, finds)| {
        let places = finds.matches.iter().enumerate().filter(|(_, pair)| pair.grade == Grade::Certain);
        places.map(move |(place, _)| (flow, place))
    });
    let chosen: Vec<(usize, usize)> = certain.collect();
    adopt(setup, &survey, &chosen, "Mae", "").await.expect("it is written");
}

/// A customer's file that brings in the standard flow.
fn program(scenario: &Scenario) -> Program {
    let text = format!(
        "use \"{}\"\n\npipeline \"scenario\" {{\n  timezone = \"America/Chicago\"\n  currency = \"USD\"\n}}\n\n\
         connect procore {{ sandbox }}\nconnect qad {{ sandbox{} }}\n\n{}\n",
        scenario.pipeline,
        if scenario.messages { "  api = \"qxtend\"" } else { "" },
        scenario.extra
    );
    let path = root().join("pipelines/scenario.mlc");
    let mut sources = Sources::new();
    let id = sources.add(&path, text.as_str());
    let parsed = parse(&sources, id);
    let checked = model::check(&parsed.file, &mut sources, &DiskFiles::beside(&path), drivers());
    let found: Vec<_> = parsed.diagnostics.into_iter().chain(checked.diagnostics).collect();
    let said = render(&found, &sources, Style::Plain);
    checked.model.map(compile).unwrap_or_else(|| panic!("{}: {said}", scenario.name))
}

fn open(folder: &Path, contractor: &Contractor, day: usize) -> Sandbox {
    let options = SandboxOptions {
        seed: Some(contractor.seed),
        contractor: Some(contractor.clone()),
        ..SandboxOptions::default()
    };
    let sandbox = Sandbox::open(Some(folder), drivers(), options).expect("the sandbox opens");
    let days = Span::from_secs(86_400) * u32::try_from(day).expect("few days");
    sandbox.not_before(contractor.opened.expect("the story begins somewhere").plus(days));
    sandbox
}

fn connect(
    scenario: &Scenario,
    program: &Arc<Program>,
    store: &Arc<dyn Store>,
    sandbox: &Arc<Sandbox>,
    number: usize,
) -> Setup {
    let world = sandbox.world();
    let mishaps = if number == 0 { scenario.mishaps.clone() } else { Vec::new() };
    let transport = Arc::new(Disturbed::new(sandbox, mishaps));
    let mut setup = Setup {
        program: Arc::clone(program),
        connections: BTreeMap::new(),
        paces: BTreeMap::new(),
        store: Arc::clone(store),
        clock: Arc::clone(&world.clock),
        entropy: Arc::clone(&world.entropy),
        progress: Arc::new(Silent),
        sandbox: true,
    };
    for connection in program.connections() {
        let driver = connection.driver;
        let pace = Arc::new(Governor::new(Arc::clone(&world.clock)));
        let fields: Vec<&str> = (driver.catalogue)().credentials.iter().map(|field| field.name.as_str()).collect();
        let mut settings = sandbox.settings(driver.name, &connection.settings).expect("the sandbox has it");
        if let Some(company) = scenario.company.filter(|_| settings.0.contains_key("company_id")) {
            settings.0.insert("company_id".to_owned(), Value::Integer(company));
        }
        let source = CredentialSource::Sandbox(driver.name.to_owned());
        let open = (driver.open)(Opening {
            name: connection.name.to_string(),
            settings,
            credential: world.secrets.credential(&source, &fields).expect("a credential"),
            profile: None,
            wire: Wire { transport: transport.clone(), clock: Arc::clone(&world.clock), pace: pace.clone() },
        });
        setup.connections.insert(connection.name.to_string(), Arc::from(open.expect("it opens")));
        setup.paces.insert(connection.name.to_string(), pace);
    }
    setup
}
