//! `mlc audit export --pack`: a ZIP archive that proves itself, for somebody who has
//! neither the state nor `mlc`.
//!
//! Records keep their whole story: whatever is selected, all events of the records that it
//! touches are in the pack, and the hash of every other event of the log.

use super::export::{line, nothing};
use super::selection::Selection;
use super::totals::totals;
use crate::cli::actor::actor;
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::screen::{GOOD, count, say};
use crate::cli::state::State;
use crate::host::{self, write_new};
use crate::store::payload::named_in;
use crate::store::{AuditEntry, Head, RecordEntry, RecordId, StoreError, audit};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write as _};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const PAGE: &str = include_str!("verify.html");
const README: &str = include_str!("readme.txt");

/// The pack's form; a later one has another number.
const FORM: &str = "mlc evidence pack 1";

pub fn write(state: &State, selection: &Selection, path: &Path) -> Outcome {
    let verified = audit::verify_store(state.store());
    let head = verified.map_err(|error| match error {
        audit::VerifyError::Store(error) => error.into(),
        audit::VerifyError::Fault(fault) => super::broken(&fault.to_string()),
    })?;
    let touched = Touched::by(state, selection)?;
    let story = Story::of(state, &touched)?;
    if story.whole == 0 {
        return Err(nothing(selection));
    }
    let records: Vec<RecordEntry> =
        state.store().records(None)?.into_iter().filter(|entry| touched.records.contains(&entry.id)).collect();
    let mut files = vec![
        ("README.txt".to_owned(), README.as_bytes().to_vec()),
        ("verify.html".to_owned(), PAGE.as_bytes().to_vec()),
        ("records.json".to_owned(), pretty(&json!(records))),
        ("events.ndjson".to_owned(), story.lines.clone().into_bytes()),
    ];
    files.extend(story.payloads.iter().map(|(name, bytes)| (format!("payloads/{name}"), bytes.clone())));
    let manifest = pretty(&manifest(state, selection, &head, &story, &records, &files));
    let seal = audit::sha256(&manifest);
    files.push(("manifest.json".to_owned(), manifest));
    files.push(("manifest.sha256".to_owned(), format!("{seal}  manifest.json\n").into_bytes()));
    write_new(path, zipped(&files)?)
        .map_err(|sentence| Failure::world(sentence, "name a file that is not there yet: --pack FILE.zip"))?;
    say(&format!(
        "{GOOD}packed{GOOD:#}: {} with {}, {} and the hashes of all {}\n{}\nmanifest {seal}\nWrite that line down \
         apart from the pack: who has it can tell this pack from any other.\n",
        count(records.len() as u64, "record", "records"),
        count(story.whole, "event", "events"),
        count(story.payloads.len() as u64, "payload", "payloads"),
        count(head.number, "entry", "entries"),
        path.display(),
    ))?;
    Ok(Exit::Well)
}

/// What a selection touches.
struct Touched {
    records: BTreeSet<RecordId>,
    /// Their runs, and those that were selected themselves.
    runs: BTreeSet<String>,
}

impl Touched {
    fn by(state: &State, selection: &Selection) -> Result<Self, Failure> {
        let mut touched = Self { records: BTreeSet::new(), runs: BTreeSet::new() };
        audit::walk(state.store(), |entry| {
            if selection.takes(&entry) {
                touched.records.extend(entry.event.record);
                touched.runs.insert(entry.event.run);
            }
            Ok::<(), StoreError>(())
        })?;
        Ok(touched)
    }

    fn takes(&self, entry: &AuditEntry) -> bool {
        match &entry.event.record {
            Some(record) => self.records.contains(record),
            None => self.runs.contains(&entry.event.run),
        }
    }
}

/// The log as the pack tells it.
struct Story {
    lines: String,
    /// How many entries stand there whole.
    whole: u64,
    payloads: BTreeMap<String, Vec<u8>>,
    /// Payloads that are no longer kept.
    gone: BTreeSet<String>,
    last: String,
}

impl Story {
    fn of(state: &State, touched: &Touched) -> Result<Self, Failure> {
        let mut story = Self {
            lines: String::new(),
            whole: 0,
            payloads: BTreeMap::new(),
            gone: BTreeSet::new(),
            last: String::new(),
        };
        audit::walk(state.store(), |entry| {
            let whole = touched.takes(&entry);
            story.lines.push_str(&line(&entry, whole));
            story.last = entry.event.at.to_string();
            if whole {
                story.whole += 1;
                for named in named_in(&entry.event.detail) {
                    match state.store().payload(&named.name)? {
                        Some(bytes) => drop(story.payloads.insert(named.name, bytes)),
                        None => drop(story.gone.insert(named.name)),
                    }
                }
            }
            Ok::<(), StoreError>(())
        })?;
        Ok(story)
    }
}

fn manifest(
    state: &State,
    selection: &Selection,
    head: &Head,
    story: &Story,
    records: &[RecordEntry],
    files: &[(String, Vec<u8>)],
) -> Value {
    let listed =
        |(name, bytes): &(String, Vec<u8>)| json!({"name": name, "bytes": bytes.len(), "sha256": audit::sha256(bytes)});
    json!({
        "form": FORM,
        "pipeline": state.identity.name,
        "sandbox": state.identity.sandbox,
        "made_at": host::world().clock.now(),
        "made_by": actor(),
        "made_with": concat!("mlc ", env!("CARGO_PKG_VERSION")),
        "selection": selection.words(),
        "head": { "number": head.number, "hash": head.hash, "at": story.last },
        "counts": { "entries": head.number, "events": story.whole, "records": records.len(), "payloads": story.payloads.len() },
        "payloads_no_longer_kept": story.gone,
        "totals": totals(records),
        "files": files.iter().map(listed).collect::<Vec<_>>(),
    })
}

fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}

fn zipped(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Failure> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let failed = |error: zip::result::ZipError| {
        Failure::world(format!("the pack cannot be made: {error}"), "select less, such as one month: --period 2026-10")
    };
    for (name, bytes) in files {
        archive.start_file(name.as_str(), options).map_err(failed)?;
        archive.write_all(bytes).map_err(|error| failed(error.into()))?;
    }
    Ok(archive.finish().map_err(failed)?.into_inner())
}
