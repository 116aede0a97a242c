//! A target record against the catalogue, by other code than the checker's: everything
//! required is there, of its kind, not too long, and named as the catalogue names it.

use indexmap::IndexMap;
use mlc::connector::{FieldSpec, ResourceSpec, SpecType};
use mlc::value::{Record, Value};

/// What is wrong with a record that was mapped for a resource. `closed`: also values that
/// the resource would refuse.
pub fn judge(target: &Record, spec: &ResourceSpec, key: &[std::sync::Arc<str>], closed: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    record(target, &spec.fields, "", closed, &mut wrong);
    for field in key {
        if target.get(field).is_none_or(Value::is_null) {
            wrong.push(format!("the key field `{field}` is absent"));
        }
    }
    wrong
}

fn record(found: &Record, fields: &IndexMap<String, FieldSpec>, path: &str, closed: bool, wrong: &mut Vec<String>) {
    for (name, spec) in fields {
        let place = format!("{path}{name}");
        let may_be_written = !spec.read_only && spec.derive.is_empty();
        match found.get(name).filter(|value| !value.is_null()) {
            None if spec.required && may_be_written => wrong.push(format!("`{place}` is absent")),
            None => {}
            Some(_) if !may_be_written => wrong.push(format!("`{place}` cannot be written")),
            Some(value) => field(value, spec, &place, closed, wrong),
        }
    }
    for (name, _) in found.iter() {
        if !fields.contains_key(&**name) {
            wrong.push(format!("`{path}{name}` is no field"));
        }
    }
}

fn field(value: &Value, spec: &FieldSpec, place: &str, closed: bool, wrong: &mut Vec<String>) {
    match (spec.ty, value) {
        (SpecType::List, Value::List(items)) => {
            for (index, item) in items.iter().enumerate() {
                match (item, spec.item) {
                    (Value::Record(inner), None) => {
                        record(inner, &spec.fields, &format!("{place}[{index}]."), closed, wrong);
                    }
                    (item, Some(ty)) if is_a(item, ty) => {}
                    _ => wrong.push(format!("`{place}[{index}]` is {item:?}")),
                }
            }
        }
        (SpecType::Record, Value::Record(inner)) => record(inner, &spec.fields, &format!("{place}."), closed, wrong),
        (ty, value) if is_a(value, ty) => {}
        _ => wrong.push(format!("`{place}` is {}, and that was given: {value:?}", spec.ty.name())),
    }
    let Value::Text(text) = value else { return };
    let length = text.chars().count();
    if spec.max.is_some_and(|max| length > max as usize) {
        wrong.push(format!("`{place}` has {length} characters"));
    }
    if closed && spec.closed && !spec.values.iter().any(|known| **known == **text) {
        wrong.push(format!("`{place}` does not take {text:?}"));
    }
}

fn is_a(value: &Value, ty: SpecType) -> bool {
    matches!(
        (ty, value),
        (SpecType::Text, Value::Text(_))
            | (SpecType::Integer, Value::Integer(_))
            | (SpecType::Decimal, Value::Integer(_) | Value::Decimal(_))
            | (SpecType::Boolean, Value::Bool(_))
            | (SpecType::Date, Value::Date(_))
            | (SpecType::Datetime, Value::DateTime(_))
    )
}
