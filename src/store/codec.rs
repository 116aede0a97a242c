//! Value bytes: a version byte, a place byte, and JSON or the name of the file that holds it.
//!
//! | bytes | meaning |
//! | --- | --- |
//! | `01` `=` … | version 1, JSON follows |
//! | `01` `@` … | version 1, the JSON lies in `blobs/` under the name that follows |
//! | `01` `~` … | version 1, a payload follows, deflated (RFC 1951) |
//!
//! A payload is `=`, `@` or `~`, whichever fits.

use super::blobs::{Blobs, LARGE};
use super::{Payload, RecordEntry, StoreError, StoreErrorKind, audit, head_file};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};
use std::path::Path;

/// The version of the values that this release writes.
const VERSION: u8 = 1;

/// A source record of so many bytes stays in its record.
const TINY: usize = 256;

const HERE: u8 = b'=';
const IN_FILE: u8 = b'@';
const DEFLATED: u8 = b'~';

/// No payload is longer: what unpacks to more is not ours.
const LONGEST: u64 = 64 << 20;

/// A value that stays in the database, whatever its size: one that is removed again, or
/// changes so often that its files would pile up.
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    pack(HERE, &json(value))
}

/// A value that stays; a large one goes to a file, which is on disk when this returns.
pub fn encode_large(value: &impl Serialize, blobs: &Blobs) -> Result<Vec<u8>, StoreError> {
    let json = json(value);
    if json.len() <= LARGE {
        return Ok(pack(HERE, &json));
    }
    Ok(pack(IN_FILE, blobs.put(&json)?.as_bytes()))
}

/// Reads what either of the two wrote. `folder` is for the sentence.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], blobs: &Blobs, folder: &Path) -> Result<T, StoreError> {
    let json = match bytes {
        [VERSION, HERE, json @ ..] => json.to_vec(),
        [VERSION, IN_FILE, name @ ..] => blobs.get(&String::from_utf8_lossy(name))?,
        [version, ..] if *version > VERSION => return Err(later(*version, folder)),
        _ => return Err(head_file::damaged(folder, "a value begins with bytes that no release writes")),
    };
    serde_json::from_slice(&json).map_err(|error| head_file::damaged(folder, &format!("a value is torn ({error})")))
}

/// A record's bytes, and the source record apart from it where that is not tiny: the record
/// itself changes with each attempt, what was read does not.
pub fn encode_record(mut entry: RecordEntry) -> (Vec<u8>, Option<Payload>) {
    let source = Payload::of_json(&entry.source);
    if source.bytes().len() <= TINY {
        return (encode(&StoredRecord { entry, source_file: None }), None);
    }
    entry.source = serde_json::Value::Null;
    let source_file = Some(source.name().to_owned());
    (encode(&StoredRecord { entry, source_file }), Some(source))
}

/// `payload` finds what the record names.
pub fn decode_record(
    bytes: &[u8],
    blobs: &Blobs,
    folder: &Path,
    payload: impl Fn(&str) -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<RecordEntry, StoreError> {
    let StoredRecord { mut entry, source_file } = decode(bytes, blobs, folder)?;
    if let Some(name) = source_file {
        let source = match payload(&name)? {
            Some(source) => source,
            // Written by a release that kept large ones in files only.
            None => blobs.get(&name)?,
        };
        entry.source = serde_json::from_slice(&source)
            .map_err(|error| head_file::damaged(folder, &format!("a source record is torn ({error})")))?;
    }
    Ok(entry)
}

/// A payload's bytes; a large one goes to a file, which is on disk when this returns.
pub fn encode_payload(payload: &Payload, blobs: &Blobs) -> Result<Vec<u8>, StoreError> {
    let bytes = payload.bytes();
    if bytes.len() <= TINY {
        return Ok(pack(HERE, bytes));
    }
    let deflated = deflate(bytes);
    if deflated.len() <= LARGE {
        return Ok(pack(DEFLATED, &deflated));
    }
    Ok(pack(IN_FILE, blobs.put(bytes)?.as_bytes()))
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes all that is written")
}

/// `None` for bytes that [`deflate`] did not make.
fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    DeflateDecoder::new(bytes).take(LONGEST).read_to_end(&mut unpacked).ok().map(|_| unpacked)
}

/// Reads what [`encode_payload`] wrote under this name.
pub fn decode_payload(name: &str, bytes: &[u8], blobs: &Blobs, folder: &Path) -> Result<Vec<u8>, StoreError> {
    let payload = match bytes {
        [VERSION, HERE, payload @ ..] => Some(payload.to_vec()),
        [VERSION, DEFLATED, deflated @ ..] => inflate(deflated),
        [VERSION, IN_FILE, file @ ..] if file == name.as_bytes() => return blobs.get(name),
        [version, ..] if *version > VERSION => return Err(later(*version, folder)),
        _ => None,
    };
    let whole = payload.filter(|payload| audit::sha256(payload) == name);
    whole.ok_or_else(|| head_file::damaged(folder, &format!("the payload {name} was changed")))
}

/// Where a value lies, apart from its version.
#[derive(Debug, PartialEq, Eq)]
pub enum Place<'a> {
    Here(&'a [u8]),
    /// In the file of this name.
    InFile(String),
}

impl Place<'_> {
    /// The version and the place; `None` for bytes that no release writes.
    pub fn of(value: &[u8]) -> Option<(u8, Place<'_>)> {
        match value {
            [version, HERE, rest @ ..] => Some((*version, Place::Here(rest))),
            [version, IN_FILE, name @ ..] => Some((*version, Place::InFile(String::from_utf8(name.to_vec()).ok()?))),
            _ => None,
        }
    }

    /// The value's bytes again.
    pub fn bytes(&self, version: u8) -> Vec<u8> {
        let (place, rest) = match self {
            Place::Here(rest) => (HERE, *rest),
            Place::InFile(name) => (IN_FILE, name.as_bytes()),
        };
        [&[version, place], rest].concat()
    }
}

/// The file in which the value lies; of a record, the one that may hold its source.
pub fn file_of(value: &[u8], is_record: bool) -> Option<String> {
    match Place::of(value)?.1 {
        Place::InFile(name) => Some(name),
        Place::Here(json) if is_record => serde_json::from_slice::<SourceFile>(json).ok()?.source_file,
        Place::Here(_) => None,
    }
}

/// The record without its source, which was dropped.
pub fn without_source(value: &[u8], blobs: &Blobs, folder: &Path) -> Result<Vec<u8>, StoreError> {
    let StoredRecord { entry, .. } = decode(value, blobs, folder)?;
    Ok(encode(&StoredRecord { entry, source_file: None }))
}

/// As much of a stored record as says where its source lies.
#[derive(Deserialize)]
struct SourceFile {
    source_file: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredRecord {
    /// With `null` for a source that lies apart.
    entry: RecordEntry,
    /// The name of the payload that holds the source.
    source_file: Option<String>,
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("the store's types hold only text, numbers and JSON")
}

fn pack(place: u8, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![VERSION, place];
    bytes.extend_from_slice(rest);
    bytes
}

fn later(version: u8, folder: &Path) -> StoreError {
    StoreError::new(
        StoreErrorKind::Format,
        format!("a value in {} was written by a later release (version {version})", folder.display()),
        "use that release or a later one",
    )
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_payload, decode_record, encode, encode_large, encode_payload, encode_record};
    use crate::store::blobs::Blobs;
    use crate::store::{Payload, StoreErrorKind, contract};
    use serde_json::{Value, json};

    #[test]
    fn small_values_stay_and_large_ones_go_to_files() {
        let folder = tempfile::tempdir().expect("folder");
        let blobs = Blobs::open(folder.path()).expect("blobs");
        let files = || std::fs::read_dir(folder.path().join("blobs")).expect("list").count();
        let large = json!("x".repeat(40_000));
        for (value, expected) in [(json!({ "a": 1 }), 0), (large.clone(), 1)] {
            let bytes = encode_large(&value, &blobs).expect("encode");
            assert_eq!(decode::<Value>(&bytes, &blobs, folder.path()).expect("decode"), value);
            assert_eq!(files(), expected);
        }
        let bytes = encode(&json!([large]));
        assert!(bytes.len() > 40_000);
        assert_eq!(files(), 1);
        let mut record = contract::record("bills", "1");
        record.source = json!([large, "and more"]);
        let (bytes, source) = encode_record(record.clone());
        let source = source.expect("it lies apart");
        let value = encode_payload(&source, &blobs).expect("encode");
        let find = |name: &str| decode_payload(name, &value, &blobs, folder.path()).map(Some);
        assert!(bytes.len() < 2_000);
        assert_eq!(decode_record(&bytes, &blobs, folder.path(), find).expect("decode"), record);
        let other = Payload::new(b"another".to_vec());
        let swapped = decode_payload(other.name(), &value, &blobs, folder.path());
        assert_eq!(swapped.expect_err("another's").kind, StoreErrorKind::Damaged);
        assert_eq!(files(), 2);
    }

    #[test]
    fn bytes_of_a_later_release_and_torn_ones_are_told_apart() {
        let folder = tempfile::tempdir().expect("folder");
        let blobs = Blobs::open(folder.path()).expect("blobs");
        let kind = |bytes: &[u8]| decode::<Value>(bytes, &blobs, folder.path()).expect_err("refused").kind;
        assert_eq!(kind(b"\x02={}"), StoreErrorKind::Format);
        assert_eq!(kind(b"\x01={"), StoreErrorKind::Damaged);
        assert_eq!(kind(b"\x01"), StoreErrorKind::Damaged);
        assert_eq!(kind(b""), StoreErrorKind::Damaged);
    }
}
