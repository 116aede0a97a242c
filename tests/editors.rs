//! What is under editors/: its JSON is JSON, and its colours know the whole language.

use super::support::root;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
}

fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The words that the language gives a meaning to, as its grammar has them.
fn keywords() -> BTreeSet<String> {
    let grammar = text("grammar/mlc.pest");
    let code = grammar.lines().map(|line| line.split("//").next().unwrap_or(""));
    let mut words = BTreeSet::new();
    for line in code.filter(|line| line.contains("!inner")) {
        for quoted in line.split('"').skip(1).step_by(2) {
            if quoted.len() > 1 && quoted.bytes().all(|byte| byte.is_ascii_lowercase()) {
                words.insert(quoted.to_owned());
            }
        }
    }
    words
}

/// All that a value holds under a key, however deep.
fn under<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(key).and_then(Value::as_str));
            fields.values().for_each(|inner| under(inner, key, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| under(inner, key, found)),
        _ => {}
    }
}

#[test]
fn every_keyword_has_a_colour() {
    let grammar = json("editors/vscode/syntaxes/mlc.tmLanguage.json");
    let mut matches = Vec::new();
    under(&grammar, "match", &mut matches);
    // `\b` is no letter of the word after it.
    let patterns = matches.join(" ").replace("\\b", " ").replace("\\s", " ");
    let coloured: BTreeSet<&str> =
        patterns.split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_')).collect();
    let keywords = keywords();
    assert!(keywords.len() > 40 && keywords.contains("retry"), "{keywords:?}");
    let missing: Vec<&String> = keywords.iter().filter(|word| !coloured.contains(word.as_str())).collect();
    assert!(missing.is_empty(), "mlc.tmLanguage.json does not name {missing:?}");
}

#[test]
fn what_the_colours_include_is_there() {
    let grammar = json("editors/vscode/syntaxes/mlc.tmLanguage.json");
    let mut included = Vec::new();
    under(&grammar, "include", &mut included);
    assert!(included.len() > 5, "{included:?}");
    for name in included {
        let name = name.strip_prefix('#').expect("all are of this file");
        assert!(grammar["repository"][name].is_object(), "{name}");
    }
    for part in ["comment", "template", "plain"] {
        assert!(grammar["repository"][part]["name"].is_string(), "{part}");
    }
}

#[test]
fn the_extension_names_files_that_are_there() {
    let package = json("editors/vscode/package.json");
    json("editors/vscode/language-configuration.json");
    let mut named = vec![package["main"].as_str().expect("main")];
    under(&package["contributes"], "path", &mut named);
    under(&package["contributes"], "configuration", &mut named);
    assert_eq!(named.len(), 3, "{named:?}");
    for file in named {
        assert!(root().join("editors/vscode").join(file).is_file(), "{file}");
    }
    let scope = &package["contributes"]["grammars"][0]["scopeName"];
    assert_eq!(*scope, json("editors/vscode/syntaxes/mlc.tmLanguage.json")["scopeName"]);
    assert_eq!(package["version"].as_str(), Some(env!("CARGO_PKG_VERSION")));
    let client = text("editors/vscode/extension.js");
    assert!(client.contains("\"lsp\"") && client.lines().count() < 30, "{client}");
}
