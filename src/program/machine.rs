//! The machine that evaluates a program over one record.
//!
//! Takes a frame of values and runs steps and expressions over it. Pure and total: every
//! expression has a value or stops the record with a sentence; nothing recurses deeper
//! than the pipeline's own nesting, and work and memory are bounded.

use super::expression::{Each, Expr, Match, Matching, Otherwise, Step};
use super::operate::{self, Refused};
use super::peers::Matched;
use super::survey::{Ledger, Standing};
use super::table::{Answer, Tables};
use super::{Stop, mend};
use crate::model::functions::LONGEST_TEXT;
use crate::model::{FunctionId, LocalId, LookupId};
use crate::syntax::{Operator, Outcome};
use crate::value::{Record, Value};
use std::sync::Arc;

/// Why a record goes no further.
pub(super) type Halt = Box<Stop>;

/// Whether all `where`s said yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    Through,
    Skipped,
}

/// What even a checked pipeline can meet in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    AmountTooLarge,
    DivisionByZero,
    TextTooLong,
    TooManyLines,
    TooManyCalls,
}

pub(super) struct Machine<'a> {
    pub tables: &'a Tables,
    pub frame: Vec<Value>,
    /// Items that may still be made.
    pub work: u32,
    /// Functions of the file that may still be called.
    pub calls: u32,
    /// What is being computed, for the sentence when that fails.
    pub doing: Arc<str>,
    /// What lookups were asked for in vain.
    pub missed: Vec<(LookupId, Vec<Value>)>,
    /// Set when the questions to lookups are only to be written down.
    pub survey: Option<Ledger>,
    /// The number of the target record that the source record is linked with already.
    pub linked: Option<Arc<str>>,
    /// The record of the target that `match` found.
    pub matched: Option<Record>,
}

/// More lines than any invoice has; `each` in `each` could otherwise run without end.
const MOST_ITEMS: u32 = 1_000_000;

/// More calls than any mapping needs; a function may be called for each of many lines.
const MOST_CALLS: u32 = 10_000_000;

impl<'a> Machine<'a> {
    pub fn new(tables: &'a Tables, locals: usize) -> Self {
        Self {
            tables,
            frame: vec![Value::Null; locals],
            work: MOST_ITEMS,
            calls: MOST_CALLS,
            doing: Arc::from(""),
            missed: Vec::new(),
            survey: None,
            linked: None,
            matched: None,
        }
    }

    pub fn set(&mut self, local: LocalId, value: Value) {
        if let Some(place) = self.frame.get_mut(local.0) {
            *place = value;
        }
    }

    /// Whether a condition is true; an absent one is not.
    pub fn holds(&mut self, condition: &Expr) -> Result<bool, Halt> {
        Ok(self.eval(condition)?.as_bool() == Some(true))
    }

    /// Runs steps in order; fields go into `record`. Absent ones are left out.
    pub fn run(&mut self, steps: &[Step], record: &mut Record) -> Result<Passed, Halt> {
        for step in steps {
            match step {
                Step::Where(condition) => {
                    if !self.holds(condition)? {
                        return Ok(Passed::Skipped);
                    }
                }
                Step::Let { name, local, value, otherwise } => {
                    self.doing = name.clone();
                    let value = self.eval(value)?;
                    match otherwise {
                        Some(otherwise) if value.is_null() && self.survey.is_none() => return Err(self.stop(otherwise)),
                        _ => self.set(*local, value),
                    }
                }
                Step::Field { name, local, value } => {
                    self.doing = name.clone();
                    let value = self.eval(value)?;
                    if !value.is_null() {
                        record.insert(name.clone(), value.clone());
                    }
                    self.set(*local, value);
                }
                Step::Require { condition, otherwise } => {
                    if !self.holds(condition)? && self.survey.is_none() {
                        return Err(self.stop(otherwise));
                    }
                }
                Step::Match(matching) => self.find_match(matching)?,
            }
        }
        Ok(Passed::Through)
    }

    /// From now on a row that is not there is stood in for, and written down.
    pub fn survey(&mut self, stand_ins: Vec<Value>) {
        self.survey = Some(Ledger::new(stand_ins));
    }

    /// Goes through all steps of a survey, whatever stops at one of them. Whether all
    /// `where`s said yes.
    pub fn walk(&mut self, steps: &[Step]) -> bool {
        let mut wanted = true;
        for step in steps {
            let passed = self.run(std::slice::from_ref(step), &mut Record::new());
            wanted &= !matches!(passed, Ok(Passed::Skipped));
        }
        wanted
    }

    /// Sets the matched record. Who is linked already stays linked; else the keys decide.
    pub fn find_match(&mut self, matching: &Matching) -> Result<(), Halt> {
        let tables = self.tables;
        let found = match &self.linked {
            Some(linked) => tables.peers().by_identity(linked).map_or(Matched::Nothing, Matched::One),
            None => {
                let mut ours = Vec::with_capacity(matching.keys.len());
                for (key, _) in &matching.keys {
                    ours.push(self.eval(key)?);
                }
                tables.peers().find(&ours, &matching.identity)
            }
        };
        match found {
            Matched::Nothing => self.set(matching.local, Value::Null),
            Matched::One(record) => {
                self.matched = record.as_record().cloned();
                self.set(matching.local, record);
            }
            Matched::Several(records) => {
                self.set(matching.matches, Value::list(records));
                return Err(self.stop(&matching.ambiguous));
            }
            Matched::Contradicted { identity, fits, against } => {
                let key = |number: usize| matching.keys.get(number).map_or("", |(_, text)| &**text);
                let kind = format!("its {} fits a {}, its {} does not", key(fits), matching.title, key(against));
                let title = &matching.title;
                return Err(Box::new(Stop {
                    outcome: matching.ambiguous.outcome,
                    sentence: format!(
                        "its {} fits {title} {identity}, but by its {} that is another one",
                        key(fits),
                        key(against)
                    ),
                    kind,
                    mend: format!("find out whether {title} {identity} is meant, and correct one of the two records"),
                }));
            }
        }
        Ok(())
    }

    pub fn eval(&mut self, expr: &Expr) -> Result<Value, Halt> {
        match expr {
            Expr::Constant(value) => Ok(value.clone()),
            Expr::Path(local, names) => {
                let start = self.frame.get(local.0).unwrap_or(&Value::Null);
                Ok(descend(start, names).clone())
            }
            Expr::Fields(base, names) => Ok(descend(&self.eval(base)?, names).clone()),
            Expr::Project(base, name) => Ok(project(&self.eval(base)?, name)),
            Expr::Index(base, index) => Ok(item(&self.eval(base)?, *index)),
            Expr::Query(base, query) => Ok(query.run(&self.eval(base)?)),
            Expr::Text(text) => text.fill(self),
            Expr::List(items) => Ok(Value::list(self.all(items)?)),
            Expr::Call(function, arguments, text) => {
                let arguments = self.all(arguments)?;
                let trouble = if *text { Trouble::TextTooLong } else { Trouble::AmountTooLarge };
                (function.evaluate)(&arguments).map_err(|_| self.trouble(trouble))
            }
            Expr::Lookup(lookup, inputs) => {
                let inputs = self.all(inputs)?;
                self.look_up(*lookup, &inputs)
            }
            Expr::Linked(link, flow, number) => {
                let number = self.eval(number)?;
                Ok(if number.is_null() { number } else { self.tables.peers().linked(*link, flow, &number) })
            }
            Expr::Not(value) => Ok(self.eval(value)?.as_bool().map_or(Value::Null, |flag| Value::Bool(!flag))),
            Expr::Negate(value) => {
                let value = self.eval(value)?;
                operate::negate(&value).map_err(|refused| self.refused(refused))
            }
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right),
            Expr::Otherwise(left, right) => {
                let left = self.eval(left)?;
                if left.is_null() { self.eval(right) } else { Ok(left) }
            }
            Expr::Each(each) => self.each(each),
            Expr::Record(steps) => self.record(steps),
            Expr::If(choice) => match (self.holds(&choice.condition)?, &choice.otherwise) {
                (true, _) => self.eval(&choice.then),
                (false, Some(otherwise)) => self.eval(otherwise),
                (false, None) => Ok(Value::Null),
            },
            Expr::Match(cases) => self.cases(cases),
            Expr::Apply(function, arguments) => self.apply(*function, arguments),
        }
    }

    fn record(&mut self, steps: &[Step]) -> Result<Value, Halt> {
        let doing = self.doing.clone();
        let mut record = Record::new();
        self.run(steps, &mut record)?;
        self.doing = doing;
        Ok(record.into())
    }

    fn cases(&mut self, cases: &Match) -> Result<Value, Halt> {
        let value = self.eval(&cases.value)?;
        let takes = |patterns: &Option<Vec<Value>>| {
            patterns.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| operate::equal(pattern, &value)))
        };
        match cases.arms.iter().find(|(patterns, _)| takes(patterns)) {
            Some((_, arm)) => self.eval(arm),
            None => Ok(Value::Null),
        }
    }

    /// The function has a frame of its own.
    fn apply(&mut self, function: FunctionId, arguments: &[Expr]) -> Result<Value, Halt> {
        let mut frame = self.all(arguments)?;
        self.calls = self.calls.checked_sub(1).ok_or_else(|| self.trouble(Trouble::TooManyCalls))?;
        let tables = self.tables;
        let Some(function) = tables.function(function) else { return Ok(Value::Null) };
        frame.resize(function.locals, Value::Null);
        let frame = std::mem::replace(&mut self.frame, frame);
        let doing = self.doing.clone();
        let value = self.eval(&function.body);
        self.frame = frame;
        self.doing = doing;
        value
    }

    /// Lists, one behind the other.
    pub fn joined(&mut self, left: &Arc<Vec<Value>>, right: &Arc<Vec<Value>>) -> Result<Value, Halt> {
        let items = u32::try_from(left.len() + right.len()).unwrap_or(u32::MAX);
        self.work = self.work.checked_sub(items).ok_or_else(|| self.trouble(Trouble::TooManyLines))?;
        Ok(Value::list(left.iter().chain(right.iter()).cloned().collect()))
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr) -> Result<Value, Halt> {
        // The right side of a decided `and` or `or` is not looked at.
        match operator {
            Operator::And => return Ok((self.holds(left)? && self.holds(right)?).into()),
            Operator::Or => return Ok((self.holds(left)? || self.holds(right)?).into()),
            _ => {}
        }
        let (left, right) = (self.eval(left)?, self.eval(right)?);
        if let (Operator::Add, Value::List(left), Value::List(right)) = (operator, &left, &right) {
            return self.joined(left, right);
        }
        operate::binary(operator, &left, &right).map_err(|refused| self.refused(refused))
    }

    fn each(&mut self, each: &Each) -> Result<Value, Halt> {
        let list = self.eval(&each.list)?;
        let doing = self.doing.clone();
        let mut made = Vec::new();
        for item in list.as_list().unwrap_or(&[]) {
            self.work = self.work.checked_sub(1).ok_or_else(|| self.trouble(Trouble::TooManyLines))?;
            self.set(each.item, item.clone());
            if let Some(filter) = &each.filter
                && !self.holds(filter)?
            {
                continue;
            }
            let mut record = Record::new();
            if self.run(&each.steps, &mut record)? == Passed::Through {
                made.push(record.into());
            }
        }
        self.doing = doing;
        Ok(Value::list(made))
    }

    pub fn look_up(&mut self, lookup: LookupId, inputs: &[Value]) -> Result<Value, Halt> {
        let answer = self.tables.find(lookup, inputs);
        if let Some(survey) = &mut self.survey {
            return Ok(match answer {
                Answer::Found(outputs) => {
                    survey.note(lookup, inputs, Standing::Found);
                    outputs
                }
                Answer::Missing => survey.note(lookup, inputs, Standing::Missing),
                Answer::Refused(stop) => survey.note(lookup, inputs, Standing::Refused(stop.sentence)),
            });
        }
        match answer {
            Answer::Found(outputs) => Ok(outputs),
            Answer::Refused(stop) => Err(stop),
            Answer::Missing => {
                self.missed.push((lookup, inputs.to_vec()));
                match self.tables.missing(lookup) {
                    None => Ok(Value::Null),
                    Some(otherwise) => {
                        let mut machine = Machine::new(self.tables, inputs.len());
                        machine.frame.clone_from_slice(inputs);
                        Err(machine.stop(otherwise))
                    }
                }
            }
        }
    }

    fn all(&mut self, exprs: &[Expr]) -> Result<Vec<Value>, Halt> {
        exprs.iter().map(|expr| self.eval(expr)).collect()
    }

    pub fn stop(&mut self, otherwise: &Otherwise) -> Halt {
        Box::new(Stop {
            outcome: otherwise.outcome,
            sentence: otherwise.sentence.sentence(self),
            kind: otherwise.sentence.kind().to_owned(),
            mend: mend(otherwise.outcome).to_owned(),
        })
    }

    pub fn refused(&self, refused: Refused) -> Halt {
        self.trouble(match refused {
            Refused::OutOfRange => Trouble::AmountTooLarge,
            Refused::DivisionByZero => Trouble::DivisionByZero,
        })
    }

    /// The record is rejected: only a change of the record or of the pipeline helps.
    pub fn trouble(&self, trouble: Trouble) -> Halt {
        let kind = match trouble {
            Trouble::AmountTooLarge => "an amount in this record is too large to compute exactly".to_owned(),
            Trouble::DivisionByZero => "the pipeline divides by an amount that is zero in this record".to_owned(),
            Trouble::TextTooLong => format!("a text in this record grows past {LONGEST_TEXT} bytes"),
            Trouble::TooManyCalls => format!("this record calls functions more than {MOST_CALLS} times"),
            Trouble::TooManyLines => format!("this record makes more than {MOST_ITEMS} lines"),
        };
        let sentence = if self.doing.is_empty() { kind.clone() } else { format!("{kind} (at `{}`)", self.doing) };
        let outcome = Outcome::Reject;
        Box::new(Stop { outcome, sentence, kind, mend: mend(outcome).to_owned() })
    }
}

/// The value at plain fields; what is not there is absent.
pub(super) fn descend<'v>(start: &'v Value, names: &[Arc<str>]) -> &'v Value {
    names.iter().fold(start, |value, name| match value {
        Value::Record(record) => record.get(name).unwrap_or(&Value::Null),
        _ => &Value::Null,
    })
}

/// The field of every record of a list that has it.
pub(super) fn project(list: &Value, name: &str) -> Value {
    let Some(items) = list.as_list() else { return Value::Null };
    let fields = items.iter().filter_map(|item| item.as_record()?.get(name)).filter(|field| !field.is_null());
    Value::list(fields.cloned().collect())
}

/// The n-th item, counted from the end if negative.
pub(super) fn item(list: &Value, index: i64) -> Value {
    let items = list.as_list().unwrap_or(&[]);
    let at = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    let at = if index < 0 { items.len().checked_sub(at) } else { Some(at) };
    at.and_then(|at| items.get(at)).cloned().unwrap_or_default()
}
