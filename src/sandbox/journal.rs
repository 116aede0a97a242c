//! What a fake accepted, line by line in a file, so that a run that is killed leaves
//! behind exactly what a server elsewhere would have kept.
//!
//! The first line names the format, the fake and the seed; each further line holds what
//! one request changed, with its instant: all of it or, if the line is torn, nothing. A last line that was cut off while it was written was never
//! answered to anybody, and is dropped.

use super::SandboxError;
use crate::connector::FakeChange;
use crate::value::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const FORMAT: u32 = 1;

/// An open journal, at its end.
pub struct Journal {
    file: File,
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    fake: String,
    seed: u64,
}

/// What one request changed, and when.
#[derive(Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    pub changes: Vec<FakeChange>,
}

/// What a journal says.
pub struct Story {
    pub seed: u64,
    pub entries: Vec<Entry>,
    /// How many bytes of the file are whole lines.
    whole: u64,
}

/// Where the journal of a fake lies.
pub fn path_of(dir: &Path, fake: &str) -> PathBuf {
    dir.join(format!("{fake}.ndjson"))
}

/// Reads a journal without touching it; `None` where there is none yet.
pub fn read(dir: &Path, fake: &str) -> Result<Option<Story>, SandboxError> {
    let path = path_of(dir, fake);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SandboxError::disk("read", &path, &error)),
    };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut lines = bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate();
    let Some((_, first)) = lines.next() else { return Ok(None) };
    let header: Header = serde_json::from_slice(first).map_err(|_| SandboxError::damaged(&path, 1))?;
    if header.format != FORMAT || header.fake != fake {
        return Err(SandboxError::damaged(&path, 1));
    }
    let entries = lines
        .map(|(index, line)| serde_json::from_slice(line).map_err(|_| SandboxError::damaged(&path, index + 1)))
        .collect::<Result<_, _>>()?;
    Ok(Some(Story { seed: header.seed, entries, whole: whole as u64 }))
}

impl Journal {
    /// Opens for appending, after the story that [`read`] told, or begins a new one.
    pub fn open(dir: &Path, fake: &str, seed: u64, story: Option<&Story>) -> Result<Self, SandboxError> {
        let path = path_of(dir, fake);
        let disk = |error: std::io::Error| SandboxError::disk("write", &path, &error);
        std::fs::create_dir_all(dir).map_err(disk)?;
        let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(&path).map_err(disk)?;
        let whole = story.map_or(0, |story| story.whole);
        file.set_len(whole).map_err(disk)?;
        file.seek(SeekFrom::Start(whole)).map_err(disk)?;
        let mut journal = Self { file, path: path.clone() };
        if story.is_none() {
            journal.line(&Header { format: FORMAT, fake: fake.to_owned(), seed })?;
        }
        Ok(journal)
    }

    /// Writes the changes of one request down. They outlive this process when this returns.
    pub fn append(&mut self, at: Timestamp, changes: Vec<FakeChange>) -> Result<(), SandboxError> {
        if changes.is_empty() { Ok(()) } else { self.line(&Entry { at, changes }) }
    }

    fn line(&mut self, what: &impl Serialize) -> Result<(), SandboxError> {
        let mut line =
            serde_json::to_vec(what).map_err(|error| SandboxError::disk("write", &self.path, &error.into()))?;
        line.push(b'\n');
        // One call: a line is there whole, or its end is missing and it is dropped.
        self.file.write_all(&line).map_err(|error| SandboxError::disk("write", &self.path, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::{Journal, read};
    use crate::connector::FakeChange;
    use crate::value::Timestamp;
    use serde_json::json;
    use std::io::Write;

    #[test]
    fn a_torn_last_line_is_dropped_and_written_over() {
        let dir = tempfile::tempdir().expect("folder");
        let now = Timestamp::from_unix(1_793_606_400);
        let mut journal = Journal::open(dir.path(), "a", 7, None).expect("new journal");
        journal.append(now, vec![FakeChange(json!({"n": 1})), FakeChange(json!({"n": 2}))]).expect("append");
        drop(journal);
        let path = dir.path().join("a.ndjson");
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("file");
        file.write_all(b"{\"at\":\"2026-11-02T08:00:00Z\",\"cha").expect("torn");
        drop(file);
        let story = read(dir.path(), "a").expect("readable").expect("there");
        assert_eq!((story.seed, story.entries.len()), (7, 1));
        let mut journal = Journal::open(dir.path(), "a", 7, Some(&story)).expect("open again");
        journal.append(now, vec![FakeChange(json!({"n": 3}))]).expect("append");
        let story = read(dir.path(), "a").expect("readable").expect("there");
        let told: Vec<_> = story.entries.into_iter().flat_map(|entry| entry.changes).collect();
        assert_eq!(told, [1, 2, 3].map(|n| FakeChange(json!({"n": n}))));
    }

    #[test]
    fn a_damaged_line_in_the_middle_is_named() {
        let dir = tempfile::tempdir().expect("folder");
        let text = "{\"format\":1,\"fake\":\"a\",\"seed\":1}\nnoise\n{}\n";
        std::fs::write(dir.path().join("a.ndjson"), text).expect("file");
        let error = read(dir.path(), "a").err().expect("damaged").to_string();
        assert!(error.contains("line 2"), "{error}");
    }
}
