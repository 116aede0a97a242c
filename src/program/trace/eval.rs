//! Expressions, each with where its value comes from.

use super::ledger::Ledger;
use super::lineage::{FieldOf, Lineage, Shape};
use super::nearest::nearest;
use super::tracer::{Known, Made, Tracer};
use super::trail::Trail;
use super::{Asked, Hit, Input, Of, Part};
use crate::diag::Span;
use crate::model::functions::{Function, LONGEST_TEXT};
use crate::model::template::Chain;
use crate::model::{Each, Expr, ExprKind, FunctionId, If, Link, LookupId, Match, Piece, Step, Template};
use crate::program::machine::{Halt, Passed, Trouble, descend, item, project};
use crate::program::query::Query;
use crate::program::{operate, text};
use crate::syntax::Operator;
use crate::value::Value;
use std::sync::Arc;

impl Tracer<'_> {
    /// The value; where there is none, the innermost place is noted.
    pub fn eval(&mut self, expr: &Expr) -> Result<Known, Halt> {
        let known = self.known(expr);
        if known.is_err() {
            self.ends(expr.span, None);
        }
        known
    }

    fn known(&mut self, expr: &Expr) -> Result<Known, Halt> {
        match &expr.kind {
            ExprKind::Constant(value) => {
                Ok(Known { value: value.clone(), from: Lineage::made(self.ledger.constant(value, expr.span)) })
            }
            ExprKind::Local(local) => Ok(self.get(*local).asked_first_at(expr.span)),
            ExprKind::Field(base, name) => {
                let base = self.eval(base)?;
                let value = descend(&base.value, std::slice::from_ref(name)).clone();
                Ok(Known { value, from: base.from.field(name).0.asked_at(expr.span) })
            }
            ExprKind::Project(base, name) => Ok(projected(self.eval(base)?, name, expr.span)),
            ExprKind::Index(base, index) => {
                let base = self.eval(base)?;
                let from = base.from.item(place(&base.value, *index)).asked_at(expr.span);
                Ok(Known { value: item(&base.value, *index), from })
            }
            ExprKind::Query(base, query) => {
                let base = self.eval(base)?;
                let query = Query::new(query);
                let places = query.places(&base.value);
                let items: Vec<Lineage> = places.iter().map(|path| base.from.at(path).asked_at(expr.span)).collect();
                let from = if items.is_empty() {
                    Lineage::made(self.ledger.settle(&base.value, &base.from))
                } else {
                    Lineage::items(items)
                };
                Ok(Known { value: query.run(&base.value), from })
            }
            ExprKind::Template(template) => self.template(template),
            ExprKind::List(items) => {
                let (values, from) = self.all(items)?.into_iter().map(|known| (known.value, known.from)).unzip();
                Ok(Known { value: Value::list(values), from: Lineage::items(from) })
            }
            ExprKind::Call(function, arguments) => self.call(function, arguments, expr),
            ExprKind::Lookup(lookup, inputs) => self.look_up(*lookup, inputs, expr.span),
            ExprKind::Linked(link, flow, number) => self.linked(*link, flow, number, expr.span),
            ExprKind::Not(value) => {
                let known = self.eval(value)?;
                let value = known.value.as_bool().map_or(Value::Null, |flag| Value::Bool(!flag));
                Ok(Known { value, from: Lineage::made(self.ledger.settle(&known.value, &known.from)) })
            }
            ExprKind::Negate(value) => {
                let known = self.eval(value)?;
                let value = operate::negate(&known.value).map_err(|refused| self.machine.refused(refused))?;
                Ok(Known { value, from: Lineage::made(self.ledger.settle(&known.value, &known.from)) })
            }
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right),
            ExprKind::Otherwise(left, right) => self.otherwise(left, right),
            ExprKind::Each(each) => self.aside(|tracer| tracer.each(each)),
            ExprKind::Record(steps) => self.aside(|tracer| tracer.record(steps)),
            ExprKind::If(choice) => self.choice(choice),
            ExprKind::Match(cases) => self.cases(cases),
            ExprKind::Apply(function, arguments) => self.apply(*function, arguments, expr.span),
        }
    }

    /// What is made here is no part of the target by itself.
    fn aside<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.aside += 1;
        let done = work(self);
        self.aside -= 1;
        done
    }

    fn all(&mut self, exprs: &[Expr]) -> Result<Vec<Known>, Halt> {
        exprs.iter().map(|expr| self.eval(expr)).collect()
    }

    fn template(&mut self, template: &Template) -> Result<Known, Halt> {
        let mut trail = self.ledger.template(template.span);
        let mut filled = String::new();
        for piece in &template.pieces {
            match piece {
                Piece::Literal(literal) => filled.push_str(literal),
                Piece::Value { value, filters } => {
                    let known = self.eval(value)?;
                    trail = trail.and(&self.ledger.settle(&known.value, &known.from));
                    let value = if filters.is_empty() {
                        known.value
                    } else {
                        let chain = Chain::new(filters);
                        chain.apply(known.value).map_err(|_| self.machine.trouble(Trouble::TextTooLong))?
                    };
                    text::push(&mut filled, &value);
                }
            }
            if filled.len() > LONGEST_TEXT {
                return Err(self.machine.trouble(Trouble::TextTooLong));
            }
        }
        Ok(Known { value: filled.into(), from: Lineage::made(trail) })
    }

    fn call(&mut self, function: &'static Function, arguments: &[Expr], expr: &Expr) -> Result<Known, Halt> {
        let known = self.all(arguments)?;
        let mut trail = self.ledger.function(&function.name.into(), expr.span);
        for (argument, known) in arguments.iter().zip(&known) {
            // How far a text is cut tells nothing of where it came from.
            if !matches!(argument.kind, ExprKind::Constant(_)) {
                trail = trail.and(&self.ledger.settle(&known.value, &known.from));
            }
        }
        let values: Vec<Value> = known.into_iter().map(|known| known.value).collect();
        let trouble = if expr.ty.is_text() { Trouble::TextTooLong } else { Trouble::AmountTooLarge };
        let value = (function.evaluate)(&values).map_err(|_| self.machine.trouble(trouble))?;
        Ok(Known { value, from: Lineage::made(trail) })
    }

    fn look_up(&mut self, lookup: LookupId, inputs: &[Expr], span: Span) -> Result<Known, Halt> {
        let known = self.all(inputs)?;
        let values: Vec<Value> = known.iter().map(|known| known.value.clone()).collect();
        let mut why = Trail::default();
        for known in &known {
            why = why.and(&self.ledger.decided(&known.value, &known.from));
        }
        let asked = self.asked(lookup, &known);
        let value = match self.machine.look_up(lookup, &values) {
            Ok(value) => value,
            Err(stop) => {
                let missing = asked.hit == Hit::Nothing;
                let rows = self.program.lookups().get(lookup.0).filter(|_| missing);
                let first = self.stopped.is_none();
                self.ends(span, Some(asked));
                if let Some(stopped) = self.stopped.as_mut().filter(|_| first) {
                    stopped.nearest = rows.map_or_else(Vec::new, |lookup| nearest(lookup, &values));
                }
                return Err(stop);
            }
        };
        let Some(outputs) = value.as_record() else {
            return Ok(Known { value, from: Lineage::made(Ledger::lookup(&asked, None, span).and(&why)) });
        };
        let outputs = outputs.iter().map(|(name, value)| {
            let output = Some((name.clone(), value.clone()));
            let from = Lineage::made(Ledger::lookup(&asked, output, span).and(&why));
            FieldOf { name: name.clone(), span, from }
        });
        let from = Lineage::fields(outputs.collect());
        Ok(Known { value, from })
    }

    fn asked(&self, lookup: LookupId, known: &[Known]) -> Arc<Asked> {
        let names = self.program.lookups().get(lookup.0).map_or(&[][..], |lookup| &lookup.inputs);
        let day: Arc<str> = Arc::from("day");
        let inputs = known.iter().enumerate().map(|(index, known)| Input {
            // After the inputs stands the day, where rows hold for some days.
            name: names.get(index).unwrap_or(&day).clone(),
            value: known.value.clone(),
            read: match &known.from.shape {
                Shape::Read(of, path, _) => Some((of.clone(), path.clone())),
                _ => None,
            },
        });
        let inputs: Vec<Input> = inputs.collect();
        let values: Vec<Value> = known.iter().map(|known| known.value.clone()).collect();
        Arc::new(Asked { lookup, inputs, hit: self.machine.tables.hit(lookup, &values) })
    }

    fn linked(&mut self, link: Link, flow: &Arc<str>, number: &Expr, span: Span) -> Result<Known, Halt> {
        let number = self.eval(number)?;
        if number.value.is_null() {
            return Ok(number);
        }
        let why = self.ledger.decided(&number.value, &number.from);
        let value = self.machine.tables.peers().linked(link, flow, &number.value);
        let of = Of::Linked { link, flow: flow.clone(), number: number.value };
        Ok(Known { value, from: Lineage::read(of, span).with(&why) })
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr) -> Result<Known, Halt> {
        let left = self.eval(left)?;
        let decided = match operator {
            Operator::And => left.value.as_bool() != Some(true),
            Operator::Or => left.value.as_bool() == Some(true),
            _ => false,
        };
        let mut trail = self.ledger.settle(&left.value, &left.from);
        if decided {
            return Ok(Known { value: (operator == Operator::Or).into(), from: Lineage::made(trail) });
        }
        let right = self.eval(right)?;
        if let (Operator::Add, Value::List(first), Value::List(second)) = (operator, &left.value, &right.value) {
            let value = self.machine.joined(first, second)?;
            let items = (0..first.len()).map(|index| left.from.item(index));
            let items = items.chain((0..second.len()).map(|index| right.from.item(index)));
            return Ok(Known { value, from: Lineage::items(items.collect()) });
        }
        trail = trail.and(&self.ledger.settle(&right.value, &right.from));
        let value = match operator {
            Operator::And | Operator::Or => (right.value.as_bool() == Some(true)).into(),
            _ => {
                let value = operate::binary(operator, &left.value, &right.value);
                value.map_err(|refused| self.machine.refused(refused))?
            }
        };
        Ok(Known { value, from: Lineage::made(trail) })
    }

    fn otherwise(&mut self, left: &Expr, right: &Expr) -> Result<Known, Halt> {
        let left = self.eval(left)?;
        if !left.value.is_null() {
            return Ok(left);
        }
        let why = self.ledger.decided(&left.value, &left.from);
        let right = self.eval(right)?;
        Ok(Known { from: right.from.with(&why), value: right.value })
    }

    fn choice(&mut self, choice: &If) -> Result<Known, Halt> {
        let condition = self.eval(&choice.condition)?;
        let why = self.ledger.decided(&condition.value, &condition.from);
        let taken = match (condition.value.as_bool() == Some(true), &choice.otherwise) {
            (true, _) => self.eval(&choice.then)?,
            (false, Some(otherwise)) => self.eval(otherwise)?,
            (false, None) => Known::default(),
        };
        Ok(Known { from: taken.from.with(&why), value: taken.value })
    }

    fn cases(&mut self, cases: &Match) -> Result<Known, Halt> {
        let Known { value, from } = self.eval(&cases.value)?;
        let why = self.ledger.decided(&value, &from);
        let takes = |patterns: &Option<Vec<Value>>| {
            patterns.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| operate::equal(pattern, &value)))
        };
        let taken = match cases.arms.iter().find(|arm| takes(&arm.patterns)) {
            Some(arm) => self.eval(&arm.value)?,
            None => Known::default(),
        };
        Ok(Known { from: taken.from.with(&why), value: taken.value })
    }

    fn apply(&mut self, function: FunctionId, arguments: &[Expr], span: Span) -> Result<Known, Halt> {
        let mut frame = self.all(arguments)?;
        let calls = self.machine.calls.checked_sub(1);
        self.machine.calls = calls.ok_or_else(|| self.machine.trouble(Trouble::TooManyCalls))?;
        let program = self.program;
        let Some(function) = program.written.get(function.0) else { return Ok(Known::default()) };
        frame.resize(function.locals.len(), Known::default());
        let names = function.locals.iter().map(|local| local.name.clone()).collect();
        let before = self.enter(frame, names);
        let doing = self.machine.doing.clone();
        let known = self.aside(|tracer| tracer.eval(&function.body));
        self.leave(before);
        self.machine.doing = doing;
        let known = known?;
        let trail = self.ledger.function(&function.name, span);
        Ok(Known { from: known.from.with(&trail), value: known.value })
    }

    pub fn record(&mut self, steps: &[Step]) -> Result<Known, Halt> {
        let doing = self.machine.doing.clone();
        let mut made = Made::default();
        if let Err(stop) = self.run(steps, &mut made) {
            self.wreck = (self.aside == 0).then(|| made.known());
            return Err(stop);
        }
        self.machine.doing = doing;
        Ok(made.known())
    }

    pub fn each(&mut self, each: &Each) -> Result<Known, Halt> {
        let list = self.aside(|tracer| tracer.eval(&each.list))?;
        let doing = self.machine.doing.clone();
        let mut made = Vec::new();
        let ended = self.items(each, &list, &mut made);
        // That there is no line comes of the list.
        let trail = if made.is_empty() { self.ledger.settle(&list.value, &list.from) } else { list.from.trail.clone() };
        let (values, from) = made.into_iter().map(|known: Known| (known.value, known.from)).unzip();
        let known = Known { value: Value::list(values), from: Lineage::items(from).with(&trail) };
        if let Err(stop) = ended {
            self.wreck = (self.aside == 0).then_some(known);
            return Err(stop);
        }
        self.machine.doing = doing;
        Ok(known)
    }

    fn items(&mut self, each: &Each, list: &Known, made: &mut Vec<Known>) -> Result<(), Halt> {
        for (index, item) in list.value.as_list().unwrap_or(&[]).iter().enumerate() {
            let work = self.machine.work.checked_sub(1);
            self.machine.work = work.ok_or_else(|| self.machine.trouble(Trouble::TooManyLines))?;
            self.set(each.item, Known { value: item.clone(), from: list.from.item(index) });
            if let Some(filter) = &each.filter
                && !self.aside(|tracer| tracer.holds(filter))?
            {
                continue;
            }
            if self.aside == 0 {
                self.at.0.push(Part::Item(made.len()));
            }
            let mut record = Made::default();
            match self.run(&each.steps, &mut record) {
                Ok(Passed::Through) => made.push(record.known()),
                Ok(Passed::Skipped) => {}
                Err(stop) => {
                    made.extend((!record.record.is_empty()).then(|| record.known()));
                    return Err(stop);
                }
            }
            if self.aside == 0 {
                self.at.0.pop();
            }
        }
        Ok(())
    }
}

/// The field of every record of a list that has it, each where it stands.
fn projected(list: Known, name: &Arc<str>, span: Span) -> Known {
    let value = project(&list.value, name);
    let items = list.value.as_list().unwrap_or(&[]).iter().enumerate();
    let there =
        items.filter(|(_, item)| item.as_record().and_then(|item| item.get(name)).is_some_and(|v| !v.is_null()));
    let from = there.map(|(index, _)| list.from.item(index).field(name).0.asked_at(span)).collect();
    Known { value, from: Lineage::items(from) }
}

/// The place of the n-th item, counted from the end if negative.
fn place(list: &Value, index: i64) -> usize {
    let at = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    let length = list.as_list().unwrap_or(&[]).len();
    if index < 0 { length.checked_sub(at).unwrap_or(usize::MAX) } else { at }
}
