//! The file: what goes in comes out, and nothing that was spoilt does.

use super::{About, Export, Import, Row};
use crate::store::blobs::Blobs;
use crate::store::{Actor, Head, StoreErrorKind, audit, codec, contract};
use crate::value::Timestamp;
use std::fs;
use std::path::{Path, PathBuf};

fn about() -> About {
    About { pipeline: "acme".to_owned(), sandbox: true, at: Timestamp::from_unix(7) }
}

/// Values of every kind, and the head of their log.
fn rows(blobs: &Blobs) -> (Vec<Row>, Head) {
    let entry = audit::chain(&Head::default(), Actor::default(), contract::event(crate::store::EventKind::Read, 1));
    let large = serde_json::json!("a large one ".repeat(5_000));
    let values: [(&'static str, &[u8], Vec<u8>); 8] = [
        ("records", b"bills\x007/1", codec::encode(&serde_json::json!({ "entry": "\u{fc}", "source_file": "none" }))),
        ("runs", b"\x80\x01r1", codec::encode_large(&large, blobs).expect("kept")),
        ("audit", &1u64.to_be_bytes(), codec::encode(&entry)),
        ("webhooks", b"waiting\x00erp\x0001K", codec::encode(&contract::delivery("erp", "01K"))),
        ("payloads", b"\xff", b"\x01=<a>\n1.50</a>".to_vec()),
        ("payloads", b"\xfc", codec::packed(&[b"\xff\x00".as_slice(), &[b'z'; 900]].concat())),
        ("payloads", b"\xfe", b"\x01=\xff\x00".to_vec()),
        ("payloads", b"\xfd", b"\x01= {\"rate\": 1.10}".to_vec()),
    ];
    let row = |(tree, key, value): (&'static str, &[u8], Vec<u8>)| Row { tree, key: key.to_vec(), value };
    (values.into_iter().map(row).collect(), Head { number: 1, hash: entry.hash })
}

fn written(folder: &Path) -> (PathBuf, Vec<Row>) {
    let blobs = Blobs::open(folder).expect("blobs");
    let (rows, head) = rows(&blobs);
    let path = folder.join("a.state");
    let mut export = Export::begin(&path, 2, &about(), &head).expect("begin");
    rows.iter().for_each(|row| export.row(row, &blobs).expect("row"));
    export.end().expect("end");
    (path, rows)
}

fn read(path: &Path, blobs: &Blobs) -> Result<Vec<Row>, crate::store::StoreError> {
    let mut import = Import::open(path)?;
    let mut rows = Vec::new();
    while let Some(row) = import.next(Some(blobs))? {
        rows.push(row);
    }
    Ok(rows)
}

#[test]
fn what_goes_in_comes_out() {
    let (from, to) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    let (path, rows) = written(from.path());
    let blobs = Blobs::open(to.path()).expect("blobs");
    assert_eq!(read(&path, &blobs).expect("read"), rows);
    let large: String = codec::decode(&rows[1].value, &blobs, to.path()).expect("its file came along");
    assert!(large.starts_with("a large one"));
    let title = Import::open(&path).expect("open").prove().expect("whole");
    assert_eq!((title.about, title.format, title.head.number), (about(), 2, 1));
    assert_eq!(Export::begin(&path, 2, &about(), &Head::default()).err().expect("there").kind, StoreErrorKind::Io);
}

#[test]
fn one_other_byte_and_every_cut_is_noticed() {
    let folder = tempfile::tempdir().expect("folder");
    let (path, _) = written(folder.path());
    let bytes = fs::read(&path).expect("read");
    let spoilt = folder.path().join("spoilt");
    let blobs = Blobs::open(&folder.path().join("there")).expect("blobs");
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&spoilt, bytes).expect("write");
        let error = read(&spoilt, &blobs).expect_err(what);
        assert!(matches!(error.kind, StoreErrorKind::Damaged | StoreErrorKind::Format), "{what}: {error}");
        assert!(error.message.contains("spoilt"), "{what}: {error}");
    };
    for place in (0..bytes.len()).step_by(131).chain(bytes.len() - 90..bytes.len()) {
        let mut other = bytes.clone();
        other[place] ^= 0x01;
        refused(&other, &format!("byte {place}"));
        refused(&bytes[..place], &format!("cut to {place}"));
    }
    refused(&[&bytes[..], b"{}\n"].concat(), "more behind the end");
    refused(b"PK\x03\x04", "another file");
}

#[test]
fn a_log_that_was_edited_with_its_checksum_is_noticed() {
    let folder = tempfile::tempdir().expect("folder");
    let blobs = Blobs::open(folder.path()).expect("blobs");
    let (mut rows, head) = rows(&blobs);
    let text = String::from_utf8(rows[2].value.clone()).expect("text").replace("\"n\":1", "\"n\":2");
    rows[2].value = text.into_bytes();
    let path = folder.path().join("edited");
    let mut export = Export::begin(&path, 2, &about(), &head).expect("begin");
    rows.iter().for_each(|row| export.row(row, &blobs).expect("row"));
    export.end().expect("end");
    let error = Import::open(&path).expect("open").prove().expect_err("edited");
    assert!(error.message.contains("audit entry 1 was edited"), "{}", error.message);
}
