//! Addresses of documents: `file://` URIs and paths on this machine.
//!
//! A document that lies on no disk (`untitled:…`) has a path of its own that no file has.

use lsp_types::Uri;
use std::path::{Component, Path, PathBuf};

/// The path of a document.
pub fn path_of(uri: &Uri) -> PathBuf {
    let text = uri.as_str();
    let Some(rest) = text.strip_prefix("file://") else { return PathBuf::from(text) };
    // A host before the path means this machine.
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    let path = decoded(path.split(['?', '#']).next().unwrap_or(path));
    plain(Path::new(without_slash(&path)))
}

/// The address of a path; `None` if it is no whole path.
pub fn uri_of(path: &Path) -> Option<Uri> {
    let text = path.to_str()?;
    if text.contains(':') && !path.is_absolute() {
        return text.parse().ok();
    }
    let slash = if text.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{}", encoded(&text.replace('\\', "/"))).parse().ok()
}

/// A path without `.` and `..`, as far as its text says.
pub fn plain(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(whole.components().next_back(), Some(Component::Normal(_))) => {
                whole.pop();
            }
            other => whole.push(other),
        }
    }
    whole
}

/// `/C:/books` is written with a slash that the path does not have.
fn without_slash(path: &str) -> &str {
    let drive = path.as_bytes();
    match drive {
        [b'/', letter, b':', ..] if letter.is_ascii_alphabetic() => &path[1..],
        _ => path,
    }
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut whole = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                whole.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            _ => {
                whole.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&whole).into_owned()
}

fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    text.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::{path_of, plain, uri_of};
    use std::path::{Path, PathBuf};

    #[test]
    fn paths_come_back() {
        for path in ["/books/acme.mlc", "/a b/ü#?%41.mlc"] {
            let uri = uri_of(Path::new(path)).expect("an address");
            assert_eq!(path_of(&uri), PathBuf::from(path), "{}", uri.as_str());
        }
    }

    #[test]
    fn editors_write_addresses_in_several_ways() {
        let path = |text: &str| path_of(&text.parse().expect("an address"));
        assert_eq!(path("file:///a%20b/%C3%BC.mlc"), PathBuf::from("/a b/ü.mlc"));
        assert_eq!(path("file://localhost/a.mlc"), PathBuf::from("/a.mlc"));
        assert_eq!(path("file:///c%3A/a.mlc"), PathBuf::from("c:/a.mlc"));
        assert_eq!(path("untitled:Untitled-1"), PathBuf::from("untitled:Untitled-1"));
    }

    #[test]
    fn steps_up_are_taken() {
        assert_eq!(plain(Path::new("/a/./b/../c.csv")), PathBuf::from("/a/c.csv"));
        assert_eq!(plain(Path::new("../c.csv")), PathBuf::from("../c.csv"));
    }
}
