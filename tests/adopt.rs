//! `mlc adopt` and the first run on a live system, from outside: what people keyed into QAD
//! is linked, never posted a second time, and nothing runs blind.

use crate::served::{self, Server};
use crate::support::{Books, Outcome, mlc_in, quickstart_in, scratch};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The three projects in whose invoices somebody was in a hurry.
const PROJECTS: &str =
    "where project.active and (project.project_number ?? \"\") in [\"24-011\", \"24-038\", \"24-044\"]";

/// Where the invoices that were keyed in belong.
const KEYED: [(&str, &str); 2] =
    [("598134325600100/1412091", "10USACO/2026/SI/1"), ("598134325600122/1415731", "10USACO/2026/SI/2")];

/// The quickstart on those projects, with another form of its reference.
fn pipeline(folder: &Path, reference: &str) {
    quickstart_in(folder);
    let path = folder.join("quickstart.mlc");
    let text = fs::read_to_string(&path).expect("the quickstart");
    let text = text.split("\ntest \"").next().expect("what comes before its tests");
    let ours = text
        .replace("where project.active", PROJECTS)
        .replace("\"{{ project_number }}-{{ number }}\" | shorten(40)", reference);
    assert!(ours.contains(PROJECTS) && ours.contains(reference), "the quickstart is written otherwise");
    fs::write(&path, ours).expect("a pipeline");
}

const OURS: &str = "\"{{ project_number }}-{{ number }}\" | shorten(40)";
const OTHER: &str = "\"P{{ project.id }}/{{ invoice.id }}\" | shorten(40)";

fn adopt(folder: &Path, more: &[&str]) -> Outcome {
    mlc_in(folder, &[&["adopt", "quickstart.mlc", "-q", "--by", "Mae"], more].concat())
}

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"))
}

/// By record: how sure, and what it is over there.
fn matches(found: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let matches = found["flows"][0]["matches"].as_array().expect("matches");
    matches.iter().map(|one| (text(&one["grade"]), text(&one["record"]), text(&one["reference"]))).collect()
}

fn run(folder: &Path) -> Value {
    json(&mlc_in(folder, &["run", "quickstart.mlc", "-q", "--format", "json"]))
}

/// How many invoices QAD has of this supplier over this amount.
fn in_qad(folder: &Path, amount: &str) -> usize {
    let books = Books::read(folder);
    let invoices = books.qad["supplier_invoices"].as_array().expect("invoices").clone();
    invoices.iter().filter(|invoice| invoice["amount"] == amount).count()
}

#[test]
fn what_is_certain_is_shown_then_adopted_and_never_posted() {
    let dir = scratch();
    pipeline(dir.path(), OURS);
    let shown = adopt(dir.path(), &[]);
    assert_eq!(shown.code, 1, "{shown}");
    assert!(shown.stdout.contains("certain: the same supplier,"), "{shown}");
    assert!(
        shown.stderr.contains("nothing was adopted: nobody is there to be asked; --yes adopts 2 records"),
        "{shown}"
    );
    assert!(!dir.path().join(".mlc").exists(), "a look leaves no state");

    let done = adopt(dir.path(), &["--yes", "--format", "json", "--reason", "keyed in May"]);
    let found = json(&done);
    let certain = KEYED.map(|(record, there)| ("certain".to_owned(), record.to_owned(), there.to_owned()));
    let all = matches(&found);
    assert_eq!((&all[..2], all[2].0.as_str(), all.len()), (&certain[..], "unlike", 3), "{done}");
    assert_eq!((found["adopted"].as_u64(), done.code), (Some(2), 1), "{done}");
    // Pages of both sides, and one question by key; not one request a record.
    assert!(found["requests"].as_u64() < Some(25), "{done}");

    let first = run(dir.path());
    assert_eq!(first["unchanged"], 2, "{first}");
    for amount in ["12085.18", "17949.78"] {
        assert_eq!(in_qad(dir.path(), amount), 1, "{amount} was posted a second time");
    }
    let story = mlc_in(dir.path(), &["show", "quickstart.mlc", "1412091"]);
    let said = "10USACO/2026/SI/1, which people keyed into QAD Adaptive ERP, was taken for it by Mae (keyed in May): \
                certain, the same supplier, reference, amount and day";
    assert!(story.stdout.contains(said), "{story}");
    let log = mlc_in(dir.path(), &["show", "quickstart.mlc", "1412091", "--format", "json"]);
    let events = json(&log)["events"].as_array().expect("events").clone();
    let linked = events.iter().find(|entry| entry["event"]["kind"] == "linked").expect("it was linked");
    let compared = &linked["event"]["detail"]["adopted"]["compared"];
    assert_eq!(compared["reference"][0], compared["reference"][1], "{compared}");
    assert_eq!(mlc_in(dir.path(), &["audit", "verify", "quickstart.mlc"]).code, 0);
    // What is adopted is ours, and what is posted is ours: neither is found again.
    let again = json(&adopt(dir.path(), &["--format", "json"]));
    assert_eq!(matches(&again).iter().map(|one| one.0.as_str()).collect::<Vec<_>>(), ["unlike"], "{again}");
}

#[test]
fn what_is_likely_wants_a_word_and_what_differs_is_never_taken() {
    let dir = scratch();
    pipeline(dir.path(), OTHER);
    let found = json(&adopt(dir.path(), &["--yes", "--format", "json"]));
    let likely = KEYED.map(|(record, there)| ("likely".to_owned(), record.to_owned(), there.to_owned()));
    assert_eq!((matches(&found), found["adopted"].as_u64()), (likely.to_vec(), Some(0)), "{found}");

    for (pair, said) in [
        ("1412091", "`1412091` names no pair"),
        ("1412091=nothing", "1412091=nothing: there are no such two records that could be one"),
        ("1415731=10USACO/2026/SI/1", "there are no such two records that could be one"),
    ] {
        let refused = adopt(dir.path(), &["--yes", pair]);
        assert!(refused.code == 2 && refused.stderr.contains(said), "{pair}: {refused}");
    }
    let twice = adopt(dir.path(), &["--yes", "1412091=10USACO/2026/SI/1", "1412091=24-011-ISE-83902"]);
    assert!(twice.code == 2 && twice.stderr.contains("one record is named in two pairs"), "{twice}");
    let unlike = adopt(dir.path(), &["--yes", "--since", "2026-13-01"]);
    assert!(unlike.code == 2 && unlike.stderr.contains("--since 2026-13-01 is no day"), "{unlike}");

    // By its own number there, and then the rest.
    let one = json(&adopt(dir.path(), &["--yes", "--format", "json", "1412091=24-011-ise-83902"]));
    assert_eq!(one["adopted"], 1, "{one}");
    let table = adopt(dir.path(), &["--yes", "--likely", "--format", "csv"]);
    let rows: Vec<&str> = table.stdout.lines().collect();
    assert!(rows.len() == 2 && rows[0].starts_with("flow,record,label,there,how sure,adopted,"), "{table}");
    assert!(rows[1].contains(",likely,yes,S00481,") && table.code == 0, "{table}");
    run(dir.path());
    for amount in ["12085.18", "17949.78"] {
        assert_eq!(in_qad(dir.path(), amount), 1, "{amount} was posted a second time");
    }
}

#[test]
fn what_is_dated_before_the_cutover_is_left_alone() {
    let dir = scratch();
    pipeline(dir.path(), OURS);
    let path = dir.path().join("quickstart.mlc");
    let text = fs::read_to_string(&path).expect("a pipeline");
    fs::write(&path, text.replace("currency = \"USD\"", "currency = \"USD\"\n  cutover  = 2026-06-01"))
        .expect("a file");
    let found = json(&adopt(dir.path(), &["--format", "json"]));
    assert!(matches(&found).iter().all(|one| one.0 != "certain"), "both were keyed in May: {found}");
    run(dir.path());
    let all = mlc_in(dir.path(), &["status", "quickstart.mlc", "--outcome", "skipped", "--format", "json"]);
    let skipped = json(&all);
    let early =
        skipped.as_array().expect("records").iter().find(|one| one["key"] == KEYED[0].0).expect("the one of May");
    assert_eq!(early["reason"], "dated 2026-05-31, before the cut-over of 2026-06-01");
    assert!(Books::read(dir.path()).qad["supplier_invoices"].as_array().expect("invoices").len() > 4, "later ones are");
}

/// Over loopback, as on a live system: nobody there to be asked, so nothing runs unseen.
#[test]
fn the_first_run_on_a_live_system_asks() {
    let dir = scratch();
    let server = Server::start(dir.path(), "");
    let small = [("where project.active", "where project.active and (project.project_number ?? \"\") == \"24-011\"")];
    served::pipeline_in(dir.path(), &server.connect(&server.addresses()), &small);
    let mlc = |arguments: &[&str]| -> Outcome {
        let mut command = served::command(dir.path(), &server.environment(), arguments);
        command.stdin(std::process::Stdio::null()).output().expect("mlc starts").into()
    };
    let blind = mlc(&["run", "served.mlc", "-q"]);
    let said = "this would be the first run of `quickstart` on a live system, and nobody has seen what it would post";
    assert!(blind.code == 2 && blind.stderr.contains(said) && blind.stderr.contains("--yes"), "{blind}");
    assert!(!dir.path().join(".mlc").exists(), "{blind}");

    // What is adopted is no run, so it asks all the same; and what it found there is not posted.
    let adopted = mlc(&["adopt", "served.mlc", "-q", "--yes", "--by", "Mae", "--format", "json"]);
    assert_eq!(json(&adopted)["adopted"], 1, "{adopted}");
    assert_eq!(mlc(&["run", "served.mlc", "-q"]).code, 2);

    // A plan of another flow's, or of another program, is none of this.
    let planned = mlc(&["plan", "served.mlc", "-q"]);
    assert!(matches!(planned.code, 0 | 1), "{planned}");
    let path = dir.path().join("served.mlc");
    let text = fs::read_to_string(&path).expect("a pipeline");
    fs::write(&path, text.replace("on change hold", "on change ignore")).expect("a file");
    assert_eq!(mlc(&["run", "served.mlc", "-q"]).code, 2, "another program than the one that was seen");
    fs::write(&path, &text).expect("a file");
    let first = mlc(&["run", "served.mlc", "-q", "--format", "json"]);
    assert!(json(&first)["posted"].as_u64() > Some(0) && json(&first)["unchanged"] == 1, "{first}");

    // From then on nobody is asked, whatever becomes of the pipeline.
    fs::write(&path, text.replace("on change hold", "on change ignore")).expect("a file");
    let second = mlc(&["run", "served.mlc", "-q", "--format", "json"]);
    assert_eq!(json(&second)["posted"], 0, "{second}");
    let elsewhere = mlc(&["run", "served.mlc", "-q", "--state", "other", "--yes"]);
    assert!(matches!(elsewhere.code, 0 | 1), "{elsewhere}");
}
