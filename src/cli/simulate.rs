//! `mlc sandbox simulate`: bad days by the thousand, and whether a promise was broken.

use super::arguments::{Format, Simulate};
use super::exit::{Exit, Failure, Outcome};
use super::screen::{count, grouped, lasted, note, say, say_json};
use crate::host;
use crate::simulation::{Seeds, Simulated, Told, simulate};
use serde_json::{Value as Json, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// How often it is told how far it is.
const EVERY: u64 = 1_000;

pub fn run(arguments: &Simulate) -> Outcome {
    if let Some(days) = arguments.days {
        return super::season::run(arguments, days);
    }
    let end = arguments.from.checked_add(arguments.seeds).ok_or_else(|| {
        Failure::wrong("there are not so many seeds after --from", "begin with a smaller one, such as --from 0")
    })?;
    let wanted = Seeds { seeds: arguments.from..end, threads: arguments.threads, tales: arguments.story };
    let clock = host::world().clock;
    let begun = clock.now();
    let done = AtomicU64::new(0);
    let simulated = simulate(&wanted, &|| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(EVERY) {
            note(&format!("{} of {}\n", grouped(done), grouped(arguments.seeds)));
        }
    });
    let took = clock.now().since(begun);
    if arguments.printing.format == Format::Json {
        say_json(&told_json(arguments, &simulated, took.as_secs_f64()))?;
    } else {
        say(&told_text(arguments, &simulated, &lasted(took)))?;
    }
    Ok(if simulated.told.iter().any(|told| told.breach.is_some()) { Exit::Attention } else { Exit::Well })
}

fn told_text(arguments: &Simulate, simulated: &Simulated, took: &str) -> String {
    let mut text = String::new();
    let mut broken = 0;
    for told in &simulated.told {
        if arguments.story {
            text.push_str(&format!("seed {}\n{}", told.seed, told.tale));
        }
        if let Some(breach) = &told.breach {
            broken += 1;
            let detail = breach.detail.replace('\n', "\n  ");
            text.push_str(&format!(
                "seed {}: broken: {}\n  {detail}\n  to see it again: {}\n",
                told.seed,
                breach.invariant,
                again(told)
            ));
        }
    }
    let kept = match broken {
        0 => "every promise kept".to_owned(),
        broken => format!("a promise broken in {}", count(broken, "seed", "seeds")),
    };
    text.push_str(&format!(
        "{}: {kept}\n  the process lived {} times and died early {} times; {} requests; {} deliveries; {took}\n",
        count(simulated.seeds, "seed", "seeds"),
        grouped(simulated.lives),
        grouped(simulated.deaths),
        grouped(simulated.requests),
        grouped(simulated.deliveries),
    ));
    text
}

fn told_json(arguments: &Simulate, simulated: &Simulated, seconds: f64) -> Json {
    let broken = simulated.told.iter().filter_map(|told| {
        let breach = told.breach.as_ref()?;
        Some(json!({
            "seed": told.seed, "invariant": breach.invariant, "detail": breach.detail, "again": again(told),
        }))
    });
    let mut result = json!({
        "seeds": simulated.seeds, "from": arguments.from, "lives": simulated.lives, "deaths": simulated.deaths,
        "requests": simulated.requests, "deliveries": simulated.deliveries, "seconds": seconds, "broken": broken.collect::<Vec<_>>(),
    });
    if arguments.story {
        let stories = simulated.told.iter().map(|told| (told.seed.to_string(), Json::from(told.tale.as_str())));
        result["stories"] = Json::Object(stories.collect());
    }
    result
}

/// The command that repeats a seed.
fn again(told: &Told) -> String {
    format!("mlc sandbox simulate --from {} --seeds 1 --story", told.seed)
}
