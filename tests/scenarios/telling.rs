//! What a scenario came to, as an accountant reads it.

use super::scenario::Scenario;
use super::stage::{Played, Turn};
use mlc::store::{Outcome, RecordEntry};
use serde_json::Value as Json;
use std::fmt::Write as _;

/// The line of the scenario in `docs/awkward.md`.
pub fn row(scenario: &Scenario, becomes: &str) -> String {
    format!("| [{0}](../tests/scenarios/told/{0}.snap) | {1} | {becomes} |", scenario.name, scenario.tells)
}

pub fn tell(scenario: &Scenario, played: &Played) -> String {
    let mut told = format!("{}\n\nBecomes: {}\n", scenario.tells, becomes(scenario, played));
    if !scenario.extra.is_empty() {
        let extra = scenario.extra.trim().replace('\n', "\n  ");
        let _ = write!(told, "\nThe pipeline says beside the standard flow:\n  {extra}\n");
    }
    for (number, turn) in played.turns.iter().enumerate() {
        match number.checked_sub(1).map(|before| &scenario.steps[before]) {
            None => told.push_str("\nThe first run\n"),
            Some(step) => {
                let _ = write!(told, "\nThe next day {}; another run\n", step.tells);
            }
        }
        tell_turn(scenario, turn, &mut told);
    }
    told.push_str("\nIn QAD's books\n");
    let stands = told.len();
    invoices(&played.qad["supplier_invoices"], &mut told);
    payments("payment to", &played.qad["ap_payments"], &mut told);
    payments("payment of", &played.qad["customer_payments"], &mut told);
    if told.len() == stands {
        told.push_str("  nothing\n");
    }
    if scenario.flows.contains(&"vendors") {
        told.push_str("\nIn Procore's directory\n");
        for vendor in played.procore["vendors"].as_array().into_iter().flatten() {
            let link = vendor["origin_id"].as_str().unwrap_or("linked with nobody");
            let _ = writeln!(told, "  {}: {link}", text(&vendor["name"]));
        }
    }
    told
}

/// `held, then posted`; a record each where there are several: `posted; rejected`.
fn becomes(scenario: &Scenario, played: &Played) -> String {
    let mut ways: Vec<(String, Vec<&str>)> = Vec::new();
    for turn in &played.turns {
        for record in of_flows(scenario, turn) {
            let word = word(record.outcome);
            match ways.iter_mut().find(|(id, _)| *id == record.id.to_string()) {
                Some((_, words)) if words.last() == Some(&word) => {}
                Some((_, words)) => words.push(word),
                None => ways.push((record.id.to_string(), vec![word])),
            }
        }
    }
    if ways.is_empty() {
        return "not read".to_owned();
    }
    let mut said: Vec<String> = ways.into_iter().map(|(_, words)| words.join(", then ")).collect();
    said.dedup();
    said.join("; ")
}

fn of_flows<'a>(scenario: &'a Scenario, turn: &'a Turn) -> impl Iterator<Item = &'a RecordEntry> {
    turn.records.iter().filter(|record| scenario.flows.contains(&record.id.flow.as_str()))
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Posted => "posted",
        Outcome::Unchanged => "unchanged",
        Outcome::Skipped => "skipped",
        Outcome::Held => "held",
        Outcome::Rejected => "rejected",
        Outcome::Failed => "failed",
        Outcome::InDoubt => "in doubt",
    }
}

fn tell_turn(scenario: &Scenario, turn: &Turn, told: &mut String) {
    let report = match &turn.ended {
        Ok(report) => Some(report),
        Err(error) => {
            let _ = write!(told, "  the run stops: {}\n    mend: {}\n", error.message, error.mend);
            error.report.as_deref()
        }
    };
    if let Some(report) = report {
        if let Some(stopped) = report.stopped.as_ref().filter(|_| turn.ended.is_ok()) {
            let _ = writeln!(told, "  the run stops: {stopped}");
        }
        for scope in report.failed_scopes.iter().filter(|scope| scenario.flows.contains(&scope.flow.as_str())) {
            let _ = write!(told, "  {} is not read: {}\n    mend: {}\n", scope.scope, scope.message, scope.mend);
        }
        // What is said of flows that the scenario does not look at is left out.
        for warning in report
            .warnings
            .iter()
            .filter(|warning| warning.split_once(':').is_none_or(|(flow, _)| scenario.flows.contains(&flow)))
        {
            let _ = writeln!(told, "  warning: {warning}");
        }
    }
    let mut any = false;
    for record in of_flows(scenario, turn) {
        any = true;
        let _ = write!(told, "  {}: {}", record.label, word(record.outcome));
        match &record.reference {
            Some(reference) => {
                let side = if record.id.flow == "vendors" { "Procore" } else { "QAD" };
                let _ = writeln!(told, " (in {side} it is {reference})");
            }
            None => told.push('\n'),
        }
        for (name, said) in [("why", &record.reason), ("mend", &record.mend)] {
            if !said.is_empty() {
                let _ = writeln!(told, "    {name}: {said}");
            }
        }
    }
    if !any {
        told.push_str("  no record\n");
    }
}

fn invoices(books: &Json, told: &mut String) {
    for entry in books.as_array().into_iter().flatten() {
        let kind = if entry["type"] == "CREDITNOTE" { "credit note" } else { "invoice" };
        let order = text(&entry["purchase_order"]);
        let order = if order.is_empty() { String::new() } else { format!(", order {order}") };
        let _ = writeln!(
            told,
            "  {kind} {} of {}, {}, {}: {} (open {}){order}",
            text(&entry["reference"]),
            text(&entry["supplier"]),
            text(&entry["posting_date"]),
            text(&entry["description"]),
            text(&entry["amount"]),
            text(&entry["balance"]),
        );
        for line in entry["lines"].as_array().into_iter().flatten() {
            let _ = writeln!(
                told,
                "    {:<5} {:<5} {:<6} {:>12}  {}",
                text(&line["gl_account"]),
                text(&line["cost_center"]),
                text(&line["project"]),
                text(&line["amount"]),
                text(&line["description"]),
            );
        }
    }
}

fn payments(what: &str, books: &Json, told: &mut String) {
    for entry in books.as_array().into_iter().flatten() {
        let _ = writeln!(
            told,
            "  {what} {}, {}, {}: {}",
            text(&entry["party"]),
            text(&entry["reference"]),
            text(&entry["date"]),
            text(&entry["amount"]),
        );
        for part in entry["allocations"].as_array().into_iter().flatten() {
            let _ = writeln!(told, "    {} on {}", text(&part["amount"]), text(&part["reference"]));
        }
    }
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}
