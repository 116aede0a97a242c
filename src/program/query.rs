//! JSONPath over our own values: slices, filters and descendants.
//!
//! Takes the text of RFC 9535 segments and hands on a query that is parsed once. The
//! interpreter compares numbers as floats; every comparison is therefore rewritten into a
//! call of our own, so that amounts compare exactly.

use super::operate::equal;
use super::trace::{Part, Path};
use crate::model::functions::compare;
use crate::value::{Decimal, Value};
use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, SingularQuery, SingularQuerySegment,
    Test, TestFunction,
};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use jsonpath_rust::query::queryable::Queryable;
use std::borrow::Cow;
use std::str::Chars;

/// Segments that are interpreted at run time.
pub(super) struct Query(Option<JpQuery>);

impl Query {
    /// A text that is no query selects nothing; the checker has refused it before.
    pub fn new(segments: &str) -> Self {
        let mut query = parse_json_path(&format!("${segments}")).ok();
        if let Some(query) = &mut query {
            rewrite_segments(&mut query.segments);
        }
        Self(query)
    }

    /// What the query selects, in order; absent values are left out. Of an absent value it is absent.
    pub fn run(&self, value: &Value) -> Value {
        if value.is_null() {
            return Value::Null;
        }
        let selected = self.0.as_ref().and_then(|query| js_path_process(query, value).ok()).unwrap_or_default();
        Value::list(selected.into_iter().map(|node| node.val).filter(|value| !value.is_null()).cloned().collect())
    }

    /// Where in the value that stands which [`Query::run`] selects, in the same order.
    pub fn places(&self, value: &Value) -> Vec<Path> {
        let selected = self.0.as_ref().and_then(|query| js_path_process(query, value).ok()).unwrap_or_default();
        selected.into_iter().filter(|node| !node.val.is_null()).map(|node| path(&node.path)).collect()
    }
}

/// Reads a normalized path, such as `$['lines'][0]['note']`.
fn path(normalized: &str) -> Path {
    let mut parts = Vec::new();
    let mut letters = normalized.trim_start_matches('$').chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => parts.push(Part::Field(quoted(&mut letters).into())),
            '0'..='9' => {
                let rest: String = letters.by_ref().take_while(char::is_ascii_digit).collect();
                parts.push(Part::Item(format!("{letter}{rest}").parse().unwrap_or_default()));
            }
            _ => {}
        }
    }
    Path(parts)
}

/// The name up to the closing quote.
fn quoted(letters: &mut Chars) -> String {
    let mut name = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => break,
            '\\' => match letters.next() {
                Some('b') => name.push('\u{8}'),
                Some('f') => name.push('\u{c}'),
                Some('n') => name.push('\n'),
                Some('r') => name.push('\r'),
                Some('t') => name.push('\t'),
                Some('u') => {
                    let code: String = letters.by_ref().take(4).collect();
                    name.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
                }
                Some(other) => name.push(other),
                None => {}
            },
            other => name.push(other),
        }
    }
    name
}

fn rewrite_segments(segments: &mut [Segment]) {
    for segment in segments {
        match segment {
            Segment::Descendant(inner) => rewrite_segments(std::slice::from_mut(inner)),
            Segment::Selector(selector) => rewrite_selector(selector),
            Segment::Selectors(selectors) => selectors.iter_mut().for_each(rewrite_selector),
        }
    }
}

fn rewrite_selector(selector: &mut Selector) {
    if let Selector::Filter(filter) = selector {
        rewrite_filter(filter);
    }
}

fn rewrite_filter(filter: &mut Filter) {
    match filter {
        Filter::Or(filters) | Filter::And(filters) => filters.iter_mut().for_each(rewrite_filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => rewrite_filter(expr),
        Filter::Atom(FilterAtom::Test { expr, .. }) => rewrite_test(expr),
        Filter::Atom(atom @ FilterAtom::Comparison(_)) => {
            if let FilterAtom::Comparison(comparison) = &*atom {
                *atom = FilterAtom::test(Test::Function(Box::new(call(comparison))), false);
            }
        }
    }
}

fn rewrite_test(test: &mut Test) {
    match test {
        Test::RelQuery(segments) => rewrite_segments(segments),
        Test::AbsQuery(query) => rewrite_segments(&mut query.segments),
        Test::Function(_) => {}
    }
}

/// A comparison as a call of [`Value::extension_custom`] under the operator's name.
fn call(comparison: &Comparison) -> TestFunction {
    let name = match comparison {
        Comparison::Eq(..) => "==",
        Comparison::Ne(..) => "!=",
        Comparison::Lt(..) => "<",
        Comparison::Lte(..) => "<=",
        Comparison::Gt(..) => ">",
        Comparison::Gte(..) => ">=",
    };
    let (left, right) = comparison.vals();
    TestFunction::Custom(name.to_owned(), vec![argument(left), argument(right)])
}

fn argument(side: &Comparable) -> FnArg {
    match side {
        Comparable::Literal(literal) => FnArg::Literal(literal.clone()),
        Comparable::Function(function) => FnArg::Test(Box::new(Test::Function(Box::new(function.clone())))),
        Comparable::SingularQuery(SingularQuery::Current(segments)) => {
            FnArg::Test(Box::new(Test::RelQuery(selectors(segments))))
        }
        Comparable::SingularQuery(SingularQuery::Root(segments)) => {
            FnArg::Test(Box::new(Test::AbsQuery(JpQuery::new(selectors(segments)))))
        }
    }
}

fn selectors(segments: &[SingularQuerySegment]) -> Vec<Segment> {
    let selector = |segment: &SingularQuerySegment| match segment {
        SingularQuerySegment::Index(index) => Selector::Index(*index),
        SingularQuerySegment::Name(name) => Selector::Name(name.clone()),
    };
    segments.iter().map(|segment| Segment::Selector(selector(segment))).collect()
}

/// As the interpreter needs it for literals. At most 15 digits survive in its floats, and
/// those exactly.
impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Decimal::from_json_float(number).map_or(Value::Null, Value::Decimal)
    }
}

impl Queryable for Value {
    /// A field that is absent may stand in a record as `Null`; a filter must not find it there.
    fn get(&self, key: &str) -> Option<&Self> {
        self.as_record()?.get(key).filter(|value| !value.is_null())
    }

    fn as_array(&self) -> Option<&Vec<Self>> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    fn as_object(&self) -> Option<Vec<(&str, &Self)>> {
        let fields = self.as_record()?.iter().filter(|(_, value)| !value.is_null());
        Some(fields.map(|(name, value)| (&**name, value)).collect())
    }

    fn as_str(&self) -> Option<&str> {
        self.as_text()
    }

    fn as_i64(&self) -> Option<i64> {
        self.as_integer()
    }

    /// There is no float among our values.
    fn as_f64(&self) -> Option<f64> {
        None
    }

    fn as_bool(&self) -> Option<bool> {
        Value::as_bool(self)
    }

    fn null() -> Self {
        Self::Null
    }

    /// Comparisons. A side that selects nothing is not among the arguments; JSONPath has two
    /// such sides equal, and a missing field and `null` are the same to us.
    fn extension_custom(name: &str, sides: Vec<Cow<Self>>) -> Self {
        let (left, right) = match sides.as_slice() {
            [left, right] => (left.as_ref(), right.as_ref()),
            [one] => (one.as_ref(), &Self::Null),
            _ => (&Self::Null, &Self::Null),
        };
        let same = equal(left, right);
        let order = ordered(left, right).then(|| compare(left, right));
        Self::Bool(match name {
            "==" => same,
            "!=" => !same,
            "<" => order.is_some_and(std::cmp::Ordering::is_lt),
            "<=" => same || order.is_some_and(std::cmp::Ordering::is_lt),
            // The one side that is there may be the right one, but then there is no order.
            ">" => order.is_some_and(std::cmp::Ordering::is_gt),
            ">=" => same || order.is_some_and(std::cmp::Ordering::is_gt),
            _ => false,
        })
    }
}

/// JSONPath orders numbers with numbers and texts with texts; days and instants follow suit.
fn ordered(left: &Value, right: &Value) -> bool {
    let numbers = left.as_decimal().is_some() && right.as_decimal().is_some();
    numbers
        || matches!(
            (left, right),
            (Value::Text(_), Value::Text(_))
                | (Value::Date(_), Value::Date(_))
                | (Value::DateTime(_), Value::DateTime(_))
                | (Value::Duration(_), Value::Duration(_))
        )
}

#[cfg(test)]
mod tests {
    use super::Query;
    use crate::value::from_json;

    fn select(query: &str, json: &str) -> String {
        Query::new(query).run(&from_json(json).expect("json")).to_string()
    }

    const LINES: &str = r#"[{"n":"a","x":1.5},{"n":"b","x":-2},{"n":"c"},{"n":"d","x":10,"to":{"k":"z"}}]"#;

    #[test]
    fn filters_and_slices_select() {
        assert_eq!(select("[?@.x > 0].n", LINES), r#"["a","d"]"#);
        assert_eq!(select("[?@.x <= -2 || @.n == 'c'].n", LINES), r#"["b","c"]"#);
        assert_eq!(select("[?!(@.x == 10)].n", LINES), r#"["a","b","c"]"#);
        assert_eq!(select("[?@.to.k == 'z'].n", LINES), r#"["d"]"#);
        assert_eq!(select("[?@.to].n", LINES), r#"["d"]"#);
        assert_eq!(select("[?@.x == null].n", LINES), r#"["c"]"#);
        assert_eq!(select("[?@.x != 1.5].n", LINES), r#"["b","c","d"]"#);
        assert_eq!(select("[?length(@.n) >= 1][?@ == 'z']", LINES), "[]");
        assert_eq!(select("[?@.x < $[0].x].n", LINES), r#"["b"]"#);
        assert_eq!(select("[1:3].n", LINES), r#"["b","c"]"#);
        assert_eq!(select("..k", LINES), r#"["z"]"#);
        assert_eq!(select("[?match(@.n, '[ab]')].n", LINES), r#"["a","b"]"#);
        assert_eq!(select("[?count(@.*) == 1].n", LINES), r#"["c"]"#);
    }

    #[test]
    fn a_query_says_where_its_values_stand() {
        let lines = from_json(LINES).expect("json");
        let places = |query: &str| {
            let paths = Query::new(query).places(&lines);
            paths.iter().map(super::Path::pointer).collect::<Vec<_>>()
        };
        assert_eq!(places("[?@.x > 0].n"), ["/0/n", "/3/n"]);
        assert_eq!(places("[-1:].to.k"), ["/3/to/k"]);
        assert_eq!(places("..k"), ["/3/to/k"]);
        let odd = from_json(r#"{"it's a \\/~ name":{"k":1}}"#).expect("json");
        assert_eq!(Query::new("..k").places(&odd)[0].to_string(), r"it's a \/~ name.k");
        assert_eq!(Query::new("..k").places(&odd)[0].pointer(), r"/it's a \~1~0 name/k");
    }

    #[test]
    fn amounts_compare_beyond_what_a_float_holds() {
        let near = r#"[{"x":9007199254740993},{"x":9007199254740992}]"#;
        assert_eq!(select("[?@.x > $[1].x].x", near), "[9007199254740993]");
        assert_eq!(select("[?@.x == $[1].x].x", near), "[9007199254740992]");
    }

    #[test]
    fn what_is_no_query_selects_nothing() {
        assert_eq!(select("[?", LINES), "[]");
        assert_eq!(select("[?@.x > 0]", "7"), "[]");
        assert!(Query::new("[0:1]").run(&crate::value::Value::Null).is_null());
    }
}
