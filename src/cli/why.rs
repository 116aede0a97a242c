//! `mlc why`: where each value of a record comes from: the line of the pipeline, the fields of
//! the source, the row of the lookup.

use super::arguments::{Format, Why};
use super::compose;
use super::exit::{Exit, Failure, Outcome};
use super::report::SANDBOX;
use super::screen::{BAD, BOLD, DIM, GOOD, WAITING, count, say, say_json};
use super::show::find;
use super::state::must_have_run;
use crate::diag::nearest;
use crate::engine::explain::{Checked, Place, Stopped, Trace, Traced, explain};
use crate::store::RecordEntry;
use serde_json::json;
use std::fmt::Write;

mod words;

use words::{asked, line_of, origin, row, shown, story};

/// A label and what is told under it.
const LABEL: usize = 8;

pub async fn run(arguments: &Why) -> Outcome {
    must_have_run(&arguments.place)?;
    let program = compose::program(&arguments.place.file, &arguments.vars.vars)?;
    let ready = compose::offline(program, &arguments.place)?;
    let setup = &ready.setup;
    let all = setup.store.records(None)?;
    let entry = find(&all, &arguments.record)?;
    let trace = explain(setup, &entry.id).await.map_err(|error| Failure::world(error.message, error.mend))?;
    let gone = || Failure::wrong(format!("the state has no record {}", entry.id), "");
    let mut trace = trace.ok_or_else(gone)?;
    if let Some(field) = &arguments.field {
        trace.values = chosen(trace.values, field, &trace.reason)?;
    }
    if arguments.printing.format == Format::Json {
        say_json(&json!({
            "sandbox": setup.sandbox, "pipeline": setup.program.name(), "label": entry.label,
            "reference": entry.reference, "trace": trace,
        }))?;
    } else {
        say(&text(arguments, entry, setup.sandbox, &trace))?;
    }
    Ok(Exit::Well)
}

/// The values that are meant: by their path, a part of it from its beginning on, or their names
/// in every line.
fn chosen(values: Vec<Traced>, field: &str, reason: &str) -> Result<Vec<Traced>, Failure> {
    let paths: Vec<String> = values.iter().map(|value| value.path.clone()).collect();
    let meant = |path: &str| {
        let below = path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        below || unnumbered(path) == field || path.rsplit('.').next() == Some(field)
    };
    let found: Vec<Traced> = values.into_iter().filter(|value| meant(&value.path)).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let hint = match nearest(field, paths.iter().map(String::as_str)) {
        _ if paths.is_empty() && !reason.is_empty() => format!("nothing is mapped: {reason}"),
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has {}", names(&paths).join(", ")),
    };
    Err(Failure::wrong(format!("what the record becomes has no field `{field}`"), hint))
}

/// `lines.gl_account`.
fn unnumbered(path: &str) -> String {
    let mut inside = false;
    let kept = path.chars().filter(|letter| {
        inside |= *letter == '[';
        let keep = !inside;
        inside &= *letter != ']';
        keep
    });
    kept.collect()
}

/// Each field once, without the numbers of lines.
fn names(paths: &[String]) -> Vec<String> {
    let mut names: Vec<String> = paths.iter().map(|path| unnumbered(path)).collect();
    names.dedup();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

fn text(arguments: &Why, entry: &RecordEntry, sandbox: bool, trace: &Trace) -> String {
    let mut text = String::new();
    if sandbox {
        let _ = writeln!(text, "{WAITING}{SANDBOX}{WAITING:#}");
    }
    let there = entry.reference.as_ref().map_or_else(String::new, |reference| format!(", there as {reference}"));
    let _ = writeln!(text, "{BOLD}{}{BOLD:#}  {}{there}", entry.label, entry.outcome.word());
    for note in &trace.notes {
        let _ = writeln!(text, "{WAITING}note{WAITING:#}: {note}");
    }
    if arguments.field.is_some() {
        for value in &trace.values {
            whole(value, &mut text);
        }
        return text;
    }
    checks(&trace.checks, &mut text);
    if let Some(stopped) = &trace.stopped {
        ended(trace, stopped, &mut text);
    } else if !trace.reason.is_empty() {
        let _ = writeln!(text, "\n{BAD}{}{BAD:#}: {}", trace.outcome.word(), trace.reason);
    }
    overview(&trace.values, &mut text);
    let file = arguments.place.file.display();
    if let Some(first) = trace.values.first() {
        let _ = writeln!(
            text,
            "\n{}; {DIM}mlc why {file} {} {}{DIM:#} tells all of one",
            count(trace.values.len() as u64, "value", "values"),
            entry.id.key,
            first.path
        );
    }
    text
}

fn checks(checks: &[Checked], text: &mut String) {
    if checks.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{BOLD}What it was asked{BOLD:#}");
    let width = checks.iter().map(|check| check.rule.len()).max().unwrap_or(0);
    for check in checks {
        let said = if check.passed { format!("{GOOD}yes{GOOD:#}") } else { format!("{BAD}no{BAD:#} ") };
        let place = check.place.as_ref().map(place).unwrap_or_default();
        let _ = writeln!(text, "  {DIM}{:<width$}{DIM:#}  {said}  {}  {DIM}{place}{DIM:#}", check.rule, check.text);
        if !check.passed {
            for line in story(&check.from) {
                labelled(line.0, &line.1, text);
            }
        }
    }
}

fn ended(trace: &Trace, stopped: &Stopped, text: &mut String) {
    let _ = writeln!(text, "\n{BAD}{}{BAD:#}: {}", trace.outcome.word(), trace.reason);
    if !stopped.path.is_empty() {
        labelled("making", &stopped.path, text);
    }
    if let Some(place) = &stopped.place {
        labelled("line", &line_of(place), text);
    }
    if let Some(question) = &stopped.lookup {
        labelled("lookup", &asked(question), text);
    }
    for near in &stopped.nearest {
        labelled("nearest", &row(near), text);
    }
}

/// One line for each value, and where it comes from in short.
fn overview(values: &[Traced], text: &mut String) {
    if values.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{BOLD}What it became, and of what{BOLD:#}");
    let path = values.iter().map(|value| value.path.len()).max().unwrap_or(0);
    let width = values.iter().map(|value| shown(&value.value).chars().count()).max().unwrap_or(0);
    for value in values {
        let origin = origin(value);
        let _ = writeln!(text, "  {:<path$}  {BOLD}{:<width$}{BOLD:#}  {origin}", value.path, shown(&value.value));
    }
}

/// All that is known of one value.
fn whole(value: &Traced, text: &mut String) {
    let _ = writeln!(text, "\n{}  {BOLD}{}{BOLD:#}", value.path, shown(&value.value));
    if let Some(place) = &value.place {
        labelled("line", &line_of(place), text);
    }
    for (label, line) in story(&value.from) {
        labelled(label, &line, text);
    }
    if value.left_off > 0 {
        labelled("", &format!("and {} more", value.left_off), text);
    }
}

fn labelled(label: &str, line: &str, text: &mut String) {
    let _ = writeln!(text, "  {DIM}{label:<LABEL$}{DIM:#}  {line}");
}

/// `quickstart.mlc line 41`.
fn place(place: &Place) -> String {
    format!("{} line {}", words::file(place), place.line)
}

#[cfg(test)]
mod tests {
    use super::{names, unnumbered};

    #[test]
    fn the_numbers_of_lines_are_left_out() {
        assert_eq!(unnumbered("lines[12].gl_account"), "lines.gl_account");
        assert_eq!(unnumbered("total"), "total");
        let paths = ["supplier", "lines[0].a", "lines[0].b", "lines[1].a", "lines[1].b"].map(str::to_owned);
        assert_eq!(names(&paths), ["supplier", "lines.a", "lines.b"]);
    }
}
