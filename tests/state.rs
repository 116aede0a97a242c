//! State that was damaged, lost, or belongs to something else: a named error and the right
//! exit code, whatever the command, and never a second post.

use crate::support::{Books, Outcome, mlc_in, quickstart_in, root, run_and_read_books, scratch};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder(dir: &Path, part: &str) -> PathBuf {
    dir.join(".mlc/quickstart/sandbox").join(part)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

fn cut(path: &Path, bytes: u64) {
    fs::File::options().write(true).open(path).and_then(|file| file.set_len(bytes)).expect("cut");
}

/// A sentence that names the folder and what to do, and the exit code of a broken world.
fn is_named(outcome: &Outcome, what: &str, folder: &str) {
    assert_eq!(outcome.code, 3, "{what}: {outcome}");
    assert!(outcome.stderr.contains(what) && outcome.stderr.contains(folder), "{what}: {outcome}");
    assert!(outcome.stderr.contains("help: "), "{what}: {outcome}");
    assert!(!outcome.stderr.contains("panicked"), "{what}: {outcome}");
}

#[test]
fn a_damaged_store_is_named_by_every_command_and_nothing_is_posted() {
    let dir = scratch();
    quickstart_in(dir.path());
    let books = run_and_read_books(dir.path(), &["--quiet"]);
    let (good, store) = (scratch(), folder(dir.path(), "store"));
    copy(&store, good.path());
    let spoil: [(&str, &dyn Fn()); 4] = [
        ("is damaged", &|| cut(&store.join("db/db"), 300_000)),
        ("is damaged", &|| cut(&store.join("db/db"), 0)),
        ("head.json, is missing", &|| fs::remove_file(store.join("head.json")).expect("removed")),
        ("db, is missing", &|| fs::remove_dir_all(store.join("db")).expect("removed")),
    ];
    for (what, spoil) in spoil {
        spoil();
        for command in ["run", "plan", "status"] {
            is_named(&mlc_in(dir.path(), &[command, "quickstart.mlc"]), what, ".mlc/quickstart/sandbox/store");
        }
        is_named(&mlc_in(dir.path(), &["audit", "verify", "quickstart.mlc"]), what, ".mlc/quickstart/sandbox/store");
        fs::remove_dir_all(&store).expect("removed");
        copy(good.path(), &store);
    }
    // What the sentence says to do: the good copy of all of it goes on.
    assert_eq!(run_and_read_books(dir.path(), &["--quiet"]), books);
}

#[test]
fn an_older_copy_or_no_state_at_all_posts_nothing_twice() {
    let dir = scratch();
    quickstart_in(dir.path());
    let csv = dir.path().join("cost-codes.csv");
    let table = fs::read_to_string(&csv).expect("the table");
    let short: String = table.lines().filter(|line| !line.starts_with("09-")).map(|line| format!("{line}\n")).collect();
    fs::write(&csv, short).expect("a shorter table");
    let first = run_and_read_books(dir.path(), &["--quiet"]);
    let (older, store) = (scratch(), folder(dir.path(), "store"));
    copy(&store, older.path());
    // A longer table: what waited for it is posted, and nothing that was posted changes.
    fs::write(&csv, table).expect("the whole table");
    let books = run_and_read_books(dir.path(), &["--quiet"]);
    assert_ne!(books, first, "the table made no difference");

    fs::remove_dir_all(&store).expect("removed");
    copy(older.path(), &store);
    assert_eq!(run_and_read_books(dir.path(), &["--quiet"]), books, "an older copy was put back");
    fs::remove_dir_all(&store).expect("removed");
    assert_eq!(run_and_read_books(dir.path(), &["--quiet"]), books, "the state was deleted");
    let status = mlc_in(dir.path(), &["status", "quickstart.mlc", "--format", "json"]);
    assert!(status.stdout.contains("which this pipeline did not post"), "{status}");
}

#[test]
fn a_changed_byte_is_found_or_does_not_matter() {
    let dir = scratch();
    quickstart_in(dir.path());
    let books = run_and_read_books(dir.path(), &["--quiet"]);
    let (good, store) = (scratch(), folder(dir.path(), "store"));
    copy(&store, good.path());
    let mut found = 0;
    for turn in 1..=3 {
        let path = store.join("db/db");
        let mut bytes = fs::read(&path).expect("the database");
        // The end of the file is newest: most of what is read lies there.
        let place = bytes.len() - turn * bytes.len() / 20;
        let place = (place..bytes.len()).find(|&place| bytes[place] != 0).expect("something");
        bytes[place] ^= 0x20;
        fs::write(&path, bytes).expect("the database");
        let verified = mlc_in(dir.path(), &["audit", "verify", "quickstart.mlc"]);
        assert!(matches!(verified.code, 0 | 3), "{verified}");
        found += usize::from(verified.code == 3);
        let run = mlc_in(dir.path(), &["run", "quickstart.mlc", "--quiet"]);
        assert!(matches!(run.code, 1 | 3) && !run.stderr.contains("panicked"), "{run}");
        assert_eq!(Books::read(dir.path()), books, "byte {place}");
        fs::remove_dir_all(&store).expect("removed");
        copy(good.path(), &store);
    }
    assert!(found > 0, "no change was ever found");
}

#[test]
fn a_state_without_its_sandbox_is_no_success() {
    let dir = scratch();
    quickstart_in(dir.path());
    run_and_read_books(dir.path(), &["--quiet"]);
    for part in ["world/qad.ndjson", "world/procore.ndjson"] {
        fs::remove_file(folder(dir.path(), part)).expect("removed");
        for command in ["run", "run", "plan"] {
            is_named(
                &mlc_in(dir.path(), &[command, "quickstart.mlc"]),
                "is gone from",
                ".mlc/quickstart/sandbox/world",
            );
        }
    }
    // What the sentence says to do.
    for part in ["world", "store"] {
        fs::remove_dir_all(folder(dir.path(), part)).expect("removed");
    }
    run_and_read_books(dir.path(), &["--quiet"]);
}

/// Pointed from the test tenant to the real one, nothing may count as posted there.
#[test]
fn a_state_is_not_taken_for_another_system() {
    let dir = scratch();
    let text = fs::read_to_string(root().join("examples/quickstart.mlc")).expect("the quickstart");
    fs::copy(root().join("examples/cost-codes.csv"), dir.path().join("cost-codes.csv")).expect("its table");
    let at = |tenant: &str| {
        let procore = "connect procore {\n  company_id = 7\n  url = \"http://127.0.0.1:9\"\n  auth_url = \"http://127.0.0.1:9\"\n  \
                       credentials = env(\"P\")\n}";
        let qad = format!(
            "connect qad {{\n  url = \"http://127.0.0.1:9/{tenant}\"\n  domain = \"D\"\n  entity = \"E\"\n  credentials = env(\"Q\")\n}}"
        );
        let text = text.replace("connect procore { sandbox }", procore).replace("connect qad     { sandbox }", &qad);
        fs::write(dir.path().join("live.mlc"), text).expect("a pipeline");
    };
    let mlc = |arguments: &[&str]| -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mlc"));
        for name in ["P_CLIENT_ID", "P_CLIENT_SECRET", "Q_USERNAME", "Q_PASSWORD", "Q_CLIENT_ID"] {
            command.env(name, "x");
        }
        // Nobody listens there; asked to stop, a run that waits comes to its end and is kept.
        let child = command.args(arguments).current_dir(dir.path()).stdout(std::process::Stdio::piped());
        let mut child = child.stderr(std::process::Stdio::piped()).spawn().expect("mlc starts");
        std::thread::sleep(std::time::Duration::from_millis(1_500));
        if child.try_wait().expect("child").is_none() {
            let stopped = Command::new("kill").arg(child.id().to_string()).status().expect("kill");
            assert!(stopped.success());
        }
        child.wait_with_output().expect("it ends").into()
    };
    at("test");
    let first = mlc(&["run", "live.mlc", "--yes", "-q"]);
    assert!(!first.stderr.contains("was http"), "{first}");
    at("real");
    for (command, yes) in [("run", &["--yes"][..]), ("plan", &[])] {
        let refused = mlc(&[&[command, "live.mlc", "-q"][..], yes].concat());
        assert_eq!(refused.code, 2, "{refused}");
        let said =
            "`url` of connection `qad` was http://127.0.0.1:9/test in the last run, and is http://127.0.0.1:9/real now";
        assert!(refused.stderr.contains(said), "{refused}");
        assert!(refused.stderr.contains("--state") && refused.stderr.contains("--moved"), "{refused}");
    }
    let elsewhere = mlc(&["run", "live.mlc", "--yes", "-q", "--state", "other"]);
    assert!(elsewhere.code != 2, "{elsewhere}");
    let moved = mlc(&["run", "live.mlc", "--yes", "-q", "--moved"]);
    assert!(moved.code != 2, "{moved}");
    let after = mlc(&["run", "live.mlc", "--yes", "-q"]);
    assert!(after.code != 2, "{after}");
}

/// Asked to stop, by either signal, a run settles what is in flight; the next ones go on.
#[cfg(unix)]
#[test]
fn runs_that_are_asked_to_stop() {
    let undisturbed = scratch();
    quickstart_in(undisturbed.path());
    let wanted = run_and_read_books(undisturbed.path(), &["--quiet"]);
    let dir = scratch();
    quickstart_in(dir.path());
    let journal = folder(dir.path(), "world/qad.ndjson");
    for (signal, lines) in [("-INT", 40), ("-TERM", 200)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mlc"));
        let child = child.args(["run", "quickstart.mlc", "--quiet", "--format", "json"]).current_dir(dir.path());
        let child = child.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let child = child.spawn().expect("mlc starts");
        while fs::read_to_string(&journal).map_or(0, |text| text.lines().count()) < lines {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
        let outcome: Outcome = child.wait_with_output().expect("it ends").into();
        assert_eq!(outcome.code, 1, "{outcome}");
        let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("a report");
        assert_eq!((&report["stopped_by"], &report["in_doubt"]), (&"cancelled".into(), &0.into()), "{report:#}");
        assert!(report["posted"].as_u64() < Some(600), "{report:#}");
    }
    assert_eq!(run_and_read_books(dir.path(), &["--quiet"]), wanted);
    let verified = mlc_in(dir.path(), &["audit", "verify", "quickstart.mlc"]);
    assert_eq!(verified.code, 0, "{verified}");
}

/// Refused by QAD, since a job-cost account wants a project: the same again changes nothing,
/// and is only tried when it is asked for.
#[test]
fn a_refused_record_is_sent_again_with_retry_and_not_without() {
    let dir = scratch();
    let text = r#"pipeline "refused" {}
connect procore { sandbox }
connect qad { sandbox }

lookup vendor(id) -> (origin_code) {
  from procore.vendors
  missing skip "no vendor"
}

flow invoices {
  from procore.requisitions as invoice per project where project.active
  where invoice.status == "approved" and ends_with(text(invoice.id), "7")
  let vendor_id = invoice.vendor_id else skip "no vendor"
  let payee     = vendor(vendor_id)
  let code      = payee.origin_code else skip "no code"
  let supplier  = fits(code, 8) else skip "too long"
  map {
    supplier     = supplier
    reference    = "{{ invoice.id }}"
    invoice_date = 2026-10-31
    lines        = [{ gl_account = "5310"  cost_center = "C030"  amount = 12.50 }]
    total        = 12.50
  }
  to qad.supplier_invoices { key supplier, reference }
}
"#;
    std::fs::write(dir.path().join("refused.mlc"), text).expect("the pipeline");
    let run = |arguments: &[&str]| -> serde_json::Value {
        let mut all = vec!["run", "refused.mlc", "--quiet", "--format", "json"];
        all.extend(arguments);
        let outcome = mlc_in(dir.path(), &all);
        assert_eq!(outcome.code, 1, "{outcome}");
        serde_json::from_str(&outcome.stdout).expect("a report")
    };
    let sent = || {
        let log = ["audit", "list", "refused.mlc", "--format", "json", "--from", "1", "--most", "100000"];
        mlc_in(dir.path(), &log).stdout.matches("\"kind\": \"intent\"").count() as u64
    };
    let first = run(&[]);
    assert!(first["failed"].as_u64().is_some_and(|failed| failed > 0), "{first}");
    let failed = first["failed"].as_u64().unwrap_or_default();
    assert_eq!(sent(), failed, "each is sent once");
    let again = run(&[]);
    assert_eq!((&again["failed"], &again["posted"]), (&first["failed"], &0.into()), "{again}");
    assert_eq!(sent(), failed, "nothing is sent without --retry");
    let asked = run(&["--retry"]);
    assert_eq!(asked["failed"], first["failed"], "{asked}");
    assert_eq!(sent(), 2 * failed, "with --retry each is sent once more");
}
