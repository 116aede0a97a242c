//! What was seen of a vault the last time, kept elsewhere: how an old copy that is put back
//! is noticed, although every byte of it is genuine.

use super::{VaultError, VaultErrorKind};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How far a vault had come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub generation: u64,
    /// The digest of the file in that generation.
    pub digest: String,
}

impl Seen {
    /// Refuses a vault that is behind what was seen, or beside it.
    pub fn judge(&self, vault: &Self, place: &Path) -> Result<(), VaultError> {
        let (kind, what) = if vault.generation < self.generation {
            let behind = self.generation - vault.generation;
            let changes = if behind == 1 { "one change".to_owned() } else { format!("{behind} changes") };
            (VaultErrorKind::OldCopy, format!("is an old copy: {changes} later than it were seen here before"))
        } else if vault.generation == self.generation && vault.digest != self.digest {
            (
                VaultErrorKind::OtherCopy,
                "is another copy than the one seen here before: both were changed apart from each other".to_owned(),
            )
        } else {
            return Ok(());
        };
        Err(VaultError::new(
            kind,
            format!("the vault {} {what}", place.display()),
            "put the newest copy back; if that is lost for good, `mlc vault accept` takes this one as the newest, and \
             what was set or removed since is to be set or removed again",
        ))
    }
}
