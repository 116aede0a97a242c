//! Files that a pipeline names, read as text or as bytes.
//!
//! Takes a path as the pipeline writes it and hands on UTF-8 text or bytes, or one sentence that
//! says what is wrong with the file. Invariant: no file is read beyond [`LARGEST`].

use crate::model::{FileBytes, FileText, Files};
use crate::vault::{VaultError, VaultErrorKind};
use secrecy::SecretString;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The most bytes that a file may have: 16 MiB.
const LARGEST: u64 = 16 << 20;

/// Files on disk; relative paths start at the pipeline file's folder.
#[derive(Clone, Debug)]
pub struct DiskFiles {
    base: PathBuf,
}

impl DiskFiles {
    /// `base` is the folder of the pipeline file.
    pub fn new(base: impl Into<PathBuf>) -> Self {
        Self { base: base.into() }
    }

    /// Starts where the pipeline file lies.
    pub fn beside(pipeline: &Path) -> Self {
        Self::new(pipeline.parent().unwrap_or(Path::new("")))
    }

    /// Where a path of the pipeline leads.
    pub(super) fn place(&self, path: &str) -> PathBuf {
        self.base.join(path)
    }
}

impl Files for DiskFiles {
    fn read(&self, path: &str) -> Result<FileText, String> {
        let path = self.base.join(path);
        read_text(&path).map(|text| FileText { path, text })
    }

    fn bytes(&self, path: &str) -> Result<FileBytes, String> {
        let path = self.base.join(path);
        read_bytes(&path).map(|bytes| FileBytes { path, bytes })
    }
}

/// The names in a folder beside a pipeline, sorted, hidden ones left out; those of folders
/// end in `/`. Empty where the folder cannot be read.
pub fn names_beside(pipeline: &Path, folder: &str) -> Vec<String> {
    let folder = pipeline.parent().unwrap_or(Path::new("")).join(folder);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let name = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'))?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        Some(if is_folder { format!("{name}/") } else { name })
    };
    let mut names: Vec<String> = entries.flatten().filter_map(name).collect();
    names.sort();
    names
}

/// The file's text without a byte order mark, or what is wrong with it in a sentence.
pub fn read_text(path: &Path) -> Result<Arc<str>, String> {
    as_text(path, &read_bytes(path)?)
}

/// Standard input as text, or what is wrong with it in a sentence.
pub fn read_input() -> Result<Arc<str>, String> {
    let input = Path::new("standard input");
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| refused(input, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("standard input is larger than {} MiB", LARGEST >> 20));
    }
    as_text(input, &bytes)
}

/// The same, for what nobody else may see.
pub fn read_input_secret() -> Result<SecretString, VaultError> {
    let mut text = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().take(LARGEST).read_to_string(&mut text);
    read.map_err(|_| {
        VaultError::new(VaultErrorKind::Unfit, "standard input is not text in UTF-8", "write it again in UTF-8")
    })?;
    Ok(SecretString::from(text.as_str()))
}

fn as_text(path: &Path, bytes: &[u8]) -> Result<Arc<str>, String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Arc::from(text.strip_prefix('\u{feff}').unwrap_or(text))),
        Err(error) => Err(not_utf8(path, bytes, error.valid_up_to())),
    }
}

/// Writes a file that is not there yet, and the folders that it lies in.
pub fn write_new(path: &Path, content: impl AsRef<[u8]>) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    }
    let written = File::create_new(path).and_then(|mut file| file.write_all(content.as_ref()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => format!("{} is there already", path.display()),
        _ => format!("{} cannot be written: {error}", path.display()),
    })
}

/// Replaces the text of a file as a whole, unless it is no longer the text that was read.
/// A byte order mark stays.
pub fn replace_text(path: &Path, was: &str, text: &str) -> Result<(), String> {
    let path = fs::canonicalize(path).map_err(|error| refused(path, &error))?;
    let bytes = read_bytes(&path)?;
    let mark = if bytes.starts_with("\u{feff}".as_bytes()) { "\u{feff}" } else { "" };
    if bytes.get(mark.len()..) != Some(was.as_bytes()) {
        return Err(format!("{} was changed while it was being worked on", path.display()));
    }
    let fresh = path.with_extension("mlc-new");
    let permissions = fs::metadata(&path).map_err(|error| refused(&path, &error))?.permissions();
    if permissions.readonly() {
        return Err(format!("{} is write-protected", path.display()));
    }
    let written = write_draft(&fresh, &[mark.as_bytes(), text.as_bytes()].concat(), permissions)
        .and_then(|()| fs::rename(&fresh, &path));
    written.map_err(|error| {
        // The old file is whole; the new one is of no use to anybody.
        let _ = fs::remove_file(&fresh);
        format!("{} cannot be written: {error}", path.display())
    })
}

/// On the disk before it takes the place of another file.
fn write_draft(draft: &Path, bytes: &[u8], permissions: fs::Permissions) -> std::io::Result<()> {
    let mut file = File::create(draft)?;
    file.write_all(bytes)?;
    file.set_permissions(permissions)?;
    file.sync_all()
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| refused(path, &error))?;
    if metadata.is_dir() {
        return Err(format!("{} is a folder, not a file", path.display()));
    }
    if !metadata.is_file() {
        return Err(format!("{} is not a regular file", path.display()));
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    read.map_err(|error| refused(path, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("{} is larger than {} MiB", path.display(), LARGEST >> 20));
    }
    Ok(bytes)
}

fn refused(path: &Path, error: &std::io::Error) -> String {
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound => format!("there is no file {path}"),
        ErrorKind::NotADirectory => format!("there is no file {path}: a part of the path is a file, not a folder"),
        ErrorKind::PermissionDenied => format!("{path} may not be read by this user"),
        _ => format!("{path} cannot be read: {error}"),
    }
}

fn not_utf8(path: &Path, bytes: &[u8], valid: usize) -> String {
    let path = path.display();
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return format!("{path} is in UTF-16: save it as UTF-8");
    }
    let line = bytes[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
    let byte = bytes.get(valid).copied().unwrap_or_default();
    format!("{path} is not text in UTF-8: line {line} has the byte 0x{byte:02x}; save it as UTF-8")
}

#[cfg(test)]
mod tests {
    use super::{DiskFiles, LARGEST};
    use crate::model::Files;
    use std::fs;

    #[test]
    fn text_is_read_beside_the_pipeline() {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("codes.csv"), "\u{feff}a,b\nü,1\n").expect("write");
        let files = DiskFiles::beside(&folder.path().join("acme.mlc"));
        let file = files.read("codes.csv").expect("text");
        assert_eq!(&*file.text, "a,b\nü,1\n");
        assert_eq!(file.path, folder.path().join("codes.csv"));
        let absolute = folder.path().join("codes.csv");
        assert!(DiskFiles::new("/").read(absolute.to_str().expect("path")).is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_in_a_sentence() {
        let folder = tempfile::tempdir().expect("folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("folder")).expect("folder");
        fs::write(at("latin"), b"one\ntwo\nM\xfcnchen").expect("write");
        fs::write(at("wide"), b"\xff\xfea\0").expect("write");
        fs::File::create(at("large")).and_then(|file| file.set_len(LARGEST + 1)).expect("write");
        let files = DiskFiles::new(folder.path());
        for (name, words) in [
            ("none.csv", "there is no file"),
            ("folder", "is a folder"),
            ("latin/x", "a part of the path is a file"),
            ("latin", "line 3 has the byte 0xfc"),
            ("wide", "UTF-16"),
            ("large", "larger than 16 MiB"),
            ("a\0b", "cannot be read"),
        ] {
            let sentence = files.read(name).err().expect(name);
            assert!(sentence.contains(words), "{name}: {sentence}");
        }
    }
}
