//! A pipeline that passes `check` does not fail in mapping: made pipelines, those that
//! pass, over made records. Whatever happens to a record was declared, and what is mapped
//! obeys the target's catalogue.
//!
//! `MLC_CASES=1000000` for more cases, `MLC_SEED=…` for the one that a failure names.

pub mod around;
mod constructs;
pub mod judge;
pub mod pipeline;
pub mod random;
pub mod record;
mod traced;

use constructs::Constructs;
use judge::judge;
use mlc::connector::{Catalogue, Driver, FieldSpec, ResourceSpec, decode, fitting};
use mlc::connectors::drivers;
use mlc::diag::{self, Diagnostic, Sources, Style, codes};
use mlc::model::{self, FileText, Files};
use mlc::program::{Evaluation, Program, Stop, compile};
use mlc::syntax::{Outcome, parse};
use mlc::value::{Record, RecordType, Value, from_wire_json, to_json};
use pipeline::{Made, Side, USED, pipeline};
use random::Random;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

fn site() -> &'static Catalogue {
    static READ: OnceLock<Catalogue> = OnceLock::new();
    READ.get_or_init(|| Catalogue::read(include_str!("soundness/catalogue.yaml")).expect("the test's catalogue"))
}

const SITE: Driver = Driver {
    name: "site",
    catalogue: site,
    profiled: Catalogue::read,
    open: |_| unreachable!("nothing is opened"),
    fake: |_| unreachable!("nothing is faked"),
    webhook: None,
};

/// The shipped systems, and one with a field of every type.
fn systems() -> Vec<Driver> {
    drivers().iter().copied().chain([SITE]).collect()
}

/// The one file that a pipeline may bring in.
struct Beside<'a>(Option<&'a str>);

impl Files for Beside<'_> {
    fn read(&self, path: &str) -> Result<FileText, String> {
        let text = self.0.filter(|_| path == USED).ok_or("there is no such file")?;
        Ok(FileText { path: PathBuf::from(path), text: text.into() })
    }
}

/// A pipeline that passed.
struct Passed {
    program: Program,
    /// The codes of what `check` warned of.
    warnings: Vec<&'static str>,
    text: String,
}

fn check(text: &str) -> Result<Passed, (Vec<Diagnostic>, Sources)> {
    check_made(&Made { text: text.to_owned(), used: None })
}

fn check_made(made: &Made) -> Result<Passed, (Vec<Diagnostic>, Sources)> {
    let (text, used) = (made.text.as_str(), made.used.as_deref());
    let mut sources = Sources::new();
    let id = sources.add(PathBuf::from("made.mlc"), text);
    let parsed = parse(&sources, id);
    let checked = model::check(&parsed.file, &mut sources, &Beside(used), &systems());
    let found: Vec<Diagnostic> = parsed.diagnostics.into_iter().chain(checked.diagnostics).collect();
    match checked.model {
        Some(model) if !found.iter().any(Diagnostic::is_error) => {
            let warnings = found.iter().map(|warning| warning.code.id).collect();
            Ok(Passed { program: compile(model), warnings, text: format!("{text}{}", used.unwrap_or_default()) })
        }
        _ => Err((found, sources)),
    }
}

#[derive(Default, Debug)]
struct Counts {
    made: usize,
    passed: usize,
    cases: usize,
    mapped: usize,
    stopped: usize,
    skipped: usize,
    /// Values whose origin was told.
    traced: usize,
    /// Amounts out of range, divisions by zero, texts without end.
    arithmetic: usize,
    /// Records that were decoded first.
    decoded: usize,
    /// Of those, refused for a text that is too long.
    too_long: usize,
    constructs: Constructs,
    refused: BTreeMap<&'static str, usize>,
}

fn resource(driver: &str, resource: &str) -> ResourceSpec {
    let system = systems().into_iter().find(|system| system.name == driver).expect("a system");
    (system.catalogue)().resources[resource].clone()
}

fn source_type(driver: &str, name: &str) -> Arc<RecordType> {
    resource(driver, name).source_type()
}

/// A source as a run reads it.
struct Source {
    spec: ResourceSpec,
    ty: Arc<RecordType>,
}

impl Source {
    fn of(driver: &str, name: &str) -> Self {
        let mut spec = resource(driver, name);
        plainly(&mut spec.fields);
        Self { ty: spec.source_type(), spec }
    }

    /// A record; some of them as they come off the wire, and of those some too long, which
    /// are refused before anything is evaluated.
    fn record(&self, random: &mut Random, counts: &mut Counts) -> Result<Record, String> {
        let made = record::record(random, &self.ty);
        if !random.percent(6) {
            return Ok(made);
        }
        counts.decoded += 1;
        if let Some((longer, field)) = record::too_long(random, &self.ty, &made).filter(|_| random.percent(50)) {
            let refused = self.read(&longer).err().ok_or_else(|| format!("it was read: {longer:?}"))?;
            let said = refused.contains(&format!("field `{field}` has ")) && refused.contains(" characters");
            counts.too_long += usize::from(said);
            return if said { Ok(made) } else { Err(format!("{refused}\n{longer:?}")) };
        }
        self.read(&made)
    }

    fn read(&self, record: &Record) -> Result<Record, String> {
        let wire = to_json(&Value::record(record.clone())).to_string();
        let wire = from_wire_json(wire.as_bytes()).map_err(|error| error.to_string())?;
        let read = decode(&self.spec.title, &self.spec.identity[0], &self.spec.fields, &wire);
        read.and_then(|record| fitting(&self.spec, &self.ty, record)).map_err(|error| error.to_string())
    }
}

/// Fields that stand on the wire under their own names.
fn plainly(fields: &mut indexmap::IndexMap<String, FieldSpec>) {
    for field in fields.values_mut() {
        (field.wire, field.aliases, field.derive) = (None, Vec::new(), Vec::new());
        plainly(&mut field.fields);
    }
}

/// Evaluates a pipeline over so many records; the first thing that must not be.
fn evaluate(random: &mut Random, passed: &Passed, records: usize, counts: &mut Counts) -> Result<(), String> {
    let program = &passed.program;
    let tables = around::tables(random, program, &source_type);
    // Where `check` has warned that a value may be refused, it may.
    let warned = passed.warnings.iter().any(|code| [codes::UNCHECKED_VALUE.id, codes::UNKNOWN_VALUE.id].contains(code));
    for flow in program.flows() {
        let (from, target) = (flow.source(), flow.target());
        let source = Source::of(&from.connection, &from.resource);
        let scopes = from.scope.as_ref().map(|scope| Source::of(&from.connection, &scope.resource));
        let spec = resource(&target.connection, &target.resource);
        let tables = around::with_peers(random, program, flow, &tables, &source_type);
        for _ in 0..records.div_ceil(program.flows().len()) {
            let record = source.record(random, counts)?;
            let scope = scopes.as_ref().map(|scopes| scopes.record(random, counts)).transpose()?;
            let linked = random.percent(5).then_some("7");
            counts.cases += 1;
            let outcome =
                catch_unwind(AssertUnwindSafe(|| flow.evaluate_linked(&tables, &record, scope.as_ref(), linked)));
            if let Ok(evaluation) = &outcome {
                let trace = program.trace(flow, &tables, &record, scope.as_ref(), linked);
                counts.traced += trace.values.len();
                if let Some(said) = traced::differs(program, &trace, evaluation, &record, scope.as_ref()) {
                    return Err(format!("the trace: {said}\nsource {record:?}\nscope {scope:?}"));
                }
            }
            let said = match outcome {
                Err(_) => Some("it panicked".to_owned()),
                Ok(Evaluation::Skipped) => {
                    counts.skipped += 1;
                    None
                }
                Ok(Evaluation::Stopped(stop)) => stopped(&stop, passed, counts),
                Ok(Evaluation::Mapped(mapped)) => {
                    counts.mapped += 1;
                    let wrong = judge(&mapped.target, &spec, &target.key, !warned);
                    let keyed = mapped.key.0.iter().all(|(name, value)| mapped.target.get(name) == Some(value));
                    (!wrong.is_empty() || !keyed).then(|| format!("{}; keyed: {keyed}", wrong.join("; ")))
                }
            };
            if let Some(said) = said {
                return Err(format!("{said}\nsource {record:?}\nscope {scope:?}"));
            }
        }
    }
    Ok(())
}

/// Whether a stop was declared, or is what only arithmetic can do.
fn stopped(stop: &Stop, passed: &Passed, counts: &mut Counts) -> Option<String> {
    let kind = stop.kind.as_str();
    let has = |words: &[&str]| words.iter().any(|word| passed.text.contains(word));
    let arithmetic = has(&[" + ", " - ", " * ", " / ", "sum(", "abs(", "-(", "allocate(", "round", "to_cent("]);
    let (allowed, counted) = if kind.starts_with("declared ") {
        let word = match stop.outcome {
            Outcome::Hold => "declared hold",
            Outcome::Reject => "declared reject",
            Outcome::Skip => "declared skip",
        };
        (kind.starts_with(word) && stop.sentence.starts_with(word), false)
    } else if kind.starts_with("an amount in this record is too large") {
        (arithmetic && stop.outcome == Outcome::Reject, true)
    } else if kind.starts_with("the pipeline divides by an amount that is zero") {
        (has(&[" / "]) && stop.outcome == Outcome::Reject, true)
    } else {
        let verified = kind.contains("is not in the list of") || kind.contains("came back empty");
        let ambiguous = kind.contains("has several records with");
        if kind.contains(" fits a ") && kind.ends_with(" does not") {
            counts.stopped += 1;
            return (!has(&["ambiguous "])).then(|| format!("nothing is matched, and yet: {stop:?}"));
        }
        ((verified && has(&["verify "]) || ambiguous && has(&["  from "])) && stop.outcome == Outcome::Hold, false)
    };
    counts.stopped += 1;
    counts.arithmetic += usize::from(counted);
    (!allowed).then(|| format!("stopped by what nobody declared: {stop:?}"))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// How often one pipeline is evaluated.
const RECORDS: usize = 50;

fn one(seed: u64, counts: &mut Counts) -> Result<(), String> {
    let mut random = Random::new(seed);
    let all = systems();
    let sides: Vec<Side> =
        all.iter().map(|system| Side { name: system.name, catalogue: (system.catalogue)() }).collect();
    let made = pipeline(&mut random, &sides);
    counts.made += 1;
    let passed = match check_made(&made) {
        Ok(passed) => passed,
        Err((found, sources)) => {
            if number("MLC_SEED").is_some() {
                println!("{}", diag::render(&found, &sources, Style::Plain));
            }
            for code in found.iter().filter(|found| found.is_error()).map(|found| found.code.id) {
                *counts.refused.entry(code).or_default() += 1;
            }
            return Ok(());
        }
    };
    counts.passed += 1;
    counts.constructs.of(&passed.text);
    let before = counts.mapped;
    let held = evaluate(&mut random, &passed, RECORDS, counts);
    counts.constructs.mapped(counts.mapped - before);
    held.map_err(|said| format!("MLC_SEED={seed}\n{}\n{said}", passed.text))
}

#[test]
fn what_passes_check_does_not_fail_in_mapping() {
    let wanted = number("MLC_CASES").unwrap_or(100_000) as usize;
    let only = number("MLC_SEED");
    let mut counts = Counts::default();
    let mut failed: Vec<String> = Vec::new();
    let mut seed = only.unwrap_or(1);
    while counts.cases < wanted && failed.len() < 3 && counts.made < 20 + wanted / 10 {
        if let Err(said) = one(seed, &mut counts) {
            let place = std::env::temp_dir().join(format!("unsound-{seed}.mlc"));
            let kept = std::fs::write(&place, &said).map(|()| place.display().to_string()).unwrap_or_default();
            failed.push(format!("{said}\n(kept in {kept})"));
        }
        if only.is_some() {
            break;
        }
        seed += 1;
    }
    println!("{}", counts.constructs);
    println!("{counts:?}");
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    if only.is_none() {
        let share = counts.passed * 100 / counts.made;
        println!("check let {share} % through; {} cases", counts.cases);
        assert!(share > 30, "check lets only {share} % through");
        assert!(counts.mapped * 100 > counts.cases * 20, "too few records are mapped: {counts:?}");
        assert_eq!(counts.constructs.unreached(), Vec::<String>::new(), "made too rarely");
        assert!(counts.traced > counts.mapped * 2, "too few values are traced: {counts:?}");
        assert!(counts.too_long * 200 > counts.cases, "too few texts are too long: {counts:?}");
        assert!(counts.arithmetic * 100 < counts.cases * 10, "arithmetic is rarely out of range: {counts:?}");
    }
}

/// What was mended stays so. Each file begins with what happened; a code in its first line
/// is what `check` must say, and without one it must pass and hold over records.
#[test]
fn issues_stay_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/issues");
    let entries = std::fs::read_dir(&folder).expect("the folder of issues");
    let mut seen = 0;
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "mlc") {
            continue;
        }
        seen += 1;
        let text = std::fs::read_to_string(&path).expect("a pipeline");
        let story = text.lines().next().unwrap_or("").to_owned();
        assert!(story.starts_with("# ") && story.len() > 30, "{} does not begin with what happened", path.display());
        let expected = story.strip_prefix("# ").and_then(|story| story.split_once(':')).map(|(code, _)| code);
        match (check(&text), expected.filter(|code| code.len() == 5 && code.starts_with(['E', 'W']))) {
            (Err((found, _)), Some(code)) => {
                assert!(found.iter().any(|found| found.code.id == code), "{}: {found:?}", path.display());
            }
            (Ok(passed), None) => {
                evaluate(&mut Random::new(1), &passed, 300, &mut Counts::default())
                    .unwrap_or_else(|said| panic!("{}: {said}", path.display()));
            }
            (Ok(passed), Some(code)) if passed.warnings.contains(&code) => {}
            (Ok(_), Some(code)) => panic!("{} passes, and should get {code}", path.display()),
            (Err((found, sources)), None) => {
                panic!("{}: {}", path.display(), diag::render(&found, &sources, Style::Plain))
            }
        }
    }
    println!("{seen} issues");
}

/// The same pipeline with other white space and comments.
fn laid_out_otherwise(random: &mut Random, text: &str) -> String {
    let mut other = String::from("# Another beginning.\n\n");
    for line in text.lines() {
        let indent = " ".repeat(random.below(7));
        let end = *random.pick::<&str>(&["", "   ", "\t", "  # a remark: }} \" '", "\r", "\n\n# one more {\n"]);
        other.push_str(&format!("{indent}{}{end}\n", line.trim()));
    }
    other
}

#[test]
fn layout_and_comments_change_no_hash() {
    let all = systems();
    let sides: Vec<Side> =
        all.iter().map(|system| Side { name: system.name, catalogue: (system.catalogue)() }).collect();
    let mut compared = 0;
    for seed in 1..=300 {
        let mut random = Random::new(seed);
        let Made { text, used: None } = pipeline(&mut random, &sides) else { continue };
        let Ok(passed) = check(&text) else { continue };
        let other = laid_out_otherwise(&mut random, &text);
        let moved = check(&other).unwrap_or_else(|(found, sources)| {
            panic!("seed {seed}:\n{other}\n{}", diag::render(&found, &sources, Style::Plain))
        });
        assert_eq!(passed.program.hash(), moved.program.hash(), "seed {seed}:\n{text}\n{other}");
        for (flow, other) in passed.program.flows().iter().zip(moved.program.flows()) {
            assert_eq!(flow.hash(), other.hash(), "seed {seed}, flow {}", flow.name());
        }
        compared += 1;
    }
    assert!(compared > 100, "only {compared} pipelines pass");
}
