//! `mlc ping`: what a pipeline needs of its systems, looked at part by part, with the
//! mend for what is wrong. Reads only.

use super::arguments::{Format, Ping};
use super::compose::{self, Line};
use super::exit::{Exit, Outcome};
use super::grid::Grid;
use super::report::SANDBOX;
use super::screen::{BAD, BOLD, GOOD, WAITING, count, say, say_json};
use crate::connector::{Health, Probe};
use crate::program::Program;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::fmt::Write;

/// What was seen of one connection.
struct Seen {
    name: String,
    title: String,
    probes: Vec<Probe>,
}

pub async fn run(arguments: &Ping) -> Outcome {
    let program = compose::program(&arguments.place.file, &arguments.vars.vars)?;
    let (lines, sandbox) = compose::lines(&program, &arguments.place)?;
    let seen = join_all(lines.into_iter().map(|line| look(&program, line))).await;
    if arguments.printing.format == Format::Json {
        say_json(&as_json(&program, &seen, sandbox))?;
    } else {
        say(&render(&program, &seen, sandbox))?;
    }
    Ok(if number(&seen, Health::Bad) > 0 { Exit::World } else { Exit::Well })
}

async fn look(program: &Program, line: Line<'_>) -> Seen {
    let name = line.connection.name.to_string();
    let title = (line.connection.driver.catalogue)().title.clone();
    let probes = match line.open {
        Ok(connector) => connector.probe(&program.wanted(&name)).await,
        Err(failure) => vec![Probe::bad("connection", failure.message, failure.hint)],
    };
    Seen { name, title, probes }
}

fn number(seen: &[Seen], health: Health) -> u64 {
    seen.iter().flat_map(|one| &one.probes).filter(|probe| probe.health == health).count() as u64
}

/// `bad`, `not_tried`.
fn word(health: Health) -> String {
    health.word().replace(' ', "_")
}

fn as_json(program: &Program, seen: &[Seen], sandbox: bool) -> Value {
    let probe = |probe: &Probe| {
        json!({
            "subject": probe.subject,
            "health": word(probe.health),
            "finding": probe.finding,
            "mend": probe.mend,
        })
    };
    let connections = seen.iter().map(|one| {
        json!({ "name": one.name, "title": one.title, "probes": one.probes.iter().map(probe).collect::<Vec<_>>() })
    });
    let mut result = json!({
        "pipeline": program.name(),
        "sandbox": sandbox,
        "connections": connections.collect::<Vec<_>>(),
    });
    for health in Health::ALL {
        result[word(health)] = number(seen, health).into();
    }
    result
}

fn render(program: &Program, seen: &[Seen], sandbox: bool) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}\n", program.name());
    if sandbox {
        let _ = writeln!(text, "{WAITING}{SANDBOX}{WAITING:#}");
    }
    for one in seen {
        let mut grid = Grid::new(&["Looked at", "Is", "What was seen, and what to do"]);
        grid.at_least(1, 9);
        for probe in &one.probes {
            let what = match probe.mend.as_str() {
                "" => probe.finding.clone(),
                mend => format!("{}\n→ {mend}", probe.finding),
            };
            grid.row([probe.subject.clone(), probe.health.word().to_owned(), what]);
        }
        let _ = write!(text, "\n{BOLD}{}{BOLD:#}  {}\n\n{}", one.name, one.title, grid.render());
    }
    let parts: Vec<String> = Health::ALL
        .into_iter()
        .map(|health| (health, number(seen, health)))
        .filter(|(_, number)| *number > 0)
        .map(|(health, number)| format!("{number} {}", health.word()))
        .collect();
    let style = match number(seen, Health::Bad) {
        0 if number(seen, Health::Doubtful) == 0 => GOOD,
        0 => WAITING,
        _ => BAD,
    };
    let all = count(seen.iter().map(|one| one.probes.len() as u64).sum(), "part", "parts");
    let _ = writeln!(text, "\n{all} looked at: {style}{}{style:#}", parts.join(", "));
    text
}
