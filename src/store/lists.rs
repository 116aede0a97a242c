//! Lists as they were last read: the rows of lookups, what `match` looked among. A backtest
//! maps with them, without any system.
//!
//! One file a list, `lists/<name>`: a line that says what follows, then the records. A list
//! that is read again replaces the one before, so they never grow by being read; one that is
//! the same is not written again. They are no part of what must not be lost: the records
//! tell what was posted, and a list that is gone is kept again by the next run.

use super::{StoreError, audit, disk, head_file};
use crate::value::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// A list as it was last read.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptList {
    /// The run that read it so first.
    pub run: String,
    pub at: Timestamp,
    pub content: ListContent,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListContent {
    /// As JSON.
    pub records: Vec<serde_json::Value>,
    /// The sentences of those that could not be read.
    pub unreadable: Vec<String>,
}

/// The first line of a file.
#[derive(Serialize, Deserialize)]
struct Head {
    name: String,
    run: String,
    at: Timestamp,
    /// SHA-256 of the rest, in hex.
    hash: String,
}

#[derive(Clone, Debug)]
pub(super) struct Lists {
    folder: PathBuf,
}

impl Lists {
    /// The lists of a store. Their folder is made with the first of them.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.join("lists") }
    }

    pub fn put(&self, name: &str, list: &KeptList) -> Result<(), StoreError> {
        let path = self.path(name);
        let body = serde_json::to_vec(&list.content).map_err(|error| head_file::damaged(&path, &error.to_string()))?;
        let hash = audit::hex(&Sha256::digest(&body));
        let known = disk::read(&path)?.and_then(|bytes| split(&bytes).map(|(head, _)| head.hash));
        if known.as_ref() == Some(&hash) {
            return Ok(());
        }
        let head = Head { name: name.to_owned(), run: list.run.clone(), at: list.at, hash };
        let mut bytes = serde_json::to_vec(&head).map_err(|error| head_file::damaged(&path, &error.to_string()))?;
        bytes.push(b'\n');
        bytes.extend(body);
        disk::make_folder(&self.folder)?;
        disk::replace(&path, &bytes)
    }

    /// `None` for one that was never kept, and for one whose file is not as it was written.
    pub fn get(&self, name: &str) -> Result<Option<KeptList>, StoreError> {
        let Some(bytes) = disk::read(&self.path(name))? else { return Ok(None) };
        let whole =
            split(&bytes).filter(|(head, body)| head.name == name && head.hash == audit::hex(&Sha256::digest(body)));
        Ok(whole.and_then(|(head, body)| {
            let content = serde_json::from_slice(body).ok()?;
            Some(KeptList { run: head.run, at: head.at, content })
        }))
    }

    /// A name is one file on every system; one that would be too long is told by its hash.
    fn path(&self, name: &str) -> PathBuf {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let safe: String = name
            .bytes()
            .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect();
        let hash = || audit::hex(&Sha256::digest(name.as_bytes()));
        self.folder.join(if safe.len() > 150 { hash() } else { safe })
    }
}

fn split(bytes: &[u8]) -> Option<(Head, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((serde_json::from_slice(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::{KeptList, ListContent, Lists};
    use crate::value::Timestamp;

    fn list(run: &str, record: &str) -> KeptList {
        let content = ListContent { records: vec![serde_json::json!({ "code": record })], unreadable: Vec::new() };
        KeptList { run: run.to_owned(), at: Timestamp::from_unix(1_790_000_000), content }
    }

    #[test]
    fn a_list_replaces_the_one_before_and_a_changed_file_is_none() {
        let folder = tempfile::tempdir().expect("folder");
        let lists = Lists::of(folder.path());
        assert_eq!(lists.get("books.accounts").expect("get"), None);
        lists.put("books.accounts", &list("1", "5310")).expect("put");
        lists.put("books.accounts", &list("2", "5310")).expect("the same again");
        assert_eq!(lists.get("books.accounts").expect("get"), Some(list("1", "5310")));
        lists.put("books.accounts", &list("3", "5020")).expect("put");
        assert_eq!(lists.get("books.accounts").expect("get"), Some(list("3", "5020")));
        lists.put("books.codes of 1/2", &list("3", "x")).expect("a name with signs");
        assert_eq!(std::fs::read_dir(folder.path().join("lists")).expect("list").count(), 2);
        let path = lists.path("books.accounts");
        let torn = std::fs::read_to_string(&path).expect("file").replace("5020", "5021");
        std::fs::write(&path, torn).expect("write");
        assert_eq!(lists.get("books.accounts").expect("get"), None);
    }
}
