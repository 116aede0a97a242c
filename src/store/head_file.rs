//! `head.json`: what the database must hold at least, kept outside of it.
//!
//! A damaged database can open as an empty one. The head file is written after each
//! group of commits and before they are acknowledged, so a database that is behind it
//! has lost something; one that is ahead of it was stopped in between.

use super::{Head, StoreError, StoreErrorKind, disk};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The layout of a store's folder. A later release may read an earlier one, never the other way.
///
/// | format | what changed |
/// | --- | --- |
/// | 1 | the first |
/// | 2 | the head file names the folder of its database, so that another can take its place in one step |
pub const FORMAT: u32 = 2;

/// The database of format 1, and the first one of every store.
pub const FIRST: &str = "db";

#[derive(Debug)]
pub struct HeadFile {
    path: PathBuf,
}

/// What a head file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub format: u32,
    pub head: Head,
    /// The name of the database's folder.
    pub db: String,
}

#[derive(Serialize, Deserialize)]
struct Content {
    format: u32,
    number: u64,
    hash: String,
    #[serde(default = "first")]
    db: String,
}

fn first() -> String {
    FIRST.to_owned()
}

/// Whether a folder of this name beside the head file is a database: `db`, `db-2`, …
pub fn names_database(name: &str) -> bool {
    let number = name.strip_prefix("db-").unwrap_or("1");
    name == FIRST || (name.starts_with("db-") && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Of any release: the format is read before anything else is believed.
#[derive(Deserialize)]
struct Outline {
    format: u32,
}

impl HeadFile {
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join("head.json") }
    }

    /// What the file says; `None` if there is none.
    pub fn read(&self) -> Result<Option<Known>, StoreError> {
        let Some(bytes) = disk::read(&self.path)? else { return Ok(None) };
        let outline: Outline = serde_json::from_slice(&bytes).map_err(|error| self.unreadable(&error))?;
        check_format(outline.format, &self.path)?;
        let content: Content = serde_json::from_slice(&bytes).map_err(|error| self.unreadable(&error))?;
        if !names_database(&content.db) {
            return Err(damaged(&self.path, &format!("the head file names {:?} as its database", content.db)));
        }
        let head = Head { number: content.number, hash: content.hash };
        Ok(Some(Known { format: content.format, head, db: content.db }))
    }

    /// On disk when it returns: from here on the database of this name is the store's.
    pub fn write(&self, head: &Head, db: &str) -> Result<(), StoreError> {
        let content = Content { format: FORMAT, number: head.number, hash: head.hash.clone(), db: db.to_owned() };
        let mut bytes = serde_json::to_vec(&content).expect("numbers and text");
        bytes.push(b'\n');
        disk::replace(&self.path, &bytes)
    }

    fn unreadable(&self, error: &serde_json::Error) -> StoreError {
        damaged(&self.path, &format!("the head file is not readable ({error})"))
    }
}

/// Refuses what a later release wrote.
pub fn check_format(format: u32, path: &Path) -> Result<(), StoreError> {
    if format <= FORMAT {
        return Ok(());
    }
    Err(StoreError::new(
        StoreErrorKind::Format,
        format!("{} was written by a later release (format {format}, this one knows {FORMAT})", path.display()),
        "use that release or a later one",
    ))
}

/// The sentence for a store that is not what was written.
pub fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Damaged,
        format!("the state in {} is damaged: {what}", path.display()),
        "copy the whole folder away, then try `mlc state repair`; if that does not help, `mlc restore` puts back a \
         backup. Without one, start with an empty folder: records that were posted before are found by their key",
    )
}

#[cfg(test)]
mod tests {
    use super::{HeadFile, Known, names_database};
    use crate::store::{Head, StoreErrorKind};

    #[test]
    fn it_reads_what_it_wrote_and_refuses_the_rest() {
        let folder = tempfile::tempdir().expect("folder");
        let file = HeadFile::new(folder.path());
        assert_eq!(file.read().expect("none"), None);
        let head = Head { number: 7, hash: "ab".to_owned() };
        file.write(&head, "db-3").expect("write");
        assert_eq!(file.read().expect("read"), Some(Known { format: 2, head: head.clone(), db: "db-3".to_owned() }));
        let path = folder.path().join("head.json");
        std::fs::write(&path, r#"{"format":1,"num"#).expect("write");
        assert_eq!(file.read().expect_err("torn").kind, StoreErrorKind::Damaged);
        std::fs::write(&path, r#"{"format":1,"number":7,"hash":"ab"}"#).expect("write");
        assert_eq!(file.read().expect("format 1"), Some(Known { format: 1, head, db: "db".to_owned() }));
        std::fs::write(&path, r#"{"format":2,"number":7,"hash":"ab","db":"../db"}"#).expect("write");
        assert_eq!(file.read().expect_err("elsewhere").kind, StoreErrorKind::Damaged);
        std::fs::write(&path, r#"{"format":3,"heads":[]}"#).expect("write");
        let error = file.read().expect_err("later");
        assert_eq!(error.kind, StoreErrorKind::Format);
        assert!(error.message.contains("later release"), "{}", error.message);
    }

    #[test]
    fn a_database_is_told_by_its_name() {
        assert!(["db", "db-2", "db-17"].into_iter().all(names_database));
        assert!(!["db-", "db-2x", "db2", "", "blobs", "db-2.new"].into_iter().any(names_database));
    }
}
