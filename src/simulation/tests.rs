//! The short form of the simulation, and whether it would notice a broken engine.

use super::{Programs, Told, play};
use crate::engine::mutant::{Mutant, with};

/// So many seeds must be enough for each mutant.
const ENOUGH: u64 = 200;

#[test]
fn seeds_keep_every_promise() {
    let programs = Programs::default();
    let seeds = std::iter::once(0..12).flatten();
    for told in seeds.map(|seed| play(seed, &programs)) {
        assert_eq!(told.breach, None, "seed {}\n{}", told.seed, told.tale);
    }
}

#[test]
fn the_same_seed_tells_the_same_tale() {
    for seed in [3, 4] {
        let (one, other) = (play(seed, &Programs::default()), play(seed, &Programs::default()));
        assert!(one.tale.lines().count() > 50, "{}", one.tale);
        assert_eq!(one.tale, other.tale);
    }
}

/// The seed that tells on the mutant.
fn caught(mutant: Mutant, from: u64) -> (u64, Told) {
    let programs = Programs::default();
    let mut told = (from..ENOUGH).map(|seed| with(mutant, || play(seed, &programs)));
    let told = told.find(|told| told.breach.is_some());
    told.map(|told| (told.seed, told)).unwrap_or_else(|| panic!("{mutant:?} lives through {ENOUGH} seeds"))
}

fn invariant(mutant: Mutant, from: u64) -> &'static str {
    let (seed, told) = caught(mutant, from);
    let breach = told.breach.expect("caught");
    println!("{mutant:?}: seed {seed}: {}: {}", breach.invariant, breach.detail);
    breach.invariant
}

#[test]
fn an_engine_that_announces_nothing_is_caught() {
    invariant(Mutant::NoIntent, 0);
}

#[test]
fn an_engine_that_does_not_ask_first_is_caught() {
    invariant(Mutant::NoLookup, 0);
}

#[test]
fn an_engine_that_moves_the_cursor_first_is_caught() {
    invariant(Mutant::CursorFirst, 0);
}

#[test]
fn an_engine_that_retries_blindly_is_caught() {
    invariant(Mutant::BlindRetry, 0);
}
