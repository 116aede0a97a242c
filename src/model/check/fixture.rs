//! Records that a test writes out: the fields that matter to it. The others are filled in.
//!
//! A field that may be absent is absent. One that is always there gets a neutral value, the
//! same in every test: a text its own name (or the first of its known values), an integer 1,
//! a decimal 0, a boolean true, a day 2026-01-15, an instant its noon, a list nothing, a
//! record its own fields by the same rule.

use super::expr::with_article;
use super::scope::Scope;
use super::test_item::suits;
use super::{Checker, fixture_file::Kept};
use crate::connector::ResourceSpec;
use crate::diag::{Diagnostic, Span, codes};
use crate::syntax::{self as ast, Fixture, FixtureRecord, FixtureValue};
use crate::value::{Date, FieldType, Kind, Record, RecordType, Span as Length, Type, Value};
use std::collections::HashMap;

impl Checker<'_> {
    /// The source record, and what a captured file holds of the scope's.
    pub(super) fn given(&mut self, fixture: &Fixture, spec: &ResourceSpec) -> Option<(Record, Option<(Value, Kept)>)> {
        match fixture {
            Fixture::Record(record) => Some((self.fixture(record, &spec.source_type()), None)),
            Fixture::File { format, path } => {
                self.fixture_file(format, path, spec).map(|read| (read.record, read.scope))
            }
        }
    }

    /// A record of the type, as far as its fields could be understood.
    pub(super) fn fixture(&mut self, fixture: &FixtureRecord, ty: &RecordType) -> Record {
        let mut given: HashMap<&str, (Span, Option<Value>)> = HashMap::new();
        for field in &fixture.fields {
            let name = &field.name;
            if let Some((first, _)) = given.get(&*name.text) {
                let first = *first;
                self.report(
                    Diagnostic::error(&codes::TEST_TWICE, name.span, format!("`{}` is given twice", name.text))
                        .label("given again")
                        .related(first, "first given here")
                        .hint("keep one of the two"),
                );
                continue;
            }
            let value = match ty.fields.get(&name.text) {
                Some(spec) => self.fixture_value(&name.text, &field.value, &spec.ty),
                None => {
                    self.unknown_field(ty, &name.text, name.span);
                    None
                }
            };
            given.insert(&name.text, (name.span, value));
        }
        let mut record = Record::new();
        for (name, field) in &ty.fields {
            let value = given.remove(&**name).and_then(|(_, value)| value);
            record.insert(name.clone(), value.unwrap_or_else(|| neutral(name, field)));
        }
        record
    }

    fn fixture_value(&mut self, name: &str, value: &FixtureValue, ty: &Type) -> Option<Value> {
        match (value, &ty.kind) {
            (FixtureValue::Record(fixture), Kind::Record(record)) => Some(self.fixture(fixture, record).into()),
            (FixtureValue::List { records, .. }, Kind::List(item)) if matches!(item.kind, Kind::Record(_)) => {
                let Kind::Record(record) = &item.kind else { return None };
                Some(Value::list(records.iter().map(|fixture| self.fixture(fixture, record).into()).collect()))
            }
            (FixtureValue::Plain(value), _) => self.fixture_plain(name, value, ty),
            _ => {
                let what = if matches!(value, FixtureValue::Record(_)) { "a record" } else { "a list of records" };
                self.fixture_type(name, value.span(), ty, what);
                None
            }
        }
    }

    /// A value that is known before anything runs, of the type.
    pub(super) fn fixture_plain(&mut self, name: &str, value: &ast::Expr, ty: &Type) -> Option<Value> {
        let before = self.found.len();
        let typed = self.expr(&mut Scope::default(), value);
        if self.found.len() > before {
            return None;
        }
        let Some(known) = typed.known() else {
            self.report(
                Diagnostic::error(&codes::FIXTURE_VALUE, value.span, "a test is given fixed values")
                    .label("must be computed")
                    .hint("write the value itself, such as `9_000.00`, `\"5100\"` or `2026-10-31`"),
            );
            return None;
        };
        let suited = suits(known, &ty.kind);
        if suited.is_none() {
            let found = match (&ty.kind, typed.ty.is_text()) {
                (Kind::DateTime, true) => "no instant".to_owned(),
                _ => with_article(&typed.ty),
            };
            self.fixture_type(name, value.span, ty, &found);
        }
        if let Some(misfit) = suited.as_ref().and_then(|suited| ty.misfit(suited)) {
            self.report(
                Diagnostic::error(&codes::FIXTURE_VALUE, value.span, format!("`{name}` {}", misfit.problem))
                    .label("no such record is mapped")
                    .hint("a record like that is rejected when it is read; write one that can come"),
            );
        }
        suited
    }

    fn fixture_type(&mut self, name: &str, place: Span, ty: &Type, found: &str) {
        self.report(
            Diagnostic::error(
                &codes::FIXTURE_VALUE,
                place,
                format!("`{name}` is {}, and this is {found}", with_article(ty)),
            )
            .label("not of this type")
            .hint(format!("write {}", example(name, ty, self.sources.slice(place)))),
        );
    }
}

/// How a value of the type is written.
fn example(name: &str, ty: &Type, written: &str) -> String {
    match &ty.kind {
        Kind::Text { .. } if !written.contains(['"', '{', '[', '\n']) => {
            format!("it in quotes: `{name} = \"{written}\"`")
        }
        Kind::Text { .. } => format!("a text in quotes: `{name} = \"…\"`"),
        Kind::Integer => format!("a whole number without quotes: `{name} = 7`"),
        Kind::Decimal => format!("a number without quotes: `{name} = 9_000.00`"),
        Kind::Boolean => format!("`{name} = true` or `{name} = false`"),
        Kind::Date => format!("a day without quotes: `{name} = 2026-10-31`"),
        Kind::DateTime => format!("an instant in quotes: `{name} = \"2026-10-31T14:05:09Z\"`"),
        Kind::Duration => format!("a length of time: `{name} = 24h`"),
        Kind::Record(_) => format!("a record: `{name} {{ … }}`"),
        Kind::List(item) if matches!(item.kind, Kind::Record(_)) => {
            format!("a list of records: `{name} = [ {{ … }}, {{ … }} ]`")
        }
        Kind::List(_) => format!("a list: `{name} = [ … ]`"),
        Kind::Unknown => "another value".to_owned(),
    }
}

/// A record of which nothing is given.
pub(super) fn neutral_record(ty: &RecordType) -> Record {
    ty.fields.iter().map(|(name, field)| (name.clone(), neutral(name, field))).collect()
}

fn neutral(name: &str, field: &FieldType) -> Value {
    if field.ty.optional {
        return Value::Null;
    }
    match &field.ty.kind {
        Kind::Text { max } => {
            let text = field.values.first().map_or(name, |value| value);
            Value::from(text.chars().take(max.map_or(usize::MAX, |max| max as usize)).collect::<String>())
        }
        Kind::Integer => Value::Integer(1),
        Kind::Decimal => Value::Decimal(crate::value::Decimal::from(0_i64)),
        Kind::Boolean => Value::Bool(true),
        Kind::Date => Date::new(2026, 1, 15).map_or(Value::Null, Value::Date),
        Kind::DateTime => "2026-01-15T12:00:00Z".parse().map_or(Value::Null, Value::DateTime),
        Kind::Duration => Value::Duration(Length::from_secs(0)),
        Kind::List(_) => Value::list(Vec::new()),
        Kind::Record(record) => neutral_record(record).into(),
        Kind::Unknown => Value::Null,
    }
}
