//! Tests: the records that they are given, and what they expect.

use super::{Builder, Parts};
use crate::syntax::ast::{Ended, Expect, Fixture, FixtureField, FixtureRecord, FixtureValue, Spanned, Test, TestEntry};
use crate::syntax::grammar::{Node, Rule};

impl Builder<'_> {
    /// A whole test, or its head.
    pub fn test(&mut self, node: Node) -> Option<Test> {
        let span = self.span(&node);
        let mut parts = Parts::of(node);
        let name = self.text(parts.need(Rule::text));
        let mut lost = Vec::new();
        let kinds = [Rule::test_flow, Rule::given, Rule::with, Rule::expect];
        let entries = self.entries(parts.others(&kinds), &mut lost, Self::test_entry);
        Some(Test { name: name?, entries, lost, span })
    }

    pub fn test_entry(&mut self, node: Node) -> Option<TestEntry> {
        let span = self.span(&node);
        match node.as_rule() {
            Rule::test_flow => Some(TestEntry::Flow { name: self.name(&Parts::of(node).need(Rule::name)), span }),
            Rule::given => {
                let inner = || node.clone().into_inner();
                let scope = inner().find(|part| part.as_rule() == Rule::name).map(|part| self.name(&part));
                let fixture = inner().find(|part| part.as_rule() == Rule::fixture).expect("a given has a fixture");
                Some(TestEntry::Given { scope, fixture: self.fixture(fixture)?, span })
            }
            Rule::with => {
                let of_match = node.clone().into_inner().any(|part| part.as_rule() == Rule::match_word);
                let mut parts = Parts::of(node);
                if of_match {
                    let record = self.fixture_record(parts.need(Rule::fixture_record))?;
                    return Some(TestEntry::WithMatch { record, span });
                }
                let lookup = self.name(&parts.need(Rule::name));
                let inputs = self.exprs(parts.need(Rule::with_inputs));
                let row = self.fixture_record(parts.need(Rule::fixture_record));
                Some(TestEntry::With { lookup, inputs: inputs?, row: row?, span })
            }
            _ => self.expect(node).map(TestEntry::Expect),
        }
    }

    fn fixture(&mut self, node: Node) -> Option<Fixture> {
        let part = node.into_inner().next().expect("a fixture is of one of two kinds");
        if part.as_rule() == Rule::fixture_record {
            return self.fixture_record(part).map(Fixture::Record);
        }
        let mut parts = Parts::of(part);
        let format = self.name(&parts.need(Rule::name));
        Some(Fixture::File { format, path: self.text(parts.need(Rule::text))? })
    }

    fn fixture_record(&mut self, node: Node) -> Option<FixtureRecord> {
        let span = self.span(&node);
        let fields: Vec<_> =
            Parts::of(node).others(&[Rule::fixture_field]).into_iter().map(|field| self.fixture_field(field)).collect();
        Some(FixtureRecord { fields: fields.into_iter().collect::<Option<_>>()?, span })
    }

    fn fixture_field(&mut self, node: Node) -> Option<FixtureField> {
        let mut parts = Parts::of(node);
        let name = self.name(&parts.need(Rule::name));
        let kinds = [Rule::fixture_record, Rule::fixture_list, Rule::expr];
        let value = parts.others(&kinds).into_iter().next().expect("a field has a value");
        let value = match value.as_rule() {
            Rule::fixture_record => FixtureValue::Record(self.fixture_record(value)?),
            Rule::fixture_list => {
                let span = self.span(&value);
                let records = Parts::of(value).others(&[Rule::fixture_record]);
                let records: Vec<_> = records.into_iter().map(|record| self.fixture_record(record)).collect();
                FixtureValue::List { records: records.into_iter().collect::<Option<_>>()?, span }
            }
            _ => FixtureValue::Plain(self.expr(value)?),
        };
        Some(FixtureField { name, value })
    }

    fn expect(&mut self, node: Node) -> Option<Expect> {
        let span = self.span(&node);
        let (mut ended, mut sentence, mut conditions) = (None, None, Vec::new());
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::ended => ended = Some(Spanned { value: ended_of(part.as_str()), span: self.span(&part) }),
                Rule::text => sentence = Some(self.text(part)?),
                Rule::conditions => conditions = self.exprs(part)?,
                _ => {}
            }
        }
        Some(Expect { ended: ended.expect("an expect names an outcome"), sentence, conditions, span })
    }
}

fn ended_of(word: &str) -> Ended {
    Ended::ALL.into_iter().find(|ended| ended.word() == word).expect("the grammar's outcomes are all known")
}
