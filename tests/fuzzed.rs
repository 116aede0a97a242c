//! The bodies of the fuzz targets over every pipeline of the corpus, and over versions of
//! each with bytes changed, cut out, doubled and put in from others.

#[path = "../fuzz/entries.rs"]
mod entries;

use crate::soundness::{around, judge, pipeline, random, record};
use random::Random;
use std::path::{Path, PathBuf};

/// Words that steer a text somewhere else.
const WORDS: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "'",
    "{{",
    "}}",
    "|",
    "??",
    " where ",
    " else hold ",
    "[?@.a > 0]",
    "[*]",
    "..",
    " / 0",
    "-9223372036854775808",
    "99999999999999999999999999999",
    "# ",
    "\n",
    "\u{0}",
    "é",
    "each x as y {",
    "[]",
    "first([])",
    "$",
    "0001-01-01",
    "1_000.50",
    "9999999d",
    "not ",
    " in ",
    "missing skip \"\"",
];

fn pipelines() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["examples", "tests/corpus/right", "tests/corpus/wrong", "tests/corpus/later", "tests/corpus/issues"];
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(root.join(folder)).ok()).flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "mlc"));
    paths.sort();
    paths
}

fn mutated(random: &mut Random, text: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..=random.below(3) {
        let (from, to) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        match random.below(6) {
            0 if from < bytes.len() => bytes[from] = random.below(256) as u8,
            1 => drop(bytes.drain(from..to.min(from + 40))),
            2 => {
                let again = bytes[from..to.min(from + 60)].to_vec();
                bytes.splice(from..from, again);
            }
            3 => {
                let start = random.below(other.len());
                let piece = other[start..other.len().min(start + 60)].to_vec();
                bytes.splice(from..from, piece);
            }
            _ => drop(bytes.splice(from..from, random.pick(WORDS).bytes()).count()),
        }
    }
    bytes
}

#[test]
fn no_bytes_break_the_way_from_text_to_target() {
    let paths = pipelines();
    assert!(paths.len() > 100);
    let texts: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).expect("a pipeline")).collect();
    let rounds = std::env::var("MLC_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(8_u64);
    for (path, text) in paths.iter().zip(&texts) {
        entries::evaluate(text);
        entries::format(text);
        entries::made(text);
        for round in 0..rounds {
            let seed = round << 32 | text.len() as u64;
            let mut random = Random::new(seed);
            let other = random.pick(&texts).clone();
            let bytes = mutated(&mut random, text, &other);
            let held = std::panic::catch_unwind(|| {
                entries::parse(&bytes);
                entries::format(&bytes);
                entries::evaluate(&bytes);
            });
            if held.is_err() {
                panic!("{}, round {round}:\n{}", path.display(), String::from_utf8_lossy(&bytes));
            }
        }
    }
}
