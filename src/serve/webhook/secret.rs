//! Whether a delivery knows the secret.
//!
//! Its time tells nothing: hashes are compared, so that neither the place of the first wrong
//! character nor the length shows; and a connection that has no secret, or is not there, takes as
//! long as one that has.

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// So many are always compared: the secret, and the one of before while it is changed.
const COMPARED: usize = 2;

/// Whether what was offered is one of the secrets. An empty secret is none.
pub fn is_one_of(offered: &[u8], secrets: &[SecretString]) -> bool {
    let offered = Sha256::digest(offered);
    let mut found = Choice::from(0);
    for place in 0..secrets.len().max(COMPARED) {
        let secret = secrets.get(place).map_or("", |secret| secret.expose_secret());
        let same = Sha256::digest(secret).ct_eq(&offered);
        found |= same & Choice::from(u8::from(!secret.is_empty()));
    }
    found.into()
}

#[cfg(test)]
mod tests {
    use super::is_one_of;
    use secrecy::SecretString;

    #[test]
    fn only_a_whole_secret_is_known_and_nothing_is_no_secret() {
        let secrets = ["Bearer new", "Bearer old"].map(SecretString::from);
        assert!(is_one_of(b"Bearer new", &secrets) && is_one_of(b"Bearer old", &secrets));
        for wrong in ["", "Bearer ne", "Bearer new ", "bearer new", "Bearer newBearer old", "\u{fc}"] {
            assert!(!is_one_of(wrong.as_bytes(), &secrets), "{wrong}");
        }
        assert!(!is_one_of(b"", &[]) && !is_one_of(b"", &[SecretString::from("")]));
        assert!(!is_one_of(b"Bearer old", &secrets[..1]), "once it is changed, the old one is nothing");
    }
}
