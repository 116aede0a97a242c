//! The three customers of examples/, each in a folder of its own: they check, their tests
//! pass, and in the sandbox the books show what is different about them.

use crate::support::{Books, mlc_in, root, scratch};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A copy of the example beside a copy of the standard flows, as both lie in the house.
fn example_in(folder: &Path, name: &str) -> PathBuf {
    copied(&root().join("pipelines"), &folder.join("pipelines"));
    let own = folder.join("examples").join(name);
    copied(&root().join("examples").join(name), &own);
    own
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder of the house") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        if path.is_file() {
            fs::copy(&path, to.join(name)).expect("a copy");
        } else if !name.to_string_lossy().starts_with('.') {
            copied(&path, &to.join(name));
        }
    }
}

/// Checks the example, runs its tests, and runs it twice: the second run posts nothing.
/// Hands on the first run's report and the books.
fn lived(folder: &Path, name: &str, flows: &[&str]) -> (Value, Books) {
    let own = example_in(folder, name);
    let file = format!("{name}.mlc");
    let checked = mlc_in(&own, &["check", &file]);
    assert!(checked.code == 0 && checked.stdout.contains("all well"), "{checked}");
    let tested = mlc_in(&own, &["test", &file]);
    assert_eq!(tested.code, 0, "{tested}");
    let run = || {
        let outcome = mlc_in(&own, &["run", &file, "--sandbox", "--format", "json"]);
        // Some papers of the sandbox wait for a person.
        assert_eq!(outcome.code, 1, "{outcome}");
        let report: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome}"));
        for outcome in ["failed", "in_doubt"] {
            assert_eq!(report[outcome], 0, "{report:#}");
        }
        report
    };
    let report = run();
    for flow in flows {
        assert!(report["flows"][flow]["posted"].as_u64() > Some(0), "{flow}: {report:#}");
    }
    let again = run();
    assert_eq!(again["posted"], 0, "{again:#}");
    (report, Books::of_pipeline(&own, name))
}

/// Every supplier invoice that the example brought: not those that were keyed in by hand, nor
/// those that QAD made of receipts by itself.
fn brought(books: &Books) -> Vec<&Value> {
    let invoices = books.qad["supplier_invoices"].as_array().expect("a list");
    let is_own = |text: &str| text != "Keyed in by hand" && !text.starts_with("Receipt ");
    invoices.iter().filter(|invoice| invoice["description"].as_str().is_some_and(is_own)).collect()
}

fn all<'a>(invoices: &[&'a Value], field: &str) -> BTreeSet<&'a str> {
    invoices.iter().filter_map(|invoice| invoice[field].as_str()).collect()
}

fn all_of_lines<'a>(invoices: &[&'a Value], field: &str) -> BTreeSet<&'a str> {
    let lines = invoices.iter().filter_map(|invoice| invoice["lines"].as_array()).flatten();
    lines.filter_map(|line| line[field].as_str()).collect()
}

#[test]
fn acme_posts_under_its_own_names_and_keeps_retainage_apart() {
    let dir = scratch();
    let flows = ["vendors", "subcontractor_invoices", "direct_costs", "payments", "owner_payments"];
    let (report, books) = lived(dir.path(), "acme", &flows);
    let invoices = brought(&books);
    assert!(invoices.len() > 400, "{report:#}");
    let accounts = all_of_lines(&invoices, "gl_account");
    assert!(accounts.contains("2060") && !accounts.contains("2055"), "{accounts:?}");
    let statuses = all(&invoices, "status_code");
    assert!(statuses.contains("AP-CODED") && !statuses.contains("AP-GLALLOC"), "{statuses:?}");
    assert!(all(&invoices, "reference").iter().all(|reference| reference.chars().count() <= 24));
    // What is above the limit waits for the controller, and stands in no book.
    let above = |invoice: &&&Value| invoice["amount"].as_str().and_then(|amount| amount.parse().ok()) > Some(100_000.0);
    assert_eq!(invoices.iter().filter(above).count(), 0);
    let status = mlc_in(&dir.path().join("examples/acme"), &["status", "acme.mlc", "--sandbox", "--format", "json"]);
    assert!(status.stdout.contains("approv"), "{status}");
}

#[test]
fn ridgeline_posts_by_qxtend_with_orders_sub_accounts_and_its_own_references() {
    let dir = scratch();
    let flows = ["vendors", "subcontractor_invoices", "direct_costs"];
    let (report, books) = lived(dir.path(), "ridgeline", &flows);
    let invoices = brought(&books);
    assert!(report["flows"].get("payments").is_none(), "{report:#}");
    assert_eq!(books.qad["ap_payments"].as_array().map(Vec::len), Some(0));
    // One number is so long that the job behind it is cut away.
    let is_own = |reference: &&str| reference.contains(" / ") || reference.chars().count() == 40;
    let references = all(&invoices, "reference");
    assert!(references.iter().all(is_own), "{references:?}");
    let statuses = all(&invoices, "status_code");
    assert_eq!(statuses, BTreeSet::from(["CODED", "RECMATCH"]), "{report:#}");
    for invoice in &invoices {
        let has_order = invoice["purchase_order"].as_str().is_some_and(|order| !order.is_empty());
        assert_eq!(has_order, invoice["status_code"] == "RECMATCH", "{invoice:#}");
    }
    let sub_accounts = all_of_lines(&invoices, "sub_account");
    assert!(["01", "02", "03"].iter().all(|code| sub_accounts.contains(code)), "{sub_accounts:?}");
    assert!(all_of_lines(&invoices, "cost_center").iter().all(|code| code.len() <= 4));
}

#[cfg(feature = "xlsx")]
#[test]
fn twin_rivers_posts_each_job_in_its_own_entity_and_on_the_account_of_the_day() {
    let dir = scratch();
    let flows = ["vendors", "subcontractor_invoices", "south_invoices", "direct_costs"];
    let (report, books) = lived(dir.path(), "twin-rivers", &flows);
    let invoices = brought(&books);
    let of = |entity: &str| -> Vec<&Value> {
        invoices.iter().copied().filter(|invoice| invoice["entity"] == entity).collect()
    };
    let (north, south) = (of("10USACO"), of("20USACO"));
    assert_eq!(north.len() + south.len(), invoices.len());
    assert!(north.len() > 100 && south.len() > 100, "{} {} {report:#}", north.len(), south.len());
    for (invoices, letter, year) in [(&north, "N24", "24"), (&south, "S25", "25")] {
        assert!(all(invoices, "reference").iter().all(|reference| reference.starts_with(letter)));
        assert!(all_of_lines(invoices, "project").iter().all(|project| project.starts_with(year)));
    }
    let kinds = |invoices: &[&Value], kind: &str| invoices.iter().filter(|invoice| invoice["type"] == kind).count();
    assert_eq!(kinds(&north, "CREDITNOTE"), 0);
    for invoice in &invoices {
        let is_new = invoice["invoice_date"].as_str() >= Some("2026-10-01");
        let accounts = all_of_lines(&[invoice], "gl_account");
        let left = if is_new { ["5310", "5320"] } else { ["", ""] };
        assert!(left.iter().all(|account| !accounts.contains(account)), "{invoice:#}");
    }
    let old = all_of_lines(&invoices, "gl_account");
    assert!(["5310", "5320", "5330", "5350"].iter().all(|account| old.contains(account)), "{old:?}");
}

/// Nobody can review a workbook: it is made out of the text beside it, and says the same.
/// `WRITE_WORKBOOKS=1` makes it anew after the text was changed.
#[cfg(feature = "xlsx")]
#[test]
fn the_workbook_of_twin_rivers_says_what_its_text_says() {
    let folder = root().join("examples/twin-rivers");
    let text = fs::read_to_string(folder.join("cost-codes.txt")).expect("the text");
    let made = crate::spreadsheet::made(&text);
    let path = folder.join("cost-codes.xlsx");
    if std::env::var_os("WRITE_WORKBOOKS").is_some() {
        fs::write(&path, &made).expect("a workbook");
    }
    let there = fs::read(&path).expect("the workbook");
    assert!(there.len() < 20_000, "{} bytes", there.len());
    assert_eq!(cells(there), cells(made), "cost-codes.xlsx and cost-codes.txt differ; run with WRITE_WORKBOOKS=1");
}

/// What stands in every cell, as text; formats count by what they show.
#[cfg(feature = "xlsx")]
fn cells(workbook: Vec<u8>) -> Vec<(String, Vec<Vec<String>>)> {
    use calamine::{Reader, Xlsx};
    let mut book = Xlsx::new(std::io::Cursor::new(workbook)).expect("a workbook");
    let sheets = book.worksheets().into_iter();
    let rows = |range: &calamine::Range<calamine::Data>| {
        range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
    };
    sheets.map(|(name, range)| (name, rows(&range))).collect()
}
