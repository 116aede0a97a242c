//! The main job from outside: every approved invoice of the sandbox is in QAD exactly
//! once, or in the table with a reason.

use crate::reckoning::{Verdict, compare, reckon};
use crate::support::{Books, mlc_in, quickstart_in, scratch};
use mlc::sandbox::contractor;
use serde_json::Value;
use std::collections::BTreeMap;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

#[test]
fn both_books_stand_as_reckoned_and_a_second_run_posts_nothing() {
    let dir = scratch();
    quickstart_in(dir.path());
    let reckoning = reckon(&contractor(1));
    let surplus: u64 = reckoning.twins.iter().map(|ids| ids.len() as u64 - 1).sum();

    let first = mlc_in(dir.path(), &["run", "quickstart.mlc", "--format", "json"]);
    assert_eq!(first.code, 1, "{first}");
    let report = json(&first.stdout);
    compare(&reckoning, &Books::read(dir.path())).unwrap_or_else(|differences| panic!("{differences}"));

    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    reckoning.verdicts.values().for_each(|verdict| *counts.entry(verdict.word()).or_default() += 1);
    *counts.entry("posted").or_default() -= surplus;
    *counts.entry("rejected").or_default() += surplus;
    for word in ["posted", "skipped", "held", "rejected", "failed"] {
        assert_eq!(report[word].as_u64(), counts.get(word).copied(), "{word}: {report:#}");
    }
    assert!(report["posted"].as_u64() > Some(500), "{report:#}");
    assert_eq!(report["in_doubt"], 0);
    assert_eq!(report["flows"]["subcontractor_invoices"]["read"].as_u64(), Some(reckoning.verdicts.len() as u64));

    each_record_stands_where_it_should(dir.path(), &reckoning.verdicts, surplus);

    let before = Books::read(dir.path());
    let second = mlc_in(dir.path(), &["run", "quickstart.mlc"]);
    assert_eq!(second.code, 1, "{second}");
    let said = second.stdout.to_lowercase();
    assert!(said.contains("nothing to post") || said.contains("nothing new"), "{second}");
    assert_eq!(Books::read(dir.path()), before);
    let third = json(&mlc_in(dir.path(), &["run", "quickstart.mlc", "--format", "json"]).stdout);
    assert_eq!(third["posted"], 0);
    assert!(third["requests"].as_u64() < Some(60), "{third:#}");

    // Mapped again by the same pipeline, every record comes out as it did.
    let backtest = mlc_in(dir.path(), &["backtest", "quickstart.mlc", "--format", "json"]);
    assert_eq!(backtest.code, 0, "{backtest}");
    let flow = &json(&backtest.stdout)["flows"]["subcontractor_invoices"];
    assert_eq!(flow["postings"], report["posted"]);
    assert_eq!(flow["others"].as_u64(), Some(reckoning.verdicts.len() as u64 - flow["postings"].as_u64().unwrap_or(0)));
}

/// `status` names every record that is not in QAD, with a sentence.
fn each_record_stands_where_it_should(folder: &std::path::Path, verdicts: &BTreeMap<i64, Verdict>, surplus: u64) {
    let listed = mlc_in(folder, &["status", "quickstart.mlc", "--all", "--format", "json"]);
    let records = json(&listed.stdout);
    let records = records.as_array().or_else(|| records["records"].as_array()).expect("a list of records");
    let mut outcomes: BTreeMap<i64, &str> = BTreeMap::new();
    for record in records {
        let key = record["key"].as_str().expect("a key");
        let id: i64 = key.rsplit('/').next().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("key {key}"));
        let outcome = record["outcome"].as_str().expect("an outcome");
        if ["held", "rejected", "failed"].contains(&outcome) {
            assert!(record["reason"].as_str().is_some_and(|reason| reason.len() > 20), "{record}");
        }
        assert!(outcomes.insert(id, outcome).is_none(), "{key} is listed twice");
    }
    let mut otherwise = 0;
    for (id, verdict) in verdicts {
        let outcome = outcomes.get(id).unwrap_or_else(|| panic!("invoice {id} is lost"));
        if *outcome != verdict.word() {
            assert!((verdict.word(), *outcome) == ("posted", "rejected"), "{id}: {outcome}, not {}", verdict.word());
            otherwise += 1;
        }
    }
    assert_eq!(otherwise, surplus, "rejected, and no twins");
}

#[test]
fn other_contractors_come_out_as_reckoned_too() {
    for seed in ["2", "77"] {
        let dir = scratch();
        quickstart_in(dir.path());
        let outcome = mlc_in(dir.path(), &["run", "quickstart.mlc", "--quiet", "--seed", seed]);
        assert_eq!(outcome.code, 1, "{outcome}");
        let reckoning = reckon(&contractor(seed.parse().expect("a number")));
        compare(&reckoning, &Books::read(dir.path()))
            .unwrap_or_else(|differences| panic!("seed {seed}: {differences}"));
    }
}

#[test]
fn a_plan_writes_nothing_anywhere() {
    let dir = scratch();
    quickstart_in(dir.path());
    let plan = mlc_in(dir.path(), &["plan", "quickstart.mlc", "--format", "json"]);
    assert!(plan.code <= 1, "{plan}");
    assert!(!dir.path().join(".mlc").exists(), "plan left a state folder");
    let plan = json(&plan.stdout);

    let run = json(&mlc_in(dir.path(), &["run", "quickstart.mlc", "--format", "json"]).stdout);
    // What QAD refuses, or takes only later, shows when it is sent.
    let count = |report: &Value, word: &str| report[word].as_u64().expect("a count");
    let later = count(&run, "held") - count(&plan, "held");
    assert!(later > 0, "the closed period holds some: {run}");
    assert_eq!(count(&plan, "posted"), count(&run, "posted") + count(&run, "failed") + later);
    for word in ["rejected", "skipped"] {
        assert_eq!(plan[word], run[word], "{word}");
    }

    let before = snapshot(dir.path());
    let again = mlc_in(dir.path(), &["plan", "quickstart.mlc", "--format", "json"]);
    assert_eq!(json(&again.stdout)["posted"], 0, "{again}");
    assert_eq!(snapshot(dir.path()), before, "a plan changed a file");
}

/// Every file below a folder with its bytes, but for locks.
fn snapshot(folder: &std::path::Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_none_or(|name| name != "lock" && name != "holder") {
                files.insert(path.clone(), std::fs::read(&path).expect("a file"));
            }
        }
    }
    files
}
