//! Sealing bytes: XChaCha20-Poly1305 under a random nonce, bound to what they belong to.
//!
//! Invariant: what was sealed for one purpose never opens for another.

use super::{Random, VaultError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// 256 bits that open something; wiped when dropped.
pub type SecretKey = Zeroizing<[u8; KEY_BYTES]>;

/// Sealed bytes and their nonce, both in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    nonce: String,
    sealed: String,
}

/// What sealed bytes belong to.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// The data key, as this lock wraps it.
    Key { vault: &'a str, lock: &'a str },
    /// The secrets of one entry.
    Entry { vault: &'a str, name: &'a str },
    /// What the whole file holds, in this generation.
    Manifest { vault: &'a str, generation: u64 },
}

impl Purpose<'_> {
    /// No two purposes give the same bytes: no part can hold a line feed.
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Key { vault, lock } => format!("mlc-vault 1 key\n{vault}\n{lock}"),
            Self::Entry { vault, name } => format!("mlc-vault 1 entry\n{vault}\n{name}"),
            Self::Manifest { vault, generation } => format!("mlc-vault 1 manifest\n{vault}\n{generation}"),
        }
        .into_bytes()
    }
}

impl Sealed {
    pub fn seal(key: &SecretKey, purpose: Purpose<'_>, plain: &[u8], random: Random<'_>) -> Result<Self, VaultError> {
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce)?;
        let payload = Payload { msg: plain, aad: &purpose.bytes() };
        let sealed =
            cipher(key).encrypt(&XNonce::from(nonce), payload).expect("a vault is far below the largest message");
        Ok(Self { nonce: STANDARD.encode(nonce), sealed: STANDARD.encode(sealed) })
    }

    /// `None` under another key, for another purpose, or when a bit of it was changed.
    pub fn open(&self, key: &SecretKey, purpose: Purpose<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let nonce: [u8; NONCE_BYTES] = STANDARD.decode(&self.nonce).ok()?.try_into().ok()?;
        let sealed = STANDARD.decode(&self.sealed).ok()?;
        let payload = Payload { msg: &sealed, aad: &purpose.bytes() };
        cipher(key).decrypt(&XNonce::from(nonce), payload).ok().map(Zeroizing::new)
    }

    /// Tells these sealed bytes from all others, wherever they stand.
    pub fn digest(&self) -> String {
        digest(format!("{} {}", self.nonce, self.sealed).as_bytes())
    }
}

fn cipher(key: &SecretKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&**key).into())
}

/// SHA-256, in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
