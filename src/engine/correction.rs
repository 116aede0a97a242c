//! `on change correct`: the record that was posted stays as it is, and a further one over
//! the difference is posted beside it.
//!
//! The difference is today's lines and, negated, those that stand there; what is equal in
//! all but the amount is added up, and what comes to nothing is left out. A correction has
//! a key of its own and goes through every step of `post` as a first post does: asked for,
//! announced, sent once, read back. Its intent holds what stands on the other side once it
//! is there, so that the commit of its outcome, be it by recovery, makes that the content
//! which the next change is compared with.
//!
//! Invariant: the parts of an entry, line by line, come to its `target`. Before another
//! part is sent, all of them are asked for: what somebody has changed or removed over there
//! is not corrected on top.

use super::ask::{self, Standing};
use super::flow_run::FlowRun;
use super::ledger::Facts;
use super::mapping::Ready;
use super::readiness::Asked;
use super::{change, hash, recover, stored};
use crate::connector::{CorrectionSpec, Error, Found, Key, ResourceSpec};
use crate::program::Mapped;
use crate::store::{Correcting, Part, RecordEntry};
use crate::value::{Decimal, Record, Value, to_json};
use indexmap::IndexMap;
use serde_json::{Value as Json, json};

/// A record to be asked for or posted that is not the mapping itself, but part of it.
pub(super) struct Made {
    pub target: Record,
    pub key: Key,
    pub facts: Facts,
    /// `None` for the first post.
    pub correcting: Option<Box<Correcting>>,
}

/// The correction that makes today's mapping of what was posted; `None` where only the order
/// or the cut of the lines changed. An error is why none can be made, in a sentence.
pub(super) fn of(flow: &FlowRun, posted: &RecordEntry, mapped: &Mapped, facts: &Facts) -> Result<Option<Made>, String> {
    let unfit = || "what was posted no longer fits the catalogue".to_owned();
    let spec = flow.target.correction.as_ref().filter(|_| flow.flow().matches_by().is_none());
    let now = stored::partial(&flow.target_type, &facts.target).ok_or_else(unfit)?;
    let was = posted.target.as_ref().and_then(|json| stored::partial(&flow.target_type, json)).ok_or_else(unfit)?;
    let changes = change::sentence(&was, &now);
    let Some(spec) = spec else { return Err(changes) };
    if posted.target_key.as_ref() != Some(&facts.key) {
        return Err(changes);
    }
    obstacle(spec, &was, &now)
        .map_or(Ok(()), |why| Err(format!("{changes}; {why}, so it is not corrected by itself")))?;
    let (lines, total) = difference(flow, spec, &was, &now)
        .ok_or_else(|| format!("{changes}; the difference cannot be reckoned from its lines"))?;
    if lines.is_empty() && total.is_zero() && head(spec, &was) == head(spec, &now) {
        return Ok(None);
    }
    if lines.is_empty() {
        return Err(format!("{changes}; no line changed, so there is nothing to correct"));
    }
    if total.is_zero() && !spec.zero {
        let (title, record) = (&flow.target_title, &flow.target.title);
        return Err(format!(
            "{changes}; the total is the same, and {title} is given no {record} over nothing: move the amounts between \
             the accounts there by a journal entry"
        ));
    }
    let parts = parts(flow, posted, &was).ok_or_else(unfit)?;
    let number = parts.last().map_or(1, |part| part.number + 1);
    let name = name(flow, spec, &was, number)?;
    let mut target = mapped.target.clone();
    target.insert(spec.lines.as_str(), Value::list(lines));
    target.insert(spec.total.as_str(), total);
    target.insert(spec.key.as_str(), name.as_str());
    spec.leaves.iter().for_each(|field| drop(target.remove(field)));
    let key = key_of(flow, &target).filter(|key| key.0.len() == mapped.key.0.len()).ok_or_else(unfit)?;
    let correcting = Correcting {
        number,
        target: facts.target.clone(),
        target_hash: facts.hash.clone(),
        amount: facts.amount.map(|amount| amount.to_string()),
        parts,
        taken_as: None,
    };
    Ok(Some(Made {
        facts: Facts {
            target: to_json(&Value::record(target.clone())),
            key: key.canonical(),
            hash: hash::of_records([&target]),
            amount: ask::amount(&flow.target, &target),
        },
        target,
        key,
        correcting: Some(Box::new(correcting)),
    }))
}

/// What the lines do not hold.
fn head(spec: &CorrectionSpec, record: &Record) -> String {
    let mut head = record.clone();
    [&spec.lines, &spec.total].into_iter().for_each(|field| drop(head.remove(field)));
    hash::of_records([&head])
}

/// What was sent last of this record, to be looked at again; `None` if it no longer fits
/// the catalogue.
pub(super) fn last_sent(flow: &FlowRun, posted: &RecordEntry) -> Option<Made> {
    let amount = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<Decimal>().ok());
    let Some((last, before)) = posted.parts.split_last() else {
        let target = stored::partial(&flow.target_type, posted.target.as_ref()?)?;
        let facts = Facts {
            target: posted.target.clone()?,
            key: posted.target_key.clone()?,
            hash: posted.target_hash.clone()?,
            amount: amount(&posted.amount),
        };
        return Some(Made { key: key_of(flow, &target)?, target, facts, correcting: None });
    };
    let target = stored::partial(&flow.target_type, &last.target)?;
    let facts = Facts {
        target: last.target.clone(),
        key: last.target_key.clone(),
        hash: hash::of_records([&target]),
        amount: amount(&last.amount),
    };
    let correcting = Correcting {
        number: last.number,
        target: posted.target.clone()?,
        target_hash: posted.target_hash.clone()?,
        amount: posted.amount.clone(),
        parts: before.to_vec(),
        taken_as: None,
    };
    Some(Made { key: key_of(flow, &target)?, target, facts, correcting: Some(Box::new(correcting)) })
}

/// Looks at what the corrections of a group correct. The sentences of those whose parts do
/// not stand as they were sent, by their place in the group; where that cannot be asked, the
/// record takes the error for its answer.
pub(super) async fn look_at_parts(flow: &FlowRun, group: &mut [Asked]) -> Vec<Option<String>> {
    let mut troubles: Vec<Option<String>> = group.iter().map(|_| None).collect();
    for ((ready, found), trouble) in group.iter_mut().zip(&mut troubles) {
        let absent = found.as_ref().is_ok_and(Vec::is_empty);
        let Some(correcting) =
            ready.correcting.as_ref().filter(|_| absent && ready.job == super::mapping::Job::Correct)
        else {
            continue;
        };
        match parts_trouble(flow, &correcting.parts).await {
            Ok(said) => *trouble = said,
            Err(error) => *found = Err(error),
        }
    }
    troubles
}

async fn parts_trouble(flow: &FlowRun, parts: &[Part]) -> Result<Option<String>, Error> {
    let sent = |part: &Part| {
        let key = recover::key_of(&flow.target_type, &part.key)?;
        Some((key, stored::partial(&flow.target_type, &part.target)?))
    };
    let Some(sent) = parts.iter().map(sent).collect::<Option<Vec<(Key, Record)>>>() else {
        return Ok(Some("what was posted no longer fits the catalogue".to_owned()));
    };
    let keys: Vec<Key> = sent.iter().map(|(key, _)| key.clone()).collect();
    let target = flow.flow().target();
    let found = ask::find(&flow.context, &target.connection, &target.resource, &keys).await?;
    let looked_at = parts.iter().zip(sent).zip(found);
    Ok(looked_at.into_iter().find_map(|((part, (_, record)), found)| part_trouble(&flow.target, part, &record, found)))
}

fn part_trouble(spec: &ResourceSpec, part: &Part, sent: &Record, found: Vec<Found>) -> Option<String> {
    let reference = &part.reference;
    match ask::compare(spec, sent, found) {
        Standing::Agrees(found) if found.reference == *reference => None,
        Standing::Agrees(found) => Some(format!("it is {} there now, and was posted as {reference}", found.reference)),
        Standing::Differs(_, trouble) => Some(format!("{reference} is no longer as it was posted: {trouble}")),
        Standing::Absent => Some(format!("{reference} is not there any more")),
        Standing::Several(found) => Some(format!("{reference} is there {} times", found.len())),
    }
}

/// What stands there, part by part.
fn parts(flow: &FlowRun, posted: &RecordEntry, was: &Record) -> Option<Vec<Part>> {
    if !posted.parts.is_empty() {
        return Some(posted.parts.clone());
    }
    Some(vec![Part {
        number: 0,
        reference: posted.reference.clone()?,
        target_key: posted.target_key.clone()?,
        key: pairs(&key_of(flow, was)?),
        target: posted.target.clone()?,
        amount: posted.amount.clone(),
        run: posted.run.clone(),
        at: posted.updated,
    }])
}

/// A key as it is kept: `[name, value]` pairs.
pub(super) fn pairs(key: &Key) -> Json {
    key.0.iter().map(|(name, value)| json!([name, to_json(value)])).collect()
}

/// The key of a record of the target; `None` where a field of it is absent.
fn key_of(flow: &FlowRun, target: &Record) -> Option<Key> {
    let field = |name: &std::sync::Arc<str>| {
        let value = target.get(name).filter(|value| !value.is_null())?;
        Some((name.clone(), value.clone()))
    };
    flow.flow().target().key.iter().map(field).collect::<Option<Vec<_>>>().map(Key)
}

/// `24-011-7-C1`.
fn name(flow: &FlowRun, spec: &CorrectionSpec, was: &Record, number: u32) -> Result<String, String> {
    let base = was.get(&spec.key).map(Value::to_string).unwrap_or_default();
    let name = format!("{base}{}{number}", spec.suffix);
    let max = flow.target.fields.get(&spec.key).and_then(|field| field.max);
    match max.filter(|max| name.chars().count() > *max as usize) {
        Some(max) => Err(format!(
            "the {} of its correction would be `{name}`, and {} takes {max} characters",
            spec.key, flow.target_title
        )),
        None => Ok(name),
    }
}

/// What stands in the way of a correction by lines.
fn obstacle(spec: &CorrectionSpec, was: &Record, now: &Record) -> Option<String> {
    let of = |record: &Record, field: &String| record.get(field).filter(|value| !value.is_null()).cloned();
    let changed = spec.keeps.iter().find(|field| of(was, field) != of(now, field));
    let there = spec.unless.iter().find(|field| of(was, field).or_else(|| of(now, field)).is_some());
    changed
        .map(|field| format!("its {field} is not what it was"))
        .or_else(|| there.map(|field| format!("it has a {field}")))
}

/// The lines of the difference and their total, to the places that the target keeps.
fn difference(flow: &FlowRun, spec: &CorrectionSpec, was: &Record, now: &Record) -> Option<(Vec<Value>, Decimal)> {
    let fields = &flow.target.fields;
    let places =
        fields.get(&spec.lines).and_then(|lines| lines.fields.get(&spec.amount)).and_then(|field| field.places);
    let lines = netted(spec, places, was, now)?;
    let places = fields.get(&spec.total).and_then(|field| field.places);
    let total = |record: &Record| Some(to_places(record.get(&spec.total)?.as_decimal()?, places));
    Some((lines, total(now)?.checked_sub(total(was)?)?))
}

/// Today's lines and, negated, those of before, each kind of line once.
fn netted(spec: &CorrectionSpec, places: Option<u32>, was: &Record, now: &Record) -> Option<Vec<Value>> {
    let mut kinds: IndexMap<String, (Record, Decimal)> = IndexMap::new();
    let lines = |record: &Record| record.get(&spec.lines)?.as_list().map(<[Value]>::to_vec);
    let (before, after) = (lines(was)?, lines(now)?);
    let signed = after.iter().map(|line| (line, false)).chain(before.iter().map(|line| (line, true)));
    for (line, negated) in signed {
        let mut kind = line.as_record()?.clone();
        let amount = to_places(kind.remove(&spec.amount)?.as_decimal()?, places);
        let amount = if negated { amount.negated() } else { amount };
        let (_, sum) = kinds.entry(hash::of_records([&kind])).or_insert((kind, Decimal::default()));
        *sum = sum.checked_add(amount)?;
    }
    let lines = kinds.into_values().filter(|(_, sum)| !sum.is_zero()).map(|(mut line, sum)| {
        line.insert(spec.amount.as_str(), sum);
        Value::record(line)
    });
    Some(lines.collect())
}

fn to_places(amount: Decimal, places: Option<u32>) -> Decimal {
    places.map_or(amount, |places| amount.rounded(places))
}

/// The part that a correction becomes.
pub(super) fn part(ready: &Ready, number: u32, reference: &str, run: &str, at: crate::value::Timestamp) -> Part {
    Part {
        number,
        reference: reference.to_owned(),
        target_key: ready.facts.key.clone(),
        key: pairs(&ready.key),
        target: ready.facts.target.clone(),
        amount: ready.facts.amount.map(|amount| amount.to_string()),
        run: run.to_owned(),
        at,
    }
}
