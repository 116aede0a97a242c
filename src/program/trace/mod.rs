//! Why a record becomes what it becomes: the same evaluation once more, in which each value
//! carries what it was made of.
//!
//! A run does not pay for it: the machine knows nothing of traces. What is traced here
//! goes over the model's expressions, which know their places, with the machine's own rules for
//! every value. Invariant: a trace ends as the evaluation of the same record ends, with the
//! same values and the same sentences. Pure and total as that is.

mod collect;
mod eval;
mod ledger;
mod lineage;
mod nearest;
mod tracer;
mod trail;

use super::{Evaluation, Flow, Program, Tables};
use crate::diag::Span;
use crate::model::{self, Link, LocalId, LookupId};
use crate::value::{Record, Value};
use std::fmt;
use std::sync::Arc;

/// A flow's evaluation of one record, with where everything came from.
#[derive(Clone, Debug)]
pub struct Trace {
    pub evaluation: Evaluation,
    /// What was mapped, as far as it went.
    pub target: Record,
    /// The plain values of it, in its order.
    pub values: Vec<Traced>,
    /// In the order in which they were asked.
    pub checks: Vec<Checked>,
    /// Where it ended, if it came to no end.
    pub stopped: Option<Stopped>,
}

#[derive(Clone, Debug)]
pub struct Traced {
    pub path: Path,
    pub value: Value,
    /// Of the field's name in the pipeline.
    pub span: Span,
    pub from: Vec<Step>,
    /// Further steps that are only counted.
    pub left_off: usize,
}

/// The way to a value inside a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Path(pub Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Field(Arc<str>),
    Item(usize),
}

/// One thing that a value was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub what: What,
    /// It decided which value is taken, and is no part of it.
    pub because: bool,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Read { of: Arc<Of>, path: Path, value: Value },
    Constant(Value),
    Function(Arc<str>),
    Template,
    Lookup { asked: Arc<Asked>, output: Option<(Arc<str>, Value)> },
}

/// What record a field was read of.
#[derive(Clone, Debug, PartialEq)]
pub enum Of {
    Source,
    Scope,
    Linked { link: Link, flow: Arc<str>, number: Value },
    Matched,
}

/// A question to a lookup, and the row that answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub lookup: LookupId,
    pub inputs: Vec<Input>,
    pub hit: Hit,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub name: Arc<str>,
    pub value: Value,
    /// The field that it was read from, if it is nothing but that.
    pub read: Option<(Arc<Of>, Path)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Hit {
    Nothing,
    /// A row of the pipeline or of a file, by its place among [`Lookup::rows`](crate::model::Lookup).
    Own(usize),
    /// A row that was read from a system: its name, and its outputs in their order.
    Elsewhere(Arc<str>, Vec<Value>),
}

/// A question on which the record could have ended.
#[derive(Clone, Debug)]
pub struct Checked {
    pub rule: &'static str,
    pub passed: bool,
    /// Of the whole question.
    pub span: Span,
    pub from: Vec<Step>,
}

#[derive(Clone, Debug)]
pub struct Stopped {
    /// What was being made.
    pub path: Path,
    pub span: Span,
    /// The lookup that had no answer, or a row that cannot be used.
    pub asked: Option<Arc<Asked>>,
    /// Of the lookup's own rows, where none fits: those that come nearest.
    pub nearest: Vec<usize>,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, part) in self.0.iter().enumerate() {
            match part {
                Part::Field(name) if number == 0 => f.write_str(name)?,
                Part::Field(name) => write!(f, ".{name}")?,
                Part::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl Path {
    /// As a JSON pointer: `/items/2/wbs_code`.
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for part in &self.0 {
            pointer.push('/');
            match part {
                Part::Field(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
                Part::Item(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }

    #[must_use]
    fn then(&self, part: Part) -> Self {
        let mut parts = Vec::with_capacity(self.0.len() + 1);
        parts.extend(self.0.iter().cloned());
        parts.push(part);
        Self(parts)
    }
}

impl Flow {
    /// What the pipeline calls a record that a flow reads: `invoice`, `linked(vendors, 42)`.
    pub fn called(&self, of: &Of) -> String {
        let local = |local: LocalId| self.names.get(local.0).map_or_else(String::new, ToString::to_string);
        match of {
            Of::Source => local(LocalId(0)),
            Of::Scope => self.source.scope.as_ref().map_or_else(String::new, |scope| local(scope.local)),
            Of::Linked { link, flow, number } => format!("{}({flow}, {number})", link.word()),
            Of::Matched => {
                let matching = self.written.iter().find_map(|step| match step {
                    model::Step::Match(matching) => Some(matching.local),
                    _ => None,
                });
                matching.map_or_else(String::new, local)
            }
        }
    }
}

impl Program {
    /// What this flow makes of a source record, as [`Flow::evaluate_linked`] does, and why.
    pub fn trace(
        &self,
        flow: &Flow,
        tables: &Tables,
        source: &Record,
        scope: Option<&Record>,
        linked: Option<&str>,
    ) -> Trace {
        tracer::trace(self, flow, tables, source, scope, linked)
    }
}
