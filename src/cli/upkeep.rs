//! `mlc state`: what is done to a state as a whole.

use super::actor::actor;
use super::arguments::{Compact, Format, Prune, Repair, State};
use super::backup::{self, there_is_one};
use super::exit::{Exit, Failure, Outcome};
use super::identity::{Identity, identify};
use super::restore;
use super::screen::{GOOD, count, say, say_json};
use crate::host;
use crate::store::{Loss, Repaired, SledStore};
use crate::value::{Span, Timestamp, parse_duration, render_duration};
use serde_json::json;

/// Shorter than this nobody wants: the next run might need what was dropped.
const SHORTEST: Span = Span::from_secs(24 * 60 * 60);

pub async fn run(arguments: &State) -> Outcome {
    match arguments {
        State::Export(export) => backup::run(export).await,
        State::Import(import) => restore::run(&import.restore, import.renamed).await,
        State::Repair(arguments) => repair(arguments),
        State::Compact(arguments) => compact(arguments),
        State::Prune(arguments) => prune(arguments),
    }
}

/// In the sandbox the log's own time goes on.
fn now(identity: &Identity) -> Option<Timestamp> {
    (!identity.sandbox).then(|| host::world().clock.now())
}

fn repair(arguments: &Repair) -> Outcome {
    let identity = identify(&arguments.place)?;
    let folder = there_is_one(&identity, &arguments.place)?;
    let repaired = SledStore::repair(&folder, arguments.accept_loss, now(&identity), actor())?;
    let json = arguments.printing.format == Format::Json;
    let (kept, loss, aside) = match &repaired {
        Repaired::Good(head) => {
            return if json {
                told(&json!({ "repaired": false, "good": true, "head": head, "sandbox": identity.sandbox }))
            } else {
                let entries = count(head.number, "audit entry", "audit entries");
                spoken(&format!("{GOOD}in order{GOOD:#}: all of it can be read, and {entries} are whole\n"))
            };
        }
        Repaired::WouldLose { kept, loss } => {
            return Err(Failure::world(
                format!(
                    "the state in {} can be read up to audit entry {}, and {}",
                    folder.display(),
                    kept.number,
                    lost(*loss)
                ),
                "with --accept-loss what is left is kept: the next run finds by its key what was posted since. If a \
                 backup is newer than that, `mlc restore` is better",
            ));
        }
        Repaired::Done { kept, loss, aside } => (kept, loss, aside),
    };
    if json {
        let entries = match loss {
            Loss::Nothing => json!(0),
            Loss::Newest(entries) => json!(entries),
            Loss::Unknown => json!(null),
        };
        return told(&json!({
            "repaired": true, "good": true, "kept": kept, "lost_entries": entries, "aside": aside,
            "sandbox": identity.sandbox,
        }));
    }
    spoken(&format!(
        "{GOOD}repaired{GOOD:#}: the state can be read up to audit entry {}, and {}\n\
         The damaged one lies in {} now; delete it when nobody needs it\nLook first: mlc plan {}\n",
        kept.number,
        lost(*loss),
        aside.display(),
        arguments.place.file.display()
    ))
}

fn lost(loss: Loss) -> String {
    match loss {
        Loss::Nothing => "nothing is lost".to_owned(),
        Loss::Newest(1) => "the newest entry after it is lost, with what was written with it".to_owned(),
        Loss::Newest(entries) => {
            format!("the newest {entries} entries after it are lost, with what was written with them")
        }
        Loss::Unknown => "nobody can tell whether there were newer ones: its head file is gone".to_owned(),
    }
}

fn compact(arguments: &Compact) -> Outcome {
    let identity = identify(&arguments.place)?;
    let folder = there_is_one(&identity, &arguments.place)?;
    let done = SledStore::compact(&folder)?;
    if arguments.printing.format == Format::Json {
        return told(&json!({
            "bytes_before": done.bytes_before, "bytes_after": done.bytes_after, "sandbox": identity.sandbox,
        }));
    }
    spoken(&format!("{GOOD}compacted{GOOD:#}: {} now, {} before\n", size(done.bytes_after), size(done.bytes_before)))
}

fn prune(arguments: &Prune) -> Outcome {
    let age = parse_duration(&arguments.payloads).filter(|age| *age >= SHORTEST).ok_or_else(|| {
        Failure::wrong(
            format!("--payloads {} is no age of a day or more", arguments.payloads),
            "write such as `--payloads 400d`",
        )
    })?;
    let identity = identify(&arguments.place)?;
    let folder = there_is_one(&identity, &arguments.place)?;
    let done = SledStore::prune(&folder, age, now(&identity), actor())?;
    if arguments.printing.format == Format::Json {
        return told(&json!({
            "payloads": done.payloads, "runs": done.runs, "older_than": render_duration(age),
            "bytes_before": done.bytes_before, "bytes_after": done.bytes_after, "sandbox": identity.sandbox,
        }));
    }
    spoken(&format!(
        "{GOOD}pruned{GOOD:#}: {} and {} older than {} dropped; the audit log is whole\n{} now, {} before\n",
        count(done.payloads, "payload", "payloads"),
        count(done.runs, "report of a run", "reports of runs"),
        render_duration(age),
        size(done.bytes_after),
        size(done.bytes_before)
    ))
}

fn told(value: &serde_json::Value) -> Outcome {
    say_json(value).map(|()| Exit::Well)
}

fn spoken(text: &str) -> Outcome {
    say(text).map(|()| Exit::Well)
}

/// `1.4 MB`
fn size(bytes: u64) -> String {
    let (unit, name) = if bytes >= 1_000_000 { (1_000_000, "MB") } else { (1_000, "kB") };
    format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit)
}
