//! The short form of the simulation.

use super::{Programs, play};

#[test]
fn seeds_keep_every_promise() {
    let programs = Programs::default();
    for seed in 0..10 {
        let told = play(seed, &programs);
        if let Some(breach) = told.breach {
            panic!("seed {seed}: {}: {}\n{}", breach.invariant, breach.detail, told.tale);
        }
    }
}
