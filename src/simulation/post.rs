//! What the other sides tell of by themselves, on its way to a server: late, twice, out of order,
//! never, torn, and with the secret of somebody else.
//!
//! The door, the queue on disk and what looks after it are the real ones of `mlc serve`.

use super::clock::VirtualClock;
use super::network::Letter;
use super::oracle::Breach;
use super::tale::Tale;
use crate::connector::Notice;
use crate::connectors::drivers;
use crate::engine::Setup;
use crate::sandbox::Random;
use crate::serve::http::{Closed, router};
use crate::serve::{Bounds, House, Opened, Opener, Outside, Refusal, webhook};
use crate::store::{DeliveryState, RecordId, Store};
use crate::value::{Span, Timestamp};
use crate::world::{Clock, Entropy, Transport};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use secrecy::ExposeSecret as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tower::ServiceExt as _;

/// What waits is looked at within this, when nothing goes wrong.
const PROMPT: Span = Span::from_secs(30 * 60);
const MINUTE: Span = Span::from_secs(60);
/// So long a server lives in any case.
const LIFE: Span = Span::from_secs(6 * 3_600);
const BOUNDS: Bounds = Bounds { run: Span::from_secs(2 * 3_600), grace: Span::from_secs(600) };

/// How one letter is handed over.
#[derive(Clone, Debug)]
struct Handing {
    letter: Letter,
    kind: Kind,
    after: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// As it was written.
    Whole,
    /// Half of it, with the right secret.
    Torn,
    /// With a secret that is none.
    Forged,
}

/// Who carries the letters of one contractor.
pub struct Postman {
    pub random: Random,
    /// Deliveries that were answered with 200.
    pub received: u64,
    /// Not handed over yet.
    bag: Vec<Letter>,
    /// Handed over once; one of them may come again.
    known: Vec<Letter>,
    /// Answered with 200, in any life.
    kept: BTreeSet<Letter>,
}

/// One life of the server, as far as the post sees it.
pub struct Office {
    pub clock: Arc<VirtualClock>,
    pub tale: Arc<Tale>,
    pub transport: Arc<dyn Transport>,
    pub entropy: Arc<dyn Entropy>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Received {
    /// Answered with a 200.
    kept: Vec<Letter>,
    /// Forged ones that were not turned away.
    believed: u64,
    /// Nothing waits any more.
    quiet: bool,
}

impl Postman {
    pub fn new(random: Random) -> Self {
        Self { random, received: 0, bag: Vec::new(), known: Vec::new(), kept: BTreeSet::new() }
    }

    pub fn take(&mut self, letters: Vec<Letter>) {
        self.bag.extend(letters);
    }

    /// What is handed over in the server's next life. Without trouble all that is in the bag, once.
    fn round(&mut self, calm: bool) -> Vec<Handing> {
        let mut handings = Vec::new();
        let random = &mut self.random;
        let soon = |random: &mut Random| Span::from_millis(random.between(0, 20_000).unsigned_abs());
        for letter in std::mem::take(&mut self.bag) {
            if !calm && random.chance(15) {
                continue;
            }
            if !calm && random.chance(20) {
                self.known.push(letter.clone());
                self.bag.push(letter);
                continue;
            }
            let after = soon(random);
            let again = Handing { letter: letter.clone(), kind: Kind::Whole, after: soon(random) };
            if !calm && random.chance(25) {
                handings.push(again);
            }
            self.known.push(letter.clone());
            handings.push(Handing { letter, kind: Kind::Whole, after });
        }
        if !calm && !self.known.is_empty() {
            for kind in [Kind::Whole, Kind::Torn, Kind::Forged] {
                if random.chance(30) {
                    let letter = random.pick(&self.known).clone();
                    handings.push(Handing { letter, kind, after: soon(random) });
                }
            }
        }
        // Out of order: by the draw alone.
        handings.sort_by_key(|handing| handing.after);
        handings
    }

    /// What the server's next life brings.
    pub fn plan(&mut self, calm: bool) -> Round {
        Round { handings: self.round(calm), calm, received: Arc::default() }
    }

    /// What is to be handed over again, and whether what was promised is kept: by the store, when
    /// the life is over. `Err` names what does not hold.
    pub fn back(&mut self, round: &Round, store: &dyn Store, ended: bool) -> Result<(), Breach> {
        let received = round.received.lock().unwrap_or_else(PoisonError::into_inner);
        let answered: Vec<&Letter> = received.kept.iter().collect();
        self.received += answered.len() as u64;
        self.kept.extend(answered.iter().copied().cloned());
        let open = round.handings.iter().filter(|handing| handing.kind == Kind::Whole).map(|handing| &handing.letter);
        let mut open: Vec<Letter> = open.filter(|letter| !answered.contains(letter)).cloned().collect();
        open.dedup();
        self.bag.extend(open);
        if received.believed > 0 {
            return Err(Breach {
                invariant: "a forged delivery is turned away",
                detail: format!("{} were not", received.believed),
            });
        }
        for letter in answered {
            let (connection, id) = letter.name()?;
            let kept = store.delivery(&connection, &id).map_err(|error| letter.breach(&error.to_string()))?;
            match kept {
                None => return Err(letter.breach("it was answered with 200 and is not on disk")),
                Some(kept) if round.calm && ended && kept.state == DeliveryState::Waiting => {
                    return Err(letter.breach("nothing went wrong, and nobody looked at it"));
                }
                Some(_) => {}
            }
        }
        if round.calm && ended && !received.quiet {
            return Err(Breach {
                invariant: "what was told is looked at",
                detail: "deliveries wait on though nothing goes wrong".to_owned(),
            });
        }
        Ok(())
    }

    /// What is said to be done of all that was ever answered: the records that were named, as far
    /// as they are of this flow, among these, and were not changed since.
    pub fn known(&self, store: &dyn Store, flow: &str, papers: &BTreeMap<String, Timestamp>) -> Result<(), Breach> {
        for letter in &self.kept {
            let (connection, id) = letter.name()?;
            let kept = store.delivery(&connection, &id).map_err(|error| letter.breach(&error.to_string()))?;
            let is_done = kept.is_some_and(|kept| matches!(kept.state, DeliveryState::Done { .. }));
            let notice = letter.notice().filter(|_| is_done);
            let named = notice.and_then(|notice| Some((format!("{}/{}", notice.scope?, notice.record), notice.at?)));
            let Some((key, at)) = named else { continue };
            let is_latest = papers.get(&key).is_some_and(|changed| *changed <= at);
            let id = RecordId { flow: flow.to_owned(), key };
            let known = store.record(&id).map_err(|error| letter.breach(&error.to_string()))?;
            if is_latest && known.is_none() {
                return Err(letter.breach("it is said to be done, and its record was never read"));
            }
        }
        Ok(())
    }
}

impl Letter {
    fn notice(&self) -> Option<Notice> {
        let receiving = drivers().iter().find(|driver| driver.name == self.driver).and_then(|driver| driver.webhook)?;
        (receiving.read)(&self.body).ok()
    }

    /// The connection that it is for, which is called like its driver, and its id.
    fn name(&self) -> Result<(String, String), Breach> {
        let notice = self.notice().ok_or_else(|| self.breach("what was sent cannot be read"))?;
        Ok((self.driver.to_owned(), notice.delivery))
    }

    fn breach(&self, what: &str) -> Breach {
        let detail = format!("{what}: {}", String::from_utf8_lossy(&self.body));
        Breach { invariant: "what was answered is kept and looked at", detail }
    }
}

/// The letters of one life.
pub struct Round {
    handings: Vec<Handing>,
    calm: bool,
    received: Arc<Mutex<Received>>,
}

impl Round {
    /// Serves and hands over, until nothing waits, or for some hours.
    pub async fn serve(&self, office: &Office, setup: Setup) {
        let secrets: Vec<(&str, &str, String)> = drivers()
            .iter()
            .filter_map(|driver| {
                let connector = setup.connections.get(driver.name)?;
                let secret = connector.webhook_secrets().first()?.expose_secret().to_owned();
                Some((driver.name, driver.webhook?.secret_header, secret))
            })
            .collect();
        let name = setup.program.name().to_owned();
        let outside = Outside {
            clock: Arc::clone(&office.clock) as Arc<dyn Clock>,
            entropy: Arc::clone(&office.entropy),
            transport: Arc::clone(&office.transport),
        };
        let opener = Arc::new(Once(Mutex::new(Some(setup))));
        let house = Arc::new(House::bounded(outside, opener, Arc::new(Closed), BOUNDS));
        let customer = house.admit(Path::new("simulated.mlc")).expect("what was compiled opens");
        tokio::spawn(webhook::dispatch(Arc::clone(&house)));
        let began = office.clock.now();
        for handing in &self.handings {
            office.clock.sleep(began.plus(handing.after).since(office.clock.now())).await;
            let known = secrets.iter().find(|(driver, ..)| *driver == handing.letter.driver);
            let Some((driver, header, secret)) = known else { continue };
            let (secret, body) = match handing.kind {
                Kind::Whole => (secret.as_str(), handing.letter.body.clone()),
                Kind::Torn => (secret.as_str(), handing.letter.body[..handing.letter.body.len() / 2].to_vec()),
                Kind::Forged => ("of somebody else", handing.letter.body.clone()),
            };
            let request = Request::post(format!("/webhooks/{driver}/{name}.{driver}")).header(*header, secret);
            let request = request.body(Body::from(body)).expect("a request");
            let status = match router(&house).oneshot(request).await {
                Ok(response) => response.status(),
                Err(never) => match never {},
            };
            self.tell(office, handing, status);
        }
        let until = began.plus(if self.calm { PROMPT } else { LIFE });
        while office.clock.now() < until {
            office.clock.sleep(MINUTE).await;
            if customer.index.waiting.is_empty() {
                self.received.lock().unwrap_or_else(PoisonError::into_inner).quiet = true;
                break;
            }
        }
        house.drain();
        house.at_rest().await;
    }

    fn tell(&self, office: &Office, handing: &Handing, status: StatusCode) {
        let now: Timestamp = office.clock.now();
        office.tale.tell(now, format_args!("  post: {:?} is answered {}", handing.kind, status.as_u16()));
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        match (handing.kind, status == StatusCode::OK) {
            (Kind::Whole, true) => received.kept.push(handing.letter.clone()),
            (Kind::Forged, _) if status != StatusCode::UNAUTHORIZED => received.believed += 1,
            _ => {}
        }
    }
}

/// Opens what it was given, once.
struct Once(Mutex<Option<Setup>>);

impl Opener for Once {
    fn open(&self, _: &Path, _: Option<&Opened>) -> Result<Opened, Refusal> {
        let setup = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let setup =
            setup.ok_or_else(|| Refusal { message: "it is open".to_owned(), mend: String::new(), world: false })?;
        Ok(Opened { setup, folder: PathBuf::new(), text: String::new() })
    }
}
