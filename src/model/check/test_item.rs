//! Tests: which flow they are of, what they give it, which rows its lookups have.

use super::{Checker, listed, lost};
use crate::connector::{Catalogue, ResourceSpec};
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::model::{Flow, GivenLink, Link, Lookup, LookupId, Test};
use crate::syntax::{self as ast, Fixture, Item, LookupEntry, Name, TestEntry};
use crate::value::{Kind, Record, Type, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// The entries of a test that stand once.
#[derive(Default)]
struct Parts<'a> {
    flow: Option<(&'a Name, Span)>,
    given: Option<(&'a Fixture, Span)>,
    scope: Option<(&'a Name, &'a Fixture, Span)>,
    expect: Option<&'a ast::Expect>,
}

/// What a test's flow reads and writes.
pub(super) struct Subject<'a> {
    pub flow: &'a Flow,
    pub ast: &'a ast::Flow,
    source: (Arc<Catalogue>, &'a str),
    scope: Option<&'a str>,
    target: (Arc<Catalogue>, &'a str),
}

impl Subject<'_> {
    pub fn source(&self) -> Option<&ResourceSpec> {
        self.source.0.resources.get(self.source.1)
    }

    fn scope(&self) -> Option<&ResourceSpec> {
        self.source.0.resources.get(self.scope?)
    }

    pub fn target(&self) -> Option<&ResourceSpec> {
        self.target.0.resources.get(self.target.1)
    }
}

impl Checker<'_> {
    pub(super) fn tests(&mut self, file: &ast::File, flows: &[Flow], lookups: &[Lookup]) -> Vec<Test> {
        let mut names: HashMap<&str, Span> = HashMap::new();
        let mut tests = Vec::new();
        for item in &file.items {
            let Item::Test(test) = item else { continue };
            match names.get(&*test.name.text) {
                Some(first) => self.test_name_twice(test, *first),
                None => drop(names.insert(&test.name.text, test.name.span)),
            }
            tests.extend(self.test(test, file, flows, lookups));
        }
        tests
    }

    /// A whole test; `None` if its flow is not clear or a part is missing.
    fn test(&mut self, test: &ast::Test, file: &ast::File, flows: &[Flow], lookups: &[Lookup]) -> Option<Test> {
        let parts = self.test_parts(test);
        let subject = parts.flow.and_then(|(name, _)| self.subject(name, file, flows));
        let rows = self.test_rows(test, file, lookups);
        let links = self.test_links(test);
        let subject = subject?;
        let candidates = self.candidates(test, &subject);
        self.unasked_rows(test, &subject.flow.name);
        let given = parts.given.and_then(|(fixture, _)| self.given(fixture, subject.source()?));
        let (source, scope_of_file) = given.unzip();
        let scope = match (parts.scope, subject.scope()) {
            (Some((name, fixture, _)), spec) => self.given_scope(name, fixture, &subject, spec),
            (None, None) => None,
            (None, Some(spec)) => scope_of_file
                .flatten()
                .and_then(|(json, place)| self.kept_record(&json, &place, spec))
                .or_else(|| Some(super::fixture::neutral_record(&spec.source_type()))),
        };
        // A line that could not be read may map what is asked for, or say what is expected.
        let expect = parts.expect.filter(|_| !lost::anywhere(file));
        let expect = expect.and_then(|expect| self.expectation(expect, &subject, file));
        Some(Test {
            name: test.name.text.clone(),
            flow: subject.flow.name.clone(),
            source: source?,
            scope,
            rows,
            links,
            candidates,
            expect: expect?,
            span: test.name.span,
        })
    }

    /// Finds the parts that must stand once, and says what is missing or stands twice.
    fn test_parts<'a>(&mut self, test: &'a ast::Test) -> Parts<'a> {
        let mut parts = Parts::default();
        for entry in &test.entries {
            match entry {
                TestEntry::Flow { name, span } => match parts.flow {
                    Some((_, first)) => self.test_part_twice("flow", *span, first),
                    None => parts.flow = Some((name, *span)),
                },
                TestEntry::Given { scope: None, fixture, span } => match parts.given {
                    Some((_, first)) => self.test_part_twice("given", *span, first),
                    None => parts.given = Some((fixture, *span)),
                },
                TestEntry::Given { scope: Some(name), fixture, span } => match parts.scope {
                    Some((_, _, first)) => self.test_part_twice(&format!("given {}", name.text), *span, first),
                    None => parts.scope = Some((name, fixture, *span)),
                },
                TestEntry::Expect(expect) => match parts.expect {
                    Some(first) => self.test_part_twice("expect", expect.span, first.span),
                    None => parts.expect = Some(expect),
                },
                TestEntry::With { .. } | TestEntry::WithMatch { .. } => {}
            }
        }
        let missing: Vec<&str> =
            [("flow", parts.flow.is_none()), ("given", parts.given.is_none()), ("expect", parts.expect.is_none())]
                .into_iter()
                .filter_map(|(word, missing)| missing.then_some(word))
                .collect();
        if !missing.is_empty() && test.lost.is_empty() {
            self.report(
                Diagnostic::error(
                    &codes::TEST_INCOMPLETE,
                    test.name.span,
                    format!("this test lacks {}", listed(missing, 3)),
                )
                .label("not complete")
                .hint("a test says which `flow` it is of, the record that it is `given`, and how the record leaves: `expect posted { … }`"),
            );
        }
        parts
    }

    /// Rows of lookups that the flow never asks.
    fn unasked_rows(&mut self, test: &ast::Test, flow: &Arc<str>) {
        let Some(asked) = self.asked_by.get(flow).cloned() else { return };
        for entry in &test.entries {
            let TestEntry::With { lookup, span, .. } = entry else { continue };
            let known = self.lookups.iter().any(|known| known.name == lookup.text);
            if known && !asked.contains(&lookup.text) {
                self.report(
                    Diagnostic::warning(
                        &codes::UNASKED_ROW,
                        *span,
                        format!("the flow `{flow}` never asks the lookup `{}`", lookup.text),
                    )
                    .label("never asked for")
                    .hint("take the line out, or test the flow that asks this lookup"),
                );
            }
        }
    }

    fn test_part_twice(&mut self, word: &str, place: Span, first: Span) {
        self.report(
            Diagnostic::error(&codes::TEST_TWICE, place, format!("a test has one `{word}`, here is a second one"))
                .label("second one")
                .related(first, "first one")
                .hint("put both into one, or make a second test"),
        );
    }

    fn test_name_twice(&mut self, test: &ast::Test, first: Span) {
        self.report(
            Diagnostic::error(&codes::TEST_TWICE, test.name.span, "two tests have this name")
                .label("used a second time")
                .related(first, "first used here")
                .hint("say in the name what is different about this one"),
        );
    }

    /// The flow of this name, if it could be understood; says so if there is none.
    fn subject<'a>(&mut self, name: &Name, file: &'a ast::File, flows: &'a [Flow]) -> Option<Subject<'a>> {
        let declared: Vec<&ast::Flow> = file
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Flow(flow) => Some(flow),
                _ => None,
            })
            .collect();
        let Some(ast) = declared.iter().find(|flow| flow.name.text == name.text) else {
            if !lost::may_be(&self.lost, "flow", &name.text) {
                self.no_such_flow(name, &declared);
            }
            return None;
        };
        let flow = flows.iter().find(|flow| flow.name == name.text)?;
        let catalogue = |connection: &str| {
            self.connections.iter().find(|bound| *bound.name == *connection).and_then(|bound| bound.catalogue.clone())
        };
        Some(Subject {
            flow,
            ast,
            source: (catalogue(&flow.source.connection)?, &flow.source.resource),
            scope: flow.source.scope.as_ref().map(|scope| &*scope.resource),
            target: (catalogue(&flow.target.connection)?, &flow.target.resource),
        })
    }

    fn no_such_flow(&mut self, name: &Name, declared: &[&ast::Flow]) {
        let names = || declared.iter().map(|flow| &*flow.name.text);
        let hint = match nearest(&name.text, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if declared.is_empty() => "the file has no flow".to_owned(),
            None => format!("the flows of this file are {}", listed(names(), 12)),
        };
        self.report(
            Diagnostic::error(&codes::TEST_FLOW, name.span, format!("the file has no flow `{}`", name.text))
                .label("no such flow")
                .hint(hint),
        );
    }

    fn given_scope(
        &mut self,
        name: &Name,
        fixture: &Fixture,
        subject: &Subject,
        spec: Option<&ResourceSpec>,
    ) -> Option<Record> {
        let wanted = subject.flow.source.scope.as_ref().map(|scope| &*scope.name);
        let (Some(spec), true) = (spec, wanted == Some(&*name.text)) else {
            let hint = match wanted {
                Some(wanted) => format!("write `given {wanted} {{ … }}`"),
                None => "the source record is given without a name: `given { … }`".to_owned(),
            };
            self.report(
                Diagnostic::error(
                    &codes::TEST_SCOPE,
                    name.span,
                    format!("the flow `{}` does not read its records per {}", subject.flow.name, name.text),
                )
                .label("not what they are read by")
                .hint(hint),
            );
            return None;
        };
        match fixture {
            Fixture::Record(record) => Some(self.fixture(record, &spec.source_type())),
            Fixture::File { format, path } => self.fixture_file(format, path, spec).map(|read| read.record),
        }
    }

    fn test_rows(&mut self, test: &ast::Test, file: &ast::File, lookups: &[Lookup]) -> Vec<(LookupId, Record)> {
        let mut rows = Vec::new();
        for entry in &test.entries {
            if let TestEntry::With { lookup, inputs, row, span } = entry
                && Link::of(&lookup.text).is_none()
            {
                rows.extend(self.test_row(lookup, inputs, row, *span, file, lookups));
            }
        }
        rows
    }

    /// `with linked(vendors, 101) => { … }`, `with posted(invoices, 7) => { … }`
    fn test_links(&mut self, test: &ast::Test) -> Vec<GivenLink> {
        let mut links = Vec::new();
        for entry in &test.entries {
            if let TestEntry::With { lookup, inputs, row, span } = entry
                && let Some(link) = Link::of(&lookup.text)
            {
                links.extend(self.test_link(link, inputs, row, *span));
            }
        }
        links
    }

    /// `with match => { … }`
    fn candidates(&mut self, test: &ast::Test, subject: &Subject) -> Vec<Record> {
        let matches = subject.ast.clauses.iter().any(|clause| matches!(clause, ast::Clause::Match(_)));
        let mut candidates = Vec::new();
        for entry in &test.entries {
            let TestEntry::WithMatch { record, span } = entry else { continue };
            match subject.target() {
                _ if !matches => self.matches_nothing(*span, &subject.flow.name),
                Some(spec) => candidates.push(self.fixture(record, &spec.source_type())),
                None => {}
            }
        }
        candidates
    }

    fn matches_nothing(&mut self, place: Span, flow: &str) {
        self.report(
            Diagnostic::error(&codes::TEST_ROW, place, format!("the flow `{flow}` has no `match`"))
                .label("nothing looks for it")
                .hint("take the line out; `with match` gives the records that a flow's `match` looks among"),
        );
    }

    fn test_link(
        &mut self,
        link: Link,
        inputs: &[ast::Expr],
        row: &ast::FixtureRecord,
        span: Span,
    ) -> Option<GivenLink> {
        let named = match inputs {
            [flow, number] => self.link_flow(link, flow).map(|flow| (flow, number)),
            _ => {
                self.report(
                    Diagnostic::error(
                        &codes::TEST_ROW,
                        span,
                        format!("`{}` is asked by a flow and a number", link.word()),
                    )
                    .label(format!("{} of 2", inputs.len()))
                    .hint(format!("write `with {}(FLOW, NUMBER) => {{ … }}`", link.word())),
                );
                None
            }
        };
        let (flow, number) = named?;
        let Some((record, identity)) = self.link_types(link, &flow.text) else {
            if !lost::may_be(&self.lost, "flow", &flow.text) {
                self.unknown_link_flow(&flow);
            }
            return None;
        };
        let number = self.fixture_plain(link.word(), number, &identity)?;
        let Kind::Record(ty) = &record.kind else { return None };
        Some(GivenLink { link, flow: flow.text.clone(), number: number.to_string(), record: self.fixture(row, ty) })
    }

    fn test_row(
        &mut self,
        name: &Name,
        inputs: &[ast::Expr],
        row: &ast::FixtureRecord,
        span: Span,
        file: &ast::File,
        lookups: &[Lookup],
    ) -> Option<(LookupId, Record)> {
        let at = lookups.iter().position(|lookup| lookup.name == name.text);
        let declared = file.items.iter().find_map(|item| match item {
            Item::Lookup(lookup) if lookup.name.text == name.text => Some(lookup),
            _ => None,
        });
        let Some(declared) = declared else {
            if !lost::may_be(&self.lost, "lookup", &name.text) {
                self.no_lookup_of_a_resource(name, lookups);
            }
            return None;
        };
        let read = declared.entries.iter().any(|entry| matches!(entry, LookupEntry::FromResource { .. }));
        if !read && declared.lost.is_empty() {
            self.rows_of_its_own(name, declared.name.span);
            return None;
        }
        let lookup = lookups.get(at?)?;
        let resource = lookup.resource.as_ref()?;
        let signature = self.lookups.iter().find(|known| known.name == name.text)?;
        let (wanted, outputs) = (signature.inputs.clone(), signature.record.clone()?);
        if wanted.len() != inputs.len() {
            self.row_inputs(name, &wanted, span, inputs);
            return None;
        }
        let mut record = self.fixture(row, &outputs);
        for ((input, ty), name) in wanted.iter().zip(inputs).map(|((_, ty), input)| (input, ty)).zip(&resource.inputs) {
            let value = self.fixture_plain(name, input, ty)?;
            record.insert(name.clone(), value);
        }
        Some((LookupId(at?), record))
    }

    fn row_inputs(&mut self, name: &Name, wanted: &[(Arc<str>, Type)], span: Span, inputs: &[ast::Expr]) {
        let place = match (inputs.first(), inputs.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => span,
        };
        self.report(
            Diagnostic::error(
                &codes::TEST_ROW,
                place,
                format!(
                    "the lookup `{}` is asked by {}",
                    name.text,
                    listed(wanted.iter().map(|(name, _)| &**name), 12)
                ),
            )
            .label(format!("{} of {}", inputs.len(), wanted.len()))
            .hint("give one value for each of its inputs, in their order"),
        );
    }

    fn no_lookup_of_a_resource(&mut self, name: &Name, lookups: &[Lookup]) {
        let names = || lookups.iter().filter(|lookup| lookup.resource.is_some()).map(|lookup| &*lookup.name);
        let hint = match nearest(&name.text, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names().next().is_none() => "no lookup of this file is read from a resource".to_owned(),
            None => format!("the lookups that are read from a resource are {}", listed(names(), 12)),
        };
        self.report(
            Diagnostic::error(&codes::TEST_ROW, name.span, format!("the file has no lookup `{}`", name.text))
                .label("no such lookup")
                .hint(hint),
        );
    }

    fn rows_of_its_own(&mut self, name: &Name, declared: Span) {
        self.report(
            Diagnostic::error(
                &codes::TEST_ROW,
                name.span,
                format!("the rows of `{}` stand in the pipeline and its files, and a test uses those", name.text),
            )
            .label("not read from a resource")
            .related(declared, "its rows stand here")
            .hint("take the line out; `with` gives rows to lookups that a run reads from a resource"),
        );
    }
}

/// Whether a literal of one type can stand where another is wanted.
pub(super) fn suits(value: Value, wanted: &Kind) -> Option<Value> {
    Some(match (value, wanted) {
        (value @ Value::Text(_), Kind::Text { .. })
        | (value @ Value::Integer(_), Kind::Integer)
        | (value @ Value::Decimal(_), Kind::Decimal)
        | (value @ Value::Bool(_), Kind::Boolean)
        | (value @ Value::Date(_), Kind::Date)
        | (value @ Value::Duration(_), Kind::Duration)
        | (value, Kind::Unknown) => value,
        (Value::Integer(number), Kind::Decimal) => Value::Decimal(number.into()),
        (Value::Text(text), Kind::DateTime) => Value::DateTime(text.parse().ok()?),
        (Value::List(items), Kind::List(item)) => {
            Value::list(items.iter().map(|value| suits(value.clone(), &item.kind)).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
