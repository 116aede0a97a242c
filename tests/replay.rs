//! `mlc replay` from outside: only what was picked moves, what was shown is what is sent,
//! and nothing that stands is sent again.

use crate::small::{REFUSED, UNCODED, edit, json, keys, mend_the_table, quick, records, small_in, verify};
use crate::support::{Books, scratch};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SAY: [&str; 5] = ["--because", "the table has the row now", "--by", "Dana", "--yes"];

fn replay(folder: &Path, which: &[&str], how: &[&str]) -> crate::support::Outcome {
    quick(folder, "replay", &[which, how, &["--quiet"]].concat())
}

/// How many invoices of QAD bear this reference.
fn standing(folder: &Path, reference: &str) -> usize {
    let books = Books::read(folder).qad;
    count(&books, &|value| value["reference"] == reference)
}

/// All objects below a value for which something holds.
fn count(value: &Value, holds: &dyn Fn(&Value) -> bool) -> usize {
    match value {
        Value::Object(fields) => {
            usize::from(holds(value)) + fields.values().map(|inner| count(inner, holds)).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(|inner| count(inner, holds)).sum(),
        _ => 0,
    }
}

#[test]
fn a_mended_table_sets_free_those_that_were_picked_and_no_others() {
    let dir = scratch();
    let folder = dir.path();
    small_in(folder, &[UNCODED]);
    assert_eq!(quick(folder, "run", &["--quiet"]).code, 1);
    let held = keys(folder, "held", "27-150");
    let [first, second, ..] = held.as_slice() else { panic!("too few are held: {held:?}") };
    mend_the_table(folder);

    let before = (records(folder), Books::read(folder));
    let preview = replay(folder, &[first], &["--dry-run", "--format", "json"]);
    assert_eq!(preview.code, 0, "{preview}");
    let told = json(&preview);
    let one = &told["replay"]["records"][0];
    assert_eq!(
        (&told["posted"], &one["before"]["outcome"], &one["outcome"]),
        (&1.into(), &"held".into(), &"posted".into())
    );
    let accounts = one["changes"].as_array().expect("changes").iter().filter(|change| {
        change["field"].as_str().is_some_and(|field| field.ends_with(".gl_account")) && change["was"].is_null()
    });
    assert!(accounts.count() > 0, "{one}");
    assert_eq!((records(folder), Books::read(folder)), before, "a preview moved something");

    let done = replay(folder, &[first], &[&SAY[..], &["--format", "json"]].concat());
    assert_eq!(done.code, 0, "{done}");
    let done = json(&done);
    assert_eq!((&done["posted"], &done["held"]), (&1.into(), &0.into()));
    let now = records(folder);
    for (was, is) in before.0.iter().zip(&now) {
        assert_eq!(was == is, was["key"] != *first.as_str(), "{was} became {is}");
    }
    assert!(keys(folder, "held", "27-150").contains(second), "another one moved");

    let story = json(&quick(folder, "show", &[first, "--format", "json"]));
    let kinds: Vec<&str> = story["events"]
        .as_array()
        .expect("events")
        .iter()
        .filter_map(|entry| entry["event"]["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["read", "held", "replayed", "intent", "answered", "posted"]);
    let said = &story["events"][2]["event"]["detail"];
    assert_eq!((&said["by"], &said["reason"]), (&"Dana".into(), &"the table has the row now".into()));
    assert!(said["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{said}");

    let again = replay(folder, &[first], &SAY);
    assert_eq!(again.code, 2, "{again}");
    assert!(again.stderr.contains("stands posted") && again.stderr.contains("on change correct"), "{again}");
    let reference = story["record"]["target"]["reference"].as_str().expect("a reference");
    assert_eq!(standing(folder, reference), 1);
    verify(folder);
}

#[test]
fn what_has_failed_is_tried_again_and_each_attempt_is_told() {
    let dir = scratch();
    let folder = dir.path();
    small_in(folder, &[REFUSED]);
    assert_eq!(quick(folder, "run", &["--quiet"]).code, 1);
    let failed = keys(folder, "failed", "");
    assert!(!failed.is_empty());

    // The cause is still there: they fail again, and the log has both attempts.
    let again = replay(folder, &["--failed"], &[&SAY[..], &["--format", "json"]].concat());
    assert_eq!(again.code, 1, "{again}");
    assert_eq!(json(&again)["failed"], failed.len());
    let story = json(&quick(folder, "show", &[&failed[0], "--format", "json"]));
    let events = story["events"].as_array().expect("events");
    assert_eq!(events.iter().filter(|entry| entry["event"]["kind"] == "failed").count(), 2, "{story}");

    // Coded to a supplier that is there, they go through, by their run's number.
    let run = json(&again)["run"].as_str().expect("a run").to_owned();
    edit(folder, "quickstart.mlc", "    supplier     = supplier\n", "    supplier     = \"S00415\"\n");
    let preview = json(&replay(folder, &["--run", &run], &["--dry-run", "--format", "json"]));
    let changes = &preview["replay"]["records"][0]["changes"];
    assert_eq!(changes[0]["field"], "supplier", "{preview}");
    assert_eq!(changes.as_array().map(Vec::len), Some(1), "{preview}");
    let done = replay(folder, &["--run", &run], &[&SAY[..], &["--format", "json"]].concat());
    assert_eq!(done.code, 0, "{done}");
    assert_eq!(json(&done)["posted"], failed.len());
    assert_eq!(replay(folder, &["--failed"], &SAY).code, 0);
}

#[test]
fn a_record_read_afresh_is_the_one_that_its_source_shows() {
    let dir = scratch();
    let folder = dir.path();
    small_in(folder, &[UNCODED]);
    assert_eq!(quick(folder, "run", &["--quiet"]).code, 1);
    mend_the_table(folder);
    let held = keys(folder, "held", "27-150");
    let which: Vec<&str> = held.iter().map(String::as_str).collect();
    let done = replay(folder, &which, &[&SAY[..], &["--remap", "--format", "json"]].concat());
    assert_eq!(done.code, 0, "{done}");
    assert_eq!(json(&done)["posted"], held.len());
    assert_eq!(json(&done)["replay"]["read"], "afresh");
    let run = json(&quick(folder, "run", &["--quiet", "--format", "json"]));
    assert_eq!(run["posted"], 0, "{run}");
}

#[test]
fn killed_in_the_middle_it_posts_nothing_twice() {
    let dir = scratch();
    let folder = dir.path();
    small_in(folder, &[UNCODED]);
    assert_eq!(quick(folder, "run", &["--quiet"]).code, 1);
    mend_the_table(folder);
    let held = keys(folder, "held", "27-150");
    let mut wait = Duration::from_millis(200);
    let began = Instant::now();
    let (mut left, mut kills) = (held.clone(), 0);
    while !left.is_empty() && began.elapsed() < Duration::from_secs(60) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mlc"))
            .args(["replay", "quickstart.mlc"])
            .args(&left)
            .args(SAY)
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mlc starts");
        std::thread::sleep(wait);
        kills += u32::from(child.try_wait().expect("child").is_none());
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        wait = wait * 9 / 5;
        left = keys(folder, "held", "");
        left.extend(keys(folder, "in_doubt", ""));
        left.retain(|key| held.contains(key));
    }
    assert!(kills > 0, "none was killed");
    let run = quick(folder, "run", &["--quiet", "--format", "json"]);
    assert!(run.code <= 1, "{run}");
    assert!(keys(folder, "in_doubt", "").is_empty());
    for key in &held {
        let story = json(&quick(folder, "show", &[key, "--format", "json"]));
        assert_eq!(story["record"]["outcome"], "posted", "{story}");
        let reference = story["record"]["target"]["reference"].as_str().expect("a reference");
        assert_eq!(standing(folder, reference), 1, "{reference}");
    }
    verify(folder);
}

#[test]
fn without_a_word_nothing_is_sent() {
    let dir = scratch();
    let folder = dir.path();
    small_in(folder, &[UNCODED]);
    let unborn = replay(folder, &["--failed"], &SAY);
    assert_eq!(unborn.code, 2, "{unborn}");
    assert!(unborn.stderr.contains("has not run yet"), "{unborn}");
    assert!(!folder.join(".mlc").exists(), "a replay made a state");
    for (how, wanted) in [
        (&["--by", "Dana", "--yes"][..], "--because"),
        (&["--because", " ", "--yes"], "no reason is given"),
        (&["--because", "x", "--by", " ", "--yes"], "nobody is named"),
        (&["--because", "x", "--by", "Dana"], "--dry-run"),
    ] {
        let refused = replay(folder, &["--failed"], how);
        assert_eq!(refused.code, 2, "{refused}");
        assert!(refused.stderr.contains(wanted), "{refused}");
    }
}
