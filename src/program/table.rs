//! The rows of the lookups at run time, and how a row is found.
//!
//! Takes a program's lookups and the records that the engine has read for them. Texts are
//! compared with their case; numbers by amount. The rows of a table stand most specific
//! first, and the first that fits wins. A row can carry a stop: then it is found, and the
//! record that found it is held.

use super::expression::Function;
use super::machine::{Halt, Machine};
use super::peers::Peers;
use super::trace::Hit;
use super::{Flow, LookupCode, Program, Stop, mend};
use crate::model::{self, FunctionId, LocalId, LookupId, Pattern};
use crate::syntax::Outcome;
use crate::value::{Date, Record, Value};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

/// All lookups' rows, and the records elsewhere that a flow sees.
#[derive(Clone)]
pub struct Tables {
    pub(super) tables: Vec<Arc<Table>>,
    code: Arc<[LookupCode]>,
    functions: Arc<[Function]>,
    peers: Peers,
}

#[derive(Clone)]
pub(super) struct Table {
    outputs: Vec<Arc<str>>,
    /// The pipeline's own rows, most specific first, then those of a resource.
    pub(super) rows: Vec<Row>,
    /// Rows hold for some days: the last of the inputs is the day that is asked for.
    dated: bool,
    /// How many rows are the pipeline's own.
    own: usize,
    /// Rows without a glob, by which inputs they name.
    shapes: Vec<Shape>,
    /// Rows with a glob, in order.
    globs: Vec<(usize, Vec<Pattern>)>,
    /// Rows of a resource.
    resource: HashMap<String, usize>,
    /// The resource that must be read before this table can answer.
    awaited: Option<String>,
}

#[derive(Clone)]
pub(super) struct Row {
    /// In the order of the outputs.
    pub values: Vec<Value>,
    record: Value,
    /// The first and the last day on which it holds.
    from: Option<Date>,
    until: Option<Date>,
    /// Where the row stands, for people.
    pub place: String,
    pub stop: Option<Stop>,
}

#[derive(Clone)]
struct Shape {
    /// Which inputs are named.
    named: Vec<bool>,
    /// Several only if they hold on different days.
    rows: HashMap<String, Vec<usize>>,
}

/// What a table says to some inputs.
pub(super) enum Answer {
    /// A record of the outputs.
    Found(Value),
    Missing,
    Refused(Halt),
}

impl Tables {
    /// The rows that stand in the pipeline and its files.
    pub fn new(program: &Program) -> Self {
        let tables = program.lookups().iter().map(|lookup| Arc::new(Table::new(lookup))).collect();
        Self { tables, code: program.code.clone(), functions: program.functions.clone(), peers: Peers::default() }
    }

    /// The same tables for a flow that sees these records elsewhere.
    #[must_use]
    pub fn with_peers(&self, peers: Peers) -> Self {
        Self { peers, ..self.clone() }
    }

    /// The same tables with the target of the flow as it was read by now; of those records that
    /// could not be read, the sentences.
    #[must_use]
    pub fn rematched(&self, flow: &Flow, records: Vec<Record>, unreadable: Vec<String>) -> Self {
        let mut peers = self.peers.clone();
        peers.holes(unreadable);
        peers.matches(flow, self, records);
        self.with_peers(peers)
    }

    /// Records of the target that a flow could not look at when it matched, in sentences.
    pub fn match_holes(&self) -> &[String] {
        &self.peers.holes
    }

    pub(super) fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Takes the rows of a lookup out of the records of its resource, the filter applied,
    /// in place of those that were loaded before. Two rows with the same inputs and
    /// different outputs make those inputs ambiguous: a record that asks for them is held.
    pub fn load(&mut self, program: &Program, lookup: LookupId, records: &[Record]) {
        let Some(resource) = program.lookups().get(lookup.0).and_then(|lookup| lookup.resource.as_ref()) else {
            return;
        };
        let filter = self.code.get(lookup.0).and_then(|code| code.filter.as_ref());
        let kept = self.kept(filter, resource.locals, records);
        let kept: Vec<&Record> = records.iter().zip(kept).filter_map(|(record, kept)| kept.then_some(record)).collect();
        if let Some(table) = self.tables.get_mut(lookup.0) {
            Arc::make_mut(table).load(resource, &kept);
        }
    }

    /// Rows that a test gives to lookups of a resource, which then have no others. They are
    /// what a lookup finds: its filter is not applied to them.
    pub(super) fn give(&mut self, program: &Program, rows: &[(LookupId, Record)]) {
        for (index, lookup) in program.lookups().iter().enumerate() {
            let Some((resource, table)) = lookup.resource.as_ref().zip(self.tables.get_mut(index)) else { continue };
            let own = rows.iter().filter(|(id, _)| id.0 == index).map(|(_, record)| record);
            Arc::make_mut(table).load(resource, &own.collect::<Vec<_>>());
        }
    }

    /// The pipeline's own rows, by their place in it, that verification has refused.
    pub fn refused(&self, lookup: LookupId) -> Vec<usize> {
        let Some(table) = self.tables.get(lookup.0) else { return Vec::new() };
        (0..table.own).filter(|row| table.rows.get(*row).is_some_and(|row| row.stop.is_some())).collect()
    }

    /// Which of the records a filter over one local keeps. One that the filter cannot
    /// decide is not kept.
    pub(super) fn kept(
        &self,
        filter: Option<&super::expression::Expr>,
        locals: usize,
        records: &[Record],
    ) -> Vec<bool> {
        let Some(filter) = filter else { return vec![true; records.len()] };
        let mut machine = Machine::new(self, locals.max(1));
        records
            .iter()
            .map(|record| {
                machine.set(LocalId(0), record.clone().into());
                machine.holds(filter).unwrap_or(false)
            })
            .collect()
    }

    pub(super) fn find(&self, lookup: LookupId, inputs: &[Value]) -> Answer {
        self.tables.get(lookup.0).map_or(Answer::Missing, |table| table.find(inputs))
    }

    /// Which row answers these inputs, be it usable or not.
    pub(super) fn hit(&self, lookup: LookupId, inputs: &[Value]) -> Hit {
        let Some(table) = self.tables.get(lookup.0).filter(|table| table.awaited.is_none()) else {
            return Hit::Nothing;
        };
        match table.row(inputs).and_then(|index| Some((index, table.rows.get(index)?))) {
            None => Hit::Nothing,
            Some((index, _)) if index < table.own => Hit::Own(index),
            Some((_, row)) => Hit::Elsewhere(row.place.as_str().into(), row.values.clone()),
        }
    }

    pub(super) fn missing(&self, lookup: LookupId) -> Option<&super::expression::Otherwise> {
        self.code.get(lookup.0)?.missing.as_ref()
    }

    pub(super) fn function(&self, id: FunctionId) -> Option<&Function> {
        self.functions.get(id.0)
    }

    pub(super) fn verify_filter(&self, lookup: LookupId, verify: usize) -> Option<&super::expression::Expr> {
        self.code.get(lookup.0)?.verifies.get(verify)?.as_ref()
    }
}

impl Table {
    fn new(lookup: &model::Lookup) -> Self {
        let outputs: Vec<Arc<str>> = lookup.outputs.iter().map(|(name, _)| name.clone()).collect();
        let awaited = lookup.resource.as_ref().map(|resource| format!("{}.{}", resource.connection, resource.resource));
        let mut table = Self {
            rows: lookup.rows.iter().map(|row| Row::of(&outputs, row)).collect(),
            dated: lookup.rows.iter().any(model::Row::is_dated),
            own: lookup.rows.len(),
            outputs,
            shapes: Vec::new(),
            globs: Vec::new(),
            resource: HashMap::new(),
            awaited,
        };
        for (index, row) in lookup.rows.iter().enumerate() {
            table.index(index, &row.patterns);
        }
        table
    }

    fn index(&mut self, index: usize, patterns: &[Pattern]) {
        if patterns.iter().any(|pattern| matches!(pattern, Pattern::Glob(_))) {
            self.globs.push((index, patterns.to_vec()));
            return;
        }
        let named: Vec<bool> = patterns.iter().map(|pattern| matches!(pattern, Pattern::Exact(_))).collect();
        let texts = patterns.iter().filter_map(|pattern| match pattern {
            Pattern::Exact(text) => Some(&**text),
            _ => None,
        });
        let key = key(texts);
        let at = self.shapes.iter().position(|shape| shape.named == named).unwrap_or_else(|| {
            self.shapes.push(Shape { named, rows: HashMap::new() });
            self.shapes.len() - 1
        });
        self.shapes[at].rows.entry(key).or_default().push(index);
    }

    fn load(&mut self, resource: &model::LookupResource, records: &[&Record]) {
        self.rows.truncate(self.own);
        self.resource.clear();
        self.awaited = None;
        let source = format!("{}.{}", resource.connection, resource.resource);
        for record in records {
            let inputs: Vec<&Value> = resource.inputs.iter().filter_map(|name| record.get(name)).collect();
            let texts: Vec<Cow<str>> = inputs.iter().filter_map(|value| canonical(value)).collect();
            // A record without the inputs can be found by none.
            if texts.len() != resource.inputs.len() {
                continue;
            }
            let values: Vec<Value> =
                resource.outputs.iter().map(|name| record.get(name).cloned().unwrap_or_default()).collect();
            let named = named(&resource.inputs, &texts);
            match self.resource.get(&key(texts.iter().map(|text| &**text))) {
                None => {
                    self.resource.insert(key(texts.iter().map(|text| &**text)), self.rows.len());
                    self.rows.push(Row::new(&self.outputs, values, format!("{source}, {named}")));
                }
                Some(index) => {
                    let row = &mut self.rows[*index];
                    if row.values != values && row.stop.is_none() {
                        row.stop = Some(ambiguous(&source, &named, &resource.inputs));
                    }
                }
            }
        }
    }

    fn find(&self, inputs: &[Value]) -> Answer {
        if let Some(resource) = &self.awaited {
            return Answer::Refused(Box::new(not_read(resource)));
        }
        match self.row(inputs).and_then(|index| self.rows.get(index)) {
            None => Answer::Missing,
            Some(Row { stop: Some(stop), .. }) => Answer::Refused(Box::new(stop.clone())),
            Some(row) => Answer::Found(row.record.clone()),
        }
    }

    fn row(&self, inputs: &[Value]) -> Option<usize> {
        let (inputs, day) = match inputs.split_last() {
            Some((day, inputs)) if self.dated => (inputs, Some(day)),
            _ => (inputs, None),
        };
        let texts: Vec<Option<Cow<str>>> = inputs.iter().map(canonical).collect();
        self.own_row(&texts, day).or_else(|| self.resource_row(&texts))
    }

    fn own_row(&self, inputs: &[Option<Cow<str>>], day: Option<&Value>) -> Option<usize> {
        let holds = |index: usize| self.rows.get(index).is_some_and(|row| row.holds(day));
        let plain = self.shapes.iter().filter_map(|shape| shape.find(inputs, holds)).min();
        let glob = self.globs.iter().find(|(index, patterns)| {
            plain.is_none_or(|plain| *index < plain)
                && holds(*index)
                && patterns.len() == inputs.len()
                && patterns.iter().zip(inputs).all(|(pattern, input)| fits(pattern, input.as_deref()))
        });
        glob.map(|(index, _)| *index).or(plain)
    }

    fn resource_row(&self, inputs: &[Option<Cow<str>>]) -> Option<usize> {
        let texts: Option<Vec<&str>> = inputs.iter().map(Option::as_deref).collect();
        self.resource.get(&key(texts?.into_iter())).copied()
    }
}

impl Row {
    fn new(outputs: &[Arc<str>], values: Vec<Value>, place: String) -> Self {
        let record: Record = outputs.iter().cloned().zip(values.iter().cloned()).collect();
        Self { values, record: record.into(), from: None, until: None, place, stop: None }
    }

    fn of(outputs: &[Arc<str>], row: &model::Row) -> Self {
        Self { from: row.from, until: row.until, ..Self::new(outputs, row.values.clone(), row.place.clone()) }
    }

    /// Whether it holds on a day.
    fn holds(&self, day: Option<&Value>) -> bool {
        if self.from.is_none() && self.until.is_none() {
            return true;
        }
        let Some(Value::Date(day)) = day else { return false };
        self.from.is_none_or(|from| from <= *day) && self.until.is_none_or(|until| *day <= until)
    }
}

impl Shape {
    fn find(&self, inputs: &[Option<Cow<str>>], holds: impl Fn(usize) -> bool) -> Option<usize> {
        if self.named.len() != inputs.len() {
            return None;
        }
        let named = self.named.iter().zip(inputs).filter(|(named, _)| **named).map(|(_, input)| input.as_deref());
        let texts: Option<Vec<&str>> = named.collect();
        let rows = self.rows.get(&key(texts?.into_iter()))?;
        rows.iter().copied().find(|index| holds(*index))
    }
}

/// One text for several, different for different ones.
fn key<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut key = String::new();
    for text in texts {
        // Writing into a String does not fail.
        let _ = write!(key, "{}:{text}", text.len());
    }
    key
}

/// The text by which a value is found: `7`, `7.0` and `"7"` are one. `None` for an absent value.
pub(super) fn canonical(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Decimal(number) if number.is_zero() => Some(Cow::Borrowed("0")),
        Value::Decimal(number) => Some(number.fixed(number.places()).into()),
        _ => Some(value.to_string().into()),
    }
}

fn fits(pattern: &Pattern, input: Option<&str>) -> bool {
    match (pattern, input) {
        (Pattern::Any, _) => true,
        (Pattern::Exact(text), Some(input)) => **text == *input,
        (Pattern::Glob(runs), Some(input)) => glob(runs, input),
        (_, None) => false,
    }
}

/// The first run begins the text, the last ends it, the others stand between in order.
fn glob(runs: &[Arc<str>], input: &str) -> bool {
    let [first, middle @ .., last] = runs else {
        return runs.first().is_some_and(|only| **only == *input);
    };
    let Some(mut rest) = input.strip_prefix(&**first).and_then(|rest| rest.strip_suffix(&**last)) else {
        return false;
    };
    middle.iter().all(|run| match rest.find(&**run) {
        Some(at) => {
            rest = &rest[at + run.len()..];
            true
        }
        None => false,
    })
}

/// `id 1412207`, `code 03-300, type L`.
fn named(names: &[Arc<str>], texts: &[Cow<str>]) -> String {
    let pairs: Vec<String> = names.iter().zip(texts).map(|(name, text)| format!("{name} {text}")).collect();
    pairs.join(", ")
}

fn ambiguous(source: &str, named: &str, inputs: &[Arc<str>]) -> Stop {
    Stop {
        outcome: Outcome::Hold,
        sentence: format!("{source} has several records with {named}: it is not clear which one is meant"),
        kind: format!("{source} has several records with one {}", inputs.join(" and ")),
        mend: format!(
            "leave one record with {named} in {source}, or narrow the lookup with `where`; the record is looked at again on every run"
        ),
    }
}

fn not_read(resource: &str) -> Stop {
    let sentence = format!("the list {resource} has not been read in this run");
    Stop { outcome: Outcome::Hold, kind: sentence.clone(), sentence, mend: mend(Outcome::Hold).to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{canonical, glob, key};
    use crate::value::{Decimal, Value};
    use std::sync::Arc;

    fn runs(pattern: &str) -> Vec<Arc<str>> {
        pattern.split('*').map(Arc::from).collect()
    }

    #[test]
    fn globs_take_any_run_of_characters() {
        for (pattern, input, fitting) in [
            ("03-3*", "03-300", true),
            ("03-3*", "03-3", true),
            ("03-3*", "13-300", false),
            ("*-L", "03-L", true),
            ("a*a", "a", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "acb", false),
            ("*", "", true),
            ("a*bc*bc", "a bc", false),
            ("a*", "A", false),
            ("é*é", "éxé", true),
        ] {
            assert_eq!(glob(&runs(pattern), input), fitting, "{pattern} {input}");
        }
    }

    #[test]
    fn numbers_are_found_by_amount() {
        for value in [Value::Integer(7), Decimal::cents(700).into(), "7".into()] {
            assert_eq!(canonical(&value).as_deref(), Some("7"));
        }
        assert_eq!(canonical(&Decimal::cents(750).into()).as_deref(), Some("7.5"));
        assert_eq!(canonical(&Value::Null), None);
    }

    #[test]
    fn keys_do_not_run_into_each_other() {
        assert_ne!(key(["a", "b"].into_iter()), key(["a1:b", ""].into_iter()));
        assert_ne!(key(["ab", ""].into_iter()), key(["a", "b"].into_iter()));
    }
}
