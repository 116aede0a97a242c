//! The walls of the house: who knows a vendor, and who does not.

use crate::support::root;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a vendor may be named outside its own folder, and why.
const NAMED: &[(&str, &str)] = &[
    ("src/connectors/mod.rs", "the list of connectors: one line for each"),
    ("src/diag/explain/", "pages for people, with pipelines as they write them"),
    ("src/syntax/format/tests.rs", "a test: pipelines as people write them"),
    ("src/syntax/tests/", "tests: pipelines as people write them"),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() { files(&entry, found) } else { found.push(entry) }
    }
}

/// The vendors are the folders of src/connectors.
fn vendors() -> Vec<String> {
    let entries = fs::read_dir(root().join("src/connectors")).expect("the connectors");
    let folders = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir());
    folders.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect()
}

#[test]
fn only_its_own_folder_names_a_vendor() {
    let vendors = vendors();
    assert!(vendors.len() >= 2, "{vendors:?}");
    let mut all = Vec::new();
    files(&root().join("src"), &mut all);
    let mut used: Vec<&str> = Vec::new();
    let mut wrong = Vec::new();
    for path in all {
        let place = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
        // A file that is no text names nobody.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for vendor in &vendors {
            if place.starts_with(&format!("src/connectors/{vendor}/")) {
                continue;
            }
            let named = text.lines().position(|line| line.to_lowercase().contains(vendor.as_str()));
            let in_name = place.to_lowercase().contains(vendor.as_str()).then_some(0);
            let Some(line) = named.or(in_name) else { continue };
            match NAMED.iter().find(|(allowed, _)| place.starts_with(allowed)) {
                Some((allowed, _)) => used.push(allowed),
                None => wrong.push(format!("{place}:{} names {vendor}", line + 1)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (allowed, reason) in NAMED {
        assert!(used.contains(allowed), "{allowed} names no vendor any more ({reason}): take it out of the list");
    }
}
