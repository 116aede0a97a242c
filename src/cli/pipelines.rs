//! Which pipeline files are served.

use super::exit::Failure;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that were named, whether they are there or not, and those of folders, in the order
/// of their names; each once.
pub fn served(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in named {
        let found = if path.is_file() || is_pipeline(path) { vec![path.clone()] } else { of_folder(path)? };
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// Every pipeline file of a folder.
fn of_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| {
        Failure::wrong(
            format!("{} cannot be read: {error}", folder.display()),
            "name pipeline files, or folders whose pipeline files are served",
        )
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if is_pipeline(&path) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Files that only others use do not end so in a served folder, or lie elsewhere: each file of
/// it is a customer's.
fn is_pipeline(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "mlc")
}

#[cfg(test)]
mod tests {
    use super::served;
    use std::fs;

    #[test]
    fn a_folder_is_its_pipeline_files_and_a_file_is_named_whether_it_is_there_or_not() {
        let folder = tempfile::tempdir().expect("folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["b.mlc", "a.mlc", "table.csv"] {
            fs::write(at(name), "").expect("write");
        }
        fs::create_dir(at("c.mlc")).expect("a folder of that name");
        let named = [folder.path().to_owned(), at("a.mlc"), at("later.mlc")];
        assert_eq!(served(&named).ok(), Some(vec![at("a.mlc"), at("b.mlc"), at("later.mlc")]));
        let error = served(&[at("nowhere")]).expect_err("no such folder");
        assert!(error.message.contains("nowhere"), "{}", error.message);
    }
}
