//! What the file must hold, sealed inside of it: the proof that nothing was swapped, taken
//! out, put in or changed without the key.

use super::format::{Line, Outline};
use super::{VaultError, VaultErrorKind};
use serde::{Deserialize, Serialize};
use std::path::Path;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    header: String,
    entries: Vec<Item>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Item {
    name: String,
    /// The digest of its line.
    line: String,
    /// The digest of its sealed secrets alone.
    secrets: String,
}

impl Item {
    fn of(line: &Line) -> Self {
        Self { name: line.entry.name.clone(), line: line.digest.clone(), secrets: line.entry.secrets.digest() }
    }
}

impl Manifest {
    pub fn of(header: String, entries: &[Line]) -> Self {
        Self { header, entries: entries.iter().map(Item::of).collect() }
    }

    /// Whether the file holds what the manifest says, or what was done to it.
    pub fn check(&self, outline: &Outline, place: &Path) -> Result<(), VaultError> {
        let there: Vec<Item> = outline.entries.iter().map(Item::of).collect();
        let tampered = |kind, what: String| Err(VaultError::tampered(kind, place, &what));
        if let Some((name, owner)) = self.moved(&there) {
            return tampered(
                VaultErrorKind::Swapped,
                format!("entries were swapped: under `{name}` stands what was set as `{owner}`"),
            );
        }
        if let Some(gone) = self.entries.iter().find(|item| !there.iter().any(|other| other.name == item.name)) {
            return tampered(VaultErrorKind::Missing, format!("the entry `{}` was taken out", gone.name));
        }
        if let Some(new) = there.iter().find(|item| !self.entries.iter().any(|other| other.name == item.name)) {
            return tampered(VaultErrorKind::Edited, format!("the entry `{}` was put in without the key", new.name));
        }
        if let Some(other) = there.iter().find(|item| !self.entries.contains(item)) {
            return tampered(
                VaultErrorKind::Edited,
                format!("the entry `{}` was changed, or an earlier one put back", other.name),
            );
        }
        if there != self.entries {
            return tampered(VaultErrorKind::Swapped, "entries were swapped: they stand in another order".to_owned());
        }
        if outline.header_digest != self.header {
            return tampered(VaultErrorKind::Edited, "its header was changed".to_owned());
        }
        Ok(())
    }

    /// A name under which another one's secrets stand, and the name of that one.
    fn moved<'a>(&'a self, there: &'a [Item]) -> Option<(&'a str, &'a str)> {
        there.iter().find_map(|item| {
            let owner = self.entries.iter().find(|known| known.secrets == item.secrets)?;
            (owner.name != item.name).then_some((item.name.as_str(), owner.name.as_str()))
        })
    }
}
