//! What locks a vault: a passphrase, made into a key at a cost, or a key of 256 random bits.

use super::seal::{KEY_BYTES, SecretKey};
use super::{Random, VaultError, VaultErrorKind};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// A new passphrase has at least so many characters.
const SHORTEST: usize = 12;
const SALT_BYTES: usize = 16;

/// More than this is no cost that mlc ever asked for: a file that names it is not believed.
const MOST: Cost = Cost { memory_kib: 1 << 20, passes: 32, lanes: 16 };

/// What the owner gives. `Debug` shows nothing of it.
#[derive(Clone)]
pub enum Key {
    Passphrase(SecretString),
    Random(SecretKey),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
}

impl Key {
    /// `a passphrase`, `a key`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Passphrase(_) => "a passphrase",
            Self::Random(_) => "a key",
        }
    }

    /// A key in text: 64 hexadecimal digits, or 32 bytes in base64.
    pub fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = Zeroizing::new(from_hex(text).or_else(|| STANDARD.decode(text).ok())?);
        let mut key = SecretKey::new([0; KEY_BYTES]);
        (bytes.len() == KEY_BYTES).then(|| key.copy_from_slice(&bytes))?;
        Some(Self::Random(key))
    }

    /// Whether it is good enough to lock with.
    pub fn is_fit(&self) -> Result<(), VaultError> {
        let Self::Passphrase(text) = self else { return Ok(()) };
        let text = text.expose_secret();
        if text.chars().count() >= SHORTEST && !text.trim().is_empty() {
            return Ok(());
        }
        Err(VaultError::new(
            VaultErrorKind::Unfit,
            format!("the new passphrase has fewer than {SHORTEST} characters"),
            "take several words that nobody guesses, or a key file: `mlc vault key FILE`",
        ))
    }
}

/// A new key as text.
pub fn new_key_text(random: Random<'_>) -> Result<Zeroizing<String>, VaultError> {
    let mut key = SecretKey::new([0; KEY_BYTES]);
    random(key.as_mut_slice())?;
    Ok(Zeroizing::new(format!("{}\n", super::seal::hex(key.as_slice()))))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.len() == KEY_BYTES * 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| (0..KEY_BYTES).filter_map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()).collect())
}

/// What a guess at a passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Default for Cost {
    /// The second recommendation of RFC 9106: 64 MiB, three passes, four lanes.
    fn default() -> Self {
        Self { memory_kib: 64 << 10, passes: 3, lanes: 4 }
    }
}

impl Cost {
    fn is_sound(self) -> bool {
        let Self { memory_kib, passes, lanes } = self;
        memory_kib <= MOST.memory_kib && passes <= MOST.passes && lanes <= MOST.lanes
    }
}

/// How the data key is locked; stands in the header of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Lock {
    /// Argon2id, version 1.3.
    Passphrase {
        #[serde(flatten)]
        cost: Cost,
        salt: String,
    },
    Key,
}

impl Lock {
    pub fn new(key: &Key, cost: Cost, random: Random<'_>) -> Result<Self, VaultError> {
        match key {
            Key::Random(_) => Ok(Self::Key),
            Key::Passphrase(_) => {
                let mut salt = [0; SALT_BYTES];
                random(&mut salt)?;
                Ok(Self::Passphrase { cost, salt: STANDARD.encode(salt) })
            }
        }
    }

    /// One line, to bind the wrapped key to.
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).expect("numbers and text")
    }

    /// The key that wraps the data key.
    pub fn wrapping(&self, key: &Key, place: &Path) -> Result<SecretKey, VaultError> {
        match (self, key) {
            (Self::Key, Key::Random(key)) => Ok(key.clone()),
            (Self::Passphrase { cost, salt }, Key::Passphrase(text)) => derive(*cost, salt, text, place),
            (Self::Key, Key::Passphrase(_)) => Err(other_kind(
                place,
                "a key, and a passphrase was given",
                "name the key file in MLC_VAULT_KEY_FILE, or set MLC_VAULT_KEY, and leave MLC_VAULT_PASSPHRASE unset",
            )),
            (Self::Passphrase { .. }, Key::Random(_)) => Err(other_kind(
                place,
                "a passphrase, and a key was given",
                "set MLC_VAULT_PASSPHRASE, and leave MLC_VAULT_KEY_FILE and MLC_VAULT_KEY unset",
            )),
        }
    }

    pub fn wrong(&self, place: &Path) -> VaultError {
        match self {
            Self::Key => VaultError::wrong_key(place),
            Self::Passphrase { .. } => VaultError::wrong_passphrase(place),
        }
    }
}

fn other_kind(place: &Path, what: &str, hint: &str) -> VaultError {
    VaultError::new(VaultErrorKind::NoKey, format!("the vault {} is locked by {what}", place.display()), hint)
}

fn derive(cost: Cost, salt: &str, passphrase: &SecretString, place: &Path) -> Result<SecretKey, VaultError> {
    let unsound = || VaultError::damaged(place, "its header asks for a derivation that mlc never writes");
    let salt = STANDARD.decode(salt).ok().filter(|salt| salt.len() == SALT_BYTES).ok_or_else(unsound)?;
    let Cost { memory_kib, passes, lanes } = cost;
    let params = Params::new(memory_kib, passes, lanes, Some(KEY_BYTES)).ok().filter(|_| cost.is_sound());
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.ok_or_else(unsound)?);
    let mut key = SecretKey::new([0; KEY_BYTES]);
    argon.hash_password_into(passphrase.expose_secret().as_bytes(), &salt, key.as_mut_slice()).map_err(|error| {
        VaultError::new(
            VaultErrorKind::Io,
            format!("the key of the vault {} cannot be made from the passphrase: {error}", place.display()),
            format!("it takes {} MiB of memory: give the process more", memory_kib / 1024),
        )
    })?;
    Ok(key)
}
