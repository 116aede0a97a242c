//! The composition root: a pipeline file becomes everything that a run works with.

use super::arguments::Place;
use super::exit::{Exit, Failure};
use super::folder::Folder;
use super::screen::{coloured, note};
use super::text;
use crate::connector::{Connector, Opening, Wire};
use crate::connectors::drivers;
use crate::diag::{self, Diagnostic, Sources, Style};
use crate::engine::{Governor, Progress, Setup};
use crate::host::{self, DiskFiles};
use crate::model;
use crate::program::{self, Program};
use crate::sandbox::{Faults, Sandbox, SandboxOptions};
use crate::store::{MemoryStore, SledStore, Store};
use crate::syntax;
use crate::value::Timestamp;
use crate::world::{Credential, CredentialSource, World};
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

/// Reads, parses and checks a pipeline file.
pub fn check(path: &Path) -> Result<Checked, Failure> {
    let mut sources = Sources::new();
    let id = sources.add(path, text::read(path)?);
    let parsed = syntax::parse(&sources, id);
    let checked = model::check(&parsed.file, &mut sources, &DiskFiles::beside(path), drivers());
    let mut diagnostics = parsed.diagnostics;
    let unreadable = diagnostics.iter().any(Diagnostic::is_error);
    diagnostics.extend(checked.diagnostics);
    diagnostics.sort_by_key(|diagnostic| (diagnostic.label.span.source, diagnostic.label.span.start));
    let program = checked.model.filter(|_| !unreadable).map(program::compile);
    Ok(Checked { sources, diagnostics, program })
}

/// The program, or what is wrong with the file on standard error.
pub fn program(path: &Path) -> Result<Program, Failure> {
    let checked = check(path)?;
    let style = if coloured() { Style::Colour } else { Style::Plain };
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
    let (world, sandbox) = open_world(sandboxed, &folder, wish)?;
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
    connect(&mut setup, &world, sandbox.as_ref())?;
    Ok(Ready { setup, _scratch: scratch })
}

/// A run is wholly in the sandbox or wholly outside.
fn in_sandbox(program: &Program, place: &Place) -> Result<bool, Failure> {
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

fn open_world(sandboxed: bool, folder: &Folder, wish: &Wish<'_>) -> Result<(World, Option<Sandbox>), Failure> {
    let faults = Faults::parse(wish.faults)
        .map_err(|error| Failure::wrong(format!("--faults: {error}"), "write such as `429=5%,timeout=1%,lost=1%`"))?;
    if !sandboxed {
        if wish.seed.is_some() || !wish.faults.is_empty() {
            return Err(Failure::wrong(
                "--seed and --faults are of the sandbox, and this pipeline runs outside it",
                "add --sandbox, or leave them away",
            ));
        }
        let world = host::world().map_err(|message| Failure::world(message, "this machine cannot reach the network"))?;
        return Ok((world, None));
    }
    let options = SandboxOptions { seed: wish.seed, faults, read_only: wish.plan, speed: None };
    let sandbox = Sandbox::open(Some(&folder.world()), drivers(), options)?;
    Ok((sandbox.world(), Some(sandbox)))
}

type Opened = (Arc<dyn Store>, Option<Scratch>);

/// A plan reads a copy, since even opening a database writes to its files.
fn open_store(folder: &Folder, world: &World, plan: bool) -> Result<Opened, Failure> {
    let now = world.clock.now();
    if !plan {
        return Ok((Arc::new(SledStore::open(&folder.store(), now)?), None));
    }
    let Some(scratch) = Scratch::copy_of(&folder.store(), world)? else {
        return Ok((Arc::new(MemoryStore::new()), None));
    };
    let store: Arc<dyn Store> = match SledStore::open_existing(&scratch.0, now)? {
        Some(store) => Arc::new(store),
        None => Arc::new(MemoryStore::new()),
    };
    Ok((store, Some(scratch)))
}
