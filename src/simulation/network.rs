//! The network and both other sides: requests of the connectors go through the weather to the
//! fakes, some arrive late, and while they are on their way people go on working.

use super::clock::VirtualClock;
use super::mortal::{End, Life};
use super::tale::Tale;
use super::weather::{Fate, Fault, Weather, answer, late};
use super::work;
use crate::connector::contractor::Contractor;
use crate::connector::{Driver, Fake, FakeChange, Settings};
use crate::connectors::drivers;
use crate::sandbox::Random;
use crate::value::{Span, Timestamp};
use crate::world::{Clock as _, Credential, HttpRequest, HttpResponse, Method, Transport, TransportError};
use async_trait::async_trait;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub struct Network {
    clock: Arc<VirtualClock>,
    tale: Arc<Tale>,
    state: Mutex<State>,
}

struct State {
    contractor: Contractor,
    /// How the contractor stood, from its beginning on.
    versions: Vec<Contractor>,
    stations: Vec<Station>,
    random: Random,
    weather: Weather,
    /// What remains of a burst, by station.
    bursts: BTreeMap<usize, u32>,
    /// The most records on a page, where pages are small.
    page: Option<u64>,
    /// Before which requests people do something.
    disturbed: Vec<u64>,
    requests: u64,
    late: Vec<(Timestamp, usize, HttpRequest)>,
    flying: BTreeMap<u64, (usize, HttpRequest)>,
    /// What the other sides want to tell of, oldest first.
    mail: Vec<Letter>,
    /// Requests that asked for a change.
    pub writes: u64,
}

/// The body of a delivery, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Letter {
    pub driver: &'static str,
    pub body: Vec<u8>,
}

/// One of the other sides.
struct Station {
    driver: &'static Driver,
    host: String,
    fake: Box<dyn Fake>,
    changes: Vec<FakeChange>,
}

impl Station {
    fn new(driver: &'static Driver, contractor: &Contractor) -> Self {
        let fake = (driver.fake)(contractor);
        Self { driver, host: host(&fake.base_url()).to_owned(), fake, changes: Vec::new() }
    }

    /// What people changed, with all that was written on top.
    fn restock(&mut self, contractor: &Contractor) {
        self.fake = (self.driver.fake)(contractor);
        self.changes.iter().for_each(|change| self.fake.apply(change));
        self.fake.take_changes();
    }

    fn answer(&mut self, request: &HttpRequest, now: Timestamp) -> HttpResponse {
        let mut response = self.fake.answer(request, now);
        self.changes.append(&mut self.fake.take_changes());
        response.headers.extend(now.http_date().map(|date| ("Date".to_owned(), date)));
        response
    }
}

impl Network {
    pub fn new(contractor: Contractor, clock: Arc<VirtualClock>, tale: Arc<Tale>, seed: u64) -> Self {
        let stations = drivers().iter().map(|driver| Station::new(driver, &contractor)).collect();
        let state = State {
            versions: vec![contractor.clone()],
            contractor,
            stations,
            random: Random::new(seed, "network"),
            weather: Weather::CALM,
            bursts: BTreeMap::new(),
            page: None,
            disturbed: Vec::new(),
            requests: 0,
            late: Vec::new(),
            flying: BTreeMap::new(),
            mail: Vec::new(),
            writes: 0,
        };
        Self { clock, tale, state: Mutex::new(state) }
    }

    /// What the next life meets.
    pub fn set(&self, weather: Weather, page: Option<u64>, disturbed: Vec<u64>) {
        let mut state = self.lock();
        (state.weather, state.page, state.disturbed, state.requests) = (weather, page, disturbed, 0);
        state.bursts.clear();
    }

    /// People do something.
    pub fn work(&self) {
        self.lock().work(self.clock.now(), &self.tale);
    }

    /// A paper comes in, or is approved.
    pub fn come_in(&self) {
        self.lock().change(self.clock.now(), &self.tale, work::come_in);
    }

    /// What the other sides want to tell of since they were last asked.
    pub fn take_mail(&self) -> Vec<Letter> {
        std::mem::take(&mut self.lock().mail)
    }

    /// How the contractor stands now.
    pub fn latest(&self) -> Contractor {
        self.lock().contractor.clone()
    }

    /// The process is dead: what it had on its way is lost or arrives later.
    pub fn orphan(&self) {
        let mut state = self.lock();
        let now = self.clock.now();
        for (station, request) in std::mem::take(&mut state.flying).into_values() {
            if state.random.chance(50) {
                let arrival = now.plus(late(&mut state.random));
                state.late.push((arrival, station, request));
            }
        }
    }

    /// Whatever is on its way by now arrives.
    pub fn settle(&self) {
        let now = self.clock.now();
        self.lock().deliver(now, &self.tale);
    }

    pub fn settings(&self, driver: &str, wanted: &Settings) -> Settings {
        self.with(driver, |station| {
            let mut settings = wanted.clone();
            settings.0.extend(station.fake.settings_for(&station.fake.base_url(), wanted).0);
            settings
        })
    }

    pub fn credential(&self, driver: &str) -> Credential {
        self.with(driver, |station| station.fake.credential())
    }

    /// Both books in one: no list is in both.
    pub fn books(&self) -> BTreeMap<String, Vec<Json>> {
        let state = self.lock();
        let all = state.stations.iter().filter_map(|station| station.fake.books().as_object().cloned());
        all.flatten().filter_map(|(name, list)| Some((name, list.as_array()?.clone()))).collect()
    }

    pub fn versions(&self) -> Vec<Contractor> {
        self.lock().versions.clone()
    }

    pub fn changes(&self) -> usize {
        self.lock().stations.iter().map(|station| station.changes.len()).sum()
    }

    fn with<T>(&self, driver: &str, look: impl FnOnce(&Station) -> T) -> T {
        let state = self.lock();
        look(state.stations.iter().find(|station| station.driver.name == driver).expect("every driver has a station"))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn work(&mut self, now: Timestamp, tale: &Tale) {
        self.change(now, tale, work::happen);
    }

    fn change(&mut self, now: Timestamp, tale: &Tale, happen: fn(&mut Contractor, &mut Random, Timestamp) -> String) {
        let told = happen(&mut self.contractor, &mut self.random, now);
        tale.tell(now, format_args!("people: {told}"));
        for station in &mut self.stations {
            station.restock(&self.contractor);
            let before = self.versions.last().unwrap_or(&self.contractor);
            let told = station.fake.tidings(before, now).into_iter();
            self.mail.extend(told.map(|body| Letter { driver: station.driver.name, body }));
        }
        self.versions.push(self.contractor.clone());
    }

    fn deliver(&mut self, now: Timestamp, tale: &Tale) {
        self.late.sort_by_key(|(at, ..)| *at);
        while self.late.first().is_some_and(|(at, ..)| *at <= now) {
            let (at, station, request) = self.late.remove(0);
            let response = self.stations[station].answer(&request, at);
            tale.tell(now, format_args!("  late {} is answered {}", shown(&request), response.status));
        }
    }
}

/// The network in one life of the process.
pub struct Line {
    pub network: Arc<Network>,
    pub life: Arc<Life>,
}

#[async_trait]
impl Transport for Line {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let network = &self.network;
        let nth = self.life.request();
        let (station, fault, there, back) = network.begin(nth, &request)?;
        network.clock.sleep(there).await;
        let request = network.narrowed(request);
        if self.life.end == End::Unsent(nth) || self.life.end == End::Outlived(nth) {
            network.die(nth, station, &request, self.life.end);
            self.life.die().await;
        }
        let before = network.changes();
        let answered = network.arrive(nth, station, &request, fault);
        let changes = u64::try_from(network.changes() - before).unwrap_or_default();
        if self.life.wrote(changes) || self.life.end == End::Unanswered(nth) {
            network.tell(format_args!("  dies before request {nth} is answered"));
            self.life.die().await;
        }
        let waits = if matches!(fault, Some(Fault::Silence(_))) { request.timeout } else { back };
        network.clock.sleep(waits).await;
        answered
    }
}

type Begun = (usize, Option<Fault>, Span, Span);

impl Network {
    fn tell(&self, what: std::fmt::Arguments<'_>) {
        self.tale.tell(self.clock.now(), what);
    }

    /// What awaits the request: where it goes, what befalls it, how long both ways take.
    fn begin(&self, nth: u64, request: &HttpRequest) -> Result<Begun, TransportError> {
        let mut state = self.lock();
        state.requests += 1;
        if state.disturbed.contains(&state.requests) {
            state.work(self.clock.now(), &self.tale);
        }
        let host = host(&request.url);
        let Some(station) = state.stations.iter().position(|station| station.host == host) else {
            return Err(lost(false, false, "there is no such host"));
        };
        state.flying.insert(nth, (station, request.clone()));
        let weather = state.weather;
        let fault = weather.fault(&mut state.random);
        let mut span = |low, high| Span::from_millis(state.random.between(low, high).unsigned_abs());
        let (there, back) = (span(20, 160), span(20, 160));
        let back = if fault == Some(Fault::Slow) { Span::from_secs(20) } else { back };
        Ok((station, fault, there, back))
    }

    /// Servers may give fewer records on a page than were asked for.
    fn narrowed(&self, mut request: HttpRequest) -> HttpRequest {
        let page = self.lock().page.filter(|_| request.method == Method::Get);
        if let (Some(most), Some(at)) = (page, request.url.find("per_page=")) {
            let digits = at + "per_page=".len();
            let end = request.url[digits..].find('&').map_or(request.url.len(), |end| digits + end);
            if request.url[digits..end].parse::<u64>().is_ok_and(|asked| asked > most) {
                request.url.replace_range(digits..end, &most.to_string());
            }
        }
        request
    }

    fn die(&self, nth: u64, station: usize, request: &HttpRequest, end: End) {
        let mut state = self.lock();
        state.flying.remove(&nth);
        let now = self.clock.now();
        self.tale.tell(now, format_args!("  {end}: {}", shown(request)));
        if matches!(end, End::Outlived(_)) {
            let arrival = now.plus(late(&mut state.random));
            state.late.push((arrival, station, request.clone()));
        }
    }

    /// The request is where it goes, or never will be.
    fn arrive(
        &self,
        nth: u64,
        station: usize,
        request: &HttpRequest,
        fault: Option<Fault>,
    ) -> Result<HttpResponse, TransportError> {
        let mut state = self.lock();
        let now = self.clock.now();
        state.flying.remove(&nth);
        state.deliver(now, &self.tale);
        state.writes += u64::from(request.method != Method::Get);
        let answered = state.befall(station, request, fault, now);
        let became = match &answered {
            Ok(response) => response.status.to_string(),
            Err(error) => error.message.clone(),
        };
        let of_fault = fault.map(|fault| format!(" ({fault:?})")).unwrap_or_default();
        self.tale.tell(now, format_args!("  {nth}: {} -> {became}{of_fault}", shown(request)));
        answered
    }
}

impl State {
    fn befall(
        &mut self,
        station: usize,
        request: &HttpRequest,
        fault: Option<Fault>,
        now: Timestamp,
    ) -> Result<HttpResponse, TransportError> {
        if let Some(left) = self.bursts.get_mut(&station).filter(|left| **left > 0) {
            *left -= 1;
            return Ok(answer(500, None, "text/html", "<html><h1>500 Internal Server Error</h1></html>"));
        }
        match fault {
            None | Some(Fault::Slow) => Ok(self.answer(station, request, now)),
            Some(Fault::TooMany { told }) => {
                Ok(answer(429, told.then_some(7), "text/plain", "Too many requests. Please wait."))
            }
            Some(Fault::Busy) => Ok(answer(503, Some(5), "text/html", "<html><h1>503 Service Unavailable</h1></html>")),
            Some(Fault::Burst(more)) => {
                self.bursts.insert(station, more);
                Ok(answer(500, None, "text/html", "<html><h1>500 Internal Server Error</h1></html>"))
            }
            Some(Fault::Expired) => Ok(answer(401, None, "application/json", r#"{"error":"invalid_token"}"#)),
            Some(Fault::Unreachable) => Err(lost(false, false, "no connection")),
            Some(Fault::Silence(fate)) => {
                self.fare(station, request, fate, request.timeout, now);
                Err(lost(true, true, "no answer in time"))
            }
            Some(Fault::Broken(fate)) => {
                self.fare(station, request, fate, Span::ZERO, now);
                Err(lost(true, false, "the connection broke"))
            }
            Some(Fault::Failed) => {
                self.answer(station, request, now);
                if let Some(forgotten) = self.stations[station].fake.forget(request).filter(|_| self.random.chance(60))
                {
                    return Ok(forgotten);
                }
                Ok(answer(500, None, "text/html", "<html><h1>500 Internal Server Error</h1></html>"))
            }
            Some(Fault::Torn) => {
                let mut response = self.answer(station, request, now);
                response.body.truncate(response.body.len() / 2);
                Ok(response)
            }
            Some(Fault::WrongType { done }) => {
                if done {
                    self.answer(station, request, now);
                }
                Ok(answer(200, None, "text/html", "<!DOCTYPE html><html><body>One moment.</body></html>"))
            }
            Some(Fault::Refused) => match self.stations[station].fake.refuse(request) {
                Some(refusal) => Ok(refusal),
                None => Ok(self.answer(station, request, now)),
            },
        }
    }

    fn answer(&mut self, station: usize, request: &HttpRequest, now: Timestamp) -> HttpResponse {
        self.stations[station].answer(request, now)
    }

    /// What becomes of a request whose sender learns nothing within this time.
    fn fare(&mut self, station: usize, request: &HttpRequest, fate: Fate, waits: Span, now: Timestamp) {
        match fate {
            Fate::Lost => {}
            Fate::Done => {
                self.answer(station, request, now);
            }
            Fate::Late(after) => self.late.push((now.plus(waits).plus(after), station, request.clone())),
        }
    }
}

fn lost(maybe_sent: bool, timeout: bool, message: &str) -> TransportError {
    TransportError { maybe_sent, timeout, message: message.to_owned() }
}

/// `https://a.example/b` has `a.example`.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// For people; what a body says besides is in the books.
fn shown(request: &HttpRequest) -> String {
    let path = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
    let path: String = path.chars().take(150).collect();
    format!("{} {path} ({} bytes)", request.method.as_str(), request.body.len())
}
