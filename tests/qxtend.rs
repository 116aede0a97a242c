//! The main job by QXtend: the same books as by REST, whatever happens on the way.

use crate::reckoning::{compare, reckon};
use crate::support::{Books, Outcome, mlc_in, quickstart_in, root, run_and_read_books, scratch};
use mlc::sandbox::contractor;
use std::fs;
use std::path::Path;

/// The quickstart, with QAD reached by QXtend.
fn by_qxtend(folder: &Path) {
    quickstart_in(folder);
    let path = folder.join("quickstart.mlc");
    let text = fs::read_to_string(&path).expect("the quickstart");
    let other = text.replace("connect qad     { sandbox }", "connect qad { sandbox  api = \"qxtend\" }");
    assert_ne!(text, other, "the quickstart connects QAD otherwise");
    fs::write(&path, other).expect("a file");
}

#[test]
fn both_interfaces_make_the_same_books_and_a_second_run_posts_nothing() {
    let (rest, soap) = (scratch(), scratch());
    quickstart_in(rest.path());
    by_qxtend(soap.path());
    let wanted = run_and_read_books(rest.path(), &[]);
    let books = run_and_read_books(soap.path(), &[]);
    assert_eq!(
        books.qad["supplier_invoices"].as_array().map(Vec::len),
        wanted.qad["supplier_invoices"].as_array().map(Vec::len)
    );
    assert!(books == wanted, "the books differ");
    compare(&reckon(&contractor(1)), &books).unwrap_or_else(|differences| panic!("{differences}"));
    let again = mlc_in(soap.path(), &["run", "quickstart.mlc", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&again.stdout).expect("a report");
    assert_eq!((report["posted"].as_u64(), report["in_doubt"].as_u64()), (Some(0), Some(0)), "{again}");
    assert!(Books::read(soap.path()) == wanted, "the second run changed the books");
    let audit = mlc_in(soap.path(), &["audit", "verify", "quickstart.mlc"]);
    assert_eq!(audit.code, 0, "{audit}");
    nothing_secret_is_kept(soap.path());
}

#[test]
fn faults_on_the_way_leave_the_same_books() {
    let reckoning = reckon(&contractor(1));
    let dir = scratch();
    by_qxtend(dir.path());
    let mut last: Option<Outcome> = None;
    for _ in 0..4 {
        let faults = "429=2%,500=3%,503=2%,timeout=2%,lost=5%,torn=5%";
        let outcome = mlc_in(dir.path(), &["run", "quickstart.mlc", "--quiet", "--faults", faults]);
        assert!(!outcome.stderr.contains("panicked"), "{outcome}");
        assert!(matches!(outcome.code, 1 | 3), "{outcome}");
        let done = compare(&reckoning, &Books::read(dir.path())).is_ok();
        last = Some(outcome);
        if done {
            break;
        }
    }
    let said = last.map(|outcome| outcome.to_string()).unwrap_or_default();
    compare(&reckoning, &Books::read(dir.path())).unwrap_or_else(|differences| panic!("{differences}\n{said}"));
}

#[test]
fn the_sandbox_takes_the_interface_of_a_live_pipeline() {
    let dir = scratch();
    quickstart_in(dir.path());
    let path = dir.path().join("quickstart.mlc");
    let live = "connect qad {\n  url = \"https://erp.example\"\n  domain = \"10USA\"\n  entity = \"10USACO\"\n  \
                api = \"qxtend\"\n  profile = \"qad-qxtend-profile.yaml\"\n  credentials = env(\"QAD\")\n}";
    let text = fs::read_to_string(&path).expect("the quickstart").replace("connect qad     { sandbox }", live);
    fs::write(&path, text).expect("a file");
    // The sandbox has names of its own; of the example, only what the sandbox has as well is kept.
    let example = fs::read_to_string(root().join("examples/qad-qxtend-profile.yaml")).expect("the example");
    fs::write(dir.path().join("qad-qxtend-profile.yaml"), example).expect("a file");
    let checked = mlc_in(dir.path(), &["check", "quickstart.mlc"]);
    assert_eq!(checked.code, 0, "{checked}");
    fs::write(dir.path().join("qad-qxtend-profile.yaml"), "qxtend: {concurrency: 2}\n").expect("a file");
    let plan = mlc_in(dir.path(), &["plan", "quickstart.mlc", "--sandbox", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap_or_else(|_| panic!("{plan}"));
    assert!(plan["posted"].as_u64() > Some(500), "{plan:#}");
}

/// The sandbox's password stands in no file that a run leaves behind.
fn nothing_secret_is_kept(folder: &Path) {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).expect("a file");
                let secret = bytes.windows(8).any(|window| window == b"Sandbox-");
                assert!(!secret, "{} holds the password", path.display());
            }
        }
    }
}
