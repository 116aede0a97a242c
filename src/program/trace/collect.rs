//! The plain values of a target, each with what it was made of.

use super::ledger::Ledger;
use super::lineage::Lineage;
use super::trail::Trail;
use super::{Part, Path, Step, Traced};
use crate::diag::Span;
use crate::value::{Record, Value};

pub(super) struct Collect<'a> {
    pub ledger: &'a mut Ledger,
    pub values: Vec<Traced>,
}

impl Collect<'_> {
    /// All fields of a record, in its order. The span is that of what gave the whole record.
    pub fn record(&mut self, record: &Record, from: &Lineage, path: &Path, span: Span) {
        for (name, value) in record.iter() {
            let (from, at) = from.field(name);
            self.value(value, &from, path.then(Part::Field(name.clone())), at.unwrap_or(span));
        }
    }

    fn value(&mut self, value: &Value, from: &Lineage, path: Path, span: Span) {
        match value {
            Value::Null => {}
            Value::Record(record) if !record.is_empty() => self.record(record, from, &path, span),
            Value::List(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &from.item(index), path.then(Part::Item(index)), span);
                }
            }
            _ => {
                let trail = self.ledger.settle(value, from);
                let left_off = trail.left_off();
                self.values.push(Traced { path, value: value.clone(), span, from: steps(&trail), left_off });
            }
        }
    }
}

pub(super) fn steps(trail: &Trail) -> Vec<Step> {
    trail.steps().iter().map(|step| Step::clone(step)).collect()
}
