//! Items and what stands in their blocks.
//!
//! Each kind of entry is built by one function that answers `None` after it has said what
//! is wrong; the block then keeps the entry's name among its `lost`.

use super::{Builder, Parts};
use crate::syntax::ast::{
    Clause, Connect, Flow, From, Item, Let, Lookup, LookupEntry, LookupRow, Map, MapEntry, Matching, Otherwise,
    Outcome, Pattern, Per, Pipeline, Reconcile, Require, ResourceName, Rule as ToRule, RunWhen, Setting, Spanned, To,
    Use,
};
use crate::syntax::grammar::{Node, Rule};
use crate::syntax::lost::lost;

/// One entry of a `connect` block.
pub enum ConnectEntry {
    Setting(Setting),
    Sandbox(crate::diag::Span),
}

impl Builder<'_> {
    /// A whole item. `None` only if its head holds a fault.
    pub fn item(&mut self, node: Node) -> Option<Item> {
        match node.as_rule() {
            Rule::pipeline => self.pipeline(node).map(Item::Pipeline),
            Rule::connect => Some(Item::Connect(self.connect(node))),
            Rule::lookup => Some(Item::Lookup(self.lookup(node))),
            Rule::flow => Some(Item::Flow(self.flow(node))),
            Rule::function => self.function(node).map(Item::Function),
            Rule::constant => self.constant(node).map(Item::Constant),
            Rule::vars => Some(Item::Vars(self.vars(node))),
            Rule::test => self.test(node).map(Item::Test),
            Rule::extend => Some(Item::Extend(self.flow(node))),
            Rule::notify => Some(Item::Notify(self.notify(node))),
            Rule::use_file => {
                let span = self.span(&node);
                let mut parts = Parts::of(node);
                let path = self.text(parts.need(Rule::text))?;
                let without = parts.take(Rule::without).map(|names| self.names(names)).unwrap_or_default();
                Some(Item::Use(Use { path, without, span }))
            }
            other => unreachable!("the grammar has no item {other:?}"),
        }
    }

    /// Reads the entries of a block; those that fail are kept among the lost.
    pub(super) fn entries<T>(
        &mut self,
        nodes: Vec<Node>,
        lost_entries: &mut Vec<crate::syntax::ast::Lost>,
        mut build: impl FnMut(&mut Self, Node) -> Option<T>,
    ) -> Vec<T> {
        let mut built = Vec::with_capacity(nodes.len());
        for node in nodes {
            let (text, start) = (node.as_str(), node.as_span().start());
            match build(self, node) {
                Some(entry) => built.push(entry),
                None => {
                    let place = self.place;
                    lost_entries.push(lost(text, &|from, to| place(start + from, start + to)));
                }
            }
        }
        built
    }

    /// The head of a `pipeline`, with or without a body.
    pub fn pipeline(&mut self, node: Node) -> Option<Pipeline> {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let name = self.text(parts.need(Rule::text));
        let mut lost = Vec::new();
        let settings = self.entries(parts.rest(Rule::setting), &mut lost, Self::setting);
        Some(Pipeline { name: name?, settings, lost, span })
    }

    pub fn connect(&mut self, node: Node) -> Connect {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let first = self.name(&parts.need(Rule::name));
        let is_named = parts.0.last().is_some_and(|part| part.as_rule() == Rule::as_word);
        let (name, named_system) =
            if is_named { (self.name(&parts.need(Rule::name)), Some(first)) } else { (first, None) };
        let mut lost = Vec::new();
        let entries = parts.others(&[Rule::setting, Rule::sandbox]);
        let entries = self.entries(entries, &mut lost, Self::connect_entry);
        let mut connect = Connect { name, named_system, settings: Vec::new(), sandbox: None, lost, span };
        for entry in entries {
            connect.put(entry);
        }
        connect
    }

    pub fn connect_entry(&mut self, node: Node) -> Option<ConnectEntry> {
        if node.as_rule() == Rule::sandbox {
            return Some(ConnectEntry::Sandbox(self.span(&node)));
        }
        self.setting(node).map(ConnectEntry::Setting)
    }

    pub fn setting(&mut self, node: Node) -> Option<Setting> {
        let mut parts = Parts::of(node);
        let name = self.name(&parts.need(Rule::name));
        Some(Setting { name, value: self.expr(parts.need(Rule::expr))? })
    }

    pub fn lookup(&mut self, node: Node) -> Lookup {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let name = self.name(&parts.need(Rule::name));
        let inputs = self.names(parts.need(Rule::names));
        let outputs = self.names(parts.need(Rule::names));
        let mut lost = Vec::new();
        let kinds = [Rule::row, Rule::from_file, Rule::from_resource, Rule::verify, Rule::missing];
        let entries = self.entries(parts.others(&kinds), &mut lost, Self::lookup_entry);
        Lookup { name, inputs, outputs, entries, lost, span }
    }

    pub fn lookup_entry(&mut self, node: Node) -> Option<LookupEntry> {
        let span = self.span(&node);
        match node.as_rule() {
            Rule::row => self.row(node).map(LookupEntry::Row),
            Rule::missing => {
                let (outcome, sentence) = self.outcome(node)?;
                Some(LookupEntry::Missing { outcome, sentence, span })
            }
            Rule::from_file => {
                let mut parts = Parts::of(node);
                let format = self.name(&parts.need(Rule::name));
                let path = self.text(parts.need(Rule::text));
                let sheet = match parts.take(Rule::sheet) {
                    None => None,
                    Some(sheet) => Some(self.text(Parts::of(sheet).need(Rule::text))?),
                };
                Some(LookupEntry::FromFile { format, path: path?, sheet, span })
            }
            Rule::from_resource => {
                let mut parts = Parts::of(node);
                let resource = self.resource(parts.need(Rule::resource));
                let per = self.optional_per(&mut parts)?;
                let filter = self.optional_filter(&mut parts)?;
                Some(LookupEntry::FromResource { resource, per, filter, span })
            }
            _ => {
                let mut parts = Parts::of(node);
                let output = self.name(&parts.need(Rule::name));
                let mut names = self.names(parts.need(Rule::resource_field)).into_iter();
                let mut next = || names.next().expect("a resource's field has three names");
                let (connection, resource, field) = (next(), next(), next());
                let filter = self.optional_filter(&mut parts)?;
                let resource = ResourceName { connection, resource };
                Some(LookupEntry::Verify { output, resource, field, filter, span })
            }
        }
    }

    /// The `where` of a node: `Some(None)` without one, `None` if it failed.
    fn optional_filter(&mut self, parts: &mut Parts) -> Option<Option<crate::syntax::ast::Expr>> {
        match parts.take(Rule::filter) {
            None => Some(None),
            Some(filter) => self.filter(filter).map(Some),
        }
    }

    /// The `per` of a node: `Some(None)` without one, `None` if its `where` failed.
    fn optional_per(&mut self, parts: &mut Parts) -> Option<Option<Per>> {
        // A `where` that stands here without a `per` is not to be skipped.
        if !parts.next_is(Rule::per) {
            return Some(None);
        }
        let mut parts = Parts::of(parts.need(Rule::per));
        let name = self.name(&parts.need(Rule::name));
        Some(Some(Per { name, filter: self.optional_filter(&mut parts)? }))
    }

    fn row(&mut self, node: Node) -> Option<LookupRow> {
        let span = self.span(&node);
        let (mut patterns, mut values) = (Vec::new(), Vec::new());
        let (mut from, mut until) = (Some(None), Some(None));
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::pattern => patterns.push(self.pattern(part)),
                Rule::expr => values.push(self.expr(part)),
                Rule::row_from => from = self.day_of_row(part).map(Some),
                Rule::row_until => until = self.day_of_row(part).map(Some),
                _ => {}
            }
        }
        let (from, until) = (from?, until?);
        let patterns = patterns.into_iter().collect::<Option<_>>()?;
        Some(LookupRow { patterns, values: values.into_iter().collect::<Option<_>>()?, from, until, span })
    }

    fn day_of_row(&mut self, node: Node) -> Option<Spanned<crate::value::Date>> {
        let date = Parts::of(node).need(Rule::date);
        let span = self.span(&date);
        self.date(&date).map(|value| Spanned { value, span })
    }

    fn pattern(&mut self, node: Node) -> Option<Pattern> {
        let span = self.span(&node);
        let part = node.into_inner().next().expect("a pattern is of one of two kinds");
        if part.as_rule() == Rule::any { Some(Pattern::Any(span)) } else { self.text(part).map(Pattern::Text) }
    }

    /// `hold "…"`, wherever it stands.
    fn outcome(&mut self, node: Node) -> Option<(Outcome, crate::syntax::ast::Template)> {
        let mut parts = Parts::of(node);
        let outcome = match parts.need(Rule::outcome).as_str() {
            "hold" => Outcome::Hold,
            "reject" => Outcome::Reject,
            _ => Outcome::Skip,
        };
        Some((outcome, self.template(&parts.need(Rule::template))?))
    }

    fn otherwise(&mut self, node: Node) -> Option<Otherwise> {
        let span = self.span(&node);
        let (outcome, sentence) = self.outcome(node)?;
        Some(Otherwise { outcome, sentence, span })
    }

    pub fn flow(&mut self, node: Node) -> Flow {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let name = self.name(&parts.need(Rule::name));
        let mut lost = Vec::new();
        let kinds = [
            Rule::from,
            Rule::where_clause,
            Rule::match_clause,
            Rule::let_clause,
            Rule::map,
            Rule::require,
            Rule::to,
            Rule::run_clause,
            Rule::reconcile_clause,
        ];
        let clauses = self.entries(parts.others(&kinds), &mut lost, Self::clause);
        Flow { name, clauses, lost, span }
    }

    pub fn clause(&mut self, node: Node) -> Option<Clause> {
        let span = self.span(&node);
        match node.as_rule() {
            Rule::from => self.from(node).map(Clause::From),
            Rule::where_clause => Some(Clause::Where { condition: self.filter(node)?, span }),
            Rule::let_clause => self.let_clause(node).map(Clause::Let),
            Rule::map => Some(Clause::Map(self.map(node))),
            Rule::require => self.require(node).map(Clause::Require),
            Rule::to => Some(Clause::To(self.to(node))),
            Rule::match_clause => self.match_clause(node).map(Clause::Match),
            Rule::run_clause => Some(Clause::Run { when: self.run_when(node)?, span }),
            _ => self.reconcile(node).map(Clause::Reconcile),
        }
    }

    fn from(&mut self, node: Node) -> Option<From> {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let resource = self.resource(parts.need(Rule::resource));
        let alias = self.name(&parts.need(Rule::name));
        let per = self.optional_per(&mut parts)?;
        Some(From { resource, alias, per, span })
    }

    fn match_clause(&mut self, node: Node) -> Option<Matching> {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let resource = self.resource(parts.need(Rule::resource));
        let alias = self.name(&parts.need(Rule::name));
        let (mut keys, mut ambiguous) = (Vec::new(), Vec::new());
        for entry in parts.others(&[Rule::match_key, Rule::ambiguous]) {
            match entry.as_rule() {
                Rule::ambiguous => ambiguous.push(self.otherwise(entry)?),
                _ => keys.push(self.expr(Parts::of(entry).need(Rule::expr))?),
            }
        }
        Some(Matching { resource, alias, keys, ambiguous, span })
    }

    fn run_when(&mut self, node: Node) -> Option<RunWhen> {
        let mut parts = Parts::of(node).others(&[Rule::run_every, Rule::run_on_webhook]);
        let when = parts.pop().expect("a run is of one of two kinds");
        match when.as_rule() {
            Rule::run_every => self.duration(&Parts::of(when).need(Rule::duration)).map(RunWhen::Every),
            _ => Some(RunWhen::Webhook(self.span(&Parts::of(when).need(Rule::webhook_word)))),
        }
    }

    fn reconcile(&mut self, node: Node) -> Option<Reconcile> {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let at = self.time_of_day(&parts.need(Rule::time_of_day));
        let lookback = self.duration(&parts.need(Rule::duration));
        Some(Reconcile { at: at?, lookback: lookback?, span })
    }

    fn let_clause(&mut self, node: Node) -> Option<Let> {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let name = self.name(&parts.need(Rule::name));
        let value = self.expr(parts.need(Rule::expr));
        let otherwise = match parts.take(Rule::otherwise) {
            None => None,
            Some(otherwise) => Some(self.otherwise(otherwise)?),
        };
        Some(Let { name, value: value?, otherwise, span })
    }

    fn require(&mut self, node: Node) -> Option<Require> {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let condition = self.expr(parts.need(Rule::expr));
        let otherwise = self.otherwise(parts.need(Rule::otherwise));
        Some(Require { condition: condition?, otherwise: otherwise?, span })
    }

    pub fn map(&mut self, node: Node) -> Map {
        let span = self.span(&node);
        Map { span, ..self.map_body(Parts::of(node).need(Rule::map_body)) }
    }

    pub(super) fn map_body(&mut self, node: Node) -> Map {
        let span = self.span(&node);
        let mut lost = Vec::new();
        let nodes = Parts::of(node).others(&[Rule::let_clause, Rule::field]);
        let entries = self.entries(nodes, &mut lost, Self::map_entry);
        Map { entries, lost, span }
    }

    pub fn map_entry(&mut self, node: Node) -> Option<MapEntry> {
        if node.as_rule() == Rule::let_clause {
            return self.let_clause(node).map(MapEntry::Let);
        }
        let span = self.span(&node);
        let Setting { name, value } = self.setting(node)?;
        Some(MapEntry::Field { name, value, span })
    }

    pub fn to(&mut self, node: Node) -> To {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let resource = self.resource(parts.need(Rule::resource));
        let mut lost = Vec::new();
        let kinds = [Rule::key, Rule::on_change, Rule::retry, Rule::guard, Rule::settle, Rule::approve, Rule::mark];
        let rules = self.entries(parts.others(&kinds), &mut lost, Self::rule);
        To { resource, rules, lost, span }
    }

    pub fn rule(&mut self, node: Node) -> Option<ToRule> {
        let span = self.span(&node);
        match node.as_rule() {
            Rule::key => Some(ToRule::Key { fields: self.names(node), span }),
            Rule::on_change => Some(ToRule::OnChange { action: self.name(&Parts::of(node).need(Rule::name)), span }),
            Rule::retry => {
                let mut parts = Parts::of(node);
                let times = self.whole(&parts.need(Rule::number));
                let first = self.duration(&parts.need(Rule::duration));
                let longest = self.duration(&parts.need(Rule::duration));
                Some(ToRule::Retry { times: times?, first: first?, longest: longest?, span })
            }
            Rule::guard => self.guard(node),
            Rule::settle => {
                let mut parts = Parts::of(node);
                let what = self.name(&parts.need(Rule::name));
                Some(ToRule::Settle { what, quiet: self.duration(&parts.need(Rule::duration))?, span })
            }
            Rule::approve => Some(ToRule::Approve { condition: self.expr(Parts::of(node).need(Rule::expr))?, span }),
            _ => Some(ToRule::Mark { field: self.name(&Parts::of(node).need(Rule::name)), span }),
        }
    }

    fn guard(&mut self, node: Node) -> Option<ToRule> {
        let span = self.span(&node);
        let (mut records, mut rejected_percent) = (None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::guard_records => records = Some(self.whole(&Parts::of(part).need(Rule::number))?),
                Rule::guard_rejected => rejected_percent = Some(self.percent(Parts::of(part).need(Rule::percent))?),
                _ => {}
            }
        }
        Some(ToRule::Guard { records, rejected_percent, span })
    }
}

impl Connect {
    /// Adds an entry.
    pub(in crate::syntax) fn put(&mut self, entry: ConnectEntry) {
        match entry {
            ConnectEntry::Setting(setting) => self.settings.push(setting),
            ConnectEntry::Sandbox(span) => self.sandbox = Some(span),
        }
    }
}

impl<'t> Parts<'t> {
    /// All parts of one rule that are left.
    pub(super) fn rest(self, rule: Rule) -> Vec<Node<'t>> {
        self.others(&[rule])
    }

    /// All parts of some rules that are left, in order.
    pub(super) fn others(self, rules: &[Rule]) -> Vec<Node<'t>> {
        self.0.into_iter().rev().filter(|part| rules.contains(&part.as_rule())).collect()
    }
}
