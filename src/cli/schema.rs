//! `mlc schema`: what the catalogues know, with how sure each fact is and where it comes from.

use super::arguments::{Format, Schema};
use super::exit::{Exit, Failure, Outcome};
use super::grid::Grid;
use super::screen::{BOLD, DIM, count, say, say_json};
use crate::connector::{Catalogue, Driver, FieldSpec, NoticeEvent, Operation, ResourceSpec, SpecType};
use crate::connectors::drivers;
use crate::diag::nearest;
use crate::model::functions;
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::fmt::Write;

pub fn run(arguments: &Schema) -> Outcome {
    let json = arguments.printing.format == Format::Json;
    if arguments.functions {
        return if json { list_functions_json() } else { list_functions() };
    }
    let Some(wanted) = &arguments.resource else {
        return if json { print(&drivers().iter().map(connector_json).collect::<Vec<_>>()) } else { list() };
    };
    let (connector, resource) = wanted.split_once('.').map_or((wanted.as_str(), None), |(c, r)| (c, Some(r)));
    let driver = find_driver(connector)?;
    let catalogue = (driver.catalogue)();
    let Some(resource) = resource else {
        return if json { print(&connector_json(driver)) } else { show_connector(catalogue) };
    };
    let spec = find_resource(catalogue, resource)?;
    if json { print(&resource_json(resource, spec)) } else { show_resource(catalogue, resource, spec) }
}

fn print(value: &impl serde::Serialize) -> Outcome {
    say_json(value)?;
    Ok(Exit::Well)
}

fn find_driver(name: &str) -> Result<&'static Driver, Failure> {
    drivers().iter().find(|driver| driver.name == name).ok_or_else(|| {
        let names: Vec<&str> = drivers().iter().map(|driver| driver.name).collect();
        // A resource's name alone is a common slip.
        let owner = drivers().iter().find(|driver| (driver.catalogue)().resources.contains_key(name));
        let hint = match (owner, nearest(name, names.iter().copied())) {
            (Some(owner), _) => format!("did you mean {}.{name}?", owner.name),
            (None, Some(near)) => format!("did you mean {near}?"),
            (None, None) => format!("there are: {}", names.join(", ")),
        };
        Failure::wrong(format!("there is no connector `{name}`"), hint)
    })
}

fn find_resource<'a>(catalogue: &'a Catalogue, name: &str) -> Result<&'a ResourceSpec, Failure> {
    catalogue.resources.get(name).ok_or_else(|| {
        let names: Vec<&str> = catalogue.resources.keys().map(String::as_str).collect();
        let hint = nearest(name, names.iter().copied()).map_or_else(
            || format!("it has: {}", names.join(", ")),
            |near| format!("did you mean {}.{near}?", catalogue.connector),
        );
        Failure::wrong(format!("{} has no resource `{name}`", catalogue.title), hint)
    })
}

fn list() -> Outcome {
    let mut text = String::new();
    for driver in drivers() {
        let catalogue = (driver.catalogue)();
        let _ = writeln!(text, "{BOLD}{}{BOLD:#}  {}\n", catalogue.connector, catalogue.title);
        text.push_str(&resources(catalogue));
        text.push('\n');
    }
    text.push_str(
        "`mlc schema CONNECTOR.RESOURCE` shows the fields, `mlc schema --functions` what a mapping may call.\n",
    );
    say(&text)?;
    Ok(Exit::Well)
}

fn resources(catalogue: &Catalogue) -> String {
    let mut grid = Grid::new(&["Resource", "What it is", "Can", "Fields", "Grade"]);
    for (name, spec) in &catalogue.resources {
        grid.row([
            format!("{}.{name}", catalogue.connector),
            scoped(spec),
            operations(spec),
            spec.fields.len().to_string(),
            spec.grade.name().to_owned(),
        ]);
    }
    grid.render()
}

fn scoped(spec: &ResourceSpec) -> String {
    spec.scope.as_ref().map_or_else(|| spec.plural.clone(), |scope| format!("{}, per {}", spec.plural, scope.name))
}

fn operations(spec: &ResourceSpec) -> String {
    spec.operations.iter().map(|operation| operation.name()).collect::<Vec<_>>().join(", ")
}

fn show_connector(catalogue: &Catalogue) -> Outcome {
    let mut text = format!("{BOLD}{}{BOLD:#}  {}\n\n", catalogue.connector, catalogue.title);
    let mut grid = Grid::new(&["Setting", "Needed", "What it is"]);
    for (name, setting) in &catalogue.settings {
        let needed = match (&setting.default, setting.required) {
            (Some(default), _) => format!("else {default}"),
            (None, true) => "yes".to_owned(),
            (None, false) => "no".to_owned(),
        };
        grid.row([name.clone(), needed, setting.doc.clone()]);
    }
    let _ = writeln!(text, "{}", grid.render());
    let mut grid = Grid::new(&["Credential", "What it is"]);
    catalogue.credentials.iter().for_each(|field| grid.row([field.name.clone(), field.doc.clone()]));
    let _ = writeln!(text, "{}", grid.render());
    text.push_str(&resources(catalogue));
    let _ = writeln!(text, "\n{BOLD}Where facts come from{BOLD:#}");
    for (name, source) in &catalogue.sources {
        let _ = writeln!(text, "  {DIM}{name:<10}{DIM:#}  {source}");
    }
    say(&text)?;
    Ok(Exit::Well)
}

fn show_resource(catalogue: &Catalogue, name: &str, spec: &ResourceSpec) -> Outcome {
    let mut text = format!("{BOLD}{}.{name}{BOLD:#}  {}\n{}\n", catalogue.connector, spec.plural, spec.doc);
    for (what, value) in facts(catalogue, name, spec) {
        let _ = writeln!(text, "  {DIM}{what:<12}{DIM:#}  {value}");
    }
    let mut grid = Grid::new(&["Field", "Type", "What it is", "Grade", "Source"]);
    fields(&spec.fields, "", spec, &mut grid);
    let _ = write!(text, "\n{}", grid.render());
    let writes = spec.can(Operation::Create) || spec.can(Operation::Update);
    let _ = writeln!(
        text,
        "\n{DIM}`?` may be absent{}; grades: confirmed, one site, inferred, unknown{DIM:#}",
        if writes { ", as a target: may be left out; `!` must be mapped" } else { "" }
    );
    say(&text)?;
    Ok(Exit::Well)
}

fn facts(catalogue: &Catalogue, name: &str, spec: &ResourceSpec) -> Vec<(&'static str, String)> {
    let mut facts = vec![("can", operations(spec))];
    if let Some(scope) = &spec.scope {
        facts.push(("read per", format!("from {}.{name} as x per {}", catalogue.connector, scope.name)));
    }
    let keys: Vec<String> = spec.natural_keys.iter().map(|key| key.join(" + ")).collect();
    let filters: Vec<&str> = spec.filters.keys().map(String::as_str).collect();
    let more = [
        ("asked by", keys.join(", or ")),
        ("filters", filters.join(", ")),
        ("changed", spec.changed.clone().unwrap_or_default()),
        ("waits for", spec.settles.join(", ")),
        ("marks", spec.marks.keys().map(String::as_str).collect::<Vec<_>>().join(", ")),
        ("webhook", spec.webhook.as_ref().map_or_else(|| "none: it is polled".to_owned(), ToString::to_string)),
        ("grade", format!("{}, {}", spec.grade.name(), source(catalogue, &spec.source))),
    ];
    facts.extend(more.into_iter().filter(|(_, value)| !value.is_empty()));
    facts
}

fn source(catalogue: &Catalogue, short: &str) -> String {
    catalogue.sources.get(short).map_or_else(|| short.to_owned(), |long| format!("{short} ({long})"))
}

fn fields(list: &IndexMap<String, FieldSpec>, under: &str, resource: &ResourceSpec, grid: &mut Grid) {
    for (name, field) in list {
        let path = if under.is_empty() { name.clone() } else { format!("{under}.{name}") };
        let grade = field.grade.unwrap_or(resource.grade);
        let source = field.source.as_deref().unwrap_or(&resource.source);
        grid.row([path.clone(), type_of(field), about(field), grade.name().to_owned(), source.to_owned()]);
        let inner = if field.ty == SpecType::List { format!("{path}[*]") } else { path };
        fields(&field.fields, &inner, resource, grid);
    }
}

fn type_of(field: &FieldSpec) -> String {
    let mut text = match (field.ty, field.item) {
        (SpecType::List, Some(item)) => format!("list of {}", item.name()),
        (ty, _) => ty.name().to_owned(),
    };
    if let Some(max) = field.max {
        let _ = write!(text, "({max})");
    }
    text.push_str(if !field.required {
        "?"
    } else if field.read_only {
        ""
    } else {
        "!"
    });
    text
}

fn about(field: &FieldSpec) -> String {
    let mut text = field.doc.trim_end_matches('.').to_owned() + ".";
    if !field.values.is_empty() {
        let which = if field.closed { "One of" } else { "Known values" };
        let _ = write!(text, " {which}: {}.", field.values.join(", "));
    }
    if let Some(default) = &field.default {
        let _ = write!(text, " Left out: {default}.");
    }
    if !field.derive.is_empty() {
        text.push_str(" Derived from other fields.");
    }
    if field.read_only {
        text.push_str(" Only read.");
    }
    if field.write_only {
        text.push_str(" Only written.");
    }
    text
}

fn list_functions() -> Outcome {
    let mut grid = Grid::new(&["Function", "What it does", "Example"]);
    for function in functions::all() {
        let example = function.examples.first().map_or_else(String::new, |(call, shows)| format!("{call} is {shows}"));
        grid.row([call(function), function.doc.to_owned(), example]);
    }
    let number = functions::all().len() as u64;
    say(&format!(
        "{}\n{}; `value | name(…)` puts the value first\n",
        grid.render(),
        count(number, "function", "functions")
    ))?;
    Ok(Exit::Well)
}

fn call(function: &functions::Function) -> String {
    let parameters: Vec<String> = function
        .parameters
        .iter()
        .map(|parameter| {
            let optional = if parameter.optional { "?" } else { "" };
            format!("{}{optional}: {}", parameter.name, parameter.ty)
        })
        .collect();
    format!("{}({})", function.name, parameters.join(", "))
}

fn list_functions_json() -> Outcome {
    let list: Vec<Value> = functions::all()
        .iter()
        .map(|function| {
            json!({
                "name": function.name,
                "call": call(function),
                "doc": function.doc,
                "examples": function.examples.iter().map(|(call, shows)| json!([call, shows])).collect::<Vec<_>>(),
            })
        })
        .collect();
    print(&list)
}

fn connector_json(driver: &Driver) -> Value {
    let catalogue = (driver.catalogue)();
    let resources: Vec<Value> = catalogue.resources.iter().map(|(name, spec)| resource_json(name, spec)).collect();
    json!({
        "connector": catalogue.connector,
        "title": catalogue.title,
        "sources": catalogue.sources,
        "credentials": catalogue.credentials.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(),
        "settings": catalogue.settings.iter().map(|(name, setting)| json!({
            "name": name, "required": setting.required, "default": setting.default, "values": setting.values, "doc": setting.doc,
        })).collect::<Vec<_>>(),
        "resources": resources,
    })
}

fn resource_json(name: &str, spec: &ResourceSpec) -> Value {
    json!({
        "resource": name,
        "title": spec.title,
        "plural": spec.plural,
        "doc": spec.doc,
        "operations": spec.operations.iter().map(|operation| operation.name()).collect::<Vec<_>>(),
        "per": spec.scope.as_ref().map(|scope| scope.name.as_str()),
        "natural_keys": spec.natural_keys,
        "filters": spec.filters.keys().collect::<Vec<_>>(),
        "settles": spec.settles,
        "marks": spec.marks.keys().collect::<Vec<_>>(),
        "webhook": spec.webhook.as_ref().map(|told| json!({
            "names": told.names,
            "events": told.events.iter().map(NoticeEvent::name).collect::<Vec<_>>(),
        })),
        "grade": spec.grade.name(),
        "source": spec.source,
        "fields": fields_json(&spec.fields, spec),
    })
}

fn fields_json(list: &IndexMap<String, FieldSpec>, resource: &ResourceSpec) -> Vec<Value> {
    list.iter()
        .map(|(name, field)| {
            json!({
                "name": name,
                "type": field.ty.name(),
                "item": field.item.map(SpecType::name),
                "required": field.required,
                "read_only": field.read_only,
                "write_only": field.write_only,
                "max": field.max,
                "values": field.values,
                "closed": field.closed,
                "default": field.default,
                "derived": !field.derive.is_empty(),
                "doc": field.doc,
                "grade": field.grade.unwrap_or(resource.grade).name(),
                "source": field.source.as_deref().unwrap_or(&resource.source),
                "fields": fields_json(&field.fields, resource),
            })
        })
        .collect()
}
