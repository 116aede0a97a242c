//! Many seeds, side by side. Each is played by itself, so that how many threads there are
//! changes nothing but the time that it takes.

use super::programs::Programs;
use super::story::{Told, play};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Which seeds, and by how many threads.
#[derive(Clone, Debug)]
pub struct Seeds {
    pub seeds: Range<u64>,
    pub threads: usize,
    /// Keep what happened also where no promise was broken.
    pub tales: bool,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct Simulated {
    pub seeds: u64,
    /// Lives of the process, and how many of them were cut short.
    pub lives: u64,
    pub deaths: u64,
    pub requests: u64,
    /// Deliveries of webhooks that were answered with 200.
    pub deliveries: u64,
    /// Seeds that broke a promise, or all of them where their tales are wanted, in order.
    pub told: Vec<Told>,
}

/// Plays all of them. `done` hears of each that is done.
pub fn simulate(wanted: &Seeds, done: &(dyn Fn() + Sync)) -> Simulated {
    let programs = Programs::default();
    let next = AtomicU64::new(wanted.seeds.start);
    let sums = Mutex::new(Simulated::default());
    thread::scope(|scope| {
        for _ in 0..wanted.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= wanted.seeds.end {
                        return;
                    }
                    let told = play(seed, &programs);
                    sums.lock().unwrap_or_else(PoisonError::into_inner).add(told, wanted.tales);
                    done();
                }
            });
        }
    });
    let mut sums = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    sums.told.sort_by_key(|told| told.seed);
    sums
}

impl Simulated {
    fn add(&mut self, told: Told, tales: bool) {
        self.seeds += 1;
        self.lives += told.lives;
        self.deaths += told.deaths;
        self.requests += told.requests;
        self.deliveries += told.deliveries;
        if tales || told.breach.is_some() {
            self.told.push(told);
        }
    }
}
