//! The secrets of one entry as bytes: a count, then each name and value with its length
//! before it, then zeros up to a full block, so that the length of a password does not show.

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

const BLOCK: usize = 128;

pub fn write(fields: &[(String, SecretString)]) -> Zeroizing<Vec<u8>> {
    let length: usize = fields.iter().map(|(name, value)| 8 + name.len() + value.expose_secret().len()).sum();
    // Never grows, so no copy of a secret stays behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity((4 + length).next_multiple_of(BLOCK)));
    put_length(&mut bytes, fields.len());
    for (name, value) in fields {
        for text in [name.as_str(), value.expose_secret()] {
            put_length(&mut bytes, text.len());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    let whole = bytes.len().next_multiple_of(BLOCK);
    bytes.resize(whole, 0);
    bytes
}

fn put_length(bytes: &mut Vec<u8>, length: usize) {
    let length = u32::try_from(length).expect("what is kept was read from a bounded input");
    bytes.extend_from_slice(&length.to_le_bytes());
}

/// `None` if they were not written by [`write`](fn@write).
pub fn read(bytes: &[u8]) -> Option<Vec<(String, SecretString)>> {
    let (count, mut rest) = take_length(bytes)?;
    let mut fields = Vec::new();
    for _ in 0..count {
        let (name, after) = take_text(rest)?;
        let (value, after) = take_text(after)?;
        fields.push((name.to_owned(), SecretString::from(value)));
        rest = after;
    }
    Some(fields)
}

fn take_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*length)).ok()?, rest))
}

fn take_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = take_length(bytes)?;
    let (text, rest) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}
