//! One seed from its beginning to its end: a company, lives of the process in all weathers
//! with work between them, then calm until nothing changes any more.

use super::clock::{VirtualClock, live};
use super::company::company;
use super::mortal::{End, Life, MortalStore};
use super::network::{Line, Network};
use super::oracle::{Breach, Oracle};
use super::programs::{Programs, Variant};
use super::tale::Tale;
use super::weather::Weather;
use crate::connector::{Opening, Wire};
use crate::engine::{Governor, Options, Progress, Report, RunError, Setup, Stage, run};
use crate::program::Program;
use crate::sandbox::Random;
use crate::store::{MemoryStore, Outcome};
use crate::value::{Span, Timestamp};
use crate::world::{Clock, Entropy};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// So many calm runs must be enough until one has nothing to do.
const CALM_RUNS: u32 = 8;
/// So many lives until one is left alone.
const LIVES: u32 = 6;
const HOUR: Span = Span::from_secs(3_600);
const DAY: Span = Span::from_secs(86_400);

/// What became of one seed.
#[derive(Debug)]
pub struct Told {
    pub seed: u64,
    pub breach: Option<Breach>,
    pub tale: String,
    pub lives: u64,
    pub deaths: u64,
    pub requests: u64,
}

/// Plays one seed.
pub fn play(seed: u64, programs: &Programs) -> Told {
    let mut story = Story::new(seed, programs);
    let breach = story.play().err();
    Told { seed, breach, tale: story.tale.text(), lives: story.lives, deaths: story.deaths, requests: story.requests }
}

struct Story<'a> {
    programs: &'a Programs,
    variant: Variant,
    random: Random,
    clock: Arc<VirtualClock>,
    tale: Arc<Tale>,
    network: Arc<Network>,
    store: Arc<MemoryStore>,
    entropy: Arc<SeededEntropy>,
    lives: u64,
    deaths: u64,
    requests: u64,
}

/// How a life ended.
enum Ended {
    Well(Box<Result<Report, RunError>>),
    Died,
}

impl<'a> Story<'a> {
    fn new(seed: u64, programs: &'a Programs) -> Self {
        let contractor = company(&mut Random::new(seed, "company"));
        let clock = Arc::new(VirtualClock::at(contractor.opened.unwrap_or(Timestamp::from_unix(0))));
        let tale = Arc::new(Tale::default());
        let network = Arc::new(Network::new(contractor, Arc::clone(&clock), Arc::clone(&tale), seed));
        let mut random = Random::new(seed, "story");
        let variant = Variant::draw(&mut random);
        Self {
            programs,
            variant,
            random,
            clock,
            tale,
            network,
            store: Arc::new(MemoryStore::new()),
            entropy: Arc::new(SeededEntropy(Mutex::new(Random::new(seed, "entropy")))),
            lives: 0,
            deaths: 0,
            requests: 0,
        }
    }

    fn play(&mut self) -> Result<(), Breach> {
        self.tell(format_args!("{:?}", self.variant));
        for round in 0..self.random.between(2, 4) {
            if round > 0 {
                self.between();
            }
            self.round()?;
        }
        self.calm()
    }

    /// Hours pass, and people work.
    fn between(&mut self) {
        let hours = *self.random.pick(&[1, 6, 24, 60]);
        self.clock.pass(HOUR * hours);
        for _ in 0..self.random.between(0, 5) {
            self.network.work();
        }
        if !self.variant.remapped && self.random.chance(20) {
            self.variant.remapped = true;
            self.tell(format_args!("people: the accountants change their table"));
        }
    }

    /// The process is started until it comes to its end.
    fn round(&mut self) -> Result<(), Breach> {
        for life in 0..LIVES {
            let weather = Weather::draw(&mut self.random);
            let page = self.random.chance(40).then(|| self.random.between(1, 5).unsigned_abs());
            let disturbed = if self.random.chance(25) {
                (0..3).map(|_| self.random.between(1, 60).unsigned_abs()).collect()
            } else {
                Vec::new()
            };
            self.network.set(weather, page, disturbed);
            let deadly = if life + 1 < LIVES { 60 } else { 0 };
            let end = End::draw(&mut self.random, deadly);
            let ended = self.life(end, Options::default());
            self.oracle().always()?;
            match ended? {
                Ended::Well(_) if end == End::Natural || self.random.chance(50) => return Ok(()),
                Ended::Well(_) => {}
                Ended::Died => {
                    let seconds = *self.random.pick(&[1, 20, 300, 3_600 * 5]);
                    self.clock.pass(Span::from_secs(seconds));
                }
            }
        }
        Ok(())
    }

    /// Nothing goes wrong any more, and what was parked is tried again, until nothing changes.
    fn calm(&mut self) -> Result<(), Breach> {
        self.network.set(Weather::CALM, None, Vec::new());
        self.tell(format_args!("calm"));
        let mut quiet = 0;
        for _ in 0..CALM_RUNS {
            // Receipts bear days, which end by the company's clock: a day more, and that.
            self.clock.pass(DAY * 2 + HOUR * 12);
            self.network.settle();
            let before = self.network.changes();
            let Ended::Well(ended) = self.life(End::Natural, Options { retry: true, ..Options::default() })? else {
                return Err(stuck("a life without an end died"));
            };
            self.oracle().always()?;
            let report = ended.map_err(|error| Breach {
                invariant: "a calm run comes to its end",
                detail: format!("{}; {}", error.message, error.mend),
            })?;
            let changed = self.network.changes() - before;
            // One run may only find out that what held a key is gone: the next one uses it.
            quiet = if report.counts.posted == 0 && changed == 0 && report.stopped.is_none() { quiet + 1 } else { 0 };
            if quiet == 2 {
                return self.oracle().finally();
            }
        }
        Err(Breach { invariant: "a calm second run posts nothing", detail: format!("not after {CALM_RUNS} runs") })
    }

    fn life(&mut self, end: End, options: Options) -> Result<Ended, Breach> {
        self.lives += 1;
        let life = Arc::new(Life::new(end));
        self.tell(format_args!("life {}: {end}", self.lives));
        let setup = self.setup(&life);
        let options = Options { cancel: Some(life.stop()), ..options };
        let ended = live(&self.clock, async {
            tokio::select! {
                biased;
                () = life.over() => Ended::Died,
                ended = run(&setup, &options) => Ended::Well(Box::new(ended)),
            }
        });
        drop(setup);
        self.requests += life.requests();
        match &ended {
            None => return Err(stuck("everybody waits for somebody")),
            Some(Ended::Died) => {
                self.deaths += 1;
                self.network.orphan();
                self.tell(format_args!("dead"));
            }
            Some(Ended::Well(ended)) => {
                self.tell_end(ended);
                if let Ok(report) = ended.as_ref() {
                    self.done(report)?;
                }
            }
        }
        ended.ok_or_else(|| stuck("everybody waits for somebody"))
    }

    /// A run that says that it is done did what it says.
    fn done(&self, report: &Report) -> Result<(), Breach> {
        use crate::store::Store as _;
        if report.stopped.is_some() || !report.failed_scopes.is_empty() {
            return Ok(());
        }
        for (flow, of) in &report.flows {
            let records = self.store.records(Some(flow)).map_err(|error| stuck(&error.to_string()))?;
            for outcome in [Outcome::Held, Outcome::Rejected, Outcome::Failed, Outcome::InDoubt] {
                let kept = records.iter().filter(|record| record.outcome == outcome).count() as u64;
                if of.counts.get(outcome) != kept {
                    let detail =
                        format!("{flow}: {} {}, and the store has {kept}", of.counts.get(outcome), outcome.word());
                    return Err(Breach { invariant: "a run that says done did it", detail });
                }
            }
        }
        Ok(())
    }

    fn setup(&self, life: &Arc<Life>) -> Setup {
        let program: Arc<Program> = self.programs.of(&self.variant);
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let transport = Arc::new(Line { network: Arc::clone(&self.network), life: Arc::clone(life) });
        let store = MortalStore {
            kept: Arc::clone(&self.store),
            life: Arc::clone(life),
            clock: Arc::clone(&self.clock),
            tale: Arc::clone(&self.tale),
            random: Mutex::new(Random::new(self.lives, "store")),
        };
        let mut setup = Setup {
            program: Arc::clone(&program),
            connections: BTreeMap::new(),
            paces: BTreeMap::new(),
            store: Arc::new(store),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&self.entropy) as Arc<dyn Entropy>,
            progress: Arc::new(Silent),
            sandbox: true,
        };
        for connection in program.connections() {
            let driver = connection.driver;
            let pace = Arc::new(Governor::new(Arc::clone(&clock)));
            let wire = Wire { transport: transport.clone(), clock: Arc::clone(&clock), pace: pace.clone() };
            let open = (driver.open)(Opening {
                name: connection.name.to_string(),
                settings: self.network.settings(driver.name, &connection.settings),
                credential: self.network.credential(driver.name),
                profile: connection.profile.as_ref().map(ToString::to_string),
                wire,
            });
            let open = open.expect("the fakes' own settings open a connection");
            setup.connections.insert(connection.name.to_string(), Arc::from(open));
            setup.paces.insert(connection.name.to_string(), pace);
        }
        setup
    }

    fn oracle(&self) -> Oracle<'_> {
        Oracle {
            network: &self.network,
            store: &self.store,
            scope: self.variant.scope,
            remapped: self.variant.remapped,
        }
    }

    fn tell(&self, what: std::fmt::Arguments<'_>) {
        self.tale.tell(self.clock.now(), what);
    }

    fn tell_end(&self, ended: &Result<Report, RunError>) {
        match ended {
            Ok(report) => self.tell(format_args!(
                "done: {:?}{}",
                report.counts,
                report.stopped.as_ref().map(|why| format!(", stopped: {why}")).unwrap_or_default()
            )),
            Err(error) => self.tell(format_args!("broke off: {}", error.message)),
        }
    }
}

fn stuck(detail: &str) -> Breach {
    Breach { invariant: "a run comes to an end", detail: detail.to_owned() }
}

struct SeededEntropy(Mutex<Random>);

impl Entropy for SeededEntropy {
    fn next_u64(&self) -> u64 {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).draw()
    }
}

struct Silent;

impl Progress for Silent {
    fn stage(&self, _flow: &str, _stage: Stage) {}
    fn settled(&self, _flow: &str, _outcome: Outcome) {}
    fn read(&self, _flow: &str, _records: u64) {}
}
