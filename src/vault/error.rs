//! What can be wrong with a vault: each fault has its own kind, sentence and mend.

use std::path::Path;

/// Why a vault, or something in it, cannot be had. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct VaultError {
    pub kind: VaultErrorKind,
    /// What is wrong, naming the file.
    pub message: String,
    /// What to do.
    pub hint: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VaultErrorKind {
    /// There is no file.
    NotThere,
    /// The file is something else.
    NotAVault,
    /// Written by a later release.
    LaterFormat,
    /// Its end is missing.
    Cut,
    /// Bytes are not what was written.
    Damaged,
    /// It is locked by another passphrase or key.
    WrongKey,
    /// It is locked by a key of another kind, or no key was given.
    NoKey,
    /// What was set under one name stands under another, or in another place.
    Swapped,
    /// An entry was taken out.
    Missing,
    /// An entry, the header or the seal was changed without the key.
    Edited,
    /// The whole file is an earlier one than was seen before.
    OldCopy,
    /// The whole file is another one of the same age as was seen before.
    OtherCopy,
    /// Nothing is kept under this name, or not everything that is needed.
    NoEntry,
    /// Others may read the file.
    Open,
    /// The disk or the system refuses.
    Io,
    /// What was given to be kept, or to lock with, will not do.
    Unfit,
}

const NEWEST: &str = "put the newest copy of the file back";

impl VaultError {
    pub fn new(kind: VaultErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: hint.into() }
    }

    pub(super) fn cut(place: &Path) -> Self {
        Self::new(
            VaultErrorKind::Cut,
            format!("the vault {} was cut short: its last line is missing", place.display()),
            format!("{NEWEST}; if there is none, delete it and set the credentials again with `mlc vault set NAME`"),
        )
    }

    pub(super) fn damaged(place: &Path, what: &str) -> Self {
        Self::new(
            VaultErrorKind::Damaged,
            format!("the vault {} is damaged: {what}", place.display()),
            format!("{NEWEST}; if there is none, delete it and set the credentials again with `mlc vault set NAME`"),
        )
    }

    /// Somebody without the key was at it.
    pub(super) fn tampered(kind: VaultErrorKind, place: &Path, what: &str) -> Self {
        Self::new(
            kind,
            format!("the vault {} is not as mlc wrote it: {what}", place.display()),
            format!("nothing in it is used; find out who writes to that file, then {NEWEST}"),
        )
    }

    pub(super) fn wrong_passphrase(place: &Path) -> Self {
        Self::new(
            VaultErrorKind::WrongKey,
            format!("the passphrase does not open the vault {}", place.display()),
            "give the passphrase that it was locked with, at the prompt or in MLC_VAULT_PASSPHRASE",
        )
    }

    pub(super) fn wrong_key(place: &Path) -> Self {
        Self::new(
            VaultErrorKind::WrongKey,
            format!(
                "the key does not open the vault {}: it belongs to another vault, or to an earlier lock",
                place.display()
            ),
            "give the key that it was locked with last, in MLC_VAULT_KEY_FILE or MLC_VAULT_KEY",
        )
    }
}
