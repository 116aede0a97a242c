//! Files that change while the process lives.
//!
//! A pipeline and all that it names (tables, profiles, files that it uses) is one thing: when any
//! of it is another than it was, all of it is opened again. What checks clean counts from the
//! next run on; what does not is refused loudly, and the program from before goes on. Files that
//! appear in a folder that is served are admitted, files that vanish from it are retired.

use super::house::House;
use super::opener::Refusal;
use crate::value::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often files are looked at.
pub const LOOK: Span = Span::from_secs(3);
/// A file that could not be opened is tried again after so many looks, changed or not: what it
/// lacked may lie outside of it.
const AGAIN: u32 = 20;

/// Looks every few seconds, and when it is asked to, until the house drains.
pub async fn watch(house: Arc<House>) {
    let clock = Arc::clone(&house.outside.clock);
    let mut watched = Watched::default();
    loop {
        let all = tokio::select! {
            biased;
            () = house.draining() => return,
            () = house.look.notified() => true,
            () = clock.sleep(LOOK) => false,
        };
        watched.look(&house, all);
    }
}

#[derive(Default)]
struct Watched {
    /// Missing when it was last looked: a file that is written anew may be gone for a moment.
    missing: BTreeSet<PathBuf>,
    /// How often closed files were looked at since they were last tried.
    tried: BTreeMap<PathBuf, u32>,
}

impl Watched {
    fn look(&mut self, house: &House, all: bool) {
        if let Some(wanted) = house.opener.files() {
            self.come_and_go(house, &wanted);
        }
        for customer in house.customers() {
            // Told of where it happens.
            let _ = if all { customer.reload() } else { customer.refresh() };
        }
        for (file, refusal) in house.closed() {
            let times = self.tried.entry(file.clone()).or_default();
            *times += 1;
            if all || *times >= AGAIN || house.opener.look(&file) != house.opener.taken(&file) {
                self.tried.remove(&file);
                admit(house, &file, Some(&refusal));
            }
        }
    }

    fn come_and_go(&mut self, house: &House, wanted: &[PathBuf]) {
        let closed = house.closed().into_iter().map(|(file, _)| file);
        let known: BTreeSet<PathBuf> =
            house.customers().iter().map(|customer| customer.file.clone()).chain(closed).collect();
        for file in wanted.iter().filter(|file| !known.contains(*file)) {
            admit(house, file, None);
        }
        let gone: BTreeSet<PathBuf> = known.into_iter().filter(|file| !wanted.contains(file)).collect();
        for file in gone.intersection(&self.missing) {
            tracing::warn!(file = %file.display(), "gone, and served no more");
            self.tried.remove(file);
            house.retire(file);
        }
        self.missing = gone;
    }
}

/// The same refusal is not told twice.
fn admit(house: &House, file: &Path, before: Option<&Refusal>) {
    match house.admit(file) {
        Ok(customer) => {
            tracing::info!(pipeline = customer.name, file = %file.display(), "served from now on");
        }
        Err(refusal) if before != Some(&refusal) => {
            tracing::error!(file = %file.display(), mend = refusal.mend, "not served: {}", refusal.message);
        }
        Err(_) => {}
    }
}
