//! What bytes are thrown at. The fuzz targets and the replay in `tests/fuzzed.rs` share
//! these bodies; both bring `around`, `judge`, `pipeline`, `random` and `record` of the
//! soundness test.

#![allow(dead_code, reason = "each fuzz target uses one of them")]

use super::around;
use super::judge::judge;
use super::pipeline::{Side, USED, pipeline};
use super::random::Random;
use super::record::record;
use mlc::connectors::drivers;
use mlc::diag::{Diagnostic, Sources, Style, codes, render};
use mlc::model::{self, Checked, FileText, Files};
use mlc::program::{Evaluation, compile};
use mlc::syntax::{decode, parse as read};
use mlc::value::RecordType;
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes to a tree and findings that can be shown.
pub fn parse(bytes: &[u8]) {
    let Ok(text) = decode(bytes) else { return };
    let mut sources = Sources::new();
    let id = sources.add(PathBuf::from("fuzzed.mlc"), text);
    let parsed = read(&sources, id);
    shown(&parsed.diagnostics, &sources);
}

/// Bytes to the one layout, which is laid out as itself and means the same.
pub fn format(bytes: &[u8]) {
    let Ok(text) = decode(bytes) else { return };
    let Some(once) = formatted(&text) else { return };
    let twice = formatted(&once).expect("what was laid out can be read");
    assert_eq!(once, twice, "laid out twice is laid out once");
    assert_eq!(content_hash(&text), content_hash(&once), "the layout changed the meaning");
}

/// The text laid out; `None` if it cannot be read.
fn formatted(text: &str) -> Option<String> {
    let mut sources = Sources::new();
    let id = sources.add(PathBuf::from("fuzzed.mlc"), text);
    let parsed = read(&sources, id);
    if parsed.diagnostics.iter().any(Diagnostic::is_error) {
        return None;
    }
    Some(mlc::syntax::format(text, &parsed.file).expect("every token and comment is kept"))
}

fn content_hash(text: &str) -> Option<String> {
    let (checked, sound) = checked(text.as_bytes(), &Nothing)?;
    checked.model.filter(|_| sound).map(|model| compile(model).hash().to_owned())
}

/// Bytes to a model, or errors.
pub fn check(bytes: &[u8]) {
    checked(bytes, &Nothing);
}

/// Bytes to a program that keeps what `check` promised over a few records.
pub fn evaluate(bytes: &[u8]) {
    evaluated(bytes, &Nothing);
}

/// Bytes to a pipeline of the soundness test, each choice of which they steer, and on to
/// what it makes of a few records.
pub fn made(bytes: &[u8]) {
    let sides: Vec<Side> =
        drivers().iter().map(|driver| Side { name: driver.name, catalogue: (driver.catalogue)() }).collect();
    let made = pipeline(&mut Random::steered(bytes), &sides);
    evaluated(made.text.as_bytes(), &Beside(made.used));
}

fn evaluated(bytes: &[u8], files: &dyn Files) {
    let Some((checked, sound)) = checked(bytes, files) else { return };
    let warned = checked
        .diagnostics
        .iter()
        .any(|found| [codes::UNCHECKED_VALUE.id, codes::UNKNOWN_VALUE.id].contains(&found.code.id));
    let Some(model) = checked.model.filter(|_| sound) else { return };
    let program = compile(model);
    let mut random = Random::new(bytes.len() as u64);
    let reads = |connection: &str, resource: &str| source_type(&program, connection, resource);
    let tables = around::tables(&mut random, &program, &reads);
    for flow in program.flows() {
        let (source, target) = (flow.source(), flow.target());
        let ty = reads(&source.connection, &source.resource);
        let scope = source.scope.as_ref().map(|scope| reads(&source.connection, &scope.resource));
        let tables = around::with_peers(&mut random, &program, flow, &tables, &reads);
        for _ in 0..4 {
            let scope = scope.as_ref().map(|ty| record(&mut random, ty));
            let made = flow.evaluate(&tables, &record(&mut random, &ty), scope.as_ref());
            // A tenant's profile may allow more than the shipped catalogue, which judges here.
            if let (Evaluation::Mapped(mapped), true) = (made, plain(&program)) {
                let catalogue = catalogue(&program, &target.connection);
                let spec = &catalogue.resources[&*target.resource];
                let wrong = judge(&mapped.target, spec, &target.key, !warned);
                assert!(wrong.is_empty(), "{wrong:?}");
            }
        }
    }
}

/// The model, if there is one, and whether the text had no error at all.
fn checked(bytes: &[u8], files: &dyn Files) -> Option<(Checked, bool)> {
    let text = decode(bytes).ok()?;
    let mut sources = Sources::new();
    let id = sources.add(PathBuf::from("fuzzed.mlc"), text);
    let parsed = read(&sources, id);
    let checked = model::check(&parsed.file, &mut sources, files, drivers());
    let wrong = checked.diagnostics.iter().any(Diagnostic::is_error);
    assert_eq!(wrong, checked.model.is_none(), "a model is handed on only without an error");
    shown(&parsed.diagnostics, &sources);
    shown(&checked.diagnostics, &sources);
    let sound = !parsed.diagnostics.iter().any(Diagnostic::is_error);
    Some((checked, sound))
}

/// Each finding has a place in the text.
fn shown(found: &[Diagnostic], sources: &Sources) {
    for finding in found {
        let span = finding.label.span;
        let source = sources.get(span.source).expect("the span lies in a source");
        assert!(source.text.get(span.start as usize..span.end as usize).is_some(), "{finding:?}");
    }
    if !found.is_empty() {
        assert!(!render(found, sources, Style::Plain).is_empty());
    }
}

/// A file that a pipeline names is a small table.
struct Nothing;

impl Files for Nothing {
    fn read(&self, path: &str) -> Result<FileText, String> {
        match path.ends_with(".csv") {
            true => Ok(FileText { path: PathBuf::from(path), text: "cost_code,gl_account\n03-300,5310\n".into() }),
            false => Err("there is no such file".to_owned()),
        }
    }
}

/// The one file that a made pipeline may bring in.
struct Beside(Option<String>);

impl Files for Beside {
    fn read(&self, path: &str) -> Result<FileText, String> {
        let text = self.0.as_deref().filter(|_| path == USED).ok_or("there is no such file")?;
        Ok(FileText { path: PathBuf::from(path), text: text.into() })
    }
}

fn plain(program: &mlc::program::Program) -> bool {
    program.connections().iter().all(|connection| connection.profile.is_none())
}

fn catalogue(program: &mlc::program::Program, connection: &str) -> &'static mlc::connector::Catalogue {
    let connection = program.connections().iter().find(|known| *known.name == *connection);
    (connection.expect("a connection of the program").driver.catalogue)()
}

fn source_type(program: &mlc::program::Program, connection: &str, resource: &str) -> Arc<RecordType> {
    catalogue(program, connection).resources[resource].source_type()
}
