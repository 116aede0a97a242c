//! Opens pipeline files for a process that keeps them open: what it opens once (the store, the
//! systems of the sandbox, the rate budgets) stays open when a file is read again.

use super::arguments::Place;
use super::compose::{self, Budgets, Checked, Standing};
use super::exit::{Exit, Failure};
use super::folder::Folder;
use super::{first_run, pipelines, text};
use crate::diag::{self, Style};
use crate::host::{Seen, SeenFiles};
use crate::program::Program;
use crate::serve::{Opened, Opener, Refusal};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What holds for all files of the process.
#[derive(Default)]
pub struct FileOpener {
    pub state: Option<PathBuf>,
    pub sandbox: bool,
    pub vars: Vec<String>,
    /// The files and folders that are served.
    served: Vec<PathBuf>,
    /// Somebody says yes to first runs that nobody has seen planned.
    yes: bool,
    kept: Mutex<Kept>,
    /// By file, what its last opening has read.
    seen: Mutex<BTreeMap<PathBuf, Seen>>,
}

#[derive(Default)]
struct Kept {
    /// By file.
    standing: BTreeMap<PathBuf, Standing>,
    /// Of live systems: customers who share a credential share its budget.
    budgets: Budgets,
    /// Of the sandbox, by file: each has systems of its own.
    own: BTreeMap<PathBuf, Budgets>,
}

impl FileOpener {
    pub fn new(state: Option<PathBuf>, sandbox: bool, vars: Vec<String>) -> Self {
        Self { state, sandbox, vars, ..Self::default() }
    }

    /// Serves these files and folders, with or without somebody's yes to first runs.
    #[must_use]
    pub fn serving(self, served: &[PathBuf], yes: bool) -> Self {
        Self { served: served.to_vec(), yes, ..self }
    }

    fn place(&self, file: &Path) -> Place {
        Place { file: file.to_owned(), state: self.state.clone(), sandbox: self.sandbox }
    }

    fn program(&self, file: &Path, text: &Arc<str>, files: &SeenFiles) -> Result<Program, Refusal> {
        let Checked { sources, diagnostics, program } =
            compose::check_beside(file, Arc::clone(text), &self.vars, files).map_err(refused)?;
        program.ok_or_else(|| Refusal {
            message: diag::render(&diagnostics, &sources, Style::Plain),
            mend: format!("`mlc check {}` shows the same", file.display()),
            world: false,
        })
    }
}

impl Opener for FileOpener {
    fn open(&self, file: &Path, kept: Option<&Opened>) -> Result<Opened, Refusal> {
        let files = SeenFiles::beside(file);
        let read = text::read(file).map_err(refused);
        let checked = read.and_then(|text| Ok((self.program(file, &text, &files)?, text)));
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(file.to_owned(), files.seen());
        let (program, text) = checked?;
        let place = self.place(file);
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { standing, budgets, own } = &mut *all;
        if let Some(standing) = standing.get(file).filter(|_| kept.is_none_or(|kept| kept.name() != program.name())) {
            return Err(Refusal {
                message: format!("the state in {} is open for another pipeline", standing.folder.store().display()),
                mend: "start the server again".to_owned(),
                world: false,
            });
        }
        let (place_of, store) = match (standing.remove(file), kept) {
            (Some(place_of), Some(kept)) => {
                let sandboxed = compose::in_sandbox(&program, &place).map_err(refused);
                if !matches!(sandboxed, Ok(sandboxed) if sandboxed == kept.setup.sandbox) {
                    standing.insert(file.to_owned(), place_of);
                    sandboxed?;
                    return Err(Refusal {
                        message: format!("{} has moved between the sandbox and live systems", file.display()),
                        mend: "start the server again".to_owned(),
                        world: false,
                    });
                }
                (place_of, kept.store())
            }
            _ => {
                let place_of = Standing::open(&program, &place).map_err(refused)?;
                let store = place_of.store().map_err(refused)?;
                (place_of, store)
            }
        };
        let budgets = if !place_of.is_live() { own.entry(file.to_owned()).or_default() } else { budgets };
        let connected = place_of.connect(program, store, budgets);
        let folder = place_of.folder.path().to_owned();
        if kept.is_some() || connected.is_ok() {
            standing.insert(file.to_owned(), place_of);
        }
        Ok(Opened { setup: connected.map_err(refused)?, folder, text: text.to_string() })
    }

    fn taken(&self, file: &Path) -> String {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(file).map(Seen::taken).unwrap_or_default()
    }

    fn look(&self, file: &Path) -> String {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(file).cloned();
        seen.as_ref().map(Seen::look).unwrap_or_default()
    }

    fn forbids(&self, file: &Path, opened: &Opened) -> Option<Refusal> {
        let folder = Folder::new(file, self.state.as_deref(), opened.name(), opened.setup.sandbox);
        match first_run::is_unseen(&opened.setup, &folder) {
            Ok(unseen) if unseen && !self.yes => {
                Some(refused(first_run::refusal_to_serve(&opened.setup.program, &self.place(file))))
            }
            Ok(_) => None,
            Err(failure) => Some(refused(failure)),
        }
    }

    fn files(&self) -> Option<Vec<PathBuf>> {
        pipelines::served(&self.served).ok()
    }

    fn close(&self, file: &Path) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.standing.remove(file);
        kept.own.remove(file);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(file);
    }
}

fn refused(failure: Failure) -> Refusal {
    Refusal { world: failure.exit == Exit::World, message: failure.message, mend: failure.hint }
}
