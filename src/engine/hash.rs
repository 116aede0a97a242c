//! The canonical form of a value, and its hash: equal for values that mean the same.
//!
//! Names are sorted, absent values are left out (an absent field and a `null` are one),
//! and amounts are written without trailing zeros, since some systems show the same
//! amount now as `100.0`, now as `100.00`.

use crate::value::{Record, Value, to_json_string};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// SHA-256 of the canonical forms of several records, one after the other, in hex.
pub(super) fn of_records<'a>(records: impl IntoIterator<Item = &'a Record>) -> String {
    let mut text = String::new();
    for record in records {
        write_record(record, &mut text);
        text.push('\n');
    }
    of_text(&text)
}

/// SHA-256 of a text, in hex.
pub fn of_text(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing into a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn write_record(record: &Record, out: &mut String) {
    let mut fields: Vec<_> = record.iter().filter(|(_, value)| !value.is_null()).collect();
    fields.sort_by_key(|(name, _)| *name);
    out.push('{');
    for (index, (name, value)) in fields.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&to_json_string(&Value::text(name)));
        out.push(':');
        write_value(value, out);
    }
    out.push('}');
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Decimal(number) => out.push_str(&number.fixed(number.places())),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Record(record) => write_record(record, out),
        plain => out.push_str(&to_json_string(plain)),
    }
}

#[cfg(test)]
mod tests {
    use super::of_records;
    use crate::value::{Record, Value};

    fn record(fields: &[(&str, Value)]) -> Record {
        fields.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()
    }

    fn decimal(text: &str) -> Value {
        Value::Decimal(text.parse().expect("test decimal"))
    }

    #[test]
    fn order_of_names_trailing_zeros_and_nulls_do_not_matter() {
        let one = record(&[("a", decimal("100.0")), ("b", Value::text("x"))]);
        let two = record(&[("b", Value::text("x")), ("c", Value::Null), ("a", decimal("100.00"))]);
        assert_eq!(of_records([&one]), of_records([&two]));
    }

    #[test]
    fn an_amount_a_text_and_the_border_between_records_matter() {
        let one = record(&[("a", decimal("100.0"))]);
        assert_ne!(of_records([&one]), of_records([&record(&[("a", decimal("100.01"))])]));
        assert_ne!(of_records([&one]), of_records([&record(&[("a", Value::text("100"))])]));
        assert_ne!(of_records([&one, &Record::new()]), of_records([&one]));
    }
}
