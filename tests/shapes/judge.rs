//! Compares bodies with strict schemas and gathers what does not fit, each kind of it once.

use super::facts::{Operation, strict};
use super::known::{KNOWN, LISTS};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What does not fit: route and status, then where and what.
#[derive(Default)]
pub struct Judge {
    schemas: HashMap<(String, u16), Option<Validator>>,
    found: BTreeMap<(String, String), usize>,
    known: BTreeSet<usize>,
    /// Bodies that were compared.
    pub compared: usize,
}

impl Judge {
    /// Compares one body.
    pub fn body(&mut self, route: &str, operation: Operation<'_>, status: u16, body: Option<&Value>) {
        let key = (route.to_owned(), status);
        let validator = self.schemas.entry(key).or_insert_with(|| {
            let made = schema(operation, status)?;
            let one_of_a_list = status == 200 && LISTS.contains(&route);
            Some(compile(&if one_of_a_list { json!({"type": "array", "items": made}) } else { made }))
        });
        let Some(validator) = validator else { return };
        self.compared += 1;
        let problems = match body {
            None => vec!["(whole): no JSON".to_owned()],
            Some(Value::Null) => vec!["(whole): null".to_owned()],
            Some(body) => validator.iter_errors(body).flat_map(|error| problems(&error)).collect(),
        };
        for problem in problems {
            self.problem(&format!("{route} {status}"), problem);
        }
    }

    pub fn problem(&mut self, place: &str, problem: String) {
        let known = KNOWN.iter().position(|known| known.covers(place, &problem));
        match known {
            Some(index) => drop(self.known.insert(index)),
            None => *self.found.entry((place.to_owned(), problem)).or_default() += 1,
        }
    }

    /// Everything that was found, and every known deviation that nothing shows any more.
    pub fn verdict(&self) -> Vec<String> {
        let found =
            self.found.iter().map(|((place, problem), times)| format!("{place}\n    {problem} ({times} times)"));
        let unused = KNOWN.iter().enumerate().filter(|(index, _)| !self.known.contains(index));
        let unused = unused.map(|(_, known)| format!("not seen any more: {} {}", known.place, known.problem));
        found.chain(unused).collect()
    }
}

/// The recorded schema, and for refusals the shapes that Procore is known to answer beside it.
fn schema(operation: Operation<'_>, status: u16) -> Option<Value> {
    let recorded = operation.response(status).map(strict);
    let text = |names: &[&str]| {
        let fields = names.iter().map(|name| ((*name).to_owned(), json!({"type": "string"})));
        let fields: serde_json::Map<String, Value> = fields.collect();
        json!({"type": "object", "properties": fields, "additionalProperties": false, "minProperties": 1})
    };
    let mut nominal = text(&["message", "fields", "reason", "error"]);
    nominal["properties"]["code"] = json!({"type": "integer"});
    let one = |name: &str, inner: Value| json!({"type": "object", "properties": {name: inner}, "required": [name], "additionalProperties": false});
    let texts = json!({"type": "array", "items": {"type": "string"}, "minItems": 1});
    let beside = match status {
        200..300 => return recorded,
        400 | 401 => vec![nominal],
        // Seen in the field by two clients: a list of sentences.
        403 => vec![nominal, one("errors", texts)],
        404 => vec![nominal, text(&["message", "exception"])],
        409 => vec![text(&["message"])],
        // Complaints by field, as validations are seen to answer.
        422 => {
            vec![nominal, one("errors", json!({"type": "object", "additionalProperties": texts, "minProperties": 1}))]
        }
        _ => Vec::new(),
    };
    let all: Vec<Value> = recorded.into_iter().chain(beside).collect();
    Some(json!({"anyOf": all}))
}

fn compile(schema: &Value) -> Validator {
    let decimal = |text: &str| text.parse::<mlc::value::Decimal>().is_ok();
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .with_format("decimal", decimal)
        .build(schema)
        .expect("a strict schema is a schema")
}

/// Where and what, list positions as `*`. Of several shapes that a body may have, the one
/// that it comes nearest to tells.
fn problems(error: &ValidationError<'_>) -> Vec<String> {
    let path = error.instance_path().to_string();
    let steps = path.split('/').skip(1).map(|step| if step.parse::<usize>().is_ok() { "*" } else { step });
    let place = steps.collect::<Vec<_>>().join(".");
    let place = if place.is_empty() { "(whole)".to_owned() } else { place };
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => context
            .iter()
            .map(|variant| variant.iter().flat_map(problems).collect::<Vec<_>>())
            .min_by_key(Vec::len)
            .unwrap_or_default(),
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|name| format!("{place}: `{name}` is not recorded")).collect()
        }
        ValidationErrorKind::Enum { .. } => vec![format!("{place}: {} is not among the values", error.instance())],
        ValidationErrorKind::Type { kind } => vec![format!("{place}: is not of type {kind:?}")],
        _ => vec![format!("{place}: {error}")],
    }
}
