//! The key of the vault: out of a file, the environment, or a prompt; never out of the
//! command line.

use super::{private_file, prompt};
use crate::vault::{Key, VaultError, VaultErrorKind, new_key_text};
use secrecy::{ExposeSecret as _, SecretString};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Which key is meant, and by which variables it is given.
#[derive(Clone, Copy, Debug)]
pub struct Naming {
    file: &'static str,
    key: &'static str,
    passphrase: &'static str,
    option: &'static str,
}

/// The key that the vault is locked by.
pub const CURRENT: Naming = Naming {
    file: "MLC_VAULT_KEY_FILE",
    key: "MLC_VAULT_KEY",
    passphrase: "MLC_VAULT_PASSPHRASE",
    option: "--key-file",
};

/// The key that it is to be locked by.
pub const NEXT: Naming = Naming {
    file: "MLC_VAULT_NEW_KEY_FILE",
    key: "MLC_VAULT_NEW_KEY",
    passphrase: "MLC_VAULT_NEW_PASSPHRASE",
    option: "--new-key-file",
};

impl Naming {
    /// The key, from `file` if it is named, else from the environment, else asked for.
    /// A passphrase that is `new` is asked for twice.
    pub fn key(self, file: Option<&Path>, question: &str, new: bool) -> Result<Key, VaultError> {
        if let Some(path) = file {
            return from_file(path);
        }
        let given: Vec<&str> = [self.file, self.key, self.passphrase].into_iter().filter(|name| is_set(name)).collect();
        match given.as_slice() {
            [] => asked(self, question, new),
            [name] if *name == self.file => from_file(&std::env::var_os(name).map(PathBuf::from).unwrap_or_default()),
            [name] => {
                let text = Zeroizing::new(std::env::var(name).map_err(|_| not_text(name))?);
                if *name == self.passphrase {
                    return Ok(Key::Passphrase(SecretString::from(text.as_str())));
                }
                Key::from_text(&text).ok_or_else(|| no_key(&format!("the variable {name}")))
            }
            [one, other, ..] => Err(VaultError::new(
                VaultErrorKind::NoKey,
                format!("{one} and {other} are both set, and only one of them can be the key of the vault"),
                format!("leave one of them unset: `unset {other}`"),
            )),
        }
    }
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn not_text(name: &str) -> VaultError {
    VaultError::new(
        VaultErrorKind::NoKey,
        format!("the environment variable {name} is not text in UTF-8"),
        "set it again, without bytes from another encoding",
    )
}

fn no_key(what: &str) -> VaultError {
    VaultError::new(
        VaultErrorKind::NoKey,
        format!("{what} holds no key: a key is 32 random bytes, in 64 hexadecimal digits or in base64"),
        "`mlc vault key FILE` writes a new one; a passphrase goes into MLC_VAULT_PASSPHRASE",
    )
}

fn from_file(path: &Path) -> Result<Key, VaultError> {
    let refused = |error: std::io::Error| {
        let hint = "name the file that the vault was locked with; `mlc vault key FILE` writes a new key";
        VaultError::new(VaultErrorKind::NoKey, format!("the key file {} cannot be read: {error}", path.display()), hint)
    };
    if let Some(mode) = private_file::open_to_others(path).map_err(refused)? {
        return Err(VaultError::new(
            VaultErrorKind::Open,
            format!("others may read the key file {} (mode {mode:04o}), so it is not used", path.display()),
            format!("type `chmod 600 {}`", path.display()),
        ));
    }
    let bytes = Zeroizing::new(private_file::read(path).map_err(refused)?);
    let key = std::str::from_utf8(&bytes).ok().and_then(Key::from_text);
    key.ok_or_else(|| no_key(&format!("the file {}", path.display())))
}

fn asked(naming: Naming, question: &str, new: bool) -> Result<Key, VaultError> {
    if !prompt::can_ask() {
        return Err(VaultError::new(
            VaultErrorKind::NoKey,
            format!("{question}: it is not given, and nobody is at a terminal to be asked"),
            format!("set {}, or name a key file in {} or with `{}`", naming.passphrase, naming.file, naming.option),
        ));
    }
    let ask = |question: &str| {
        prompt::ask(question, true).map_err(|error| {
            let hint = format!("set {} instead", naming.passphrase);
            VaultError::new(VaultErrorKind::Io, format!("the passphrase cannot be asked for: {error}"), hint)
        })
    };
    let first = ask(question)?;
    if new && ask("The same once more")?.expose_secret() != first.expose_secret() {
        return Err(VaultError::new(
            VaultErrorKind::Unfit,
            "the two passphrases are not the same, and nothing was changed",
            "type the command again",
        ));
    }
    Ok(Key::Passphrase(first))
}

/// Writes a new key to a file that is not there yet.
pub fn write_new_key(path: &Path) -> Result<(), VaultError> {
    let text = new_key_text(&super::vault::random)?;
    let written = private_file::make_folder(path).and_then(|()| private_file::write_new(path, text.as_bytes()));
    written.map_err(|error| {
        VaultError::new(
            VaultErrorKind::Io,
            format!("the key cannot be written to {}: {error}", path.display()),
            "name a file that is not there yet, in a folder that can be written to",
        )
    })
}
