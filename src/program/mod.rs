//! The program: what is left of a model when everything that can be decided before a
//! record is read has been decided. Evaluation is pure and total.
//!
//! [`compile`] takes a checked [`Model`] and hands on a [`Program`] that any number of
//! threads evaluate at once: [`Flow::evaluate`] makes a target record, or a stop with a
//! sentence, out of a source record and the [`Tables`] of the lookups.

mod expression;
mod hash;
mod likeness;
mod looks;
mod machine;
mod operate;
mod peers;
mod query;
mod scoped;
mod survey;
mod table;
mod text;
pub mod trace;
mod trial;
mod verify;
mod wanted;

pub use likeness::likeness;
pub use peers::Peers;
pub use survey::{Question, Standing, Surveyed};
pub use table::Tables;
pub use trial::{Compared, ConditionPlace, Difference, Test, Tried};
pub use verify::Verified;

use crate::connector::Key;
use crate::diag::Sources;
use crate::model::{self, Connection, Expr as ModelExpr, ExprKind, Lookup, LookupId, Model};
use crate::syntax::Outcome;
use crate::value::{Date, Record, Value};
use expression::{Expr, Function, Lowering, Otherwise, Step};
use machine::{Machine, Passed};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A pipeline, ready to run.
pub struct Program {
    name: Arc<str>,
    timezone: Option<Arc<str>>,
    currency: Option<Arc<str>>,
    cutover: Option<Date>,
    hash: String,
    connections: Vec<Connection>,
    lookups: Vec<Lookup>,
    code: Arc<[LookupCode]>,
    functions: Arc<[Function]>,
    flows: Vec<Flow>,
    tests: Vec<Test>,
    notices: Option<model::Notices>,
    /// As they are written, for traces.
    written: Vec<model::UserFunction>,
    sources: Sources,
}

/// One flow, ready to run.
pub struct Flow {
    name: Arc<str>,
    hash: String,
    source: model::Source,
    target: model::Target,
    locals: usize,
    scope_filter: Option<Expr>,
    steps: Vec<Step>,
    lookups: Vec<LookupId>,
    links: Vec<Arc<str>>,
    schedule: model::Schedule,
    matching: Option<peers::Matching>,
    approve: Option<Expr>,
    /// The fields of the source that its `where`s look at.
    looks_at: Vec<Arc<str>>,
    /// As they are written, for traces.
    written: Vec<model::Step>,
    names: Arc<[Arc<str>]>,
    /// How the texts look that it gives to its target.
    signatures: Vec<(Arc<str>, crate::connector::Signature)>,
}

/// What of a lookup is evaluated.
struct LookupCode {
    filter: Option<Expr>,
    scope_filter: Option<Expr>,
    /// In the order of the verifies.
    verifies: Vec<Option<Expr>>,
    missing: Option<Otherwise>,
}

/// What a flow makes of one source record.
#[derive(Clone, Debug, PartialEq)]
pub enum Evaluation {
    /// A `where` said no.
    Skipped,
    /// A declared `hold`, `reject` or `skip`, a lookup row that verification refused (hold),
    /// or an amount that left the range of exact decimals (reject).
    Stopped(Stop),
    Mapped(Mapped),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    pub outcome: Outcome,
    /// The sentence, filled in: one line.
    pub sentence: String,
    /// The same for records with the same trouble: the sentence before it was filled in.
    pub kind: String,
    /// Who mends it, and where, when the pipeline's sentence does not say.
    pub mend: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// Without the fields whose value is absent.
    pub target: Record,
    pub key: Key,
    /// The record of the target that `match` found to be the same thing.
    pub matched: Option<Record>,
    /// `approve when` is true of it.
    pub wants_approval: bool,
}

/// Makes a program of a checked model.
pub fn compile(model: Model) -> Program {
    let hashes = hash::hashes(&model);
    let code: Vec<LookupCode> = model.lookups.iter().map(LookupCode::new).collect();
    let functions: Arc<[Function]> = model.functions.iter().map(Function::new).collect();
    let asked = asked_by(&model.functions);
    let flows = model.flows.into_iter().zip(hashes.flows).map(|(flow, hash)| Flow::new(flow, hash, &asked)).collect();
    Program {
        name: model.name,
        timezone: model.timezone,
        currency: model.currency,
        cutover: model.cutover,
        hash: hashes.program,
        connections: model.connections,
        lookups: model.lookups,
        code: code.into(),
        functions,
        flows,
        tests: model.tests.into_iter().map(Test::new).collect(),
        notices: model.notices,
        written: model.functions,
        sources: Sources::new(),
    }
}

impl Program {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 in hex over all that changes what is posted; spans and layout are not in it.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Takes the texts that the model's spans point into, so that a trace can show its lines.
    #[must_use]
    pub fn with_sources(mut self, sources: Sources) -> Self {
        self.sources = sources;
        self
    }

    /// The texts that it was made of, as far as they were given to it.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    pub fn timezone(&self) -> Option<&str> {
        self.timezone.as_deref()
    }

    pub fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }

    /// The first day whose records are posted.
    pub fn cutover(&self) -> Option<Date> {
        self.cutover
    }

    /// Whom it tells, and of what. They are no part of its hash.
    pub fn notices(&self) -> Option<&model::Notices> {
        self.notices.as_ref()
    }

    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    pub fn lookups(&self) -> &[Lookup] {
        &self.lookups
    }

    /// In an order in which each flow stands after those whose links it names.
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }
}

impl Flow {
    fn new(flow: model::Flow, hash: String, functions: &[BTreeSet<usize>]) -> Self {
        let names: Vec<Arc<str>> = flow.locals.iter().map(|local| local.name.clone()).collect();
        let lowering = Lowering { names: &names };
        let scope_filter = flow.source.scope.as_ref().and_then(|scope| scope.filter.as_ref());
        let mut asked = Asked { functions, lookups: BTreeSet::new() };
        used_by_steps(&flow.steps, &mut asked);
        if let Some(filter) = scope_filter {
            used(filter, &mut asked);
        }
        if let Some(approve) = &flow.target.approve {
            used(&approve.condition, &mut asked);
        }
        let matching = flow.steps.iter().find_map(|step| match step {
            model::Step::Match(matching) => Some(peers::Matching {
                candidate: matching.candidate,
                identity: matching.identity.clone(),
                theirs: matching.keys.iter().map(|key| lowering.expr(&key.theirs)).collect(),
            }),
            _ => None,
        });
        Self {
            hash,
            locals: names.len(),
            scope_filter: scope_filter.map(|filter| lowering.expr(filter)),
            steps: lowering.steps(&flow.steps),
            looks_at: looks::of_wheres(&flow.steps),
            signatures: wanted::signatures(&flow.steps),
            lookups: asked.lookups.into_iter().map(LookupId).collect(),
            approve: flow.target.approve.as_ref().map(|approve| lowering.expr(&approve.condition)),
            matching,
            links: flow.links,
            schedule: flow.schedule,
            name: flow.name,
            source: flow.source,
            target: flow.target,
            written: flow.steps,
            names: names.into(),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// As [`Program::hash`], over this flow and the lookups that it uses. How often a write
    /// is tried and when a run is stopped (`retry`, `guard`) are not in it.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    pub fn source(&self) -> &model::Source {
        &self.source
    }

    pub fn target(&self) -> &model::Target {
        &self.target
    }

    /// The lookups that this flow asks, each once.
    pub fn lookups(&self) -> &[LookupId] {
        &self.lookups
    }

    /// The flows whose links it names.
    pub fn links(&self) -> &[Arc<str>] {
        &self.links
    }

    /// The fields of the source record that its `where`s look at, as far as they say so plainly.
    pub fn looks_at(&self) -> &[Arc<str>] {
        &self.looks_at
    }

    /// When it runs by itself.
    pub fn schedule(&self) -> &model::Schedule {
        &self.schedule
    }

    /// With a `match`: the field that names a record of the target for good.
    pub fn matches_by(&self) -> Option<&str> {
        self.matching.as_ref().map(|matching| &*matching.identity)
    }

    /// Whether the source is to be read for this scope record. One for which the filter
    /// has no answer is read, so that nothing is lost in silence.
    pub fn wants_scope(&self, tables: &Tables, scope: &Record) -> bool {
        let Some(filter) = &self.scope_filter else { return true };
        let mut machine = self.machine(tables, Some(scope));
        machine.holds(filter).unwrap_or(true)
    }

    /// What this flow makes of a source record.
    pub fn evaluate(&self, tables: &Tables, source: &Record, scope: Option<&Record>) -> Evaluation {
        self.evaluate_linked(tables, source, scope, None)
    }

    /// The same for a source record that is linked with a record of the target already: of
    /// those, the one with this number.
    pub fn evaluate_linked(
        &self,
        tables: &Tables,
        source: &Record,
        scope: Option<&Record>,
        linked: Option<&str>,
    ) -> Evaluation {
        let mut machine = self.machine(tables, scope);
        machine.linked = linked.map(Arc::from);
        machine.set(model::LocalId(0), source.clone().into());
        let mut target = Record::new();
        match machine.run(&self.steps, &mut target) {
            Err(stop) => Evaluation::Stopped(*stop),
            Ok(Passed::Skipped) => Evaluation::Skipped,
            Ok(Passed::Through) => {
                let key = self.target.key.iter().map(|name| (name.clone(), field(&target, name))).collect();
                let wants_approval = match &self.approve {
                    None => false,
                    Some(condition) => match machine.holds(condition) {
                        Ok(wants) => wants,
                        Err(stop) => return Evaluation::Stopped(*stop),
                    },
                };
                Evaluation::Mapped(Mapped { key: Key(key), target, matched: machine.matched, wants_approval })
            }
        }
    }

    /// What of lookups a source record asks for in vain.
    fn misses(&self, tables: &Tables, source: &Record, scope: Option<&Record>) -> Vec<(LookupId, Vec<Value>)> {
        let mut machine = self.machine(tables, scope);
        machine.set(model::LocalId(0), source.clone().into());
        // Whether it is stopped by that does not matter here.
        let _ = machine.run(&self.steps, &mut Record::new());
        machine.missed
    }

    fn machine<'t>(&self, tables: &'t Tables, scope: Option<&Record>) -> Machine<'t> {
        let mut machine = Machine::new(tables, self.locals);
        if let (Some(place), Some(record)) = (&self.source.scope, scope) {
            machine.set(place.local, record.clone().into());
        }
        machine
    }
}

impl LookupCode {
    fn new(lookup: &Lookup) -> Self {
        let record = Lowering { names: &[] };
        let inputs = Lowering { names: &lookup.inputs };
        let scope = lookup.resource.as_ref().and_then(|resource| resource.scope.as_ref());
        Self {
            scope_filter: scope.and_then(|scope| scope.filter.as_ref()).map(|filter| record.expr(filter)),
            filter: lookup
                .resource
                .as_ref()
                .and_then(|resource| resource.filter.as_ref())
                .map(|filter| record.expr(filter)),
            verifies: lookup
                .verifies
                .iter()
                .map(|verify| verify.filter.as_ref().map(|filter| record.expr(filter)))
                .collect(),
            missing: lookup
                .missing
                .as_ref()
                .map(|missing| Otherwise { outcome: missing.outcome, sentence: inputs.text(&missing.sentence) }),
        }
    }
}

/// What becomes of a record that left the flow so, when its sentence does not say.
fn mend(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Hold => "when that is mended, nothing else is to be done: the next run takes the record up by itself",
        Outcome::Reject => "mend the record at its source, or the pipeline; it is looked at again when either changes",
        Outcome::Skip => "nothing is to be done: the pipeline leaves out records like this one",
    }
}

fn field(record: &Record, name: &str) -> Value {
    record.get(name).cloned().unwrap_or_default()
}

/// The lookups that something asks, itself or through functions of the file.
struct Asked<'a> {
    /// Those of each function.
    functions: &'a [BTreeSet<usize>],
    lookups: BTreeSet<usize>,
}

/// The lookups that each function asks. Those that it calls stand before it.
fn asked_by(functions: &[model::UserFunction]) -> Vec<BTreeSet<usize>> {
    let mut all: Vec<BTreeSet<usize>> = Vec::with_capacity(functions.len());
    for function in functions {
        let mut asked = Asked { functions: &all, lookups: BTreeSet::new() };
        used(&function.body, &mut asked);
        let Asked { lookups, .. } = asked;
        all.push(lookups);
    }
    all
}

fn used_by_steps(steps: &[model::Step], asked: &mut Asked) {
    for step in steps {
        match step {
            model::Step::Where { condition } => used(condition, asked),
            model::Step::Let(entry) => {
                used(&entry.value, asked);
                if let Some(otherwise) = &entry.otherwise {
                    used_by_template(&otherwise.sentence, asked);
                }
            }
            model::Step::Field { value, .. } => used(value, asked),
            model::Step::Require { condition, otherwise } => {
                used(condition, asked);
                used_by_template(&otherwise.sentence, asked);
            }
            model::Step::Match(matching) => {
                for key in &matching.keys {
                    used(&key.theirs, asked);
                    used(&key.ours, asked);
                }
                used_by_template(&matching.ambiguous.sentence, asked);
            }
        }
    }
}

fn used_by_template(template: &model::Template, asked: &mut Asked) {
    for piece in &template.pieces {
        if let model::Piece::Value { value, .. } = piece {
            used(value, asked);
        }
    }
}

fn used(expr: &ModelExpr, asked: &mut Asked) {
    match &expr.kind {
        ExprKind::Constant(_) | ExprKind::Local(_) => {}
        ExprKind::Field(base, _) | ExprKind::Project(base, _) | ExprKind::Index(base, _) | ExprKind::Query(base, _) => {
            used(base, asked);
        }
        ExprKind::Template(template) => used_by_template(template, asked),
        ExprKind::List(items) | ExprKind::Call(_, items) => items.iter().for_each(|item| used(item, asked)),
        ExprKind::Lookup(lookup, inputs) => {
            asked.lookups.insert(lookup.0);
            inputs.iter().for_each(|input| used(input, asked));
        }
        ExprKind::Linked(_, _, value) | ExprKind::Not(value) | ExprKind::Negate(value) => used(value, asked),
        ExprKind::Binary(_, left, right) | ExprKind::Otherwise(left, right) => {
            used(left, asked);
            used(right, asked);
        }
        ExprKind::Each(each) => {
            used(&each.list, asked);
            if let Some(filter) = &each.filter {
                used(filter, asked);
            }
            used_by_steps(&each.steps, asked);
        }
        ExprKind::Record(steps) => used_by_steps(steps, asked),
        ExprKind::If(choice) => {
            used(&choice.condition, asked);
            used(&choice.then, asked);
            choice.otherwise.iter().for_each(|value| used(value, asked));
        }
        ExprKind::Match(cases) => {
            used(&cases.value, asked);
            cases.arms.iter().for_each(|arm| used(&arm.value, asked));
        }
        ExprKind::Apply(function, arguments) => {
            asked.lookups.extend(asked.functions.get(function.0).into_iter().flatten());
            arguments.iter().for_each(|argument| used(argument, asked));
        }
    }
}

#[cfg(test)]
mod tests;
