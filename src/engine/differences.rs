//! Two records of a target, field by field: `lines[0].gl_account` was this, and is that.

use super::change::same;
use crate::value::{Record, Value};
use serde::Serialize;

/// One plain field that is not what it was. An absent field is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldChange {
    /// `lines[0].gl_account`.
    pub field: String,
    pub was: Value,
    pub now: Value,
}

/// The plain fields in which the two differ: those of `now` in its order, then those that
/// only `was` has.
pub(super) fn between(was: &Record, now: &Record) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    records("", was, now, &mut changes);
    changes
}

fn records(place: &str, was: &Record, now: &Record, changes: &mut Vec<FieldChange>) {
    let gone = was.iter().map(|(name, _)| name).filter(|name| now.get(name).is_none());
    for name in now.iter().map(|(name, _)| name).chain(gone) {
        let nothing = Value::Null;
        let (before, after) = (was.get(name).unwrap_or(&nothing), now.get(name).unwrap_or(&nothing));
        values(&format!("{place}{name}"), before, after, changes);
    }
}

fn values(place: &str, was: &Value, now: &Value, changes: &mut Vec<FieldChange>) {
    if same(was, now) {
        return;
    }
    if let (Some(before), Some(after)) = (fields(was), fields(now))
        && !(was.is_null() && now.is_null())
    {
        return records(&format!("{place}."), &before, &after, changes);
    }
    if let (Some(before), Some(after)) = (items(was), items(now)) {
        let nothing = Value::Null;
        for index in 0..before.len().max(after.len()) {
            let place = format!("{place}[{index}]");
            values(&place, before.get(index).unwrap_or(&nothing), after.get(index).unwrap_or(&nothing), changes);
        }
        return;
    }
    changes.push(FieldChange { field: place.to_owned(), was: was.clone(), now: now.clone() });
}

/// The fields of a record; of nothing, none.
fn fields(value: &Value) -> Option<Record> {
    match value {
        Value::Record(_) => value.as_record().cloned(),
        Value::Null => Some(Record::new()),
        _ => None,
    }
}

fn items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(items) => Some(items.iter().cloned().collect()),
        Value::Null => Some(Vec::new()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::between;
    use crate::value::{Record, Value, from_json};

    fn record(json: &str) -> Record {
        from_json(json).expect("json").as_record().expect("object").clone()
    }

    fn told(was: &str, now: &str) -> Vec<String> {
        let changes = between(&record(was), &record(now));
        changes.iter().map(|change| format!("{}: {} > {}", change.field, change.was, change.now)).collect()
    }

    #[test]
    fn plain_fields_are_told_by_their_place() {
        let (was, now) = (r#"{"a":"x","lines":[{"c":"5310"}],"z":1}"#, r#"{"a":"x","lines":[{"c":"5020"},{"c":"1"}]}"#);
        assert_eq!(told(was, now), ["lines[0].c: 5310 > 5020", "lines[1].c:  > 1", "z: 1 > "]);
    }

    #[test]
    fn amounts_compare_by_amount_and_absence_is_null() {
        let with = |text: &str| {
            let mut record = record(r#"{"n":null}"#);
            record.insert("total", Value::Decimal(text.parse().expect("decimal")));
            record
        };
        assert_eq!(between(&with("1.0"), &with("1.00")), []);
        assert_eq!(between(&record(r#"{"n":null}"#), &record("{}")), []);
        assert_eq!(between(&Record::new(), &with("1.0")).len(), 1);
    }
}
