//! `mlc test --capture`: a record that a run has seen becomes a fixture and a test.
//!
//! The record comes out of the state; the rows of lookups, which the state does not keep,
//! are read from the connections again, those alone that the record asks for. The test is
//! printed, not written: where it stands in the pipeline is for people to say.

use super::arguments::Test as Arguments;
use super::compose::{self, Checked, Ready, Wish};
use super::exit::{Exit, Failure, Outcome};
use super::progress::Counter;
use super::screen::{note, say, style};
use super::state::State;
use super::written::{literal, quoted};
use super::{bless, show, text};
use crate::connector::Fetch;
use crate::diag;
use crate::host::{self, terminal};
use crate::model::LookupId;
use crate::program::{Program, Tables, Test};
use crate::store::RecordEntry;
use crate::value::{Record, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A record that asks for more rows than this is no test for people.
const MOST_ROWS: usize = 200;

/// What of the test is known before it runs.
struct Draft {
    name: String,
    flow: String,
    fixture: String,
}

pub fn run(arguments: &Arguments, record: &str) -> Outcome {
    let file = &arguments.place.file;
    let entry = {
        let state = State::open(&arguments.place)?;
        show::find(&state.store().records(None)?, record)?.clone()
    };
    let program = compose::program(file, &arguments.vars.vars)?;
    let flow = program.flows().iter().find(|flow| flow.name() == entry.id.flow).ok_or_else(|| {
        Failure::wrong(
            format!("the record is of the flow `{}`, which {} no longer has", entry.id.flow, file.display()),
            "capture a record of another flow",
        )
    })?;
    let source = flow.source();
    let resource = format!("{}.{}", source.connection, source.resource);
    let json = fixture(&entry, &resource, source.scope.is_some(), &arguments.redacted);
    let (path, shown) = place(file, &entry);
    host::write_new(&path, format!("{json:#}\n"))
        .map_err(|sentence| Failure::wrong(sentence, "take that file away, or write the test by hand"))?;
    let draft = Draft { name: entry.label.clone(), flow: entry.id.flow.clone(), fixture: shown };
    match written(arguments, &draft) {
        Ok(block) => {
            note(&format!("wrote {}; the test to put into {}:\n\n", path.display(), file.display()));
            say(&block)?;
            Ok(Exit::Well)
        }
        Err(failure) => {
            // Without its test the file would only stand in the way.
            let _ = std::fs::remove_file(&path);
            Err(failure)
        }
    }
}

/// `fixtures/FLOW-KEY.json` beside the pipeline, and how the pipeline names it.
fn place(file: &Path, entry: &RecordEntry) -> (PathBuf, String) {
    let key = entry.id.key.rsplit('/').next().unwrap_or(&entry.id.key);
    let plain = |text: &str| -> String {
        text.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' }).collect()
    };
    let name = format!("fixtures/{}-{}.json", plain(&entry.id.flow), plain(key));
    (file.parent().unwrap_or(Path::new("")).join(&name), name)
}

/// The file: the record and its scope as they were read, without what is absent.
fn fixture(entry: &RecordEntry, resource: &str, scoped: bool, redacted: &[String]) -> Json {
    let mut record = present(&entry.source, redacted);
    let mut file = Map::new();
    file.insert("captured".to_owned(), json!(resource));
    let scope = record
        .as_object_mut()
        .filter(|_| scoped)
        .and_then(|fields| fields.shift_remove("scope record").or_else(|| fields.shift_remove("scope")));
    file.insert("record".to_owned(), record);
    if let Some(scope) = scope {
        file.insert("scope".to_owned(), scope);
    }
    Json::Object(file)
}

fn present(value: &Json, redacted: &[String]) -> Json {
    match value {
        Json::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| {
                let hidden = value.is_string() && redacted.iter().any(|field| field == name);
                (name.clone(), if hidden { json!("redacted") } else { present(value, redacted) })
            });
            Json::Object(kept.collect())
        }
        Json::Array(items) => items.iter().map(|item| present(item, redacted)).collect(),
        plain => plain.clone(),
    }
}

/// The test, as it passes.
fn written(arguments: &Arguments, draft: &Draft) -> Result<String, Failure> {
    let file = &arguments.place.file;
    let pipeline = text::read(file)?;
    let first = checked(arguments, &pipeline, &draft.block("expect posted", ""))?;
    let rows = match first.program {
        Some(program) => rows(program, arguments)?,
        None => String::new(),
    };
    let second = checked(arguments, &pipeline, &draft.block("expect posted", &rows))?;
    let tried = second.program.as_ref().and_then(|program| Some(program.try_out(program.tests().last()?)));
    Ok(draft.block(&tried.map_or("expect posted".to_owned(), |tried| bless::expect(&tried, "  ", "\n")), &rows))
}

impl Draft {
    fn block(&self, expect: &str, rows: &str) -> String {
        let name = quoted(&self.name).unwrap_or_else(|| "\"a captured record\"".to_owned());
        format!("test {name} {{\n  flow {}\n  given json \"{}\"\n{rows}  {expect}\n}}\n", self.flow, self.fixture)
    }
}

/// The pipeline with the test behind it.
fn checked(arguments: &Arguments, pipeline: &str, block: &str) -> Result<Checked, Failure> {
    let text = format!("{pipeline}\n{block}").into();
    let checked = compose::check_text(&arguments.place.file, text, &arguments.vars.vars)?;
    if checked.program.is_some() {
        return Ok(checked);
    }
    note(&diag::render(&checked.diagnostics, &checked.sources, style(terminal::stderr_is_terminal())));
    Err(Failure::wrong("the record does not fit the pipeline any more", "capture one that a newer run has read"))
}

/// A `with` for each row that the record asks for.
fn rows(program: Program, arguments: &Arguments) -> Result<String, Failure> {
    let asks = program.tests().last().is_some_and(|test| !asked(&program, test, &[]).is_empty());
    if !asks {
        return Ok(String::new());
    }
    let wish = Wish { place: &arguments.place, seed: None, faults: "", plan: true };
    let ready = compose::open(program, &wish, Arc::new(Counter::default()))?;
    let found = super::block_on(find(&ready))?;
    let mut text = String::new();
    for (id, record) in &found {
        with(&ready.setup.program, *id, record, &mut text);
    }
    Ok(text)
}

/// What the record asks of lookups whose rows a run reads from a resource.
fn asked(program: &Program, test: &Test, rows: &[(LookupId, Record)]) -> Vec<(LookupId, Vec<Value>)> {
    let read = |id: LookupId| program.lookups().get(id.0).is_some_and(|lookup| lookup.resource.is_some());
    program.misses(test, rows).into_iter().filter(|(id, _)| read(*id)).collect()
}

/// Reads rows until the record asks for none that is there.
async fn find(ready: &Ready) -> Result<Vec<(LookupId, Record)>, Failure> {
    let program = &ready.setup.program;
    let Some(test) = program.tests().last() else { return Ok(Vec::new()) };
    let mut read: HashMap<usize, Vec<Record>> = HashMap::new();
    let mut rows: Vec<(LookupId, Record)> = Vec::new();
    let mut before = usize::MAX;
    while rows.len() != before && rows.len() < MOST_ROWS {
        before = rows.len();
        for (id, inputs) in asked(program, test, &rows) {
            let records = match read.entry(id.0) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(everything(ready, id).await?),
            };
            let fitting = records.iter().filter(|record| fits(program, id, record, &inputs));
            for record in fitting {
                if !rows.iter().any(|(other, known)| *other == id && known == record) {
                    rows.push((id, record.clone()));
                }
            }
        }
    }
    Ok(rows)
}

fn fits(program: &Program, id: LookupId, record: &Record, inputs: &[Value]) -> bool {
    let Some(resource) = program.lookups().get(id.0).and_then(|lookup| lookup.resource.as_ref()) else { return false };
    resource
        .inputs
        .iter()
        .zip(inputs)
        .all(|(name, input)| record.get(name).is_some_and(|value| value.to_string() == input.to_string()))
}

/// All records of a lookup's resource; of one that is kept scope by scope, those of all
/// scopes that the pipeline wants.
async fn everything(ready: &Ready, id: LookupId) -> Result<Vec<Record>, Failure> {
    let program = &ready.setup.program;
    let resource = program.lookups().get(id.0).and_then(|lookup| lookup.resource.as_ref());
    let Some(resource) = resource else { return Ok(Vec::new()) };
    let Some(scope) = &resource.scope else {
        return list(ready, &resource.connection, Fetch::all(&*resource.resource)).await;
    };
    let tables = Tables::new(program);
    let mut records = Vec::new();
    for of in list(ready, &resource.connection, Fetch::all(&*scope.resource)).await? {
        let Some(value) = of.get(&scope.field).filter(|value| !value.is_null()) else { continue };
        if program.lookup_wants(&tables, id, &of) {
            let request = Fetch { scope: Some(value.clone()), ..Fetch::all(&*resource.resource) };
            let rows = list(ready, &resource.connection, request).await?;
            records.extend(rows.iter().map(|row| scope.carried(row, &of)));
        }
    }
    Ok(records)
}

async fn list(ready: &Ready, connection: &str, mut request: Fetch) -> Result<Vec<Record>, Failure> {
    let Some(open) = ready.setup.connections.get(connection) else { return Ok(Vec::new()) };
    let mut records = Vec::new();
    loop {
        let page = open.fetch(&request).await.map_err(|error| {
            Failure::world(
                format!("the rows of {connection}.{} could not be read: {error}", request.resource),
                error.mend.clone(),
            )
        })?;
        records.extend(page.records.into_iter().filter_map(Result::ok));
        if page.next.is_none() || page.next == request.page {
            return Ok(records);
        }
        request.page = page.next;
    }
}

/// `with vendor(101) => { name = "Ash Concrete" }`
fn with(program: &Program, id: LookupId, record: &Record, text: &mut String) {
    let Some(lookup) = program.lookups().get(id.0) else { return };
    let Some(resource) = &lookup.resource else { return };
    let inputs = resource.inputs.iter().filter_map(|name| literal(record.get(name)?));
    let outputs = resource.outputs.iter().filter_map(|name| Some(format!("{name} = {}", literal(record.get(name)?)?)));
    let _ = writeln!(
        text,
        "  with {}({}) => {{ {} }}",
        lookup.name,
        inputs.collect::<Vec<_>>().join(", "),
        outputs.collect::<Vec<_>>().join("  ")
    );
}
