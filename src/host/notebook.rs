//! Notes on the disk.

use crate::world::Notebook;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// No note is longer: what a server notes of its own is a few kilobytes.
const LARGEST: u64 = 4 << 20;

/// Each note a file of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskNotebook;

impl Notebook for DiskNotebook {
    fn read(&self, place: &Path) -> Result<Option<String>, String> {
        let refused = |what: &str| format!("{} cannot be read: {what}", place.display());
        match fs::metadata(place) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(&error.to_string())),
            Ok(metadata) if metadata.len() > LARGEST => return Err(refused("it is longer than any note")),
            Ok(_) => {}
        }
        fs::read_to_string(place).map(Some).map_err(|error| refused(&error.to_string()))
    }

    fn write(&self, place: &Path, text: &str) -> Result<(), String> {
        let draft = place.with_extension("new");
        let written = File::create(&draft).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        let kept = written.and_then(|()| fs::rename(&draft, place));
        kept.map_err(|error| format!("{} cannot be written: {error}", place.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::DiskNotebook;
    use crate::world::Notebook as _;

    #[test]
    fn what_is_noted_is_read_again_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("notices.json");
        assert_eq!(DiskNotebook.read(&place), Ok(None));
        DiskNotebook.write(&place, "one").expect("written");
        DiskNotebook.write(&place, "two").expect("written again");
        assert_eq!(DiskNotebook.read(&place), Ok(Some("two".to_owned())));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
        assert!(DiskNotebook.write(&folder.path().join("no/such"), "three").is_err());
    }
}
