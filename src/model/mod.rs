//! The model: a checked file. Names are resolved, types known, everything is bound
//! to the catalogues. What stands here cannot fail in mapping.
//!
//! [`check()`] makes a [`Model`] out of syntax trees, or diagnostics. Pure: files that the
//! pipeline names are read through [`Files`], catalogues come with the [`Driver`]s.

mod check;
pub mod functions;
mod notices;
pub mod observe;
pub mod template;
mod test;

pub use check::{Checked, check, check_observed, check_with};
pub use notices::{ALERTS, ALERTS_URL, Notices, Webhook};
pub use test::{Expectation, GivenLink, Sentence, Test};

use crate::connector::{Driver, Settings};
use crate::diag::{Sources, Span};
use crate::syntax::{Operator, Outcome};
use crate::value::{Date, Decimal, Type, Value};
use crate::world::CredentialSource;
use functions::Function;
use std::path::PathBuf;
use std::sync::Arc;

/// How the checker reads a file that the pipeline names.
pub trait Files {
    /// `path` as the pipeline writes it; relative ones start at the pipeline file's folder.
    fn read(&self, path: &str) -> Result<FileText, String>;

    /// The same for files that are no text, such as spreadsheets.
    fn bytes(&self, path: &str) -> Result<FileBytes, String> {
        let FileText { path, text } = self.read(path)?;
        Ok(FileBytes { path, bytes: text.as_bytes().to_vec() })
    }
}

pub struct FileText {
    /// For people.
    pub path: PathBuf,
    pub text: Arc<str>,
}

pub struct FileBytes {
    /// For people.
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

/// A variable of the file that is set from outside: `--var limit=300000`.
#[derive(Clone, Debug)]
pub struct Override {
    pub name: Arc<str>,
    pub value: Arc<str>,
    /// The whole.
    pub span: Span,
    pub value_span: Span,
}

impl Override {
    /// Reads `name=value`, and keeps it among the sources, so that a fault can be shown.
    /// `None` if there is no name or no `=`.
    pub fn read(text: &str, sources: &mut Sources) -> Option<Self> {
        let (name, value) = text.split_once('=')?;
        if name.trim().is_empty() {
            return None;
        }
        let source = sources.add("--var", text);
        let span = |start: usize, end: usize| Span::new(source, start, end);
        Some(Self {
            name: Arc::from(name.trim()),
            value: Arc::from(value),
            span: span(0, text.len()),
            value_span: span(name.len() + 1, text.len()),
        })
    }
}

/// A whole pipeline.
pub struct Model {
    pub name: Arc<str>,
    pub timezone: Option<Arc<str>>,
    pub currency: Option<Arc<str>>,
    /// Records that are dated before it were dealt with before this pipeline was.
    pub cutover: Option<Date>,
    pub connections: Vec<Connection>,
    pub lookups: Vec<Lookup>,
    /// Each stands after those that it calls.
    pub functions: Vec<UserFunction>,
    /// In an order in which each flow stands after those whose links it names.
    pub flows: Vec<Flow>,
    /// In the order of the file. They change nothing of what a run does.
    pub tests: Vec<Test>,
    /// Whom it tells, and of what. They change nothing of what a run does.
    pub notices: Option<Notices>,
}

pub struct Connection {
    pub name: Arc<str>,
    pub driver: Driver,
    pub settings: Settings,
    /// `None` with `sandbox`.
    pub credentials: Option<CredentialSource>,
    pub sandbox: bool,
    /// The tenant profile's text.
    pub profile: Option<Arc<str>>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LookupId(pub usize);

/// A table from inputs to outputs, most specific row first.
pub struct Lookup {
    pub name: Arc<str>,
    pub inputs: Vec<Arc<str>>,
    pub outputs: Vec<(Arc<str>, Type)>,
    /// Rows of the file and of CSV files, ordered most specific first.
    pub rows: Vec<Row>,
    pub resource: Option<LookupResource>,
    pub verifies: Vec<Verify>,
    /// What becomes of a record for which no row fits; without it the result is optional.
    pub missing: Option<Missing>,
    pub span: Span,
}

pub struct Row {
    pub patterns: Vec<Pattern>,
    /// In the order of the outputs, of their types.
    pub values: Vec<Value>,
    /// The first and the last day on which the row holds.
    pub from: Option<Date>,
    pub until: Option<Date>,
    /// Where the row stands: `cost-codes.csv line 12`, `acme.mlc line 20`.
    pub place: String,
    pub span: Span,
}

impl Row {
    /// Whether it holds for some days only.
    pub fn is_dated(&self) -> bool {
        self.from.is_some() || self.until.is_some()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    Any,
    /// Text without `*`.
    Exact(Arc<str>),
    /// The runs of text between the `*`s; `03-3*` is `["03-3", ""]`.
    Glob(Vec<Arc<str>>),
}

/// Rows that are read from a connection before the run maps anything.
pub struct LookupResource {
    pub connection: Arc<str>,
    pub resource: Arc<str>,
    /// Input and output fields, in order, by their names in the resource.
    pub inputs: Vec<Arc<str>>,
    pub outputs: Vec<Arc<str>>,
    /// Over one local: the record.
    pub filter: Option<Expr>,
    pub locals: usize,
    /// The list exists only inside one record of another resource.
    pub scope: Option<LookupScope>,
}

/// The resource that a lookup's rows are read per one of.
pub struct LookupScope {
    pub name: Arc<str>,
    pub resource: Arc<str>,
    /// Its field that selects it.
    pub field: Arc<str>,
    /// Over one local: the scope record. Without it, rows are read for those scope records
    /// that a flow wants which asks the lookup.
    pub filter: Option<Expr>,
    pub locals: usize,
    /// What of the scope record each row carries: under which name, and which field it is.
    pub carries: Vec<(Arc<str>, Arc<str>)>,
}

/// A column whose values must stand in a field of a resource.
pub struct Verify {
    /// Index into the lookup's outputs.
    pub output: usize,
    pub connection: Arc<str>,
    pub resource: Arc<str>,
    /// What an accountant calls one of them.
    pub title: Arc<str>,
    pub field: Arc<str>,
    /// Over one local: the record.
    pub filter: Option<Expr>,
    pub locals: usize,
    pub span: Span,
}

/// The sentence's locals are the lookup's inputs, in order from local 0.
pub struct Missing {
    pub outcome: Outcome,
    pub sentence: Template,
}

/// A place in a flow's frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LocalId(pub usize);

pub struct Flow {
    pub name: Arc<str>,
    pub source: Source,
    /// In the order in which they are carried out.
    pub steps: Vec<Step>,
    pub target: Target,
    /// The flows whose links it names, by name, each once.
    pub links: Vec<Arc<str>>,
    pub schedule: Schedule,
    /// Names and types by [`LocalId`]. 0 is the source record, 1 the scope record where there is one.
    pub locals: Vec<Local>,
    pub span: Span,
}

pub struct Local {
    pub name: Arc<str>,
    pub ty: Type,
}

pub struct Source {
    pub connection: Arc<str>,
    pub resource: Arc<str>,
    pub scope: Option<Scope>,
}

/// The resource that the source is read per one of.
pub struct Scope {
    pub name: Arc<str>,
    pub resource: Arc<str>,
    /// Its field that selects it.
    pub field: Arc<str>,
    /// Over the flow's frame, where only the scope local is set.
    pub filter: Option<Expr>,
    pub local: LocalId,
}

pub enum Step {
    /// A record for which it is not true leaves the flow as skipped.
    Where {
        condition: Expr,
    },
    Let(Let),
    /// Sets a target field, and the local that later steps read it by.
    Field {
        name: Arc<str>,
        local: LocalId,
        value: Expr,
        /// Of the name.
        span: Span,
    },
    Require {
        condition: Expr,
        otherwise: Otherwise,
    },
    /// Finds the record of the target that is the same thing.
    Match(Box<Matching>),
}

/// How a source record finds its like in the target.
pub struct Matching {
    pub connection: Arc<str>,
    pub resource: Arc<str>,
    /// What an accountant calls one of them.
    pub title: Arc<str>,
    /// The field that names one for good.
    pub identity: Arc<str>,
    /// Where a record of the target stands while its side of the keys is computed.
    pub candidate: LocalId,
    /// In the order in which they are tried.
    pub keys: Vec<MatchKey>,
    /// Where several matches stand, for the sentence.
    pub matches: LocalId,
    pub ambiguous: Otherwise,
    /// The matched record, or absent.
    pub local: LocalId,
}

/// A natural key: both sides are equal.
pub struct MatchKey {
    /// Over the candidate.
    pub theirs: Expr,
    /// Over the source record and what was computed before.
    pub ours: Expr,
    /// As the pipeline writes it.
    pub text: Arc<str>,
}

/// When a flow runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Schedule {
    pub run: Option<RunWhen>,
    pub reconcile: Option<Reconcile>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunWhen {
    Every(crate::value::Span),
    Webhook,
}

/// `reconcile daily at 05:00 lookback 35d`, in the pipeline's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconcile {
    pub minute_of_day: u32,
    pub lookback: crate::value::Span,
}

pub struct Let {
    pub local: LocalId,
    pub value: Expr,
    /// Taken when the value is absent; the local's type is then settled.
    pub otherwise: Option<Otherwise>,
}

pub struct Otherwise {
    pub outcome: Outcome,
    pub sentence: Template,
    pub span: Span,
}

pub struct Target {
    pub connection: Arc<str>,
    pub resource: Arc<str>,
    pub key: Vec<Arc<str>>,
    pub on_change: OnChange,
    pub retry: Retry,
    pub guard: Guard,
    pub settle: Option<Settle>,
    pub approve: Option<Approve>,
    /// `mark = origin_id`: the source's field that is to hold the target's reference.
    pub mark: Option<Arc<str>>,
    pub span: Span,
}

/// `settle receipts for 24h`: a first post waits until what the target depends on is there
/// and has been quiet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settle {
    /// One of the target's `settles`.
    pub what: Arc<str>,
    pub quiet: crate::value::Span,
}

/// `approve when …`: a record for which it is true waits for a person.
pub struct Approve {
    /// Over the flow's frame, when all steps are done.
    pub condition: Expr,
    /// As the pipeline writes it.
    pub text: Arc<str>,
}

/// What happens when a source record changed after it was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnChange {
    #[default]
    Hold,
    Update,
    /// By a further record over the difference.
    Correct,
    Ignore,
}

/// `retry 5 times from 2s to 5m`; the default is 4 times from 1s to 1m.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    pub times: u32,
    pub first: crate::value::Span,
    pub longest: crate::value::Span,
}

impl Default for Retry {
    fn default() -> Self {
        Self { times: 4, first: crate::value::Span::from_secs(1), longest: crate::value::Span::from_secs(60) }
    }
}

/// Stops the run before it does mass harm. The default bounds neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Guard {
    /// At most so many records are posted in one run.
    pub records: Option<u64>,
    /// At most this share (0 to 100) of the records that left the mapping is rejected.
    pub rejected_percent: Option<Decimal>,
}

pub struct Expr {
    pub kind: ExprKind,
    pub ty: Type,
    pub span: Span,
}

/// Which record of another flow is meant, and by which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// The source record, by the number of what it became: `linked(vendors, id)`.
    Source,
    /// What it became, by the number of the source record: `posted(invoices, id)`.
    Target,
}

impl Link {
    /// The word that asks for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "linked",
            Self::Target => "posted",
        }
    }

    /// The way that a word asks for, if it asks for one.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Source, Self::Target].into_iter().find(|link| link.word() == word)
    }
}

pub enum ExprKind {
    Constant(Value),
    Local(LocalId),
    /// A field of a record; of an absent record it is absent.
    Field(Box<Expr>, Arc<str>),
    /// The field of every record of a list: `lines.amount`. Absent ones are left out.
    Project(Box<Expr>, Arc<str>),
    /// The n-th of a list, from the end if negative; absent outside.
    Index(Box<Expr>, i64),
    /// Slices, filters and descendants: JSONPath segments over the value.
    Query(Box<Expr>, Arc<str>),
    Template(Template),
    List(Vec<Expr>),
    Call(&'static Function, Vec<Expr>),
    /// A record of the lookup's outputs. If rows hold for some days, the day is the last
    /// of the inputs.
    Lookup(LookupId, Vec<Expr>),
    /// A record of the flow of this name that stands on both sides.
    Linked(Link, Arc<str>, Box<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    /// All but `??`; operands are settled and of fitting types.
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `??`
    Otherwise(Box<Expr>, Box<Expr>),
    Each(Box<Each>),
    /// A record made in place: `Let` and `Field` only.
    Record(Vec<Step>),
    If(Box<If>),
    Match(Box<Match>),
    /// A function or `let` of the file.
    Apply(FunctionId, Vec<Expr>),
}

/// Absent where the condition does not hold and there is no other value.
pub struct If {
    pub condition: Expr,
    pub then: Expr,
    pub otherwise: Option<Expr>,
}

/// The first arm that takes the value counts; absent where none does.
pub struct Match {
    pub value: Expr,
    pub arms: Vec<Arm>,
}

pub struct Arm {
    /// `None` takes everything.
    pub patterns: Option<Vec<Value>>,
    pub value: Expr,
}

/// An index into [`Model::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunctionId(pub usize);

/// A `fn` or `let` of the file. Its parameters are the first locals.
pub struct UserFunction {
    pub name: Arc<str>,
    pub body: Expr,
    pub locals: Vec<Local>,
    /// Its text is cut with `take`, so that two can become one.
    pub cuts: bool,
}

/// Makes one record for each item of a list that the filter keeps.
pub struct Each {
    pub list: Expr,
    pub item: LocalId,
    pub filter: Option<Expr>,
    /// `Let` and `Field` only.
    pub steps: Vec<Step>,
}

/// Text with places to fill.
pub struct Template {
    pub pieces: Vec<Piece>,
    pub span: Span,
}

pub enum Piece {
    Literal(Arc<str>),
    /// A value, and the filters that it goes through in the template engine. An absent
    /// value stands as `(missing)`; only sentences may hold one.
    Value {
        value: Expr,
        filters: Vec<template::Filter>,
    },
}
