//! What of JSONPath's filters the language does not take, though it parses: what RFC 9535
//! forbids and the parser lets through, what would be computed inexactly, and `null`,
//! which the language does not know.

use crate::value::Decimal;
use jsonpath_rust::parser::model::{
    Comparable, Filter, FilterAtom, FnArg, Literal, Segment, Selector, Test, TestFunction,
};

/// Why a filter is not taken, and what to write.
pub(super) struct Objection {
    pub message: &'static str,
    pub hint: &'static str,
}

type Found = Option<Objection>;

/// The first objection to a filter. `text` is what was parsed.
pub(super) fn objection(text: &str, filter: &Filter) -> Found {
    if has_long_number(text) {
        return object(
            "a number with a fraction has at most 15 digits in a filter",
            "set a `let` to the number and compare in the `where` of an `each`",
        );
    }
    in_filter(filter)
}

fn object(message: &'static str, hint: &'static str) -> Found {
    Some(Objection { message, hint })
}

fn in_filter(filter: &Filter) -> Found {
    match filter {
        Filter::Or(all) | Filter::And(all) => all.iter().find_map(in_filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => in_filter(expr),
        Filter::Atom(FilterAtom::Test { expr, .. }) => in_test(expr),
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (left, right) = comparison.vals();
            in_comparable(left).or_else(|| in_comparable(right))
        }
    }
}

fn in_comparable(side: &Comparable) -> Found {
    match side {
        Comparable::Literal(literal) => in_literal(literal),
        Comparable::Function(function) => in_function(function),
        Comparable::SingularQuery(_) => None,
    }
}

fn in_literal(literal: &Literal) -> Found {
    match literal {
        Literal::Null => object(
            "absence has no name, in a filter neither",
            "write `[?@.field]` for those that have it, `[?!@.field]` for those that have not",
        ),
        Literal::Float(number) if Decimal::from_json_float(*number).is_none() => {
            object("this number cannot be kept exactly", "write it without an exponent, with at most 15 digits")
        }
        _ => None,
    }
}

/// What decides by itself, without a comparison.
fn in_test(test: &Test) -> Found {
    match test {
        Test::RelQuery(segments) => in_segments(segments),
        Test::AbsQuery(query) => in_segments(&query.segments),
        Test::Function(function) => match &**function {
            TestFunction::Length(_) | TestFunction::Count(_) | TestFunction::Value(_) => object(
                "`length`, `count` and `value` must be compared with something",
                "compare it: `[?length(@.name) > 0]`",
            ),
            function => in_function(function),
        },
    }
}

fn in_segments(segments: &[Segment]) -> Found {
    segments.iter().find_map(|segment| match segment {
        Segment::Descendant(inner) => in_segments(std::slice::from_ref(inner)),
        Segment::Selector(selector) => in_selector(selector),
        Segment::Selectors(selectors) => selectors.iter().find_map(in_selector),
    })
}

fn in_selector(selector: &Selector) -> Found {
    match selector {
        Selector::Filter(_) => object(
            "a filter cannot stand in a filter",
            "make the inner list with an `each … where` first, or ask for a field of the item",
        ),
        _ => None,
    }
}

fn in_function(function: &TestFunction) -> Found {
    match function {
        TestFunction::Custom(..) => object(
            "a filter knows only the functions of RFC 9535",
            "these are `length`, `count`, `match`, `search` and `value`; lists are searched with `in` in the `where` of an `each`",
        ),
        TestFunction::Length(argument) => in_value(argument),
        TestFunction::Search(left, right) | TestFunction::Match(left, right) => {
            in_value(left).or_else(|| in_value(right))
        }
        TestFunction::Count(argument) | TestFunction::Value(argument) => match argument {
            FnArg::Test(test) if !matches!(**test, Test::Function(_)) => in_test(test),
            _ => object("`count` and `value` take a path", "write `count(@.lines[*])`"),
        },
    }
}

/// An argument that must be one value.
fn in_value(argument: &FnArg) -> Found {
    let one = "`length`, `match` and `search` take one value";
    let hint = "write a path to one field, `length(@.name)`; several are counted with `count`";
    match argument {
        FnArg::Literal(literal) => in_literal(literal),
        FnArg::Filter(_) => object(one, hint),
        FnArg::Test(test) => match &**test {
            Test::RelQuery(segments) if segments.iter().all(is_single) => None,
            Test::AbsQuery(query) if query.segments.iter().all(is_single) => None,
            Test::Function(function) if function.is_comparable() => in_function(function),
            _ => object(one, hint),
        },
    }
}

fn is_single(segment: &Segment) -> bool {
    matches!(segment, Segment::Selector(Selector::Name(_) | Selector::Index(_)))
}

/// Whether a number outside of quotes has a fraction or an exponent, and more digits than
/// the interpreter's floats keep. Whole numbers stay whole.
fn has_long_number(text: &str) -> bool {
    let mut quote = None;
    let mut escaped = false;
    let (mut digits, mut fraction, mut in_name) = (0_u32, false, false);
    for letter in text.chars() {
        if let Some(open) = quote {
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if letter == open => quote = None,
                _ => {}
            }
            continue;
        }
        match letter {
            '\'' | '"' => quote = Some(letter),
            '0' if digits == 0 => {}
            _ if letter.is_ascii_digit() && !in_name => digits += 1,
            '.' => (fraction, in_name) = (true, false),
            'e' | 'E' if digits > 15 && !in_name => fraction = true,
            _ => (digits, fraction, in_name) = (0, false, letter.is_alphanumeric() || letter == '_'),
        }
        if digits > 15 && fraction {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_long_number;

    #[test]
    fn digits_are_counted_in_numbers_only() {
        assert!(has_long_number("[?@.x == 1234567890.123456]"));
        assert!(has_long_number("[?@.x == 1.0000000000000001]"));
        assert!(has_long_number("[?@.x == 1234567890123456e3]"));
        assert!(!has_long_number("[?@.x == -9007199254740991]"));
        assert!(!has_long_number("[?@.x == 123456789.012345]"));
        assert!(!has_long_number("[?@.x == 0.000000000000000001]"));
        assert!(!has_long_number("[?@.f1234567890123456789 == '12345678901234567890']"));
    }
}
