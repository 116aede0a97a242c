//! A read service such as tenants write for themselves: one procedure for each resource, a
//! parameter for each condition, and flat rows.

use super::answer;
use super::filter::meets;
use crate::connector::FieldSpec;
use crate::connectors::qad::fake::QadFake;
use crate::connectors::qad::qxtend::envelope;
use crate::connectors::qad::qxtend::reads::Operator;
use crate::connectors::qad::qxtend::xml::{self, Element};
use crate::value::{Record, Value};
use crate::world::{HttpRequest, HttpResponse};
use indexmap::IndexMap;

const OPERATORS: [Operator; 4] = [Operator::Equals, Operator::AtLeast, Operator::AtMost, Operator::Begins];

impl QadFake {
    /// One call. A parameter that the procedure does not have is ignored.
    pub fn read_service(&self, request: &HttpRequest) -> HttpResponse {
        match self.authorized(request) {
            Ok(true) => {}
            Ok(false) => return answer::plain(401, "Unauthorized"),
            Err(refusal) => return refusal,
        }
        if request.header("SOAPAction").is_none() {
            return answer::fault("Client", "no SOAPAction header!");
        }
        let root = match xml::read(&request.body) {
            Ok(root) => root,
            Err(problem) => return answer::fault("Client", &problem),
        };
        let Some(call) = envelope::content(&root) else {
            return answer::fault("VersionMismatch", "The envelope is not one of SOAP 1.1");
        };
        let style = &self.style().custom_service;
        let resource = self.soap_resources().find(|resource| resource.wire.service == call.name);
        let Some(resource) = resource.filter(|_| call.space == style.namespace) else {
            return answer::service_fault(&format!("Could not open/access procedure {} (10893)", call.name));
        };
        let parameter = |name: &str| call.child(&format!("{}{name}", style.prefix)).map(|given| given.text.trim());
        let number = |name: &str| parameter(name).and_then(|text| text.parse::<usize>().ok());
        let passes = |record: &Record| {
            resource.spec.fields.iter().all(|(name, spec)| {
                let column = resource.wire.column(style, name, spec);
                let value = record.get(name).unwrap_or(&Value::Null);
                OPERATORS.iter().all(|operator| {
                    let wanted = parameter(&format!("{column}{}", operator.ending()));
                    wanted.is_none_or(|wanted| meets(value, operator.sign(), wanted) == Some(true))
                })
            })
        };
        let name = |path: &str, spec: &FieldSpec| resource.wire.column(style, path, spec);
        let table = |list: &str| resource.wire.lists.get(list).map(|table| table.table.clone());
        let from = number("first").unwrap_or(1).max(1) - 1;
        let found = self.kept(resource.name).into_iter().filter(passes).skip(from).take(number("rows").unwrap_or(100));
        let rows = found.map(|record| row(&style.row, &resource.spec.fields, &record, "", &name, &table));
        let response =
            Element::new(format!("{}Response", call.name)).attribute("xmlns", &style.namespace).with_all(rows);
        answer::enveloped(200, response)
    }
}

fn row(
    element: &str,
    fields: &IndexMap<String, FieldSpec>,
    record: &Record,
    list: &str,
    name: &dyn Fn(&str, &FieldSpec) -> String,
    table: &dyn Fn(&str) -> Option<String>,
) -> Element {
    let mut row = Element::new(element);
    for (field, spec) in fields {
        let path = if list.is_empty() { field.clone() } else { format!("{list}.{field}") };
        let value = record.get(field).cloned().unwrap_or_default();
        match (value.as_list(), table(field)) {
            (Some(items), Some(table_name)) => {
                let items = items.iter().filter_map(Value::as_record);
                row = row.with_all(items.map(|item| self::row(&table_name, &spec.fields, item, field, name, table)));
            }
            (Some(_), None) => {}
            (None, _) => row = row.with(Element::leaf(name(&path, spec), value.to_string())),
        }
    }
    row
}
