//! `mlc why` from outside: where each value of a posted invoice comes from, and how far the
//! mapping of a held one came.

use crate::small::{UNCODED, edit, json, keys, mend_the_table, quick, records, small_in};
use crate::support::{Books, scratch};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn traced(folder: &Path, key: &str) -> Value {
    let outcome = quick(folder, "why", &[key, "--format", "json"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    json(&outcome)["trace"].clone()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("{name} is no list in {value}"))
}

/// Each field that was read stands where the trace says; how many there are.
fn reads_stand_in_the_source(trace: &Value) -> usize {
    let steps = list(trace, "values").iter().flat_map(|value| list(value, "from"));
    let reads = steps.filter(|step| step["kind"] == "read" && step["pointer"].is_string());
    let held = |step: &Value| {
        let there = trace["source"].pointer(step["pointer"].as_str().unwrap_or_default()).unwrap_or(&Value::Null);
        assert!(step["value"].is_null() || *there == step["value"], "{step} is not in the source: {there}");
    };
    reads.inspect(|step| held(step)).count()
}

#[test]
fn each_value_of_a_posted_invoice_names_its_line_its_fields_and_its_row() {
    let dir = scratch();
    let folder = dir.path();
    small_in(folder, &[UNCODED]);
    assert_eq!(quick(folder, "run", &["--quiet"]).code, 1);
    let posted = records(folder).into_iter().find(|record| record["outcome"] == "posted").expect("one is posted");
    let key = posted["key"].as_str().expect("a key");
    let before = (records(folder), Books::read(folder));

    let trace = traced(folder, key);
    assert_eq!((&trace["outcome"], &trace["notes"]), (&"posted".into(), &Value::Array(Vec::new())), "{trace:#}");
    assert!(trace["stopped"].is_null() && list(&trace, "checks").iter().all(|check| check["passed"] == true));
    assert!(reads_stand_in_the_source(&trace) > 10, "{trace:#}");
    let table = fs::read_to_string(folder.join("cost-codes.csv")).expect("the table");
    let pipeline = fs::read_to_string(folder.join("quickstart.mlc")).expect("the pipeline");
    let mut rows = 0;
    for value in list(&trace, "values") {
        let place = &value["place"];
        let line = usize::try_from(place["line"].as_u64().expect("a line")).expect("small");
        assert_eq!(pipeline.lines().nth(line - 1).map(str::trim), place["text"].as_str(), "{value:#}");
        let name = value["path"].as_str().and_then(|path| path.rsplit('.').next()).expect("a path");
        assert!(place["text"].as_str().is_some_and(|text| text.starts_with(name)), "{value:#}");
        assert_eq!(trace["target"].pointer(value["pointer"].as_str().expect("a pointer")), Some(&value["value"]));
        if name != "gl_account" {
            continue;
        }
        rows += 1;
        let row = list(value, "from").iter().find(|step| step["kind"] == "lookup").expect("a lookup");
        assert_eq!((&row["output"], &row["value"]), (&"gl_account".into(), &value["value"]));
        let (code, account) = (row["inputs"][0]["value"].as_str().expect("a code"), value["value"].as_str());
        let text = row["row"]["place"]["text"].as_str().expect("the row's line");
        if row["row"]["name"].as_str().is_some_and(|name| name.starts_with("cost-codes.csv line ")) {
            let begins = text.split(['*', ',']).next().expect("a first cell");
            assert!(table.lines().any(|line| line == text) && code.starts_with(begins), "{row:#}");
        }
        assert!(account.is_some_and(|account| text.contains(account)), "{row:#}");
        let pointer = row["inputs"][0]["pointer"].as_str().expect("where the code was read");
        assert_eq!(trace["source"].pointer(pointer).and_then(Value::as_str), Some(code));
    }
    assert!(rows > 0, "{trace:#}");

    let said = quick(folder, "why", &[key, "lines[0].gl_account"]);
    assert_eq!(said.code, 0, "{said}");
    for part in ["lines[0].gl_account  5", "gl_account  = to.gl_account", " because cost_code is ", "(invoice.items["] {
        assert!(said.stdout.contains(part), "no `{part}`: {said}");
    }
    let every = quick(folder, "why", &[key, "gl_account"]).stdout;
    assert_eq!(every.matches("].gl_account  ").count(), rows, "{every}");
    let all = quick(folder, "why", &[key]).stdout;
    assert!(all.contains("invoice.status in [\"approved\", \"approved_as_noted\"]"), "{all}");
    let wrong = quick(folder, "why", &[key, "lines[0].gl_acount"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("did you mean `lines[0].gl_account`?"), "{wrong}");
    assert_eq!((records(folder), Books::read(folder)), before, "asking why moved something");

    // The posted invoice stands as it was posted; what the pipeline would make of it today is told.
    edit(folder, "quickstart.mlc", "?? \"Progress billing\"", "?? \"Work\"");
    edit(folder, "quickstart.mlc", "?? \"Subcontract billing\") | take(40)", "?? \"Subcontract billing\") | take(9)");
    let notes = traced(folder, key)["notes"].to_string();
    assert!(notes.contains("the mapping has changed since"), "{notes}");
    assert!(notes.contains("`description` was posted as "), "{notes}");
}

#[test]
fn a_held_invoice_is_traced_as_far_as_its_mapping_came() {
    let dir = scratch();
    let folder = dir.path();
    small_in(folder, &[UNCODED]);
    assert_eq!(quick(folder, "run", &["--quiet"]).code, 1);
    let held = keys(folder, "held", "27-150");
    let first = held.first().expect("one is held");

    let trace = traced(folder, first);
    assert_eq!(trace["outcome"], "held");
    let stopped = &trace["stopped"];
    assert!(stopped["path"].as_str().is_some_and(|path| path.starts_with("lines[")), "{stopped:#}");
    assert!(stopped["place"]["text"].as_str().is_some_and(|text| text.contains("dimension(item.")), "{stopped:#}");
    assert_eq!(stopped["lookup"]["inputs"][0]["value"], "27-150");
    assert!(stopped["lookup"]["row"].is_null());
    assert!(!list(stopped, "nearest").is_empty(), "{stopped:#}");
    assert!(list(&trace, "values").iter().any(|value| value["path"] == "supplier"), "{trace:#}");
    assert!(trace["target"]["total"].is_null());

    let said = quick(folder, "why", &[first]);
    assert_eq!(said.code, 0, "{said}");
    for part in ["held: cost code 27-150", "no row of `dimension` fits: cost_code is 27-150 (invoice.items[", "nearest"]
    {
        assert!(said.stdout.contains(part), "no `{part}`: {said}");
    }
    mend_the_table(folder);
    let trace = traced(folder, first);
    assert_eq!(trace["outcome"], "posted", "{trace:#}");
    let notes = trace["notes"].to_string();
    assert!(notes.contains("the mapping has changed since"), "{notes}");
}
