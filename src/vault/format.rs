//! The file: lines of text, each of them JSON but for the first and the last.
//!
//! ```text
//! mlc-vault 1
//! {"id":…,"generation":7,"key":{"by":"passphrase",…},"nonce":…,"sealed":…}    the wrapped data key
//! {"name":"acme/office","system":…,"fields":[…],"set":…,"nonce":…,"sealed":…}  one for each entry
//! {"nonce":…,"sealed":…}                                                       the sealed manifest
//! end 9f86d0…                                                                  SHA-256 of all lines above
//! ```
//!
//! The last line tells a file that was cut or fell ill from one that was locked with another
//! passphrase; it proves nothing against an enemy. The manifest does that.

use super::key::Lock;
use super::seal::{Sealed, digest};
use super::{VaultError, VaultErrorKind};
use crate::value::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;

const MAGIC: &str = "mlc-vault ";
const FORMAT: u32 = 1;
const END: &str = "end ";

/// Who the vault is, how old, and how it is locked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub id: String,
    /// One more with every change.
    pub generation: u64,
    pub key: Lock,
    /// The data key.
    #[serde(flatten)]
    pub wrapped: Sealed,
}

/// One credential. Everything but the secrets can be read without the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub name: String,
    /// The connector that it is a credential for.
    pub system: String,
    /// Their names, not what they hold.
    pub fields: Vec<String>,
    pub set: Timestamp,
    #[serde(flatten)]
    pub secrets: Sealed,
}

/// A file as it was read; nothing of it is believed yet.
#[derive(Debug)]
pub struct Outline {
    pub header: Header,
    pub header_digest: String,
    pub entries: Vec<Line>,
    pub seal: Sealed,
    /// The digest in the last line.
    pub end: String,
    /// Whether that digest is the digest of what stands above.
    pub sound: bool,
}

/// An entry and the digest of its line.
#[derive(Clone, Debug)]
pub struct Line {
    pub entry: Entry,
    pub digest: String,
}

impl Line {
    pub fn of(entry: Entry) -> (String, Self) {
        let text = line(&entry);
        let digest = digest(text.as_bytes());
        (text, Self { entry, digest })
    }
}

/// JSON on one line, without its line feed.
pub fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("numbers and text")
}

/// The whole file, and the digest in its last line.
pub fn write(header: &str, entries: &[String], seal: &Sealed) -> (String, String) {
    let mut text = format!("{MAGIC}{FORMAT}\n{header}\n");
    for entry in entries {
        text.push_str(entry);
        text.push('\n');
    }
    text.push_str(&line(seal));
    text.push('\n');
    let end = digest(text.as_bytes());
    text.push_str(&format!("{END}{end}\n"));
    (text, end)
}

pub fn read(bytes: &[u8], place: &Path) -> Result<Outline, VaultError> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_text(bytes, place))?;
    format_of(text, place)?;
    let (above, end) = ended(text).ok_or_else(|| VaultError::cut(place))?;
    let lines: Vec<&str> = above.lines().collect();
    let [_, header, entries @ .., seal] = lines.as_slice() else { return Err(VaultError::cut(place)) };
    let last = lines.len() - 1;
    let entries = entries
        .iter()
        .enumerate()
        .map(|(number, text)| Ok(Line { entry: json(text, number + 2, place)?, digest: digest(text.as_bytes()) }));
    Ok(Outline {
        header: json(header, 1, place)?,
        header_digest: digest(header.as_bytes()),
        entries: entries.collect::<Result<_, VaultError>>()?,
        seal: json(seal, last, place)?,
        end: end.to_owned(),
        sound: digest(above.as_bytes()) == end,
    })
}

fn json<T: DeserializeOwned>(text: &str, number: usize, place: &Path) -> Result<T, VaultError> {
    serde_json::from_str(text)
        .map_err(|_| VaultError::damaged(place, &format!("line {} is not what mlc writes", number + 1)))
}

/// Refuses what is no vault, or one of a later release.
fn format_of(text: &str, place: &Path) -> Result<(), VaultError> {
    let first = format!("{MAGIC}{FORMAT}\n");
    if text.starts_with(&first) {
        return Ok(());
    }
    if first.starts_with(text) {
        return Err(VaultError::cut(place));
    }
    let number =
        text.strip_prefix(MAGIC).and_then(|rest| rest.lines().next()).and_then(|rest| rest.parse::<u32>().ok());
    match number {
        Some(number) => Err(VaultError::new(
            VaultErrorKind::LaterFormat,
            format!(
                "the vault {} was written by a later release (format {number}, this one knows {FORMAT})",
                place.display()
            ),
            "use that release or a later one",
        )),
        None => Err(not_a_vault(place)),
    }
}

fn not_text(bytes: &[u8], place: &Path) -> VaultError {
    if bytes.starts_with(MAGIC.as_bytes()) {
        VaultError::damaged(place, "it holds bytes that are no text")
    } else {
        not_a_vault(place)
    }
}

fn not_a_vault(place: &Path) -> VaultError {
    VaultError::new(
        VaultErrorKind::NotAVault,
        format!("{} is no vault of mlc", place.display()),
        "name the vault in MLC_VAULT or with --vault, or another file for a new one",
    )
}

/// All above the last line, and the digest in it; `None` if the last line is not whole.
fn ended(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_suffix('\n')?;
    let at = text.rfind('\n')? + 1;
    let end = text[at..].strip_prefix(END)?;
    let whole = end.len() == 64 && end.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| (&text[..at], end))
}
