//! Why a sandbox cannot be opened or kept.

use std::path::Path;

/// What happened, and how to go on.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct SandboxError {
    pub message: String,
    pub hint: String,
    /// What was asked for is wrong, not the disk or the network.
    pub misasked: bool,
}

impl SandboxError {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), misasked: false }
    }

    pub(super) fn misasked(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { misasked: true, ..Self::new(message, hint) }
    }

    pub(super) fn disk(verb: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::new(
            format!("cannot {verb} the sandbox's journal {}: {error}", path.display()),
            "free the disk or give the folder back its rights, or choose another one with --state",
        )
    }

    pub(super) fn damaged(path: &Path, line: usize) -> Self {
        Self::new(
            format!("{} is not a journal of this sandbox: line {line} cannot be read", path.display()),
            "delete the sandbox's whole folder to start anew",
        )
    }

    pub(super) fn unfit(driver: &str, problem: &str) -> Self {
        Self::misasked(
            format!("the sandbox's {driver} cannot take the tenant profile over: {problem}"),
            "correct the file that `profile` of the connection names",
        )
    }

    pub(super) fn in_use(dir: &Path) -> Self {
        Self::new(
            format!("the sandbox in {} is in use by another process", dir.display()),
            "wait until it has ended, or stop it: a run that is stopped goes on where it was",
        )
    }

    pub(super) fn other_seed(dir: &Path, there: u64, wanted: u64) -> Self {
        Self::misasked(
            format!("the sandbox in {} was made with seed {there}, not {wanted}", dir.display()),
            format!(
                "leave --seed away to go on with it, delete {} to start anew, or choose another folder with --state",
                dir.parent().unwrap_or(dir).display()
            ),
        )
    }
}
