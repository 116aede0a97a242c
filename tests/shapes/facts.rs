//! What is recorded of Procore's operations, and strict schemas made of it.
//!
//! Almost nothing is marked as nullable there, and real answers are full of nulls: every
//! field but an `id` may be null. What is not named in an object does not belong there. A
//! field whose type was not recorded may be anything.

use crate::support::root;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// All operations, by `METHOD path`.
pub struct Facts(BTreeMap<String, Value>);

fn folder() -> PathBuf {
    root().join("../shared/facts/procore")
}

impl Facts {
    /// `None` where the records do not lie beside the house; the test that asked says so.
    pub fn read() -> Option<Self> {
        let files = fs::read_dir(folder()).ok()?;
        let mut operations = BTreeMap::new();
        for path in files.map(|file| file.expect("a file").path()) {
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&path).expect("it reads");
                let group: Value = serde_json::from_str(&text).expect("JSON");
                for operation in group["operations"].as_array().expect("operations") {
                    let name = |key: &str| operation[key].as_str().expect("text").to_owned();
                    operations.insert(format!("{} {}", name("method").to_uppercase(), name("path")), operation.clone());
                }
            }
        }
        assert!(operations.len() > 300, "the records are whole");
        Some(Self(operations))
    }

    pub fn operation(&self, route: &str) -> Option<Operation<'_>> {
        self.0.get(route).map(Operation)
    }

    /// The route whose path is this one, whatever the names in the braces.
    pub fn route_like(&self, method: &str, path: &str) -> Option<&str> {
        let wanted = nameless(&format!("{method} {path}"));
        self.0.keys().find(|route| nameless(route) == wanted).map(String::as_str)
    }
}

fn nameless(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

/// One operation.
#[derive(Clone, Copy)]
pub struct Operation<'a>(&'a Value);

impl<'a> Operation<'a> {
    pub fn response(&self, status: u16) -> Option<&'a Value> {
        self.0["responses"].get(status.to_string())?.get("schema")
    }

    /// The schema of what a body may hold.
    pub fn body(&self) -> &'a Value {
        &self.0["requestBody"]["schema"]
    }

    /// Query parameters, and whether each must be given.
    pub fn query(&self) -> Vec<(&'a str, bool)> {
        let parameters = self.0["parameters"].as_array().into_iter().flatten();
        let query = parameters.filter(|parameter| parameter["in"] == "query");
        query.map(|one| (one["name"].as_str().expect("a name"), one["required"] == true)).collect()
    }

    /// `view=…` as the operation knows it, each value of it.
    pub fn views(&self) -> Vec<String> {
        let parameters = self.0["parameters"].as_array().into_iter().flatten();
        let views = parameters.filter(|one| one["name"] == "view" || one["name"] == "serializer_view");
        views
            .flat_map(|one| {
                let name = one["name"].as_str().expect("a name");
                let values = one["schema"]["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
                values.map(move |value| format!("{name}={value}"))
            })
            .collect()
    }
}

/// The schema with everything that is not recorded forbidden, and nulls allowed.
pub fn strict(schema: &Value) -> Value {
    nullable(schema, true)
}

fn nullable(schema: &Value, null: bool) -> Value {
    let variants = ["oneOf", "anyOf"].iter().find_map(|word| schema.get(word)?.as_array());
    if let Some(variants) = variants {
        return json!({"anyOf": variants.iter().map(strict).collect::<Vec<_>>()});
    }
    let kind = match schema.get("type").and_then(Value::as_str) {
        Some(kind) => kind,
        None if schema.get("properties").is_some() => "object",
        None => return json!({}),
    };
    let mut out = Map::new();
    out.insert("type".to_owned(), if null { json!([kind, "null"]) } else { json!(kind) });
    if let Some(properties) = schema["properties"].as_object().filter(|properties| !properties.is_empty()) {
        let named = properties.iter().map(|(name, inner)| (name.clone(), nullable(inner, name != "id")));
        out.insert("properties".to_owned(), Value::Object(named.collect()));
        if schema.get("additionalProperties").is_none() {
            out.insert("additionalProperties".to_owned(), false.into());
        }
    }
    if let Some(items) = schema.get("items") {
        out.insert("items".to_owned(), strict(items));
    }
    if let Some(values) = schema["enum"].as_array() {
        out.insert("enum".to_owned(), values.iter().cloned().chain([Value::Null]).collect());
    }
    if let Some(format) = schema["format"].as_str() {
        let format = match (kind, format) {
            ("string", "float" | "decimal") => "decimal",
            (_, "datetime") => "date-time",
            (_, other) => other,
        };
        out.insert("format".to_owned(), format.into());
    }
    Value::Object(out)
}

/// The schemas of one item of a list, or of the record itself.
pub fn records(schema: &Value) -> Vec<&Value> {
    let inside =
        schema.get("items").or_else(|| schema["properties"].get("data").map(|data| data.get("items").unwrap_or(data)));
    alternatives(inside.unwrap_or(schema))
}

fn alternatives(schema: &Value) -> Vec<&Value> {
    match ["oneOf", "anyOf"].iter().find_map(|word| schema.get(word)?.as_array()) {
        Some(variants) => variants.iter().flat_map(alternatives).collect(),
        None => vec![schema],
    }
}

/// The schemas of a field in any of these records; a dot steps inside. `None` if none of
/// them has it; empty if it is there and nobody recorded what is inside.
pub fn field<'a>(records: &[&'a Value], path: &str) -> Option<Vec<&'a Value>> {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let open = |record: &&&Value| record.get("properties").is_none() || record["properties"] == json!({});
    if !records.is_empty() && records.iter().all(|record| open(&record)) {
        return Some(Vec::new());
    }
    let found: Vec<&Value> = records.iter().filter_map(|record| record["properties"].get(head)).collect();
    if found.is_empty() {
        return None;
    }
    let inside: Vec<&Value> =
        found.into_iter().flat_map(|schema| alternatives(schema.get("items").unwrap_or(schema))).collect();
    match rest {
        Some(rest) => field(&inside, rest),
        None => Some(inside),
    }
}
