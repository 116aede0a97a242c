//! What the integration tests share: scratch folders, the binary, both books.

use mlc::connectors::drivers;
use mlc::sandbox::{Sandbox, SandboxOptions};
use serde_json::Value;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// What a command did.
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

pub fn scratch() -> TempDir {
    tempfile::tempdir().expect("a scratch folder")
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn mlc(arguments: &[&str]) -> Outcome {
    mlc_in(&root(), arguments)
}

pub fn mlc_in(folder: &Path, arguments: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mlc"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1");
    finish(&mut command)
}

/// Waits for the command; one that does not end in four minutes hangs, and is killed and told of.
pub fn finish(command: &mut Command) -> Outcome {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let pid = child.id();
    let (done, waiting) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        if waiting.recv_timeout(Duration::from_secs(240)) == Err(mpsc::RecvTimeoutError::Timeout) {
            // The child has not been waited for, so the number is still its own.
            drop(Command::new("kill").args(["-KILL", &pid.to_string()]).status());
            return true;
        }
        false
    });
    let output = child.wait_with_output().expect("it ends");
    drop(done);
    assert!(!watch.join().expect("the watch ends"), "{command:?} hangs");
    Outcome::from(output)
}

/// Copies the quickstart and what it names into a folder.
pub fn quickstart_in(folder: &Path) {
    for name in ["quickstart.mlc", "cost-codes.csv"] {
        fs::copy(root().join("examples").join(name), folder.join(name)).expect("an example file");
    }
}

/// Runs the quickstart of a folder to its end and reads both systems' books.
pub fn run_and_read_books(folder: &Path, arguments: &[&str]) -> Books {
    let mut all = vec!["run", "quickstart.mlc", "--format", "json"];
    all.extend(arguments);
    let outcome = mlc_in(folder, &all);
    assert_eq!(outcome.code, 1, "{outcome}");
    assert!(!outcome.stderr.contains("panicked"), "{outcome}");
    Books::read(folder)
}

/// What stands in both systems after a run in a folder. Voucher numbers are left out:
/// they go by arrival, and two honest runs may differ in them.
#[derive(Debug, PartialEq)]
pub struct Books {
    pub procore: Value,
    pub qad: Value,
}

impl Books {
    /// Reads them out of the sandbox that lies in the folder's state, without changing it.
    pub fn read(folder: &Path) -> Self {
        Self::of_pipeline(folder, "quickstart")
    }

    /// The same for the pipeline of this name.
    pub fn of_pipeline(folder: &Path, pipeline: &str) -> Self {
        let world = folder.join(".mlc").join(pipeline).join("sandbox/world");
        assert!(world.is_dir(), "there is no sandbox in {}", world.display());
        Self::of(&world)
    }

    /// The books of the sandbox that is kept in this folder.
    pub fn of(world: &Path) -> Self {
        let options = SandboxOptions { read_only: true, ..SandboxOptions::default() };
        let sandbox = Sandbox::open(Some(world), drivers(), options).expect("the sandbox opens");
        let books = |driver| sandbox.books(driver).expect("the driver has books");
        Self { procore: books("procore"), qad: books("qad") }
    }
}
