//! Does the Procore fake answer in the shapes that are recorded of the real Procore?
//!
//! The test reads the fake's own table of paths and drives every one of them over the
//! sandbox's contractor: each list, page and view, single records, what is refused, what is
//! written. A path that it cannot reach is a finding, so none can be added past it. The
//! records lie beside the house; where they are not, there is nothing to compare.

mod caller;
mod drive;
mod facts;
mod hooks;
mod judge;
mod known;
mod writes;

use drive::Drive;
use facts::{Facts, field, records};
use indexmap::IndexMap;
use mlc::connector::{Derive, Driver, FieldSpec, Operation, ResourceSpec};
use mlc::connectors::drivers;
use mlc::sandbox::DEFAULT_SEED;

fn procore() -> &'static Driver {
    drivers().iter().find(|driver| driver.name == "procore").expect("a driver")
}

/// The records, or a word about their absence.
fn facts() -> Option<Facts> {
    let facts = Facts::read();
    if facts.is_none() {
        eprintln!("the records of Procore's shapes are not here; nothing was compared");
    }
    facts
}

#[test]
fn every_answer_has_the_recorded_shape() {
    let Some(facts) = facts() else { return };
    let mut drive = Drive::new(&facts, procore(), &mlc::sandbox::contractor(DEFAULT_SEED));
    drive.read_everything();
    drive.refuse_everything();
    drive.write_everything();
    drive.ask_too_often();
    let (compared, findings) = drive.verdict();
    assert!(findings.is_empty(), "{} findings in {compared} bodies:\n{}", findings.len(), findings.join("\n"));
    assert!(compared > 1_500, "only {compared} bodies were compared");
}

#[test]
fn every_field_of_the_catalogue_is_recorded_or_marked_as_the_house_s_own() {
    let Some(facts) = facts() else { return };
    let mut unknown = Vec::new();
    for (name, resource) in &(procore().catalogue)().resources {
        let paths = paths(resource);
        assert!(!paths.is_empty(), "{name} is read from nowhere");
        for path in paths {
            let Some(route) = facts.route_like("GET", &path) else {
                unknown.push(format!("{name}: GET {path} is not recorded"));
                continue;
            };
            let schema = |route| facts.operation(route).and_then(|operation| operation.response(200));
            let mut shown = records(schema(route).expect("a recorded answer"));
            // Lines that the list does not show come from the single record.
            let single = resource.wire.get("lines").and_then(|lines| lines.get("show")?.as_str());
            if let Some(single) = single.and_then(|path| facts.route_like("GET", path)) {
                shown.extend(records(schema(single).expect("a recorded answer")));
            }
            fields(&mut unknown, name, &shown, &resource.fields, false);
        }
        if let Some(body) = resource.wire.get("body").and_then(serde_yaml::Value::as_str) {
            let path = resource.wire["path"].as_str().expect("a path");
            // What is not made here is only marked, and nothing but its marks is written.
            let (route, sent) = if resource.operations.contains(&Operation::Create) {
                (facts.route_like("POST", path), resource.fields.clone())
            } else {
                let marked = |name: &String| Some((name.clone(), resource.fields.get(name)?.clone()));
                (
                    facts.route_like("PATCH", &format!("{path}/{{id}}")),
                    resource.marks.keys().filter_map(marked).collect(),
                )
            };
            let operation = facts.operation(route.expect("a route")).expect("what can be written is recorded");
            let schema = &operation.body()["properties"][body];
            fields(&mut unknown, &format!("{name} (written)"), &[schema], &sent, true);
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

/// Where the client reads the resource from, the scope in braces.
fn paths(resource: &ResourceSpec) -> Vec<String> {
    let text = |value: &serde_yaml::Value| value.as_str().expect("a path").to_owned();
    let own = resource.wire.get("path").map(text);
    let parts = resource.wire.get("parts").and_then(serde_yaml::Value::as_sequence);
    own.into_iter().chain(parts.into_iter().flatten().map(|part| text(&part["path"]))).collect()
}

/// Fields that no record of the operation has. A field of the house's own says so; what it
/// is computed from must be recorded all the same.
fn fields(
    unknown: &mut Vec<String>,
    place: &str,
    records: &[&serde_json::Value],
    fields: &IndexMap<String, FieldSpec>,
    written: bool,
) {
    for (name, spec) in fields {
        if if written { spec.read_only } else { spec.write_only } {
            continue;
        }
        let own = spec.source.as_deref() == Some("house");
        if !spec.derive.is_empty() {
            // Never written.
            if written {
                continue;
            }
            if !own {
                unknown.push(format!("{place}.{name} is computed and not marked as the house's own"));
            }
            let sources = spec.derive.iter().map(|way| match way {
                Derive::Segment { list, .. } => list,
                Derive::Split { text, .. } => text,
                Derive::Member { of, .. } => of,
            });
            unknown.extend(
                sources
                    .filter(|source| field(records, source).is_none())
                    .map(|source| format!("{place}.{name} is computed from `{source}`, which is not recorded")),
            );
            continue;
        }
        let names = std::iter::once(spec.wire_name(name)).chain(spec.aliases.iter().map(String::as_str));
        let found: Vec<_> = names.filter_map(|name| field(records, name)).collect();
        if found.is_empty() {
            if !own {
                unknown.push(format!("{place}.{name} is not recorded"));
            }
            continue;
        }
        let inside: Vec<_> = found.into_iter().flatten().collect();
        self::fields(unknown, &format!("{place}.{name}"), &inside, &spec.fields, written);
    }
}
