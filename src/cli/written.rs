//! Values as a pipeline writes them, and records as conditions that hold for them.

use crate::value::{Record, Value};

/// The literal of a value; `None` if there is none.
pub fn literal(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::List(_) | Value::Record(_) => None,
        Value::Text(text) => quoted(text),
        Value::DateTime(instant) => quoted(&instant.to_string()),
        // As amounts are written, with cents.
        Value::Decimal(number) => Some(number.fixed(number.places().max(2))),
        plain => Some(plain.to_string()),
    }
}

/// A text in quotes that is taken as it stands.
pub fn quoted(text: &str) -> Option<String> {
    let template = ["{{", "{%", "{#"].iter().any(|sign| text.contains(sign));
    if template {
        return (!text.contains(['\'', '\n'])).then(|| format!("'{text}'"));
    }
    if text.contains(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        return None;
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
    Some(format!("\"{escaped}\""))
}

/// A value for people: as it is written, or that it is not there.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(absent)".to_owned(),
        value => literal(value).unwrap_or_else(|| value.to_string()),
    }
}

/// One condition for each value of a record, lists with their number of items.
pub fn conditions(record: &Record) -> Vec<String> {
    let mut conditions = Vec::new();
    for (name, value) in record.iter() {
        push(name, value, &mut conditions);
    }
    conditions
}

fn push(path: &str, value: &Value, conditions: &mut Vec<String>) {
    match value {
        Value::Record(record) => {
            for (name, value) in record.iter() {
                push(&format!("{path}.{name}"), value, conditions);
            }
        }
        Value::List(items) => {
            conditions.push(format!("count({path}) == {}", items.len()));
            for (index, item) in items.iter().enumerate() {
                push(&format!("{path}[{index}]"), item, conditions);
            }
        }
        plain => conditions.extend(literal(plain).map(|literal| format!("{path} == {literal}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{conditions, quoted};
    use crate::value::{Value, from_json};

    #[test]
    fn a_record_is_written_as_conditions() {
        let value = from_json(r#"{"a":"x\"y","b":null,"c":[{"d":1.50},{"d":-2}],"e":{"f":true}}"#).expect("json");
        let Value::Record(record) = value else { panic!("a record") };
        let wanted =
            [r#"a == "x\"y""#, "count(c) == 2", "c[0].d == 1.50", "c[1].d == -2", "e.f == true"].map(str::to_owned);
        assert_eq!(conditions(&record), wanted);
    }

    #[test]
    fn texts_are_quoted_so_that_nothing_in_them_is_filled_in() {
        assert_eq!(quoted("a\\b\n").as_deref(), Some(r#""a\\b\n""#));
        assert_eq!(quoted("{{ x }}").as_deref(), Some("'{{ x }}'"));
        assert_eq!(quoted("{{ x's }}"), None);
    }
}
