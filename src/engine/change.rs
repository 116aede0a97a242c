//! What changed between what was posted and what would be posted now, in words.

use crate::value::{Record, Value};

/// So many fields are spelled out.
const MOST_SHOWN: usize = 4;

/// `total was 100.00, now 120.00; lines: 3 before, 4 now`.
pub(super) fn sentence(posted: &Record, now: &Record) -> String {
    let mut names: Vec<&str> = now.iter().map(|(name, _)| name.as_ref()).collect();
    names.extend(posted.iter().map(|(name, _)| name.as_ref()).filter(|name| now.get(name).is_none()));
    let changes: Vec<String> = names
        .into_iter()
        .filter_map(|name| one(name, posted.get(name).unwrap_or(&Value::Null), now.get(name).unwrap_or(&Value::Null)))
        .collect();
    let more = changes.len().saturating_sub(MOST_SHOWN);
    let mut text = changes.into_iter().take(MOST_SHOWN).collect::<Vec<_>>().join("; ");
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

fn one(name: &str, posted: &Value, now: &Value) -> Option<String> {
    match (posted, now) {
        _ if same(posted, now) => None,
        (Value::List(before), Value::List(after)) if before.len() == after.len() => {
            let first = before.iter().zip(after.iter()).position(|(a, b)| !same(a, b)).unwrap_or(0);
            Some(format!("{name} changed from number {} on", first + 1))
        }
        (Value::List(before), Value::List(after)) => {
            Some(format!("{name}: {} before, {} now", before.len(), after.len()))
        }
        (Value::Record(_), Value::Record(_)) => Some(format!("{name} changed")),
        _ => Some(format!("{name} was {}, now {}", shown(posted), shown(now))),
    }
}

/// An absent field and a null are one; amounts compare by amount.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Record(a), Value::Record(b)) => {
            let covers =
                |a: &Record, b: &Record| a.iter().all(|(name, v)| same(v, b.get(name).unwrap_or(&Value::Null)));
            covers(a, b) && covers(b, a)
        }
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        _ => a.as_decimal().zip(b.as_decimal()).map_or_else(|| a == b, |(a, b)| a == b),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Decimal(number) => number.money(),
        Value::Text(text) if text.chars().count() > 40 => {
            format!("`{}...`", text.chars().take(37).collect::<String>())
        }
        Value::Text(text) => format!("`{text}`"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::sentence;
    use crate::value::{Record, Value, from_json};

    fn record(json: &str) -> Record {
        from_json(json).expect("json").as_record().expect("object").clone()
    }

    #[test]
    fn amounts_lists_and_absent_fields_are_told() {
        let mut posted = record(r#"{"note":"a","lines":[1,2,3]}"#);
        let mut now = record(r#"{"lines":[1,2],"due":"x"}"#);
        posted.insert("total", Value::Decimal("100".parse().expect("decimal")));
        now.insert("total", Value::Decimal("120.5".parse().expect("decimal")));
        assert_eq!(
            sentence(&posted, &now),
            "lines: 3 before, 2 now; due was nothing, now `x`; total was 100.00, now 120.50; note was `a`, now nothing"
        );
    }

    #[test]
    fn what_is_equal_is_not_told() {
        assert_eq!(sentence(&record(r#"{"a":1,"b":null}"#), &record(r#"{"a":1}"#)), "");
    }
}
