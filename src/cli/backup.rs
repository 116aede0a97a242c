//! `mlc backup`: the whole state in one file, also while a run is going.
//!
//! The state belongs to one process. Where nobody holds it, it is read here; where a run
//! does, that run is asked, and writes the file between two of its commits.

use super::actor::actor;
use super::arguments::{Backup, Format, Place};
use super::exit::{Exit, Failure, Outcome};
use super::identity::{Identity, identify};
use super::report::SANDBOX;
use super::screen::{GOOD, WAITING, count, say, say_json};
use crate::host;
use crate::store::asked::Request;
use crate::store::portable::{About, Title, settle};
use crate::store::{SledStore, StoreErrorKind};
use crate::value::{Span, Timestamp};
use crate::world::World;
use serde_json::json;
use std::path::{Path, PathBuf};

/// How often it is looked whether the run has written the backup.
const LOOK: Span = Span::from_millis(50);

/// How long a run may take to do so.
const PATIENCE: Span = Span::from_secs(300);

pub async fn run(arguments: &Backup) -> Outcome {
    let identity = identify(&arguments.place)?;
    let store = there_is_one(&identity, &arguments.place)?;
    let world = host::world();
    let now = world.clock.now();
    let path = target(&arguments.to, &identity, now)?;
    let about = About { pipeline: identity.name.clone(), sandbox: identity.sandbox, at: now };
    let draft = Draft::beside(&path, &world);
    let by = write(&store, &about, &draft.0, &world).await?;
    let title = settle(&draft.0, &path)?;
    tell(arguments, &title, &path, by)
}

/// The folder of the state, if there is one.
pub fn there_is_one(identity: &Identity, place: &Place) -> Result<PathBuf, Failure> {
    let folder = identity.folder.store();
    if SledStore::is_in(&folder) {
        return Ok(folder);
    }
    Err(Failure::wrong(
        format!("`{}` has not run yet: there is no state in {}", identity.name, folder.display()),
        format!("run it first: mlc run {}", place.file.display()),
    ))
}

/// Who wrote it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Us,
    TheRun,
}

async fn write(store: &Path, about: &About, draft: &Path, world: &World) -> Result<By, Failure> {
    let name = format!("{}-{:016x}", std::process::id(), world.entropy.next_u64());
    let request = Request::new(store, name, about.clone());
    let mut waited = Span::ZERO;
    loop {
        match SledStore::open_existing_by(store, about.at, actor()) {
            Ok(Some(open)) => {
                open.export(draft, about)?;
                return Ok(By::Us);
            }
            Ok(None) => return Err(Failure::world(format!("the state in {} is gone", store.display()), "")),
            Err(error) if error.kind != StoreErrorKind::InUse => return Err(error.into()),
            Err(error) if waited >= PATIENCE => {
                return Err(Failure::world(
                    format!("{}, and that does not answer", error.message),
                    "make the backup when it has ended",
                ));
            }
            Err(_) if request.fetch(draft)? => return Ok(By::TheRun),
            Err(_) => world.clock.sleep(LOOK).await,
        }
        waited += LOOK;
    }
}

/// In a folder it gets a name of its own.
fn target(to: &Path, identity: &Identity, now: Timestamp) -> Result<PathBuf, Failure> {
    let path = if to.is_dir() {
        let world = if identity.sandbox { "sandbox" } else { "live" };
        let name: String =
            identity.name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
        to.join(format!("{name}-{world}-{}.mlc-state", now.whole_seconds().replace(':', "")))
    } else {
        to.to_owned()
    };
    if path.exists() {
        return Err(Failure::wrong(
            format!("{} is there already", path.display()),
            "name a file that is not there yet",
        ));
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(Failure::wrong(format!("there is no folder {}", folder.display()), "make it first"))
        }
        _ => Ok(path),
    }
}

/// The file before it has its name; gone when it is dropped.
struct Draft(PathBuf);

impl Draft {
    fn beside(path: &Path, world: &World) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{:08x}.part", world.entropy.next_u64() as u32));
        Self(name.into())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It has got its name, or is of no use to anybody.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn tell(arguments: &Backup, title: &Title, path: &Path, by: By) -> Outcome {
    if arguments.printing.format == Format::Json {
        say_json(&json!({
            "file": path, "pipeline": title.about.pipeline, "sandbox": title.about.sandbox, "at": title.about.at,
            "head": title.head, "while_running": by == By::TheRun,
        }))?;
        return Ok(Exit::Well);
    }
    let note = if title.about.sandbox { format!("{WAITING}{SANDBOX}{WAITING:#}\n") } else { String::new() };
    let running = if by == By::TheRun { ", while a run is going" } else { "" };
    say(&format!(
        "{note}{GOOD}backed up{GOOD:#}{running}: {}\n{}, the last one's hash is {}\n\
         Keep it on another disk. To put it back: mlc restore {} {}\n",
        path.display(),
        count(title.head.number, "audit entry", "audit entries"),
        title.head.hash,
        arguments.place.file.display(),
        path.display(),
    ))?;
    Ok(Exit::Well)
}
