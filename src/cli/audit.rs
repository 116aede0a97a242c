//! `mlc audit`: the log of all that was done, and the proof that nobody edited it.

mod export;
mod heads;
mod pack;
mod selection;
mod totals;

use super::arguments::{Audit, AuditList, AuditPayload, AuditVerify, Format};
use super::exit::{Exit, Failure, Outcome};
use super::grid::Grid;
use super::report::SANDBOX;
use super::screen::{GOOD, WAITING, count, say, say_bytes, say_json};
use super::show::{detail, event_name};
use super::state::State;
use crate::store::payload::named_in;
use crate::store::{StoreError, audit};
use serde_json::json;
use std::collections::BTreeSet;

/// Fewer digits of a name could mean another payload tomorrow.
const DIGITS: usize = 8;

pub fn run(arguments: &Audit) -> Outcome {
    match arguments {
        Audit::List(list) => show(list),
        Audit::Verify(verify) => prove(verify),
        Audit::Head(head) => heads::show(head),
        Audit::Export(export) => export::run(export),
        Audit::Payload(payload) => print(payload),
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
    let mut grid = Grid::new(&[">No.", "When", "Who", "What", "Record", "Detail"]);
    for entry in &entries {
        let record = entry.event.record.as_ref().map(ToString::to_string).unwrap_or_default();
        grid.row([
            entry.number.to_string(),
            entry.event.at.whole_seconds(),
            entry.by.user.clone(),
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
    let noted = arguments.heads.iter().map(|text| heads::noted(text)).collect::<Result<Vec<_>, _>>()?;
    let noted: Vec<heads::Noted> = noted.into_iter().flatten().collect();
    let state = State::open(&arguments.place)?;
    let json = arguments.printing.format == Format::Json;
    let sandbox = state.identity.sandbox;
    let (head, fault) = match audit::verify_store(state.store()) {
        Ok(head) => (Some(head), heads::contradiction(state.store(), &noted)?),
        Err(audit::VerifyError::Fault(fault)) => (None, Some(fault.to_string())),
        Err(audit::VerifyError::Store(error)) => return Err(error.into()),
    };
    match (head, fault) {
        (Some(head), None) => {
            let payloads = payloads(&state)?.len() as u64;
            if json {
                say_json(&json!({
                    "intact": true, "entries": head.number, "hash": head.hash, "payloads": payloads,
                    "heads_compared": noted.len(), "sandbox": sandbox,
                }))?;
            } else {
                let note = if sandbox { format!("{WAITING}{SANDBOX}{WAITING:#}\n") } else { String::new() };
                let compared = match noted.len() as u64 {
                    0 => String::new(),
                    heads => format!("It fits to {} kept elsewhere\n", count(heads, "head", "heads")),
                };
                say(&format!(
                    "{note}{GOOD}intact{GOOD:#}: {}, none edited, dropped or reordered, and all of {} that they name\n\
                     {compared}The last one's hash is {}\n",
                    count(head.number, "entry", "entries"),
                    count(payloads, "payload", "payloads"),
                    head.hash
                ))?;
            }
            Ok(Exit::Well)
        }
        (_, fault) => {
            let fault = fault.unwrap_or_default();
            if json {
                say_json(&json!({ "intact": false, "fault": fault, "sandbox": sandbox }))?;
            }
            Err(broken(&fault))
        }
    }
}

/// The log is not as it was written.
fn broken(fault: &str) -> Failure {
    Failure::world(
        format!("the audit log is not as it was written: {fault}"),
        "do not run on this state; compare it with a backup, and ask who had access to it",
    )
}

/// The names of all payloads that the log names.
fn payloads(state: &State) -> Result<BTreeSet<String>, Failure> {
    let mut names = BTreeSet::new();
    audit::walk(state.store(), |entry| {
        names.extend(named_in(&entry.event.detail).into_iter().map(|named| named.name));
        Ok::<(), StoreError>(())
    })?;
    Ok(names)
}

fn print(arguments: &AuditPayload) -> Outcome {
    let state = State::open(&arguments.place)?;
    let wanted = arguments.name.trim_end_matches('…').to_ascii_lowercase();
    let all = payloads(&state)?;
    let mut found = all.iter().filter(|name| wanted.len() >= DIGITS && name.starts_with(&wanted));
    let (Some(name), None) = (found.next(), found.next()) else {
        return Err(Failure::wrong(
            format!("`{}` names no payload of this log, or more than one", arguments.name),
            format!("give at least {DIGITS} digits of what `mlc show` or `mlc audit list` shows"),
        ));
    };
    let payload = state.store().payload(name)?.ok_or_else(|| {
        Failure::world(format!("the payload {name} is no longer there"), "see what `mlc audit verify` says")
    })?;
    say_bytes(&payload)?;
    Ok(Exit::Well)
}
