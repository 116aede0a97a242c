//! A record against its type: the first thing of it that is not as the type says.
//!
//! What a pipeline may rely on is what stands in the type. Records come from systems, from
//! files and out of the store, and none of these is taken at its word: what is absent,
//! of another kind or too long is found here, before a mapping meets it.

use super::{Kind, Record, RecordType, Type, Value};

/// A value that its type does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// `items.1.code`.
    pub field: String,
    /// `has 12 characters, and the catalogue allows 8 at most`.
    pub problem: String,
}

impl RecordType {
    /// The first misfit, in the order of the type's fields.
    pub fn misfit(&self, record: &Record) -> Option<Misfit> {
        self.fields.iter().find_map(|(name, field)| {
            let found = field.ty.misfit(record.get(name).unwrap_or(&Value::Null))?;
            let field = if found.field.is_empty() { name.to_string() } else { format!("{name}.{}", found.field) };
            Some(Misfit { field, ..found })
        })
    }
}

impl Type {
    /// Where a value is not as the type says.
    pub fn misfit(&self, value: &Value) -> Option<Misfit> {
        let problem = match (&self.kind, value) {
            (_, Value::Null) if self.optional => return None,
            (Kind::Unknown, _) => return None,
            (_, Value::Null) => "is missing".to_owned(),
            (Kind::Text { max }, Value::Text(text)) => {
                let most = max.filter(|most| is_longer(text, *most))?;
                let length = text.chars().count();
                format!("has {length} characters, and the catalogue allows {most} at most")
            }
            (Kind::List(item), Value::List(items)) => {
                return items.iter().enumerate().find_map(|(index, value)| {
                    let found = item.misfit(value)?;
                    let inner = if found.field.is_empty() { String::new() } else { format!(".{}", found.field) };
                    Some(Misfit { field: format!("{index}{inner}"), ..found })
                });
            }
            (Kind::Record(record), Value::Record(value)) => return record.misfit(value),
            (kind, value) if is_a(kind, value) => return None,
            (kind, _) => format!("is no {kind}"),
        };
        Some(Misfit { field: String::new(), problem })
    }
}

/// Whether a text has more characters. Most texts have fewer bytes already.
fn is_longer(text: &str, most: u32) -> bool {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    text.len() > most && text.chars().nth(most).is_some()
}

fn is_a(kind: &Kind, value: &Value) -> bool {
    matches!(
        (kind, value),
        (Kind::Integer, Value::Integer(_))
            | (Kind::Decimal, Value::Integer(_) | Value::Decimal(_))
            | (Kind::Boolean, Value::Bool(_))
            | (Kind::Date, Value::Date(_))
            | (Kind::DateTime, Value::DateTime(_))
            | (Kind::Duration, Value::Duration(_))
    )
}

#[cfg(test)]
mod tests {
    use super::Misfit;
    use crate::value::{FieldType, Kind, Record, RecordType, Type, Value};
    use std::sync::Arc;

    fn of(fields: &[(&str, Type)]) -> RecordType {
        let field = |ty: &Type| FieldType { ty: ty.clone(), doc: "".into(), values: Vec::new(), closed: false };
        RecordType {
            name: "bill".into(),
            fields: fields.iter().map(|(name, ty)| (Arc::from(*name), field(ty))).collect(),
        }
    }

    fn record(name: &str, value: impl Into<Value>) -> Record {
        let mut record = Record::new();
        record.insert(name, value);
        record
    }

    fn said(ty: Type, value: impl Into<Value>) -> Option<String> {
        of(&[("it", ty)]).misfit(&record("it", value)).map(|Misfit { field, problem }| format!("{field} {problem}"))
    }

    #[test]
    fn a_length_is_counted_in_characters() {
        let three = || Type::text_of(3);
        assert_eq!(said(three(), "äöü"), None);
        let longer = Some("it has 4 characters, and the catalogue allows 3 at most".to_owned());
        assert_eq!(said(three(), "äöüß"), longer);
        assert_eq!(
            said(Type::list(three()), vec![Value::from("a"), "abcd".into()]),
            longer.map(|text| text.replace("it", "it.1"))
        );
    }

    #[test]
    fn what_is_absent_or_of_another_kind_is_found() {
        assert_eq!(said(Type::text().optional(), Value::Null), None);
        assert_eq!(said(Type::text(), Value::Null), Some("it is missing".to_owned()));
        assert_eq!(said(Type::new(Kind::Date), "2026-10-31"), Some("it is no date".to_owned()));
        assert_eq!(said(Type::new(Kind::Decimal), 7_i64), None);
        let inner = Type::new(Kind::Record(Arc::new(of(&[("code", Type::text_of(2))]))));
        let wrong = said(Type::list(inner), vec![Value::record(record("code", "abc"))]);
        assert_eq!(wrong.as_deref(), Some("it.0.code has 3 characters, and the catalogue allows 2 at most"));
    }
}
