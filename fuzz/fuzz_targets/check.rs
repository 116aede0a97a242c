//! See `entries.rs`.

#![no_main]

#[path = "../entries.rs"]
mod entries;
#[path = "../../tests/soundness/around.rs"]
mod around;
#[path = "../../tests/soundness/judge.rs"]
mod judge;
#[path = "../../tests/soundness/pipeline/mod.rs"]
mod pipeline;
#[path = "../../tests/soundness/random.rs"]
mod random;
#[path = "../../tests/soundness/record.rs"]
mod record;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::check(bytes));
