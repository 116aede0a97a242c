//! "Run this test" above each test of a file.

use super::view::View;
use crate::syntax::lexeme::Kind;
use lsp_types::{CodeLens, Command};
use serde_json::json;

/// What the editor is asked to do, with the file's path and the test's name.
pub const RUN_TEST: &str = "mlc.runTest";

pub fn lenses(view: &View) -> Vec<CodeLens> {
    let text = &view.analysis.text;
    let lexemes = &view.analysis.lexemes;
    let pairs = lexemes.iter().zip(lexemes.iter().skip(1));
    let tests = pairs.filter(|(word, name)| {
        word.first && word.indent == 0 && word.text(text) == "test" && matches!(name.kind, Kind::Template | Kind::Plain)
    });
    tests
        .map(|(word, name)| {
            let test = name.text(text).trim_matches(['"', '\'']);
            CodeLens {
                range: view.document.range(word.start, name.end, view.encoding),
                command: Some(Command {
                    title: "▶ Run this test".to_owned(),
                    command: RUN_TEST.to_owned(),
                    arguments: Some(vec![json!(view.document.path.to_string_lossy()), json!(test)]),
                }),
                data: None,
            }
        })
        .collect()
}
