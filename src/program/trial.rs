//! Tests of a pipeline: one record through one flow, without network or store.
//!
//! Takes a test and hands on how the record left the flow and what differs from what was
//! expected. Lookups that a run reads from a resource have the rows of the test and no
//! others; nothing is verified.

use super::expression::{Expr, Lowering};
use super::machine::Machine;
use super::{Evaluation, Peers, Program, Tables};
use crate::diag::Span;
use crate::model::{self, ExprKind, GivenLink, LocalId, LookupId, Sentence, template};
use crate::syntax::{Ended, Operator};
use crate::value::{Record, Value};
use std::sync::Arc;

/// A test, ready to be run.
pub struct Test {
    name: Arc<str>,
    flow: Arc<str>,
    source: Record,
    scope: Option<Record>,
    rows: Vec<(LookupId, Record)>,
    links: Vec<GivenLink>,
    candidates: Vec<Record>,
    ended: Ended,
    sentence: Option<Sentence>,
    conditions: Vec<Condition>,
    locals: usize,
    span: Span,
    expect: Span,
}

struct Condition {
    whole: Expr,
    sides: Option<(Operator, Expr, Expr)>,
    place: ConditionPlace,
}

/// Where a condition stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConditionPlace {
    pub whole: Span,
    /// Its two sides, if it compares.
    pub sides: Option<(Span, Span)>,
    /// The right side, if it is a value written out and the left side must equal it.
    pub literal: Option<Span>,
}

/// What running a test came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    pub ended: Ended,
    /// Why it is not posted; empty if it is.
    pub sentence: String,
    /// What it became, if it is posted.
    pub record: Option<Record>,
    /// Empty if the test passes.
    pub differences: Vec<Difference>,
}

/// One thing that is not as expected.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    Outcome { wanted: Ended, got: Ended },
    Sentence { wanted: String, got: String },
    Condition { place: ConditionPlace, compared: Option<Compared> },
}

/// A comparison that does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    pub operator: Operator,
    /// Of the left side.
    pub got: Value,
    /// Of the right side.
    pub wanted: Value,
}

impl Test {
    pub(super) fn new(test: model::Test) -> Self {
        let lowering = Lowering { names: &[Arc::from("record")] };
        let conditions = test.expect.conditions.iter().map(|condition| Condition::new(condition, &lowering)).collect();
        Self {
            name: test.name,
            flow: test.flow,
            source: test.source,
            scope: test.scope,
            rows: test.rows,
            links: test.links,
            candidates: test.candidates,
            ended: test.expect.ended,
            sentence: test.expect.sentence,
            conditions,
            locals: test.expect.locals,
            span: test.span,
            expect: test.expect.span,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn flow(&self) -> &str {
        &self.flow
    }

    /// Where its name stands.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Where its `expect` stands.
    pub fn expect(&self) -> Span {
        self.expect
    }

    /// The outcome that is expected.
    pub fn ended(&self) -> Ended {
        self.ended
    }

    /// Whether anything but the outcome is expected.
    pub fn is_detailed(&self) -> bool {
        self.sentence.is_some() || !self.conditions.is_empty()
    }
}

impl Condition {
    fn new(condition: &model::Expr, lowering: &Lowering) -> Self {
        let sides = match &condition.kind {
            ExprKind::Binary(operator, left, right) if compares(*operator) => Some((*operator, left, right)),
            _ => None,
        };
        Self {
            whole: lowering.expr(condition),
            place: ConditionPlace {
                whole: condition.span,
                sides: sides.as_ref().map(|(_, left, right)| (left.span, right.span)),
                literal: sides
                    .as_ref()
                    .filter(|(operator, _, right)| *operator == Operator::Equal && right.known().is_some())
                    .map(|(_, _, right)| right.span),
            },
            sides: sides.map(|(operator, left, right)| (operator, lowering.expr(left), lowering.expr(right))),
        }
    }

    /// What differs, if the condition does not hold.
    fn differs(&self, machine: &mut Machine) -> Option<Difference> {
        if machine.holds(&self.whole).unwrap_or(false) {
            return None;
        }
        let compared = self.sides.as_ref().map(|(operator, left, right)| {
            let mut value = |side| machine.eval(side).unwrap_or_default();
            Compared { operator: *operator, got: value(left), wanted: value(right) }
        });
        Some(Difference::Condition { place: self.place, compared })
    }
}

fn given(links: &[GivenLink]) -> Peers {
    let mut peers = Peers::default();
    for GivenLink { link, flow, number, record } in links {
        peers.give(*link, flow, number, record);
    }
    peers
}

fn compares(operator: Operator) -> bool {
    use Operator::{Equal, Greater, GreaterOrEqual, In, Less, LessOrEqual, NotEqual, NotIn};
    matches!(operator, Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual | In | NotIn)
}

impl Program {
    /// The tests that stand in the file.
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }

    /// Runs one of them.
    pub fn try_out(&self, test: &Test) -> Tried {
        let tables = self.tables_of(test, &[]);
        let mut tried = self.ended(test, &tables);
        if tried.ended != test.ended {
            tried.differences.push(Difference::Outcome { wanted: test.ended, got: tried.ended });
            return tried;
        }
        if let Some(wanted) = &test.sentence.as_ref().and_then(|sentence| self.unsaid(sentence, &tried, test, &tables))
        {
            tried.differences.push(Difference::Sentence { wanted: wanted.clone(), got: tried.sentence.clone() });
        }
        let mut machine = Machine::new(&tables, test.locals.max(1));
        let reason = || [(Arc::from("reason"), Value::from(tried.sentence.clone()))].into_iter().collect::<Record>();
        machine.set(LocalId(0), tried.record.clone().unwrap_or_else(reason).into());
        tried.differences.extend(test.conditions.iter().filter_map(|condition| condition.differs(&mut machine)));
        tried
    }

    /// What of lookups the record of a test asks for in vain, given these rows beside its own.
    pub fn misses(&self, test: &Test, rows: &[(LookupId, Record)]) -> Vec<(LookupId, Vec<Value>)> {
        let Some(flow) = self.flows().iter().find(|flow| flow.name() == test.flow()) else { return Vec::new() };
        let tables = self.tables_of(test, rows);
        flow.misses(&tables, &test.source, test.scope.as_ref())
    }

    /// All that the test gives, and these rows.
    fn tables_of(&self, test: &Test, rows: &[(LookupId, Record)]) -> Tables {
        let mut tables = Tables::new(self);
        tables.give(self, &[test.rows.as_slice(), rows].concat());
        let mut peers = given(&test.links);
        if let Some(flow) = self.flows().iter().find(|flow| flow.name() == test.flow()) {
            peers.matches(flow, &tables, test.candidates.clone());
        }
        tables.with_peers(peers)
    }

    fn ended(&self, test: &Test, tables: &Tables) -> Tried {
        let plain = |ended, sentence: String, record| Tried { ended, sentence, record, differences: Vec::new() };
        match self.evaluated(test, tables) {
            None => plain(Ended::Skipped, "the flow's `per … where` leaves it out".to_owned(), None),
            Some(Evaluation::Skipped) => plain(Ended::Skipped, "the flow's `where` leaves it out".to_owned(), None),
            Some(Evaluation::Stopped(stop)) => plain(Ended::from(stop.outcome), stop.sentence, None),
            Some(Evaluation::Mapped(mapped)) => plain(Ended::Posted, String::new(), Some(mapped.target)),
        }
    }

    /// `None` if the record would not even be read, since its scope is left out.
    fn evaluated(&self, test: &Test, tables: &Tables) -> Option<Evaluation> {
        let flow = self.flows().iter().find(|flow| flow.name() == test.flow())?;
        let read = test.scope.as_ref().is_none_or(|scope| flow.wants_scope(tables, scope));
        read.then(|| flow.evaluate(tables, &test.source, test.scope.as_ref()))
    }

    /// The sentence that was expected, if another one was said.
    fn unsaid(&self, sentence: &Sentence, tried: &Tried, test: &Test, tables: &Tables) -> Option<String> {
        match sentence {
            Sentence::Exact(text) => (**text != *tried.sentence).then(|| text.to_string()),
            Sentence::Rule(rule) => {
                let said = match self.evaluated(test, tables) {
                    Some(Evaluation::Stopped(stop)) => template::plain(&stop.kind) == **rule,
                    _ => false,
                };
                (!said).then(|| rule.to_string())
            }
        }
    }
}
