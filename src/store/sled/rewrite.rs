//! Another database in the place of the one that there is: smaller, of a newer format, or
//! with other rows.
//!
//! It is written beside the old one and compared; then the head file names it, in one step
//! that is done or not done; then the old one goes. Invariant: at every moment the head
//! file names a whole database.

use super::{Held, Shelf, SledGround, databases};
use crate::store::blobs::Blobs;
use crate::store::head_file::{HeadFile, damaged};
use crate::store::migration::{self, STEPS};
use crate::store::portable::Row;
use crate::store::writer::Ground as _;
use crate::store::{Actor, Batch, Event, Head, StoreError, codec, disk};
use crate::value::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Below so many bytes nobody minds how much of them is unused.
const SMALL: u64 = 32 << 20;

/// How many times larger than what it holds a database may be.
const BLOATED: u64 = 3;

/// What a compaction gave back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    pub bytes_before: u64,
    pub bytes_after: u64,
}

impl super::SledStore {
    /// Writes the store in the folder anew, and removes what nothing names any more.
    pub fn compact(folder: &Path) -> Result<Compacted, StoreError> {
        let held = Held::of(folder, Actor::default())?;
        let bytes_before = disk::size(folder);
        let format = held.shelf.format()?;
        drop(held.renewed(format)?);
        Ok(Compacted { bytes_before, bytes_after: disk::size(folder) })
    }
}

impl Held {
    /// The same store in a database of its own size and of the newest format.
    pub(super) fn renewed(self, format: u32) -> Result<Self, StoreError> {
        self.changed(Vec::new(), |row| migration::lift(row, format, STEPS))
    }

    /// The store with its rows changed, and with what is to be said of it.
    pub(super) fn changed(
        self,
        events: Vec<Event>,
        mut change: impl FnMut(Row) -> Result<Option<Row>, StoreError>,
    ) -> Result<Self, StoreError> {
        let folder = self.shelf.folder.clone();
        let mut fresh = Fresh::begin(&folder)?;
        self.shelf.rows(|row| change(row)?.map_or(Ok(()), |row| fresh.put(&row)))?;
        let Self { shelf, head, by, lock } = self;
        drop(shelf);
        let named = fresh.files();
        let (shelf, head) = fresh.take_place(head, events, by.clone())?;
        shelf.blobs.keep_only(&named)?;
        Ok(Self { shelf, head, by, lock })
    }
}

impl Shelf {
    /// Whether most of what it takes on the disk is of no use any more.
    pub(super) fn is_bloated(&self) -> Result<bool, StoreError> {
        let taken = disk::size(&self.folder.join(&self.name));
        Ok(taken > SMALL && taken > BLOATED * self.live_bytes()?)
    }

    pub(super) fn live_bytes(&self) -> Result<u64, StoreError> {
        let mut live = 0;
        self.rows(|row| {
            live += (row.key.len() + row.value.len()) as u64;
            Ok(())
        })?;
        Ok(live)
    }
}

/// A database that is being written. Unless it takes the place of the store's, it goes
/// when it is dropped.
pub(super) struct Fresh {
    /// `None` once it has taken its place.
    shelf: Option<Shelf>,
    folder: PathBuf,
    name: String,
    /// Over what was written; the order does not matter, since a changed key may stand elsewhere.
    sum: Sum,
    files: HashSet<String>,
}

impl Fresh {
    pub(super) fn begin(folder: &Path) -> Result<Self, StoreError> {
        let name = free_name(folder)?;
        let shelf = Shelf::open(folder, &name)?;
        Ok(Self { shelf: Some(shelf), folder: folder.to_owned(), name, sum: Sum::default(), files: HashSet::new() })
    }

    pub(super) fn put(&mut self, row: &Row) -> Result<(), StoreError> {
        self.sum.add(row);
        self.files.extend(codec::file_of(&row.value, row.tree == "records"));
        self.shelf().put(row)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn blobs(&self) -> Blobs {
        self.shelf().blobs.clone()
    }

    /// As [`Shelf::prove`].
    pub(super) fn prove(&self) -> Result<Head, StoreError> {
        self.shelf().prove()
    }

    /// As [`Shelf::latest`].
    pub(super) fn latest(&self, head: &Head) -> Result<Timestamp, StoreError> {
        self.shelf().latest(head)
    }

    /// The files that its rows name.
    fn files(&self) -> HashSet<String> {
        self.files.clone()
    }

    /// Becomes the store's, with `head` and what is said of it. The old one must be closed.
    pub(super) fn take_place(mut self, head: Head, events: Vec<Event>, by: Actor) -> Result<(Shelf, Head), StoreError> {
        self.shelf().say_format()?;
        self.shelf().flush()?;
        let mut sum = Sum::default();
        self.shelf().rows(|row| {
            sum.add(&row);
            Ok(())
        })?;
        if sum != self.sum {
            return Err(damaged(&self.folder, "the disk does not give back what was written to it"));
        }
        let mut ground = SledGround::new(self.shelf().clone(), head.clone(), by);
        let head = if events.is_empty() {
            HeadFile::new(&self.folder).write(&head, &self.name)?;
            head
        } else {
            let head = ground.apply(Batch { operations: Vec::new(), events })?;
            ground.seal()?;
            head
        };
        for name in databases(&self.folder)?.iter().filter(|name| **name != self.name) {
            disk::remove_folder(&self.folder.join(name))?;
        }
        let shelf = self.shelf.take().expect("it takes its place once");
        Ok((shelf, head))
    }

    fn shelf(&self) -> &Shelf {
        self.shelf.as_ref().expect("it has not taken its place yet")
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if self.shelf.take().is_some() {
            // One that stays behind is removed with the next change.
            let _ = disk::remove_folder(&self.folder.join(&self.name));
        }
    }
}

/// A name that no database in the folder has or is known to have had.
pub(super) fn free_name(folder: &Path) -> Result<String, StoreError> {
    let numbers = databases(folder)?;
    let numbers = numbers.iter().map(|name| name.strip_prefix("db-").and_then(|text| text.parse().ok()).unwrap_or(1));
    let known = HeadFile::new(folder).read().ok().flatten();
    let known = known.and_then(|known| known.db.strip_prefix("db-")?.parse().ok()).unwrap_or(1);
    Ok(format!("db-{}", numbers.fold(known, u64::max) + 1))
}

/// Puts what is in the folder beside it, but for the database `fresh`, so that nothing is
/// lost by what takes its place.
pub(super) fn set_aside(folder: &Path, fresh: &str) -> Result<PathBuf, StoreError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let at = |number: u32| folder.with_file_name(format!("{name}.replaced-{number}"));
    let aside = (1..).map(at).find(|path| !path.exists()).expect("numbers do not end");
    link_folder(folder, &aside, &["lock", "holder", "asked", "restoring", fresh])?;
    Ok(aside)
}

/// The same files under another name; copies where the disk cannot do that.
fn link_folder(from: &Path, to: &Path, skipped: &[&str]) -> Result<(), StoreError> {
    disk::make_folder(to)?;
    let entries = fs::read_dir(from).map_err(|error| disk::refused("read", from, &error))?;
    for entry in entries {
        let source = entry.map_err(|error| disk::refused("read", from, &error))?.path();
        let Some(name) = source.file_name() else { continue };
        if skipped.iter().any(|skipped| name == *skipped) {
            continue;
        }
        let target = to.join(name);
        if source.is_dir() {
            link_folder(&source, &target, &[])?;
        } else if fs::hard_link(&source, &target).is_err() {
            fs::copy(&source, &target).map_err(|error| disk::refused("copy", &source, &error))?;
        }
    }
    Ok(())
}

/// A checksum over rows in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    rows: u64,
    sum: u128,
}

impl Sum {
    fn add(&mut self, row: &Row) {
        let mut hash = Sha256::new();
        hash.update(row.tree);
        hash.update((row.key.len() as u64).to_be_bytes());
        hash.update(&row.key);
        hash.update(&row.value);
        let hash: [u8; 32] = hash.finalize().into();
        let half = hash.first_chunk::<16>().expect("sixteen of thirty-two bytes");
        self.rows += 1;
        self.sum = self.sum.wrapping_add(u128::from_be_bytes(*half));
    }
}
