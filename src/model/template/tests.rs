//! What a template may hold, what it may not, and that what it may hold never fails.

use super::{Chain, FILTERS, Filter, RawPiece, filter_result, parse};
use crate::value::{Date, Decimal, Kind, Type, Value};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_oneof, proptest};

fn value(path: &str, start: usize, filters: Vec<Filter>) -> RawPiece {
    RawPiece::Value { path_text: path.to_owned(), range: (start, start + path.len()), filters }
}

fn filter(name: &str, arguments: &[Value]) -> Filter {
    Filter { name: name.to_owned(), arguments: arguments.to_vec() }
}

#[test]
fn paths_and_literals_are_told_apart() {
    let pieces = parse("{{ project.project_number }}-{{invoice.invoice_number}} é{").expect("template");
    assert_eq!(
        pieces,
        [
            value("project.project_number", 3, vec![]),
            RawPiece::Literal("-".into()),
            value("invoice.invoice_number", 31, vec![]),
            RawPiece::Literal(" é{".into()),
        ]
    );
    assert_eq!(parse("").expect("template"), []);
}

#[test]
fn queries_and_filters_with_arguments_are_read() {
    let text = "{{ lines[?@.name == '}}|' && (@.a > 1)].amount.* | default(\"a|}}\") | take( 1_0 ) }}";
    let pieces = parse(text).expect("template");
    let path = "lines[?@.name == '}}|' && (@.a > 1)].amount.*";
    assert_eq!(pieces, [value(path, 3, vec![filter("default", &["a|}}".into()]), filter("take", &[10.into()])])]);
}

#[test]
fn dashes_trim_what_is_beside_them() {
    let pieces = parse("a  {{- b -}}  c").expect("template");
    assert_eq!(pieces, [RawPiece::Literal("a".into()), value("b", 7, vec![]), RawPiece::Literal("c".into())]);
}

#[test]
fn what_does_not_belong_is_refused_where_it_stands() {
    for (text, at, message) in [
        ("a {% if x %}", 2, "statements"),
        ("{# note #}", 0, "comments"),
        ("{{ a + b }}", 5, "compute"),
        ("{{ a - b }}", 5, "compute"),
        ("{{ upper(a) }}", 8, "calls no functions"),
        ("{{ a == b }}", 5, "decide"),
        ("{{ a b }}", 5, "names one value"),
        ("{{ }}", 0, "nothing stands"),
        ("{{ 'text' }}", 3, "names a value"),
        ("{{ 1 }}", 4, "names a value"),
        ("x {{ a", 2, "not closed"),
        ("x {{ a }", 2, "not closed"),
        ("{{ a[?@.b == 'c }}", 0, "not closed"),
        ("{{ a | uper }}", 7, "no filter `uper`"),
        ("{{ a | default(b) }}", 15, "texts and numbers"),
        ("{{ a | }}", 0, "not closed"),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.message.contains(message), "{text}: {error:?}");
        assert!(!error.hint.is_empty(), "{text}");
        if !matches!(text, "{{ }}" | "{{ 1 }}") {
            assert_eq!(error.range.0, at, "{text}: {error:?}");
        }
        assert!(text.get(error.range.0..error.range.1).is_some(), "{text}: {error:?}");
    }
}

#[test]
fn default_settles_and_other_filters_do_not() {
    let name = Type::text_of(10).optional();
    assert_eq!(filter_result(&name, &filter("upper", &[])), Ok(Type::text_of(10).optional()));
    assert_eq!(filter_result(&name, &filter("default", &["none at all at all".into()])), Ok(Type::text_of(18)));
    let amount = Type::new(Kind::Decimal).optional();
    assert_eq!(filter_result(&amount, &filter("default", &["-".into()])), Ok(Type::text_of(31)));
    assert_eq!(filter_result(&amount, &filter("default", &[0.into()])), Ok(Type::new(Kind::Decimal)));
    assert!(filter_result(&amount, &filter("upper", &[])).is_err());
    assert!(filter_result(&amount, &filter("default", &[])).is_err());
    assert!(filter_result(&amount, &filter("default", &[true.into()])).is_err());
    assert!(filter_result(&name, &filter("take", &[])).is_err());
    assert!(filter_result(&name, &filter("trim", &[1.into()])).is_err());
}

/// A type and a value of it, or an absent one.
fn typed() -> impl Strategy<Value = (Type, Value)> {
    let text = any::<String>().prop_map(|text| (Type::text(), Value::from(text)));
    let integer = any::<i64>().prop_map(|number| (Type::new(Kind::Integer), Value::from(number)));
    let decimal = (any::<i64>(), 0_u32..3).prop_map(|(number, places)| {
        let cents = Decimal::cents(number);
        (Type::new(Kind::Decimal), Value::from(if places == 0 { cents.rounded(0) } else { cents }))
    });
    let date = (-9999_i16..=9999)
        .prop_filter_map("day", |year| Date::new(year, 1, 1).map(|date| (Type::new(Kind::Date), Value::from(date))));
    let list = prop::collection::vec(any::<String>(), 0..4)
        .prop_map(|texts| (Type::list(Type::text()), Value::list(texts.into_iter().map(Value::from).collect())));
    prop_oneof![text, integer, decimal, date, list, Just((Type::new(Kind::Boolean), Value::Bool(true)))].prop_flat_map(
        |(ty, value)| {
            prop_oneof![
                Just((ty.clone(), value.clone())),
                Just((ty.clone().optional(), value)),
                Just((ty.optional(), Value::Null))
            ]
        },
    )
}

fn filters() -> impl Strategy<Value = Vec<Filter>> {
    let constant = prop_oneof![any::<String>().prop_map(Value::from), (0_i64..60).prop_map(Value::from)];
    let one = (prop::sample::select(FILTERS), prop::collection::vec(constant, 0..3))
        .prop_map(|(name, arguments)| filter(name, &arguments));
    prop::collection::vec(one, 0..5)
}

proptest! {
    #[test]
    fn what_the_rules_accept_never_fails((ty, value) in typed(), filters in filters()) {
        let mut result = Ok(ty);
        let mut accepted = Vec::new();
        for filter in filters {
            let next = result.as_ref().map_err(String::clone).and_then(|ty| filter_result(ty, &filter));
            if next.is_ok() {
                accepted.push(filter);
                result = next;
            }
        }
        let ty = result.expect("starts well");
        let value = Chain::new(&accepted).apply(value).expect("accepted filters do not fail");
        prop_assert!(!value.is_null() || ty.optional, "{accepted:?} lost a value");
        if let (Kind::Text { max: Some(max) }, Value::Text(text)) = (&ty.kind, &value) {
            prop_assert!(text.chars().count() <= *max as usize);
        }
        prop_assert!(value.is_null() || ty.is_text() == matches!(value, Value::Text(_)));
    }

    #[test]
    fn parse_never_panics(text in "[ab.{}|%#'\"\\[\\]()?@ é-]{0,40}") {
        if let Err(error) = parse(&text) {
            prop_assert!(text.get(error.range.0..error.range.1).is_some(), "{error:?}");
        }
    }
}
