//! The composition root: a pipeline file becomes everything that a run works with.

use super::actor::actor;
use super::arguments::Place;
use super::exit::Failure;
use super::folder::Folder;
use super::progress::Counter;
use super::scratch::Scratch;
use super::screen::{note, style};
use super::text;
use crate::connector::{Connector, Opening, Settings, Wire};
use crate::connectors::drivers;
use crate::diag::{self, Diagnostic, Sources};
use crate::engine::{self, Governor, Progress, Setup};
use crate::host::{self, DiskFiles};
use crate::model::{self, Connection, Files, Override};
use crate::program::{self, Program};
use crate::sandbox::{Faults, Sandbox, SandboxOptions};
use crate::store::{MemoryStore, SledStore, Store};
use crate::syntax;
use crate::value::Timestamp;
use crate::world::{Credential, CredentialSource, SecretError, World};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What checking a file gave.
pub struct Checked {
    pub sources: Sources,
    pub diagnostics: Vec<Diagnostic>,
    /// `None` if there is any error.
    pub program: Option<Program>,
}

/// Reads, parses and checks a pipeline file, with variables set as the command line says.
pub fn check(path: &Path, vars: &[String]) -> Result<Checked, Failure> {
    check_text(path, text::read(path)?, vars)
}

/// As [`check`], with this text in place of what stands in the file.
pub fn check_text(path: &Path, text: Arc<str>, vars: &[String]) -> Result<Checked, Failure> {
    check_beside(path, text, vars, &DiskFiles::beside(path))
}

/// The same, with these files beside it.
pub fn check_beside(path: &Path, text: Arc<str>, vars: &[String], files: &dyn Files) -> Result<Checked, Failure> {
    let mut sources = Sources::new();
    let id = sources.add(path, text);
    let parsed = syntax::parse(&sources, id);
    let overrides = overrides(vars, &mut sources)?;
    let checked = model::check_with(&parsed.file, &mut sources, files, drivers(), &overrides);
    let mut diagnostics = parsed.diagnostics;
    let unreadable = diagnostics.iter().any(Diagnostic::is_error);
    diagnostics.extend(checked.diagnostics);
    diagnostics.sort_by_key(|diagnostic| (diagnostic.label.span.source, diagnostic.label.span.start));
    let program = checked.model.filter(|_| !unreadable).map(program::compile);
    let program = program.map(|program| program.with_sources(sources.clone()));
    Ok(Checked { sources, diagnostics, program })
}

fn overrides(vars: &[String], sources: &mut Sources) -> Result<Vec<Override>, Failure> {
    let mut overrides: Vec<Override> = Vec::with_capacity(vars.len());
    for text in vars {
        let given = Override::read(text, sources)
            .ok_or_else(|| Failure::wrong(format!("--var {text} sets nothing"), "write `--var name=value`"))?;
        if overrides.iter().any(|before| before.name == given.name) {
            return Err(Failure::wrong(format!("--var sets `{}` twice", given.name), "give each variable once"));
        }
        overrides.push(given);
    }
    Ok(overrides)
}

/// The program, or what is wrong with the file on standard error.
pub fn program(path: &Path, vars: &[String]) -> Result<Program, Failure> {
    let checked = check(path, vars)?;
    let style = style(host::terminal::stderr_is_terminal());
    note(&diag::render(&checked.diagnostics, &checked.sources, style));
    checked.program.ok_or_else(|| {
        let errors = checked.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count() as u64;
        Failure::wrong(
            format!("{} has {}", path.display(), super::screen::count(errors, "error", "errors")),
            "`mlc explain CODE` tells more of one",
        )
    })
}

/// How a run is to be set up.
pub struct Wish<'a> {
    pub place: &'a Place,
    pub seed: Option<u64>,
    pub faults: &'a str,
    /// Write nothing anywhere.
    pub plan: bool,
}

/// A run that can begin.
pub struct Ready {
    pub setup: Setup,
    /// The copy of the state that a plan reads; goes with it.
    _scratch: Option<Scratch>,
}

/// Opens the world, the store and the connections of a program.
pub fn open(program: Program, wish: &Wish<'_>, progress: Arc<dyn Progress>) -> Result<Ready, Failure> {
    let sandboxed = in_sandbox(&program, wish.place)?;
    let folder = Folder::new(&wish.place.file, wish.place.state.as_deref(), program.name(), sandboxed);
    if sandboxed {
        books_are_there(&program, &folder)?;
    }
    let (world, sandbox) = open_world(sandboxed, &program, &folder, wish)?;
    let (store, scratch) = open_store(&folder, &world, wish.plan)?;
    if let (Some(sandbox), Some(latest)) = (&sandbox, latest(store.as_ref())?) {
        sandbox.not_before(latest);
    }
    let mut setup = Setup {
        program: Arc::new(program),
        connections: BTreeMap::new(),
        paces: BTreeMap::new(),
        store,
        clock: Arc::clone(&world.clock),
        entropy: Arc::clone(&world.entropy),
        progress,
        sandbox: sandboxed,
    };
    connect(&mut setup, &world, sandbox.as_ref(), &mut Budgets::new())?;
    Ok(Ready { setup, _scratch: scratch })
}

/// The outside of one pipeline, open for as long as the process lives; in the sandbox, time is
/// real.
pub struct Standing {
    pub folder: Folder,
    pub world: World,
    sandbox: Option<Sandbox>,
}

impl Standing {
    pub fn open(program: &Program, place: &Place) -> Result<Self, Failure> {
        let sandboxed = in_sandbox(program, place)?;
        let folder = Folder::new(&place.file, place.state.as_deref(), program.name(), sandboxed);
        if !sandboxed {
            return Ok(Self { folder, world: host::world(), sandbox: None });
        }
        books_are_there(program, &folder)?;
        let options = SandboxOptions { profiles: profiles(program), speed: Some(1), ..SandboxOptions::default() };
        let sandbox = Sandbox::open(Some(&folder.world()), drivers(), options)?;
        sandbox.not_before(host::world().clock.now());
        Ok(Self { folder, world: sandbox.world(), sandbox: Some(sandbox) })
    }

    pub fn is_live(&self) -> bool {
        self.sandbox.is_none()
    }

    /// The store of the pipeline; the sandbox's time goes on where it ended.
    pub fn store(&self) -> Result<Arc<dyn Store>, Failure> {
        let store = SledStore::open_by(&self.folder.store(), self.world.clock.now(), actor())?;
        if let (Some(sandbox), Some(latest)) = (&self.sandbox, latest(&store)?) {
            sandbox.not_before(latest);
        }
        Ok(Arc::new(store))
    }

    /// Connects a program to it. Those with one credential share one rate budget, for as long
    /// as `budgets` is kept.
    pub fn connect(&self, program: Program, store: Arc<dyn Store>, budgets: &mut Budgets) -> Result<Setup, Failure> {
        let mut setup = Setup {
            program: Arc::new(program),
            connections: BTreeMap::new(),
            paces: BTreeMap::new(),
            store,
            clock: Arc::clone(&self.world.clock),
            entropy: Arc::clone(&self.world.entropy),
            progress: Arc::new(Counter::default()),
            sandbox: self.sandbox.is_some(),
        };
        connect(&mut setup, &self.world, self.sandbox.as_ref(), budgets)?;
        Ok(setup)
    }
}

/// One system is one tenant: the first of its profiles is the one that it has.
fn profiles(program: &Program) -> BTreeMap<&'static str, String> {
    let connections = program.connections().iter().rev();
    connections.filter_map(|of| Some((of.driver.name, of.profile.as_ref()?.to_string()))).collect()
}

/// Opens a copy of the state, and connections that lead nowhere: for what is reckoned out of
/// the state alone.
pub fn offline(program: Program, place: &Place) -> Result<Ready, Failure> {
    let sandbox = in_sandbox(&program, place)?;
    let folder = Folder::new(&place.file, place.state.as_deref(), program.name(), sandbox);
    let world = host::world();
    let (store, scratch) = open_store(&folder, &world, true)?;
    let connections = engine::offline(&program, &store).map_err(|error| Failure::world(error.message, error.mend))?;
    let setup = Setup {
        program: Arc::new(program),
        connections,
        paces: BTreeMap::new(),
        store,
        clock: world.clock,
        entropy: world.entropy,
        progress: Arc::new(Counter::default()),
        sandbox,
    };
    Ok(Ready { setup, _scratch: scratch })
}

/// A run is wholly in the sandbox or wholly outside.
pub fn in_sandbox(program: &Program, place: &Place) -> Result<bool, Failure> {
    if place.sandbox {
        return Ok(true);
    }
    let (inside, outside): (Vec<_>, Vec<_>) = program.connections().iter().partition(|connection| connection.sandbox);
    if let (Some(inside), Some(outside)) = (inside.first(), outside.first()) {
        return Err(Failure::wrong(
            format!("`connect {}` is in the sandbox and `connect {}` is not", inside.name, outside.name),
            "write `sandbox` in both or in none of them, or run with --sandbox",
        ));
    }
    Ok(outside.is_empty())
}

/// A state that remembers posts into books that are gone would call them all posted.
fn books_are_there(program: &Program, folder: &Folder) -> Result<(), Failure> {
    let (store, world) = (folder.store(), folder.world());
    let mut drivers = program.connections().iter().map(|connection| connection.driver.name);
    match drivers.find(|driver| !Sandbox::is_in(&world, driver)) {
        Some(driver) if SledStore::is_in(&store) => Err(Failure::world(
            format!(
                "the sandbox's {driver} is gone from {}, and the state in {} remembers what was done with it",
                world.display(),
                store.display()
            ),
            "put it back, or delete both folders to start anew",
        )),
        _ => Ok(()),
    }
}

fn open_world(
    sandboxed: bool,
    program: &Program,
    folder: &Folder,
    wish: &Wish<'_>,
) -> Result<(World, Option<Sandbox>), Failure> {
    let faults = Faults::parse(wish.faults)
        .map_err(|error| Failure::wrong(format!("--faults: {error}"), "write such as `429=5%,timeout=1%,lost=1%`"))?;
    if !sandboxed {
        if wish.seed.is_some() || !wish.faults.is_empty() {
            return Err(Failure::wrong(
                "--seed and --faults are of the sandbox, and this pipeline runs outside it",
                "add --sandbox, or leave them away",
            ));
        }
        return Ok((host::world(), None));
    }
    let options = SandboxOptions {
        seed: wish.seed,
        faults,
        read_only: wish.plan,
        profiles: profiles(program),
        ..SandboxOptions::default()
    };
    let sandbox = Sandbox::open(Some(&folder.world()), drivers(), options)?;
    Ok((sandbox.world(), Some(sandbox)))
}

/// A plan reads a copy, since even opening a database writes to its files.
fn open_store(folder: &Folder, world: &World, plan: bool) -> Result<(Arc<dyn Store>, Option<Scratch>), Failure> {
    let now = world.clock.now();
    if !plan {
        return Ok((Arc::new(SledStore::open_by(&folder.store(), now, actor())?), None));
    }
    let scratch = Scratch::new(world.entropy.next_u64());
    match SledStore::open_copy(&folder.store(), scratch.path(), now)? {
        Some(store) => Ok((Arc::new(store), Some(scratch))),
        None => Ok((Arc::new(MemoryStore::new()), None)),
    }
}

/// The newest instant that a store remembers.
fn latest(store: &dyn Store) -> Result<Option<Timestamp>, Failure> {
    let head = store.head()?;
    Ok(store.audit(head.number, 1)?.last().map(|entry| entry.event.at))
}

/// Opens every connection; those with one credential share one rate budget.
fn connect(setup: &mut Setup, world: &World, sandbox: Option<&Sandbox>, budgets: &mut Budgets) -> Result<(), Failure> {
    for connection in Arc::clone(&setup.program).connections() {
        let (open, pace) = opened(connection, world, sandbox, budgets)?;
        setup.connections.insert(connection.name.to_string(), open);
        setup.paces.insert(connection.name.to_string(), pace);
    }
    Ok(())
}

/// By driver and credential.
pub type Budgets = BTreeMap<String, Arc<Governor>>;

type Opened = (Arc<dyn Connector>, Arc<Governor>);

fn opened(
    connection: &Connection,
    world: &World,
    sandbox: Option<&Sandbox>,
    budgets: &mut Budgets,
) -> Result<Opened, Failure> {
    let driver = connection.driver;
    let source = match sandbox {
        Some(_) => Some(CredentialSource::Sandbox(driver.name.to_owned())),
        None => connection.credentials.clone(),
    };
    let budget = budgets
        .entry(format!("{} {source:?}", driver.name))
        .or_insert_with(|| Arc::new(Governor::new(Arc::clone(&world.clock))));
    let pace = Arc::clone(budget);
    let wire = Wire { transport: Arc::clone(&world.transport), clock: Arc::clone(&world.clock), pace: pace.clone() };
    let opening = Opening {
        name: connection.name.to_string(),
        settings: settings(connection, sandbox),
        credential: credential(connection, source.as_ref(), world)?,
        profile: connection.profile.as_ref().map(ToString::to_string),
        wire,
    };
    let open = (driver.open)(opening).map_err(|error| {
        Failure::world(format!("connection `{}` cannot be opened: {error}", connection.name), error.mend)
    })?;
    Ok((Arc::from(open), pace))
}

/// A connection, or why it cannot be opened.
pub struct Line<'a> {
    pub connection: &'a Connection,
    pub open: Result<Arc<dyn Connector>, Failure>,
}

/// Opens each connection by itself, without any state; one that fails hides no other.
/// Tells also whether all of it is the sandbox.
pub fn lines<'a>(program: &'a Program, place: &Place) -> Result<(Vec<Line<'a>>, bool), Failure> {
    let (lines, sandboxed, _) = lines_for(program, place, true)?;
    Ok((lines, sandboxed))
}

/// The same; where it is no `plan`, what is changed in the sandbox is kept, for as long as it
/// is held.
pub fn lines_for<'a>(
    program: &'a Program,
    place: &Place,
    plan: bool,
) -> Result<(Vec<Line<'a>>, bool, Option<Sandbox>), Failure> {
    let sandboxed = in_sandbox(program, place)?;
    let folder = Folder::new(&place.file, place.state.as_deref(), program.name(), sandboxed);
    let (world, sandbox) = open_world(sandboxed, program, &folder, &Wish { place, seed: None, faults: "", plan })?;
    let mut budgets = Budgets::new();
    let lines = program.connections().iter().map(|connection| {
        let open = opened(connection, &world, sandbox.as_ref(), &mut budgets);
        Line { connection, open: open.map(|(open, _)| open) }
    });
    Ok((lines.collect(), sandboxed, sandbox))
}

/// What the pipeline sets; in the sandbox, what the sandbox's systems ask for comes first.
fn settings(connection: &Connection, sandbox: Option<&Sandbox>) -> Settings {
    let mut settings = connection.settings.clone();
    if let Some(own) = sandbox.and_then(|sandbox| sandbox.settings(connection.driver.name, &connection.settings)) {
        settings.0.extend(own.0);
    }
    settings
}

fn credential(
    connection: &Connection,
    source: Option<&CredentialSource>,
    world: &World,
) -> Result<Credential, Failure> {
    let Some(source) = source else { return Ok(Credential::default()) };
    let catalogue = (connection.driver.catalogue)();
    let needed = catalogue.credentials.iter().filter(|field| field.is_needed(&connection.settings));
    let fields: Vec<&str> = needed.map(|field| field.name.as_str()).collect();
    let missing = |error: SecretError| {
        Failure::world(format!("no credential for connection `{}`: {}", connection.name, error.message), error.hint)
    };
    let mut credential = world.secrets.credential(source, &fields).map_err(missing)?;
    let optional = catalogue.credentials.iter().filter(|field| field.optional);
    let optional: Vec<&str> = optional.map(|field| field.name.as_str()).collect();
    let more = world.secrets.also(source, &optional).map_err(missing)?;
    credential.fields.extend(more.fields);
    Ok(credential)
}
