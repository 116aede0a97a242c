//! `mlc backtest`: which past postings an edited pipeline would have made otherwise.

use super::arguments::{Backtest as Arguments, TableFormat};
use super::compose;
use super::exit::{Exit, Failure, Outcome as Ended};
use super::grid::Grid;
use super::preview::arrow;
use super::report::SANDBOX;
use super::screen::{BAD, BOLD, DIM, GOOD, WAITING, count, grouped, say, say_json};
use super::state::must_have_run;
use super::status::{money, name};
use crate::engine::{self, Backtest, BacktestOptions, FlowBacktest, Otherwise, RunErrorKind, Sum};
use crate::store::Outcome;
use crate::value::{Decimal, Timestamp, Value};
use comfy_table::{Cell, CellAlignment};
use serde_json::json;
use std::fmt::Write;

/// More records are only counted, and shown by the other formats.
const RECORDS: usize = 40;
/// More fields of one record likewise.
const CHANGES: usize = 8;

pub async fn run(arguments: &Arguments) -> Ended {
    let since = arguments.since.as_deref().map(since).transpose()?;
    must_have_run(&arguments.place)?;
    let program = compose::program(&arguments.place.file, &arguments.vars.vars)?;
    let ready = compose::offline(program, &arguments.place)?;
    let options = BacktestOptions { since, flows: arguments.flows.clone() };
    let told = engine::backtest(&ready.setup, &options).await.map_err(|error| {
        let exit = if error.kind == RunErrorKind::UnknownFlow { Exit::Wrong } else { Exit::World };
        Failure { exit, message: error.message, hint: error.mend }
    })?;
    let (pipeline, sandbox) = (ready.setup.program.name(), ready.setup.sandbox);
    match arguments.format {
        TableFormat::Text => say(&text(pipeline, sandbox, &told))?,
        TableFormat::Json => say_json(&as_json(pipeline, sandbox, &told))?,
        TableFormat::Csv => say(&csv(&told)?)?,
    }
    Ok(if told.flows.iter().any(|flow| !flow.differences.is_empty()) {
        Exit::Attention
    } else if told.flows.iter().any(|flow| flow.unreckoned.is_some()) {
        Exit::World
    } else {
        Exit::Well
    })
}

fn since(text: &str) -> Result<Timestamp, Failure> {
    text.parse().map_err(|error| Failure::wrong(format!("--since: {error}"), "write a day such as 2026-10-01"))
}

fn text(pipeline: &str, sandbox: bool, told: &Backtest) -> String {
    let mut text = format!("{BOLD}{pipeline}{BOLD:#}  backtest\n");
    if sandbox {
        let _ = writeln!(text, "{WAITING}{SANDBOX}{WAITING:#}");
    }
    let _ = writeln!(text, "{DIM}nobody was asked, nothing was sent, nothing was written{DIM:#}");
    for flow in &told.flows {
        flow_text(flow, &mut text);
    }
    text
}

fn flow_text(flow: &FlowBacktest, text: &mut String) {
    if let Some(why) = &flow.unreckoned {
        let _ = writeln!(text, "\n{BOLD}{}{BOLD:#}: {BAD}cannot be reckoned{BAD:#}: {why}", flow.name);
        return;
    }
    let (postings, others): (Vec<&Otherwise>, Vec<&Otherwise>) =
        flow.differences.iter().partition(|one| one.before.reference.is_some());
    let _ = writeln!(
        text,
        "\n{BOLD}{}{BOLD:#}: {} and {} mapped again",
        flow.name,
        count(flow.postings, "posting", "postings"),
        count(flow.others, "other record", "other records"),
    );
    for left in &flow.left_out {
        let _ =
            writeln!(text, "{WAITING}left out{WAITING:#}: {}: {}", count(left.count, "record", "records"), left.why);
    }
    if flow.differences.is_empty() {
        let _ = writeln!(text, "{GOOD}all of them come out as they did{GOOD:#}");
        return;
    }
    if !postings.is_empty() {
        let number = count(postings.len() as u64, "past posting", "past postings");
        let _ = writeln!(text, "\n{number} would differ: {}", by_outcome(&postings));
        sums(&flow.sums, text);
        records(&postings, text);
    }
    if !others.is_empty() {
        let number = count(others.len() as u64, "record that is not posted", "records that are not posted");
        let _ = writeln!(text, "\n{number} would come out otherwise: {}", by_outcome(&others));
        records(&others, text);
    }
}

/// `7 to be sent, 34 held`.
fn by_outcome(records: &[&Otherwise]) -> String {
    let of = |outcome: Outcome| records.iter().filter(|one| one.now == outcome).count() as u64;
    let word = |outcome: Outcome| if outcome == Outcome::Posted { "sent otherwise" } else { outcome.word() };
    let parts = Outcome::ALL.into_iter().filter(|outcome| of(*outcome) > 0);
    parts.map(|outcome| format!("{} {}", grouped(of(outcome)), word(outcome))).collect::<Vec<_>>().join(", ")
}

/// What moves between the codes, under their names.
fn sums(sums: &[Sum], text: &mut String) {
    let Some(first) = sums.first() else { return };
    let names = first.codes.iter().map(|(name, _)| name.replace('_', " "));
    let headers: Vec<String> = names.chain([">Coded otherwise", ">Not posted"].map(str::to_owned)).collect();
    let mut grid = Grid::new(&headers.iter().map(String::as_str).collect::<Vec<_>>());
    for sum in sums {
        let codes = sum.codes.iter().map(|(_, value)| Cell::new(value));
        let amounts =
            [sum.moved, sum.stopped].map(|amount| Cell::new(signed(amount)).set_alignment(CellAlignment::Right));
        grid.row(codes.chain(amounts).collect::<Vec<_>>());
    }
    let _ = write!(text, "\n{}", grid.render());
}

/// `+12,300.00`; nothing for nothing.
fn signed(amount: Decimal) -> String {
    if amount.is_zero() {
        return String::new();
    }
    let plus = if amount.is_negative() { "" } else { "+" };
    format!("{plus}{}", amount.money())
}

fn records(records: &[&Otherwise], text: &mut String) {
    // Those that would be sent first: in them it shows what the change does.
    let (sent, stopped): (Vec<&&Otherwise>, Vec<_>) = records.iter().partition(|one| one.now == Outcome::Posted);
    for one in sent.into_iter().chain(stopped).take(RECORDS) {
        let before = &one.before;
        let amount = money(before);
        let over = if amount.is_empty() { amount } else { format!(" over {amount}") };
        let there = before.reference.as_ref().map_or_else(String::new, |reference| format!(", there as {reference}"));
        let _ = writeln!(text, "\n{BOLD}{}{BOLD:#}{over}{there}  {DIM}{}{DIM:#}", before.label, before.id.key);
        if one.now != before.outcome || one.changes.is_empty() {
            let reason = if one.reason.is_empty() { String::new() } else { format!(": {}", one.reason) };
            let then = before.outcome.word();
            let then = if one.now == before.outcome { "still ".to_owned() } else { format!("{then} → ") };
            let _ = writeln!(text, "  {then}{WAITING}{}{WAITING:#}{reason}", would_be(one));
        }
        let width = one.changes.iter().take(CHANGES).map(|change| change.field.len()).max().unwrap_or(0);
        for change in one.changes.iter().take(CHANGES) {
            let _ = writeln!(text, "  {:<width$}  {}", change.field, arrow(change));
        }
        let more = one.changes.len().saturating_sub(CHANGES);
        if more > 0 {
            let _ = writeln!(text, "  {DIM}and {}{DIM:#}", count(more as u64, "more field", "more fields"));
        }
    }
    let more = records.len().saturating_sub(RECORDS);
    if more > 0 {
        let _ = writeln!(text, "\n{DIM}and {more} more; all of them with --format csv{DIM:#}");
    }
}

/// What the mapping makes of it; whether the other side takes it, nobody was asked.
fn would_be(one: &Otherwise) -> &'static str {
    if one.now == Outcome::Posted { "to be sent" } else { one.now.word() }
}

fn as_json(pipeline: &str, sandbox: bool, told: &Backtest) -> serde_json::Value {
    let flow = |flow: &FlowBacktest| {
        let left_out = flow.left_out.iter().map(|left| json!({"count": left.count, "why": left.why}));
        let posted = |one: &&Otherwise| one.before.reference.is_some();
        let body = json!({
            "unreckoned": flow.unreckoned,
            "postings": flow.postings,
            "others": flow.others,
            "postings_that_differ": flow.differences.iter().filter(posted).count(),
            "others_that_differ": flow.differences.iter().filter(|one| !posted(one)).count(),
            "left_out": left_out.collect::<Vec<_>>(),
            "sums": flow.sums.iter().map(sum_json).collect::<Vec<_>>(),
            "records": flow.differences.iter().map(record_json).collect::<Vec<_>>(),
        });
        (flow.name.clone(), body)
    };
    let flows: serde_json::Map<String, serde_json::Value> = told.flows.iter().map(flow).collect();
    let differences: usize = told.flows.iter().map(|flow| flow.differences.len()).sum();
    json!({"pipeline": pipeline, "sandbox": sandbox, "differences": differences, "flows": flows})
}

fn sum_json(sum: &Sum) -> serde_json::Value {
    let codes: serde_json::Map<_, _> =
        sum.codes.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    json!({"codes": codes, "moved": sum.moved, "stopped": sum.stopped})
}

fn record_json(one: &Otherwise) -> serde_json::Value {
    let before = &one.before;
    json!({
        "key": before.id.key, "label": before.label, "reference": before.reference, "amount": before.amount,
        "outcome_before": name(before.outcome), "outcome": name(one.now), "reason": one.reason,
        "changes": one.changes,
    })
}

/// A row for each field that differs; for a record that only leaves otherwise, one row.
fn csv(told: &Backtest) -> Result<String, Failure> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    let mut put = |cells: [&str; 11]| {
        rows.write_record(cells).map_err(|error| Failure::world(format!("no CSV can be made: {error}"), "report this"))
    };
    put([
        "flow",
        "record",
        "label",
        "reference",
        "amount",
        "outcome before",
        "outcome",
        "reason",
        "field",
        "was",
        "now",
    ])?;
    for flow in &told.flows {
        for one in &flow.differences {
            let before = &one.before;
            let (then, now) = (name(before.outcome), name(one.now));
            let fields: Vec<[String; 3]> = if one.changes.is_empty() {
                vec![Default::default()]
            } else {
                one.changes.iter().map(|change| [change.field.clone(), cell(&change.was), cell(&change.now)]).collect()
            };
            for [field, was, is] in &fields {
                put([
                    &flow.name,
                    &before.id.key,
                    &before.label,
                    before.reference.as_deref().unwrap_or_default(),
                    before.amount.as_deref().unwrap_or_default(),
                    &then,
                    &now,
                    &one.reason,
                    field,
                    was,
                    is,
                ])?;
            }
        }
    }
    let bytes =
        rows.into_inner().map_err(|error| Failure::world(format!("no CSV can be made: {error}"), "report this"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn cell(value: &Value) -> String {
    value.to_string()
}
