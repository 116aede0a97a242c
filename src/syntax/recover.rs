//! Reading item by item, and where an item is broken, entry by entry.
//!
//! Takes the cut text, hands on items, what was lost, and diagnostics. An item that the
//! grammar reads whole is built whole. Otherwise its head and each entry of its block are
//! read alone; those that can be read stay, the others are explained and kept as lost.

use super::ast::{Clause, Connect, Flow, Item, Lookup, Lost, Map, MapEntry, Notify, Pipeline, Test, To, Vars};
use super::build::Builder;
use super::fault::explain;
use super::grammar::{Node, Rule, read};
use super::limits::MAX_FAULTS;
use super::lost::lost;
use super::split::{Block, Cut, ITEMS};
use crate::diag::{Diagnostic, SourceId, Span};
use std::ops::Range;

/// What reading a text's items came to.
pub struct Read {
    pub items: Vec<Item>,
    pub lost: Vec<Lost>,
    pub diagnostics: Vec<Diagnostic>,
    /// Faults that were only counted.
    pub more: usize,
    /// Closing brackets that close nothing only since their opening one was found missing.
    pub forgiven: Vec<Span>,
}

/// Reads all items of a text.
pub fn items(cut: Cut, source: SourceId) -> Read {
    let mut reader = Reader { cut, source, diagnostics: Vec::new(), more: 0, forgiven: Vec::new() };
    let (mut items, mut lost) = (Vec::new(), Vec::new());
    for range in cut.items() {
        match reader.item(&range) {
            Some(item) => items.push(item),
            None => lost.push(reader.lost(&range)),
        }
    }
    let Reader { diagnostics, more, forgiven, .. } = reader;
    Read { items, lost, diagnostics, more, forgiven }
}

struct Reader<'t> {
    cut: Cut<'t>,
    source: SourceId,
    diagnostics: Vec<Diagnostic>,
    more: usize,
    forgiven: Vec<Span>,
}

impl Reader<'_> {
    fn item(&mut self, range: &Range<usize>) -> Option<Item> {
        let word = self.cut.word(range.start);
        if ITEMS.contains(&word)
            && let Ok(item) = self.try_read(Rule::item, range, |builder, node| builder.item(node))
        {
            return item;
        }
        self.broken_item(range, word)
    }

    /// An item that is not read whole.
    fn broken_item(&mut self, range: &Range<usize>, word: &str) -> Option<Item> {
        let Some(open) = self.cut.first_brace(range).filter(|_| ITEMS.contains(&word)) else {
            self.explain(Rule::item, range, None);
            if let Some(stray) = self.cut.lexemes.get(range.end).filter(|_| self.cut.brackets.is_stray(range.end)) {
                self.forgiven.push(Span::new(self.source, stray.start, stray.end));
            }
            return None;
        };
        let head = range.start..open + 1;
        let item = match word {
            "pipeline" => self.pipeline(&head, open),
            "connect" => self.connect(&head, open),
            "lookup" => self.lookup(&head, open),
            "vars" => self.vars(&head, open),
            "fn" | "let" => {
                self.explain(Rule::item, range, None);
                return None;
            }
            "test" => self.test(&head, open),
            "notify" => self.notify(&head, open),
            "extend" => self.flow(Rule::extend_head, &head, open).map(Item::Extend),
            _ => self.flow(Rule::flow_head, &head, open).map(Item::Flow),
        };
        self.trailing(open, range);
        item
    }

    fn pipeline(&mut self, head: &Range<usize>, open: usize) -> Option<Item> {
        let built = self.head(Rule::pipeline_head, head, |builder, node| builder.pipeline(node));
        let (settings, lost) =
            self.entries(Block::Pipeline, Rule::only_setting, open, |builder, node| builder.setting(node));
        built.map(|head| Item::Pipeline(Pipeline { settings, lost, span: self.block_span(&head.span, open), ..head }))
    }

    fn connect(&mut self, head: &Range<usize>, open: usize) -> Option<Item> {
        let built = self.head(Rule::connect_head, head, |builder, node| Some(builder.connect(node)));
        let (entries, lost) =
            self.entries(Block::Connect, Rule::only_connect_entry, open, |builder, node| builder.connect_entry(node));
        let head = built?;
        let mut connect = Connect { lost, span: self.block_span(&head.span, open), ..head };
        for entry in entries {
            connect.put(entry);
        }
        Some(Item::Connect(connect))
    }

    fn lookup(&mut self, head: &Range<usize>, open: usize) -> Option<Item> {
        let built = self.head(Rule::lookup_head, head, |builder, node| Some(builder.lookup(node)));
        let (entries, lost) =
            self.entries(Block::Lookup, Rule::only_lookup_entry, open, |builder, node| builder.lookup_entry(node));
        built.map(|head| Item::Lookup(Lookup { entries, lost, span: self.block_span(&head.span, open), ..head }))
    }

    fn vars(&mut self, head: &Range<usize>, open: usize) -> Option<Item> {
        let built = self.head(Rule::vars_head, head, |builder, node| Some(builder.vars(node)));
        let (entries, lost) = self.entries(Block::Vars, Rule::only_var, open, |builder, node| builder.var(node));
        built.map(|head| Item::Vars(Vars { entries, lost, span: self.block_span(&head.span, open) }))
    }

    /// A flow, or what extends one.
    fn flow(&mut self, rule: Rule, head: &Range<usize>, open: usize) -> Option<Flow> {
        let built = self.head(rule, head, |builder, node| Some(builder.flow(node)));
        let (mut clauses, mut lost) = (Vec::new(), Vec::new());
        for entry in self.cut.entries(Block::Flow, self.inside(open)) {
            match self.clause(&entry) {
                Some(clause) => clauses.push(clause),
                None => lost.push(self.lost(&entry)),
            }
        }
        built.map(|head| Flow { clauses, lost, span: self.block_span(&head.span, open), ..head })
    }

    fn test(&mut self, head: &Range<usize>, open: usize) -> Option<Item> {
        let built = self.head(Rule::test_head, head, |builder, node| builder.test(node));
        let (entries, lost) =
            self.entries(Block::Test, Rule::only_test_entry, open, |builder, node| builder.test_entry(node));
        built.map(|head| Item::Test(Test { entries, lost, span: self.block_span(&head.span, open), ..head }))
    }

    fn notify(&mut self, head: &Range<usize>, open: usize) -> Option<Item> {
        let built = self.head(Rule::notify_head, head, |builder, node| Some(builder.notify(node)));
        let (entries, lost) =
            self.entries(Block::Notify, Rule::only_notify_entry, open, |builder, node| builder.notify_entry(node));
        let head = built?;
        let mut notify = Notify { lost, span: self.block_span(&head.span, open), ..head };
        for entry in entries {
            notify.put(entry);
        }
        Some(Item::Notify(notify))
    }

    fn clause(&mut self, range: &Range<usize>) -> Option<Clause> {
        match self.try_read(Rule::only_clause, range, |builder, node| builder.clause(node)) {
            Ok(clause) => clause,
            Err(()) => match (self.cut.word(range.start), self.cut.first_brace(range)) {
                ("map", Some(open)) => self.map(range, open).map(Clause::Map),
                ("to", Some(open)) => self.to(range, open).map(Clause::To),
                ("let", Some(open)) if self.each_opens(range, open) => {
                    self.each(Rule::let_each_head, range, open);
                    None
                }
                _ => {
                    self.explain(Rule::only_clause, range, Some(Block::Flow));
                    None
                }
            },
        }
    }

    fn map(&mut self, range: &Range<usize>, open: usize) -> Option<Map> {
        let head = self.head(Rule::map_head, &(range.start..open + 1), |builder, node| Some(builder.span_of(&node)));
        let (entries, lost) = self.map_entries(open);
        self.trailing(open, range);
        head.map(|span| Map { entries, lost, span: self.block_span(&span, open) })
    }

    fn map_entries(&mut self, open: usize) -> (Vec<MapEntry>, Vec<Lost>) {
        let (mut entries, mut lost) = (Vec::new(), Vec::new());
        for range in self.cut.entries(Block::Map, self.inside(open)) {
            match self.map_entry(&range) {
                Some(entry) => entries.push(entry),
                None => lost.push(self.lost(&range)),
            }
        }
        (entries, lost)
    }

    fn map_entry(&mut self, range: &Range<usize>) -> Option<MapEntry> {
        if let Ok(entry) = self.try_read(Rule::only_map_entry, range, |builder, node| builder.map_entry(node)) {
            return entry;
        }
        match self.cut.first_brace(range).filter(|open| self.each_opens(range, *open)) {
            Some(open) => {
                let is_let = self.cut.word(range.start) == "let" && self.cut.word(range.start + 1) != "=";
                self.each(if is_let { Rule::let_each_head } else { Rule::each_head }, range, open);
            }
            None => self.explain(Rule::only_map_entry, range, Some(Block::Map)),
        }
        None
    }

    /// Whether a brace is that of an `each`.
    fn each_opens(&self, range: &Range<usize>, open: usize) -> bool {
        (range.start..open).any(|index| self.cut.word(index) == "each")
    }

    /// Finds the faults inside a broken `each`. The list itself is lost: with a field
    /// missing it would only mislead.
    fn each(&mut self, rule: Rule, range: &Range<usize>, open: usize) {
        let said = self.diagnostics.len() + self.more;
        self.head(rule, &(range.start..open + 1), |_, _| Some(()));
        self.map_entries(open);
        let after = self.cut.brackets.end(open).map_or(range.end, super::brackets::End::after);
        if after < range.end && self.cut.word(after) == "+" {
            self.joined(after + 1..range.end);
            if self.diagnostics.len() + self.more == said {
                let whole = if rule == Rule::let_each_head { Rule::only_clause } else { Rule::only_map_entry };
                self.explain(whole, range, Some(Block::Map));
            }
        } else {
            self.trailing(open, range);
        }
    }

    /// The lists that are joined with a broken one: `each` by `each`, as far as they go.
    fn joined(&mut self, mut rest: Range<usize>) {
        while self.cut.word(rest.start) == "each" {
            let Some(open) = self.cut.first_brace(&rest) else { return };
            self.head(Rule::more_each_head, &(rest.start..open + 1), |_, _| Some(()));
            self.map_entries(open);
            let after = self.cut.brackets.end(open).map_or(rest.end, super::brackets::End::after);
            if after + 1 >= rest.end || self.cut.word(after) != "+" {
                return;
            }
            rest.start = after + 1;
        }
    }

    fn to(&mut self, range: &Range<usize>, open: usize) -> Option<To> {
        let built = self.head(Rule::to_head, &(range.start..open + 1), |builder, node| Some(builder.to(node)));
        let (rules, lost) = self.entries(Block::To, Rule::only_rule, open, |builder, node| builder.rule(node));
        self.trailing(open, range);
        built.map(|head| To { rules, lost, span: self.block_span(&head.span, open), ..head })
    }

    /// Reads each entry of a block whose entries hold no blocks themselves.
    fn entries<T>(
        &mut self,
        block: Block,
        rule: Rule,
        open: usize,
        mut build: impl FnMut(&mut Builder, Node) -> Option<T>,
    ) -> (Vec<T>, Vec<Lost>) {
        let (mut entries, mut lost) = (Vec::new(), Vec::new());
        for range in self.cut.entries(block, self.inside(open)) {
            let read = self.try_read(rule, &range, &mut build);
            if read.is_err() {
                self.explain(rule, &range, Some(block));
            }
            match read {
                Ok(Some(entry)) => entries.push(entry),
                _ => lost.push(self.lost(&range)),
            }
        }
        (entries, lost)
    }

    fn head<T>(
        &mut self,
        rule: Rule,
        range: &Range<usize>,
        build: impl FnMut(&mut Builder, Node) -> Option<T>,
    ) -> Option<T> {
        let read = self.try_read(rule, range, build);
        if read.is_err() {
            self.explain(rule, range, None);
        }
        read.ok().flatten()
    }

    /// Reads a range as a rule and builds what the rule holds. `Err` if the grammar refuses it.
    fn try_read<T>(
        &mut self,
        rule: Rule,
        range: &Range<usize>,
        mut build: impl FnMut(&mut Builder, Node) -> Option<T>,
    ) -> Result<Option<T>, ()> {
        let bytes = self.cut.bytes(range);
        let mut nodes = read(rule, &self.cut.text[bytes.clone()]).map_err(|_| ())?;
        let (source, base) = (self.source, bytes.start);
        let place = move |start: usize, end: usize| Span::new(source, base + start, base + end);
        let mut builder = Builder::new(&place);
        let outer = nodes.next().expect("the grammar answers with the rule that was asked for");
        let built = if is_head(rule) {
            build(&mut builder, outer)
        } else {
            let inner = outer.into_inner().next().expect("a rule for one entry holds that entry");
            build(&mut builder, inner)
        };
        self.diagnostics.append(&mut builder.diagnostics);
        Ok(built)
    }

    /// Says in words why a range is not what it should be, unless a bracket already says it.
    fn explain(&mut self, rule: Rule, range: &Range<usize>, block: Option<Block>) {
        if self.cut.brackets.blames(range) {
            return;
        }
        if self.diagnostics.len() >= MAX_FAULTS {
            self.more += 1;
            return;
        }
        let bytes = self.cut.bytes(range);
        if let Err(failure) = read(rule, &self.cut.text[bytes]) {
            self.diagnostics.extend(explain(self.cut, self.source, range, block, &failure));
        }
    }

    /// What stands between the end of a block and the end of what it belongs to.
    fn trailing(&mut self, open: usize, range: &Range<usize>) {
        let after = self.cut.brackets.end(open).map_or(range.end, super::brackets::End::after);
        if after < range.end {
            let rest = after..range.end;
            let failure = super::grammar::Failure { at: 0, expected: vec![Rule::EOI], exhausted: false };
            if !self.cut.brackets.blames(&rest) {
                self.diagnostics.extend(explain(self.cut, self.source, &rest, None, &failure));
            }
        }
    }

    fn inside(&self, open: usize) -> Range<usize> {
        open + 1..self.cut.brackets.end(open).map_or(open + 1, |end| end.at)
    }

    /// From a head to the end of the block that it opens.
    fn block_span(&self, head: &Span, open: usize) -> Span {
        let end = self.cut.brackets.end(open).map_or(open + 1, super::brackets::End::after);
        Span { end: u32::try_from(self.cut.lexemes[end - 1].end).unwrap_or(u32::MAX), ..*head }
    }

    fn lost(&self, range: &Range<usize>) -> Lost {
        let bytes = self.cut.bytes(range);
        lost(&self.cut.text[bytes.clone()], &|start, end| {
            Span::new(self.source, bytes.start + start, bytes.start + end)
        })
    }
}

fn is_head(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::pipeline_head
            | Rule::connect_head
            | Rule::lookup_head
            | Rule::flow_head
            | Rule::vars_head
            | Rule::test_head
            | Rule::notify_head
            | Rule::extend_head
            | Rule::map_head
            | Rule::to_head
            | Rule::each_head
            | Rule::let_each_head
            | Rule::more_each_head
    )
}
