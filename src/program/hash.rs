//! The content hash: the same for pipelines that post the same, whatever their layout.
//!
//! Takes the model and hands on SHA-256 in hex. Everything that changes what is posted goes
//! in, in one canonical form; spans, comments, names of locals and places of rows do not.
//! Invariant: the form depends on nothing but the model, so that a hash means the same
//! after an update of the program.

use crate::model::{
    Arm, Connection, Each, Expr, ExprKind, Flow, Lookup, Matching, Model, OnChange, Otherwise, Pattern, Piece, Row,
    Step, Target, Template, UserFunction,
};
use crate::value::{Date, Value, to_json_string};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Hashes of a whole model.
pub(super) struct Hashes {
    pub program: String,
    /// In the order of the flows.
    pub flows: Vec<String>,
}

pub(super) fn hashes(model: &Model) -> Hashes {
    // The functions of a lookup's filter ask no lookup.
    let alone = functions(model, &[]);
    let lookups: Vec<String> = model.lookups.iter().map(|each| lookup(each, &alone)).collect();
    let functions = functions(model, &lookups);
    let flows: Vec<String> = model.flows.iter().map(|each| flow(each, model.cutover, &lookups, &functions)).collect();
    let mut canon = Canon::new(&lookups, &functions);
    canon.word("program").word(&model.name);
    canon.optional(model.timezone.as_deref()).optional(model.currency.as_deref());
    for each in &model.connections {
        connection(&mut canon, each);
    }
    // In their order: flows run in it.
    for (each, hash) in model.flows.iter().zip(&flows) {
        canon.word(&each.name).word(hash);
    }
    for (each, hash) in model.lookups.iter().zip(&lookups) {
        canon.word(&each.name).word(hash);
    }
    Hashes { program: canon.finish(), flows }
}

fn connection(canon: &mut Canon, connection: &Connection) {
    canon.word("connection").word(&connection.name).word(connection.driver.name);
    canon.flag(connection.sandbox).optional(connection.profile.as_deref());
    canon.count(connection.settings.0.len());
    for (name, value) in &connection.settings.0 {
        canon.word(name).value(value);
    }
}

fn functions(model: &Model, lookups: &[String]) -> Vec<String> {
    let mut functions: Vec<String> = Vec::with_capacity(model.functions.len());
    for each in &model.functions {
        functions.push(function(each, lookups, &functions));
    }
    functions
}

/// Those that it calls stand before it.
fn function(function: &UserFunction, lookups: &[String], functions: &[String]) -> String {
    let mut canon = Canon::new(lookups, functions);
    canon.word("function").expr(&function.body);
    canon.finish()
}

fn flow(flow: &Flow, cutover: Option<Date>, lookups: &[String], functions: &[String]) -> String {
    let mut canon = Canon::new(lookups, functions);
    canon.word("flow").word(&flow.name).word(&flow.source.connection).word(&flow.source.resource);
    if let Some(scope) = &flow.source.scope {
        canon.word("per").word(&scope.resource).word(&scope.field).count(scope.local.0);
        canon.optional_expr(scope.filter.as_ref());
    }
    canon.steps(&flow.steps);
    target(&mut canon, &flow.target);
    // Without one the hash is as it was before there were any.
    if let Some(day) = cutover {
        canon.word("cutover").word(&day.to_string());
    }
    canon.finish()
}

/// How often a write is tried, and when a run stops, changes nothing of what is posted.
fn target(canon: &mut Canon, target: &Target) {
    canon.word("target").word(&target.connection).word(&target.resource).count(target.key.len());
    for field in &target.key {
        canon.word(field);
    }
    canon.word(match target.on_change {
        OnChange::Hold => "hold",
        OnChange::Update => "update",
        OnChange::Correct => "correct",
        OnChange::Ignore => "ignore",
    });
    if let Some(settle) = &target.settle {
        canon.word("settle").word(&settle.what).word(&crate::value::render_duration(settle.quiet));
    }
    if let Some(approve) = &target.approve {
        canon.word("approve").expr(&approve.condition);
    }
}

fn lookup(lookup: &Lookup, functions: &[String]) -> String {
    let mut canon = Canon::new(&[], functions);
    canon.word("lookup").count(lookup.inputs.len()).count(lookup.outputs.len());
    for (name, _) in &lookup.outputs {
        canon.word(name);
    }
    rows(&mut canon, &lookup.rows);
    if let Some(resource) = &lookup.resource {
        canon.word("resource").word(&resource.connection).word(&resource.resource);
        for name in resource.inputs.iter().chain(&resource.outputs) {
            canon.word(name);
        }
        canon.optional_expr(resource.filter.as_ref());
        if let Some(scope) = &resource.scope {
            canon.word("per").word(&scope.resource).word(&scope.field).optional_expr(scope.filter.as_ref());
            canon.count(scope.carries.len());
            for (name, field) in &scope.carries {
                canon.word(name).word(field);
            }
        }
    }
    for verify in &lookup.verifies {
        canon.word("verify").count(verify.output).word(&verify.connection).word(&verify.resource).word(&verify.field);
        canon.optional_expr(verify.filter.as_ref());
    }
    if let Some(missing) = &lookup.missing {
        canon.word("missing").word(missing.outcome.word()).template(&missing.sentence);
    }
    canon.finish()
}

/// Among rows without a wildcard the order does not matter; among the others it may.
fn rows(canon: &mut Canon, rows: &[Row]) {
    let exact = |row: &&Row| row.patterns.iter().all(|pattern| matches!(pattern, Pattern::Exact(_)));
    let mut plain: Vec<String> = rows.iter().filter(exact).map(row).collect();
    plain.sort_unstable();
    canon.count(rows.len());
    for hash in plain.into_iter().chain(rows.iter().filter(|each| !exact(each)).map(row)) {
        canon.word(&hash);
    }
}

fn row(row: &Row) -> String {
    let mut canon = Canon::new(&[], &[]);
    for pattern in &row.patterns {
        match pattern {
            Pattern::Any => canon.word("any"),
            Pattern::Exact(text) => canon.word("exact").word(text),
            Pattern::Glob(runs) => {
                canon.word("glob").count(runs.len());
                runs.iter().fold(&mut canon, |canon, run| canon.word(run))
            }
        };
    }
    for value in &row.values {
        canon.value(value);
    }
    if row.is_dated() {
        let day = |day: Option<crate::value::Date>| day.map(|day| day.to_string());
        canon.word("days").optional(day(row.from).as_deref()).optional(day(row.until).as_deref());
    }
    canon.finish()
}

/// Writes words into a hash so that no two sequences look alike: each carries its length.
struct Canon<'a> {
    sha: Sha256,
    lookups: &'a [String],
    functions: &'a [String],
}

impl<'a> Canon<'a> {
    fn new(lookups: &'a [String], functions: &'a [String]) -> Self {
        Self { sha: Sha256::new(), lookups, functions }
    }

    fn finish(self) -> String {
        self.sha.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing into a String does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    fn word(&mut self, word: &str) -> &mut Self {
        self.sha.update((word.len() as u64).to_be_bytes());
        self.sha.update(word.as_bytes());
        self
    }

    fn count(&mut self, count: usize) -> &mut Self {
        self.sha.update((count as u64).to_be_bytes());
        self
    }

    fn flag(&mut self, flag: bool) -> &mut Self {
        self.count(usize::from(flag))
    }

    fn optional(&mut self, word: Option<&str>) -> &mut Self {
        self.flag(word.is_some()).word(word.unwrap_or(""))
    }

    fn value(&mut self, value: &Value) -> &mut Self {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Integer(_) => "integer",
            Value::Decimal(_) => "decimal",
            Value::Text(_) => "text",
            Value::Date(_) => "date",
            Value::DateTime(_) => "datetime",
            Value::Duration(_) => "duration",
            Value::List(_) => "list",
            Value::Record(_) => "record",
        };
        self.word(kind).word(&to_json_string(value))
    }

    fn steps(&mut self, steps: &[Step]) -> &mut Self {
        self.count(steps.len());
        for step in steps {
            match step {
                Step::Where { condition } => self.word("where").expr(condition),
                Step::Let(entry) => {
                    self.word("let").count(entry.local.0).expr(&entry.value).otherwise(entry.otherwise.as_ref())
                }
                Step::Field { name, local, value, .. } => self.word("field").word(name).count(local.0).expr(value),
                Step::Require { condition, otherwise } => {
                    self.word("require").expr(condition).otherwise(Some(otherwise))
                }
                Step::Match(matching) => self.matching(matching),
            };
        }
        self
    }

    fn matching(&mut self, matching: &Matching) -> &mut Self {
        self.word("match").word(&matching.connection).word(&matching.resource).count(matching.keys.len());
        self.count(matching.candidate.0).count(matching.matches.0).count(matching.local.0);
        for key in &matching.keys {
            self.expr(&key.theirs).expr(&key.ours);
        }
        self.otherwise(Some(&matching.ambiguous))
    }

    fn otherwise(&mut self, otherwise: Option<&Otherwise>) -> &mut Self {
        self.flag(otherwise.is_some());
        if let Some(otherwise) = otherwise {
            self.word(otherwise.outcome.word()).template(&otherwise.sentence);
        }
        self
    }

    fn template(&mut self, template: &Template) -> &mut Self {
        self.count(template.pieces.len());
        for piece in &template.pieces {
            match piece {
                Piece::Literal(literal) => self.word("literal").word(literal),
                Piece::Value { value, filters } => {
                    self.word("value").expr(value).count(filters.len());
                    for filter in filters {
                        self.word(&filter.name).count(filter.arguments.len());
                        for argument in &filter.arguments {
                            self.value(argument);
                        }
                    }
                    &mut *self
                }
            };
        }
        self
    }

    fn optional_expr(&mut self, expr: Option<&Expr>) -> &mut Self {
        self.flag(expr.is_some());
        if let Some(expr) = expr {
            self.expr(expr);
        }
        self
    }

    fn exprs(&mut self, exprs: &[Expr]) -> &mut Self {
        self.count(exprs.len());
        for expr in exprs {
            self.expr(expr);
        }
        self
    }

    fn expr(&mut self, expr: &Expr) -> &mut Self {
        match &expr.kind {
            ExprKind::Constant(value) => self.word("constant").value(value),
            ExprKind::Local(local) => self.word("local").count(local.0),
            ExprKind::Field(base, name) => self.word("of").word(name).expr(base),
            ExprKind::Project(base, name) => self.word("project").word(name).expr(base),
            ExprKind::Index(base, index) => self.word("index").word(&index.to_string()).expr(base),
            ExprKind::Query(base, text) => self.word("query").word(text).expr(base),
            ExprKind::Template(template) => self.word("template").template(template),
            ExprKind::List(items) => self.word("list").exprs(items),
            ExprKind::Call(function, arguments) => self.word("call").word(function.name).exprs(arguments),
            ExprKind::Lookup(lookup, inputs) => {
                // The table itself, not its number: another table beside it changes nothing.
                let hash = self.lookups.get(lookup.0).map_or("", String::as_str);
                self.word("lookup").word(hash).exprs(inputs)
            }
            ExprKind::Linked(link, flow, number) => self.word(link.word()).word(flow).expr(number),
            ExprKind::Not(value) => self.word("not").expr(value),
            ExprKind::Negate(value) => self.word("negate").expr(value),
            ExprKind::Binary(operator, left, right) => self.word(operator.word()).expr(left).expr(right),
            ExprKind::Otherwise(left, right) => self.word("??").expr(left).expr(right),
            ExprKind::Each(each) => self.each(each),
            ExprKind::Record(steps) => self.word("record").steps(steps),
            ExprKind::If(choice) => {
                self.word("if").expr(&choice.condition).expr(&choice.then).optional_expr(choice.otherwise.as_ref())
            }
            ExprKind::Match(cases) => self.word("match").expr(&cases.value).arms(&cases.arms),
            ExprKind::Apply(function, arguments) => {
                // What it computes, not its name or its place.
                let hash = self.functions.get(function.0).map_or("", String::as_str);
                self.word("apply").word(hash).exprs(arguments)
            }
        }
    }

    fn arms(&mut self, arms: &[Arm]) -> &mut Self {
        self.count(arms.len());
        for arm in arms {
            self.flag(arm.patterns.is_some());
            for pattern in arm.patterns.iter().flatten() {
                self.word("is").value(pattern);
            }
            self.word("then").expr(&arm.value);
        }
        self
    }

    fn each(&mut self, each: &Each) -> &mut Self {
        self.word("each").count(each.item.0).expr(&each.list).optional_expr(each.filter.as_ref()).steps(&each.steps)
    }
}
