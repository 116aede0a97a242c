//! The vault: credentials in one file, encrypted at rest.
//!
//! A random data key seals each entry and the manifest of the whole file; a passphrase
//! (through Argon2id) or a key wraps the data key. Takes bytes and a [`Key`]; hands on a
//! [`Vault`] all of which is proven, or a [`VaultError`] that says which fault it is.
//! Where the file lies, and who asks for the passphrase, is not known here.
//!
//! Invariant: no secret leaves but by [`Vault::credential`], and nothing is handed on before
//! the whole file was found to be as it was written.

mod error;
mod format;
mod key;
mod manifest;
mod seal;
mod secrets;
mod seen;
#[cfg(test)]
mod tests;

pub use error::{VaultError, VaultErrorKind};
pub use format::Entry;
pub use key::{Cost, Key, new_key_text};
pub use seen::Seen;

use crate::diag::nearest;
use crate::value::Timestamp;
use crate::world::{Credential, VAULT_NAMES, is_vault_name};
use format::{Header, Line};
use key::Lock;
use manifest::Manifest;
use seal::{KEY_BYTES, Purpose, Sealed, SecretKey};
use secrecy::SecretString;
use std::path::{Path, PathBuf};

/// Fills the bytes with randomness that nobody can guess.
pub type Random<'a> = &'a dyn Fn(&mut [u8]) -> Result<(), VaultError>;

/// An open vault. `Debug` shows no secret.
pub struct Vault {
    /// Where it lies, for sentences only.
    place: PathBuf,
    id: String,
    generation: u64,
    lock: Lock,
    wrapped: Sealed,
    data: SecretKey,
    entries: Vec<Entry>,
    /// The digest of the file; empty before it was written for the first time.
    digest: String,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the vault {} ({} entries)", self.place.display(), self.entries.len())
    }
}

/// What is to be kept under a name.
pub struct Keep<'a> {
    pub name: &'a str,
    pub system: &'a str,
    pub fields: &'a [(String, SecretString)],
    pub at: Timestamp,
}

impl Vault {
    /// An empty vault, locked by `key`.
    pub fn new(place: &Path, key: &Key, cost: Cost, random: Random<'_>) -> Result<Self, VaultError> {
        key.is_fit()?;
        let mut id = [0; 16];
        random(&mut id)?;
        let id = seal::hex(&id);
        let (lock, wrapped, data) = locked(&id, key, cost, place, random)?;
        Ok(Self {
            place: place.to_owned(),
            id,
            generation: 0,
            lock,
            wrapped,
            data,
            entries: Vec::new(),
            digest: String::new(),
        })
    }

    /// Opens a file, proving all of it.
    pub fn open(bytes: &[u8], key: &Key, place: &Path) -> Result<Self, VaultError> {
        let outline = format::read(bytes, place)?;
        let Header { id, generation, key: lock, wrapped } = &outline.header;
        let ill = || VaultError::damaged(place, "it is not what its last line says");
        let wrapping = lock.wrapping(key, place)?;
        let purpose = Purpose::Key { vault: id, lock: &lock.canonical() };
        let data = wrapped.open(&wrapping, purpose);
        let data = data.ok_or_else(|| if outline.sound { lock.wrong(place) } else { ill() })?;
        let data = SecretKey::new(data.as_slice().try_into().map_err(|_| ill())?);
        let manifest = outline.seal.open(&data, Purpose::Manifest { vault: id, generation: *generation });
        let manifest: Manifest = manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| {
            VaultError::tampered(
                VaultErrorKind::Edited,
                place,
                "its seal is not of this file: its header or its seal was changed, or comes from another copy",
            )
        })?;
        manifest.check(&outline, place)?;
        if !outline.sound {
            return Err(ill());
        }
        Ok(Self {
            place: place.to_owned(),
            id: id.clone(),
            generation: *generation,
            lock: lock.clone(),
            wrapped: wrapped.clone(),
            data,
            entries: outline.entries.into_iter().map(|line| line.entry).collect(),
            digest: outline.end,
        })
    }

    /// Tells this vault from all others, through all its changes.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How far it has come.
    pub fn seen(&self) -> Seen {
        Seen { generation: self.generation, digest: self.digest.clone() }
    }

    /// What is kept, by name; no secrets.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The fields of an entry that are asked for.
    pub fn credential(&self, name: &str, system: &str, fields: &[&str]) -> Result<Credential, VaultError> {
        let entry = self.entry(name).ok_or_else(|| self.no_entry(name, system))?;
        let mut kept = self.unsealed(entry)?;
        let missing: Vec<&str> =
            fields.iter().copied().filter(|field| !kept.iter().any(|(name, _)| name == field)).collect();
        if !missing.is_empty() {
            let fields = missing.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
            return Err(VaultError::new(
                VaultErrorKind::NoEntry,
                format!("`{name}` in the vault {} has no {fields}", self.place.display()),
                set_it(name, system),
            ));
        }
        kept.retain(|(name, _)| fields.contains(&name.as_str()));
        Ok(Credential { fields: kept })
    }

    fn unsealed(&self, entry: &Entry) -> Result<Vec<(String, SecretString)>, VaultError> {
        let opened = entry.secrets.open(&self.data, Purpose::Entry { vault: &self.id, name: &entry.name });
        opened.and_then(|bytes| secrets::read(&bytes)).ok_or_else(|| {
            let what = format!("what stands under `{}` was not set under this name", entry.name);
            VaultError::tampered(VaultErrorKind::Swapped, &self.place, &what)
        })
    }

    fn no_entry(&self, name: &str, system: &str) -> VaultError {
        let near = nearest(name, self.entries.iter().map(|entry| entry.name.as_str()));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`? Else {}", set_it(name, system)),
            None => set_it(name, system),
        };
        let message = format!("nothing is kept as `{name}` in the vault {}", self.place.display());
        VaultError::new(VaultErrorKind::NoEntry, message, hint)
    }

    /// Keeps a credential, in place of what was kept under this name.
    pub fn set(&mut self, keep: &Keep<'_>, random: Random<'_>) -> Result<(), VaultError> {
        is_name(keep.name)?;
        let purpose = Purpose::Entry { vault: &self.id, name: keep.name };
        let entry = Entry {
            name: keep.name.to_owned(),
            system: keep.system.to_owned(),
            fields: keep.fields.iter().map(|(name, _)| name.clone()).collect(),
            set: keep.at,
            secrets: Sealed::seal(&self.data, purpose, &secrets::write(keep.fields), random)?,
        };
        match self.entries.binary_search_by(|other| other.name.as_str().cmp(keep.name)) {
            Ok(at) => self.entries[at] = entry,
            Err(at) => self.entries.insert(at, entry),
        }
        Ok(())
    }

    /// Forgets what is kept under this name.
    pub fn remove(&mut self, name: &str) -> Result<(), VaultError> {
        let Some(at) = self.entries.iter().position(|entry| entry.name == name) else {
            let near = nearest(name, self.entries.iter().map(|entry| entry.name.as_str()));
            let hint =
                near.map_or("`mlc vault list` shows what is kept".to_owned(), |near| format!("did you mean `{near}`?"));
            let message = format!("nothing is kept as `{name}` in the vault {}", self.place.display());
            return Err(VaultError::new(VaultErrorKind::NoEntry, message, hint));
        };
        self.entries.remove(at);
        Ok(())
    }

    /// A new data key under a new lock; every entry is sealed anew.
    pub fn rotate(&mut self, key: &Key, cost: Cost, random: Random<'_>) -> Result<(), VaultError> {
        key.is_fit()?;
        let (lock, wrapped, data) = locked(&self.id, key, cost, &self.place, random)?;
        let mut entries = self.entries.clone();
        for entry in &mut entries {
            let plain = secrets::write(&self.unsealed(entry)?);
            entry.secrets = Sealed::seal(&data, Purpose::Entry { vault: &self.id, name: &entry.name }, &plain, random)?;
        }
        (self.lock, self.wrapped, self.data, self.entries) = (lock, wrapped, data, entries);
        Ok(())
    }

    /// The file of the next generation, later than `after`.
    pub fn write(&mut self, after: u64, random: Random<'_>) -> Result<String, VaultError> {
        let generation = self.generation.max(after) + 1;
        let header = Header { id: self.id.clone(), generation, key: self.lock.clone(), wrapped: self.wrapped.clone() };
        let header = format::line(&header);
        let (texts, lines): (Vec<String>, Vec<Line>) = self.entries.iter().cloned().map(Line::of).unzip();
        let manifest = format::line(&Manifest::of(seal::digest(header.as_bytes()), &lines));
        let purpose = Purpose::Manifest { vault: &self.id, generation };
        let seal = Sealed::seal(&self.data, purpose, manifest.as_bytes(), random)?;
        let (text, digest) = format::write(&header, &texts, &seal);
        (self.generation, self.digest) = (generation, digest);
        Ok(text)
    }
}

/// A new data key, wrapped.
fn locked(
    id: &str,
    key: &Key,
    cost: Cost,
    place: &Path,
    random: Random<'_>,
) -> Result<(Lock, Sealed, SecretKey), VaultError> {
    let lock = Lock::new(key, cost, random)?;
    let mut data = SecretKey::new([0; KEY_BYTES]);
    random(data.as_mut_slice())?;
    let wrapping = lock.wrapping(key, place)?;
    let purpose = Purpose::Key { vault: id, lock: &lock.canonical() };
    let wrapped = Sealed::seal(&wrapping, purpose, data.as_slice(), random)?;
    Ok((lock, wrapped, data))
}

/// The line to type.
pub fn set_it(name: &str, system: &str) -> String {
    format!("type `mlc vault set {name} --for {system}`")
}

fn is_name(name: &str) -> Result<(), VaultError> {
    if is_vault_name(name) {
        return Ok(());
    }
    Err(VaultError::new(
        VaultErrorKind::Unfit,
        format!("`{name}` is no name for a credential: {VAULT_NAMES}"),
        "write such as `acme/office`",
    ))
}
