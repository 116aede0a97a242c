//! What begins an entry, and what follows the words of the language.

use super::super::context::{Block, Context, Sort};
use super::super::describe::Origin;
use super::super::facts::Known;
use super::super::target::{self, writable};
use super::super::view::View;
use super::offer::{Offers, Rank};
use super::used;
use super::values::{self, Quotes};
use super::words::{CLAUSES, EXPECTED, ITEMS, LOOKUP, NOTICES, OUTCOMES, RULES, TEST, TYPES};
use crate::connector::Operation;
use crate::syntax::Item;
use std::sync::Arc;

/// Offers what can stand here if that is known by the words alone; `false` in an expression.
pub fn offer(view: &View, context: &Context, offers: &mut Offers) -> bool {
    let words = context.words();
    match (context.sort(), words.as_slice()) {
        (None, []) => ITEMS.iter().for_each(|(word, body)| offers.snippet(word, body)),
        (None, ["connect"]) => systems(view, offers),
        (None, ["extend"]) => offers.word("flow"),
        (None, ["extend", "flow"]) => flows(view, offers),
        (None, ["fn" | "let", rest @ ..]) if rest.contains(&"=") => return false,
        (None, ["fn", .., ":" | "of"]) | (Some(Sort::Vars), [_, ":"] | [_, ":", .., "of"]) => types(view, offers),
        (None, ["fn", .., ":", connection, "."]) => resources(view, connection, Operation::List, offers),
        (None, ["use", _]) => offers.word("without"),
        (None, ["use", path, "without"] | ["use", path, "without", .., ","]) => {
            used::flows(view, path).iter().for_each(|name| offers.value(name, "a flow of that file"));
        }
        (None, _) | (Some(Sort::Vars), _) => {}
        (_, [.., "linked" | "posted", "("]) => flows(view, offers),
        (Some(Sort::Other), []) if context.begins_with("expect") => return false,
        (Some(Sort::Cases | Sort::Matching), words) if !words.is_empty() => {
            if let ["ambiguous"] = words {
                OUTCOMES.iter().for_each(|word| offers.word(word));
                return true;
            }
            return false;
        }
        (Some(Sort::Matching), []) => {
            offers.snippet("ambiguous", " ${1|hold,reject,skip|} \"$0\"");
            return false;
        }
        (Some(Sort::Cases), []) => {
            offers.snippet("_", " => $0");
            return false;
        }
        (Some(sort), []) => begin(view, context, sort, offers),
        (Some(Sort::Flow | Sort::Lookup), ["from"]) => sources(view, context, offers),
        (Some(Sort::Flow | Sort::Lookup), ["from", connection, "."]) => {
            resources(view, connection, Operation::List, offers);
        }
        (Some(Sort::Flow), ["to" | "match"]) => connections(view, offers),
        (Some(Sort::Flow), ["match", connection, "."]) => resources(view, connection, Operation::List, offers),
        (Some(Sort::Flow), ["match", _, ".", _]) => offers.word("as"),
        (Some(Sort::Flow), ["match", .., "as"]) => {}
        (Some(Sort::Flow), ["run"]) => ["every", "on webhook"].iter().for_each(|word| offers.word(word)),
        (Some(Sort::Flow), ["run", "on"]) => offers.word("webhook"),
        (Some(Sort::Flow), ["reconcile"]) => offers.word("daily"),
        (Some(Sort::Flow), ["reconcile", "daily"]) => offers.word("at"),
        (Some(Sort::Flow), ["reconcile", "daily", "at", _, ..]) => offers.word("lookback"),
        (Some(Sort::Flow), ["run" | "reconcile", ..]) => {}
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
        (Some(Sort::Lookup), ["from", "xlsx", _]) => offers.word("sheet"),
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
        (Some(Sort::To), ["approve", "when", ..]) => return false,
        (Some(Sort::To), words) => rule(view, context, words, offers),
        (Some(Sort::Test), ["flow"]) => flows(view, offers),
        (Some(Sort::Test), ["given"]) => offers.word("json"),
        (Some(Sort::Test), ["with"]) => {
            lookups(view, offers);
            offers.snippet("linked", "($1, $2) => { $0 }");
            offers.snippet("posted", "($1, $2) => { $0 }");
        }
        (Some(Sort::Test), ["expect"]) => EXPECTED.iter().for_each(|word| offers.value(word, "")),
        (Some(Sort::Connect), [_, "="]) => {
            values::offer(view, context, context.word.clone(), Quotes::Missing, offers);
            vars(view, offers);
        }
        (Some(Sort::Notify), ["on"]) => {
            ["parked after", "nothing read", "budget above", "failed run"].iter().for_each(|word| offers.word(word));
        }
        (Some(Sort::Notify), ["on", "parked"]) => offers.word("after"),
        (Some(Sort::Notify), ["on", "budget"]) => offers.word("above"),
        (Some(Sort::Notify), ["digest"]) => offers.word("daily"),
        (Some(Sort::Notify), ["digest", "daily"]) => offers.word("at"),
        (Some(Sort::Notify), ["mail" | "webhook", "="]) => vars(view, offers),
        (Some(Sort::Pipeline | Sort::Connect | Sort::Test | Sort::Lookup | Sort::Notify), _) => {}
        (Some(Sort::Map | Sort::Each), ["let"]) => {}
        (Some(Sort::Flow | Sort::Map | Sort::Each | Sort::Cases | Sort::Matching | Sort::Other), _) => return false,
    }
    true
}

/// What can begin an entry of a block.
fn begin(view: &View, context: &Context, sort: Sort, offers: &mut Offers) {
    match sort {
        Sort::Flow => clauses(view, context, offers),
        Sort::To => rules(view, context, offers),
        Sort::Lookup => LOOKUP.iter().for_each(|(word, body)| offers.snippet(word, body)),
        Sort::Pipeline => {
            offers.own_setting("timezone", "\"$0\"");
            offers.own_setting("currency", "\"$0\"");
            offers.own_setting("cutover", "$0");
        }
        Sort::Connect => settings(view, context, offers),
        Sort::Notify => {
            offers.own_setting("mail", "[\"$0\"]");
            offers.own_setting("webhook", "vault(\"$0\")");
            NOTICES.iter().for_each(|(word, body)| offers.snippet(word, body));
        }
        Sort::Map | Sort::Each => target_fields(view, context, offers),
        Sort::Test => TEST.iter().for_each(|(word, body)| offers.snippet(word, body)),
        Sort::Vars | Sort::Cases | Sort::Matching | Sort::Other => {}
    }
}

fn clauses(view: &View, context: &Context, offers: &mut Offers) {
    CLAUSES.iter().for_each(|(word, body)| offers.snippet(word, body));
    let source = context.source().and_then(|(connection, resource)| {
        view.catalogue(connection).and_then(|catalogue| catalogue.resources.get(resource))
    });
    if source.is_some_and(|source| source.webhook.is_some()) {
        offers.word("run on webhook");
    }
}

fn rules(view: &View, context: &Context, offers: &mut Offers) {
    RULES.iter().for_each(|(word, body)| offers.snippet(word, body));
    let known = target::of_flow(view, context).map(|target| target.resource.settles.join(",")).unwrap_or_default();
    if !known.is_empty() {
        offers.snippet("settle", &format!(" ${{1|{known}|}} for ${{2:24h}}"));
    }
    if !marks(view, context).is_empty() {
        offers.snippet("mark", " = $0");
    }
}

/// The fields of the flow's source that can be told what became of a record.
fn marks<'a>(view: &View<'a>, context: &Context) -> Vec<&'a str> {
    let source = context.source().and_then(|(connection, resource)| {
        view.catalogue(connection).and_then(|catalogue| catalogue.resources.get(resource))
    });
    source.map_or_else(Vec::new, |source| source.marks.keys().map(String::as_str).collect())
}

fn vars(view: &View, offers: &mut Offers) {
    for item in used::files(view).iter().flat_map(|file| &file.items) {
        if let Item::Vars(vars) = item {
            vars.entries.iter().for_each(|var| offers.value(&var.name.text, "a variable of `vars`"));
        }
    }
}

/// Types of parameters and variables; the records of a system begin with its connection.
fn types(view: &View, offers: &mut Offers) {
    TYPES.iter().for_each(|name| offers.value(name, "a type"));
    connections(view, offers);
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
        offers.snippet("xlsx", " \"$0\"");
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
        ["settle"] => {
            let Some(target) = target::of_flow(view, context) else { return };
            target.resource.settles.iter().for_each(|what| offers.value(what, "what a record can wait for"));
        }
        ["settle", _] => offers.word("for"),
        ["mark", "="] => {
            let doc = "takes the name of what the record became";
            marks(view, context).iter().for_each(|field| offers.value(field, doc));
        }
        ["approve"] => offers.word("when"),
        ["retry", _] => offers.word("times"),
        ["guard", _] => offers.word("records"),
        _ => {}
    }
}

/// The flows of this file, and of those that it uses.
fn flows(view: &View, offers: &mut Offers) {
    for (index, file) in used::files(view).iter().enumerate() {
        let note = if index == 0 { "a flow of this file" } else { "a flow of a file that this one uses" };
        for item in &file.items {
            if let Item::Flow(flow) = item {
                offers.value(&flow.name.text, note);
            }
        }
    }
}

/// The lookups of the file, and of those that it uses.
fn lookups(view: &View, offers: &mut Offers) {
    for item in used::files(view).iter().flat_map(|file| &file.items) {
        if let Item::Lookup(lookup) = item {
            offers.lookup(lookup);
        }
    }
}

/// What is declared that can be called: lookups and functions.
pub fn callable(view: &View, piped: bool, offers: &mut Offers) {
    lookups(view, offers);
    for item in used::files(view).iter().flat_map(|file| &file.items) {
        if let Item::Function(function) = item {
            offers.declared(function, piped);
        }
    }
}
