//! A folder for a copy that is only looked at; gone when it is dropped.

use std::path::{Path, PathBuf};

pub struct Scratch(PathBuf);

impl Scratch {
    /// A folder of its own among the system's temporary ones. It is not made yet.
    pub fn new(number: u64) -> Self {
        Self(std::env::temp_dir().join(format!("mlc-plan-{}-{number:016x}", std::process::id())))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind lies among temporary files and holds nothing that is missed.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
