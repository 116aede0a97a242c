//! The state as one file that any later release can read: for backups, for another
//! machine, and as the way out of this database.
//!
//! One JSON object a line:
//!
//! | line | what it is |
//! | --- | --- |
//! | `{"mlc_state":1,"format":2,"pipeline":…,"sandbox":…,"at":…,"head":{…}}` | the first: whose it is, and its newest audit entry |
//! | `{"blob":"SHA-256","text":…}` | a file of `blobs/`, before the first row that names it |
//! | `{"in":"records","key":…,"v":1,"json":…}` | a row: its tree, its key, the version of its value, and the value |
//! | `{"end":{"lines":…,"sha256":…}}` | the last: how many lines came before it, and the hash of their bytes |
//!
//! Keys that are no text stand as `key_hex`. A value that is one line of JSON stands as
//! `json`, byte for byte; other text as `text`, the rest as `hex`; one that lies in a file
//! as `file`, by its name. Payloads stand as they were read, sent and answered.
//!
//! Invariant: a file that was cut, or of which one bit is another, is refused before
//! anything of it counts.

use super::blobs::Blobs;
use super::{AuditEntry, Head, StoreError, StoreErrorKind, audit, codec, disk};
use crate::value::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The layout of the file, not of what is in it.
const LAYOUT: u32 = 1;

/// The trees of which a store consists, in the order in which they are written.
pub const TREES: [&str; 8] = ["records", "links", "intents", "cursors", "runs", "audit", "payloads", "webhooks"];

/// One key with its value, as the database holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// One of [`TREES`].
    pub tree: &'static str,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

/// Whose state it is, and when it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub pipeline: String,
    pub sandbox: bool,
    pub at: Timestamp,
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    mlc_state: u32,
    /// The format of the rows.
    pub format: u32,
    #[serde(flatten)]
    pub about: About,
    /// The newest audit entry.
    pub head: Head,
}

#[derive(Serialize, Deserialize)]
struct End {
    lines: u64,
    sha256: String,
}

/// Any line but the first. Which one it is its fields tell.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    tree: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    v: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob: Option<String>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    json: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<End>,
}

/// Writes such a file. What is not [ended](Self::end) is no backup.
pub struct Export {
    out: BufWriter<File>,
    path: PathBuf,
    hash: Sha256,
    lines: u64,
    /// Files that stand in it already.
    told: HashSet<String>,
}

impl Export {
    /// Makes the file, which must not be there yet.
    pub fn begin(path: &Path, format: u32, about: &About, head: &Head) -> Result<Self, StoreError> {
        let file = File::create_new(path).map_err(|error| disk::refused("write", path, &error))?;
        let mut export = Self {
            out: BufWriter::new(file),
            path: path.to_owned(),
            hash: Sha256::new(),
            lines: 0,
            told: HashSet::new(),
        };
        export.line(&Title { mlc_state: LAYOUT, format, about: about.clone(), head: head.clone() })?;
        Ok(export)
    }

    /// The row, and before it the files that it names.
    pub fn row(&mut self, row: &Row, blobs: &Blobs) -> Result<(), StoreError> {
        let (version, value) = codec::Place::of(&row.value).ok_or_else(|| no_value(&self.path))?;
        // A source may lie in `payloads` instead, with a row of its own.
        let file = codec::file_of(&row.value, row.tree == "records")
            .filter(|name| !self.told.contains(name) && (matches!(value, codec::Place::InFile(_)) || blobs.has(name)));
        if let Some(name) = file {
            self.blob(&name, &blobs.get(&name)?)?;
            self.told.insert(name);
        }
        let unpacked;
        let as_text = !matches!(row.tree, "runs" | "audit" | "payloads");
        let text = std::str::from_utf8(&row.key).ok().filter(|_| as_text);
        let mut line = Line {
            tree: Some(row.tree.to_owned()),
            key: text.map(str::to_owned),
            key_hex: text.is_none().then(|| audit::hex(&row.key)),
            ..Line::default()
        };
        line.v = Some(version);
        match value {
            codec::Place::Here(bytes) => line.put(bytes),
            codec::Place::Deflated(bytes) => {
                unpacked = codec::inflate(bytes).ok_or_else(|| no_value(&self.path))?;
                line.put(&unpacked);
            }
            codec::Place::InFile(name) => line.file = Some(name),
        }
        self.line(&line)
    }

    /// On disk, and whole, when it returns.
    pub fn end(mut self) -> Result<(), StoreError> {
        let sha256 = audit::hex(&self.hash.clone().finalize());
        self.line(&Line { end: Some(End { lines: self.lines, sha256 }), ..Line::default() })?;
        let synced = self.out.flush().and_then(|()| self.out.get_ref().sync_all());
        synced.map_err(|error| disk::refused("write", &self.path, &error))
    }

    fn blob(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let mut line = Line { blob: Some(name.to_owned()), ..Line::default() };
        match std::str::from_utf8(bytes) {
            Ok(text) => line.text = Some(text.to_owned()),
            Err(_) => line.hex = Some(audit::hex(bytes)),
        }
        self.line(&line)
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), StoreError> {
        let mut bytes = serde_json::to_vec(line).expect("text, numbers and JSON");
        bytes.push(b'\n');
        self.hash.update(&bytes);
        self.lines += 1;
        self.out.write_all(&bytes).map_err(|error| disk::refused("write", &self.path, &error))
    }
}

/// Gives a file that was written as a draft its name, once it has proven to be whole.
pub fn settle(draft: &Path, path: &Path) -> Result<Title, StoreError> {
    let title = Import::open(draft)?.prove()?;
    disk::rename(draft, path)?;
    Ok(title)
}

impl<'a> Line<'a> {
    fn put(&mut self, bytes: &'a [u8]) {
        let json: Option<&RawValue> = serde_json::from_slice(bytes).ok();
        // Byte for byte: white space around it would be lost, a line feed in it would end the line.
        self.json = json.filter(|json| json.get().len() == bytes.len() && !json.get().contains(['\n', '\r']));
        if self.json.is_some() {
            return;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text = Some(text.to_owned()),
            Err(_) => self.hex = Some(audit::hex(bytes)),
        }
    }

    /// The bytes that stand in it.
    fn bytes(&self) -> Option<Vec<u8>> {
        match (&self.json, &self.text, &self.hex) {
            (Some(json), None, None) => Some(json.get().as_bytes().to_vec()),
            (None, Some(text), None) => Some(text.as_bytes().to_vec()),
            (None, None, Some(hex)) => unhex(hex),
            _ => None,
        }
    }

    fn row(&self) -> Option<Row> {
        let tree = TREES.into_iter().find(|tree| Some(*tree) == self.tree.as_deref())?;
        let key = match (&self.key, &self.key_hex) {
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, Some(hex)) => unhex(hex)?,
            _ => return None,
        };
        let value = match &self.file {
            Some(name) => codec::Place::InFile(name.clone()).bytes(self.v?),
            None if tree == "payloads" => codec::packed(&self.bytes()?),
            None => codec::Place::Here(&self.bytes()?).bytes(self.v?),
        };
        Some(Row { tree, key, value })
    }
}

/// Reads such a file. Only when it has given `None` is all of it known to be whole.
#[derive(Debug)]
pub struct Import {
    lines: BufReader<File>,
    path: PathBuf,
    title: Title,
    hash: Sha256,
    read: u64,
    ended: bool,
    /// The content of the last file that stood in it.
    file: Vec<u8>,
}

impl Import {
    /// Reads the first line.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|error| disk::refused("read", path, &error))?;
        let mut lines = BufReader::new(file);
        let first = read_line(&mut lines, path)?;
        let title: Title = serde_json::from_slice(&first).map_err(|_| {
            let what = format!("{} is no backup and no export of a state", path.display());
            StoreError::new(StoreErrorKind::Damaged, what, "name a file that `mlc backup` or `mlc state export` wrote")
        })?;
        if title.mlc_state > LAYOUT {
            return Err(StoreError::new(
                StoreErrorKind::Format,
                format!("{} was written by a later release", path.display()),
                "use that release or a later one",
            ));
        }
        super::head_file::check_format(title.format, path)?;
        let mut hash = Sha256::new();
        hash.update(&first);
        Ok(Self { lines, path: path.to_owned(), title, hash, read: 1, ended: false, file: Vec::new() })
    }

    pub fn title(&self) -> &Title {
        &self.title
    }

    /// The next row; what it names is in `blobs` then, where there is such a folder.
    pub fn next(&mut self, blobs: Option<&Blobs>) -> Result<Option<Row>, StoreError> {
        while !self.ended {
            let bytes = read_line(&mut self.lines, &self.path)?;
            if bytes.last() != Some(&b'\n') {
                return Err(self.spoilt("it was cut: its last line is missing"));
            }
            let line: Line = serde_json::from_slice(&bytes)
                .map_err(|_| self.spoilt(&format!("line {} is not as it was written", self.read + 1)))?;
            if let Some(end) = &line.end {
                self.finish(end)?;
                continue;
            }
            self.hash.update(&bytes);
            self.read += 1;
            let unreadable = || self.spoilt(&format!("line {} is not as it was written", self.read));
            let Some(name) = &line.blob else { return line.row().ok_or_else(unreadable).map(Some) };
            let content = line.bytes().ok_or_else(unreadable)?;
            if audit::sha256(&content) != *name {
                return Err(unreadable());
            }
            if let Some(blobs) = blobs {
                blobs.put(&content)?;
            }
            self.file = content;
        }
        Ok(None)
    }

    /// Reads the whole file: its checksum, and that the audit chain in it closes at its head.
    pub fn prove(mut self) -> Result<Title, StoreError> {
        let mut verifier = audit::Verifier::default();
        while let Some(row) = self.next(None)? {
            if row.tree == "audit" {
                verifier.push(&self.entry(&row)?);
            }
        }
        verifier.end(Some(&self.title.head)).map_err(|fault| self.spoilt(&fault.message))?;
        Ok(self.title)
    }

    /// The audit entry of a row that was just read.
    pub fn entry(&self, row: &Row) -> Result<AuditEntry, StoreError> {
        let bytes = match codec::Place::of(&row.value) {
            Some((_, codec::Place::Here(bytes))) => bytes,
            _ => self.file.as_slice(),
        };
        serde_json::from_slice(bytes).map_err(|error| self.spoilt(&format!("an audit entry is torn ({error})")))
    }

    fn finish(&mut self, end: &End) -> Result<(), StoreError> {
        let whole = end.lines == self.read && end.sha256 == audit::hex(&self.hash.clone().finalize());
        let more = self.lines.fill_buf().map_err(|error| disk::refused("read", &self.path, &error))?;
        if !whole || !more.is_empty() {
            return Err(self.spoilt("its checksum is not that of what stands in it"));
        }
        self.ended = true;
        Ok(())
    }

    pub fn spoilt(&self, what: &str) -> StoreError {
        StoreError::new(
            StoreErrorKind::Damaged,
            format!("{} is damaged: {what}", self.path.display()),
            "take another copy of it, or an older backup; the state is as it was",
        )
    }
}

fn no_value(path: &Path) -> StoreError {
    super::head_file::damaged(path, "a value begins with bytes that no release writes")
}

fn read_line(lines: &mut BufReader<File>, path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    lines.read_until(b'\n', &mut bytes).map_err(|error| disk::refused("read", path, &error))?;
    Ok(bytes)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests;
