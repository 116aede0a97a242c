//! Files that must be whole after a crash, and what a disk says when it refuses.

use super::{StoreError, StoreErrorKind};
use std::fs::{self, File};
use std::io::{Error, ErrorKind, Write as _};
use std::path::Path;

/// Puts `bytes` at `path` so that a reader, or the next start, finds the old content or
/// the new one and nothing between. On disk when it returns.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let fresh = Path::new(&name);
    let written = File::create(fresh).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| refused("write", fresh, &error))?;
    fs::rename(fresh, path).map_err(|error| refused("replace", path, &error))?;
    sync_folder(path.parent().unwrap_or(path))
}

/// Gives a file another name in its folder; on disk when it returns.
pub fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|error| refused("rename", from, &error))?;
    sync_folder(to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// Moves a file to where another disk may be.
pub fn carry(from: &Path, to: &Path) -> Result<(), StoreError> {
    if fs::rename(from, to).is_ok() {
        return Ok(());
    }
    let copied = fs::copy(from, to).and_then(|_| File::open(to)?.sync_all());
    copied.map_err(|error| refused("copy", from, &error))?;
    remove(from)
}

/// Removes a file; that it is gone is on disk when this returns. A missing one is fine.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(refused("remove", path, &error)),
        _ => sync_folder(path.parent().unwrap_or(path)),
    }
}

/// Makes the folder and those above it; one that is there is fine.
pub fn make_folder(path: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(path).map_err(|error| refused("make the folder", path, &error))
}

/// The file's content; `None` if there is no such file.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused("read", path, &error)),
    }
}

/// The sentence for a disk that refuses to `act` on `path`.
pub fn refused(act: &str, path: &Path, error: &Error) -> StoreError {
    let (why, hint) = reason(error);
    StoreError::new(StoreErrorKind::Io, format!("cannot {act} {}: {why}", path.display()), hint)
}

fn reason(error: &Error) -> (String, &'static str) {
    let (why, hint) = match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            ("permission denied", "let this user write there, or name another folder for the state")
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            ("the disk is full", "make room and run again: what was settled before is kept")
        }
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            ("a file stands where a folder is needed", "name another folder for the state")
        }
        ErrorKind::IsADirectory => ("a folder stands where a file is needed", "name another folder for the state"),
        _ => return (error.to_string(), "look after the disk and run again: what was settled before is kept"),
    };
    (why.to_owned(), hint)
}

/// A rename or a removal is durable only when its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| refused("write", folder, &error))
}

/// Folders cannot be opened for this on other systems; there the rename itself is durable.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> Result<(), StoreError> {
    Ok(())
}

/// The bytes that the files in a folder take.
pub fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.flatten().map(of).sum()
}

/// Removes a folder with all that is in it. A missing one is fine.
pub fn remove_folder(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(refused("remove", path, &error)),
        _ => Ok(()),
    }
}

/// Copies a folder with all that is in it. What does not outlive a process (the lock, who
/// holds it, and what it was asked for) stays behind.
pub(super) fn copy_folder(from: &Path, to: &Path) -> Result<(), StoreError> {
    make_folder(to)?;
    let entries = fs::read_dir(from).map_err(|error| refused("read", from, &error))?;
    for entry in entries {
        let source = entry.map_err(|error| refused("read", from, &error))?.path();
        let Some(name) = source.file_name() else { continue };
        if name == "lock" || name == "holder" || name == "asked" {
            continue;
        }
        let target = to.join(name);
        if source.is_dir() {
            copy_folder(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(|error| refused("copy", &source, &error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{make_folder, read, remove, replace};
    use crate::store::StoreErrorKind;

    #[test]
    fn a_file_is_replaced_whole_and_removed() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a");
        assert_eq!(read(&path).expect("none"), None);
        replace(&path, b"one").expect("write");
        replace(&path, b"two").expect("write");
        assert_eq!(read(&path).expect("read").as_deref(), Some(&b"two"[..]));
        remove(&path).expect("remove");
        remove(&path).expect("nothing to remove");
        assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 0);
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("state");
        std::fs::write(&path, "").expect("write");
        for place in [path.clone(), path.join("deeper")] {
            let error = make_folder(&place).expect_err("in the way");
            assert_eq!(error.kind, StoreErrorKind::Io);
            assert!(error.message.contains("a file stands where a folder is needed"), "{}", error.message);
            assert!(error.message.contains(&path.display().to_string()), "{}", error.message);
        }
    }
}
