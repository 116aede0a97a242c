//! Where the money of a target record goes: its amounts by the codes that the pipeline's
//! lookups give, such as account and cost center.
//!
//! Which fields are codes no catalogue says; a field that bears the name of what a lookup
//! gives (`gl_account = to.gl_account`) is one.

use super::ask;
use crate::connector::ResourceSpec;
use crate::program::Program;
use crate::value::{Decimal, Kind, Record, RecordType, Value};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What moves at one set of codes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sum {
    /// Values by field, in the order of the target's fields; none where it has no codes.
    pub codes: Vec<(String, String)>,
    /// By postings that would be coded, or come to, something else.
    pub moved: Decimal,
    /// By postings that would not have been made.
    pub stopped: Decimal,
}

/// Why an amount counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// It was there, and would be somewhere else.
    From,
    /// It would be there.
    To,
    /// It was there, and would not be posted.
    Stopped,
}

/// The field that lists a record's lines, and of these the amount and the codes.
struct Lines {
    list: Arc<str>,
    amount: Arc<str>,
    codes: Vec<Arc<str>>,
}

/// How the amounts of one kind of target record are coded.
pub(super) struct Codings {
    lines: Option<Lines>,
    /// Codes of the record itself.
    codes: Vec<Arc<str>>,
    spec: ResourceSpec,
}

impl Codings {
    pub fn new(program: &Program, spec: &ResourceSpec) -> Self {
        let given = program.lookups().iter().flat_map(|lookup| &lookup.outputs).map(|(name, _)| name.as_ref());
        let given: BTreeSet<&str> = given.collect();
        let ty = spec.target_type();
        Self { lines: lines(spec, &ty, &given), codes: codes(&ty, &given), spec: spec.clone() }
    }

    /// Counts the record's amounts.
    pub fn count(&self, record: &Record, side: Side, sums: &mut Sums) {
        let own = values(record, &self.codes);
        let mut coded = false;
        if let Some(Lines { list, amount, codes }) = &self.lines {
            for line in record.get(list).and_then(Value::as_list).into_iter().flatten().filter_map(Value::as_record) {
                let Some(amount) = line.get(amount).and_then(Value::as_decimal) else { continue };
                coded = true;
                sums.add([own.clone(), values(line, codes)].concat(), amount, side);
            }
        }
        if !coded && let Some(amount) = ask::amount(&self.spec, record) {
            sums.add(own, amount, side);
        }
    }
}

/// Amounts by codes: what moves, and what is not posted.
#[derive(Default)]
pub(super) struct Sums(BTreeMap<Vec<(String, String)>, (Decimal, Decimal)>);

impl Sums {
    fn add(&mut self, codes: Vec<(String, String)>, amount: Decimal, side: Side) {
        let (moved, stopped) = self.0.entry(codes).or_default();
        let amount = if side == Side::To { amount } else { amount.negated() };
        let sum = if side == Side::Stopped { stopped } else { moved };
        // A sum beyond 28 digits stays at what it was: it is only shown.
        *sum = sum.checked_add(amount).unwrap_or(*sum);
    }

    /// Those that come to something.
    pub fn told(self) -> Vec<Sum> {
        let all = self.0.into_iter().map(|(codes, (moved, stopped))| Sum { codes, moved, stopped });
        all.filter(|sum| !sum.moved.is_zero() || !sum.stopped.is_zero()).collect()
    }
}

fn values(record: &Record, codes: &[Arc<str>]) -> Vec<(String, String)> {
    let value = |name: &Arc<str>| record.get(name).filter(|value| !value.is_null()).map(ToString::to_string);
    codes.iter().map(|name| (name.to_string(), value(name).unwrap_or_default())).collect()
}

fn codes(ty: &RecordType, given: &BTreeSet<&str>) -> Vec<Arc<str>> {
    let fields = ty.fields.iter().filter(|(name, field)| field.ty.is_text() && given.contains(name.as_ref()));
    fields.map(|(name, _)| name.clone()).collect()
}

/// Those that corrections speak of; else the first list whose items have an amount.
fn lines(spec: &ResourceSpec, ty: &RecordType, given: &BTreeSet<&str>) -> Option<Lines> {
    let known = spec.correction.as_ref();
    ty.fields.iter().find_map(|(name, field)| {
        let Kind::List(item) = &field.ty.kind else { return None };
        let Kind::Record(item) = &item.kind else { return None };
        if known.is_some_and(|known| *known.lines != **name) {
            return None;
        }
        let decimal = |(_, field): &(&Arc<str>, &crate::value::FieldType)| matches!(field.ty.kind, Kind::Decimal);
        let amount = match known {
            Some(known) => item.fields.get_key_value(known.amount.as_str()).map(|(name, _)| name),
            None => item.fields.iter().find(decimal).map(|(name, _)| name),
        };
        Some(Lines { list: name.clone(), amount: amount?.clone(), codes: codes(item, given) })
    })
}
