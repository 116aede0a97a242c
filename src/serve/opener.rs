//! How a pipeline file is opened: the composition root knows.

use crate::engine::Setup;
use crate::store::Store;
use crate::value::RecordType;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens a pipeline file: read, checked, connected to its systems.
pub trait Opener: Send + Sync {
    /// With `kept`, the file was open before and is read again: its store and its systems stay
    /// open, and a file that would need others is refused.
    fn open(&self, file: &Path, kept: Option<&Opened>) -> Result<Opened, Refusal>;

    /// What was read when this file was last opened, or refused: the file and all that it names
    /// (tables, profiles, files that it uses), as one short text. Empty where nobody knows.
    fn taken(&self, file: &Path) -> String {
        let _ = file;
        String::new()
    }

    /// The same of these files as they are now: another text when any of them is another.
    fn look(&self, file: &Path) -> String {
        self.taken(file)
    }

    /// Why this pipeline must not run yet, although it checks clean.
    fn forbids(&self, file: &Path, opened: &Opened) -> Option<Refusal> {
        let _ = (file, opened);
        None
    }

    /// The files that are to be served now, in order; `None` where that cannot be said, and
    /// then it stays as it was.
    fn files(&self) -> Option<Vec<PathBuf>> {
        None
    }

    /// Nobody serves this file any more: what stayed open for it may be closed.
    fn close(&self, file: &Path) {
        let _ = file;
    }
}

/// A pipeline that can run.
pub struct Opened {
    pub setup: Setup,
    /// The folder of its state.
    pub folder: PathBuf,
    /// The whole text of the file, by which a change of it is seen.
    pub text: String,
}

impl Opened {
    pub fn name(&self) -> &str {
        self.setup.program.name()
    }

    /// The product that a flow posts into, for people; `None` for a flow that is not there.
    pub fn target_title(&self, flow: &str) -> Option<String> {
        let program = &self.setup.program;
        let flow = program.flows().iter().find(|known| known.name() == flow)?;
        let connection = program.connections().iter().find(|connection| connection.name == flow.target().connection);
        Some(connection.map_or_else(String::new, |connection| (connection.driver.catalogue)().title.clone()))
    }

    /// The types of what a flow reads and of what it posts; `None` for a flow that is not there.
    pub fn types(&self, flow: &str) -> Option<(Arc<RecordType>, Arc<RecordType>)> {
        let flow = self.setup.program.flows().iter().find(|known| known.name() == flow)?;
        let (source, target) = (flow.source(), flow.target());
        let resource = |connection: &str, resource: &str| {
            self.setup.connections.get(connection)?.catalogue().resources.get(resource)
        };
        let source = resource(&source.connection, &source.resource)?.source_type();
        Some((source, resource(&target.connection, &target.resource)?.target_type()))
    }

    /// The product behind a connection, for people.
    pub fn system_title(&self, connection: &str) -> Option<String> {
        let found = self.setup.program.connections().iter().find(|known| &*known.name == connection)?;
        Some((found.driver.catalogue)().title.clone())
    }

    /// The store, wherever it is asked for.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.setup.store)
    }
}

/// Why a file was not opened; also what stands on standard error and in the console.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What is wrong, with the places where it is.
    pub message: String,
    /// Who mends it, and how.
    pub mend: String,
    /// The file is well: the disk, a key, or another process keeps it from being opened.
    pub world: bool,
}
