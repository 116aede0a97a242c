//! Which of the finds are adopted: what is certain, what is likely if that is wanted, or
//! just what is named.

use super::Chosen;
use crate::cli::exit::Failure;
use crate::engine::{FlowFinds, Grade, Match, Survey};
use std::collections::BTreeSet;

/// `RECORD=REFERENCE`, as it was typed.
pub struct Pair {
    record: String,
    reference: String,
}

pub fn pair(text: &str) -> Result<Pair, Failure> {
    let (record, reference) = text.split_once('=').unwrap_or((text, ""));
    if record.trim().is_empty() || reference.trim().is_empty() {
        return Err(Failure::wrong(
            format!("`{text}` names no pair"),
            "write RECORD=REFERENCE: a record of the source, and how the target calls the one that it is",
        ));
    }
    Ok(Pair { record: record.trim().to_lowercase(), reference: reference.trim().to_lowercase() })
}

pub fn chosen(survey: &Survey, pairs: &[Pair], likely: bool) -> Result<Chosen, Failure> {
    if pairs.is_empty() {
        let takes = |grade| grade == Grade::Certain || (likely && grade == Grade::Likely);
        return Ok(alone(survey, all(survey).filter(|(_, _, _, pair)| takes(pair.grade)).map(|(f, m, ..)| (f, m))));
    }
    let chosen = pairs.iter().map(|pair| named(survey, pair)).collect::<Result<Chosen, Failure>>()?;
    let once = alone(survey, chosen.iter().copied());
    if once.len() < chosen.len() {
        return Err(Failure::wrong(
            "one record is named in two pairs",
            "one record belongs to one other: name each once, on either side",
        ));
    }
    Ok(chosen)
}

fn all(survey: &Survey) -> impl Iterator<Item = (usize, usize, &FlowFinds, &Match)> {
    let of = |(flow, finds): (usize, &'_ FlowFinds)| (flow, finds.matches.len());
    survey.flows.iter().enumerate().map(of).flat_map(move |(flow, count)| {
        (0..count).map(move |place| (flow, place, &survey.flows[flow], &survey.flows[flow].matches[place]))
    })
}

/// Two flows may find the same record of one target: the first has it.
fn alone(survey: &Survey, chosen: impl Iterator<Item = (usize, usize)>) -> Chosen {
    let (mut ours, mut theirs) = (BTreeSet::new(), BTreeSet::new());
    chosen
        .filter(|&(flow, place)| {
            let finds = &survey.flows[flow];
            let pair = &finds.matches[place];
            let there = (finds.target_title.as_str(), finds.plural.as_str(), finds.theirs[pair.theirs].reference());
            ours.insert((flow, pair.ours)) && theirs.insert(there)
        })
        .collect()
}

/// The one find that a pair means.
fn named(survey: &Survey, wanted: &Pair) -> Result<(usize, usize), Failure> {
    let found: Vec<_> = all(survey).filter(|(_, _, finds, pair)| means(finds, pair, wanted)).collect();
    let name = format!("{}={}", wanted.record, wanted.reference);
    match found.as_slice() {
        [(_, _, finds, pair)] if pair.grade == Grade::Unlike => {
            let (ours, theirs) = (&finds.ours[pair.ours].side, &finds.theirs[pair.theirs].side);
            Err(Failure::wrong(
                format!(
                    "{name}: the amounts are not the same, {} there and {} here",
                    theirs.amount.money(),
                    ours.amount.money()
                ),
                "what differs is not one record: correct one of both, then adopt",
            ))
        }
        [(flow, place, ..)] => Ok((*flow, *place)),
        [] => Err(Failure::wrong(
            format!("{name}: there are no such two records that could be one"),
            "without a name, `mlc adopt` lists all that could be; both sides must have the same party and amount",
        )),
        several => {
            let names = several.iter().map(|(_, _, finds, pair)| {
                format!("{}={}", finds.ours[pair.ours].id().key, finds.theirs[pair.theirs].reference())
            });
            let hint = format!("name one of {}", names.collect::<Vec<_>>().join(", "));
            Err(Failure::wrong(format!("{name} means {} pairs", several.len()), hint))
        }
    }
}

fn means(finds: &FlowFinds, pair: &Match, wanted: &Pair) -> bool {
    let (ours, theirs) = (&finds.ours[pair.ours], &finds.theirs[pair.theirs]);
    let key = ours.id().key.to_lowercase();
    let record = key == wanted.record
        || ours.id().to_string().to_lowercase() == wanted.record
        || key.rsplit('/').next() == Some(&wanted.record)
        || ours.side.reference.to_lowercase() == wanted.record;
    record
        && (theirs.reference().to_lowercase() == wanted.reference
            || theirs.side.reference.to_lowercase() == wanted.reference)
}
