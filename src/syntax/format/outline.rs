//! Where items and entries begin and blocks end, by the tree.
//!
//! What the tree does not tell apart is simply not in the outline. A new kind of item,
//! clause, entry or rule is one arm here that calls [`Outline::entry`] or
//! [`Outline::block`].

use crate::diag::Span;
use crate::syntax::ast::{
    Clause, Connect, Each, Expr, ExprKind, File, Fixture, FixtureRecord, FixtureValue, Flow, Item, Let, Lookup,
    LookupEntry, Map, MapEntry, Notify, Otherwise, Pipeline, Rule, Setting, Test, TestEntry, To, Vars,
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub struct Outline {
    /// Starts of items and entries, with the ends of those that are known whole.
    entries: BTreeMap<usize, usize>,
    /// Starts of those whose first word is no name.
    keywords: BTreeSet<usize>,
    /// Ends of blocks whose entries are known.
    blocks: BTreeSet<usize>,
    /// Starts of what stands in braces that keep their author's lines.
    parts: BTreeSet<usize>,
    /// In such braces.
    inside: bool,
}

impl Outline {
    pub fn of(file: &File) -> Self {
        let mut outline = Self::default();
        for item in &file.items {
            outline.item(item);
        }
        outline
    }

    /// The end of what begins at this byte; its first word's own end if only its beginning is known.
    pub fn entry_at(&self, start: usize) -> Option<usize> {
        self.entries.get(&start).copied()
    }

    /// Whether the word at this byte begins a clause, and so is no name.
    pub fn is_keyword(&self, start: usize) -> bool {
        self.keywords.contains(&start)
    }

    /// Whether the brace that ends here closes a block whose entries are known.
    pub fn closes_block(&self, end: usize) -> bool {
        self.blocks.contains(&end)
    }

    /// Whether a part of a record or the like begins at this byte: on a line with others it
    /// stands a little apart.
    pub fn is_part(&self, start: usize) -> bool {
        self.parts.contains(&start)
    }

    fn part(&mut self, span: Span) {
        self.parts.insert(span.start as usize);
    }

    fn entry(&mut self, span: Span) {
        if self.inside {
            return self.part(span);
        }
        self.entries.insert(span.start as usize, span.end as usize);
    }

    fn clause_entry(&mut self, span: Span) {
        self.entry(span);
        if !self.inside {
            self.keywords.insert(span.start as usize);
        }
    }

    /// An entry or part of one that ends in a block.
    fn block(&mut self, span: Span) {
        if self.inside {
            return;
        }
        self.blocks.insert(span.end as usize);
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Pipeline(pipeline) => self.pipeline(pipeline),
            Item::Connect(connect) => self.connect(connect),
            Item::Lookup(lookup) => self.lookup(lookup),
            Item::Flow(flow) | Item::Extend(flow) => self.flow(flow),
            Item::Function(function) => {
                self.clause_entry(function.span);
                self.expr(&function.body);
            }
            Item::Constant(constant) => {
                self.clause_entry(constant.span);
                self.expr(&constant.value);
            }
            Item::Vars(vars) => self.vars(vars),
            Item::Test(test) => self.test(test),
            Item::Use(used) => self.clause_entry(used.span),
            Item::Notify(notify) => self.notify(notify),
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        self.clause_entry(pipeline.span);
        self.block(pipeline.span);
        pipeline.settings.iter().for_each(|setting| self.setting(setting));
    }

    fn connect(&mut self, connect: &Connect) {
        self.clause_entry(connect.span);
        self.block(connect.span);
        connect.settings.iter().for_each(|setting| self.setting(setting));
        connect.sandbox.iter().for_each(|span| self.entry(*span));
    }

    fn notify(&mut self, notify: &Notify) {
        self.clause_entry(notify.span);
        self.block(notify.span);
        notify.settings.iter().for_each(|setting| self.setting(setting));
        notify.rules.iter().for_each(|rule| self.clause_entry(rule.span()));
    }

    fn setting(&mut self, setting: &Setting) {
        self.entry(setting.name.span.to(setting.value.span));
        self.expr(&setting.value);
    }

    fn lookup(&mut self, lookup: &Lookup) {
        self.clause_entry(lookup.span);
        self.block(lookup.span);
        for entry in &lookup.entries {
            match entry {
                LookupEntry::Row(row) => {
                    self.entry(row.span);
                    row.values.iter().for_each(|value| self.expr(value));
                }
                LookupEntry::FromFile { span, .. } | LookupEntry::Missing { span, .. } => self.clause_entry(*span),
                LookupEntry::FromResource { per, filter, span, .. } => {
                    self.clause_entry(*span);
                    let of_scope = per.iter().filter_map(|per| per.filter.as_ref());
                    of_scope.chain(filter).for_each(|filter| self.expr(filter));
                }
                LookupEntry::Verify { filter, span, .. } => {
                    self.clause_entry(*span);
                    filter.iter().for_each(|filter| self.expr(filter));
                }
            }
        }
    }

    fn vars(&mut self, vars: &Vars) {
        self.clause_entry(vars.span);
        self.block(vars.span);
        for var in &vars.entries {
            self.entry(var.name.span.to(var.value.span));
            self.expr(&var.value);
        }
    }

    /// The records of a test keep their author's lines.
    fn test(&mut self, test: &Test) {
        self.clause_entry(test.span);
        self.block(test.span);
        for entry in &test.entries {
            match entry {
                TestEntry::Flow { span, .. } => self.clause_entry(*span),
                TestEntry::Given { span, fixture, .. } => {
                    self.clause_entry(*span);
                    if let Fixture::Record(record) = fixture {
                        self.fixture(record);
                    }
                }
                TestEntry::With { span, row, .. } | TestEntry::WithMatch { span, record: row } => {
                    self.clause_entry(*span);
                    self.fixture(row);
                }
                TestEntry::Expect(expect) => {
                    self.clause_entry(expect.span);
                    expect.conditions.iter().for_each(|condition| self.part(condition.span));
                }
            }
        }
    }

    fn fixture(&mut self, record: &FixtureRecord) {
        for field in &record.fields {
            self.part(field.name.span);
            match &field.value {
                FixtureValue::Record(record) => self.fixture(record),
                FixtureValue::List { records, .. } => records.iter().for_each(|record| self.fixture(record)),
                FixtureValue::Plain(_) => {}
            }
        }
    }

    fn flow(&mut self, flow: &Flow) {
        self.clause_entry(flow.span);
        self.block(flow.span);
        flow.clauses.iter().for_each(|clause| self.clause(clause));
    }

    fn clause(&mut self, clause: &Clause) {
        match clause {
            Clause::From(from) => {
                self.clause_entry(from.span);
                from.per.iter().filter_map(|per| per.filter.as_ref()).for_each(|filter| self.expr(filter));
            }
            Clause::Where { condition, span } => {
                self.clause_entry(*span);
                self.expr(condition);
            }
            Clause::Let(binding) => self.binding(binding),
            Clause::Map(map) => {
                self.clause_entry(map.span);
                self.map(map);
            }
            Clause::Require(require) => {
                self.clause_entry(require.span);
                self.expr(&require.condition);
                self.otherwise(&require.otherwise);
            }
            Clause::To(to) => self.to(to),
            Clause::Match(matching) => {
                self.clause_entry(matching.span);
                self.block(matching.span);
                for key in &matching.keys {
                    self.entry(key.span);
                    self.expr(key);
                }
                matching.ambiguous.iter().for_each(|otherwise| self.clause_entry(otherwise.span));
            }
            Clause::Run { span, .. } => self.clause_entry(*span),
            Clause::Reconcile(reconcile) => self.clause_entry(reconcile.span),
        }
    }

    fn binding(&mut self, binding: &Let) {
        self.clause_entry(binding.span);
        self.expr(&binding.value);
        binding.otherwise.iter().for_each(|otherwise| self.otherwise(otherwise));
    }

    /// `else` is the only word before an outcome; nothing in it needs to be known.
    fn otherwise(&mut self, otherwise: &Otherwise) {
        if self.inside {
            return;
        }
        self.keywords.insert(otherwise.span.start as usize);
    }

    fn map(&mut self, map: &Map) {
        self.block(map.span);
        for entry in &map.entries {
            match entry {
                MapEntry::Let(binding) => self.binding(binding),
                MapEntry::Field { value, span, .. } => {
                    self.entry(*span);
                    self.expr(value);
                }
            }
        }
    }

    fn to(&mut self, to: &To) {
        self.clause_entry(to.span);
        self.block(to.span);
        for rule in &to.rules {
            if let Rule::Approve { condition, .. } = rule {
                self.expr(condition);
            }
            self.clause_entry(rule.span());
        }
    }

    /// Looks for blocks inside an expression.
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::List(items) | ExprKind::Call { arguments: items, .. } => {
                items.iter().for_each(|item| self.expr(item));
            }
            ExprKind::Pipe { value, arguments, .. } => {
                self.expr(value);
                arguments.iter().for_each(|argument| self.expr(argument));
            }
            ExprKind::Not(inner) | ExprKind::Negate(inner) => self.expr(inner),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Each(each) => self.each(each),
            ExprKind::If(choice) => {
                self.expr(&choice.condition);
                self.expr(&choice.then);
                choice.otherwise.iter().for_each(|otherwise| self.expr(otherwise));
            }
            ExprKind::Match(choice) => {
                self.expr(&choice.value);
                for arm in &choice.arms {
                    self.part(arm.span);
                    self.expr(&arm.value);
                }
            }
            ExprKind::Record(body) => {
                let outside = std::mem::replace(&mut self.inside, true);
                self.map(body);
                self.inside = outside;
            }
            ExprKind::Within { value, .. } => self.expr(value),
            ExprKind::On { call, day } => {
                self.expr(call);
                self.expr(day);
            }
            _ => {}
        }
    }

    fn each(&mut self, each: &Each) {
        self.expr(&each.list);
        each.filter.iter().for_each(|filter| self.expr(filter));
        self.map(&each.body);
    }
}
