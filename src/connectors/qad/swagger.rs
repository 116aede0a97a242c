//! The tenant's own description of its interface (Swagger 2 or OpenAPI 3, as JSON), and
//! what of a resource is not in it.
//!
//! Only names are compared. A document that is laid out in another way than the standard
//! says shows as names that are missing, never as names that are there.

use super::catalogue::ResourceWire;
use super::dress::Dress;
use crate::connector::FieldSpec;
use crate::value::{Record, Value};
use indexmap::IndexMap;

/// No reference leads over more others than this; one that does goes round in a circle.
const LONGEST: usize = 12;

/// A description.
pub struct Swagger(Record);

/// The way to the list of a resource.
struct Search<'a> {
    array: &'a str,
    /// The lists that were seen.
    lists: Vec<String>,
    looked_at: Vec<*const Record>,
}

/// A name that is not there, and the one there that is most like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// `path`, `list` or `name`.
    pub what: &'static str,
    pub name: String,
    pub nearest: Option<String>,
}

impl Swagger {
    /// `None` if the document describes no paths.
    pub fn read(document: Value) -> Option<Self> {
        let document = document.as_record()?.clone();
        document.get("paths")?.as_record()?;
        Some(Self(document))
    }

    /// The names of the resource that the description does not have, in the order of the catalogue.
    pub fn missing(
        &self,
        wire: &ResourceWire,
        fields: &IndexMap<String, FieldSpec>,
        dress: &dyn Dress,
    ) -> Vec<Missing> {
        let Some(operations) = self.path(&wire.path) else {
            let paths = self.paths().map(|(path, _)| path.to_owned());
            return vec![missing("path", &wire.path, paths)];
        };
        let mut search = Search { array: &wire.array, lists: Vec::new(), looked_at: Vec::new() };
        let mut record = None;
        for schema in schemas(operations) {
            record = record.or_else(|| self.list(schema, &mut search));
        }
        let lists = search.lists;
        match record {
            Some(record) => self.absent(record, fields, dress, ""),
            None => vec![missing("list", &wire.array, lists)],
        }
    }

    fn paths(&self) -> impl Iterator<Item = (&str, &Value)> {
        let paths = self.0.get("paths").and_then(Value::as_record);
        paths.into_iter().flat_map(Record::iter).map(|(path, operations)| (&**path, operations))
    }

    /// Paths may be told with the context root before them, or without `/api`.
    fn path(&self, wanted: &str) -> Option<&Record> {
        let same = |path: &str| {
            let path = path.trim_end_matches('/');
            path.ends_with(wanted) || (path.starts_with('/') && path.len() > 1 && wanted.ends_with(path))
        };
        self.paths().find(|(path, _)| same(path)).and_then(|(_, operations)| operations.as_record())
    }

    /// The schema of the records of the list, wherever in a body it stands. No schema is
    /// looked at twice, since one may refer to itself.
    fn list<'a>(&'a self, schema: &'a Value, search: &mut Search<'_>) -> Option<&'a Record> {
        let schema = self.resolved(schema)?;
        if search.looked_at.contains(&std::ptr::from_ref(schema)) {
            return None;
        }
        search.looked_at.push(schema);
        let properties = self.properties(schema);
        for (name, property) in &properties {
            let items = self.resolved(property).and_then(|property| property.get("items"));
            if let Some(items) = items.and_then(|items| self.resolved(items)) {
                if *name == search.array {
                    return Some(items);
                }
                search.lists.push((*name).to_owned());
            }
        }
        properties.into_iter().find_map(|(_, property)| self.list(property, search))
    }

    fn absent(
        &self,
        record: &Record,
        fields: &IndexMap<String, FieldSpec>,
        dress: &dyn Dress,
        place: &str,
    ) -> Vec<Missing> {
        let properties = self.properties(record);
        let mut absent = Vec::new();
        for (name, field) in fields.iter().filter(|(_, field)| field.derive.is_empty()) {
            let wire = field.wire_name(name).split('.').next().unwrap_or(name);
            let sent = dress.sent_as(wire);
            let there = |name: &str| properties.iter().find(|(known, _)| *known == name);
            if there(wire).is_none() && !sent.iter().all(|name| there(name).is_some()) {
                let known = properties.iter().map(|(name, _)| (*name).to_owned());
                let found = missing("name", wire, known);
                absent.push(Missing { name: format!("{place}{wire}"), ..found });
                continue;
            }
            let items = there(wire).and_then(|(_, property)| self.resolved(property)?.get("items"));
            if let Some(items) = items.and_then(|items| self.resolved(items)).filter(|_| !field.fields.is_empty()) {
                absent.extend(self.absent(items, &field.fields, dress, &format!("{place}{wire}.")));
            }
        }
        absent
    }

    /// The properties of a schema, those that it is composed of included.
    fn properties<'a>(&'a self, schema: &'a Record) -> Vec<(&'a str, &'a Value)> {
        let mut all = Vec::new();
        let mut composed = vec![schema];
        let mut at = 0;
        while let Some(part) = composed.get(at).copied() {
            at += 1;
            let own = part.get("properties").and_then(Value::as_record);
            all.extend(own.into_iter().flat_map(Record::iter).map(|(name, property)| (&**name, property)));
            for inner in part.get("allOf").and_then(Value::as_list).unwrap_or_default() {
                let inner =
                    self.resolved(inner).filter(|inner| !composed.iter().any(|known| std::ptr::eq(*known, *inner)));
                composed.extend(inner);
            }
        }
        all
    }

    /// What a `$ref` within the document points to.
    fn resolved<'a>(&'a self, schema: &'a Value) -> Option<&'a Record> {
        let mut at = schema.as_record()?;
        for _ in 0..LONGEST {
            let Some(reference) = at.get("$ref").and_then(Value::as_text) else { return Some(at) };
            let mut steps = reference.strip_prefix("#/")?.split('/');
            at = steps.try_fold(&self.0, |at, step| at.get(step)?.as_record())?;
        }
        None
    }
}

/// The schemas of the bodies that the operations of a path take and give.
fn schemas(operations: &Record) -> Vec<&Value> {
    let mut found = Vec::new();
    for operation in operations.iter().filter_map(|(_, operation)| operation.as_record()) {
        let parameters = operation.get("parameters").and_then(Value::as_list).unwrap_or_default();
        let responses = operation.get("responses").and_then(Value::as_record);
        let responses = responses.into_iter().flat_map(Record::iter).map(|(_, response)| response);
        for body in parameters.iter().chain(operation.get("requestBody")).chain(responses) {
            let Some(body) = body.as_record() else { continue };
            found.extend(body.get("schema"));
            let content = body.get("content").and_then(Value::as_record);
            let kinds = content.into_iter().flat_map(Record::iter).filter_map(|(_, kind)| kind.as_record());
            found.extend(kinds.filter_map(|kind| kind.get("schema")));
        }
    }
    found
}

fn missing(what: &'static str, name: &str, known: impl IntoIterator<Item = String>) -> Missing {
    let close = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase());
    let nearest = known.into_iter().map(|known| (close(&known), known)).filter(|(close, _)| *close > 0.75);
    let nearest = nearest.max_by(|(left, _), (right, _)| left.total_cmp(right)).map(|(_, known)| known);
    Missing { what, name: name.to_owned(), nearest }
}

#[cfg(test)]
mod tests {
    use super::{Missing, Swagger};
    use crate::connectors::qad::catalogue::shipped_tenant;
    use crate::connectors::qad::dress;
    use crate::value::from_json_slice;

    fn read(text: &str) -> Swagger {
        Swagger::read(from_json_slice(text.as_bytes()).expect("JSON")).expect("a description")
    }

    #[test]
    fn both_editions_are_read_and_names_that_are_missing_are_told_with_their_like() {
        let (spec, wire) = shipped_tenant().resource("cost_centers").expect("resource");
        let names = |code: &str| {
            let properties: Vec<String> = spec
                .fields
                .iter()
                .map(|(name, field)| format!(r#""{}": {{}}"#, field.wire_name(name).replace("costCentreCode", code)))
                .collect();
            format!(
                r#"{{"type": "object", "allOf": [{{"properties": {{"data": {{"properties": {{"{}": {{"type": "array",
                "items": {{"properties": {{{}}}}}}}}}}}}}}}]}}"#,
                wire.array,
                properties.join(", ")
            )
        };
        let older = |code: &str| {
            format!(
                r##"{{"swagger": "2.0", "paths": {{"/clouderp{}": {{"get": {{"responses": {{"200":
                {{"schema": {{"$ref": "#/definitions/Answer"}}}}}}}}}}}}, "definitions": {{"Answer": {}}}}}"##,
                wire.path,
                names(code)
            )
        };
        let code = spec.fields["code"].wire_name("code");
        assert_eq!(read(&older(code)).missing(wire, &spec.fields, dress::of("cost_centers")), []);
        let newer = format!(
            r#"{{"openapi": "3.0.1", "paths": {{"{}": {{"post": {{"requestBody": {{"content":
            {{"application/json": {{"schema": {}}}}}}}}}}}}}}}"#,
            wire.path,
            names(code)
        );
        assert_eq!(read(&newer).missing(wire, &spec.fields, dress::of("cost_centers")), []);
        let other = read(&newer.replace(wire.path.as_str(), "/api/erp/elsewhere"));
        assert_eq!(other.missing(wire, &spec.fields, dress::of("cost_centers"))[0].what, "path");
        let renamed = read(&newer.replace(code, "costCentre"));
        let found = renamed.missing(wire, &spec.fields, dress::of("cost_centers"));
        assert_eq!(found, [Missing { what: "name", name: code.to_owned(), nearest: Some("costCentre".to_owned()) }]);
        let list = read(&newer.replace(&format!("\"{}\"", wire.array), "\"costCenterV2s\""));
        assert_eq!(list.missing(wire, &spec.fields, dress::of("cost_centers"))[0].what, "list");
    }

    #[test]
    fn a_circle_and_a_document_of_another_kind_are_survived() {
        assert!(Swagger::read(from_json_slice(b"{\"a\": 1}").expect("JSON")).is_none());
        let round = r##"{"paths": {"/api/erp/costCentres": {"get": {"responses": {"200": {"schema":
            {"$ref": "#/definitions/A"}}}}}}, "definitions": {"A": {"allOf": [{"$ref": "#/definitions/A"}],
            "properties": {"a": {"$ref": "#/definitions/A"}, "b": {"$ref": "#/definitions/B"}}},
            "B": {"$ref": "#/definitions/B"}}}"##;
        let (spec, wire) = shipped_tenant().resource("cost_centers").expect("resource");
        assert!(!read(round).missing(wire, &spec.fields, dress::of("cost_centers")).is_empty());
    }
}
