//! `mlc test`: runs the tests of a pipeline, without network or state.

use super::arguments::{Format, Test as Arguments};
use super::exit::{Exit, Failure, Outcome};
use super::screen::{BAD, BOLD, DIM, GOOD, count, note, say, say_json, style};
use super::show::tree;
use super::written::shown;
use super::{bless, capture, compose};
use crate::diag::{self, Sources, Span};
use crate::host::{self, terminal};
use crate::program::{Difference, Test, Tried};
use crate::value::{Value, to_json};
use serde_json::{Value as Json, json};
use std::fmt::Write;
use std::path::Path;

/// No cell of a difference is wider, in characters.
const WIDEST: usize = 60;

/// A test and what it came to.
struct Done<'a> {
    test: &'a Test,
    tried: Tried,
}

impl Done<'_> {
    fn passes(&self) -> bool {
        self.tried.differences.is_empty()
    }
}

pub fn run(arguments: &Arguments) -> Outcome {
    if let Some(record) = &arguments.capture {
        return capture::run(arguments, record);
    }
    let file = &arguments.place.file;
    let checked = compose::check(file, &arguments.vars.vars)?;
    note(&diag::render(&checked.diagnostics, &checked.sources, style(terminal::stderr_is_terminal())));
    let Some(program) = &checked.program else {
        return Err(Failure::wrong(
            format!("{} does not check, and its tests were not run", file.display()),
            "`mlc explain CODE` tells more of an error",
        ));
    };
    let chosen = chosen(program.tests(), arguments.filter.as_deref(), file)?;
    let done: Vec<Done> = chosen.into_iter().map(|test| Done { test, tried: program.try_out(test) }).collect();
    let blessed = if arguments.bless { bless_all(&done, &checked.sources, file)? } else { 0 };
    match arguments.printing.format {
        Format::Json => say_json(&as_json(program.name(), &done, blessed, &checked.sources))?,
        Format::Text => say(&render(&done, blessed, &checked.sources))?,
    }
    let failed = done.iter().filter(|done| !done.passes()).count();
    Ok(if failed > blessed { Exit::Attention } else { Exit::Well })
}

fn chosen<'a>(tests: &'a [Test], filter: Option<&str>, file: &Path) -> Result<Vec<&'a Test>, Failure> {
    if tests.is_empty() {
        return Err(Failure::wrong(
            format!("{} has no tests", file.display()),
            "write one, `mlc help test` shows how, or make one of a record: `mlc test FILE --capture RECORD`",
        ));
    }
    let low = filter.unwrap_or("").to_lowercase();
    let chosen: Vec<&Test> = tests.iter().filter(|test| test.name().to_lowercase().contains(&low)).collect();
    if chosen.is_empty() {
        let names: Vec<String> = tests.iter().map(|test| format!("\n        {}", test.name())).collect();
        return Err(Failure::wrong(
            format!("no test has `{}` in its name", filter.unwrap_or("")),
            format!("the tests are{}", names.concat()),
        ));
    }
    Ok(chosen)
}

/// Writes what happened into the file; says how many tests expect it now.
fn bless_all(done: &[Done], sources: &Sources, file: &Path) -> Result<usize, Failure> {
    let failed: Vec<&Done> = done.iter().filter(|done| !done.passes()).collect();
    let Some(first) = failed.first() else { return Ok(0) };
    let edits = failed.iter().flat_map(|done| bless::edits(done.test, &done.tried, sources)).collect();
    let was = sources.get(first.test.span().source).map_or("", |source| &source.text);
    host::replace_text(file, was, &bless::apply(was, edits))
        .map_err(|sentence| Failure::world(sentence, "nothing was changed; run it again"))?;
    Ok(failed.len())
}

fn render(done: &[Done], blessed: usize, sources: &Sources) -> String {
    let mut text = String::new();
    for done in done {
        if done.passes() {
            let _ = writeln!(text, "{GOOD}ok{GOOD:#}    {}", done.test.name());
            continue;
        }
        let (line, _) = sources.position(done.test.span());
        let file =
            sources.get(done.test.span().source).map_or_else(String::new, |file| file.path.display().to_string());
        let _ = writeln!(text, "{BAD}FAIL{BAD:#}  {}  {DIM}{file}:{line}{DIM:#}", done.test.name());
        differences(&done.tried, sources, &mut text);
        became(&done.tried, &mut text);
        text.push('\n');
    }
    let failed = done.iter().filter(|done| !done.passes()).count();
    let passed = count((done.len() - failed) as u64, "test passes", "tests pass");
    let _ = match (failed, blessed) {
        (0, _) => writeln!(text, "{BOLD}{passed}{BOLD:#}"),
        (_, 0) => writeln!(text, "{BOLD}{passed}, {}{BOLD:#}", count(failed as u64, "fails", "fail")),
        _ => writeln!(
            text,
            "{BOLD}{passed}, {} what happened{BOLD:#}: read the change before you keep it",
            count(blessed as u64, "now expects", "now expect")
        ),
    };
    text
}

/// What was wanted and what came, side by side.
fn differences(tried: &Tried, sources: &Sources, text: &mut String) {
    let (sentences, others): (Vec<_>, Vec<_>) =
        tried.differences.iter().partition(|difference| matches!(difference, Difference::Sentence { .. }));
    for difference in sentences {
        // Sentences are too long to stand beside each other.
        let [_, wanted, got] = row(difference, sources);
        let _ = writeln!(text, "      {DIM}wanted{DIM:#}  {wanted}\n      {DIM}got{DIM:#}     {got}");
    }
    if others.is_empty() {
        return;
    }
    let rows: Vec<[String; 3]> = others.into_iter().map(|difference| row(difference, sources)).collect();
    let header = ["", "wanted", "got"].map(str::to_owned);
    let widths: Vec<usize> = (0..2)
        .map(|column| {
            std::iter::once(&header).chain(&rows).map(|row| wide(&row[column])).max().unwrap_or(0).min(WIDEST)
        })
        .collect();
    for (index, row) in std::iter::once(&header).chain(&rows).enumerate() {
        let [what, wanted, got] = row;
        let (first, second) = (pad(what, widths[0]), pad(wanted, widths[1]));
        let _ = match index {
            0 => writeln!(text, "      {DIM}{first}  {second}  {got}{DIM:#}"),
            _ => writeln!(text, "      {first}  {second}  {got}"),
        };
    }
}

fn wide(text: &str) -> usize {
    text.chars().count()
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(wide(text))))
}

/// What, wanted, got.
fn row(difference: &Difference, sources: &Sources) -> [String; 3] {
    match difference {
        Difference::Outcome { wanted, got } => ["outcome".to_owned(), wanted.word().to_owned(), got.word().to_owned()],
        Difference::Sentence { wanted, got } => ["sentence".to_owned(), wanted.clone(), got.clone()],
        Difference::Condition { place, compared } => match (compared, place.sides) {
            (Some(compared), Some((left, _))) => {
                let sign = match compared.operator {
                    crate::syntax::Operator::Equal => String::new(),
                    other => format!("{} ", other.word()),
                };
                [on_one_line(left, sources), format!("{sign}{}", shown(&compared.wanted)), shown(&compared.got)]
            }
            _ => [on_one_line(place.whole, sources), "true".to_owned(), "false".to_owned()],
        },
    }
}

fn on_one_line(span: Span, sources: &Sources) -> String {
    sources.slice(span).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How the record left the flow.
fn became(tried: &Tried, text: &mut String) {
    match &tried.record {
        Some(record) => {
            let _ = writeln!(text, "\n      {DIM}it became{DIM:#}");
            let mut fields = String::new();
            tree(&to_json(&Value::record(record.clone())), &mut fields);
            for line in fields.lines() {
                let _ = writeln!(text, "      {line}");
            }
        }
        // Said already.
        None if tried.differences.iter().any(|difference| matches!(difference, Difference::Sentence { .. })) => {}
        None => {
            let _ = writeln!(text, "\n      {DIM}it is {}:{DIM:#} {}", tried.ended.word(), tried.sentence);
        }
    }
}

fn as_json(pipeline: &str, done: &[Done], blessed: usize, sources: &Sources) -> Json {
    let failed = done.iter().filter(|done| !done.passes()).count();
    json!({
        "pipeline": pipeline,
        "passed": done.len() - failed,
        "failed": failed,
        "blessed": blessed,
        "tests": done.iter().map(|done| test_json(done, sources)).collect::<Vec<_>>(),
    })
}

fn test_json(done: &Done, sources: &Sources) -> Json {
    let (line, _) = sources.position(done.test.span());
    let differences = done.tried.differences.iter().map(|difference| {
        let [what, wanted, got] = row(difference, sources);
        json!({ "field": what, "wanted": wanted, "got": got })
    });
    json!({
        "name": done.test.name(),
        "flow": done.test.flow(),
        "line": line,
        "passed": done.passes(),
        "outcome": done.tried.ended.word(),
        "reason": done.tried.sentence,
        "record": done.tried.record.clone().map(|record| to_json(&Value::record(record))),
        "differences": differences.collect::<Vec<_>>(),
    })
}
