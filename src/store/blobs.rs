//! Large payloads as files named by their content: `blobs/<sha256>`.
//!
//! Invariant: a file under its name is whole, for it is named only after it was written
//! and synced; content that is there already is not written again.

use super::{StoreError, audit, disk, head_file};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Payloads above this many bytes do not go into the database.
pub const LARGE: usize = 32 * 1024;

#[derive(Clone, Debug)]
pub struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    /// Makes the folder if it is missing.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let folder = folder.join("blobs");
        disk::make_folder(&folder)?;
        Ok(Self { folder })
    }

    /// Keeps the bytes and returns their name. On disk when it returns.
    pub fn put(&self, bytes: &[u8]) -> Result<String, StoreError> {
        let name = audit::hex(&Sha256::digest(bytes));
        let path = self.folder.join(&name);
        if !path.exists() {
            disk::replace(&path, bytes)?;
        }
        Ok(name)
    }

    /// Whether there is a file of that name.
    pub fn has(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }

    /// Removes the files that nothing names any more. How many bytes they took.
    pub fn keep_only(&self, named: &HashSet<String>) -> Result<u64, StoreError> {
        let mut freed = 0;
        let entries = std::fs::read_dir(&self.folder).map_err(|error| disk::refused("read", &self.folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| disk::refused("read", &self.folder, &error))?;
            if !named.contains(entry.file_name().to_string_lossy().as_ref()) {
                freed += entry.metadata().map_or(0, |metadata| metadata.len());
                disk::remove(&entry.path())?;
            }
        }
        Ok(freed)
    }

    /// The bytes of that name, checked against it.
    pub fn get(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        let path = self.folder.join(name);
        let bytes = disk::read(&path)?.ok_or_else(|| head_file::damaged(&path, "this payload is missing"))?;
        if audit::hex(&Sha256::digest(&bytes)) != name {
            return Err(head_file::damaged(&path, "this payload was changed"));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::Blobs;
    use crate::store::StoreErrorKind;

    #[test]
    fn content_is_kept_once_and_checked() {
        let folder = tempfile::tempdir().expect("folder");
        let blobs = Blobs::open(folder.path()).expect("open");
        let name = blobs.put(b"a payload").expect("put");
        assert_eq!(blobs.put(b"a payload").expect("put"), name);
        assert_eq!(std::fs::read_dir(folder.path().join("blobs")).expect("list").count(), 1);
        assert_eq!(blobs.get(&name).expect("get"), b"a payload");
        std::fs::write(folder.path().join("blobs").join(&name), "another").expect("write");
        assert_eq!(blobs.get(&name).expect_err("changed").kind, StoreErrorKind::Damaged);
        assert_eq!(blobs.get("00").expect_err("missing").kind, StoreErrorKind::Damaged);
    }
}
