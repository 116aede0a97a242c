//! Filters of a list: `column,eq,value,literal`, and `column,rg,from,literal,to,literal`.
//!
//! Texts are compared without regard to case. Flags know only equality. A filter that is
//! not understood lets nothing pass, and nobody is told.

use crate::value::{Date, Decimal, Record, Value};
use std::cmp::Ordering;

/// One parsed filter.
pub struct Filter {
    column: String,
    test: Test,
}

enum Test {
    Compare(String, fn(Ordering) -> bool),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    Range(String, String),
    Nothing,
}

impl Filter {
    pub fn parse(text: &str) -> Self {
        let parts: Vec<&str> = text.split(',').collect();
        let column = parts.first().copied().unwrap_or_default().to_owned();
        let value = parts.get(2).map(|value| value.to_lowercase());
        let literal = |index: usize| parts.get(index).is_none_or(|kind| kind.is_empty() || *kind == "literal");
        let test = match (parts.get(1).copied(), value) {
            (Some("rg"), Some(from)) if parts.len() >= 5 && literal(3) && literal(5) => {
                Test::Range(from, parts[4].to_lowercase())
            }
            (Some(operator), Some(value)) if parts.len() <= 4 && literal(3) => match operator {
                "eq" => Test::Compare(value, Ordering::is_eq),
                "gt" => Test::Compare(value, Ordering::is_gt),
                "ge" => Test::Compare(value, Ordering::is_ge),
                "lt" => Test::Compare(value, Ordering::is_lt),
                "le" => Test::Compare(value, Ordering::is_le),
                "cn" => Test::Contains(value),
                "sw" => Test::StartsWith(value),
                "ew" => Test::EndsWith(value),
                _ => Test::Nothing,
            },
            _ => Test::Nothing,
        };
        Self { column, test }
    }

    pub fn passes(&self, row: &Record) -> bool {
        let Some(value) = row.get(&self.column) else { return false };
        let text = || value.as_text().map(str::to_lowercase);
        match &self.test {
            Test::Compare(wanted, _) if value.as_bool().is_some() => value.to_string() == *wanted,
            Test::Compare(wanted, holds) => compare(value, wanted).is_some_and(holds),
            Test::Contains(part) => text().is_some_and(|text| text.contains(part.as_str())),
            Test::StartsWith(part) => text().is_some_and(|text| text.starts_with(part.as_str())),
            Test::EndsWith(part) => text().is_some_and(|text| text.ends_with(part.as_str())),
            Test::Range(from, to) => {
                compare(value, from).is_some_and(Ordering::is_ge) && compare(value, to).is_some_and(Ordering::is_le)
            }
            Test::Nothing => false,
        }
    }
}

fn compare(value: &Value, wanted: &str) -> Option<Ordering> {
    if let Some(number) = value.as_decimal() {
        return Some(number.cmp(&wanted.parse::<Decimal>().ok()?));
    }
    let text = value.as_text()?;
    let is_day = text.len() > 10 && text.contains('T');
    match (is_day.then(|| text.parse::<Date>().ok()).flatten(), wanted.to_uppercase().parse::<Date>()) {
        (Some(day), Ok(wanted)) => Some(day.cmp(&wanted)),
        _ => Some(text.to_lowercase().as_str().cmp(wanted)),
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;
    use crate::value::{Record, Value};

    fn passes(filter: &str) -> bool {
        let mut row = Record::new();
        row.insert("t.code", "S0042");
        row.insert("t.active", true);
        row.insert("t.amount", Value::Integer(900));
        row.insert("t.day", "2026-09-30T00:00:00.000Z");
        Filter::parse(filter).passes(&row)
    }

    #[test]
    fn every_operator_that_is_known() {
        for filter in [
            "t.code,eq,s0042,literal",
            "t.code,cn,004,literal",
            "t.code,sw,S00,",
            "t.code,ew,42",
            "t.code,rg,S0001,literal,S0042,literal",
            "t.amount,gt,899.99,literal",
            "t.amount,le,900,literal",
            "t.active,eq,true,literal",
            "t.day,ge,2026-09-30T00:00:00.000Z,literal",
            "t.day,lt,2026-10-01,literal",
        ] {
            assert!(passes(filter), "{filter}");
        }
    }

    #[test]
    fn what_is_not_understood_lets_nothing_pass() {
        for filter in [
            "t.cod,eq,S0042,literal",
            "t.code,like,S,literal",
            "t.code",
            "t.active,cn,true,literal",
            "t.code,eq,S0042,field",
            "t.code,rg,S0001,literal",
        ] {
            assert!(!passes(filter), "{filter}");
        }
    }
}
