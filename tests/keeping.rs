//! Backups, restoring and upkeep of the state, from outside.

use crate::support::{Books, Outcome, mlc_in, quickstart_in, root, scratch};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// A pipeline of this name; nothing of it is run.
fn pipeline(dir: &Path, name: &str, connection: &str) {
    let text =
        format!("pipeline \"{name}\" {{}}\nconnect procore {{ {connection} }}\nconnect qad {{ {connection} }}\n");
    fs::write(dir.join("a.mlc"), text).expect("a pipeline");
}

/// A state that is kept from the first release that wrote one.
fn golden() -> String {
    root().join("tests/golden/format-2.mlc-state").display().to_string()
}

fn well(dir: &Path, arguments: &[&str]) -> Outcome {
    let outcome = mlc_in(dir, arguments);
    assert_eq!(outcome.code, 0, "{arguments:?}: {outcome}");
    outcome
}

fn refused(dir: &Path, arguments: &[&str], code: i32, words: &[&str]) {
    let outcome = mlc_in(dir, arguments);
    assert_eq!(outcome.code, code, "{arguments:?}: {outcome}");
    for word in words {
        assert!(outcome.stderr.contains(word), "{arguments:?} does not say {word}: {outcome}");
    }
    assert!(outcome.stderr.contains("help: ") && !outcome.stderr.contains("panicked"), "{arguments:?}: {outcome}");
}

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"))
}

/// A backup is made in the middle of a run, which is then killed; more runs go to the end.
/// Put back, that older state has open writes in it, and knows nothing of most of what was
/// posted: the next run finds it, and posts nothing twice.
#[test]
fn a_backup_of_a_run_that_is_put_back_posts_nothing_twice() {
    let dir = scratch();
    quickstart_in(dir.path());
    let journal = dir.path().join(".mlc/quickstart/sandbox/world/qad.ndjson");
    let mut run = Command::new(env!("CARGO_BIN_EXE_mlc"))
        .args(["run", "quickstart.mlc", "--quiet"])
        .current_dir(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("mlc starts");
    while fs::read_to_string(&journal).map_or(0, |text| text.lines().count()) < 60 {
        assert!(run.try_wait().expect("child").is_none(), "the run ended before anything was posted");
        sleep(Duration::from_millis(2));
    }
    // Who wants to write meanwhile is told who is at work.
    refused(dir.path(), &["state", "compact", "quickstart.mlc"], 3, &["is in use by process", "another mlc"]);
    let made = json(&well(dir.path(), &["backup", "quickstart.mlc", "then.state", "--format", "json"]));
    let ended = run.try_wait().expect("child").is_some();
    run.kill().expect("killed");
    run.wait().expect("it ends");
    assert!(!ended && made["while_running"] == true, "{made}");

    assert_eq!(mlc_in(dir.path(), &["run", "quickstart.mlc", "--quiet"]).code, 1);
    let books = Books::read(dir.path());
    refused(dir.path(), &["restore", "quickstart.mlc", "then.state"], 2, &["has a state already", "--replace"]);
    let restored = well(dir.path(), &["restore", "quickstart.mlc", "then.state", "--replace"]);
    let head = made["head"]["hash"].as_str().expect("a hash");
    assert!(restored.stdout.contains(head) && restored.stdout.contains("nothing is posted twice"), "{restored}");
    assert!(restored.stdout.contains("store.replaced-1"), "{restored}");

    let again = mlc_in(dir.path(), &["run", "quickstart.mlc", "--quiet", "--format", "json"]);
    assert_eq!(again.code, 1, "{again}");
    assert_eq!(Books::read(dir.path()), books, "what was posted after the backup was posted again");
    assert!(json(&again)["held"].as_u64() > Some(100), "what was found there is held: {again}");
    well(dir.path(), &["audit", "verify", "quickstart.mlc"]);
    let list = well(dir.path(), &["audit", "list", "quickstart.mlc", "--most", "100000", "--from", "1"]);
    assert!(list.stdout.contains("store restored"), "{list}");
}

#[test]
fn a_state_moves_to_another_machine() {
    let (here, there) = (scratch(), scratch());
    pipeline(here.path(), "golden", "sandbox");
    well(here.path(), &["state", "import", "a.mlc", &golden()]);
    let exported = well(here.path(), &["state", "export", "a.mlc", "."]);
    let name = fs::read_dir(here.path()).expect("list").flatten().map(|entry| entry.file_name());
    let name = name.filter_map(|name| name.into_string().ok()).find(|name| name.ends_with(".mlc-state"));
    let name = name.unwrap_or_else(|| panic!("no file: {exported}"));
    assert!(name.starts_with("golden-sandbox-"), "{name}");
    let file = here.path().join(name).display().to_string();
    refused(here.path(), &["backup", "a.mlc", &file], 2, &["is there already"]);
    refused(here.path(), &["backup", "a.mlc", "none/b.state"], 2, &["there is no folder none"]);

    pipeline(there.path(), "another", "sandbox");
    refused(there.path(), &["restore", "a.mlc", &file], 2, &["is of pipeline `golden`", "--renamed"]);
    pipeline(there.path(), "golden", "company_id = 7");
    refused(there.path(), &["restore", "a.mlc", &file], 2, &["is of the sandbox, and this pipeline runs in the live"]);
    refused(there.path(), &["backup", "a.mlc", "b.state"], 2, &["has not run yet"]);
    pipeline(there.path(), "another", "sandbox");
    well(there.path(), &["state", "import", "a.mlc", &file, "--renamed"]);
    let all = |dir: &Path| well_or_waiting(dir, &["status", "a.mlc", "--all", "--format", "json"]).stdout;
    assert_eq!(all(there.path()), all(here.path()));
    well(there.path(), &["audit", "verify", "a.mlc"]);
}

/// `status` ends with 1 where something waits.
fn well_or_waiting(dir: &Path, arguments: &[&str]) -> Outcome {
    let outcome = mlc_in(dir, arguments);
    assert!(outcome.code <= 1, "{arguments:?}: {outcome}");
    outcome
}

#[test]
fn a_backup_that_was_spoilt_is_refused() {
    let dir = scratch();
    pipeline(dir.path(), "golden", "sandbox");
    let text = fs::read_to_string(golden()).expect("the file");
    let spoil: [(&str, String); 4] = [
        ("it was cut", text[..text.len() - 200].to_owned()),
        ("its checksum is not that", text.replace("no account", "no Account")),
        ("is no backup and no export", "flow,key\n".to_owned()),
        ("was written by a later release", text.replacen("\"format\":2", "\"format\":3", 1)),
    ];
    for (what, spoilt) in spoil {
        fs::write(dir.path().join("b.state"), spoilt).expect("written");
        refused(dir.path(), &["restore", "a.mlc", "b.state"], 3, &[what, "b.state"]);
        assert!(!dir.path().join(".mlc").exists(), "{what}: nothing was made");
    }
    refused(dir.path(), &["restore", "a.mlc", "none.state"], 3, &["none.state"]);
}

#[test]
fn a_state_is_looked_after() {
    let dir = scratch();
    pipeline(dir.path(), "golden", "sandbox");
    well(dir.path(), &["restore", "a.mlc", &golden()]);
    let good = well(dir.path(), &["state", "repair", "a.mlc"]);
    assert!(good.stdout.contains("in order"), "{good}");
    let compacted = json(&well(dir.path(), &["state", "compact", "a.mlc", "--format", "json"]));
    assert!(compacted["bytes_after"].as_u64() > Some(0), "{compacted}");
    refused(dir.path(), &["state", "prune", "a.mlc", "--payloads", "1h"], 2, &["no age of a day or more"]);
    let pruned = json(&well(dir.path(), &["state", "prune", "a.mlc", "--payloads", "400d", "--format", "json"]));
    assert_eq!(pruned["runs"], 0, "the last hundred stay: {pruned}");
    well(dir.path(), &["audit", "verify", "a.mlc"]);

    let store = dir.path().join(".mlc/golden/sandbox/store");
    let head_file = fs::read(store.join("head.json")).expect("head file");
    fs::remove_file(store.join("head.json")).expect("removed");
    refused(dir.path(), &["status", "a.mlc"], 3, &["head.json, is missing", "mlc state repair"]);
    refused(dir.path(), &["state", "repair", "a.mlc"], 3, &["its head file is gone", "--accept-loss"]);
    let repaired = well(dir.path(), &["state", "repair", "a.mlc", "--accept-loss"]);
    assert!(repaired.stdout.contains("store.replaced-1"), "{repaired}");
    well(dir.path(), &["audit", "verify", "a.mlc"]);
    // An older head file names a database that is gone.
    fs::write(store.join("head.json"), head_file).expect("written");
    refused(dir.path(), &["status", "a.mlc"], 3, &["is missing", "mlc restore"]);
    well(dir.path(), &["restore", "a.mlc", &golden(), "--replace"]);
    well(dir.path(), &["audit", "verify", "a.mlc"]);
}
