//! `mlc restore`: a backup in the place of the state, or where there is none.

use super::actor::actor;
use super::arguments::{Format, Restore};
use super::exit::{Exit, Failure, Outcome};
use super::identity::{Identity, identify};
use super::report::SANDBOX;
use super::screen::{GOOD, WAITING, note, say, say_json};
use crate::connector::EXCHANGE_TIMEOUT;
use crate::host;
use crate::store::portable::{Import, Title};
use crate::store::{Restored, Restoring, SledStore};
use crate::value::{Span, Timestamp};
use crate::world::Clock;
use serde_json::json;
use std::path::Path;
use std::time::SystemTime;

/// `renamed`: the file may be of a pipeline of another name.
pub async fn run(arguments: &Restore, renamed: bool) -> Outcome {
    let identity = identify(&arguments.place)?;
    let folder = identity.folder.store();
    let title = Import::open(&arguments.backup)?.prove()?;
    belongs(&title, &identity, &arguments.backup, renamed)?;
    if SledStore::is_in(&folder) && !arguments.replace {
        return Err(Failure::wrong(
            format!("`{}` has a state already, in {}", identity.name, folder.display()),
            "with --replace it is set aside, and the backup takes its place",
        ));
    }
    let clock = host::world().clock;
    if !identity.sandbox {
        let wait = still_on_its_way(&folder, clock.now());
        pause(clock.as_ref(), wait).await;
    }
    // In the sandbox the log's own time goes on.
    let now = (!identity.sandbox).then(|| clock.now());
    let how = Restoring { replace: arguments.replace, by: actor(), now };
    let restored = SledStore::restore(&folder, &arguments.backup, how)?;
    tell(arguments, &restored)
}

fn belongs(title: &Title, identity: &Identity, file: &Path, renamed: bool) -> Result<(), Failure> {
    let of = &title.about;
    if of.sandbox != identity.sandbox {
        let world = |sandbox| if sandbox { "the sandbox" } else { "the live systems" };
        return Err(Failure::wrong(
            format!(
                "{} is of {}, and this pipeline runs in {}",
                file.display(),
                world(of.sandbox),
                world(identity.sandbox)
            ),
            "name a backup of the same world: what was posted in the one is not in the other",
        ));
    }
    if of.pipeline != identity.name && !renamed {
        return Err(Failure::wrong(
            format!("{} is of pipeline `{}`, and this one is `{}`", file.display(), of.pipeline, identity.name),
            "name a backup of this pipeline; if it was renamed, `mlc state import … --renamed`",
        ));
    }
    Ok(())
}

/// How long a request may still be on its way that the last process sent before it ended:
/// one that is not in the backup, and that an absence would be believed of.
fn still_on_its_way(folder: &Path, now: Timestamp) -> Span {
    let changed = std::fs::metadata(folder.join("head.json")).and_then(|metadata| metadata.modified()).ok();
    let changed = changed.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    let Some(changed) = changed.and_then(|since| i64::try_from(since.as_millis()).ok()) else { return Span::ZERO };
    EXCHANGE_TIMEOUT.saturating_sub(now.since(Timestamp::from_unix_millis(changed)))
}

async fn pause(clock: &dyn Clock, wait: Span) {
    if wait > Span::ZERO {
        let seconds = wait.as_secs() + 1;
        note(&format!("a request of the last run may still be on its way: waiting {seconds} seconds\n"));
        clock.sleep(wait).await;
    }
}

fn tell(arguments: &Restore, restored: &Restored) -> Outcome {
    let Restored { title, head, replaced, aside } = restored;
    if arguments.printing.format == Format::Json {
        say_json(&json!({
            "pipeline": title.about.pipeline, "sandbox": title.about.sandbox, "written": title.about.at,
            "restored_to": title.head, "replaced": replaced, "aside": aside, "head": head,
        }))?;
        return Ok(Exit::Well);
    }
    let mut text = String::new();
    if title.about.sandbox {
        text.push_str(&format!("{WAITING}{SANDBOX}{WAITING:#}\n"));
    }
    text.push_str(&format!(
        "{GOOD}restored{GOOD:#}: the state of `{}` as it was at {}\nto audit entry {}, of hash {}\n",
        title.about.pipeline,
        title.about.at.whole_seconds(),
        title.head.number,
        title.head.hash
    ));
    if let Some(replaced) = replaced {
        text.push_str(&format!(
            "The state that was there had come to entry {}, of hash {}\n",
            replaced.number, replaced.hash
        ));
    }
    if let Some(aside) = aside {
        text.push_str(&format!("It lies in {} now; delete it when nobody needs it\n", aside.display()));
    }
    text.push_str(&format!(
        "What was posted after entry {} is not in it. The next run reads the sources from there on and asks for\n\
         each key before it posts: nothing is posted twice, and what it finds there is held to be looked at.\n\
         Look first: mlc plan {}\n",
        title.head.number,
        arguments.place.file.display()
    ));
    say(&text)?;
    Ok(Exit::Well)
}
