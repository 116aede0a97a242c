//! `mlc audit`: the log of all that was done, and the proof that nobody edited it.

use super::arguments::{Audit, AuditList, AuditVerify, Format};
use super::exit::{Exit, Failure, Outcome};
use super::grid::Grid;
use super::report::SANDBOX;
use super::screen::{GOOD, WAITING, count, say, say_json};
use super::show::{detail, event_name};
use super::state::State;
use crate::store::audit;
use serde_json::json;

pub fn run(arguments: &Audit) -> Outcome {
    match arguments {
        Audit::List(list) => show(list),
        Audit::Verify(verify) => prove(verify),
    }
}

fn show(arguments: &AuditList) -> Outcome {
    let state = State::open(&arguments.place)?;
    let head = state.store().head()?;
    let latest = head.number.saturating_sub(arguments.most as u64) + 1;
    let entries = state.store().audit(arguments.from.unwrap_or(latest).max(1), arguments.most)?;
    if arguments.printing.format == Format::Json {
        say_json(&entries)?;
        return Ok(Exit::Well);
    }
    let mut grid = Grid::new(&[">No.", "When", "What", "Record", "Detail"]);
    for entry in &entries {
        let record = entry.event.record.as_ref().map(ToString::to_string).unwrap_or_default();
        grid.row([
            entry.number.to_string(),
            entry.event.at.whole_seconds(),
            event_name(entry),
            record,
            detail(&entry.event.detail),
        ]);
    }
    let note = if state.identity.sandbox { format!("{WAITING}{SANDBOX}{WAITING:#}\n") } else { String::new() };
    let last = count(head.number, "entry", "entries");
    say(&format!("{note}{}\n{} of {last} in all\n", grid.render(), entries.len()))?;
    Ok(Exit::Well)
}

fn prove(arguments: &AuditVerify) -> Outcome {
    let state = State::open(&arguments.place)?;
    let verified = audit::verify_store(state.store());
    let json = arguments.printing.format == Format::Json;
    match verified {
        Ok(head) => {
            if json {
                say_json(&json!({
                    "intact": true, "entries": head.number, "hash": head.hash, "sandbox": state.identity.sandbox,
                }))?;
            } else {
                let note =
                    if state.identity.sandbox { format!("{WAITING}{SANDBOX}{WAITING:#}\n") } else { String::new() };
                say(&format!(
                    "{note}{GOOD}intact{GOOD:#}: {}, none edited, dropped or reordered\nThe last one's hash is {}\n",
                    count(head.number, "entry", "entries"),
                    head.hash
                ))?;
            }
            Ok(Exit::Well)
        }
        Err(audit::VerifyError::Fault(fault)) => {
            if json {
                say_json(&json!({ "intact": false, "fault": fault.to_string(), "sandbox": state.identity.sandbox }))?;
            }
            Err(Failure::world(
                format!("the audit log is not as it was written: {fault}"),
                "do not run on this state; compare it with a backup, and ask who had access to it",
            ))
        }
        Err(audit::VerifyError::Store(error)) => Err(error.into()),
    }
}
