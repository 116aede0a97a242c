//! A damaged database put in order, as far as that loses nothing; and what would be lost
//! otherwise.
//!
//! The damaged one is never opened: a copy is, without the snapshot that the database keeps
//! of itself and which a hard stop may have torn. What can be read there in full, and what
//! the head file knows, is written into a new database, which takes its place; the damaged
//! one is set aside. Invariant: nothing that is left out is left out in silence.

use super::rewrite::{Fresh, free_name, set_aside};
use super::{Shelf, SledStore, databases};
use crate::store::head_file::{FIRST, HeadFile, Known, check_format, damaged};
use crate::store::lock::Lock;
use crate::store::migration::{self, STEPS};
use crate::store::{Actor, AuditEntry, Event, EventKind, Head, StoreError, StoreErrorKind, disk, keys};
use crate::value::Timestamp;
use serde_json::json;
use std::path::{Path, PathBuf};

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repaired {
    /// There was nothing to do.
    Good(Head),
    Done {
        /// The newest entry of the log that was there.
        kept: Head,
        loss: Loss,
        /// Where the damaged one lies now.
        aside: PathBuf,
    },
    /// It would lose something, and was not told that it may. Nothing was changed.
    WouldLose { kept: Head, loss: Loss },
}

/// What is not there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    Nothing,
    /// The newest entries of the log, and what was written with them.
    Newest(u64),
    /// The head file is gone, so nobody knows.
    Unknown,
}

impl SledStore {
    /// Repairs the store in the folder; one that would lose something only with `accept_loss`.
    /// Without `now` it is the time of the newest entry of the log.
    pub fn repair(folder: &Path, accept_loss: bool, now: Option<Timestamp>, by: Actor) -> Result<Repaired, StoreError> {
        let _lock = Lock::take(folder)?;
        if folder.join("restoring").exists() {
            return Err(damaged(folder, "a backup was being restored into it, and that did not come to its end"));
        }
        let known = HeadFile::new(folder).read()?;
        let db = database(folder, known.as_ref())?;
        if let Some(known) = &known
            && let Ok(copy) = Copy::of(folder, &db, true)
            && let Ok(head) = copy.shelf()?.guard(&known.head).and_then(|_| copy.shelf()?.prove())
        {
            return Ok(Repaired::Good(head));
        }
        let copy = Copy::of(folder, &db, false)?;
        let shelf = copy.shelf()?;
        if !shelf.db.was_recovered() {
            return Err(beyond(folder, "nothing of it is left"));
        }
        // A database is told its format when all else is in it: without that, more may be missing.
        let format = shelf.format().map_err(|error| beyond(folder, &error.message))?;
        check_format(format, folder)?;
        let kept = shelf.prove().map_err(|error| beyond(folder, &error.message))?;
        let loss = loss(folder, shelf, &kept, known.as_ref())?;
        if loss != Loss::Nothing && !accept_loss {
            return Ok(Repaired::WouldLose { kept, loss });
        }
        let mut fresh = Fresh::begin(folder)?;
        shelf.rows(|row| migration::lift(row, format, STEPS)?.map_or(Ok(()), |row| fresh.put(&row)))?;
        drop(copy);
        let aside = set_aside(folder, fresh.name())?;
        let now = now.map_or_else(|| fresh.latest(&kept), Ok)?;
        let event = told(&kept, loss, known.as_ref(), now);
        fresh.take_place(kept.clone(), vec![event], by)?;
        Ok(Repaired::Done { kept, loss, aside })
    }
}

/// The database that the head file names; without one, the only one that there is.
fn database(folder: &Path, known: Option<&Known>) -> Result<String, StoreError> {
    let names = databases(folder)?;
    let wanted = match (known, names.as_slice()) {
        (Some(known), _) => known.db.clone(),
        (None, [only]) => only.clone(),
        (None, _) => FIRST.to_owned(),
    };
    if names.contains(&wanted) {
        Ok(wanted)
    } else {
        Err(beyond(folder, &format!("its database, {wanted}, is missing")))
    }
}

/// What the head file knows and the database has not.
fn loss(folder: &Path, shelf: &Shelf, kept: &Head, known: Option<&Known>) -> Result<Loss, StoreError> {
    let Some(Known { head: known, .. }) = known else { return Ok(Loss::Unknown) };
    if kept.number < known.number {
        return Ok(Loss::Newest(known.number - kept.number));
    }
    let entry: Option<AuditEntry> = shelf.find(&shelf.trees.audit, &keys::audit(known.number))?;
    match entry {
        Some(entry) if entry.hash == known.hash => Ok(Loss::Nothing),
        _ => Err(beyond(folder, &format!("audit entry {} is not the one that the head file knows", known.number))),
    }
}

fn told(kept: &Head, loss: Loss, known: Option<&Known>, now: Timestamp) -> Event {
    let lost = match loss {
        Loss::Nothing => json!(0),
        Loss::Newest(entries) => json!(entries),
        Loss::Unknown => json!("unknown"),
    };
    let detail = json!({ "kept": kept, "known": known.map(|known| &known.head), "lost_entries": lost });
    Event { at: now, run: String::new(), kind: EventKind::StoreRepaired, record: None, detail }
}

fn beyond(folder: &Path, why: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Damaged,
        format!("the state in {} cannot be repaired: {why}", folder.display()),
        "`mlc restore` puts back a backup. Without one, copy the whole folder away and start with an empty one: \
         records that were posted before are found by their key",
    )
}

/// A copy of a database, open; gone when it is dropped.
struct Copy {
    shelf: Option<Shelf>,
    path: PathBuf,
    folder: PathBuf,
}

impl Copy {
    fn of(folder: &Path, db: &str, with_snapshot: bool) -> Result<Self, StoreError> {
        let name = free_name(folder)?;
        let path = folder.join(&name);
        let mut copy = Self { shelf: None, path: path.clone(), folder: folder.to_owned() };
        disk::copy_folder(&folder.join(db), &path)?;
        if !with_snapshot {
            remove_snapshots(&path)?;
        }
        copy.shelf = Some(Shelf::open(folder, &name)?);
        Ok(copy)
    }

    fn shelf(&self) -> Result<&Shelf, StoreError> {
        self.shelf.as_ref().ok_or_else(|| beyond(&self.folder, "the copy is closed"))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.shelf = None;
        // One that stays behind is removed with the next change.
        let _ = disk::remove_folder(&self.path);
    }
}

/// Of the database they are only a short cut: all of it stands in its log.
fn remove_snapshots(db: &Path) -> Result<(), StoreError> {
    let entries = std::fs::read_dir(db).map_err(|error| disk::refused("read", db, &error))?;
    let names = entries.flatten().map(|entry| entry.path());
    let mut snapshots =
        names.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snap")));
    snapshots.try_for_each(|path| disk::remove(&path))
}
