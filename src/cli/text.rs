//! The pipeline file as text: found, small enough, and readable, or a failure that says
//! what else it is.

use super::exit::Failure;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// No pipeline that a person wrote is longer.
const LONGEST: u64 = 1024 * 1024;

/// Reads a pipeline file.
pub fn read(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let refused = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => Failure::wrong(
            format!("there is no file {shown}"),
            "name the pipeline file, such as `mlc run examples/quickstart.mlc`",
        ),
        ErrorKind::IsADirectory => directory(path),
        ErrorKind::PermissionDenied => {
            Failure::world(format!("{shown} may not be read: {error}"), "give it back its rights")
        }
        _ => Failure::world(format!("{shown} cannot be read: {error}"), "check the disk that it lies on"),
    };
    if path.is_dir() {
        return Err(directory(path));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)).map_err(refused)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::wrong(
            format!("{shown} is larger than 1 MiB and cannot be a pipeline"),
            "name the `.mlc` file; long tables belong in a CSV file that a lookup names",
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        Failure::wrong(format!("{shown} is not UTF-8 text: line {} has other bytes", line + 1), "save it as UTF-8")
    })
}

fn directory(path: &Path) -> Failure {
    Failure::wrong(
        format!("{} is a folder, not a pipeline file", path.display()),
        "name the `.mlc` file in it",
    )
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::cli::exit::Exit;

    #[test]
    fn what_is_no_pipeline_is_told_apart() {
        let dir = tempfile::tempdir().expect("folder");
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).expect("file");
            path
        };
        let cases = [
            (dir.path().join("none.mlc"), "no file"),
            (dir.path().to_path_buf(), "is a folder"),
            (file("big.mlc", &vec![b' '; 2 * 1024 * 1024]), "larger than 1 MiB"),
            (file("latin.mlc", b"# one\n# caf\xe9\n"), "line 2"),
        ];
        for (path, part) in cases {
            let failure = read(&path).expect_err(part);
            assert_eq!(failure.exit, Exit::Wrong);
            assert!(failure.message.contains(part), "{}", failure.message);
        }
        assert_eq!(read(&file("fine.mlc", b"# fine\n")).ok().as_deref(), Some("# fine\n"));
    }
}
