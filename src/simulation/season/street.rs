//! The customers: each a small contractor with its own books, people and pipeline.

use super::road::{Meter, Mishap, Road};
use crate::connectors::drivers;
use crate::program::Program;
use crate::sandbox::Random;
use crate::serve::{Opened, Opener, Refusal};
use crate::simulation::clock::VirtualClock;
use crate::simulation::company::company;
use crate::simulation::mortal::{End, Life};
use crate::simulation::network::{Line, Network};
use crate::simulation::programs::{Scope, compiled_text};
use crate::simulation::reckoning::{COSTS, INVOICES, PaperId, Verdict, reckon};
use crate::simulation::setup::{SeededEntropy, connected};
use crate::simulation::tale::Tale;
use crate::simulation::weather::Weather;
use crate::store::{MemoryStore, Store};
use crate::value::{Span, Timestamp};
use crate::world::{Clock, Transport};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

const ZONES: [&str; 6] =
    ["America/Chicago", "America/New_York", "Europe/Berlin", "America/Denver", "America/Phoenix", "America/St_Johns"];

pub struct Household {
    pub name: String,
    pub scope: Scope,
    pub program: Arc<Program>,
    pub network: Arc<Network>,
    pub store: Arc<MemoryStore>,
    pub road: Arc<Road>,
    pub mishap: Option<Mishap>,
    /// Requests fail now and then.
    pub stormy: bool,
    /// Papers that came to be due, and when.
    pub papers: Mutex<Vec<(PaperId, Timestamp)>>,
    entropy: Arc<SeededEntropy>,
    random: Mutex<Random>,
}

impl Household {
    /// Of every three customers one is told of costs by webhook (all of whose notices are lost),
    /// one has its invoices polled, and one both.
    pub fn new(number: usize, seed: u64, clock: &Arc<VirtualClock>, mishap: Option<Mishap>, stormy: bool) -> Self {
        let name = format!("customer-{number:02}");
        let scope = [Scope::Costs, Scope::Invoices, Scope::All][number % 3];
        let random = |what: &str| Random::new(seed, &format!("{name} {what}"));
        let contractor = company(&mut random("company"));
        let network = Network::new(contractor, Arc::clone(clock), Arc::new(Tale::quiet()), seed + number as u64);
        let network = Arc::new(network);
        network.set(if stormy { Weather { faults: 20 } } else { Weather::CALM }, None, Vec::new());
        let line = Line { network: Arc::clone(&network), life: Arc::new(Life::new(End::Natural)) };
        let road = Road {
            line,
            clock: Arc::clone(clock),
            mishap,
            met: AtomicBool::new(false),
            meter: Mutex::new(Meter::default()),
        };
        Self {
            program: Arc::new(compiled_text(text(number, &name, scope), false)),
            scope,
            network,
            store: Arc::new(MemoryStore::new()),
            road: Arc::new(road),
            mishap,
            stormy,
            papers: Mutex::default(),
            entropy: Arc::new(SeededEntropy::new(random("entropy"))),
            random: Mutex::new(random("people")),
            name,
        }
    }

    pub fn file(&self) -> PathBuf {
        PathBuf::from(format!("{}.mlc", self.name))
    }

    /// Whether the flow hears of changes by webhook alone, and so of none.
    pub fn is_deaf(flow: &str) -> bool {
        flow == COSTS
    }

    pub fn entropy(&self) -> Arc<SeededEntropy> {
        Arc::clone(&self.entropy)
    }

    /// People work, a few times a day, for as long as anybody asks.
    pub async fn work(&self, clock: &VirtualClock) {
        let mut known: BTreeSet<PaperId> = self.due().into_iter().collect();
        loop {
            let pause = self.random.lock().unwrap_or_else(PoisonError::into_inner).between(3 * 3_600, 12 * 3_600);
            clock.sleep(Span::from_secs(pause.unsigned_abs())).await;
            self.network.come_in();
            let now = clock.now();
            for paper in self.due() {
                if known.insert(paper.clone()) {
                    self.papers.lock().unwrap_or_else(PoisonError::into_inner).push((paper, now));
                }
            }
        }
    }

    /// Papers that should stand in the ledger.
    fn due(&self) -> Vec<PaperId> {
        let papers = reckon(&self.network.latest(), self.scope, false).into_iter();
        papers.filter(|(_, verdict)| matches!(verdict, Verdict::Due(_))).map(|(id, _)| id).collect()
    }
}

fn text(number: usize, name: &str, scope: Scope) -> String {
    let connects: String = drivers().iter().map(|driver| format!("connect {} {{ sandbox }}\n", driver.name)).collect();
    let zone = ZONES[number % ZONES.len()];
    let hour = 3 + number % 3;
    let costs = format!("extend flow {COSTS} {{\n  run on webhook\n  reconcile daily at 0{hour}:00 lookback 35d\n}}\n");
    let invoices = format!("extend flow {INVOICES} {{\n  run every 15m\n  reconcile daily at 02:30 lookback 35d\n}}\n");
    let schedules = match scope {
        Scope::Costs => costs,
        Scope::Invoices => invoices,
        Scope::Payments | Scope::All => format!("{costs}{invoices}"),
    };
    format!(
        "use \"{}\"\npipeline \"{name}\" {{ timezone = \"{zone}\" currency = \"USD\" }}\n{connects}{schedules}",
        scope.file()
    )
}

/// Opens the households' pipelines, in one life of the process.
pub struct Street {
    pub households: Vec<Arc<Household>>,
    pub clock: Arc<VirtualClock>,
}

impl Opener for Street {
    fn open(&self, file: &Path, kept: Option<&Opened>) -> Result<Opened, Refusal> {
        let lives_there = |household: &&Arc<Household>| household.file() == file;
        let household = self.households.iter().find(lives_there).ok_or_else(|| Refusal {
            message: format!("nobody lives at {}", file.display()),
            mend: String::new(),
            world: false,
        })?;
        let store = kept.map_or_else(|| Arc::clone(&household.store) as Arc<dyn Store>, Opened::store);
        let transport = Arc::clone(&household.road) as Arc<dyn Transport>;
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let (program, entropy) = (Arc::clone(&household.program), household.entropy.clone());
        let setup = connected(program, &household.network, &transport, &clock, store, entropy);
        Ok(Opened { setup, folder: PathBuf::new(), text: String::new() })
    }
}
