//! One seed from its beginning to its end: a company, lives of the process in all weathers
//! with work between them, then calm until nothing changes any more.

use super::clock::{VirtualClock, live};
use super::company::company;
use super::extras::Grant;
use super::mortal::{End, Life, MortalStore};
use super::network::{Line, Network};
use super::oracle::{Breach, Oracle};
use super::post::{Office, Postman};
use super::programs::{Programs, Rules, Scope, Variant};
use super::reckoning::{COSTS, Verdict, reckon};
use super::setup::{SeededEntropy, connected};
use super::tale::Tale;
use super::weather::Weather;
use crate::connector::contractor::DirectCost;
use crate::engine::{Options, Report, RunError, Setup, run};
use crate::program::Program;
use crate::sandbox::Random;
use crate::store::{Batch, Event, EventKind, Grant as StoredGrant, MemoryStore, Operation, Outcome, Store as _};
use crate::value::{Span, Timestamp};
use crate::world::{Clock, Entropy, Transport};
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
    /// Deliveries that a server answered with 200.
    pub deliveries: u64,
    /// How the last life was to end.
    pub end: End,
}

/// Plays one seed.
pub fn play(seed: u64, programs: &Programs) -> Told {
    let mut story = ruled(seed, programs);
    story.postman = Some(Postman::new(Random::new(seed, "post")));
    story.told(seed)
}

fn ruled(seed: u64, programs: &Programs) -> Story<'_> {
    let mut story = Story::new(seed, programs);
    story.variant.rules = Rules::draw(&mut Random::new(seed, "rules"));
    story.at_writes = Some(Random::new(seed, "writes"));
    story
}

/// Plays one in which nobody tells of anything by himself, as it went before that was simulated.
#[cfg(test)]
pub fn play_untold(seed: u64, programs: &Programs) -> Told {
    ruled(seed, programs).told(seed)
}

/// Plays one by the standard flows as they are, as it went before there was more than these.
#[cfg(test)]
pub fn play_plain(seed: u64, programs: &Programs) -> Told {
    Story::new(seed, programs).told(seed)
}

struct Story<'a> {
    programs: &'a Programs,
    variant: Variant,
    random: Random,
    /// Decides which lives end around a write.
    at_writes: Option<Random>,
    /// Brings what the other sides tell of by themselves.
    postman: Option<Postman>,
    /// Decides what people say yes to.
    desk: Random,
    grants: Vec<Grant>,
    clock: Arc<VirtualClock>,
    tale: Arc<Tale>,
    network: Arc<Network>,
    store: Arc<MemoryStore>,
    entropy: Arc<SeededEntropy>,
    lives: u64,
    deaths: u64,
    requests: u64,
    end: End,
}

/// How a life ended.
enum Ended {
    /// With what the run said, where it was one.
    Well(Option<Box<Result<Report, RunError>>>),
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
            at_writes: None,
            postman: None,
            desk: Random::new(seed, "desk"),
            grants: Vec::new(),
            clock,
            tale,
            network,
            store: Arc::new(MemoryStore::new()),
            entropy: Arc::new(SeededEntropy::new(Random::new(seed, "entropy"))),
            lives: 0,
            deaths: 0,
            requests: 0,
            end: End::Natural,
        }
    }

    fn told(mut self, seed: u64) -> Told {
        let breach = self.play().err();
        let deliveries = self.postman.as_ref().map_or(0, |postman| postman.received);
        let Self { lives, deaths, requests, end, .. } = self;
        Told { seed, breach, tale: self.tale.text(), lives, deaths, requests, deliveries, end }
    }

    fn play(&mut self) -> Result<(), Breach> {
        self.tell(format_args!("{:?}", self.variant));
        for round in 0..self.random.between(2, 4) {
            if round > 0 {
                self.between();
                self.approve(50)?;
                self.served()?;
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
            let drawn = End::draw(&mut self.random, deadly);
            let at_write = self.at_writes.as_mut().filter(|_| deadly > 0);
            let end = at_write.and_then(End::draw_at_write).unwrap_or(drawn);
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

    /// Sometimes a server is there, too, and is told of what people did; it may die of it.
    fn served(&mut self) -> Result<(), Breach> {
        for life in 0..LIVES {
            let Some(postman) = self.postman.as_mut() else { return Ok(()) };
            if life == 0 && !postman.random.chance(60) {
                return Ok(());
            }
            if matches!(self.variant.scope, Scope::Costs | Scope::All) {
                (0..postman.random.between(0, 4)).for_each(|_| self.network.come_in());
            }
            postman.take(self.network.take_mail());
            let weather = Weather::draw(&mut postman.random);
            let end = End::draw(&mut postman.random, if life + 1 < LIVES { 50 } else { 0 });
            self.network.set(weather, None, Vec::new());
            if let Ended::Well(_) = self.serve(end, false)? {
                return self.told_of();
            }
            self.clock.pass(Span::from_secs(20));
        }
        Ok(())
    }

    /// What deliveries told of was looked at, where they are said to be done.
    fn told_of(&self) -> Result<(), Breach> {
        let Some(postman) = &self.postman else { return Ok(()) };
        let made = self.network.latest();
        let papers = reckon(&made, self.variant.scope, self.variant.remapped);
        let key = |cost: &DirectCost| format!("{}/{}", cost.project, cost.id);
        let wanted =
            |key: &str| papers.get(&(COSTS, key.to_owned())).is_some_and(|verdict| *verdict != Verdict::Skipped);
        let costs = made.direct_costs.iter().map(|cost| (key(cost), cost.updated)).filter(|(key, _)| wanted(key));
        postman.known(self.store.as_ref(), COSTS, &costs.collect())
    }

    /// One life of the server.
    fn serve(&mut self, end: End, calm: bool) -> Result<Ended, Breach> {
        let Some(mut postman) = self.postman.take() else { return Err(stuck("nobody brings letters")) };
        self.lives += 1;
        self.end = end;
        let life = Arc::new(Life::new(end));
        self.tell(format_args!("life {}, of a server: {end}", self.lives));
        let office = Office {
            clock: Arc::clone(&self.clock),
            tale: Arc::clone(&self.tale),
            transport: Arc::new(Line { network: Arc::clone(&self.network), life: Arc::clone(&life) }),
            entropy: Arc::clone(&self.entropy) as Arc<dyn Entropy>,
        };
        let (round, setup) = (postman.plan(calm), self.setup(&life));
        let ended = live(&self.clock, async {
            tokio::select! {
                biased;
                () = life.over() => Ended::Died,
                () = round.serve(&office, setup) => Ended::Well(None),
            }
        });
        self.requests += life.requests();
        if let Some(Ended::Died) = ended {
            self.deaths += 1;
            self.network.orphan();
            self.tell(format_args!("dead"));
        }
        let ended = ended.ok_or_else(|| stuck("everybody waits for somebody"))?;
        let well = matches!(ended, Ended::Well(_));
        let kept = postman.back(&round, self.store.as_ref(), well);
        self.postman = Some(postman);
        kept?;
        self.oracle().always()?;
        Ok(ended)
    }

    /// Nothing goes wrong any more, and what was parked is tried again, until nothing changes.
    fn calm(&mut self) -> Result<(), Breach> {
        self.network.set(Weather::CALM, None, Vec::new());
        self.tell(format_args!("calm"));
        if let Some(postman) = self.postman.as_mut() {
            postman.take(self.network.take_mail());
            self.serve(End::Natural, true)?;
            self.told_of()?;
        }
        let mut quiet = 0;
        for _ in 0..CALM_RUNS {
            // Receipts bear days, which end by the company's clock: a day more, and that.
            self.clock.pass(DAY * 2 + HOUR * 12);
            self.network.settle();
            self.approve(100)?;
            let before = self.network.changes();
            let Ended::Well(Some(ended)) = self.life(End::Natural, Options { retry: true, ..Options::default() })?
            else {
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

    /// People say yes to what waits for them, to each as likely as this.
    fn approve(&mut self, percent: u64) -> Result<(), Breach> {
        let records = self.store.records(None).map_err(|error| stuck(&error.to_string()))?;
        for mut record in records {
            let Some(asked) = record.approval.as_mut().filter(|asked| asked.granted.is_none()) else { continue };
            if !self.desk.chance(percent) {
                continue;
            }
            let at = self.clock.now();
            asked.granted = Some(StoredGrant { by: "Mia".to_owned(), reason: String::new(), at });
            let amount = record.amount.as_ref().and_then(|amount| amount.parse().ok());
            self.grants.push(Grant { record: record.id.clone(), amount, content: asked.target_hash.clone() });
            self.tell(format_args!("people: {} is approved", record.label));
            let event = Event {
                at,
                run: "by hand".to_owned(),
                kind: EventKind::Approved,
                record: Some(record.id.clone()),
                detail: serde_json::json!({"by": "Mia"}),
            };
            let batch = Batch { operations: vec![Operation::PutRecord(Box::new(record))], events: vec![event] };
            let kept = live(&self.clock, self.store.commit(batch));
            kept.ok_or_else(|| stuck("nobody keeps a yes"))?.map_err(|error| stuck(&error.to_string()))?;
        }
        Ok(())
    }

    fn life(&mut self, end: End, options: Options) -> Result<Ended, Breach> {
        self.lives += 1;
        self.end = end;
        let life = Arc::new(Life::new(end));
        self.tell(format_args!("life {}: {end}", self.lives));
        let setup = self.setup(&life);
        let options = Options { cancel: Some(life.stop()), ..options };
        let ended = live(&self.clock, async {
            tokio::select! {
                biased;
                () = life.over() => Ended::Died,
                ended = run(&setup, &options) => Ended::Well(Some(Box::new(ended))),
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
            Some(Ended::Well(None)) => {}
            Some(Ended::Well(Some(ended))) => {
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
        let transport = transport as Arc<dyn Transport>;
        let entropy = Arc::clone(&self.entropy) as Arc<dyn Entropy>;
        connected(program, &self.network, &transport, &clock, Arc::new(store), entropy)
    }

    fn oracle(&self) -> Oracle<'_> {
        Oracle {
            network: &self.network,
            store: &self.store,
            scope: self.variant.scope,
            remapped: self.variant.remapped,
            rules: self.variant.rules,
            grants: &self.grants,
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
