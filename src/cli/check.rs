//! `mlc check`: what is wrong in a pipeline, with the place and the mend.
//!
//! Findings go where a compiler's go: to standard error as text, to standard output as JSON.

use super::arguments::{Check, Format};
use super::compose;
use super::exit::{Exit, Outcome};
use super::screen::{count, note, say, say_json, style};
use crate::diag;
use crate::host::terminal;

pub fn run(arguments: &Check) -> Outcome {
    let checked = compose::check(&arguments.file, &arguments.vars.vars)?;
    let (errors, warnings): (Vec<_>, Vec<_>) = checked.diagnostics.iter().partition(|diagnostic| diagnostic.is_error());
    if arguments.printing.format == Format::Json {
        say_json(&diag::render_json(&checked.diagnostics, &checked.sources))?;
    } else {
        note(&diag::render(&checked.diagnostics, &checked.sources, style(terminal::stderr_is_terminal())));
        let file = arguments.file.display();
        let found = [(errors.len(), "error", "errors"), (warnings.len(), "warning", "warnings")]
            .into_iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, one, many)| count(number as u64, one, many))
            .collect::<Vec<_>>();
        say(&match (&checked.program, found.is_empty()) {
            (Some(program), true) => format!("{file}: all well, {}\n", what(program)),
            (Some(program), false) => format!("{file}: {}; {}\n", found.join(" and "), what(program)),
            (None, _) => format!("{file}: {}; `mlc explain CODE` tells more of one\n", found.join(" and ")),
        })?;
    }
    Ok(if errors.is_empty() { Exit::Well } else { Exit::Wrong })
}

fn what(program: &crate::program::Program) -> String {
    let rows: usize = program.lookups().iter().map(|lookup| lookup.rows.len()).sum();
    let lookups = match program.lookups().len() as u64 {
        0 => String::new(),
        number if rows == 0 => format!(", {}", count(number, "lookup", "lookups")),
        number => format!(", {} with {}", count(number, "lookup", "lookups"), count(rows as u64, "row", "rows")),
    };
    let tests = match program.tests().len() as u64 {
        0 => String::new(),
        number => format!(", {}", count(number, "test", "tests")),
    };
    format!(
        "{}, {}{lookups}{tests}",
        count(program.flows().len() as u64, "flow", "flows"),
        count(program.connections().len() as u64, "connection", "connections"),
    )
}
