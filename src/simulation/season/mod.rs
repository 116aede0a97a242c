//! A season of `mlc serve`: many customers in one process, weeks of virtual time, summer time
//! that comes in the middle of it, an outage, a system that falls silent, a fault of ours; and
//! of the changes that their systems tell of by webhook, every notice is lost.
//!
//! The clockwork, the engine and the connectors are the real ones.

mod calendar;
mod judge;
mod road;
mod street;

use super::clock::{VirtualClock, live};
use super::oracle::Breach;
use super::weather::Weather;
use crate::engine::Options;
use crate::serve::http::Closed;
use crate::serve::{Bounds, House, Outside, clockwork};
use crate::value::{Span, Timestamp};
use crate::world::{Clock, Entropy, Transport};
use judge::Judge;
pub use judge::{BOUND, PROMPT};
use road::Mishap;
use std::sync::Arc;
use street::{Household, Street};

const HOUR: Span = Span::from_secs(3_600);
const DAY: Span = Span::from_secs(86_400);
/// 2027-03-07: summer time begins on the 14th in America and on the 28th in Europe.
const BEGINS: i64 = 1_804_377_600;
const BOUNDS: Bounds = Bounds { run: Span::from_secs(2 * 3_600), grace: Span::from_secs(600) };
/// So many runs by hand at the end, days apart, are enough to have nothing left to do.
const LAST_RUNS: u32 = 6;

/// How long, and for how many.
#[derive(Clone, Copy, Debug)]
pub struct Season {
    pub days: u64,
    pub customers: usize,
    pub seed: u64,
}

/// What there was to be seen.
#[derive(Clone, Debug, Default)]
pub struct Lived {
    pub runs: u64,
    /// Due instants that were looked at, and those that fell into a customer's own trouble.
    pub dues: u64,
    pub excused: u64,
    /// How long the latest of them waited.
    pub latest: Span,
    pub requests: u64,
    /// Answered with a refusal, because a rate window was used up.
    pub refused: u64,
    /// The most requests in a window of each kind.
    pub most: [u64; 2],
    /// Papers that came to be due, and those of which a notice was lost and that a poll has caught.
    pub papers: u64,
    pub lost: u64,
    pub breaches: Vec<Breach>,
}

/// A time when no process lives.
#[derive(Clone, Copy, Debug)]
struct Outage {
    from: Timestamp,
    until: Timestamp,
}

impl Outage {
    fn has(&self, at: Timestamp) -> bool {
        (self.from..self.until).contains(&at)
    }
}

/// Lives through it.
pub fn season(wanted: &Season) -> Lived {
    let begins = Timestamp::from_unix(BEGINS);
    let ends = begins.plus(DAY * u32::try_from(wanted.days).unwrap_or(u32::MAX));
    let clock = Arc::new(VirtualClock::at(begins));
    let third = begins.plus(ends.since(begins) / 3);
    // Each where there are customers and days enough.
    let mishap = |number: usize| match number {
        1 => Some(Mishap::Silence(third, third.plus(HOUR * 4))),
        2 => Some(Mishap::Fault(third)),
        _ => None,
    };
    let households: Vec<Arc<Household>> = (0..wanted.customers)
        .map(|number| Arc::new(Household::new(number, wanted.seed, &clock, mishap(number), number == 3)))
        .collect();
    let street = Arc::new(Street { households, clock: Arc::clone(&clock) });
    let outage = (wanted.days > 1).then(|| {
        let from = begins.plus(ends.since(begins) / 2).plus(HOUR);
        Outage { from, until: from.plus(HOUR * 3) }
    });
    if let Some(outage) = outage {
        serve_until(&street, outage.from);
        street.households.iter().for_each(|household| household.network.orphan());
        clock.pass(outage.until.since(clock.now()));
    }
    serve_until(&street, ends);
    let mut lived = Lived::default();
    for household in &street.households {
        let judged = Judge::new(household, begins, ends, outage).judge(&mut lived);
        lived.breaches.extend(judged.err());
    }
    rest(&street);
    for household in &street.households {
        lived.breaches.extend(Judge::new(household, begins, ends, outage).books().err());
    }
    lived
}

fn house(street: &Arc<Street>) -> Arc<House> {
    let first = street.households.first().expect("a customer");
    let outside = Outside {
        clock: Arc::clone(&street.clock) as Arc<dyn Clock>,
        entropy: first.entropy() as Arc<dyn Entropy>,
        transport: Arc::clone(&first.road) as Arc<dyn Transport>,
    };
    let house = Arc::new(House::bounded(outside, Arc::clone(street) as _, Arc::new(Closed), BOUNDS));
    for household in &street.households {
        house.admit(&household.file()).expect("a household's pipeline opens");
    }
    house
}

/// One life of the process, which ends without a word.
fn serve_until(street: &Arc<Street>, until: Timestamp) {
    let clock = &street.clock;
    let lived = live(clock, async {
        let house = house(street);
        tokio::spawn(clockwork::run(Arc::clone(&house)));
        for household in &street.households {
            let (household, clock) = (Arc::clone(household), Arc::clone(clock));
            tokio::spawn(async move { household.work(&clock).await });
        }
        clock.sleep(until.since(clock.now())).await;
    });
    assert_eq!(lived, Some(()), "somebody always waits for the time");
}

/// People stop working, and try again what is parked, until nothing is left to do.
fn rest(street: &Arc<Street>) {
    let clock = &street.clock;
    let rested = live(clock, async {
        let house = house(street);
        for household in &street.households {
            household.network.set(Weather::CALM, None, Vec::new());
        }
        for _ in 0..LAST_RUNS {
            // Receipts bear days, which end by the company's clock.
            clock.sleep(HOUR * 60).await;
            for (household, customer) in street.households.iter().zip(house.customers()) {
                household.network.settle();
                // What becomes of it is read in the books.
                let _ = customer.run(&Options { retry: true, ..Options::default() }).await;
            }
        }
    });
    assert_eq!(rested, Some(()), "somebody always waits for the time");
}
