//! Pipelines and what `check` says of them. A file of `tests/corpus/wrong` holds one
//! mistake and is named for it; the snapshot beside it is what people see. A file of
//! `tests/corpus/right` checks without a word.

use mlc::connectors::drivers;
use mlc::diag::{self, Diagnostic, SourceId, Sources, Style};
use mlc::model::{self, FileBytes, FileText, Files, Model, Override};
use mlc::syntax::{NotText, decode, parse};
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// What `check` makes of one file.
pub struct Seen {
    pub model: Option<Model>,
    diagnostics: Vec<Diagnostic>,
    sources: Sources,
}

impl Seen {
    pub fn text(&self) -> String {
        diag::render(&self.diagnostics, &self.sources, Style::Plain)
    }
}

/// Files beside the pipeline, shown by the names that the pipeline gives them.
struct Beside(PathBuf);

impl Files for Beside {
    fn read(&self, path: &str) -> Result<FileText, String> {
        let bytes = fs::read(self.0.join(path)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            kind => kind.to_string(),
        })?;
        let text = decode(&bytes)
            .map_err(|fault| format!("line {}, column {} is not UTF-8 text", fault.line, fault.column))?;
        Ok(FileText { path: PathBuf::from(path), text: text.into() })
    }

    /// A spreadsheet is made out of a `.sheet` of its name, where there is one.
    fn bytes(&self, path: &str) -> Result<FileBytes, String> {
        let whole = self.0.join(path);
        #[cfg(feature = "xlsx")]
        if let Ok(text) = fs::read_to_string(whole.with_extension("sheet")) {
            return Ok(FileBytes { path: PathBuf::from(path), bytes: crate::spreadsheet::made(&text) });
        }
        let bytes = fs::read(whole).map_err(|_| "there is no such file".to_owned())?;
        Ok(FileBytes { path: PathBuf::from(path), bytes })
    }
}

pub fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

pub fn corpus(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder)
}

/// The pipelines of a folder, by name.
pub fn pipelines(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the corpus can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "mlc"))
        .filter(|path| cfg!(feature = "xlsx") || !stem(path).starts_with("xlsx"))
        .collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

fn look(path: &Path) -> Seen {
    let bytes = fs::read(path).expect("the corpus can be read");
    let name = path.file_name().map(PathBuf::from).unwrap_or_default();
    let mut sources = Sources::new();
    let text = match decode(&bytes) {
        Ok(text) => text,
        Err(fault) => {
            let id = sources.add(name, NotText::readable(&bytes));
            return Seen { model: None, diagnostics: vec![fault.diagnostic(id)], sources };
        }
    };
    look_at(path, &text, &path.parent().map(Path::to_path_buf).unwrap_or_default())
}

/// A text as if it were a file of that name in a folder.
#[cfg(feature = "xlsx")]
pub fn look_text(name: &str, text: &str, folder: &Path) -> Seen {
    look_at(Path::new(name), text, folder)
}

fn look_at(path: &Path, text: &str, folder: &Path) -> Seen {
    let mut sources = Sources::new();
    let id = sources.add(path.file_name().map(PathBuf::from).unwrap_or_default(), text);
    let parsed = parse(&sources, id);
    if stem(path).starts_with("syntax-") {
        // Snippets that mean nothing: only their reading is shown.
        return Seen { model: None, diagnostics: parsed.diagnostics, sources };
    }
    let files = Beside(folder.to_path_buf());
    let overrides = overrides(&mut sources, id);
    let checked = model::check_with(&parsed.file, &mut sources, &files, drivers(), &overrides);
    let mut diagnostics = parsed.diagnostics;
    diagnostics.extend(checked.diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.label.span);
    Seen { model: checked.model, diagnostics, sources }
}

/// What the first line of a file sets: `# vars: limit=5 day=2026-10-01`.
fn overrides(sources: &mut Sources, id: SourceId) -> Vec<Override> {
    let first = sources.get(id).and_then(|source| source.text.lines().next()).unwrap_or("").to_owned();
    let given = first.strip_prefix("# vars: ").unwrap_or("");
    given.split_whitespace().filter_map(|text| Override::read(text, sources)).collect()
}

/// Compares what is said of each pipeline of a folder with the snapshot beside it.
fn compare(folder: &str) {
    let mut failed = Vec::new();
    for path in pipelines(&corpus(folder)) {
        let name = stem(&path);
        let seen = look(&path);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(corpus(folder));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let matches = catch_unwind(AssertUnwindSafe(|| {
            settings.bind(|| insta::assert_snapshot!(name.clone(), seen.text()));
        }));
        if matches.is_err() || seen.diagnostics.is_empty() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "these differ from their snapshots, or nothing is said of them: {failed:?}");
}

#[test]
fn wrong_pipelines_are_told_so() {
    assert!(pipelines(&corpus("wrong")).len() >= 60);
    compare("wrong");
}

#[test]
fn what_comes_later_is_read_and_named() {
    compare("later");
}

#[test]
fn every_error_has_a_place_and_a_mend() {
    for path in pipelines(&corpus("wrong")) {
        let seen = look(&path);
        for diagnostic in &seen.diagnostics {
            let name = stem(&path);
            assert!(diagnostic.hint.is_some(), "{name}: `{}` has no hint", diagnostic.message);
            assert!(!diagnostic.label.text.is_empty(), "{name}: `{}` has no label", diagnostic.message);
            let span = diagnostic.label.span;
            let source = seen.sources.get(span.source).expect("the span lies in a source");
            assert!(source.text.get(span.start as usize..span.end as usize).is_some(), "{name}: span {span:?}");
        }
    }
}

#[test]
fn right_pipelines_check_without_a_word() {
    let mut paths = pipelines(&corpus("right"));
    assert!(paths.len() >= 15, "{} right pipelines", paths.len());
    paths.extend(pipelines(&examples()));
    paths.extend(pipelines(&Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines")));
    let mut failed = Vec::new();
    for path in paths {
        let seen = look(&path);
        match &seen.model {
            Some(model) if seen.diagnostics.is_empty() && !model.flows.is_empty() => {}
            _ => failed.push(format!("{}:\n{}", stem(&path), seen.text())),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// A file while it is being typed: any line may be missing, any end may not be there yet.
#[test]
fn half_written_pipelines_are_no_trouble() {
    let files = Beside(corpus("right"));
    for path in pipelines(&corpus("right")).into_iter().chain(pipelines(&examples())) {
        let text = fs::read_to_string(&path).expect("the corpus is text");
        let lines: Vec<&str> = text.lines().collect();
        for left_out in 0..lines.len() {
            let without = lines.iter().enumerate().filter(|(index, _)| *index != left_out).map(|(_, line)| *line);
            let without = without.collect::<Vec<_>>().join("\n");
            let begun = lines.iter().take(left_out).copied().collect::<Vec<_>>().join("\n");
            for text in [without, begun] {
                let mut sources = Sources::new();
                let id = sources.add("half.mlc", text.as_str());
                let parsed = parse(&sources, id);
                let checked = model::check(&parsed.file, &mut sources, &files, drivers());
                let errors = checked.diagnostics.iter().any(Diagnostic::is_error);
                assert_eq!(
                    checked.model.is_none(),
                    errors,
                    "{}",
                    diag::render(&checked.diagnostics, &sources, Style::Plain)
                );
            }
        }
    }
}

/// Codes that no file can yield: the place says why.
const WITHOUT_CASE: &[&str] = &[
    // Files of more than a megabyte are made in the tests of `syntax`.
    "E0002", // No catalogue of today has such a resource; tested with a small one in `model::check`.
    "E0208", "E0413",
];

#[test]
fn every_code_has_a_page_and_a_case() {
    let mut yielded = BTreeSet::new();
    for path in pipelines(&corpus("wrong")) {
        yielded.extend(look(&path).diagnostics.iter().map(|diagnostic| diagnostic.code.id));
    }
    let mut lacking = Vec::new();
    for code in diag::all() {
        if code.page.len() < 120 || !code.page.starts_with(&format!("# {}", code.id)) {
            lacking.push(format!("{} has no page", code.id));
        }
        if !yielded.contains(code.id) && !WITHOUT_CASE.contains(&code.id) {
            lacking.push(format!("{} has no case", code.id));
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}
