//! What a server notes down for itself, so that it still knows after a restart.

use std::path::Path;

/// Small texts, each replaced as a whole.
pub trait Notebook: Send + Sync {
    /// `None` if nothing was noted there yet.
    ///
    /// # Errors
    /// Why it cannot be read, in a sentence.
    fn read(&self, place: &Path) -> Result<Option<String>, String>;

    /// What was there before stays whole until the new text is on the disk.
    ///
    /// # Errors
    /// Why it cannot be written, in a sentence.
    fn write(&self, place: &Path, text: &str) -> Result<(), String>;
}
