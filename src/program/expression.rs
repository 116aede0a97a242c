//! Expressions as they are evaluated: names are places in a frame, constants are folded,
//! filters and queries are parsed.
//!
//! Takes the model's expressions and hands on what [`super::machine`] runs. Nothing that
//! can be decided before a record is read is left for later.

use super::looks;
use super::query::Query;
use super::text::Text;
use crate::model::functions;
use crate::model::{self, FunctionId, LocalId, LookupId};
use crate::syntax::{Operator, Outcome};
use crate::value::Value;
use std::sync::Arc;

pub(super) enum Expr {
    Constant(Value),
    /// A local, and the plain fields after it.
    Path(LocalId, Vec<Arc<str>>),
    /// Plain fields of something computed.
    Fields(Box<Expr>, Vec<Arc<str>>),
    Project(Box<Expr>, Arc<str>),
    Index(Box<Expr>, i64),
    Query(Box<Expr>, Query),
    Text(Text),
    List(Vec<Expr>),
    /// With whether the result is a text.
    Call(&'static functions::Function, Vec<Expr>, bool),
    Lookup(LookupId, Vec<Expr>),
    Linked(model::Link, Arc<str>, Box<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Otherwise(Box<Expr>, Box<Expr>),
    Each(Box<Each>),
    Record(Vec<Step>),
    If(Box<If>),
    Match(Box<Match>),
    Apply(FunctionId, Vec<Expr>),
}

pub(super) struct If {
    pub condition: Expr,
    pub then: Expr,
    pub otherwise: Option<Expr>,
}

pub(super) struct Match {
    pub value: Expr,
    /// `None` takes everything.
    pub arms: Vec<(Option<Vec<Value>>, Expr)>,
}

/// A function or `let` of the file.
pub(super) struct Function {
    pub locals: usize,
    pub body: Expr,
}

impl Function {
    pub fn new(function: &model::UserFunction) -> Self {
        let names: Vec<Arc<str>> = function.locals.iter().map(|local| local.name.clone()).collect();
        Self { locals: names.len(), body: Lowering { names: &names }.expr(&function.body) }
    }
}

pub(super) struct Each {
    pub list: Expr,
    pub item: LocalId,
    pub filter: Option<Expr>,
    pub steps: Vec<Step>,
}

pub(super) enum Step {
    Where(Expr),
    Let { name: Arc<str>, local: LocalId, value: Expr, otherwise: Option<Otherwise> },
    Field { name: Arc<str>, local: LocalId, value: Expr },
    Require { condition: Expr, otherwise: Otherwise },
    Match(Box<Matching>),
}

/// Finding a record of the target by its keys.
pub(super) struct Matching {
    pub local: LocalId,
    /// Where several matches stand for the sentence.
    pub matches: LocalId,
    pub title: Arc<str>,
    pub identity: Arc<str>,
    /// The source's side of each key, and what the key compares, in words.
    pub keys: Vec<(Expr, Arc<str>)>,
    pub ambiguous: Otherwise,
}

pub(super) struct Otherwise {
    pub outcome: Outcome,
    pub sentence: Text,
}

/// Turns the model's expressions into the program's. Knows the locals' names, for the
/// kinds of sentences.
pub(super) struct Lowering<'a> {
    pub names: &'a [Arc<str>],
}

impl Lowering<'_> {
    pub fn steps(&self, steps: &[model::Step]) -> Vec<Step> {
        steps.iter().map(|step| self.step(step)).collect()
    }

    fn step(&self, step: &model::Step) -> Step {
        match step {
            model::Step::Where { condition } => Step::Where(self.expr(condition)),
            model::Step::Let(entry) => Step::Let {
                name: self.name(entry.local),
                local: entry.local,
                value: self.expr(&entry.value),
                otherwise: entry.otherwise.as_ref().map(|otherwise| self.otherwise(otherwise)),
            },
            model::Step::Field { name, local, value, .. } => {
                Step::Field { name: name.clone(), local: *local, value: self.expr(value) }
            }
            model::Step::Require { condition, otherwise } => {
                Step::Require { condition: self.expr(condition), otherwise: self.otherwise(otherwise) }
            }
            model::Step::Match(matching) => Step::Match(Box::new(self.matching(matching))),
        }
    }

    pub fn matching(&self, matching: &model::Matching) -> Matching {
        Matching {
            local: matching.local,
            matches: matching.matches,
            title: matching.title.clone(),
            identity: matching.identity.clone(),
            keys: matching.keys.iter().map(|key| self.key(matching, key)).collect(),
            ambiguous: self.otherwise(&matching.ambiguous),
        }
    }

    fn key(&self, matching: &model::Matching, key: &model::MatchKey) -> (Expr, Arc<str>) {
        let words = looks::in_words(&key.theirs, matching.candidate);
        (self.expr(&key.ours), words.map_or_else(|| format!("`{}`", key.text).into(), Arc::from))
    }

    pub fn otherwise(&self, otherwise: &model::Otherwise) -> Otherwise {
        Otherwise { outcome: otherwise.outcome, sentence: self.text(&otherwise.sentence) }
    }

    pub fn text(&self, template: &model::Template) -> Text {
        Text::new(template, self)
    }

    pub fn expr(&self, expr: &model::Expr) -> Expr {
        match &expr.kind {
            model::ExprKind::Constant(value) => Expr::Constant(value.clone()),
            model::ExprKind::Local(local) => Expr::Path(*local, Vec::new()),
            model::ExprKind::Field(base, name) => self.field(base, name),
            model::ExprKind::Project(base, name) => Expr::Project(self.boxed(base), name.clone()),
            model::ExprKind::Index(base, index) => Expr::Index(self.boxed(base), *index),
            model::ExprKind::Query(base, text) => Expr::Query(self.boxed(base), Query::new(text)),
            model::ExprKind::Template(template) => Expr::Text(self.text(template)),
            model::ExprKind::List(items) => list(self.exprs(items)),
            model::ExprKind::Call(function, arguments) => {
                Expr::Call(function, self.exprs(arguments), expr.ty.is_text())
            }
            model::ExprKind::Lookup(lookup, inputs) => Expr::Lookup(*lookup, self.exprs(inputs)),
            model::ExprKind::Linked(link, flow, number) => Expr::Linked(*link, flow.clone(), self.boxed(number)),
            model::ExprKind::Not(value) => Expr::Not(self.boxed(value)),
            model::ExprKind::Negate(value) => Expr::Negate(self.boxed(value)),
            model::ExprKind::Binary(operator, left, right) => {
                Expr::Binary(*operator, self.boxed(left), self.boxed(right))
            }
            model::ExprKind::Otherwise(left, right) => Expr::Otherwise(self.boxed(left), self.boxed(right)),
            model::ExprKind::Each(each) => Expr::Each(Box::new(Each {
                list: self.expr(&each.list),
                item: each.item,
                filter: each.filter.as_ref().map(|filter| self.expr(filter)),
                steps: self.steps(&each.steps),
            })),
            model::ExprKind::Record(steps) => Expr::Record(self.steps(steps)),
            model::ExprKind::If(choice) => Expr::If(Box::new(If {
                condition: self.expr(&choice.condition),
                then: self.expr(&choice.then),
                otherwise: choice.otherwise.as_ref().map(|value| self.expr(value)),
            })),
            model::ExprKind::Match(cases) => Expr::Match(Box::new(Match {
                value: self.expr(&cases.value),
                arms: cases.arms.iter().map(|arm| (arm.patterns.clone(), self.expr(&arm.value))).collect(),
            })),
            model::ExprKind::Apply(function, arguments) => Expr::Apply(*function, self.exprs(arguments)),
        }
    }

    fn field(&self, base: &model::Expr, name: &Arc<str>) -> Expr {
        match self.expr(base) {
            Expr::Path(local, mut names) => {
                names.push(name.clone());
                Expr::Path(local, names)
            }
            Expr::Fields(base, mut names) => {
                names.push(name.clone());
                Expr::Fields(base, names)
            }
            base => Expr::Fields(Box::new(base), vec![name.clone()]),
        }
    }

    fn exprs(&self, exprs: &[model::Expr]) -> Vec<Expr> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn boxed(&self, expr: &model::Expr) -> Box<Expr> {
        Box::new(self.expr(expr))
    }

    pub fn name(&self, local: LocalId) -> Arc<str> {
        self.names.get(local.0).cloned().unwrap_or_default()
    }

    /// An expression as the pipeline writes it, if it is a path: `invoice.vendor_name`.
    pub fn shown(&self, expr: &model::Expr) -> Option<String> {
        match &expr.kind {
            model::ExprKind::Local(local) => self.names.get(local.0).map(|name| name.to_string()),
            model::ExprKind::Field(base, name) | model::ExprKind::Project(base, name) => {
                Some(format!("{}.{name}", self.shown(base)?))
            }
            model::ExprKind::Index(base, index) => Some(format!("{}[{index}]", self.shown(base)?)),
            model::ExprKind::Query(base, text) => Some(format!("{}{text}", self.shown(base)?)),
            _ => None,
        }
    }
}

/// A list of constants is one constant.
fn list(items: Vec<Expr>) -> Expr {
    let constants: Option<Vec<Value>> = items
        .iter()
        .map(|item| match item {
            Expr::Constant(value) => Some(value.clone()),
            _ => None,
        })
        .collect();
    constants.map_or(Expr::List(items), |values| Expr::Constant(Value::list(values)))
}
