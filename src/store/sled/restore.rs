//! A state out of a file in the place of the one that there is, or where there is none.
//!
//! The rows go into a database beside the old one. Only when the file was whole, its chain
//! closes and all of it can be read again, the head file names the new one. Invariant:
//! whatever stops it, the folder holds the old state, or the new one, or says that it is
//! neither.
//!
//! What was posted after the file was written is not in it. The next run reads the sources
//! from the cursors of then, and asks the other side for the key of each record before it
//! posts it, so that it finds what is there.

use super::rewrite::{Fresh, set_aside};
use super::{SledStore, databases};
use crate::store::audit::Verifier;
use crate::store::head_file::{HeadFile, damaged};
use crate::store::lock::Lock;
use crate::store::migration::{self, STEPS};
use crate::store::portable::{Import, Title};
use crate::store::{Actor, Event, EventKind, Head, StoreError, StoreErrorKind, disk};
use crate::value::Timestamp;
use serde_json::json;
use std::path::{Path, PathBuf};

/// How a state is to be put back.
#[derive(Clone, Debug)]
pub struct Restoring {
    /// A state that is there may be replaced; it is set aside, not removed.
    pub replace: bool,
    pub by: Actor,
    /// When; without it, the time of the newest entry of the log.
    pub now: Option<Timestamp>,
}

/// What was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Of the file.
    pub title: Title,
    /// The newest entry of the log now: the one that tells of the restoring.
    pub head: Head,
    /// What the state that was replaced had come to, where its head file said so.
    pub replaced: Option<Head>,
    /// Where it lies now.
    pub aside: Option<PathBuf>,
}

impl SledStore {
    /// Puts the state of the file into the folder.
    pub fn restore(folder: &Path, file: &Path, how: Restoring) -> Result<Restored, StoreError> {
        let mut import = Import::open(file)?;
        disk::make_folder(folder)?;
        let _lock = Lock::take(folder)?;
        let is_there = Self::is_in(folder);
        if is_there && !how.replace {
            return Err(there_already(folder));
        }
        // A head file that cannot be read is one of the reasons to restore.
        let replaced = HeadFile::new(folder).read().ok().flatten().map(|known| known.head);
        let marker = folder.join("restoring");
        if replaced.is_none() {
            disk::replace(&marker, b"")?;
        }
        let fresh = fill(folder, &mut import).inspect_err(|_| {
            // Nothing was there, and nothing is there now.
            if !is_there {
                let _ = disk::remove(&marker);
            }
        })?;
        let title = import.title().clone();
        let aside = is_there.then(|| set_aside(folder, fresh.name())).transpose()?;
        let now = how.now.map_or_else(|| fresh.latest(&title.head), Ok)?;
        let event = told(&title, replaced.as_ref(), now);
        let (_, head) = fresh.take_place(title.head.clone(), vec![event], how.by)?;
        disk::remove(&marker)?;
        disk::remove(&folder.join("creating"))?;
        Ok(Restored { title, head, replaced, aside })
    }
}

/// A database with what stands in the file, proven to be whole.
fn fill(folder: &Path, import: &mut Import) -> Result<Fresh, StoreError> {
    let mut fresh = Fresh::begin(folder)?;
    let blobs = fresh.blobs();
    let mut verifier = Verifier::default();
    let format = import.title().format;
    while let Some(row) = import.next(Some(&blobs))? {
        if row.tree == "audit" {
            verifier.push(&import.entry(&row)?);
        }
        if let Some(row) = migration::lift(row, format, STEPS)? {
            fresh.put(&row)?;
        }
    }
    verifier.end(Some(&import.title().head)).map_err(|fault| import.spoilt(&fault.message))?;
    let proven = fresh.prove()?;
    if proven != import.title().head {
        return Err(damaged(folder, "the disk does not give back what was written to it"));
    }
    Ok(fresh)
}

fn told(title: &Title, replaced: Option<&Head>, now: Timestamp) -> Event {
    let detail = json!({ "written": title.about.at, "head": title.head, "replaced": replaced });
    Event { at: now, run: String::new(), kind: EventKind::StoreRestored, record: None, detail }
}

fn there_already(folder: &Path) -> StoreError {
    let what = match databases(folder) {
        Ok(names) if names.is_empty() => "what is left of a state",
        _ => "a state",
    };
    StoreError::new(
        StoreErrorKind::InUse,
        format!("there is {what} in {} already", folder.display()),
        "with `--replace` it is set aside, and the backup takes its place",
    )
}
