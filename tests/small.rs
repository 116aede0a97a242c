//! The quickstart, cut down to the projects that a test needs.

use crate::support::{Outcome, mlc_in, quickstart_in};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The records of this project wait for a row of the cost-code table.
pub const UNCODED: &str = "25-068";
/// The records of this project are refused for their supplier.
pub const REFUSED: &str = "25-050";

/// The quickstart in a folder, of these projects only.
pub fn small_in(folder: &Path, projects: &[&str]) {
    quickstart_in(folder);
    let listed: Vec<String> = projects.iter().map(|project| format!("\"{project}\"")).collect();
    let wanted = format!("project.active and (project.project_number ?? \"\") in [{}]", listed.join(", "));
    edit(folder, "quickstart.mlc", "per project where project.active", &format!("per project where {wanted}"));
}

/// Replaces a text that must be there.
pub fn edit(folder: &Path, file: &str, old: &str, new: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).expect("a file");
    assert!(text.contains(old), "{file} has no {old}");
    fs::write(path, text.replace(old, new)).expect("write");
}

/// The row that the records of [`UNCODED`] wait for.
pub fn mend_the_table(folder: &Path) {
    let path = folder.join("cost-codes.csv");
    let table = fs::read_to_string(&path).expect("a table");
    fs::write(path, format!("{}\n27-150,S,5310,C030,Low voltage\n", table.trim_end())).expect("write");
}

/// `mlc COMMAND quickstart.mlc ARGUMENTS…`
pub fn quick(folder: &Path, command: &str, arguments: &[&str]) -> Outcome {
    mlc_in(folder, &[&[command, "quickstart.mlc"], arguments].concat())
}

pub fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error} in {outcome}"))
}

/// What `status` lists, by key.
pub fn records(folder: &Path) -> Vec<Value> {
    let listed = quick(folder, "status", &["--all", "--format", "json"]);
    json(&listed).as_array().expect("a list").clone()
}

/// The keys of the records with this outcome whose reason has this in it.
pub fn keys(folder: &Path, outcome: &str, reason: &str) -> Vec<String> {
    let wanted = |record: &&Value| {
        record["outcome"] == outcome && record["reason"].as_str().is_some_and(|text| text.contains(reason))
    };
    records(folder).iter().filter(wanted).map(|record| record["key"].as_str().expect("a key").to_owned()).collect()
}

/// The log holds.
pub fn verify(folder: &Path) {
    let verified = mlc_in(folder, &["audit", "verify", "quickstart.mlc"]);
    assert_eq!(verified.code, 0, "{verified}");
}
