//! `mlc fmt` from outside, and its promise: a laid out file is the same program.

use super::corpus::{corpus, examples, pipelines};
use super::support::{mlc, mlc_in, root, scratch};
use mlc::connectors::drivers;
use mlc::diag::Sources;
use mlc::host::DiskFiles;
use mlc::{model, program, syntax};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// All pipelines that can be read.
fn readable() -> Vec<PathBuf> {
    let mut paths = pipelines(&examples());
    for name in ["right", "later", "wrong"] {
        paths.extend(pipelines(&corpus(name)));
    }
    let standard = root().join("pipelines");
    if standard.is_dir() {
        paths.extend(pipelines(&standard));
    }
    paths
}

/// The text laid out anew; `None` if it holds errors.
fn formatted(text: &str) -> Option<String> {
    let mut sources = Sources::new();
    let id = sources.add("test.mlc", text);
    let parsed = syntax::parse(&sources, id);
    let well = parsed.diagnostics.is_empty();
    well.then(|| syntax::format(text, &parsed.file).expect("formatting keeps every word and comment"))
}

/// The content hash of a pipeline that checks.
fn hash(path: &Path, text: &str) -> Option<String> {
    let mut sources = Sources::new();
    let id = sources.add("test.mlc", text);
    let parsed = syntax::parse(&sources, id);
    let checked = model::check(&parsed.file, &mut sources, &DiskFiles::beside(path), drivers());
    checked.model.map(|model| program::compile(model).hash().to_owned())
}

#[test]
fn the_layout_of_every_file_is_final_and_the_program_the_same() {
    let (mut read, mut compared) = (0, 0);
    for path in readable() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let Some(once) = formatted(&text) else { continue };
        read += 1;
        let name = path.display();
        assert_eq!(formatted(&once).as_ref(), Some(&once), "{name} is laid out anew each time");
        let before = hash(&path, &text);
        assert_eq!(before, hash(&path, &once), "{name} is another program now");
        compared += usize::from(before.is_some());
    }
    assert!(read > 100 && compared > 15, "{read} files were read, {compared} programs compared");
}

#[test]
fn the_examples_stand_in_the_layout() {
    let own = ["starter", "acme", "ridgeline", "twin-rivers"].map(|name| examples().join(name));
    let folders = own.into_iter().chain([examples(), root().join("pipelines")]);
    let paths: Vec<_> = folders.flat_map(|folder| pipelines(&folder)).collect();
    assert!(paths.iter().any(|path| path.ends_with("starter/pipeline.mlc")));
    for path in paths {
        let outcome = mlc(&["fmt", "--check", &path.to_string_lossy()]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{outcome}");
    }
}

const LOOSE: &str = "connect  a {sandbox}  # first\n\n\n\nconnect bcd { sandbox }";
const TIDY: &str = "connect a { sandbox }   # first\n\nconnect bcd { sandbox }\n";

#[test]
fn a_file_is_written_anew_and_then_left_alone() {
    let folder = scratch();
    let file = folder.path().join("a.mlc");
    fs::write(&file, LOOSE).expect("write");
    let check = mlc_in(folder.path(), &["fmt", "--check", "a.mlc"]);
    assert_eq!(check.code, 1, "{check}");
    assert!(check.stdout.contains("-connect  a {sandbox}  # first\n"), "{check}");
    assert!(check.stdout.contains("+connect a { sandbox }   # first\n"), "{check}");
    assert_eq!(fs::read_to_string(&file).expect("text"), LOOSE);
    for _ in 0..2 {
        let outcome = mlc_in(folder.path(), &["fmt", "a.mlc"]);
        assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (0, "", ""), "{outcome}");
        assert_eq!(fs::read_to_string(&file).expect("text"), TIDY);
    }
    let check = mlc_in(folder.path(), &["fmt", "--check", "a.mlc"]);
    assert_eq!((check.code, check.stdout.as_str()), (0, ""), "{check}");
}

#[test]
fn a_file_with_errors_stays_and_the_others_are_done() {
    let folder = scratch();
    fs::write(folder.path().join("wrong.mlc"), "flow a {\n wher x\n}\n").expect("write");
    fs::write(folder.path().join("right.mlc"), LOOSE).expect("write");
    let outcome = mlc_in(folder.path(), &["fmt", "wrong.mlc", "none.mlc", "right.mlc"]);
    assert_eq!(outcome.code, 2, "{outcome}");
    assert!(outcome.stderr.contains("E01") && outcome.stderr.contains("stays as it is"), "{outcome}");
    assert!(outcome.stderr.contains("there is no file none.mlc"), "{outcome}");
    let text = |name| fs::read_to_string(folder.path().join(name)).expect("text");
    assert_eq!(text("wrong.mlc"), "flow a {\n wher x\n}\n");
    assert_eq!(text("right.mlc"), TIDY);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mlc"))
        .args(["fmt", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("mlc starts");
    child.stdin.take().expect("input").write_all(LOOSE.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("mlc ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stdout).as_ref()), (Some(0), TIDY));
}
