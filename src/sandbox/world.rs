//! A whole world out of a seed: the contractor, one fake for each connector, time, and
//! whatever was written down of earlier runs.

use super::clock::SandboxClock;
use super::contractor::contractor;
use super::courier::Courier;
use super::error::SandboxError;
use super::faults::Faults;
use super::journal::{self, Journal, Story};
use super::random::hash;
use super::station::Station;
use super::transport::MemoryTransport;
use crate::connector::contractor::Contractor;
use crate::connector::{Driver, Settings};
use crate::value::Timestamp;
use crate::world::{Clock, Credential, CredentialSource, Entropy, SecretError, Secrets, World};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much faster than ours the sandbox's time runs.
pub const SPEED: u32 = 100;
/// The seed of a sandbox for which none was named.
pub const DEFAULT_SEED: u64 = 1;

/// How a sandbox is opened.
#[derive(Debug, Default)]
pub struct SandboxOptions {
    /// `None`: the seed of the sandbox that is there, else [`DEFAULT_SEED`].
    pub seed: Option<u64>,
    pub faults: Faults,
    /// Write nothing down; what is there is read.
    pub read_only: bool,
    /// Virtual seconds in a real one; `None` for [`SPEED`].
    pub speed: Option<u32>,
    /// Profiles of tenants by the driver's name: its fake is furnished with them.
    pub profiles: BTreeMap<&'static str, String>,
    /// Whom the fakes are stocked with; `None` for the contractor of the seed. What was
    /// written down of earlier runs is told on top, so that a step between two runs is
    /// another contractor.
    pub contractor: Option<Contractor>,
}

/// An open sandbox.
pub struct Sandbox {
    pub seed: u64,
    stations: Arc<Vec<Station>>,
    faults: Arc<Faults>,
    clock: Arc<SandboxClock>,
    /// Held as long as the sandbox is open, so that no two processes write one journal.
    _lock: Option<File>,
}

impl Sandbox {
    /// Opens the sandbox that is kept in `dir`, or begins one there. Without a folder
    /// it lives in memory only.
    pub fn open(dir: Option<&Path>, drivers: &[Driver], options: SandboxOptions) -> Result<Self, SandboxError> {
        let lock = dir.filter(|_| !options.read_only).map(lock).transpose()?;
        let stories = drivers
            .iter()
            .map(|driver| dir.map_or(Ok(None), |dir| journal::read(dir, driver.name)))
            .collect::<Result<Vec<Option<Story>>, SandboxError>>()?;
        let there = stories.iter().flatten().map(|story| story.seed).next();
        let seed = options.seed.or(there).unwrap_or(DEFAULT_SEED);
        if let (Some(dir), Some(other)) = (dir, stories.iter().flatten().find(|story| story.seed != seed)) {
            return Err(SandboxError::other_seed(dir, other.seed, seed));
        }
        let contractor = options.contractor.unwrap_or_else(|| contractor(seed));
        let mut stations = Vec::new();
        for (driver, story) in drivers.iter().zip(&stories) {
            let journal = dir
                .filter(|_| !options.read_only)
                .map(|dir| Journal::open(dir, driver.name, seed, story.as_ref()))
                .transpose()?;
            let mut fake = (driver.fake)(&contractor);
            if let Some(profile) = options.profiles.get(driver.name) {
                fake.furnish(profile).map_err(|problem| SandboxError::unfit(driver.name, &problem))?;
            }
            stations.push(Station::new(driver.name, fake, story.as_ref(), journal));
        }
        let base = latest(&stories).max(contractor.opened).unwrap_or(Timestamp::from_unix(0));
        Ok(Self {
            seed,
            stations: Arc::new(stations),
            faults: Arc::new(options.faults.seeded(seed)),
            clock: Arc::new(SandboxClock::new(base, options.speed.unwrap_or(SPEED))),
            _lock: lock,
        })
    }

    /// Whether the driver's fake has been at work in this folder.
    pub fn is_in(dir: &Path, driver: &str) -> bool {
        journal::path_of(dir, driver).exists()
    }

    /// The world to run in.
    pub fn world(&self) -> World {
        let transport = MemoryTransport {
            stations: Arc::clone(&self.stations),
            faults: Arc::clone(&self.faults),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        };
        World {
            transport: Arc::new(transport),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            secrets: Arc::new(SandboxSecrets(Arc::clone(&self.stations))),
            entropy: Arc::new(SeededEntropy {
                seed: self.seed,
                clock: Arc::clone(&self.clock),
                drawn: AtomicU64::new(0),
            }),
        }
    }

    /// Who carries what its systems want to tell.
    pub fn courier(&self) -> Courier {
        Courier { stations: Arc::clone(&self.stations), clock: Arc::clone(&self.clock) }
    }

    /// Time goes on after `instant`: what a store remembers lies in the past.
    pub fn not_before(&self, instant: Timestamp) {
        self.clock.not_before(instant);
    }

    /// What a `connect` block that sets `wanted` needs to reach the driver's fake in memory.
    pub fn settings(&self, driver: &str, wanted: &Settings) -> Option<Settings> {
        self.stations.iter().find(|station| station.name == driver).map(|station| station.settings_for(wanted))
    }

    /// The books of the driver's fake.
    pub fn books(&self, driver: &str) -> Option<serde_json::Value> {
        self.stations.iter().find(|station| station.name == driver).map(Station::books)
    }

    pub(super) fn parts(&self) -> (&Arc<Vec<Station>>, &Arc<Faults>, &Arc<SandboxClock>) {
        (&self.stations, &self.faults, &self.clock)
    }
}

/// The right to write in the folder; the system gives it back when the process ends.
fn lock(dir: &Path) -> Result<File, SandboxError> {
    let path = dir.join("lock");
    let disk = |error: std::io::Error| SandboxError::disk("write", &path, &error);
    std::fs::create_dir_all(dir).map_err(disk)?;
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(disk)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SandboxError::in_use(dir)),
        Err(TryLockError::Error(error)) => Err(disk(error)),
    }
}

fn latest(stories: &[Option<Story>]) -> Option<Timestamp> {
    stories.iter().flatten().flat_map(|story| &story.entries).map(|entry| entry.at).max()
}

/// Knows the credentials of the fakes and no other.
struct SandboxSecrets(Arc<Vec<Station>>);

impl Secrets for SandboxSecrets {
    fn credential(&self, source: &CredentialSource, _fields: &[&str]) -> Result<Credential, SecretError> {
        let station = match source {
            CredentialSource::Sandbox(name) => self.0.iter().find(|station| station.name == name),
            CredentialSource::Environment(_) | CredentialSource::Vault { .. } => None,
        };
        station.map(Station::credential).ok_or_else(|| SecretError {
            message: "a sandbox has only its own credentials".to_owned(),
            hint: "leave `credentials` away beside `sandbox`".to_owned(),
        })
    }
}

/// Numbers that depend on the seed and on the instant at which the sandbox was opened,
/// so that two runs in one sandbox do not draw the same ids.
struct SeededEntropy {
    seed: u64,
    clock: Arc<SandboxClock>,
    drawn: AtomicU64,
}

impl Entropy for SeededEntropy {
    fn next_u64(&self) -> u64 {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        let opened = self.clock.base().unix_millis();
        hash(self.seed, &[&opened.to_le_bytes(), &drawn.to_le_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::{Sandbox, SandboxOptions};
    use crate::connectors::drivers;
    use std::path::Path;

    fn open(dir: &Path, seed: Option<u64>, read_only: bool) -> Result<Sandbox, super::SandboxError> {
        Sandbox::open(Some(dir), drivers(), SandboxOptions { seed, read_only, ..SandboxOptions::default() })
    }

    #[test]
    fn another_seed_is_refused_and_none_goes_on_with_what_is_there() {
        let dir = tempfile::tempdir().expect("folder");
        drop(open(dir.path(), Some(7), false).expect("new"));
        assert_eq!(open(dir.path(), None, false).expect("again").seed, 7);
        let error = open(dir.path(), Some(8), false).err().expect("refused");
        assert!(error.misasked && error.message.contains("made with seed 7, not 8"), "{error}");
        assert!(error.hint.contains("start anew"), "{}", error.hint);
    }

    #[test]
    fn two_processes_do_not_write_one_journal_but_a_plan_may_look() {
        let dir = tempfile::tempdir().expect("folder");
        let held = open(dir.path(), None, false).expect("new");
        let error = open(dir.path(), None, false).err().expect("in use");
        assert!(error.message.contains("in use"), "{error}");
        assert!(open(dir.path(), None, true).is_ok());
        drop(held);
        assert!(open(dir.path(), None, false).is_ok());
    }

    #[test]
    fn looking_leaves_nothing_behind() {
        let dir = tempfile::tempdir().expect("folder");
        let inside = dir.path().join("world");
        assert!(open(&inside, None, true).is_ok());
        assert!(!inside.exists());
    }

    #[test]
    fn two_openings_draw_different_ids() {
        let dir = tempfile::tempdir().expect("folder");
        let first = open(dir.path(), None, true).expect("first");
        let second = open(dir.path(), None, true).expect("second");
        let later = first.world().clock.now().plus(crate::value::Span::from_secs(60));
        second.not_before(later);
        assert_ne!(first.world().entropy.next_u64(), second.world().entropy.next_u64());
    }
}
