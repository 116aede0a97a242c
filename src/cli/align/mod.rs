//! `mlc align`: which codes in use have no row in a lookup yet, and the table to complete.

mod nearest;
mod sheet;

use super::arguments::{Align, Format};
use super::compose::{self, Wish};
use super::exit::{Exit, Failure, Outcome};
use super::grid::Grid;
use super::progress::{Counter, Ticker};
use super::report::SANDBOX;
use super::screen::{BOLD, DIM, GOOD, WAITING, count, grouped, say, say_json};
use crate::engine::{self, Coverage, CoverageOptions, LookupCoverage, RunErrorKind, Use};
use crate::model::{Lookup, LookupId};
use crate::program::{Program, Standing};
use crate::value::{Span, Timestamp, Value};
use nearest::{Proposal, nearest};
use serde_json::json;
use sheet::{Form, Sheet};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

const DAY: u64 = 24 * 60 * 60;

pub async fn run(arguments: &Align) -> Outcome {
    let form = arguments.out.as_deref().map(Form::of).transpose()?;
    let program = compose::program(&arguments.place.file, &arguments.vars.vars)?;
    let wanted = arguments.lookup.as_deref().map(|name| named(&program, name)).transpose()?;
    let counter = Arc::new(Counter::default());
    let wish = Wish { place: &arguments.place, seed: arguments.make.seed, faults: &arguments.make.faults, plan: true };
    let ready = compose::open(program, &wish, counter.clone())?;
    let since = ready.setup.clock.now().minus(Span::from_secs(u64::from(arguments.days) * DAY));
    let options = CoverageOptions { since, flows: arguments.flows.clone() };
    let ticker = Ticker::start(&counter, arguments.quiet);
    let found = engine::coverage(&ready.setup, &options).await;
    ticker.stop().await;
    let mut found = found.map_err(|error| Failure {
        exit: if error.kind == RunErrorKind::UnknownFlow { Exit::Wrong } else { Exit::World },
        message: error.message,
        hint: error.mend,
    })?;
    if let Some(wanted) = wanted {
        found.lookups.retain(|lookup| lookup.lookup == wanted);
    }
    let program = &ready.setup.program;
    let tables: Vec<Table> = found.lookups.iter().map(|lookup| Table::new(program, lookup)).collect();
    if arguments.printing.format == Format::Json {
        say_json(&as_json(&tables, &found, ready.setup.sandbox))?;
    } else {
        say(&render(arguments, program.name(), &tables, &found, ready.setup.sandbox))?;
    }
    if let (Some(path), Some(form)) = (&arguments.out, form) {
        write(&tables, path, form)?;
    }
    // Nothing was looked at, or not all of it: that no code lacks a row is not known.
    let holes = found.records == 0 || !found.warnings.is_empty();
    Ok(if tables.iter().all(Table::is_whole) && !holes { Exit::Well } else { Exit::Attention })
}

fn named(program: &Program, name: &str) -> Result<LookupId, Failure> {
    let names = || program.lookups().iter().map(|lookup| &*lookup.name);
    names().position(|known| known == name).map(LookupId).ok_or_else(|| {
        let hint = match crate::diag::nearest(name, names()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("it has: {}", names().collect::<Vec<_>>().join(", ")),
        };
        Failure::wrong(format!("the pipeline has no lookup `{name}`"), hint)
    })
}

/// One lookup with what it lacks.
struct Table<'a> {
    lookup: &'a Lookup,
    uses: &'a [Use],
    lacking: Vec<Lack<'a>>,
}

/// A code that has no row, or one that cannot be used.
struct Lack<'a> {
    place: &'a Use,
    proposal: Option<Proposal>,
}

impl<'a> Table<'a> {
    fn new(program: &'a Program, coverage: &'a LookupCoverage) -> Self {
        let lookup = &program.lookups()[coverage.lookup.0];
        let lacking = coverage
            .uses
            .iter()
            .filter(|one| one.standing != Standing::Found)
            .map(|place| Lack { place, proposal: nearest(lookup, &coverage.refused, &place.inputs) });
        Self { lookup, uses: &coverage.uses, lacking: lacking.collect() }
    }

    fn is_whole(&self) -> bool {
        self.lacking.is_empty()
    }

    /// Its rows are kept by people in the pipeline's files, not in a system.
    fn is_ours(&self) -> bool {
        self.lookup.resource.is_none() || !self.lookup.rows.is_empty()
    }

    fn title(&self) -> String {
        let outputs: Vec<&str> = self.lookup.outputs.iter().map(|(name, _)| &**name).collect();
        format!("{}({}) -> {}", self.lookup.name, self.lookup.inputs.join(", "), outputs.join(", "))
    }

    /// `3 of 412 codes used in the last 90 days have no row`.
    fn summary(&self, days: u32) -> String {
        let of = |fits: &dyn Fn(&Standing) -> bool| {
            self.lacking.iter().filter(|lack| fits(&lack.place.standing)).count() as u64
        };
        let all = grouped(self.uses.len() as u64);
        let missing = of(&|standing| *standing == Standing::Missing);
        let refused = of(&|standing| matches!(standing, Standing::Refused(_)));
        let period = if days == 1 { "the last day".to_owned() } else { format!("the last {days} days") };
        let verb = if missing == 1 { "has" } else { "have" };
        let mut text = if missing == 0 {
            format!("all of {all} used in {period} have a row")
        } else {
            format!("{} of {all} used in {period} {verb} no row", grouped(missing))
        };
        if refused > 0 {
            let verb = if refused == 1 { "has" } else { "have" };
            let _ = write!(text, "; {} {verb} one that cannot be used", grouped(refused));
        }
        text
    }
}

fn render(arguments: &Align, name: &str, tables: &[Table<'_>], found: &Coverage, sandbox: bool) -> String {
    let mut text = format!(
        "{BOLD}{name}{BOLD:#}  {}, {}\n",
        count(found.records, "record looked at", "records looked at"),
        count(found.requests, "request", "requests")
    );
    if sandbox {
        let _ = writeln!(text, "{WAITING}{SANDBOX}{WAITING:#}");
    }
    for warning in &found.warnings {
        let _ = writeln!(text, "{WAITING}warning:{WAITING:#} {warning}");
    }
    if tables.is_empty() {
        text.push_str("\nNo record of that time asks a lookup for anything.\n");
    }
    for table in tables {
        let style = if table.is_whole() { GOOD } else { WAITING };
        let _ = writeln!(text, "\n{BOLD}{}{BOLD:#}\n{style}{}{style:#}", table.title(), table.summary(arguments.days));
        if !table.is_whole() {
            let _ = write!(text, "\n{}", grid(table));
        }
    }
    let lacks = tables.iter().any(|table| !table.is_whole() && table.is_ours());
    if lacks && arguments.out.is_none() {
        let _ = writeln!(
            text,
            "\n{DIM}mlc align {} --out FILE.csv{DIM:#} writes the rows to complete",
            arguments.place.file.display()
        );
    }
    text
}

fn grid(table: &Table<'_>) -> String {
    let mut headers: Vec<&str> = table.lookup.inputs.iter().map(|name| &**name).collect();
    headers.extend([">Records", "Latest", "What is the matter, what is nearest, and a record that needs it"]);
    let mut grid = Grid::new(&headers);
    for lack in &table.lacking {
        let mut cells: Vec<String> = lack.place.inputs.iter().map(ToString::to_string).collect();
        cells.push(grouped(lack.place.records));
        cells.push(day(lack.place.latest));
        cells.push(sentences(table, lack).join("\n"));
        grid.row(cells);
    }
    grid.render()
}

fn sentences(table: &Table<'_>, lack: &Lack<'_>) -> Vec<String> {
    let standing = &lack.place.standing;
    let mut lines = vec![match &table.lookup.resource {
        Some(resource) if *standing == Standing::Missing && !table.is_ours() => {
            format!("not in {}.{}", resource.connection, resource.resource)
        }
        _ => problem(standing).to_owned(),
    }];
    if let Some(proposal) = &lack.proposal {
        lines.push(format!("nearest: {}, {}", joined(&proposal.values), proposal.because));
    }
    let kind = if lack.place.wanted > 0 { "needed by" } else { "not wanted yet:" };
    lines.push(format!("{kind} {}", lack.place.example));
    lines
}

fn problem(standing: &Standing) -> &str {
    match standing {
        Standing::Refused(sentence) => sentence,
        Standing::Found | Standing::Missing => "no row",
    }
}

fn joined(values: &[Value]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" / ")
}

fn day(instant: Option<Timestamp>) -> String {
    instant.map_or_else(String::new, |instant| instant.date().to_string())
}

/// The rows to complete of the one lookup that lacks any.
fn write(tables: &[Table<'_>], path: &Path, form: Form) -> Result<(), Failure> {
    let mut lacking = tables.iter().filter(|table| !table.is_whole() && table.is_ours());
    let Some(table) = lacking.next() else {
        return say(&format!("\nThere is nothing to complete: {} was not written.\n", path.display()));
    };
    if let Some(other) = lacking.next() {
        return Err(Failure::wrong(
            format!("`{}` and `{}` both lack rows, and a file holds one table", table.lookup.name, other.lookup.name),
            format!("choose one: --lookup {}", table.lookup.name),
        ));
    }
    rows(table).write(path, form)?;
    say(&format!(
        "\nwrote {} to {}: fill in {}, then add the rows to the lookup's table; rows that cannot be used are mended where they stand\n",
        count(table.lacking.len() as u64, "row", "rows"),
        path.display(),
        table.lookup.outputs.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
    ))
}

fn rows(table: &Table<'_>) -> Sheet {
    let outputs: Vec<&str> = table.lookup.outputs.iter().map(|(name, _)| &**name).collect();
    let mut header: Vec<String> = table.lookup.inputs.iter().map(ToString::to_string).collect();
    header.extend(outputs.iter().map(|name| (*name).to_owned()));
    header.extend(outputs.iter().map(|name| format!("nearest {name}")));
    header.extend(["nearest row", "problem", "records", "latest", "example"].map(str::to_owned));
    let row = |lack: &Lack<'_>| {
        let mut cells: Vec<String> = lack.place.inputs.iter().map(ToString::to_string).collect();
        cells.extend(outputs.iter().map(|_| String::new()));
        match &lack.proposal {
            Some(proposal) => {
                cells.extend(proposal.values.iter().map(ToString::to_string));
                cells.push(proposal.because.clone());
            }
            None => cells.extend(std::iter::repeat_n(String::new(), outputs.len() + 1)),
        }
        cells.push(problem(&lack.place.standing).to_owned());
        cells.extend([lack.place.records.to_string(), day(lack.place.latest), lack.place.example.clone()]);
        cells
    };
    Sheet { header, rows: table.lacking.iter().map(row).collect() }
}

fn as_json(tables: &[Table<'_>], found: &Coverage, sandbox: bool) -> serde_json::Value {
    let texts = |values: &[Value]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
    let lookups = tables.iter().map(|table| {
        let lacking = table.lacking.iter().map(|lack| {
            json!({
                "inputs": texts(&lack.place.inputs),
                "problem": problem(&lack.place.standing),
                "records": lack.place.records,
                "wanted": lack.place.wanted,
                "latest": lack.place.latest,
                "example": lack.place.example,
                "nearest": lack.proposal.as_ref().map(|nearest| texts(&nearest.values)),
                "because": lack.proposal.as_ref().map(|nearest| &nearest.because),
            })
        });
        json!({
            "lookup": &*table.lookup.name,
            "inputs": table.lookup.inputs.iter().map(|name| &**name).collect::<Vec<_>>(),
            "outputs": table.lookup.outputs.iter().map(|(name, _)| &**name).collect::<Vec<_>>(),
            "used": table.uses.len(),
            "lacking": lacking.collect::<Vec<_>>(),
        })
    });
    json!({
        "records": found.records, "requests": found.requests, "sandbox": sandbox,
        "warnings": found.warnings, "lookups": lookups.collect::<Vec<_>>(),
    })
}
