//! The fake's own description of its business entities, made of the catalogue.
//!
//! Where a real tenant keeps its Swagger is not public; nothing but a profile that names
//! this path may rely on it.

use super::QadFake;
use super::answer;
use crate::connector::{FieldSpec, SpecType};
use crate::connectors::qad::catalogue::{ResourceWire, Tenant};
use crate::connectors::qad::dress::{self, Dress, Terms};
use crate::value::{Record, Value};
use crate::world::HttpResponse;
use indexmap::IndexMap;

/// Fields that every record has.
const COMMON: [&str; 3] = ["uri", "dataOperation", "concurrencyHash"];
/// A list whose records the catalogue shows as one text, and their names.
const ORDERS: (&str, [&str; 2]) = ("purchaseOrders", ["domainCode", "purchaseOrderNumber"]);

/// Below the context root.
pub const PATH: &str = "/api/docs/swagger.json";

impl QadFake {
    /// `GET /api/docs/swagger.json`
    pub fn swagger(&self) -> HttpResponse {
        answer::json(200, document(self.tenant))
    }
}

fn document(tenant: &Tenant) -> Record {
    let mut paths = Record::new();
    let mut schemas = Record::new();
    for name in tenant.catalogue.resources.keys() {
        let Some((spec, wire)) = tenant.resource(name).filter(|(_, wire)| !wire.path.is_empty()) else {
            continue;
        };
        let schema = wire.array.as_str();
        schemas.insert(schema, object(whole(tenant, wire, &spec.fields, dress::of(name))));
        let reference = answer::record([("$ref", format!("#/components/schemas/{schema}").into())]);
        paths.insert(wire.path.as_str(), operations(wire, reference.into()));
    }
    answer::record([
        ("openapi", "3.0.1".into()),
        ("info", answer::record([("title", "Sandbox".into()), ("version", "1".into())]).into()),
        ("paths", paths.into()),
        ("components", answer::record([("schemas", schemas.into())]).into()),
    ])
}

/// The names of a whole record: its fields, its keys, what a new one gets beside them, and
/// what every record has.
fn whole(tenant: &Tenant, wire: &ResourceWire, fields: &IndexMap<String, FieldSpec>, dress: &dyn Dress) -> Record {
    let mut properties = properties(fields, dress);
    let terms = Terms { profile: &tenant.profile, domain: "", entity: "" };
    let defaults = dress.defaults(terms, &Record::new()).into_iter().map(|(name, _)| name);
    let beside = defaults.filter(|name| !fields.contains_key(*name));
    for name in wire.keys.iter().map(String::as_str).chain(COMMON).chain(beside) {
        if properties.get(name).is_none() {
            properties.insert(name, answer::record([("type", "string".into())]));
        }
    }
    properties
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
            let schema = if name == ORDERS.0 { orders() } else { schema.clone() };
            properties.insert(name, schema);
        }
    }
    properties
}

fn orders() -> Value {
    let text = || answer::record([("type", "string".into())]).into();
    let items = object(answer::record(ORDERS.1.map(|name| (name, text()))));
    answer::record([("type", "array".into()), ("items", items)]).into()
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

#[cfg(test)]
mod tests {
    use super::{COMMON, document};
    use crate::connector::{FieldSpec, Operation, SpecType};
    use crate::connectors::qad::catalogue::shipped_tenant;
    use crate::connectors::qad::dress::{self, Terms};
    use crate::value::{Decimal, Record, Value};
    use indexmap::IndexMap;

    /// A record with a value in every field that can be written.
    fn full(fields: &IndexMap<String, FieldSpec>) -> Record {
        let mut record = Record::new();
        for (name, field) in fields.iter().filter(|(_, field)| !field.read_only && field.derive.is_empty()) {
            let value: Value = match field.ty {
                SpecType::Integer => Value::Integer(1),
                SpecType::Decimal => Decimal::cents(100).into(),
                SpecType::Boolean => true.into(),
                SpecType::List => Value::list(vec![full(&field.fields).into()]),
                SpecType::Record => full(&field.fields).into(),
                SpecType::Date => Value::Date("2026-10-31".parse().expect("day")),
                SpecType::Text | SpecType::Datetime => field.values.first().map_or("X", String::as_str).into(),
            };
            record.insert(name.as_str(), value);
        }
        record
    }

    /// Every name of the record, and of the records in its lists, is among the properties.
    fn described(record: &Record, properties: &Record, place: &str) {
        for (name, value) in record.iter() {
            let property = properties.get(name).unwrap_or_else(|| panic!("no {place}{name} in {properties:?}"));
            let items = property.as_record().and_then(|property| property.at("items.properties"));
            for item in value.as_list().unwrap_or_default().iter().filter_map(Value::as_record) {
                let items = items.and_then(Value::as_record).unwrap_or_else(|| panic!("{place}{name} is no list"));
                described(item, items, &format!("{place}{name}."));
            }
        }
    }

    #[test]
    fn all_that_is_sent_is_described() {
        let tenant = shipped_tenant();
        let document = document(tenant);
        let terms = Terms { profile: &tenant.profile, domain: "10USA", entity: "10USACO" };
        let mut written = 0;
        for name in tenant.catalogue.resources.keys() {
            let (spec, wire) = tenant.resource(name).expect("resource");
            if !spec.can(Operation::Create) {
                continue;
            }
            written += 1;
            let mut record = full(&spec.fields);
            if name == "supplier_invoices" {
                record.insert("status_code", "AP-GLALLOC");
            }
            let properties = document.at(&format!("components.schemas.{}.properties", wire.array));
            let properties = properties.and_then(Value::as_record).expect("a schema");
            let sent = dress::outgoing(dress::of(name), spec, terms, &record);
            assert!(sent.get("concurrencyHash").is_some() && COMMON.contains(&"concurrencyHash"));
            described(&sent, properties, "");
        }
        assert_eq!(written, 3, "supplier invoices and payments of both kinds");
    }
}
