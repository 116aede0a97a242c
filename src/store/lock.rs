//! One process a store: a locked file in its folder, and beside it who holds it.
//!
//! The operating system gives the lock back when the process ends, however it ends.

use super::{StoreError, StoreErrorKind, disk};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// The right to the folder, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    /// Holds the lock as long as it is open.
    _file: File,
    /// Names the holder to those who come later; the lock file itself cannot be read on
    /// every system while it is locked.
    holder: PathBuf,
}

impl Lock {
    /// Takes the folder, which must exist.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        let (path, holder) = (folder.join("lock"), folder.join("holder"));
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let file = file.map_err(|error| disk::refused("open", &path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(folder)),
            Err(TryLockError::Error(error)) => return Err(disk::refused("lock", &path, &error)),
        }
        fs::write(&holder, std::process::id().to_string()).map_err(|error| disk::refused("write", &holder, &error))?;
        Ok(Self { _file: file, holder })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A holder file that stays behind does no harm: the next holder overwrites it.
        let _ = fs::remove_file(&self.holder);
    }
}

/// The sentence for a folder that another process holds.
pub fn in_use(folder: &Path) -> StoreError {
    let pid = fs::read_to_string(folder.join("holder")).ok();
    let pid = pid.as_deref().map(str::trim).filter(|pid| !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()));
    let who = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    StoreError::new(
        StoreErrorKind::InUse,
        format!("the state in {} is in use by {who}", folder.display()),
        "wait until it has ended, or stop it: a run that is stopped goes on where it was",
    )
}

#[cfg(test)]
mod tests {
    use super::Lock;
    use crate::store::StoreErrorKind;

    #[test]
    fn the_second_is_refused_and_told_who_holds_it() {
        let folder = tempfile::tempdir().expect("folder");
        let lock = Lock::take(folder.path()).expect("free");
        let error = Lock::take(folder.path()).expect_err("held");
        assert_eq!(error.kind, StoreErrorKind::InUse);
        assert!(error.message.contains(&format!("process {}", std::process::id())), "{}", error.message);
        assert!(error.message.contains(&folder.path().display().to_string()), "{}", error.message);
        drop(lock);
        Lock::take(folder.path()).expect("free again");
    }
}
