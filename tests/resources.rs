//! Any resource of both catalogues can be where a flow or a lookup reads from: a pipeline
//! with a flow and a lookup of each is made from the catalogues, checked, and planned
//! against the sandbox. Each flow asks the lookup of its own resource for each of its
//! records, and the lookup gives all that the catalogue has of one, nested records too.

use crate::support::{mlc_in, scratch};
use mlc::connector::{Catalogue, FieldSpec, Operation, ResourceSpec, SpecType};
use mlc::connectors::drivers;
use serde_json::Value;
use std::fmt::Write;
use std::fs;

/// What the sandbox has none of before something is posted. The plan warns of each.
const EMPTY: &[&str] = &["qad_ap_payments", "qad_customer_payments"];

#[test]
fn any_resource_can_be_read_by_flows_and_by_lookups() {
    let dir = scratch();
    let (text, flows) = pipeline();
    fs::write(dir.path().join("every.mlc"), &text).expect("the pipeline");
    let checked = mlc_in(dir.path(), &["check", "every.mlc"]);
    assert_eq!(checked.code, 0, "{checked}\n{text}");
    let planned = mlc_in(dir.path(), &["plan", "every.mlc", "--format", "json"]);
    let report: Value = serde_json::from_str(&planned.stdout).unwrap_or_else(|error| panic!("{error}: {planned}"));
    let warnings = report["warnings"].as_array().expect("a list");
    assert_eq!((planned.code, warnings.len()), (1, EMPTY.len()), "{planned}");
    for name in flows {
        let counts = &report["flows"][&name];
        let read = counts["read"].as_u64().unwrap_or_else(|| panic!("no `{name}` in {planned}"));
        assert_eq!(read == 0, EMPTY.contains(&name.as_str()), "{name}: {counts}");
        assert_eq!(counts["skipped"], read, "each record finds itself in the lookup: {name}: {counts}");
    }
}

/// The pipeline, and the names of its flows.
fn pipeline() -> (String, Vec<String>) {
    let mut text = String::from("connect procore { sandbox }\nconnect qad { sandbox }\n");
    let mut flows = Vec::new();
    for driver in drivers() {
        let catalogue = (driver.catalogue)();
        let listed = catalogue.resources.iter().filter(|(_, spec)| spec.can(Operation::List));
        for (resource, spec) in listed {
            let name = format!("{}_{resource}", driver.name);
            text.push_str(&lookup_and_flow(catalogue, resource, spec, &name));
            flows.push(name);
        }
    }
    (text, flows)
}

fn lookup_and_flow(catalogue: &Catalogue, resource: &str, spec: &ResourceSpec, name: &str) -> String {
    let place = format!("{}.{resource}", catalogue.connector);
    let (per, scope) = match &spec.scope {
        Some(scope) => (format!(" per {}", scope.name), Some(scope)),
        None => (String::new(), None),
    };
    let carried = scope.map(|scope| format!("{}_{}", scope.name, scope.field));
    let inputs: Vec<&str> =
        carried.iter().map(String::as_str).chain(spec.identity.iter().map(String::as_str)).collect();
    let readable = spec.fields.iter().filter(|(_, field)| !field.write_only);
    let outputs: Vec<&str> = readable.map(|(name, _)| name.as_str()).collect();
    let mut text =
        format!("\nlookup of_{name}({}) -> ({}) {{\n  from {place}{per}\n", inputs.join(", "), outputs.join(", "));
    if let Some(field) = optional_text(spec) {
        let _ = writeln!(text, "  where ({field} ?? \"\") != \"nobody\"");
    }
    let _ = writeln!(
        text,
        "  missing hold \"it does not find itself\"\n}}\n\nflow {name} {{\n  from {place} as record{per}"
    );
    let mut given: Vec<String> = scope.iter().map(|scope| format!("{}.{}", scope.name, scope.field)).collect();
    for field in &spec.identity {
        if spec.fields[field].required {
            given.push(format!("record.{field}"));
        } else {
            let _ = writeln!(text, "  let its_{field} = record.{field} else hold \"it has no {field}\"");
            given.push(format!("its_{field}"));
        }
    }
    let _ = writeln!(text, "  let found = of_{name}({})", given.join(", "));
    let first = &spec.identity[0];
    let known = if spec.fields[first].required {
        format!("found.{first}")
    } else {
        format!("(found.{first} ?? {})", neutral(&spec.fields[first]))
    };
    let _ = writeln!(text, "  require {known} != {} else skip \"found\"", given[given.len() - spec.identity.len()]);
    text + "  map {\n    name = \"nobody\"\n    origin_id = \"none\"\n  }\n  to procore.vendors { key origin_id }\n}\n"
}

/// A text that need not be there.
fn optional_text(spec: &ResourceSpec) -> Option<&str> {
    let optional = |field: &FieldSpec| {
        field.ty == SpecType::Text && field.values.is_empty() && !field.required && !field.write_only
    };
    spec.fields.iter().find(|(_, field)| optional(field)).map(|(name, _)| name.as_str())
}

/// A value that no record has.
fn neutral(field: &FieldSpec) -> &'static str {
    match field.ty {
        SpecType::Integer => "-1",
        _ => "\"\"",
    }
}
