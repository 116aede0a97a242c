//! `mlc vault`, as it is typed.

use super::Printing;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
The vault is one file that only its owner may read, locked by one of these:

  MLC_VAULT_PASSPHRASE   a passphrase; asked for at a terminal where nothing is set
  MLC_VAULT_KEY_FILE     a file with a key, mode 0600; `mlc vault key FILE` writes one
  MLC_VAULT_KEY          the key itself

MLC_VAULT names the file [default: mlc/vault in the user's configuration folder].
Secrets are typed at a prompt, or read from standard input, one `field=value` a line or
one JSON object; they are never given on the command line.

Exit codes: 0 all well; 2 the command line is wrong; 3 the vault cannot be opened or written.")]
pub struct Vault {
    #[command(subcommand)]
    pub command: VaultCommand,
    /// The vault's file [env: MLC_VAULT]
    #[arg(long, value_name = "FILE", global = true)]
    pub vault: Option<PathBuf>,
    /// A file with the key [env: MLC_VAULT_KEY_FILE]
    #[arg(long, value_name = "FILE", global = true)]
    pub key_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Keep a credential; its fields are typed, or read from standard input
    Set(VaultSet),
    /// List what is kept: names, fields and when; never a secret
    List(Printing),
    /// Forget a credential
    Remove(VaultName),
    /// Lock the vault by a new passphrase or key; everything in it is encrypted anew
    Rotate(VaultRotate),
    /// Write a new key to a file
    Key(VaultKey),
    /// Take an older copy as the newest, when the newest is lost for good
    Accept,
}

#[derive(Debug, Args)]
pub struct VaultName {
    /// The credential's name, such as `acme/office`
    #[arg(value_name = "NAME")]
    pub name: String,
}

#[derive(Debug, Args)]
pub struct VaultSet {
    #[command(flatten)]
    pub name: VaultName,
    /// The connector that it is for, or `alerts` for an address of a `notify` block [default: the name's last part, or that of before]
    #[arg(long = "for", value_name = "CONNECTOR")]
    pub system: Option<String>,
}

#[derive(Debug, Args)]
pub struct VaultRotate {
    /// A file with the new key [env: MLC_VAULT_NEW_KEY_FILE, or MLC_VAULT_NEW_PASSPHRASE, or MLC_VAULT_NEW_KEY]
    #[arg(long, value_name = "FILE")]
    pub new_key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct VaultKey {
    /// The file, which must not be there yet
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
