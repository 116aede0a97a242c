//! `mlc adopt`: what people keyed into the target before go-live is recognised, shown, and
//! after a yes taken for the records that it belongs to.

mod choose;
mod view;

use super::arguments::{Adopt, TableFormat};
use super::compose::{self, Wish};
use super::confirm;
use super::exit::{Exit, Failure, Outcome};
use super::progress::{Counter, Ticker};
use super::screen::{GOOD, count, note, say, say_json};
use crate::engine::{self, AdoptOptions, RunError, RunErrorKind, Survey};
use crate::value::{Date, Decimal};
use choose::chosen;
use std::sync::Arc;
use view::View;

/// Places of what is adopted: flow, and match in it.
type Chosen = Vec<(usize, usize)>;

pub async fn run(arguments: &Adopt) -> Outcome {
    let since = arguments.since.as_deref().map(day).transpose()?;
    let pairs = arguments.pairs.iter().map(|text| choose::pair(text)).collect::<Result<Vec<_>, _>>()?;
    let may_ask = arguments.format == TableFormat::Text && !arguments.yes && confirm::can_ask();
    let writes = arguments.yes || may_ask;
    let by = arguments.by.trim();
    if writes && by.is_empty() {
        return Err(Failure::wrong("nobody is named who adopts", "say who: --by NAME"));
    }
    let program = compose::program(&arguments.place.file, &arguments.vars.vars)?;
    let counter = Arc::new(Counter::default());
    let (seed, faults) = (arguments.make.seed, arguments.make.faults.as_str());
    let ready =
        compose::open(program, &Wish { place: &arguments.place, seed, faults, plan: !writes }, counter.clone())?;
    let options = AdoptOptions { flows: arguments.flows.clone(), since, moved: arguments.moved };
    let ticker = Ticker::start(&counter, arguments.quiet);
    let survey = engine::survey(&ready.setup, &options).await;
    ticker.stop().await;
    let survey = survey.map_err(|error| failure(&error))?;
    let chosen = chosen(&survey, &pairs, arguments.likely)?;
    let view = View { arguments, setup: &ready.setup, survey: &survey, chosen: &chosen };
    if arguments.format == TableFormat::Text {
        say(&view.text())?;
    }
    let agreed = !chosen.is_empty() && (arguments.yes || (may_ask && confirm::confirmed(&question(&survey, &chosen))));
    if agreed {
        let adopted = engine::adopt(&ready.setup, &survey, &chosen, by, arguments.reason.trim()).await;
        adopted.map_err(|error| failure(&error))?;
    }
    match arguments.format {
        TableFormat::Text => end(arguments, &chosen, agreed, may_ask)?,
        TableFormat::Json => say_json(&view.json(agreed))?,
        TableFormat::Csv => say(&view.csv(agreed)?)?,
    }
    let left =
        survey.flows.iter().map(|flow| flow.matches.len()).sum::<usize>() > if agreed { chosen.len() } else { 0 };
    Ok(if left || !survey.warnings.is_empty() { Exit::Attention } else { Exit::Well })
}

fn day(text: &str) -> Result<Date, Failure> {
    let wrong = || Failure::wrong(format!("--since {text} is no day"), "write it as 2026-07-01");
    text.parse().map_err(|_| wrong())
}

fn failure(error: &RunError) -> Failure {
    let wrong = matches!(error.kind, RunErrorKind::UnknownFlow | RunErrorKind::OtherSystem);
    Failure {
        exit: if wrong { Exit::Wrong } else { Exit::World },
        message: error.message.clone(),
        hint: error.mend.clone(),
    }
}

/// `Adopt 2 records over 22,594.72?`
fn question(survey: &Survey, chosen: &Chosen) -> String {
    let amounts = chosen.iter().map(|&(flow, place)| {
        let finds = &survey.flows[flow];
        finds.theirs[finds.matches[place].theirs].side.amount
    });
    let sum = amounts.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add);
    let over = sum.map_or_else(String::new, |sum| format!(" over {}", sum.money()));
    format!("Adopt {}{over}?", count(chosen.len() as u64, "record", "records"))
}

fn end(arguments: &Adopt, chosen: &Chosen, agreed: bool, asked: bool) -> Result<(), Failure> {
    let number = count(chosen.len() as u64, "record", "records");
    if agreed {
        return say(&format!(
            "\n{GOOD}adopted{GOOD:#} {number}; `mlc show {} RECORD` tells the evidence, and no run posts {} again\n",
            arguments.place.file.display(),
            if chosen.len() == 1 { "it" } else { "them" }
        ));
    }
    if chosen.is_empty() {
        return Ok(());
    }
    note(&match asked {
        true => "nothing was adopted\n".to_owned(),
        false => format!("\nnothing was adopted: nobody is there to be asked; --yes adopts {number}\n"),
    });
    Ok(())
}
