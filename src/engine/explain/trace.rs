//! A trace as a page, a program or a person reads it: values of the target, and for each of
//! them what it was made of.

use crate::store::{Outcome, RecordId};
use serde::Serialize;
use serde_json::Value as Json;

/// Why a record became what it became.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    pub record: RecordId,
    /// As what the record leaves the mapping today; `posted` where it is mapped.
    pub outcome: Outcome,
    /// Why it is not mapped; empty if it is.
    pub reason: String,
    /// The stored source record, in which the pointers of [`What::Read`] lead.
    pub source: Json,
    /// What is mapped today, as far as the mapping went.
    pub target: Json,
    /// The plain values of the target, in its order.
    pub values: Vec<Traced>,
    /// In the order in which they were asked.
    pub checks: Vec<Checked>,
    /// Where the mapping ended, if it came to no end.
    pub stopped: Option<Stopped>,
    /// What a reader has to know beside it: the mapping has changed since, a list is not kept.
    pub notes: Vec<String>,
}

/// One plain value of the target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Traced {
    /// `lines[0].gl_account`.
    pub path: String,
    /// The same as a JSON pointer into the target: `/lines/0/gl_account`.
    pub pointer: String,
    pub value: Json,
    /// The line of the pipeline that gives it.
    pub place: Option<Place>,
    pub from: Vec<Step>,
    /// Further steps that are only counted.
    pub left_off: usize,
}

/// A place in the pipeline, or in a file that it brings in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The whole line, without the white space around it.
    pub text: String,
}

/// One thing that a value was made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    #[serde(flatten)]
    pub what: What,
    /// It decided which value is taken, and is no part of it.
    pub because: bool,
    /// Where the pipeline says so.
    pub place: Option<Place>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A field was read.
    Read {
        of: Of,
        /// As the pipeline names it: `invoice.items[2].wbs_code.cost_code`.
        path: String,
        /// Into [`Trace::source`]; `None` for a record that stands elsewhere.
        pointer: Option<String>,
        /// `None` where a whole record or list was read.
        value: Option<Json>,
    },
    /// The pipeline says so.
    Constant { value: Json },
    /// A function was applied: one of the language, or of the file.
    Function { name: String },
    /// A text with places was filled.
    Template,
    /// A lookup was asked.
    Lookup(Asked),
}

/// What record a field was read of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    Source,
    /// The record that the source is read per one of.
    Scope,
    /// A record that another flow has linked: by which word, of which flow, and under which number.
    Linked {
        word: String,
        flow: String,
        number: String,
    },
    /// The record of the target that `match` found.
    Matched,
}

/// A question to a lookup, and its answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Asked {
    pub lookup: String,
    pub inputs: Vec<Input>,
    /// `None` where no row fits.
    pub row: Option<Row>,
    /// Which of the row's outputs was taken, and what it is; `None` if the whole row was.
    pub output: Option<String>,
    pub value: Option<Json>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    pub name: String,
    pub value: Json,
    /// The field that it was read from, if it is nothing but that.
    pub path: Option<String>,
    pub pointer: Option<String>,
}

/// A row of a lookup.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// `cost-codes.csv line 4`, `books.accounts, code 03-300`.
    pub name: String,
    /// In the file that it stands in; `None` for a row that was read from a system.
    pub place: Option<Place>,
    /// What the row asks of each input: `03-3*`; `None` where anything will do. Empty for a row
    /// of a system, which names each input.
    pub patterns: Vec<Option<String>>,
    /// The first and the last day on which it holds.
    pub from: Option<String>,
    pub until: Option<String>,
    /// By the names of the outputs.
    pub outputs: Vec<Output>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Output {
    pub name: String,
    pub value: Json,
}

/// A question on which the record could have ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// `where`, `require`, `let`, `approve when`.
    pub rule: &'static str,
    /// As the pipeline writes it.
    pub text: String,
    pub passed: bool,
    pub place: Option<Place>,
    pub from: Vec<Step>,
}

/// Where a mapping ended that came to no end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stopped {
    /// What was being made: `lines[1].gl_account`; empty where nothing of the target was.
    pub path: String,
    pub place: Option<Place>,
    /// The lookup that had no answer, or a row that cannot be used.
    pub lookup: Option<Asked>,
    /// Where no row fits: those that come nearest.
    pub nearest: Vec<Row>,
}
