//! `kill -9` at random moments, and faults of every kind: the books stand as in an
//! undisturbed run.

use crate::reckoning::{compare, reckon};
use crate::support::{Books, Outcome, mlc_in, quickstart_in, scratch};
use mlc::sandbox::contractor;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often the run is killed; `MLC_KILLS=50` for the long form.
fn kills() -> usize {
    std::env::var("MLC_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

fn start(folder: &std::path::Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_mlc"))
        .args(["run", "quickstart.mlc", "--quiet"])
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mlc starts")
}

#[test]
fn kill_minus_nine_at_random_moments() {
    let measured = scratch();
    quickstart_in(measured.path());
    let started = Instant::now();
    assert_eq!(mlc_in(measured.path(), &["run", "quickstart.mlc", "--quiet"]).code, 1);
    let whole = started.elapsed();
    let undisturbed = Books::read(measured.path());
    let reckoning = reckon(&contractor(1));

    // Several worlds, so that the kills hit the middle of the work and not only its end.
    let per_world = 6;
    let (mut killed, mut world, mut seed) = (0, 0, 0x5eed_u64);
    while killed < kills() {
        world += 1;
        let dir = scratch();
        quickstart_in(dir.path());
        for turn in 0..per_world {
            let mut child = start(dir.path(), &[]);
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let share = (seed >> 33) % 1_000;
            // Each run is shorter than the one before, since it goes on where that was.
            std::thread::sleep(whole.mul_f64(share as f64 / 1_000.0 / f64::from(1 + turn)));
            let already_over = child.try_wait().expect("child").is_some();
            child.kill().expect("child can be killed");
            let output = child.wait_with_output().expect("child ends");
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!stderr.contains("panicked"), "{stderr}");
            if !already_over {
                killed += 1;
            }
            if killed == kills() {
                break;
            }
        }
        let last = mlc_in(dir.path(), &["run", "quickstart.mlc", "--quiet"]);
        assert_eq!(last.code, 1, "world {world}: {last}");
        let books = Books::read(dir.path());
        compare(&reckoning, &books)
            .unwrap_or_else(|differences| panic!("world {world}, {killed} kills: {differences}"));
        assert_eq!(books.procore, undisturbed.procore);
        verify_audit(dir.path());
    }
}

fn verify_audit(folder: &std::path::Path) {
    let verified = mlc_in(folder, &["audit", "verify", "quickstart.mlc"]);
    assert_eq!(verified.code, 0, "{verified}");
}

#[test]
fn faults_of_every_kind_leave_the_same_books() {
    let reckoning = reckon(&contractor(1));
    for faults in ["429=5%,500=5%,timeout=5%,lost=5%", "503=5%,torn=5%,lost=10%"] {
        let dir = scratch();
        quickstart_in(dir.path());
        let started = Instant::now();
        let mut last: Option<Outcome> = None;
        // A fault that outlasts all retries parks a record; the next run takes it up again.
        for _ in 0..4 {
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
        compare(&reckoning, &Books::read(dir.path()))
            .unwrap_or_else(|differences| panic!("{faults}: {differences}\n{said}"));
        verify_audit(dir.path());
        assert!(started.elapsed() < Duration::from_secs(300), "{faults} took {:?}", started.elapsed());
    }
}
