//! `mlc sandbox simulate --days`: a season of `mlc serve`, and whether it kept what it promises.

use super::arguments::{Format, Simulate};
use super::exit::{Exit, Outcome};
use super::screen::{count, grouped, lasted, say, say_json};
use crate::host;
use crate::simulation::{BOUND, Lived, PROMPT, Season, season};
use crate::value::Span;
use serde_json::json;

pub fn run(arguments: &Simulate, days: u64) -> Outcome {
    let customers = usize::try_from(arguments.customers).unwrap_or(usize::MAX);
    let clock = host::world().clock;
    let begun = clock.now();
    let lived = season(&Season { days, customers, seed: arguments.from });
    let took = clock.now().since(begun);
    if arguments.printing.format == Format::Json {
        let breaches = lived.breaches.iter();
        let broken: Vec<_> =
            breaches.map(|breach| json!({ "invariant": breach.invariant, "detail": breach.detail })).collect();
        say_json(&json!({
            "days": days, "customers": customers, "seed": arguments.from, "seconds": took.as_secs_f64(),
            "runs": lived.runs, "dues": lived.dues, "excused": lived.excused, "latest": lived.latest.as_secs_f64(),
            "requests": lived.requests, "refused": lived.refused, "most_in_ten_seconds": lived.most[0],
            "most_in_an_hour": lived.most[1], "papers": lived.papers, "lost_notices_caught": lived.lost,
            "broken": broken,
        }))?;
    } else {
        say(&told(days, customers, &lived, took))?;
    }
    Ok(if lived.breaches.is_empty() { Exit::Well } else { Exit::Attention })
}

fn told(days: u64, customers: usize, lived: &Lived, took: Span) -> String {
    let mut text = String::new();
    for breach in &lived.breaches {
        text.push_str(&format!("broken: {}\n  {}\n", breach.invariant, breach.detail.replace('\n', "\n  ")));
    }
    let kept = if lived.breaches.is_empty() { "every promise kept" } else { "a promise broken" };
    text.push_str(&format!(
        "{} of {}: {kept}\n  {} due, each begun within {} of its time or of its customer's run before it, and \
         within {} in any case: the latest after {}; {} more fell into a customer's own trouble\n  {} runs, {} \
         requests, {} refused; at most {} in ten seconds and {} in an hour with one credential\n  {} papers came in; \
         of {} nobody was told, and each was caught by the next poll\n  {}\n",
        count(days, "day", "days"),
        count(customers as u64, "customer", "customers"),
        grouped(lived.dues),
        lasted(PROMPT),
        lasted(BOUND),
        lasted(lived.latest),
        grouped(lived.excused),
        grouped(lived.runs),
        grouped(lived.requests),
        grouped(lived.refused),
        grouped(lived.most[0]),
        grouped(lived.most[1]),
        grouped(lived.papers),
        grouped(lived.lost),
        lasted(took),
    ));
    text
}
