//! How a command ends: with one of four codes, and with a sentence when it failed.

use crate::store::{StoreError, StoreErrorKind};

/// What the process ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// All well.
    Well = 0,
    /// Something is held, rejected, failed or in doubt.
    Attention = 1,
    /// The pipeline or the command line is wrong.
    Wrong = 2,
    /// The world is: network, credentials, disk.
    World = 3,
}

/// Why a command could not do what it was asked for.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// One sentence.
    pub message: String,
    /// What to do; may be empty.
    pub hint: String,
}

impl Failure {
    pub fn wrong(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Wrong, message: message.into(), hint: hint.into() }
    }

    pub fn world(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::World, message: message.into(), hint: hint.into() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error.kind {
            StoreErrorKind::InUse => Self::world(
                format!("{} (another mlc is at work there)", error.message),
                format!(
                    "{}. If it is `mlc serve`, it holds the state as long as it runs: its console and its API show and \
                     do the same",
                    error.hint
                ),
            ),
            _ => Self::world(error.message, error.hint),
        }
    }
}

impl From<crate::engine::DecisionError> for Failure {
    fn from(error: crate::engine::DecisionError) -> Self {
        let world = error.kind == crate::engine::DecisionErrorKind::Store;
        Self { exit: if world { Exit::World } else { Exit::Wrong }, message: error.message, hint: error.mend }
    }
}

impl From<crate::vault::VaultError> for Failure {
    fn from(error: crate::vault::VaultError) -> Self {
        use crate::vault::VaultErrorKind::{NoEntry, Unfit};
        let wrong = matches!(error.kind, NoEntry | Unfit);
        Self { exit: if wrong { Exit::Wrong } else { Exit::World }, message: error.message, hint: error.hint }
    }
}

impl From<crate::sandbox::SandboxError> for Failure {
    fn from(error: crate::sandbox::SandboxError) -> Self {
        let exit = if error.misasked { Exit::Wrong } else { Exit::World };
        Self { exit, message: error.message, hint: error.hint }
    }
}

pub type Outcome = Result<Exit, Failure>;
