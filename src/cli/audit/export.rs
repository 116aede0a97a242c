//! `mlc audit export`: the log as lines of JSON that anybody can verify.
//!
//! A wanted entry is a line of its own, in the very form that is hashed. Of each other one
//! the line holds its number and the hash of its content, so that the chain can be checked
//! from its beginning to its head without what it says.

use super::pack;
use super::selection::Selection;
use crate::cli::arguments::AuditExport;
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::screen::say_bytes;
use crate::cli::state::State;
use crate::store::{AuditEntry, audit};
use serde_json::json;

/// So much is written at once.
const CHUNK: usize = 1 << 20;

pub fn run(arguments: &AuditExport) -> Outcome {
    let state = State::open(&arguments.place)?;
    let selection = Selection::of(arguments, state.store())?;
    if let Some(path) = &arguments.pack {
        return pack::write(&state, &selection, path);
    }
    let mut text = String::new();
    let mut wanted = 0_u64;
    audit::walk(state.store(), |entry| {
        wanted += u64::from(selection.takes(&entry));
        text.push_str(&line(&entry, selection.takes(&entry)));
        if text.len() < CHUNK {
            return Ok(());
        }
        say_bytes(std::mem::take(&mut text).as_bytes())
    })?;
    say_bytes(text.as_bytes())?;
    if wanted == 0 { Err(nothing(&selection)) } else { Ok(Exit::Well) }
}

/// An entry with its line feed, whole or only with its place in the chain.
pub fn line(entry: &AuditEntry, whole: bool) -> String {
    if whole {
        return format!("{}\n", audit::canonical(entry));
    }
    let content = audit::sha256(audit::content(entry).as_bytes());
    format!("{}\n", json!({ "content": content, "number": entry.number }))
}

pub fn nothing(selection: &Selection) -> Failure {
    Failure::wrong(
        format!("no entry of the log fits: {}", selection.words()),
        "`mlc audit list` shows entries with their times, `mlc status --all` the records",
    )
}
