//! Records out of the store, with their types again.
//!
//! The store keeps a record as JSON, in which amounts, days and instants are texts. The
//! catalogue says which is which. A record that no longer fits (the catalogue changed
//! since) is not guessed at: the answer is `None`.

use crate::value::{FieldType, Kind, Record, RecordType, Value, to_json};
use serde_json::Value as Json;

/// The JSON of a source record, with its scope record beside its fields.
pub(super) fn keep(record: &Record, scope: Option<&Record>) -> Json {
    let mut json = to_json(&Value::record(record.clone()));
    if let (Some(scope), Json::Object(fields)) = (scope, &mut json) {
        fields.insert(scope_slot(record).to_owned(), to_json(&Value::record(scope.clone())));
    }
    json
}

/// The source record and its scope record, out of what [`keep`] made.
pub(super) fn restore(
    json: &Json,
    record: &RecordType,
    scope: Option<&RecordType>,
) -> Option<(Record, Option<Record>)> {
    let whole = |ty: &RecordType, json: &Json| record_of(ty, json).filter(|record| ty.misfit(record).is_none());
    let source = whole(record, json)?;
    let scope = match scope {
        Some(ty) => Some(whole(ty, json.get(scope_slot(&source))?)?),
        None => None,
    };
    Some((source, scope))
}

/// One record, of the fields of its type. A field that is required and absent, or of
/// another kind, makes it `None`.
pub(super) fn record_of(ty: &RecordType, json: &Json) -> Option<Record> {
    let fields = json.as_object()?;
    let mut record = Record::new();
    for (name, field) in &ty.fields {
        let Some(raw) = fields.get(name.as_ref()) else {
            if field.ty.optional {
                continue;
            }
            return None;
        };
        record.insert(name.clone(), field_value(field, raw)?);
    }
    Some(record)
}

/// Some fields of a record: those of `json` that the type knows. For keys and targets,
/// where most fields may be left out.
pub(super) fn partial(ty: &RecordType, json: &Json) -> Option<Record> {
    let mut record = Record::new();
    for (name, raw) in json.as_object()? {
        let field = ty.fields.get(name.as_str())?;
        record.insert(name.as_str(), field_value(field, raw)?);
    }
    Some(record)
}

/// The member under which the scope record lies: another one if the record itself has a field `scope`.
pub(super) fn scope_slot(record: &Record) -> &'static str {
    if record.get("scope").is_some() { "scope record" } else { "scope" }
}

fn field_value(field: &FieldType, raw: &Json) -> Option<Value> {
    if raw.is_null() { field.ty.optional.then_some(Value::Null) } else { value(&field.ty.kind, raw) }
}

fn value(kind: &Kind, raw: &Json) -> Option<Value> {
    match kind {
        Kind::Text { .. } => raw.as_str().map(Value::text),
        Kind::Integer => raw.as_i64().map(Value::Integer),
        Kind::Decimal => {
            raw.as_str().and_then(|text| text.parse().ok()).or_else(|| raw.as_i64().map(Into::into)).map(Value::Decimal)
        }
        Kind::Boolean => raw.as_bool().map(Value::Bool),
        Kind::Date => raw.as_str()?.parse().ok().map(Value::Date),
        Kind::DateTime => raw.as_str()?.parse().ok().map(Value::DateTime),
        Kind::Duration => crate::value::parse_duration(raw.as_str()?).map(Value::Duration),
        Kind::List(item) => {
            let items = raw.as_array()?.iter();
            items
                .map(|raw| if raw.is_null() { Some(Value::Null) } else { value(&item.kind, raw) })
                .collect::<Option<Vec<_>>>()
                .map(Value::list)
        }
        // A target's records leave out what is not mapped; a source's were checked when they were read.
        Kind::Record(ty) => partial_or_whole(ty, raw).map(Value::record),
        Kind::Unknown => serde_json::from_value(raw.clone()).ok(),
    }
}

fn partial_or_whole(ty: &RecordType, raw: &Json) -> Option<Record> {
    record_of(ty, raw).or_else(|| partial(ty, raw))
}

#[cfg(test)]
mod tests {
    use super::{keep, restore};
    use crate::connector::{FieldSpec, ResourceSpec};
    use crate::value::Value;

    fn spec() -> ResourceSpec {
        serde_yaml::from_str(
            "title: invoice\nplural: invoices\ndoc: ''\noperations: [list]\nidentity: [id]\nsource: s\nfields:\n\
             \x20 id: {type: integer, required: true, doc: ''}\n\
             \x20 day: {type: date, doc: ''}\n\
             \x20 seen: {type: datetime, doc: ''}\n\
             \x20 note: {type: text, doc: ''}\n\
             \x20 lines: {type: list, doc: '', fields: {amount: {type: decimal, required: true, doc: ''}}}",
        )
        .expect("test spec")
    }

    #[test]
    fn a_record_comes_back_with_its_types() {
        let spec = spec();
        let wire = crate::value::from_json(
            r#"{"id":7,"day":"2026-10-31","seen":"2026-10-31T10:00:00Z","lines":[{"amount":"12.50"}]}"#,
        )
        .expect("json");
        let record = crate::connector::decode("invoices", "id", &spec.fields, &wire).expect("record");
        let ty = spec.source_type();
        let kept = keep(&record, Some(&record));
        let (back, scope) = restore(&kept, &ty, Some(&ty)).expect("fits");
        assert_eq!(back, record);
        assert_eq!(scope.as_ref(), Some(&record));
        assert!(matches!(back.get("day"), Some(Value::Date(_))));
    }

    #[test]
    fn a_record_that_no_longer_fits_is_not_guessed_at() {
        let mut spec = spec();
        let kept = serde_json::json!({"id": 7, "note": "x"});
        let date: FieldSpec = serde_yaml::from_str("{type: date, required: true, doc: ''}").expect("field");
        spec.fields.insert("note".to_owned(), date);
        assert!(restore(&kept, &spec.source_type(), None).is_none());
        let short: FieldSpec = serde_yaml::from_str("{type: text, max: 2, doc: ''}").expect("field");
        spec.fields.insert("note".to_owned(), short);
        assert!(restore(&kept, &spec.source_type(), None).is_some());
        let longer = serde_json::json!({"id": 7, "note": "xyz"});
        assert!(restore(&longer, &spec.source_type(), None).is_none());
    }
}
