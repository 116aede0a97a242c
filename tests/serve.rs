//! `mlc serve` from outside: schedules, files that change, two customers of whom one is in
//! trouble, and being asked to stop.

use crate::served::SMALL;
use crate::support::{quickstart_in, root, scratch};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A server. Killed when it is dropped.
struct Served {
    child: Child,
    ready: Value,
    log: Arc<Mutex<String>>,
}

impl Served {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = command(folder, arguments).spawn().expect("it starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (mut stderr, kept) = (child.stderr.take().expect("its log"), Arc::clone(&log));
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut bytes) {
                kept.lock().expect("free").push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a ready line");
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| {
            panic!("{error} in `{line}`: {}", log.lock().expect("free"));
        });
        Self { child, ready, log }
    }

    fn log(&self) -> String {
        self.log.lock().expect("free").clone()
    }

    /// Waits until the log says this so many times.
    fn says(&self, words: &str, times: usize) {
        let started = Instant::now();
        while self.log().matches(words).count() < times {
            assert!(started.elapsed() < Duration::from_secs(120), "`{words}` {times} times in:\n{}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn signal(&self, name: &str) {
        let asked = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill");
        assert!(asked.success());
    }

    /// Asks it to end, and waits.
    fn stop(mut self) -> (i32, String) {
        self.signal("-TERM");
        let code = self.child.wait().expect("it ends").code().unwrap_or(-1);
        (code, self.log())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mlc"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--format", "json"]).args(arguments);
    command.current_dir(folder).env("NO_COLOR", "1").env_remove("MLC_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Two projects of the quickstart under another name, that run every ten seconds: the shortest pause.
fn pipeline(folder: &Path, name: &str) {
    quickstart_in(folder);
    let text = fs::read_to_string(root().join("examples/quickstart.mlc")).expect("the quickstart");
    let schedule = "    guard 25% rejected        # stops the run before it does mass harm\n  }\n";
    assert!(text.contains(schedule));
    let text = text
        .replace("pipeline \"quickstart\"", &format!("pipeline \"{name}\""))
        .replace(SMALL.0, SMALL.1)
        .replace(schedule, &format!("{schedule}\n  run every 10s\n  reconcile daily at 05:00 lookback 35d\n"));
    fs::write(folder.join(format!("{name}.mlc")), text).expect("a pipeline");
}

fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).expect("a file");
    assert!(text.contains(from), "{} has no `{from}`", path.display());
    fs::write(path, text.replace(from, to)).expect("written");
}

/// What of the records of a pipeline waits for somebody, by outcome.
fn waiting(folder: &Path, name: &str) -> Vec<Value> {
    let file = format!("{name}.mlc");
    let outcome = crate::support::mlc_in(folder, &["status", &file, "--sandbox", "--format", "json"]);
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"))
}

#[test]
fn a_pipeline_runs_on_its_schedule_and_a_mended_table_counts_from_the_next_run_on() {
    let dir = scratch();
    pipeline(dir.path(), "acme");
    let table = dir.path().join("cost-codes.csv");
    let whole = fs::read_to_string(&table).expect("the table");
    // Trades whose codes are of the divisions 03 to 09 have no row for now.
    let is_mended = |line: &&str| line.starts_with('0') && !line.starts_with("01") && !line.starts_with("02");
    let without: String = whole.lines().filter(|line| !is_mended(line)).map(|line| format!("{line}\n")).collect();
    assert_ne!(whole, without);
    fs::write(&table, without).expect("written");
    let served = Served::start(dir.path(), &["acme.mlc"]);
    assert_eq!(served.ready["pipelines"], serde_json::json!(["acme"]), "{}", served.ready);
    served.says("ran pipeline=\"acme\"", 1);
    fs::write(&table, &whole).expect("written");
    served.says("loaded again", 1);
    served.says("ran pipeline=\"acme\"", 3);
    let (code, log) = served.stop();
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("panicked"), "{log}");
    let held = waiting(dir.path(), "acme");
    let for_the_code = held.iter().filter(|record| record["reason"].to_string().contains("cost code 03-300"));
    assert_eq!(for_the_code.count(), 0, "{held:#?}");
    let waiting = log.split(" waiting=").skip(1).filter_map(|rest| rest.split_whitespace().next());
    let waiting: Vec<u64> = waiting.map(|count| count.parse().expect("a count")).collect();
    assert!(
        waiting.len() >= 3 && waiting.first() > waiting.last(),
        "the mended table frees what waited for it:\n{log}"
    );
}

#[test]
fn a_file_that_does_not_check_is_refused_and_the_program_from_before_goes_on() {
    let dir = scratch();
    pipeline(dir.path(), "acme");
    let served = Served::start(dir.path(), &["acme.mlc"]);
    served.says("ran pipeline=\"acme\"", 1);
    let file = dir.path().join("acme.mlc");
    replace(&file, "from procore.requisitions as", "from procore.requisitionz as");
    served.says("refused, and the program from before goes on", 1);
    let before = served.log().matches("ran pipeline=\"acme\"").count();
    served.says("ran pipeline=\"acme\"", before + 1);
    replace(&file, "from procore.requisitionz as", "from procore.requisitions as");
    served.says("loaded again", 1);
    served.signal("-HUP");
    served.says("loaded again", 2);
    let (code, log) = served.stop();
    assert_eq!(code, 0, "{log}");
    assert_eq!(log.matches("refused, and the program").count(), 1, "told once:\n{log}");
}

#[test]
fn a_customer_whose_file_is_broken_keeps_no_other_away_and_files_come_and_go() {
    let dir = scratch();
    pipeline(dir.path(), "acme");
    fs::remove_file(dir.path().join("quickstart.mlc")).expect("the quickstart itself is not served");
    fs::write(dir.path().join("broken.mlc"), "pipeline \"broken\" {").expect("written");
    let served = Served::start(dir.path(), &["."]);
    assert_eq!(served.ready["pipelines"], serde_json::json!(["acme"]), "{}", served.ready);
    let closed = served.ready["closed"].as_array().expect("a list");
    assert!(
        closed.len() == 1 && closed[0]["file"].as_str().is_some_and(|file| file.ends_with("broken.mlc")),
        "{closed:?}"
    );
    served.says("ran pipeline=\"acme\"", 1);
    // Mended, it is served without a restart; one that goes is served no more.
    let other = scratch();
    pipeline(other.path(), "second");
    fs::copy(other.path().join("second.mlc"), dir.path().join("broken.mlc")).expect("copied");
    served.says("served from now on pipeline=\"second\"", 1);
    served.says("ran pipeline=\"second\"", 1);
    fs::remove_file(dir.path().join("broken.mlc")).expect("removed");
    served.says("gone, and served no more", 1);
    let (code, log) = served.stop();
    assert_eq!(code, 0, "{log}");
}

#[test]
fn asked_to_stop_in_the_middle_of_a_run_it_settles_what_is_in_flight() {
    let dir = scratch();
    pipeline(dir.path(), "acme");
    let served = Served::start(dir.path(), &["acme.mlc", "--drain", "50s"]);
    // The first run has to read and post for some seconds.
    let journal = dir.path().join(".mlc/acme/sandbox/world/qad.ndjson");
    let started = Instant::now();
    while fs::read_to_string(&journal).map_or(0, |text| text.lines().count()) < 10 {
        assert!(started.elapsed() < Duration::from_secs(60), "{}", served.log());
        thread::sleep(Duration::from_millis(20));
    }
    let (code, log) = served.stop();
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("the run was asked to stop"), "{log}");
    let again = crate::support::mlc_in(dir.path(), &["audit", "verify", "acme.mlc"]);
    assert_eq!(again.code, 0, "{again}");
}

#[test]
fn other_machines_are_let_in_only_behind_tls_or_a_proxy() {
    let dir = scratch();
    pipeline(dir.path(), "acme");
    let output = Command::new(env!("CARGO_BIN_EXE_mlc"))
        .args(["serve", "acme.mlc", "--listen", "0.0.0.0:0"])
        .current_dir(dir.path())
        .env("NO_COLOR", "1")
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("--behind-proxy") && stderr.contains("--tls-cert"), "{stderr}");
}

/// Nothing is sent to live systems that nobody has seen planned.
#[test]
fn a_first_run_on_a_live_system_that_nobody_has_seen_is_not_made() {
    let dir = scratch();
    let server = crate::served::Server::start(dir.path(), "");
    crate::served::pipeline_in(
        dir.path(),
        &server.connect(&server.addresses()),
        &[("    guard 25% rejected        # stops the run before it does mass harm\n  }\n", "  }\n  run every 10s\n")],
    );
    let mut child = command(dir.path(), &["served.mlc"]).envs(server.environment()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a ready line");
    let mut log = BufReader::new(child.stderr.take().expect("its log"));
    let mut said = String::new();
    while !said.contains("not run: this would be the first run") {
        assert!(log.read_line(&mut said).expect("more") > 0, "{said}");
    }
    assert!(said.contains("mlc plan"), "{said}");
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(
        !dir.path().join("served/qad.ndjson").exists()
            || fs::read_to_string(dir.path().join("served/qad.ndjson")).expect("a journal").lines().count() <= 1
    );
}
