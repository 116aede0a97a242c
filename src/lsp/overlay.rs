//! Files as the checker reads them: what is open in the editor before what lies on disk.

use super::address::plain;
use super::document::Document;
use crate::model::{FileBytes, FileText, Files};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The open documents, by their addresses.
pub type Documents = BTreeMap<String, Document>;

/// The files of one pipeline.
pub struct Overlay<'a> {
    folder: &'a Path,
    open: &'a Documents,
    disk: Box<dyn Files>,
    /// Files that were asked for.
    read: RefCell<BTreeSet<PathBuf>>,
}

impl<'a> Overlay<'a> {
    pub fn new(pipeline: &'a Path, open: &'a Documents, disk: Box<dyn Files>) -> Self {
        let folder = pipeline.parent().unwrap_or(Path::new(""));
        Self { folder, open, disk, read: RefCell::default() }
    }

    /// The files that were asked for, there or not.
    pub fn into_read(self) -> BTreeSet<PathBuf> {
        self.read.into_inner()
    }
}

impl Files for Overlay<'_> {
    fn read(&self, path: &str) -> Result<FileText, String> {
        let whole = plain(&self.folder.join(path));
        self.read.borrow_mut().insert(whole.clone());
        match self.open.values().find(|document| document.path == whole) {
            Some(document) => Ok(FileText { path: whole, text: document.text.clone() }),
            None => self.disk.read(path).map(|file| FileText { path: plain(&file.path), ..file }),
        }
    }

    fn bytes(&self, path: &str) -> Result<FileBytes, String> {
        self.read.borrow_mut().insert(plain(&self.folder.join(path)));
        self.disk.bytes(path).map(|file| FileBytes { path: plain(&file.path), ..file })
    }
}
