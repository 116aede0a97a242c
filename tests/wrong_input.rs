//! Wrong input and a wrong world: a clear sentence, the right exit code, nothing lost.

use crate::support::{Outcome, finish, mlc, mlc_in, quickstart_in, scratch};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs `mlc check` on a file with this content.
fn check(name: &str, content: &[u8]) -> Outcome {
    let dir = scratch();
    let path = dir.path().join(name);
    fs::write(&path, content).expect("scratch file");
    mlc_in(dir.path(), &["check", name])
}

#[test]
fn a_file_that_is_not_there() {
    let outcome = mlc(&["check", "no-such.mlc"]);
    assert_eq!(outcome.code, 2, "{outcome}");
    assert!(outcome.stderr.contains("no-such.mlc"), "{outcome}");
}

#[test]
fn a_directory() {
    let dir = scratch();
    for command in ["check", "run", "plan", "status"] {
        let outcome = mlc_in(dir.path(), &[command, "."]);
        assert_eq!(outcome.code, 2, "{command}: {outcome}");
        assert!(outcome.stderr.contains("directory") || outcome.stderr.contains("folder"), "{command}: {outcome}");
    }
}

#[test]
fn ten_megabytes_of_noise() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let noise: Vec<u8> = (0..10 * 1024 * 1024)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect();
    let printable: Vec<u8> = noise.iter().map(|byte| 32 + byte % 95).collect();
    for (name, content) in [("noise.mlc", &noise), ("printable.mlc", &printable)] {
        let started = Instant::now();
        let outcome = check(name, content);
        assert_eq!(outcome.code, 2, "{outcome}");
        assert!(
            outcome.stderr.len() + outcome.stdout.len() < 4_000,
            "{name}: {} bytes of complaint",
            outcome.stderr.len()
        );
        assert!(started.elapsed() < Duration::from_secs(10), "{name} took {:?}", started.elapsed());
    }
}

#[test]
fn noise_small_enough_to_be_read() {
    let mut state = 7_u64;
    let noise: Vec<u8> = (0..900_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            32 + (state >> 56) as u8 % 95
        })
        .collect();
    let started = Instant::now();
    let outcome = check("noise.mlc", &noise);
    assert_eq!(outcome.code, 2, "{outcome}");
    assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
}

#[test]
fn invalid_utf8_names_the_line() {
    let outcome = check("latin1.mlc", b"pipeline \"caf\xc3\xa9\" {\n}\n\n# caf\xe9\n");
    assert_eq!(outcome.code, 2, "{outcome}");
    assert!(outcome.stderr.contains('4'), "{outcome}");
    assert!(outcome.stderr.contains("UTF-8"), "{outcome}");
}

#[test]
fn ten_thousand_nested_brackets() {
    for (open, close) in [("[", "]"), ("(", ")"), ("{", "}")] {
        let text = format!("flow a {{\n  where {}1{}\n}}\n", open.repeat(10_000), close.repeat(10_000));
        let outcome = check("deep.mlc", text.as_bytes());
        assert_eq!(outcome.code, 2, "{outcome}");
        assert!(outcome.stderr.contains("more than 64 deep"), "{open}: {outcome}");
    }
    for chain in ["not ", "-", "1 + ", "a | take(1) ", "a ?? "] {
        let text = format!("flow a {{\n  where {}1\n}}\n", chain.repeat(100_000));
        let outcome = check("chain.mlc", text.as_bytes());
        assert_eq!(outcome.code, 2, "{chain}: {outcome}");
    }
}

#[test]
fn a_csv_without_a_column() {
    let dir = scratch();
    quickstart_in(dir.path());
    let csv = dir.path().join("cost-codes.csv");
    let text = fs::read_to_string(&csv).expect("cost codes");
    fs::write(&csv, text.replacen("cost_center", "centre", 1)).expect("cost codes");
    let outcome = mlc_in(dir.path(), &["check", "quickstart.mlc"]);
    assert_eq!(outcome.code, 2, "{outcome}");
    assert!(outcome.stderr.contains("cost-codes.csv:1"), "{outcome}");
    assert!(outcome.stderr.contains("cost_center"), "{outcome}");
}

#[test]
fn a_store_that_another_process_holds() {
    let dir = scratch();
    quickstart_in(dir.path());
    // Slow enough to be still running: every answer is late.
    let mut first = Command::new(env!("CARGO_BIN_EXE_mlc"))
        .args(["run", "quickstart.mlc", "--faults", "slow=100%"])
        .current_dir(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("mlc starts");
    let mut refused = None;
    for _ in 0..200 {
        let outcome = mlc_in(dir.path(), &["status", "quickstart.mlc"]);
        if outcome.code == 3 {
            refused = Some(outcome);
            break;
        }
        assert!(first.try_wait().expect("child").is_none(), "the first run ended before the store was seen in use");
        std::thread::sleep(Duration::from_millis(20));
    }
    let second = mlc_in(dir.path(), &["run", "quickstart.mlc"]);
    let still_running = first.try_wait().expect("child").is_none();
    first.kill().expect("child can be killed");
    first.wait().expect("child ends");
    let refused = refused.expect("the store was never seen in use");
    assert!(refused.stderr.contains("in use") || refused.stderr.contains("another"), "{refused}");
    assert!(still_running, "the first run ended too early for the test to mean anything");
    assert_eq!(second.code, 3, "{second}");
}

#[test]
fn a_state_folder_that_cannot_be_made() {
    let dir = scratch();
    quickstart_in(dir.path());
    fs::write(dir.path().join("occupied"), "a file").expect("scratch file");
    let outcome = mlc_in(dir.path(), &["run", "quickstart.mlc", "--state", "occupied/state"]);
    assert_eq!(outcome.code, 3, "{outcome}");
    assert!(outcome.stderr.contains("occupied"), "{outcome}");
}

/// The disk takes no more bytes half way through a run: the run says so with the right
/// code, and a later run finishes what it began, with nothing posted twice.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_refuses_half_way() {
    let undisturbed = scratch();
    quickstart_in(undisturbed.path());
    let wanted = crate::support::run_and_read_books(undisturbed.path(), &[]);

    let dir = scratch();
    quickstart_in(dir.path());
    let mut refused = 0;
    for blocks in [64, 256, 600, 1_000] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" run quickstart.mlc --quiet");
        let mut shell = Command::new("sh");
        let outcome = finish(shell.args(["-c", &script, env!("CARGO_BIN_EXE_mlc")]).current_dir(dir.path()));
        assert!(!outcome.stderr.contains("panicked"), "{outcome}");
        assert!(matches!(outcome.code, 1 | 3), "{outcome}");
        refused += usize::from(outcome.code == 3);
    }
    assert!(refused > 0, "the limit never bit");
    assert_eq!(crate::support::run_and_read_books(dir.path(), &[]), wanted);
}
