//! `mlc fmt`: pipeline files in the one layout.
//!
//! Takes files, or standard input as `-`, and writes each anew if its layout differs. A
//! file with errors in its text stays as it is. Says nothing when all is well.

use super::arguments::Fmt;
use super::difference::difference;
use super::exit::{Exit, Failure, Outcome};
use super::screen::{complain, note, say, style};
use super::text;
use crate::diag::{self, Sources};
use crate::host::{self, terminal};
use crate::syntax;
use std::path::Path;
use std::sync::Arc;

/// What standard input is called among the files.
const STANDARD_INPUT: &str = "-";

/// All files are looked at; the worst of what was found decides how the command ends.
pub fn run(arguments: &Fmt) -> Outcome {
    let mut worst = Exit::Well;
    for path in &arguments.files {
        let exit = file(path, arguments.check).unwrap_or_else(|failure| {
            complain(&failure);
            failure.exit
        });
        worst = worst.max(exit);
    }
    Ok(worst)
}

fn file(path: &Path, check: bool) -> Outcome {
    let is_input = path == Path::new(STANDARD_INPUT);
    let text = if is_input { read_input()? } else { text::read(path)? };
    let path = if is_input { Path::new("standard input") } else { path };
    let formatted = format(path, &text)?;
    let differs = formatted != *text;
    if check {
        if differs {
            say(&difference(&path.display().to_string(), &text, &formatted))?;
        }
        return Ok(if differs { Exit::Attention } else { Exit::Well });
    }
    if is_input {
        say(&formatted)?;
    } else if differs {
        host::replace_text(path, &text, &formatted)
            .map_err(|sentence| Failure::world(sentence, "the file is as it was; mend this and format it again"))?;
    }
    Ok(Exit::Well)
}

fn read_input() -> Result<Arc<str>, Failure> {
    host::read_input().map_err(|sentence| Failure::wrong(sentence, "`mlc fmt -` takes a pipeline on standard input"))
}

/// The text in the one layout, or what is wrong with it on standard error.
fn format(path: &Path, text: &Arc<str>) -> Result<String, Failure> {
    let mut sources = Sources::new();
    let id = sources.add(path, Arc::clone(text));
    let parsed = syntax::parse(&sources, id);
    let errors = parsed.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    if errors > 0 {
        note(&diag::render(&parsed.diagnostics, &sources, style(terminal::stderr_is_terminal())));
        let errors = super::screen::count(errors as u64, "syntax error", "syntax errors");
        return Err(Failure::wrong(
            format!("{} has {errors} and stays as it is", path.display()),
            "mend what is wrong, then format it",
        ));
    }
    syntax::format(text, &parsed.file).ok_or_else(|| {
        Failure::wrong(
            format!("{} stays as it is: formatting would have changed more than its layout", path.display()),
            "this is a fault of mlc; please report it with the file",
        )
    })
}
