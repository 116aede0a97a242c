//! Wire records to typed records, as the catalogue says.
//!
//! Tolerant where vendors are known to differ between their own calls (a number in a
//! string, a string for an object's name), strict where a wrong guess would cost money:
//! a required field that is not there, an amount that is no number, a day that is no day.
//! Fields that the catalogue does not know are left behind.
//!
//! The length of a text is no part of that: a record that is looked for on the other side
//! is found however long its texts are. Before a record is mapped it goes through
//! [`fitting`], since the checker relies on what the catalogue says of a source.

use super::catalogue::{Derive, FieldSpec, ResourceSpec, SpecType};
use crate::value::{Decimal, Misfit, Record, RecordType, Value};
use indexmap::IndexMap;

/// A record that is not as the catalogue describes it. The others of its page go on.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{resource} {id}: field `{field}` {problem}")]
pub struct DecodeError {
    pub resource: String,
    /// The record's id as far as it could be read; `?` if not at all.
    pub id: String,
    pub field: String,
    /// `is missing`, `is not a decimal number: "12,5"`.
    pub problem: String,
}

/// Decodes one record. `identity` names the wire field that tells the record in an error.
pub fn decode(
    resource: &str,
    identity: &str,
    fields: &IndexMap<String, FieldSpec>,
    wire: &Value,
) -> Result<Record, DecodeError> {
    let id =
        wire.as_record().and_then(|record| record.at(identity)).map_or_else(|| "?".to_owned(), ToString::to_string);
    let fail = |(field, problem): (String, String)| DecodeError {
        resource: resource.to_owned(),
        id: id.clone(),
        field,
        problem,
    };
    let Some(record) = wire.as_record() else {
        return Err(fail((String::new(), "is not an object".to_owned())));
    };
    record_of(fields, record).map_err(fail)
}

/// The record, if it is as its resource's catalogue says: `ty` is the type that the checker
/// saw. Whoever decoded it, a text that is longer than its `max` ends here in the open; it
/// is never cut, and how sure the catalogue is of that length does not matter.
pub fn fitting(resource: &ResourceSpec, ty: &RecordType, record: Record) -> Result<Record, DecodeError> {
    let Some(Misfit { field, problem }) = ty.misfit(&record) else { return Ok(record) };
    let id =
        resource.identity.last().and_then(|name| record.get(name)).map_or_else(|| "?".to_owned(), Value::to_string);
    Err(DecodeError { resource: resource.title.clone(), id, field, problem })
}

type Problem = (String, String);

fn record_of(fields: &IndexMap<String, FieldSpec>, wire: &Record) -> Result<Record, Problem> {
    let mut decoded = Record::new();
    for (name, spec) in fields.iter().filter(|(_, spec)| !spec.write_only) {
        let raw = if spec.derive.is_empty() { find(name, spec, wire) } else { derived(&spec.derive, wire) };
        let value = value_of(spec, &raw).map_err(|(inner, problem)| {
            (if inner.is_empty() { name.clone() } else { format!("{name}.{inner}") }, problem)
        })?;
        if value.is_null() && spec.required {
            return Err((name.clone(), "is missing".to_owned()));
        }
        decoded.insert(name.as_str(), value);
    }
    Ok(decoded)
}

/// The raw value under the wire name or one of its aliases. A name that holds a dot is
/// first looked for as it stands, since some lists have dotted column names.
fn find(name: &str, spec: &FieldSpec, wire: &Record) -> Value {
    std::iter::once(spec.wire_name(name))
        .chain(spec.aliases.iter().map(String::as_str))
        .find_map(|wire_name| wire.get(wire_name).or_else(|| wire.at(wire_name)).filter(|value| !value.is_null()))
        .cloned()
        .unwrap_or_default()
}

fn value_of(spec: &FieldSpec, raw: &Value) -> Result<Value, Problem> {
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let value = present(spec, raw)?;
    let stands_for_none = |text: &String| plain(spec.ty, &Value::text(text)).is_ok_and(|none| none == value);
    Ok(if spec.absent.iter().any(stands_for_none) { Value::Null } else { value })
}

fn present(spec: &FieldSpec, raw: &Value) -> Result<Value, Problem> {
    match spec.ty {
        SpecType::List => {
            let Some(items) = raw.as_list() else { return Err(wrong("a list", raw)) };
            let decode_item = |(index, item): (usize, &Value)| {
                let decoded = if spec.fields.is_empty() {
                    plain(spec.item.unwrap_or(SpecType::Text), item)
                } else {
                    item.as_record()
                        .ok_or_else(|| wrong("an object", item))
                        .and_then(|item| record_of(&spec.fields, item).map(Value::record))
                };
                decoded.map_err(|(inner, problem)| (format!("{index}.{inner}"), problem))
            };
            items.iter().enumerate().map(decode_item).collect::<Result<Vec<_>, _>>().map(Value::list)
        }
        SpecType::Record => match raw {
            Value::Record(inner) => record_of(&spec.fields, inner).map(Value::record),
            // Some lists show only the name of what their detail shows as an object.
            Value::Text(_) if spec.fields.contains_key("name") => {
                let mut record = Record::new();
                record.insert("name", raw.clone());
                record_of(&spec.fields, &record).map(Value::record)
            }
            _ => Err(wrong("an object", raw)),
        },
        // An object where a text is declared: its name is what people see.
        SpecType::Text => match raw {
            Value::Record(inner) => Ok(inner.get("name").or_else(|| inner.get("company")).cloned().unwrap_or_default()),
            _ => plain(spec.ty, raw),
        },
        _ => plain(spec.ty, raw),
    }
}

fn plain(ty: SpecType, raw: &Value) -> Result<Value, Problem> {
    let text = raw.as_text().map(str::trim);
    if text == Some("") && ty != SpecType::Text {
        return Ok(Value::Null);
    }
    let decoded = match ty {
        SpecType::Text => match raw {
            Value::Text(_) => Some(raw.clone()),
            Value::Integer(_) | Value::Decimal(_) | Value::Bool(_) => Some(Value::from(raw.to_string())),
            _ => None,
        },
        SpecType::Integer => raw.as_integer().or_else(|| number(raw)?.to_integer()).map(Value::Integer),
        SpecType::Decimal => number(raw).map(Value::Decimal),
        SpecType::Boolean => match text {
            None => raw.as_bool(),
            Some("true" | "yes") => Some(true),
            Some("false" | "no") => Some(false),
            Some(_) => None,
        }
        .map(Value::Bool),
        SpecType::Date => text.and_then(|text| text.parse().ok()).map(Value::Date),
        SpecType::Datetime => text.and_then(|text| text.parse().ok()).map(Value::DateTime),
        SpecType::List | SpecType::Record => Some(raw.clone()),
    };
    decoded.ok_or_else(|| match is_too_exact(ty, raw) {
        true => (String::new(), format!("has more digits than can be kept exactly: {}", shown(raw))),
        false => wrong(article(ty), raw),
    })
}

/// Whether what could not be decoded is a number all the same, of too many digits. One that
/// came as a number off the wire is a text by now, and says so.
fn is_too_exact(ty: SpecType, raw: &Value) -> bool {
    let text = raw.to_string();
    let text = text.trim().trim_end_matches("(inexact)").trim_end_matches(['%', ' ']);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_digit = |part: char| part.is_ascii_digit();
    match ty {
        SpecType::Integer => !digits.is_empty() && digits.chars().all(is_digit),
        SpecType::Decimal => {
            digits.starts_with(is_digit) && digits.ends_with(is_digit) && digits.parse::<f64>().is_ok()
        }
        _ => false,
    }
}

fn number(raw: &Value) -> Option<Decimal> {
    // A percent sign is how one vendor prints its percentages.
    raw.as_decimal().or_else(|| raw.as_text()?.trim().trim_end_matches('%').parse().ok())
}

fn article(ty: SpecType) -> &'static str {
    match ty {
        SpecType::Text => "text",
        SpecType::Integer => "a whole number",
        SpecType::Decimal => "a decimal number",
        SpecType::Boolean => "true or false",
        SpecType::Date => "a day such as 2026-10-31",
        SpecType::Datetime => "an instant such as 2026-10-31T14:05:09Z",
        SpecType::List => "a list",
        SpecType::Record => "an object",
    }
}

fn wrong(wanted: &str, raw: &Value) -> Problem {
    (String::new(), format!("is not {wanted}: {}", shown(raw)))
}

fn shown(raw: &Value) -> String {
    let shown = crate::value::to_json_string(raw);
    if shown.chars().count() > 60 { shown.chars().take(57).collect::<String>() + "..." } else { shown }
}

fn derived(ways: &[Derive], wire: &Record) -> Value {
    ways.iter().find_map(|way| derive_one(way, wire)).unwrap_or_default()
}

fn derive_one(way: &Derive, wire: &Record) -> Option<Value> {
    match way {
        Derive::Segment { list, field, equals, take, join } => {
            let found = wire
                .get(list)?
                .as_list()?
                .iter()
                .filter_map(Value::as_record)
                .find(|item| item.at(field).and_then(Value::as_text) == Some(equals.as_str()))?;
            let texts: Vec<String> = match found.get(take)? {
                Value::List(parts) => parts.iter().map(ToString::to_string).collect(),
                single => vec![single.to_string()],
            };
            let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
            (!texts.is_empty()).then(|| Value::from(texts.join(join)))
        }
        Derive::Split { text, by, part, parts } => {
            let pieces: Vec<&str> = wire.get(text)?.as_text()?.split(by.as_str()).collect();
            if parts.is_some_and(|wanted| wanted != pieces.len()) {
                return None;
            }
            pieces.get(*part).filter(|piece| !piece.is_empty()).map(Value::text)
        }
        Derive::Member { of, take } => wire.get(of)?.as_record()?.get(take).filter(|value| !value.is_null()).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, fitting};
    use crate::connector::{FieldSpec, ResourceSpec};
    use crate::value::{from_json, from_wire_json};
    use indexmap::IndexMap;

    fn fields(yaml: &str) -> IndexMap<String, FieldSpec> {
        serde_yaml::from_str(yaml).expect("test catalogue")
    }

    #[test]
    fn a_field_that_changes_its_type_between_list_and_show_is_read_from_both() {
        let fields = fields(
            "id: {type: integer, required: true, doc: ''}\n\
             vendor: {type: record, doc: '', fields: {name: {type: text, doc: ''}, id: {type: integer, doc: ''}}}\n\
             business_id: {type: text, doc: ''}",
        );
        for text in [
            r#"{"id":1,"vendor":"Ash Ltd","business_id":7}"#,
            r#"{"id":"1","vendor":{"name":"Ash Ltd"},"business_id":"7"}"#,
        ] {
            let record = decode("costs", "id", &fields, &from_json(text).expect("json")).expect(text);
            assert_eq!(record.at("vendor.name").map(ToString::to_string).as_deref(), Some("Ash Ltd"));
            assert_eq!(record.at("business_id").map(ToString::to_string).as_deref(), Some("7"));
        }
    }

    #[test]
    fn a_value_that_stands_for_none_is_none() {
        let fields = fields(
            "date: {type: date, doc: '', absent: ['1970-01-01']}\n\
             at: {type: datetime, doc: '', absent: ['1970-01-01T00:00:00Z']}",
        );
        for (text, none) in [
            (r#"{"date":"1970-01-01","at":"1970-01-01T00:00:00.000+00:00"}"#, true),
            (r#"{"date":"1970-01-02","at":"1970-01-01T00:00:01Z"}"#, false),
        ] {
            let record = decode("payments", "id", &fields, &from_json(text).expect("json")).expect(text);
            assert!(["date", "at"].iter().all(|name| record.get(name).expect("declared").is_null() == none), "{text}");
        }
    }

    #[test]
    fn an_amount_that_is_no_number_names_its_place() {
        let fields = fields(
            "id: {type: integer, required: true, doc: ''}\n\
             items: {type: list, doc: '', fields: {net: {type: decimal, required: true, doc: ''}}}",
        );
        let wire = from_json(r#"{"id":42,"items":[{"net":"1.00"},{"net":"12,50"}]}"#).expect("json");
        let error = decode("invoices", "id", &fields, &wire).expect_err("no number").to_string();
        assert_eq!(error, r#"invoices 42: field `items.1.net` is not a decimal number: "12,50""#);
    }

    #[test]
    fn a_number_that_cannot_be_kept_says_so() {
        let fields = fields("id: {type: integer, doc: ''}\nnet: {type: decimal, doc: ''}");
        let said = |text: &str| {
            let wire = from_wire_json(text.as_bytes()).expect("json");
            decode("invoices", "no", &fields, &wire).map_or_else(|error| error.problem, |record| format!("{record:?}"))
        };
        for digits in ["79228162514264337593543950336", "1e40", "0.12345678901234567890123456789012"] {
            for text in [format!(r#"{{"net":{digits}}}"#), format!(r#"{{"net":"{digits}"}}"#)] {
                assert!(
                    said(&text).starts_with("has more digits than can be kept exactly: "),
                    "{text}: {}",
                    said(&text)
                );
            }
        }
        assert_eq!(
            said(r#"{"id":9223372036854775808}"#),
            "has more digits than can be kept exactly: 9223372036854775808"
        );
        assert_eq!(said(r#"{"id":1.5}"#), "is not a whole number: 1.5");
        assert_eq!(said(r#"{"net":"12,5"}"#), "is not a decimal number: \"12,5\"");
        assert_eq!(said(r#"{"net":"1-2"}"#), "is not a decimal number: \"1-2\"");
    }

    #[test]
    fn what_is_mapped_is_as_the_catalogue_says() {
        let spec: ResourceSpec = serde_yaml::from_str(
            "title: supplier\nplural: suppliers\ndoc: ''\noperations: [list]\nidentity: [code]\nsource: s\nfields:\n\
             \x20 code: {type: text, required: true, doc: ''}\n\
             \x20 name: {type: text, max: 5, grade: U, doc: ''}",
        )
        .expect("test resource");
        let ty = spec.source_type();
        let read = |name: &str| {
            let wire = from_json(&format!(r#"{{"code":"S1","name":"{name}"}}"#)).expect("json");
            decode("supplier", "code", &spec.fields, &wire).and_then(|record| fitting(&spec, &ty, record))
        };
        assert!(read("Müller").is_err());
        assert_eq!(
            read("Straßenbau").expect_err("too long").to_string(),
            "supplier S1: field `name` has 10 characters, and the catalogue allows 5 at most"
        );
        assert_eq!(read("Größe").expect("five characters").at("name").and_then(|name| name.as_text()), Some("Größe"));
    }

    #[test]
    fn a_code_is_derived_from_segments_and_else_from_the_flat_code() {
        let fields = fields(
            "cost_code:\n  type: text\n  doc: ''\n  derive:\n\
             \x20   - {way: segment, list: segment_items, field: segment_type, equals: cost_code, take: path_codes, join: '-'}\n\
             \x20   - {way: split, text: flat_code, by: '.', part: 0}",
        );
        let segments = r#"{"flat_code":"x","segment_items":[{"segment_type":"cost_code","path_codes":["03","300"]}]}"#;
        for text in [segments, r#"{"flat_code":"03-300.S"}"#] {
            let record = decode("codes", "id", &fields, &from_json(text).expect("json")).expect(text);
            assert_eq!(record.get("cost_code").and_then(|code| code.as_text()), Some("03-300"));
        }
    }

    #[test]
    fn a_flat_code_of_more_parts_than_expected_yields_nothing() {
        let fields = fields(
            "code:\n  type: text\n  doc: ''\n  derive:\n\
             \x20   - {way: segment, list: segment_items, field: segment_type, equals: cost_code, take: path_codes, join: '-'}\n\
             \x20   - {way: split, text: flat_code, by: '.', part: 0, parts: 2}",
        );
        for (text, code) in [
            (r#"{"flat_code":"SJ1.03-300.S"}"#, None),
            (
                r#"{"flat_code":"03-300.S","segment_items":[{"segment_type":"cost_code","path_codes":null}]}"#,
                Some("03-300"),
            ),
        ] {
            let record = decode("codes", "id", &fields, &from_json(text).expect("json")).expect(text);
            assert_eq!(record.get("code").and_then(|code| code.as_text()), code);
        }
    }
}
