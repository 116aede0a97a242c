//! Writing for people and programs. A reader that has gone away (`| head`) is no error;
//! colour is left out where nobody would see it.

use super::exit::Failure;
use crate::diag::Style;
use crate::host::terminal;
use crate::value::Span;
use anstyle::AnsiColor;
use std::io::{ErrorKind, Write};

pub const BOLD: anstyle::Style = anstyle::Style::new().bold();
pub const DIM: anstyle::Style = anstyle::Style::new().dimmed();
pub const GOOD: anstyle::Style = AnsiColor::Green.on_default();
pub const WAITING: anstyle::Style = AnsiColor::Yellow.on_default();
pub const BAD: anstyle::Style = AnsiColor::Red.on_default();

/// No table is wider: long lines are hard to read.
const WIDEST: u16 = 130;

/// Prints on standard output.
pub fn say(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Prints bytes as they are.
pub fn say_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    written(out.write_all(bytes).and_then(|()| out.flush()))
}

fn written(result: std::io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::world(format!("cannot write the result: {error}"), "check the disk that it is written to"))
        }
        _ => Ok(()),
    }
}

/// One line of JSON objects for programs, indented for people who look at it.
pub fn say_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::world(format!("the result cannot be written as JSON: {error}"), "report this"))?;
    say(&format!("{text}\n"))
}

/// Prints on standard error; if that is closed there is nobody left to tell.
pub fn note(text: &str) {
    let mut out = anstream::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A failure, in the form of a compiler's error.
pub fn complain(failure: &Failure) {
    let mut text = format!("{BAD}error{BAD:#}{BOLD}: {}{BOLD:#}\n", failure.message);
    if !failure.hint.is_empty() {
        text.push_str(&format!("  {DIM}help:{DIM:#} {}\n", failure.hint));
    }
    note(&text);
}

/// Columns to fill on standard output.
pub fn width() -> u16 {
    terminal::columns().clamp(60, WIDEST)
}

/// How diagnostics look on standard output or error.
pub fn style(is_terminal: bool) -> Style {
    if terminal::wants_colour(is_terminal) { Style::Colour } else { Style::Plain }
}

/// `1 record`, `2 records`; numbers in groups of three.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// How long something took, as people say it: `12.4 s`, `16 min 41 s`, `2 h 5 min`.
pub fn lasted(span: Span) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", span.as_secs_f64()),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// `1,234,567`.
pub fn grouped(number: u64) -> String {
    let money = crate::value::Decimal::from(number).money();
    money.trim_end_matches(".00").to_owned()
}
