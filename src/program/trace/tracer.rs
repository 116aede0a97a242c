//! The traced evaluation: as [`crate::program::machine`], step by step, with a lineage beside
//! each value.
//!
//! Values, counters and sentences are the machine's own. What is told here is only where each
//! value came from, how far the target was made, and at which place it ended.

use super::collect::{Collect, steps};
use super::ledger::Ledger;
use super::lineage::{FieldOf, Lineage, Shape};
use super::{Asked, Checked, Of, Part, Path, Stopped, Trace};
use crate::connector::Key;
use crate::diag::Span;
use crate::model::{Expr, ExprKind, Let, LocalId, Matching, Otherwise, Step};
use crate::program::expression::{self, Lowering};
use crate::program::machine::{Halt, Machine, Passed};
use crate::program::{Evaluation, Flow, Mapped, Program, Tables, field};
use crate::value::{Record, Value};
use std::sync::Arc;

pub(super) fn trace(
    program: &Program,
    flow: &Flow,
    tables: &Tables,
    source: &Record,
    scope: Option<&Record>,
    linked: Option<&str>,
) -> Trace {
    let mut tracer = Tracer::new(program, flow, tables);
    tracer.machine.linked = linked.map(Arc::from);
    if let (Some(place), Some(record)) = (&flow.source.scope, scope) {
        tracer.set(place.local, Known::read(record.clone().into(), Of::Scope));
    }
    tracer.set(LocalId(0), Known::read(source.clone().into(), Of::Source));
    let mut target = Made::default();
    let evaluation = match tracer.flow(&flow.written, &mut target) {
        Err(stop) => Evaluation::Stopped(*stop),
        Ok(Passed::Skipped) => Evaluation::Skipped,
        Ok(Passed::Through) => tracer.mapped(flow, &target.record),
    };
    let Made { record, fields } = target;
    let mut collect = Collect { ledger: &mut tracer.ledger, values: Vec::new() };
    collect.record(&record, &Lineage::fields(fields), &Path::default(), Span::default());
    Trace { evaluation, target: record, values: collect.values, checks: tracer.checks, stopped: tracer.stopped }
}

/// A value and where it comes from.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub value: Value,
    pub from: Lineage,
}

impl Known {
    fn read(value: Value, of: Of) -> Self {
        Self { value, from: Lineage::read(of, Span::default()) }
    }

    fn is_empty(&self) -> bool {
        self.value.as_list().is_some_and(<[Value]>::is_empty) || self.value.as_record().is_some_and(Record::is_empty)
    }

    /// A whole record is asked for where its name stands; whatever was taken out of one keeps
    /// the place at which that was done.
    pub fn asked_first_at(self, span: Span) -> Self {
        match &self.from.shape {
            Shape::Read(_, _, at) if *at == Span::default() => Self { from: self.from.asked_at(span), ..self },
            _ => self,
        }
    }
}

/// The locals of a flow or a function.
pub(super) struct Frame {
    values: Vec<Value>,
    lineages: Vec<Lineage>,
    names: Arc<[Arc<str>]>,
}

/// A record that is being made.
#[derive(Default)]
pub(super) struct Made {
    pub record: Record,
    fields: Vec<FieldOf>,
}

impl Made {
    fn put(&mut self, name: &Arc<str>, span: Span, known: &Known) {
        if known.value.is_null() {
            return;
        }
        self.record.insert(name.clone(), known.value.clone());
        self.fields.retain(|field| field.name != *name);
        self.fields.push(FieldOf { name: name.clone(), span, from: known.from.clone() });
    }

    pub fn known(self) -> Known {
        Known { value: self.record.into(), from: Lineage::fields(self.fields) }
    }
}

pub(super) struct Tracer<'a> {
    pub program: &'a Program,
    pub machine: Machine<'a>,
    /// Beside the machine's frame.
    lineages: Vec<Lineage>,
    /// Of the locals of the frame.
    names: Arc<[Arc<str>]>,
    pub ledger: Ledger,
    checks: Vec<Checked>,
    pub stopped: Option<Stopped>,
    /// What of the target is being made.
    pub at: Path,
    /// Inside of something that is no part of the target by itself.
    pub aside: u32,
    /// What was made of a part of the target that came to no end.
    pub wreck: Option<Known>,
}

impl<'a> Tracer<'a> {
    fn new(program: &'a Program, flow: &Flow, tables: &'a Tables) -> Self {
        Self {
            program,
            machine: Machine::new(tables, flow.locals),
            lineages: vec![Lineage::default(); flow.locals],
            names: flow.names.clone(),
            ledger: Ledger::default(),
            checks: Vec::new(),
            stopped: None,
            at: Path::default(),
            aside: 0,
            wreck: None,
        }
    }

    pub fn set(&mut self, local: LocalId, known: Known) {
        self.machine.set(local, known.value);
        if let Some(place) = self.lineages.get_mut(local.0) {
            *place = known.from;
        }
    }

    pub fn get(&self, local: LocalId) -> Known {
        Known {
            value: self.machine.frame.get(local.0).cloned().unwrap_or_default(),
            from: self.lineages.get(local.0).cloned().unwrap_or_default(),
        }
    }

    /// Puts a frame in place of the one that is there.
    pub fn enter(&mut self, frame: Vec<Known>, names: Arc<[Arc<str>]>) -> Frame {
        let (values, lineages) = frame.into_iter().map(|known| (known.value, known.from)).unzip();
        self.leave(Frame { values, lineages, names })
    }

    /// Puts one back; the one that was there.
    pub fn leave(&mut self, before: Frame) -> Frame {
        Frame {
            values: std::mem::replace(&mut self.machine.frame, before.values),
            lineages: std::mem::replace(&mut self.lineages, before.lineages),
            names: std::mem::replace(&mut self.names, before.names),
        }
    }

    /// What of the model is evaluated in this frame, as the machine takes it.
    pub fn lowered<T>(&self, make: impl FnOnce(&Lowering) -> T) -> T {
        make(&Lowering { names: &self.names })
    }

    /// The steps of the flow itself, whose questions are told.
    fn flow(&mut self, steps: &[Step], target: &mut Made) -> Result<Passed, Halt> {
        for step in steps {
            match step {
                Step::Where { condition } => {
                    if !self.check("where", condition)? {
                        self.ends(condition.span, None);
                        return Ok(Passed::Skipped);
                    }
                }
                Step::Require { condition, otherwise } => {
                    if !self.check("require", condition)? {
                        return Err(self.stop(otherwise, condition.span));
                    }
                }
                Step::Let(entry) => self.bind(entry, true)?,
                Step::Match(matching) => self.find_match(matching)?,
                Step::Field { name, local, value, span } => self.put(target, (name, *span), *local, value)?,
            }
        }
        Ok(Passed::Through)
    }

    /// Steps inside of an expression.
    pub fn run(&mut self, steps: &[Step], made: &mut Made) -> Result<Passed, Halt> {
        for step in steps {
            match step {
                Step::Where { condition } => {
                    if !self.holds(condition)? {
                        return Ok(Passed::Skipped);
                    }
                }
                Step::Require { condition, otherwise } => {
                    if !self.holds(condition)? {
                        return Err(self.stop(otherwise, condition.span));
                    }
                }
                Step::Let(entry) => self.bind(entry, false)?,
                Step::Match(matching) => self.find_match(matching)?,
                Step::Field { name, local, value, span } => self.put(made, (name, *span), *local, value)?,
            }
        }
        Ok(Passed::Through)
    }

    /// What even the machine only knows when all steps are done.
    fn mapped(&mut self, flow: &Flow, target: &Record) -> Evaluation {
        let wants_approval = match &flow.target.approve {
            None => false,
            Some(approve) => match self.check("approve when", &approve.condition) {
                Ok(wants) => wants,
                Err(stop) => return Evaluation::Stopped(*stop),
            },
        };
        let key = flow.target.key.iter().map(|name| (name.clone(), field(target, name))).collect();
        let matched = self.machine.matched.clone();
        Evaluation::Mapped(Mapped { key: Key(key), target: target.clone(), matched, wants_approval })
    }

    fn check(&mut self, rule: &'static str, condition: &Expr) -> Result<bool, Halt> {
        let known = self.eval(condition)?;
        let passed = known.value.as_bool() == Some(true);
        self.tell(rule, passed, condition.span, &known);
        Ok(passed)
    }

    fn tell(&mut self, rule: &'static str, passed: bool, span: Span, known: &Known) {
        let from = steps(&self.ledger.settle(&known.value, &known.from));
        self.checks.push(Checked { rule, passed, span, from });
    }

    pub fn holds(&mut self, condition: &Expr) -> Result<bool, Halt> {
        Ok(self.eval(condition)?.value.as_bool() == Some(true))
    }

    fn bind(&mut self, entry: &Let, told: bool) -> Result<(), Halt> {
        self.machine.doing = self.lowered(|lowering| lowering.name(entry.local));
        self.aside += 1;
        let known = self.eval(&entry.value);
        self.aside -= 1;
        let known = known?;
        let Some(otherwise) = &entry.otherwise else {
            self.set(entry.local, known);
            return Ok(());
        };
        let passed = !known.value.is_null();
        if told {
            self.tell("let", passed, entry.value.span, &known);
        }
        if !passed {
            return Err(self.stop(otherwise, entry.value.span));
        }
        self.set(entry.local, known);
        Ok(())
    }

    fn put(
        &mut self,
        made: &mut Made,
        (name, span): (&Arc<str>, Span),
        local: LocalId,
        value: &Expr,
    ) -> Result<(), Halt> {
        self.machine.doing = name.clone();
        if self.aside == 0 {
            self.at.0.push(Part::Field(name.clone()));
        }
        let known = match self.part(value) {
            Ok(known) => known,
            Err(stop) => {
                // A list without a line would look like one that is to have none.
                let begun = |wreck: &Known| !wreck.is_empty();
                if let Some(wreck) = self.wreck.take().filter(begun).filter(|_| self.aside == 0) {
                    made.put(name, span, &wreck);
                }
                return Err(stop);
            }
        };
        if self.aside == 0 {
            self.at.0.pop();
        }
        made.put(name, span, &known);
        self.set(local, known);
        Ok(())
    }

    /// The value of a field, of which a list or a record written there is a part of the target.
    fn part(&mut self, value: &Expr) -> Result<Known, Halt> {
        match &value.kind {
            ExprKind::Each(each) => self.each(each),
            ExprKind::Record(steps) => self.record(steps),
            _ => {
                self.aside += 1;
                let known = self.eval(value);
                self.aside -= 1;
                known
            }
        }
    }

    /// Who is linked already stays linked, and then the keys are not looked at.
    fn find_match(&mut self, matching: &Matching) -> Result<(), Halt> {
        let mut trail = super::trail::Trail::default();
        if self.machine.linked.is_none() {
            // The machine looks at them again, and counts them.
            let counted = (self.machine.work, self.machine.calls);
            for key in &matching.keys {
                let known = self.eval(&key.ours)?;
                trail = trail.and(&self.ledger.decided(&known.value, &known.from));
            }
            (self.machine.work, self.machine.calls) = counted;
        }
        let span = matching.keys.first().map_or(matching.ambiguous.span, |key| key.ours.span);
        let step = self.lowered(|lowering| lowering.matching(matching));
        if let Err(stop) = self.machine.find_match(&step) {
            self.ends(span, None);
            return Err(stop);
        }
        let found = Lineage::read(Of::Matched, span).with(&trail);
        if let Some(place) = self.lineages.get_mut(matching.local.0) {
            *place = found;
        }
        Ok(())
    }

    pub fn stop(&mut self, otherwise: &Otherwise, span: Span) -> Halt {
        self.ends(span, None);
        let otherwise: expression::Otherwise = self.lowered(|lowering| lowering.otherwise(otherwise));
        self.machine.stop(&otherwise)
    }

    /// Notes where it ends; the first that says so is the innermost.
    pub fn ends(&mut self, span: Span, asked: Option<Arc<Asked>>) {
        let path = &self.at;
        self.stopped.get_or_insert_with(|| Stopped { path: path.clone(), span, asked, nearest: Vec::new() });
    }
}
