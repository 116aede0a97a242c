//! Tokens: what somebody shows to be known.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// Fills bytes with randomness that nobody can guess; `false` when the machine gives none.
pub type Random = Arc<dyn Fn(&mut [u8]) -> bool + Send + Sync>;

/// 256 random bits as text. `Debug` does not show it.
#[derive(Debug)]
pub struct Token(SecretString);

impl Token {
    /// `None` when the machine gives no randomness.
    pub fn new(random: &Random) -> Option<Self> {
        let mut bytes = [0; 32];
        random(&mut bytes).then(|| Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// One that people carry about: what it is can be seen.
    pub fn for_people(random: &Random) -> Option<Self> {
        let token = Self::new(random)?;
        Some(Self(format!("mlc_{}", token.reveal()).into()))
    }

    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    pub fn hash(&self) -> String {
        hash(self.reveal())
    }
}

/// SHA-256 of a token, in hex.
pub fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Takes as long for two texts that differ at the end as for two that differ at the beginning.
pub fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::{Random, Token, hash, same};
    use std::sync::Arc;

    #[test]
    fn a_token_shows_itself_to_nobody() {
        let random: Random = Arc::new(|bytes| {
            bytes.fill(7);
            true
        });
        let token = Token::for_people(&random).expect("random bytes");
        assert_eq!(token.reveal().len(), 47);
        assert!(!format!("{token:?}").contains(token.reveal()));
        assert_eq!(token.hash(), hash(token.reveal()));
        assert!(same(&token.hash(), &hash(token.reveal())) && !same(&token.hash(), &hash("mlc_")));
    }

    #[test]
    fn a_machine_without_randomness_makes_none() {
        assert!(Token::new(&(Arc::new(|_: &mut [u8]| false) as Random)).is_none());
    }
}
