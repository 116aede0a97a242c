//! JSONPath segments that are interpreted at run time: slices and filters over a list.
//!
//! The names in a filter are checked against the records of the list, so that a filter
//! cannot keep nothing because of a spelling.

use super::Checker;
use super::filter::objection;
use super::filter_types::{Mismatch, mismatch};
use crate::diag::{Diagnostic, Span, codes};
use crate::value::{Kind, Type};
use jsonpath_rust::parser::model::{
    Comparable, Filter, FilterAtom, FnArg, Segment, Selector, SingularQuery, SingularQuerySegment, Test, TestFunction,
};
use jsonpath_rust::parser::parse_json_path;

impl Checker<'_> {
    /// Whether the segment is one that keeps a list of `item`; says so if not.
    pub(super) fn query(&mut self, text: &str, item: &Type, place: Span) -> bool {
        let query = match parse_json_path(&format!("${text}")) {
            Ok(query) => query,
            Err(_) => {
                self.refuse(
                    place,
                    "this part of the path is not JSONPath (RFC 9535)",
                    "a filter is written `[?@.amount > 0]`, a slice `[0:3]`, one of a list `[0]`, all of it `[*]`",
                );
                return false;
            }
        };
        match query.segments.as_slice() {
            [Segment::Selector(Selector::Slice(..))] => true,
            [Segment::Selector(Selector::Filter(filter))] => self.filter(text, filter, item, place),
            [Segment::Descendant(_), ..] => {
                self.refuse(
                    place,
                    "`..` collects values of different types from any depth",
                    "write the whole path, for example `invoice.items[*].net_amount`",
                );
                false
            }
            _ => {
                self.refuse(
                    place,
                    "several selectors in one pair of brackets are not supported",
                    "write one: `[0]`, `[0:3]`, `[?@.amount > 0]` or `[*]`",
                );
                false
            }
        }
    }

    fn refuse(&mut self, place: Span, message: &str, hint: &str) {
        self.report(
            Diagnostic::error(&codes::PATH_QUERY, place, message).label("cannot be followed from here").hint(hint),
        );
    }

    fn filter(&mut self, text: &str, filter: &Filter, item: &Type, place: Span) -> bool {
        if let Some(objection) = objection(text, filter) {
            self.refuse(place, objection.message, objection.hint);
            return false;
        }
        let mut names = Names::default();
        names.filter(filter);
        if names.root {
            self.refuse(
                place,
                "`$` inside a filter has no meaning here",
                "a filter speaks of the item as `@`, for example `[?@.amount > 0]`",
            );
            return false;
        }
        names.paths.iter().all(|path| self.filter_path(path, item, place)) && self.compares(filter, item, place)
    }

    /// Whether what the filter compares can be equal; says so if not.
    fn compares(&mut self, filter: &Filter, item: &Type, place: Span) -> bool {
        let Some(Mismatch { left, right, unordered }) = mismatch(filter, item) else { return true };
        let (message, hint) = if unordered {
            ("a filter orders numbers and days only", "compare with `==` or `!=`, or use a field that has an order")
        } else {
            (
                "a filter compares two values that are never equal",
                "compare with a value of the same kind: texts in quotes, numbers without; days are compared in the `where` of an `each`",
            )
        };
        self.report(Diagnostic::error(&codes::COMPARISON, place, message).label(format!("{left}, {right}")).hint(hint));
        false
    }

    /// Whether `@.a.b` can be followed from an item.
    fn filter_path(&mut self, path: &[String], item: &Type, place: Span) -> bool {
        let mut ty = item.clone();
        for name in path {
            match ty.kind {
                Kind::Record(record) => match record.fields.get(name.as_str()) {
                    Some(field) => ty = field.ty.clone(),
                    None => {
                        self.unknown_field(&record, name, place);
                        return false;
                    }
                },
                Kind::List(_) | Kind::Unknown => return true,
                _ => {
                    self.refuse(
                        place,
                        &format!("the filter looks for `{name}` in a plain value"),
                        "a filter on plain values speaks of `@` itself, for example `[?@ > 0]`",
                    );
                    return false;
                }
            }
        }
        true
    }
}

/// The paths from `@` in a filter.
#[derive(Default)]
struct Names {
    paths: Vec<Vec<String>>,
    /// It speaks of `$`.
    root: bool,
}

impl Names {
    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::Or(all) | Filter::And(all) => all.iter().for_each(|one| self.filter(one)),
            Filter::Atom(FilterAtom::Filter { expr, .. }) => self.filter(expr),
            Filter::Atom(FilterAtom::Test { expr, .. }) => self.test(expr),
            Filter::Atom(FilterAtom::Comparison(comparison)) => {
                let (left, right) = comparison.vals();
                self.comparable(left);
                self.comparable(right);
            }
        }
    }

    fn comparable(&mut self, comparable: &Comparable) {
        match comparable {
            Comparable::Literal(_) => {}
            Comparable::Function(function) => self.function(function),
            Comparable::SingularQuery(SingularQuery::Root(_)) => self.root = true,
            Comparable::SingularQuery(SingularQuery::Current(segments)) => {
                let names = segments.iter().map_while(|segment| match segment {
                    SingularQuerySegment::Name(name) => Some(bare(name)),
                    SingularQuerySegment::Index(_) => None,
                });
                self.paths.push(names.collect());
            }
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::RelQuery(segments) => self.relative(segments),
            Test::AbsQuery(_) => self.root = true,
            Test::Function(function) => self.function(function),
        }
    }

    fn relative(&mut self, segments: &[Segment]) {
        let names = segments.iter().map_while(|segment| match segment {
            Segment::Selector(Selector::Name(name)) => Some(bare(name)),
            _ => None,
        });
        self.paths.push(names.collect());
    }

    fn function(&mut self, function: &TestFunction) {
        match function {
            TestFunction::Custom(_, arguments) => arguments.iter().for_each(|argument| self.argument(argument)),
            TestFunction::Length(argument) => self.argument(argument),
            TestFunction::Value(argument) | TestFunction::Count(argument) => self.argument(argument),
            TestFunction::Search(left, right) | TestFunction::Match(left, right) => {
                self.argument(left);
                self.argument(right);
            }
        }
    }

    fn argument(&mut self, argument: &FnArg) {
        match argument {
            FnArg::Literal(_) => {}
            FnArg::Test(test) => self.test(test),
            FnArg::Filter(filter) => self.filter(filter),
        }
    }
}

/// A name without the quotes that it may have been written in.
pub(super) fn bare(name: &str) -> String {
    name.trim_matches(['\'', '"']).to_owned()
}
