//! Records that stand elsewhere: those of the target that a flow matches with, and those
//! that other flows have linked.
//!
//! The engine reads both before the flow begins and puts them into the [`Tables`] that the
//! flow is evaluated with. Invariant: a match never goes against a stronger key. A record
//! of the target whose earlier key has another value than ours is somebody else's, even if
//! a later key fits.

use super::Flow;
use super::machine::Machine;
use super::table::Tables;
use crate::model::{Link, LocalId};
use crate::value::{Record, Value, to_json_string};
use std::collections::HashMap;
use std::sync::Arc;

/// What a flow sees of other records.
#[derive(Clone, Default)]
pub struct Peers {
    matches: Option<Arc<Matches>>,
    /// Records of the target that could not be read, in sentences.
    pub(super) holes: Arc<[String]>,
    /// By flow: records that stand on both sides, by the number of the other one.
    links: HashMap<(Link, Arc<str>), Arc<ByNumber>>,
}

/// Records, each under the number that it is asked by.
type ByNumber = HashMap<String, Value>;

/// The records of the target, by their keys.
struct Matches {
    records: Vec<Value>,
    /// In the order of the records: the value of each key, where it has one.
    values: Vec<Vec<Option<String>>>,
    /// In the order of the keys: records by the value of the key.
    by_key: Vec<HashMap<String, Vec<usize>>>,
    by_identity: HashMap<String, usize>,
}

/// What matching says of a source record.
pub(super) enum Matched {
    Nothing,
    One(Value),
    Several(Vec<Value>),
    /// Only records that a stronger key gives to somebody else: of one, its number and the
    /// positions of the key that fits and of the one that does not.
    Contradicted {
        identity: String,
        fits: usize,
        against: usize,
    },
}

impl Peers {
    /// Takes the records that another flow has posted: of [`Link::Source`] the number of the
    /// target record and the source record, of [`Link::Target`] the other way round.
    pub fn link(&mut self, link: Link, flow: &Arc<str>, records: impl IntoIterator<Item = (String, Record)>) {
        let records = records.into_iter().map(|(number, record)| (number, record.into())).collect();
        self.links.insert((link, flow.clone()), Arc::new(records));
    }

    /// Takes one more.
    pub(super) fn give(&mut self, link: Link, flow: &Arc<str>, number: &str, record: &Record) {
        let records = self.links.entry((link, flow.clone())).or_default();
        Arc::make_mut(records).insert(number.to_owned(), record.clone().into());
    }

    /// Takes the sentences of those records of the target that could not be read: what
    /// matches nothing else may be one of them.
    pub fn holes(&mut self, unreadable: Vec<String>) {
        self.holes = unreadable.into();
    }

    /// Takes all records of the target of a flow that has a `match`.
    pub fn matches(&mut self, flow: &Flow, tables: &Tables, records: Vec<Record>) {
        let Some(matching) = &flow.matching else { return };
        let mut machine = Machine::new(tables, flow.locals);
        let mut found = Matches {
            by_key: vec![HashMap::new(); matching.theirs.len()],
            records: Vec::with_capacity(records.len()),
            values: Vec::with_capacity(records.len()),
            by_identity: HashMap::new(),
        };
        for (index, record) in records.into_iter().enumerate() {
            let identity = record.get(&matching.identity).map(Value::to_string).unwrap_or_default();
            found.by_identity.insert(identity, index);
            machine.set(matching.candidate, record.clone().into());
            let values: Vec<Option<String>> =
                matching.theirs.iter().map(|key| machine.eval(key).ok().as_ref().and_then(key_text)).collect();
            for (key, value) in found.by_key.iter_mut().zip(&values) {
                if let Some(value) = value {
                    key.entry(value.clone()).or_default().push(index);
                }
            }
            found.values.push(values);
            found.records.push(record.into());
        }
        self.matches = Some(Arc::new(found));
    }

    pub(super) fn linked(&self, link: Link, flow: &Arc<str>, number: &Value) -> Value {
        let number = number.to_string();
        self.links.get(&(link, flow.clone())).and_then(|records| records.get(&number)).cloned().unwrap_or_default()
    }

    /// The record of the target that the source record is linked with already.
    pub(super) fn by_identity(&self, identity: &str) -> Option<Value> {
        let matches = self.matches.as_ref()?;
        matches.by_identity.get(identity).and_then(|index| matches.records.get(*index)).cloned()
    }

    /// Tries the keys in order, with the values that the source record gives them.
    pub(super) fn find(&self, ours: &[Value], identity: &str) -> Matched {
        let Some(matches) = &self.matches else { return Matched::Nothing };
        let ours: Vec<Option<String>> = ours.iter().map(key_text).collect();
        let mut against = None;
        for (number, (key, value)) in matches.by_key.iter().zip(&ours).enumerate() {
            let Some(found) = value.as_ref().and_then(|value| key.get(value)) else { continue };
            let (clear, denied): (Vec<usize>, Vec<usize>) =
                found.iter().partition(|index| matches.denies(**index, &ours, number).is_none());
            match clear.as_slice() {
                [] => {}
                [one] => return Matched::One(matches.records[*one].clone()),
                several => {
                    return Matched::Several(several.iter().map(|index| matches.records[*index].clone()).collect());
                }
            }
            if let Some(first) = denied.first() {
                let stronger = matches.denies(*first, &ours, number).unwrap_or_default();
                against.get_or_insert((*first, number, stronger));
            }
        }
        let Some((index, fits, against)) = against else { return Matched::Nothing };
        let record = matches.records.get(index).and_then(Value::as_record);
        let identity = record.and_then(|record| record.get(identity)).map(Value::to_string).unwrap_or_default();
        Matched::Contradicted { identity, fits, against }
    }
}

impl Matches {
    /// The first key before `number` by which both have a value, and not the same.
    fn denies(&self, index: usize, ours: &[Option<String>], number: usize) -> Option<usize> {
        let theirs = self.values.get(index)?;
        theirs
            .iter()
            .zip(ours)
            .take(number)
            .position(|(theirs, ours)| matches!((theirs, ours), (Some(theirs), Some(ours)) if theirs != ours))
    }
}

/// Equal for values that are equal; nothing for what matches nothing.
fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Text(text) if text.trim().is_empty() => None,
        Value::Text(text) => Some(text.trim().to_owned()),
        other => match other.as_decimal() {
            Some(number) => Some(number.fixed(number.places())),
            None => Some(to_json_string(other)),
        },
    }
}

/// The part of a flow that finds records of its target.
pub(super) struct Matching {
    pub candidate: LocalId,
    pub identity: Arc<str>,
    pub theirs: Vec<super::expression::Expr>,
}
