//! The standard flow of vendors, from outside: suppliers find their vendors, twins are
//! held, the rest is created, and a second run has nothing to do. Then a pipeline that
//! brings it in, links invoices by it, and waits for a person.

use crate::support::{Books, mlc_in, root, scratch};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn run(folder: &Path, file: &str, arguments: &[&str]) -> Value {
    let mut all = vec!["run", file, "--format", "json"];
    all.extend(arguments);
    let outcome = mlc_in(folder, &all);
    assert_eq!(outcome.code, 1, "{outcome}");
    assert!(!outcome.stderr.contains("panicked"), "{outcome}");
    json(&outcome.stdout)
}

fn standard_in(folder: &Path) {
    fs::copy(root().join("pipelines/vendors.mlc"), folder.join("vendors.mlc")).expect("the standard pipeline");
}

/// Vendors by their ledger key; each key stands once.
fn linked(folder: &Path, pipeline: &str) -> BTreeMap<String, String> {
    let books = Books::of_pipeline(folder, pipeline);
    let mut linked = BTreeMap::new();
    for vendor in books.procore["vendors"].as_array().expect("vendors") {
        if let Some(origin) = vendor["origin_id"].as_str() {
            let name = vendor["name"].as_str().expect("a name").to_owned();
            assert!(linked.insert(origin.to_owned(), name).is_none(), "{origin} stands on two vendors");
        }
    }
    linked
}

/// Whether the vendors of a supplier are out of use.
fn out_of_use(folder: &Path, supplier: &str) -> Vec<bool> {
    let books = Books::of_pipeline(folder, "vendors");
    let vendors = books.procore["vendors"].as_array().expect("vendors").iter();
    vendors.filter(|vendor| vendor["origin_code"] == supplier).map(|vendor| vendor["is_active"] == false).collect()
}

#[test]
fn suppliers_are_matched_created_or_held_and_the_second_run_is_quiet() {
    let dir = scratch();
    standard_in(dir.path());
    let first = run(dir.path(), "vendors.mlc", &[]);
    assert_eq!((&first["posted"], &first["held"], &first["failed"]), (&6.into(), &1.into(), &0.into()), "{first}");
    let vendors = linked(dir.path(), "vendors");
    assert_eq!(vendors["supplier:N00000"], "Fenwick Fire Protection", "matched, with Procore's own spelling");
    assert_eq!(vendors["supplier:N00003"], "Calloway Crane Rental", "created");
    assert_eq!(vendors["supplier:N00004"], "Prairie Signage", "created");
    assert!(!vendors.contains_key("supplier:N00005"), "the twin is nobody's");
    assert!(!vendors.contains_key("supplier:N00990"), "a closed supplier creates nothing");
    assert_eq!(out_of_use(dir.path(), "S00998"), [true], "the vendor of a closed supplier goes out of use");
    assert_eq!(out_of_use(dir.path(), "S00400"), [false]);
    let second = run(dir.path(), "vendors.mlc", &[]);
    assert_eq!((&second["posted"], &second["held"]), (&0.into(), &1.into()), "{second}");
    assert_eq!(linked(dir.path(), "vendors"), vendors);
    let verified = mlc_in(dir.path(), &["audit", "verify", "vendors.mlc"]);
    assert_eq!(verified.code, 0, "{verified}");
}

#[test]
fn trouble_on_the_way_changes_nothing_of_what_stands_at_the_end() {
    let calm = scratch();
    standard_in(calm.path());
    run(calm.path(), "vendors.mlc", &[]);
    let dir = scratch();
    standard_in(dir.path());
    for _ in 0..4 {
        mlc_in(dir.path(), &["run", "vendors.mlc", "--quiet", "--faults", "lost=20%,500=10%,timeout=10%,429=5%"]);
    }
    run(dir.path(), "vendors.mlc", &[]);
    assert_eq!(linked(dir.path(), "vendors"), linked(calm.path(), "vendors"));
}

/// The quickstart, with the standard flow in place of its lookup, and a person for large sums.
fn linked_pipeline(folder: &Path) {
    standard_in(folder);
    fs::copy(root().join("examples/cost-codes.csv"), folder.join("cost-codes.csv")).expect("the table");
    let text = fs::read_to_string(root().join("examples/quickstart.mlc")).expect("the quickstart");
    // Its tests give rows to the lookup that is taken out.
    let text = text.split("\ntest ").next().unwrap_or(&text);
    let (head, rest) = text.split_once("lookup vendor(id)").expect("the lookup of vendors");
    let (_, rest) = rest.split_once("\n}\n").expect("its end");
    let (before, rest) = rest.split_once("  let payee    = vendor(vendor_id)").expect("its use");
    let (_, after) = rest.split_once("correct it in Procore\"\n").expect("the end of its use");
    let link = "  let supplier = linked(vendors, vendor_id)\n    else hold \"vendor {{ vendor_id }} is no QAD supplier yet\"\n";
    let text = format!("use \"vendors.mlc\"\n{head}{before}{link}{after}");
    let text = text.replace("supplier     = supplier\n", "supplier     = supplier.code\n");
    let text = text.replace("    on change hold ", "    approve when total > 60_000\n    on change hold ");
    let text = format!("{text}\nextend flow vendors {{\n  map {{ origin_data = \"from QAD\" }}\n}}\n");
    fs::write(folder.join("linked.mlc"), text).expect("the pipeline");
}

#[test]
fn invoices_find_their_suppliers_and_large_ones_wait_for_a_person() {
    let dir = scratch();
    linked_pipeline(dir.path());
    let checked = mlc_in(dir.path(), &["check", "linked.mlc"]);
    assert_eq!(checked.code, 0, "{checked}");
    let report = run(dir.path(), "linked.mlc", &["--quiet"]);
    assert!(report["flows"]["subcontractor_invoices"]["posted"].as_u64().expect("a count") > 300, "{report}");
    let books = Books::of_pipeline(dir.path(), "quickstart");
    let invoices = books.qad["supplier_invoices"].as_array().expect("invoices");
    let of_new = invoices.iter().filter(|invoice| invoice.to_string().contains("\"N0000")).count();
    assert!(of_new > 0, "vendors that were just linked are paid as well");

    let status = json(&mlc_in(dir.path(), &["status", "linked.mlc", "--format", "json", "--outcome", "held"]).stdout);
    let reason = |record: &&Value| record["reason"].as_str().is_some_and(|text| text.starts_with("waits for approval"));
    let waiting: Vec<&Value> = status.as_array().expect("records").iter().filter(reason).collect();
    let record = waiting.first().expect("a large invoice");
    let key = record["key"].as_str().expect("a key");
    let by_nobody = mlc_in(dir.path(), &["approve", "linked.mlc", key, "--by", " "]);
    assert_eq!(by_nobody.code, 2, "{by_nobody}");
    let approved = mlc_in(dir.path(), &["approve", "linked.mlc", key, "--by", "Mia Dunn", "--reason", "seen the work"]);
    assert_eq!(approved.code, 0, "{approved}");
    let again = mlc_in(dir.path(), &["approve", "linked.mlc", key, "--by", "Mia Dunn"]);
    assert_eq!(again.code, 2, "{again}");
    let report = run(dir.path(), "linked.mlc", &["--quiet"]);
    assert_eq!(report["posted"], 1, "just the one that was approved: {report}");
    let story = mlc_in(dir.path(), &["show", "linked.mlc", key]).stdout;
    assert!(story.contains("approved") && story.contains("Mia Dunn") && story.contains("seen the work"), "{story}");
    a_person_says_no(dir.path(), waiting.get(1).expect("another one")["key"].as_str().expect("a key"));
    let verified = mlc_in(dir.path(), &["audit", "verify", "linked.mlc"]);
    assert_eq!(verified.code, 0, "{verified}");
}

/// What is refused stays so, with the person's own words, and a replay asks again.
fn a_person_says_no(folder: &Path, key: &str) {
    let reject = |more: &[&str]| mlc_in(folder, &[&["reject", "linked.mlc", key], more].concat());
    assert_eq!(reject(&["--by", "Mia Dunn"]).code, 2, "a no needs a reason");
    assert_eq!(reject(&["--by", "Mia Dunn", "--because", " "]).code, 2, "and one that says something");
    assert_eq!(reject(&["--by", " ", "--because", "not ours"]).code, 2, "and a name");
    let refused = reject(&["--by", "Mia Dunn", "--because", "not our job", "--format", "json"]);
    assert_eq!(refused.code, 0, "{refused}");
    let refused = json(&refused.stdout);
    assert_eq!(refused["record"]["reason"], "refused by Mia Dunn: not our job", "{refused}");
    assert_eq!(reject(&["--by", "Mia Dunn", "--because", "twice"]).code, 2, "it is refused already");
    let approved = mlc_in(folder, &["approve", "linked.mlc", key, "--by", "Mia Dunn"]);
    assert!(approved.code == 2 && approved.stderr.contains("does not wait for approval"), "{approved}");
    let report = run(folder, "linked.mlc", &["--quiet"]);
    assert_eq!(report["posted"], 0, "{report}");
    let story = mlc_in(folder, &["show", "linked.mlc", key]).stdout;
    assert!(story.contains("rejected") && story.contains("refused") && story.contains("not our job"), "{story}");
    let again =
        ["replay", "linked.mlc", key, "--because", "it is ours", "--by", "Mia Dunn", "--yes", "--format", "json"];
    let replayed = json(&mlc_in(folder, &again).stdout);
    assert_eq!((&replayed["held"], &replayed["posted"]), (&1.into(), &0.into()), "{replayed}");
}
