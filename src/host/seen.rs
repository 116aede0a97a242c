//! Files that were read, and what they were then: by that it is seen when one of them changes.
//!
//! Nothing is read to find out: the file's times, length and number tell. They are taken before
//! the file is read, so that a change in between is seen as one.

use super::files::DiskFiles;
use crate::model::{FileBytes, FileText, Files};
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

/// Files beside a pipeline, and which of them were asked for.
pub struct SeenFiles {
    files: DiskFiles,
    seen: Mutex<BTreeMap<PathBuf, String>>,
}

/// Files that were asked for, also those that are not there, and what they were.
#[derive(Clone, Debug, Default)]
pub struct Seen(BTreeMap<PathBuf, String>);

impl SeenFiles {
    /// Starts where the pipeline file lies, and with that file.
    pub fn beside(pipeline: &Path) -> Self {
        let seen = Self { files: DiskFiles::beside(pipeline), seen: Mutex::default() };
        seen.note(pipeline.to_owned());
        seen
    }

    pub fn seen(&self) -> Seen {
        Seen(self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// What a file was when it was asked for first counts.
    fn note(&self, path: PathBuf) {
        let stamp = stamp(&path);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).entry(path).or_insert(stamp);
    }
}

impl Seen {
    /// What they were.
    pub fn taken(&self) -> String {
        self.0.iter().map(|(path, stamp)| format!("{} {stamp}\n", path.display())).collect()
    }

    /// What they are: the same text when none of them is another.
    pub fn look(&self) -> String {
        self.0.keys().map(|path| format!("{} {}\n", path.display(), stamp(path))).collect()
    }
}

impl Files for SeenFiles {
    fn read(&self, path: &str) -> Result<FileText, String> {
        self.note(self.files.place(path));
        self.files.read(path)
    }

    fn bytes(&self, path: &str) -> Result<FileBytes, String> {
        self.note(self.files.place(path));
        self.files.bytes(path)
    }
}

fn stamp(path: &Path) -> String {
    let Ok(metadata) = fs::metadata(path) else { return "is not there".to_owned() };
    let changed = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{} {} {}", metadata.len(), changed.as_nanos(), number(&metadata))
}

/// Also a file that was given another's time and length is another one.
#[cfg(unix)]
fn number(metadata: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    format!("{} {}.{}", metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> String {
    String::new()
}

#[cfg(test)]
mod tests {
    use super::SeenFiles;
    use crate::model::Files;
    use std::fs;

    #[test]
    fn a_change_of_any_file_that_was_read_is_seen() {
        let folder = tempfile::tempdir().expect("folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.mlc"), "one").expect("write");
        fs::write(at("b.csv"), "two").expect("write");
        let files = SeenFiles::beside(&at("a.mlc"));
        assert!(files.read("b.csv").is_ok() && files.bytes("c.xlsx").is_err());
        let seen = files.seen();
        assert_eq!(seen.look(), seen.taken());
        fs::write(at("d.csv"), "nobody asked for it").expect("write");
        assert_eq!(seen.look(), seen.taken());
        for (name, text) in [("c.xlsx", "it is there now"), ("b.csv", "six"), ("a.mlc", "seven")] {
            let before = seen.look();
            fs::write(at(name), text).expect("write");
            assert_ne!(seen.look(), before, "{name}");
        }
    }
}
