//! Each function's examples, read in the small and evaluated; and what all rules owe.

use super::{Function, all, find};
use crate::value::{Date, Decimal, Kind, Type, Value};

/// A reader for the examples: calls, texts in single quotes, numbers, days, lists.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn value(&mut self) -> Value {
        self.0 = self.0.trim_start();
        if let Some(rest) = self.0.strip_prefix('\'') {
            let (text, rest) = rest.split_once('\'').expect("closing quote");
            self.0 = rest;
            return Value::text(text);
        }
        if let Some(rest) = self.0.strip_prefix('[') {
            self.0 = rest;
            return Value::list(self.values(']'));
        }
        let end = self.0.find(|c: char| !(c.is_alphanumeric() || "_.-".contains(c))).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        match rest.strip_prefix('(') {
            Some(rest) => {
                self.0 = rest;
                let arguments = self.values(')');
                call(find(word).expect(word), &arguments)
            }
            None => literal(word),
        }
    }

    fn values(&mut self, end: char) -> Vec<Value> {
        let mut values = Vec::new();
        loop {
            self.0 = self.0.trim_start_matches([' ', ',']);
            if let Some(rest) = self.0.strip_prefix(end) {
                self.0 = rest;
                return values;
            }
            values.push(self.value());
        }
    }
}

fn literal(word: &str) -> Value {
    if word == "true" || word == "false" {
        return Value::Bool(word == "true");
    }
    if let Ok(number) = word.parse::<i64>() {
        return number.into();
    }
    word.parse::<Decimal>().map(Value::from).or_else(|_| word.parse::<Date>().map(Value::from)).expect(word)
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Null => Type::unknown().optional(),
        Value::Bool(_) => Type::new(Kind::Boolean),
        Value::Integer(_) => Type::new(Kind::Integer),
        Value::Decimal(_) => Type::new(Kind::Decimal),
        Value::Text(text) => Type::text_of(u32::try_from(text.chars().count()).expect("short")),
        Value::Date(_) => Type::new(Kind::Date),
        Value::DateTime(_) => Type::new(Kind::DateTime),
        Value::Duration(_) => Type::new(Kind::Duration),
        Value::List(items) => {
            let decimal = items.iter().any(|item| matches!(item, Value::Decimal(_)));
            Type::list(if decimal { Type::new(Kind::Decimal) } else { items.first().map_or(Type::unknown(), type_of) })
        }
        Value::Record(_) => Type::unknown(),
    }
}

fn call(function: &Function, arguments: &[Value]) -> Value {
    let types: Vec<Type> = arguments.iter().map(type_of).collect();
    let constants: Vec<Option<Value>> = arguments.iter().cloned().map(Some).collect();
    let ty = (function.rule)(&types, &constants).expect(function.name);
    let result = (function.evaluate)(arguments).expect(function.name);
    if let (Kind::Text { max: Some(max) }, Value::Text(text)) = (&ty.kind, &result) {
        assert!(text.chars().count() <= *max as usize, "{}: {text} is longer than {max}", function.name);
    }
    assert!(!result.is_null() || ty.optional, "{} gave nothing", function.name);
    result
}

#[test]
fn examples_show_what_they_say() {
    for function in all() {
        for (expression, shown) in function.examples {
            assert_eq!(Reader(expression).value().to_string(), *shown, "{expression}");
        }
    }
}

#[test]
fn names_are_in_order_and_documented() {
    let names: Vec<&str> = all().iter().map(|function| function.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for function in all() {
        assert!(function.doc.ends_with('.'), "{}", function.name);
        assert!(!function.parameters.is_empty(), "{}", function.name);
    }
}

#[test]
fn unknown_arguments_fit_everywhere() {
    for function in all() {
        let arguments = vec![Type::unknown().optional(); function.parameters.len()];
        let constants = vec![None; function.parameters.len()];
        assert!((function.rule)(&arguments, &constants).is_ok(), "{}", function.name);
    }
}

#[test]
fn absent_and_missing_arguments_are_refused_with_a_hint() {
    for function in all() {
        for arguments in [vec![Type::text().optional(); 3], vec![]] {
            let error = (function.rule)(&arguments, &[]).expect_err(function.name);
            assert!(!error.hint.is_empty() && !error.message.is_empty(), "{}", function.name);
        }
    }
}

#[test]
fn lengths_must_stand_in_the_pipeline() {
    for (name, wrong) in [("take", 0), ("shorten", 11), ("round", 11)] {
        let function = find(name).expect(name);
        let first = if name == "round" { Type::new(Kind::Decimal) } else { Type::text() };
        let arguments = [first, Type::new(Kind::Integer)];
        let error = (function.rule)(&arguments, &[None, None]).expect_err(name);
        assert_eq!(error.argument, 1, "{name}");
        assert!((function.rule)(&arguments, &[None, Some(Value::Integer(wrong))]).is_err(), "{name}");
    }
}

#[test]
fn sums_that_leave_the_range_say_so() {
    let sum = find("sum").expect("sum");
    let huge = Value::from("79228162514264337593543950335".parse::<Decimal>().expect("decimal"));
    assert!((sum.evaluate)(&[Value::list(vec![huge.clone(), huge])]).is_err());
    assert!((sum.evaluate)(&[Value::list(vec![i64::MAX.into(), 1.into()])]).is_err());
    let cent = Value::from(Decimal::cents(1));
    let whole = Value::from("79228162514264337593543950335".parse::<Decimal>().expect("decimal"));
    assert!((sum.evaluate)(&[Value::list(vec![whole, cent])]).is_err(), "a cent must not vanish");
}

#[test]
fn a_text_cannot_grow_without_bound() {
    let replace = find("replace").expect("replace");
    let long = Value::text("a".repeat(2_000));
    assert!((replace.evaluate)(&[long.clone(), "a".into(), long]).is_err());
}

proptest::proptest! {
    #[test]
    fn sum_is_exact_to_the_cent(cents in proptest::collection::vec(-1_000_000_000_000_i64..1_000_000_000_000, 0..200)) {
        let expected: i128 = cents.iter().map(|cent| i128::from(*cent)).sum();
        let list = Value::list(cents.iter().map(|cent| Decimal::cents(*cent).into()).collect());
        let sum = (find("sum").expect("sum").evaluate)(&[list]).expect("in range");
        let expected = Decimal::cents(i64::try_from(expected).expect("in range"));
        proptest::prop_assert_eq!(sum.as_decimal(), Some(expected));
    }

    #[test]
    fn case_keeps_the_length(text in proptest::prelude::any::<String>()) {
        for name in ["upper", "lower"] {
            let mapped = (find(name).expect(name).evaluate)(&[text.as_str().into()]).expect("total").to_string();
            proptest::prop_assert_eq!(mapped.chars().count(), text.chars().count());
        }
    }
}
