//! `mlc backtest` from outside: an unchanged pipeline differs in nothing, and what an edit
//! changes is told to the cent. Beside the small pipeline here, the tests that run the whole
//! quickstart and every standard flow end with a backtest of the same state.

use crate::small::{UNCODED, edit, json, keys, mend_the_table, quick, small_in, verify};
use crate::support::{Books, scratch};
use serde_json::Value;

fn cents(value: &Value) -> i64 {
    let text = value.as_str().expect("an amount");
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<2}").parse().expect("cents")
}

#[test]
fn what_an_edit_changes_is_told_by_account_and_amount_and_nothing_is_written() {
    let dir = scratch();
    let folder = dir.path();
    small_in(folder, &[UNCODED]);
    let unborn = quick(folder, "backtest", &[]);
    assert_eq!(unborn.code, 2, "{unborn}");
    assert_eq!(quick(folder, "run", &["--quiet"]).code, 1);
    let books = Books::read(folder);

    let same = quick(folder, "backtest", &["--format", "json"]);
    assert_eq!(same.code, 0, "{same}");
    let flow = &json(&same)["flows"]["subcontractor_invoices"];
    assert!(flow["postings"].as_u64() > Some(5), "{flow}");
    assert_eq!((&flow["left_out"], &flow["records"]), (&Value::from(Vec::<u8>::new()), &Value::from(Vec::<u8>::new())));
    assert_eq!(quick(folder, "backtest", &[]).code, 0);

    // A row that they wait for: what is held would go, and no posting differs.
    let held = keys(folder, "held", "27-150");
    mend_the_table(folder);
    let mended = json(&quick(folder, "backtest", &["--format", "json"]));
    let flow = &mended["flows"]["subcontractor_invoices"];
    assert_eq!(
        (&flow["postings_that_differ"], &flow["others_that_differ"]),
        (&0.into(), &held.len().into()),
        "{mended}"
    );
    assert!(flow["records"].as_array().expect("records").iter().all(|one| one["outcome"] == "posted"), "{mended}");

    // Another account and another cost center for one code: the money moves, none is lost.
    edit(folder, "cost-codes.csv", "02-820,S,5350,C020", "02-820,S,5310,C030");
    let moved = quick(folder, "backtest", &["--format", "json"]);
    assert_eq!(moved.code, 1, "{moved}");
    let flow = &json(&moved)["flows"]["subcontractor_invoices"];
    let sums = flow["sums"].as_array().expect("sums");
    let at =
        |account: &str| sums.iter().find(|sum| sum["codes"]["gl_account"] == account).map(|sum| cents(&sum["moved"]));
    let (from, to) = (at("5350").expect("5350"), at("5310").expect("5310"));
    assert!(from < 0 && from + to == 0, "{sums:?}");
    // By hand: the lines of the records that differ.
    let mut by_hand = 0;
    for one in flow["records"].as_array().expect("records").iter().filter(|one| !one["reference"].is_null()) {
        let shown = json(&quick(folder, "show", &[one["key"].as_str().expect("key"), "--format", "json"]));
        for change in one["changes"].as_array().expect("changes") {
            let field = change["field"].as_str().expect("field");
            if let Some(line) = field.strip_suffix(".gl_account") {
                let index: usize = line.trim_start_matches("lines[").trim_end_matches(']').parse().expect("a line");
                assert_eq!((&change["was"], &change["now"]), (&"5350".into(), &"5310".into()));
                by_hand += cents(&shown["record"]["target"]["lines"][index]["amount"]);
            }
        }
    }
    assert_eq!(by_hand, to);
    let text = quick(folder, "backtest", &[]);
    assert!(text.stdout.contains("gl account") && text.stdout.contains("→ 5310"), "{text}");
    let csv = quick(folder, "backtest", &["--format", "csv"]);
    assert!(csv.stdout.starts_with("flow,record,label") && csv.stdout.contains(".gl_account,5350,5310"), "{csv}");

    // A code that is gone: what was posted would be held, in all its lines.
    edit(folder, "cost-codes.csv", "02-820,S,5310,C030", "02-821,S,5310,C030");
    let stopped = json(&quick(folder, "backtest", &["--format", "json"]));
    let flow = &stopped["flows"]["subcontractor_invoices"];
    let postings: Vec<&Value> =
        flow["records"].as_array().expect("records").iter().filter(|one| !one["reference"].is_null()).collect();
    assert!(!postings.is_empty() && postings.iter().all(|one| one["outcome"] == "held"), "{stopped}");
    let lost: i64 = flow["sums"].as_array().expect("sums").iter().map(|sum| cents(&sum["stopped"])).sum();
    let posted: i64 = postings.iter().map(|one| cents(&one["amount"])).sum();
    assert_eq!(lost, -posted);

    // Before today nothing moved since tomorrow.
    let later = json(&quick(folder, "backtest", &["--since", "2099-01-01", "--format", "json"]));
    assert_eq!(later["flows"]["subcontractor_invoices"]["postings"], 0);
    assert_eq!(Books::read(folder), books);
    verify(folder);
}

#[test]
fn what_was_never_looked_up_is_not_reckoned() {
    let dir = scratch();
    let folder = dir.path();
    small_in(folder, &[UNCODED]);
    assert_eq!(quick(folder, "run", &["--quiet"]).code, 1);
    std::fs::remove_file(folder.join(".mlc/quickstart/sandbox/store/lists/procore.vendors")).expect("a kept list");
    let unsure = quick(folder, "backtest", &[]);
    assert_eq!(unsure.code, 3, "{unsure}");
    assert!(unsure.stdout.contains("procore.vendors was not kept by any run"), "{unsure}");

    // A copy of the file elsewhere reckons with the state of the first.
    let copy = scratch();
    std::fs::copy(folder.join("quickstart.mlc"), copy.path().join("quickstart.mlc")).expect("copy");
    std::fs::copy(folder.join("cost-codes.csv"), copy.path().join("cost-codes.csv")).expect("copy");
    assert_eq!(quick(folder, "run", &["--quiet"]).code, 1);
    let state = folder.join(".mlc");
    let state = state.to_str().expect("a path");
    let there = quick(copy.path(), "backtest", &["--state", state]);
    assert_eq!(there.code, 0, "{there}");
}
