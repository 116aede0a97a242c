//! The fake's own description of its business entities, made of the catalogue.
//!
//! Where a real tenant keeps its Swagger is not public; nothing but a profile that names
//! this path may rely on it.

use super::QadFake;
use super::answer;
use crate::connector::{FieldSpec, SpecType};
use crate::connectors::qad::catalogue::ResourceWire;
use crate::connectors::qad::dress::{self, Dress};
use crate::value::{Record, Value};
use crate::world::HttpResponse;
use indexmap::IndexMap;

/// Below the context root.
pub const PATH: &str = "/api/docs/swagger.json";

impl QadFake {
    /// `GET /api/docs/swagger.json`
    pub fn swagger(&self) -> HttpResponse {
        let mut paths = Record::new();
        let mut schemas = Record::new();
        for name in self.tenant.catalogue.resources.keys() {
            let Some((spec, wire)) = self.tenant.resource(name).filter(|(_, wire)| !wire.path.is_empty()) else {
                continue;
            };
            let schema = wire.array.as_str();
            schemas.insert(schema, object(properties(&spec.fields, dress::of(name))));
            let reference = answer::record([("$ref", format!("#/components/schemas/{schema}").into())]);
            paths.insert(wire.path.as_str(), operations(wire, reference.into()));
        }
        let document = answer::record([
            ("openapi", "3.0.1".into()),
            ("info", answer::record([("title", "Sandbox".into()), ("version", "1".into())]).into()),
            ("paths", paths.into()),
            ("components", answer::record([("schemas", schemas.into())]).into()),
        ]);
        answer::json(200, document)
    }
}

/// One record may be read and posted, in the envelope that all entities share.
fn operations(wire: &ResourceWire, record: Value) -> Value {
    let list = answer::record([("type", "array".into()), ("items", record)]);
    let body = object(answer::record([(wire.array.as_str(), list.into())]));
    let enveloped = object(answer::record([("data", body.clone()), ("submitResult", object(Record::new()))]));
    let json = |schema: Value| {
        let kind = answer::record([("schema", schema)]);
        answer::record([("content", answer::record([("application/json", kind.into())]).into())])
    };
    let responses = answer::record([("200", json(enveloped).into())]);
    let get = answer::record([("responses", responses.clone().into())]);
    let post = answer::record([("requestBody", json(body).into()), ("responses", responses.into())]);
    answer::record([("get", get.into()), ("post", post.into())]).into()
}

fn object(properties: Record) -> Value {
    answer::record([("type", "object".into()), ("properties", properties.into())]).into()
}

fn properties(fields: &IndexMap<String, FieldSpec>, dress: &dyn Dress) -> Record {
    let mut properties = Record::new();
    for (name, field) in fields.iter().filter(|(_, field)| field.derive.is_empty()) {
        let schema = schema(field, dress);
        for name in dress.sent_as(field.wire_name(name)) {
            properties.insert(name, schema.clone());
        }
    }
    properties
}

fn schema(field: &FieldSpec, dress: &dyn Dress) -> Value {
    let kind = match field.ty {
        SpecType::Integer => "integer",
        SpecType::Decimal => "number",
        SpecType::Boolean => "boolean",
        SpecType::List => {
            let items = object(properties(&field.fields, dress));
            return answer::record([("type", "array".into()), ("items", items)]).into();
        }
        SpecType::Record => return object(properties(&field.fields, dress)),
        SpecType::Text | SpecType::Date | SpecType::Datetime => "string",
    };
    answer::record([("type", kind.into())]).into()
}
