//! A file written anew: whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Puts a text in place of a file's content. A reader sees the old text or the new one,
/// whatever happens on the way; the file keeps its permissions, and a link stays a link.
pub fn replace_text(path: &Path, text: &str) -> Result<(), String> {
    let written = fs::canonicalize(path).and_then(|target| replace(&target, text));
    written.map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

fn replace(target: &Path, text: &str) -> io::Result<()> {
    let permissions = fs::metadata(target)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is write-protected"));
    }
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let draft = target.with_file_name(name);
    let written = write(&draft, text, permissions).and_then(|()| fs::rename(&draft, target));
    if written.is_err() {
        // What matters is said already; a draft that cannot be removed harms nobody.
        let _ = fs::remove_file(&draft);
    }
    written
}

fn write(draft: &Path, text: &str, permissions: fs::Permissions) -> io::Result<()> {
    let mut file = File::create(draft)?;
    file.set_permissions(permissions)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::replace_text;
    use std::fs;

    #[test]
    fn only_the_text_changes() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.mlc");
        fs::write(&path, "old").expect("write");
        #[cfg(unix)]
        {
            use std::os::unix::fs::{PermissionsExt as _, symlink};
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("permissions");
            symlink(&path, folder.path().join("link")).expect("link");
            replace_text(&folder.path().join("link"), "new").expect("written");
            assert!(fs::symlink_metadata(folder.path().join("link")).expect("link").is_symlink());
            assert_eq!(fs::metadata(&path).expect("file").permissions().mode() & 0o777, 0o640);
        }
        replace_text(&path, "newer").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("text"), "newer");
        let left = fs::read_dir(folder.path()).expect("folder").filter_map(Result::ok);
        assert!(left.map(|entry| entry.file_name()).all(|name| name == "a.mlc" || name == "link"));
    }

    #[test]
    fn what_cannot_be_written_stays() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.mlc");
        fs::write(&path, "old").expect("write");
        let mut permissions = fs::metadata(&path).expect("file").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).expect("permissions");
        assert!(replace_text(&path, "new").expect_err("refused").contains("write-protected"));
        assert!(replace_text(&folder.path().join("none"), "new").is_err());
        assert_eq!(fs::read_to_string(&path).expect("text"), "old");
    }
}
