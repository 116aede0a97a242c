//! `head.json`: what the database must hold at least, kept outside of it.
//!
//! A damaged database can open as an empty one. The head file is written after each
//! group of commits and before they are acknowledged, so a database that is behind it
//! has lost something; one that is ahead of it was stopped in between.

use super::{Head, StoreError, StoreErrorKind, disk};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The layout of a store's folder. A later release may read an earlier one, never the other way.
pub const FORMAT: u32 = 1;

#[derive(Debug)]
pub struct HeadFile {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Content {
    format: u32,
    number: u64,
    hash: String,
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
    pub fn read(&self) -> Result<Option<Head>, StoreError> {
        let Some(bytes) = disk::read(&self.path)? else { return Ok(None) };
        let outline: Outline = serde_json::from_slice(&bytes).map_err(|error| self.unreadable(&error))?;
        check_format(outline.format, &self.path)?;
        let content: Content = serde_json::from_slice(&bytes).map_err(|error| self.unreadable(&error))?;
        Ok(Some(Head { number: content.number, hash: content.hash }))
    }

    /// On disk when it returns.
    pub fn write(&self, head: &Head) -> Result<(), StoreError> {
        let content = Content { format: FORMAT, number: head.number, hash: head.hash.clone() };
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
        "copy the whole folder away, then put back the last good copy of all of it; if there is none, start with an \
         empty folder: records that were posted before are found by their key",
    )
}

#[cfg(test)]
mod tests {
    use super::HeadFile;
    use crate::store::{Head, StoreErrorKind};

    #[test]
    fn it_reads_what_it_wrote_and_refuses_the_rest() {
        let folder = tempfile::tempdir().expect("folder");
        let file = HeadFile::new(folder.path());
        assert_eq!(file.read().expect("none"), None);
        let head = Head { number: 7, hash: "ab".to_owned() };
        file.write(&head).expect("write");
        assert_eq!(file.read().expect("read"), Some(head));
        let path = folder.path().join("head.json");
        std::fs::write(&path, r#"{"format":1,"num"#).expect("write");
        assert_eq!(file.read().expect_err("torn").kind, StoreErrorKind::Damaged);
        std::fs::write(&path, r#"{"format":2,"heads":[]}"#).expect("write");
        let error = file.read().expect_err("later");
        assert_eq!(error.kind, StoreErrorKind::Format);
        assert!(error.message.contains("later release"), "{}", error.message);
    }
}
