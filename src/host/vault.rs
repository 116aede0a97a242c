//! The vault's file on this machine: where it lies, its mode, its lock, and what was seen of
//! it the last time.
//!
//! Invariant: the file is replaced as a whole, and what was seen is written after it, so that
//! a crash between the two is no old copy.

use super::{private_file, vault_key};
use crate::vault::{Cost, Key, Seen, Vault, VaultError, VaultErrorKind};
use crate::world::{Credential, SecretError};
use std::fs::{self, File, TryLockError};

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Where a vault lies, and where it is remembered.
#[derive(Clone, Debug)]
pub struct VaultFile {
    path: PathBuf,
    /// One small file for each vault that was seen.
    memory: PathBuf,
}

/// The right to change a vault, until it is dropped.
#[derive(Debug)]
pub struct Changing(#[allow(dead_code, reason = "the lock goes with the open file")] File);

/// Randomness of the operating system, or none.
#[allow(clippy::disallowed_methods, reason = "host is the real machine")]
pub fn random(bytes: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(bytes).map_err(|error| {
        VaultError::new(
            VaultErrorKind::Io,
            format!("the system gives no random numbers: {error}"),
            "nothing was changed; look at the machine",
        )
    })
}

impl VaultFile {
    /// The one that is named, or that `MLC_VAULT` names, or the user's own.
    pub fn find(named: Option<&Path>) -> Result<Self, VaultError> {
        let own = || user_folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("mlc/vault"));
        let path = named.map(Path::to_path_buf).or_else(|| variable("MLC_VAULT")).or_else(own).ok_or_else(|| {
            VaultError::new(
                VaultErrorKind::NotThere,
                "it is not known where the vault lies: this user has no home folder",
                "name its file in MLC_VAULT or with --vault",
            )
        })?;
        let state = || user_folder("XDG_STATE_HOME", ".local/state").map(|folder| folder.join("mlc/vaults"));
        let beside = || path.parent().unwrap_or(Path::new("")).join("vault-seen");
        let memory = variable("MLC_VAULT_SEEN").or_else(state).unwrap_or_else(beside);
        Ok(Self { path, memory })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Opens it with the key that `file`, the environment or somebody gives.
    pub fn open(&self, key_file: Option<&Path>) -> Result<Vault, VaultError> {
        let bytes = self.read()?;
        let key =
            vault_key::CURRENT.key(key_file, &format!("Passphrase of the vault {}", self.path.display()), false)?;
        let vault = Vault::open(&bytes, &key, &self.path)?;
        match self.known(&vault) {
            Ok(()) => Ok(vault),
            // Somebody may have changed it between the two readings.
            Err(error) if error.kind == VaultErrorKind::OldCopy => {
                let vault = Vault::open(&self.read()?, &key, &self.path)?;
                self.known(&vault).map(|()| vault)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens it even if it is an older copy than was seen. Gives how far it had come.
    pub fn open_older(&self, key_file: Option<&Path>) -> Result<(Vault, u64), VaultError> {
        let key =
            vault_key::CURRENT.key(key_file, &format!("Passphrase of the vault {}", self.path.display()), false)?;
        let vault = Vault::open(&self.read()?, &key, &self.path)?;
        let seen = self.remembered(&vault)?.map_or(0, |seen| seen.generation);
        Ok((vault, seen))
    }

    /// A new one, which is not yet on the disk.
    pub fn begin(&self, key_file: Option<&Path>) -> Result<Vault, VaultError> {
        let question = format!("Passphrase for the new vault {}", self.path.display());
        let key = vault_key::CURRENT.key(key_file, &question, true)?;
        Vault::new(&self.path, &key, Cost::default(), &random)
    }

    /// The key that a rotation locks it by.
    pub fn next_key(key_file: Option<&Path>) -> Result<Key, VaultError> {
        vault_key::NEXT.key(key_file, "New passphrase of the vault", true)
    }

    /// Held from before it is read until after it is written.
    pub fn change(&self) -> Result<Changing, VaultError> {
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        let io = |error: std::io::Error| refused("locked", &path, &error);
        private_file::make_folder(&path).map_err(io)?;
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Changing(file)),
            Err(TryLockError::WouldBlock) => Err(VaultError::new(
                VaultErrorKind::Io,
                format!("another command is changing the vault {}", self.path.display()),
                "wait until it has ended, and type the command again",
            )),
            Err(TryLockError::Error(error)) => Err(io(error)),
        }
    }

    /// Puts the changed vault in place of the file, then remembers it.
    pub fn write(&self, vault: &mut Vault, after: u64, _changing: &Changing) -> Result<(), VaultError> {
        let text = vault.write(after, &random)?;
        private_file::replace(&self.path, text.as_bytes()).map_err(|error| refused("written", &self.path, &error))?;
        self.remember(vault)
    }

    fn read(&self) -> Result<Vec<u8>, VaultError> {
        let io = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => VaultError::new(
                VaultErrorKind::NotThere,
                format!("there is no vault {}", self.path.display()),
                "`mlc vault set NAME` begins one; MLC_VAULT names another file",
            ),
            _ => refused("read", &self.path, &error),
        };
        if let Some(mode) = private_file::open_to_others(&self.path).map_err(io)? {
            return Err(VaultError::new(
                VaultErrorKind::Open,
                format!("others may read the vault {} (mode {mode:04o}), so it is not used", self.path.display()),
                format!("type `chmod 600 {}`", self.path.display()),
            ));
        }
        private_file::read(&self.path).map_err(io)
    }

    /// Refuses an older copy than was seen; remembers a newer one.
    fn known(&self, vault: &Vault) -> Result<(), VaultError> {
        let now = vault.seen();
        match self.remembered(vault)? {
            Some(seen) => {
                seen.judge(&now, &self.path)?;
                if now.generation > seen.generation { self.remember(vault) } else { Ok(()) }
            }
            None => self.remember(vault),
        }
    }

    fn memory_of(&self, vault: &Vault) -> PathBuf {
        self.memory.join(format!("{}.json", vault.id()))
    }

    fn remembered(&self, vault: &Vault) -> Result<Option<Seen>, VaultError> {
        let path = self.memory_of(vault);
        let bytes = match private_file::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused("read", &path, &error)),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| {
            VaultError::new(
                VaultErrorKind::Damaged,
                format!("{} is damaged: it says how far the vault had come when it was last seen", path.display()),
                "make sure that the vault is the newest copy, then delete this file",
            )
        })
    }

    fn remember(&self, vault: &Vault) -> Result<(), VaultError> {
        let path = self.memory_of(vault);
        let bytes = serde_json::to_vec(&vault.seen()).expect("a number and text");
        let written = private_file::make_folder(&path).and_then(|()| private_file::replace(&path, &bytes));
        written.map_err(|error| {
            VaultError::new(
                VaultErrorKind::Io,
                format!("{} cannot be written: {error}; an old copy of the vault could not be noticed", path.display()),
                "name a folder in MLC_VAULT_SEEN that this user may write to",
            )
        })
    }
}

fn refused(what: &str, path: &Path, error: &std::io::Error) -> VaultError {
    let message = format!("{} cannot be {what}: {error}", path.display());
    VaultError::new(VaultErrorKind::Io, message, "look at the disk and at the rights of this user")
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn user_folder(name: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = variable(name).filter(|path| path.is_absolute());
    absolute.or_else(|| variable("APPDATA")).or_else(|| variable("HOME").map(|home| home.join(below_home)))
}

/// The vault as runs read it: opened when the first credential is asked for, and again when its file
/// is another one, since a server lives longer than a secret.
#[derive(Default)]
pub struct VaultSecrets {
    opened: Mutex<Option<(Stamp, Arc<Vault>)>>,
}

/// By what a file is seen to be another one: when it was written, and how long it is.
type Stamp = (SystemTime, u64);

impl VaultSecrets {
    pub fn credential(&self, name: &str, system: &str, fields: &[&str]) -> Result<Credential, SecretError> {
        self.open().and_then(|vault| vault.credential(name, system, fields)).map_err(|error| {
            let hint = match error.kind {
                VaultErrorKind::NotThere => {
                    format!("{}, or name the vault's file in MLC_VAULT", crate::vault::set_it(name, system))
                }
                _ => error.hint,
            };
            SecretError { message: format!("vault(\"{name}\") cannot be had: {}", error.message), hint }
        })
    }

    /// Those of the fields that are kept.
    pub fn also(&self, name: &str, system: &str, fields: &[&str]) -> Result<Credential, SecretError> {
        let kept = self.open().ok().and_then(|vault| vault.entry(name).map(|entry| entry.fields.clone()));
        let kept = kept.unwrap_or_default();
        let there: Vec<&str> = fields.iter().copied().filter(|field| kept.iter().any(|name| name == field)).collect();
        if there.is_empty() { Ok(Credential::default()) } else { self.credential(name, system, &there) }
    }

    fn open(&self) -> Result<Arc<Vault>, VaultError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let file = VaultFile::find(None)?;
        let stamp = fs::metadata(file.path()).and_then(|known| Ok((known.modified()?, known.len()))).ok();
        if let (Some((then, vault)), Some(now)) = (&*opened, stamp)
            && *then == now
        {
            return Ok(Arc::clone(vault));
        }
        let vault = Arc::new(file.open(None)?);
        *opened = stamp.map(|stamp| (stamp, Arc::clone(&vault)));
        Ok(vault)
    }
}
