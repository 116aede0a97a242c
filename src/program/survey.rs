//! What a source record asks of the lookups, whether or not it could be posted.
//!
//! A mapping stops at the first thing that is missing. A survey does not: a row that is not
//! there is stood in for, and the steps go on, so that one look at a record finds every
//! code that it uses. Nothing that a survey computes is ever sent.

use super::machine::Machine;
use super::table::Tables;
use super::{Flow, Program};
use crate::model::{LocalId, LookupId};
use crate::value::{Date, Decimal, Kind, Record, Timestamp, Type, Value};

/// One question to a lookup.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub lookup: LookupId,
    /// In the order of the lookup's inputs; a table with dated rows has the day after them.
    pub inputs: Vec<Value>,
    pub answer: Standing,
}

/// How a lookup answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Found,
    /// No row fits.
    Missing,
    /// The row that fits cannot be used: verification refused it, or it is ambiguous. Why.
    Refused(String),
}

/// What a survey found in one record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surveyed {
    /// Each question once, in the order of asking.
    pub asked: Vec<Question>,
    /// The flow's `where` takes the record as it stands today.
    pub wanted: bool,
}

impl Program {
    /// What a record of this flow's source asks of the lookups.
    pub fn survey(&self, flow: &Flow, tables: &Tables, source: &Record, scope: Option<&Record>) -> Surveyed {
        let stand_ins = self.lookups.iter().map(|lookup| stand_in(&lookup.outputs)).collect();
        let mut machine = flow.machine(tables, scope);
        machine.survey(stand_ins);
        machine.set(LocalId(0), source.clone().into());
        let wanted = machine.walk(&flow.steps);
        let mut asked: Vec<Question> = Vec::new();
        for question in machine.into_asked() {
            if !asked.contains(&question) {
                asked.push(question);
            }
        }
        Surveyed { asked, wanted }
    }
}

/// A row for a table that has none: every output has a value of its type.
fn stand_in(outputs: &[(std::sync::Arc<str>, Type)]) -> Value {
    outputs.iter().map(|(name, ty)| (name.clone(), neutral(&ty.kind))).collect::<Record>().into()
}

fn neutral(kind: &Kind) -> Value {
    match kind {
        Kind::Text { .. } => "?".into(),
        Kind::Integer => Value::Integer(0),
        Kind::Decimal => Decimal::ZERO.into(),
        Kind::Boolean => Value::Bool(false),
        Kind::Date => Date::new(1970, 1, 1).map_or(Value::Null, Value::Date),
        Kind::DateTime => Value::DateTime(Timestamp::from_unix(0)),
        Kind::List(_) => Value::list(Vec::new()),
        _ => Value::Null,
    }
}

/// The part of the machine that surveys.
pub(super) struct Ledger {
    stand_ins: Vec<Value>,
    asked: Vec<Question>,
}

impl Ledger {
    pub fn new(stand_ins: Vec<Value>) -> Self {
        Self { stand_ins, asked: Vec::new() }
    }

    /// Notes the question, and gives the row that stands in where there is none.
    pub fn note(&mut self, lookup: LookupId, inputs: &[Value], answer: Standing) -> Value {
        self.asked.push(Question { lookup, inputs: inputs.to_vec(), answer });
        self.stand_ins.get(lookup.0).cloned().unwrap_or_default()
    }

    pub fn into_asked(self) -> Vec<Question> {
        self.asked
    }
}

impl Machine<'_> {
    fn into_asked(self) -> Vec<Question> {
        self.survey.map(Ledger::into_asked).unwrap_or_default()
    }
}
