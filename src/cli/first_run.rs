//! The first run on a live system: before it, somebody must have seen what it would post, by
//! a plan of the same program, or have said from which day on it posts.
//!
//! A plan of a live system leaves a note beside the state, named after the program's hash:
//! when the pipeline changes, what was seen no longer counts. Once a run has begun, nothing
//! is asked any more.

use super::arguments::{Place, Plan};
use super::compose;
use super::exit::Failure;
use super::folder::Folder;
use crate::engine::{self, Setup};
use crate::host;
use crate::program::Program;
use crate::store::{SledStore, Store};

/// Whether this would be the first run on a live system, and nobody has seen what it would do.
pub fn is_blind(program: &Program, arguments: &Plan) -> Result<bool, Failure> {
    let place = &arguments.place;
    if compose::in_sandbox(program, place)? || program.cutover().is_some() {
        return Ok(false);
    }
    let folder = Folder::new(&place.file, place.state.as_deref(), program.name(), false);
    if was_planned(&folder, program.hash(), &arguments.flows) {
        return Ok(false);
    }
    let Some(store) = SledStore::open_existing(&folder.store(), host::world().clock.now())? else { return Ok(true) };
    Ok(store.runs(usize::MAX)?.iter().all(engine::is_adoption))
}

/// The same for a pipeline whose state is open.
pub fn is_unseen(setup: &Setup, folder: &Folder) -> Result<bool, Failure> {
    let program = &setup.program;
    if setup.sandbox || program.cutover().is_some() || was_planned(folder, program.hash(), &[]) {
        return Ok(false);
    }
    // The newest run tells it nearly always.
    let have_run = |most| Ok::<_, Failure>(setup.store.runs(most)?.iter().any(|run| !engine::is_adoption(run)));
    Ok(!have_run(1)? && !have_run(usize::MAX)?)
}

fn was_planned(folder: &Folder, hash: &str, flows: &[String]) -> bool {
    let is_there = |flow: Option<&str>| folder.planned(hash, flow).exists();
    is_there(None) || (!flows.is_empty() && flows.iter().all(|flow| is_there(Some(flow))))
}

/// Keeps in mind that a plan was shown, where it was one of a live system.
pub fn remember(setup: &Setup, arguments: &Plan) -> Result<(), Failure> {
    if setup.sandbox {
        return Ok(());
    }
    let (place, program) = (&arguments.place, &setup.program);
    let folder = Folder::new(&place.file, place.state.as_deref(), program.name(), false);
    let flows = arguments.flows.iter().map(|flow| Some(flow.as_str()));
    let flows = if arguments.flows.is_empty() { vec![None] } else { flows.collect() };
    for flow in flows {
        let path = folder.planned(program.hash(), flow);
        if !path.exists() {
            let mend = "a plan keeps in mind that it was shown: make the folder of the state writable";
            host::write_new(&path, "").map_err(|sentence| Failure::world(sentence, mend))?;
        }
    }
    Ok(())
}

pub fn announcement(program: &Program) -> String {
    format!("this is the first run of `{}` on a live system; first, what it would do:\n\n", program.name())
}

/// Nobody is there who could be asked, and the server runs on.
pub fn refusal_to_serve(program: &Program, place: &Place) -> Failure {
    let failure = refusal(program, place);
    let file = place.file.display();
    let hint = format!(
        "look at `mlc plan {file}`: it is run when it is due next; or say from which day on it posts \
         (`cutover = 2026-10-01` in the pipeline block), or serve it with --yes"
    );
    Failure { hint, ..failure }
}

/// Nobody is there who could be asked.
pub fn refusal(program: &Program, place: &Place) -> Failure {
    Failure::wrong(
        format!(
            "this would be the first run of `{}` on a live system, and nobody has seen what it would post",
            program.name()
        ),
        format!(
            "look at `mlc plan {}`, then run again; or say from which day on it posts (`cutover = 2026-10-01` in the \
             pipeline block), or run with --yes",
            place.file.display()
        ),
    )
}
