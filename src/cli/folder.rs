//! Where a pipeline's state lies: beside its file, the sandbox's apart from the live one.

use std::path::{Path, PathBuf};

/// The state of one pipeline in one of the two worlds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// `STATE/NAME/sandbox` or `STATE/NAME/live`; `STATE` is `.mlc` beside `file` by default.
    pub fn new(file: &Path, state: Option<&Path>, pipeline: &str, sandbox: bool) -> Self {
        let beside = || file.parent().unwrap_or(Path::new("")).join(".mlc");
        let root = state.map_or_else(beside, Path::to_path_buf);
        Self(root.join(safe(pipeline)).join(if sandbox { "sandbox" } else { "live" }))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    /// The note that says that a plan of this program was shown, of all flows or of one.
    pub fn planned(&self, program_hash: &str, flow: Option<&str>) -> PathBuf {
        let of = flow.map_or_else(String::new, |flow| format!("-{}", safe(flow)));
        self.0.join("planned").join(format!("{program_hash}{of}"))
    }

    /// Where the sandbox's systems keep their books.
    pub fn world(&self) -> PathBuf {
        self.0.join("world")
    }
}

/// A name that is one folder on every system: letters, digits, `-` and `_` stay, every
/// other byte becomes `%XX`, so that two names never share a folder.
fn safe(name: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    name.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::Folder;
    use std::path::{Path, PathBuf};

    #[test]
    fn a_name_cannot_leave_its_folder() {
        let folder = Folder::new(Path::new("a/b.mlc"), None, "../x/..", false);
        assert_eq!(folder.store(), PathBuf::from("a/.mlc/%2E%2E%2Fx%2F%2E%2E/live/store"));
    }

    #[test]
    fn sandbox_and_live_never_meet() {
        let at = |sandbox| Folder::new(Path::new("b.mlc"), Some(Path::new("s")), "acme", sandbox).store();
        assert_ne!(at(true), at(false));
    }
}
