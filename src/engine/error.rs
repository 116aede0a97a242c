//! Why a run could not come to its end. What was settled until then stays settled; the
//! report so far travels with the error where there is one.

use super::report::Report;
use crate::store::{StoreError, StoreErrorKind};

/// A run that stopped before its end for a reason outside the records.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct RunError {
    pub kind: RunErrorKind,
    /// What happened, in a sentence.
    pub message: String,
    /// Who mends it, and how.
    pub mend: String,
    /// What was done until then.
    pub report: Option<Box<Report>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunErrorKind {
    /// A connection refuses the credential, is down, or is set up wrongly.
    World,
    /// State cannot be kept.
    Store,
    /// `Options::flows` names a flow that the pipeline does not have.
    UnknownFlow,
    /// A connection leads elsewhere than in the last run.
    OtherSystem,
    /// A fault of the engine itself.
    Internal,
}

impl RunError {
    pub(super) fn new(kind: RunErrorKind, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { kind, message: message.into(), mend: mend.into(), report: None }
    }

    /// A task of the run ended without an answer, which only a fault in it can bring about.
    pub(super) fn lost_task(error: &tokio::task::JoinError) -> Self {
        Self::new(
            RunErrorKind::Internal,
            format!("a part of the run ended without an answer: {error}"),
            "this is a fault of mlc; run again (what was sent is asked for before anything is sent), and report it",
        )
    }
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind {
            StoreErrorKind::LinkTaken => RunErrorKind::Internal,
            _ => RunErrorKind::Store,
        };
        Self::new(kind, error.message, error.hint)
    }
}
