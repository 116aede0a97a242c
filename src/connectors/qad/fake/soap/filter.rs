//! Conditions on records: the operators of the Financials API.

use crate::value::{Decimal, Value};
use std::cmp::Ordering;

/// Whether the value meets the condition; `None` for an operator that there is not.
pub fn meets(value: &Value, operator: &str, wanted: &str) -> Option<bool> {
    let (text, wanted_text) = (value.to_string().to_lowercase(), wanted.to_lowercase());
    let order = || match (value.as_decimal(), wanted.trim().parse::<Decimal>()) {
        (Some(there), Ok(wanted)) => there.cmp(&wanted),
        _ => text.cmp(&wanted_text),
    };
    Some(match operator {
        "=" => order() == Ordering::Equal,
        "<>" => order() != Ordering::Equal,
        ">" => order() == Ordering::Greater,
        ">=" => order() != Ordering::Less,
        "<" => order() == Ordering::Less,
        "<=" => order() != Ordering::Greater,
        "begins" => text.starts_with(&wanted_text),
        "can-do" => wanted_text.split(',').any(|one| one == text),
        "matches" => like(&text, &wanted_text),
        _ => return None,
    })
}

/// `*` is any run of characters, `.` any one.
fn like(text: &str, pattern: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| like(&text[at..], rest))
        }
        Some(wanted) => {
            let mut signs = text.chars();
            let first = signs.next();
            first.is_some_and(|sign| wanted == '.' || sign == wanted)
                && like(signs.as_str(), &pattern[wanted.len_utf8()..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::meets;
    use crate::value::Value;

    #[test]
    fn every_operator() {
        let text = Value::text("S0042");
        for (operator, wanted) in [
            ("=", "s0042"),
            ("<>", "S0043"),
            (">=", "S0042"),
            ("<", "S0050"),
            ("begins", "s00"),
            ("can-do", "S1,S0042"),
            ("matches", "S*4."),
        ] {
            assert_eq!(meets(&text, operator, wanted), Some(true), "{operator} {wanted}");
        }
        assert_eq!(meets(&Value::Integer(900), ">", "1000"), Some(false), "numbers by their size");
        assert_eq!(meets(&Value::Bool(true), "=", "true"), Some(true));
        assert_eq!(meets(&text, "like", "S"), None);
    }
}
