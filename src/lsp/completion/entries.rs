//! What begins an entry, and what follows the words of the language.

use super::super::context::{Block, Context, Sort};
use super::super::describe::Origin;
use super::super::facts::Known;
use super::super::target::{self, writable};
use super::super::view::View;
use super::offer::{Offers, Rank};
use crate::connector::Operation;
use crate::syntax::Item;
use std::sync::Arc;

const ITEMS: &[(&str, &str)] = &[
    ("pipeline", " \"$1\" {\n  timezone = \"$2\"\n  currency = \"$3\"\n}"),
    ("connect", " $1 {\n  $0\n}"),
    ("lookup", " $1($2) -> ($3) {\n  $0\n}"),
    ("flow", " $1 {\n  from $2 as $3\n\n  map {\n    $0\n  }\n\n  to $4 {\n    key $5\n  }\n}"),
];

const CLAUSES: &[(&str, &str)] = &[
    ("from", ""),
    ("where", ""),
    ("let", " $1 = $0"),
    ("map", " {\n  $0\n}"),
    ("require", " $1\n  else ${2|hold,reject,skip|} \"$0\""),
    ("to", ""),
];

const RULES: &[(&str, &str)] = &[
    ("key", " $0"),
    ("on change", " ${1|hold,update,ignore|}"),
    ("retry", " ${1:5} times from ${2:2s} to ${3:2m}"),
    ("guard", " ${1:25}% rejected"),
];

const LOOKUP: &[(&str, &str)] =
    &[("from", ""), ("from csv", " \"$0\""), ("verify", ""), ("missing", " ${1|hold,reject,skip|} \"$0\"")];

/// What may have become of a record in a test.
const EXPECTED: &[&str] = &["posted", "held", "rejected", "skipped"];

const OUTCOMES: &[&str] = &["hold", "reject", "skip"];

/// Offers what can stand here if that is known by the words alone; `false` in an expression.
pub fn offer(view: &View, context: &Context, offers: &mut Offers) -> bool {
    let words = context.words();
    match (context.sort(), words.as_slice()) {
        (None, []) => ITEMS.iter().for_each(|(word, body)| offers.snippet(word, body)),
        (None, ["connect"]) => systems(view, offers),
        (None, _) => {}
        (Some(sort), []) => begin(view, context, sort, offers),
        (Some(Sort::Flow | Sort::Lookup), ["from"]) => sources(view, context, offers),
        (Some(Sort::Flow | Sort::Lookup), ["from", connection, "."]) => {
            resources(view, connection, Operation::List, offers);
        }
        (Some(Sort::Flow), ["to"]) => connections(view, offers),
        (Some(Sort::Flow), ["to", connection, "."]) => resources(view, connection, Operation::Create, offers),
        (Some(Sort::Flow), ["from", _, ".", _]) => offers.word("as"),
        (Some(Sort::Flow), ["from", connection, ".", resource, "as", _]) => {
            if let Some(scope) = scope(view, connection, resource) {
                offers.snippet("per", &format!(" {scope}"));
            }
        }
        (Some(Sort::Flow), ["from", connection, ".", resource, "as", _, "per"]) => {
            if let Some(scope) = scope(view, connection, resource) {
                offers.value(&scope, "what the list is read by");
            }
        }
        (Some(Sort::Flow), ["from", .., "per", _]) => offers.word("where"),
        (Some(Sort::Flow), ["from", .., "as"] | ["let"]) => {}
        (Some(Sort::Lookup), ["from", connection, ".", resource]) => {
            if let Some(scope) = scope(view, connection, resource) {
                offers.snippet("per", &format!(" {scope}"));
            }
            offers.word("where");
        }
        (Some(Sort::Lookup), ["from", connection, ".", resource, "per"]) => {
            if let Some(scope) = scope(view, connection, resource) {
                offers.value(&scope, "what the list is read by");
            }
        }
        (Some(Sort::Lookup), ["from", _, ".", _, "per", _]) => offers.word("where"),
        (Some(Sort::Lookup), ["verify"]) => outputs(context, offers),
        (Some(Sort::Lookup), ["verify", _]) => offers.word("in"),
        (Some(Sort::Lookup), ["verify", _, "in"]) => connections(view, offers),
        (Some(Sort::Lookup), ["verify", _, "in", connection, "."]) => {
            resources(view, connection, Operation::List, offers);
        }
        (Some(Sort::Lookup), ["verify", _, "in", connection, ".", resource, "."]) => {
            fields(view, connection, resource, offers);
        }
        (_, ["missing"] | [.., "else"]) => OUTCOMES.iter().for_each(|word| offers.word(word)),
        (Some(Sort::Lookup), ["from" | "verify", rest @ ..]) => return !rest.contains(&"where"),
        (Some(Sort::To), words) => rule(view, context, words, offers),
        (Some(Sort::Test), ["flow"]) => flows(view, offers),
        (Some(Sort::Test), ["expect"]) => EXPECTED.iter().for_each(|word| offers.value(word, "")),
        (Some(Sort::Pipeline | Sort::Connect | Sort::Test | Sort::Lookup), _) => {}
        (Some(Sort::Map | Sort::Each), ["let"]) => {}
        (Some(Sort::Flow | Sort::Map | Sort::Each | Sort::Other), _) => return false,
    }
    true
}

/// What can begin an entry of a block.
fn begin(view: &View, context: &Context, sort: Sort, offers: &mut Offers) {
    match sort {
        Sort::Flow => CLAUSES.iter().for_each(|(word, body)| offers.snippet(word, body)),
        Sort::To => RULES.iter().for_each(|(word, body)| offers.snippet(word, body)),
        Sort::Lookup => LOOKUP.iter().for_each(|(word, body)| offers.snippet(word, body)),
        Sort::Pipeline => {
            offers.own_setting("timezone", "\"$0\"");
            offers.own_setting("currency", "\"$0\"");
        }
        Sort::Connect => settings(view, context, offers),
        Sort::Map | Sort::Each => target_fields(view, context, offers),
        Sort::Test => ["flow", "given", "expect"].iter().for_each(|word| offers.word(word)),
        Sort::Other => {}
    }
}

/// The systems that no connection is open to.
fn systems(view: &View, offers: &mut Offers) {
    for driver in view.house.drivers {
        if view.connections().all(|open| open != driver.name) {
            offers.connection(driver.name, Some((driver.catalogue)()));
        }
    }
}

fn connections(view: &View, offers: &mut Offers) {
    for name in view.connections() {
        offers.connection(name, view.catalogue(name));
    }
}

fn sources(view: &View, context: &Context, offers: &mut Offers) {
    connections(view, offers);
    if context.sort() == Some(Sort::Lookup) {
        offers.snippet("csv", " \"$0\"");
    }
}

/// The resources of a connection that can be read or written.
fn resources(view: &View, connection: &str, operation: Operation, offers: &mut Offers) {
    let Some(catalogue) = view.catalogue(connection) else { return };
    let shared = Arc::new(catalogue.clone());
    for (name, spec) in catalogue.resources.iter().filter(|(_, spec)| spec.can(operation)) {
        let known = Known { catalogue: shared.clone(), name: Arc::from(name.as_str()) };
        offers.resource(connection, &known, spec, Rank::Near);
    }
}

fn fields(view: &View, connection: &str, resource: &str, offers: &mut Offers) {
    let spec = view.catalogue(connection).and_then(|catalogue| catalogue.resources.get(resource));
    if let Some(spec) = spec {
        offers.fields(&spec.source_type());
    }
}

/// What a resource is read per one of.
fn scope(view: &View, connection: &str, resource: &str) -> Option<String> {
    let spec = view.catalogue(connection)?.resources.get(resource)?;
    spec.scope.as_ref().map(|scope| scope.name.clone())
}

/// The outputs in the head of the lookup around the cursor.
fn outputs(context: &Context, offers: &mut Offers) {
    let head = context.block().map_or_else(Vec::new, |block: &Block| context.texts(block.head.clone()));
    let after = head.iter().skip_while(|word| **word != "->").skip(1);
    after.filter(|word| !matches!(**word, "(" | ")" | ",")).for_each(|word| offers.value(word, "an output"));
}

fn settings(view: &View, context: &Context, offers: &mut Offers) {
    let Some(block) = context.block() else { return };
    let system = context.texts(block.head.clone()).get(1).copied().unwrap_or("");
    let given = context.assigned();
    offers.snippet("sandbox", "");
    if !given.contains(&"credentials") {
        offers.own_setting("credentials", &format!("env(\"${{1:{}}}\")", system.to_ascii_uppercase()));
    }
    let Some(catalogue) = view.catalogue(system) else { return };
    for (name, spec) in catalogue.settings.iter().filter(|(name, _)| !given.contains(&name.as_str())) {
        offers.setting(name, spec);
    }
}

/// The fields that the block can still fill, those that it must fill first.
fn target_fields(view: &View, context: &Context, offers: &mut Offers) {
    offers.snippet("let", " $1 = $0");
    let Some(target) = target::around(view, context) else { return };
    let given = context.assigned();
    let here = &view.analysis.text[context.word.clone()];
    let follows = view.analysis.text[context.word.end..].trim_start_matches([' ', '\t']).starts_with('=');
    for (name, field) in &target.fields.clone() {
        if writable(field) && (!given.contains(&name.as_str()) || name == here) {
            let origin = Origin { catalogue: target.catalogue, resource: target.resource, field };
            offers.target_field(name, &origin, follows);
        }
    }
}

fn rule(view: &View, context: &Context, words: &[&str], offers: &mut Offers) {
    match words {
        ["on"] => offers.word("change"),
        ["on", "change"] => {
            offers.value("hold", "a person decides about each change");
            offers.value("update", "the target is changed as well");
            offers.value("ignore", "the target stays as it is");
        }
        ["key"] | ["key", .., ","] => {
            let Some(target) = target::of_flow(view, context) else { return };
            let named = |name: &String| words.contains(&name.as_str());
            for name in target.resource.natural_keys.iter().flatten().filter(|name| !named(name)) {
                offers.value(name, "part of a key that the target can be asked by");
            }
        }
        _ => {}
    }
}

fn flows(view: &View, offers: &mut Offers) {
    for item in &view.analysis.file.items {
        if let Item::Flow(flow) = item {
            offers.value(&flow.name.text, "a flow of this file");
        }
    }
}

/// The lookups of the file.
pub fn lookups(view: &View, offers: &mut Offers) {
    for item in &view.analysis.file.items {
        if let Item::Lookup(lookup) = item {
            offers.lookup(lookup);
        }
    }
}
