//! Asking the process that holds a store for a backup: through a folder beside the
//! database, since the database itself belongs to one process.
//!
//! | in `asked/` | who writes it |
//! | --- | --- |
//! | `NAME.request` | who asks: whose state it is, and the time |
//! | `NAME.state` | the holder, between two groups of commits, when all of it is on disk |
//! | `NAME.refused` | the holder, in a sentence, when it cannot |
//!
//! The holder looks when it has committed, and a few times a second while it has nothing to
//! do. Whoever asks puts the request again when the holder is another one.

use super::portable::About;
use super::{StoreError, StoreErrorKind, disk};
use std::fs;
use std::path::{Path, PathBuf};

/// A request on its way. Dropping it takes all of it back.
#[derive(Debug)]
pub struct Request {
    folder: PathBuf,
    name: String,
    about: About,
}

impl Request {
    /// `name` must be another for each request.
    pub fn new(store: &Path, name: String, about: About) -> Self {
        Self { folder: store.join("asked"), name, about }
    }

    /// Moves the backup that the holder wrote to `to`, once it is there; until then it puts
    /// the request, if that is not there. Whether it was moved.
    pub fn fetch(&self, to: &Path) -> Result<bool, StoreError> {
        let state = self.file("state");
        if state.exists() {
            return disk::carry(&state, to).map(|()| true);
        }
        if let Some(sentence) = disk::read(&self.file("refused"))? {
            let sentence = String::from_utf8_lossy(&sentence).into_owned();
            return Err(StoreError::new(StoreErrorKind::Io, sentence, "mend that, and ask again"));
        }
        let request = self.file("request");
        if !request.exists() && !self.file("part").exists() {
            disk::make_folder(&self.folder)?;
            disk::replace(&request, &serde_json::to_vec(&self.about).expect("text and a time"))?;
        }
        Ok(false)
    }

    fn file(&self, kind: &str) -> PathBuf {
        self.folder.join(format!("{}.{kind}", self.name))
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        // What stays behind is removed when the store is next opened.
        for kind in ["request", "state", "refused"] {
            let _ = fs::remove_file(self.file(kind));
        }
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Answers all requests: `write` puts the state at a path.
pub fn serve(store: &Path, mut write: impl FnMut(&Path, &About) -> Result<(), StoreError>) {
    let Ok(entries) = fs::read_dir(store.join("asked")) else { return };
    let requests = entries.flatten().map(|entry| entry.path());
    for request in requests.filter(|path| path.extension().is_some_and(|kind| kind == "request")) {
        let part = request.with_extension("part");
        // Whoever asked may have gone away; then there is nothing to read, and nobody to tell.
        let Some(about) = fs::read(&request).ok().and_then(|bytes| serde_json::from_slice::<About>(&bytes).ok()) else {
            continue;
        };
        let _ = fs::remove_file(&part);
        let written = write(&part, &about).and_then(|()| {
            let state = request.with_extension("state");
            fs::rename(&part, &state).map_err(|error| disk::refused("write", &state, &error))
        });
        if let Err(error) = written {
            let _ = fs::remove_file(&part);
            let _ = disk::replace(&request.with_extension("refused"), error.message.as_bytes());
        }
        let _ = fs::remove_file(&request);
    }
}

/// Removes what those who asked have left behind. Only for the holder of the store.
pub fn forget(store: &Path) -> Result<(), StoreError> {
    disk::remove_folder(&store.join("asked"))
}
