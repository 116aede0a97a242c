//! Files that only their owner may read: keys, the vault, and what was seen of it.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;

/// No file of this kind is larger: 4 MiB.
const LARGEST: u64 = 4 << 20;

/// What others may do with it, as its mode says; `None` if nothing.
#[cfg(unix)]
pub fn open_to_others(path: &Path) -> std::io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    // What systemd hands to a service of a user of its own is read by an access list, which shows
    // as a right of the group; the folder lets in nobody else.
    let handed = std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| path.starts_with(folder));
    let bad = if handed { 0o037 } else { 0o077 };
    Ok((mode & bad != 0).then_some(mode))
}

#[cfg(not(unix))]
pub fn open_to_others(_: &Path) -> std::io::Result<Option<u32>> {
    Ok(None)
}

pub fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(std::io::Error::other(format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    Ok(bytes)
}

/// Writes a file that is not there yet, readable by its owner only.
pub fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = private().create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Puts the bytes in place of the file: on the disk before they take its name.
pub fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = Path::new(&draft);
    // What a crash left behind may have another mode.
    let _ = fs::remove_file(draft);
    let written = write_new(draft, bytes).and_then(|()| fs::rename(draft, path)).and_then(|()| sync_folder(path));
    if written.is_err() {
        // The old file is whole; the new one is of no use to anybody.
        let _ = fs::remove_file(draft);
    }
    written
}

/// The folders that it lies in; new ones are for the owner only.
pub fn make_folder(path: &Path) -> std::io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn private() -> fs::OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A new name is only kept once its folder is on the disk.
#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}
