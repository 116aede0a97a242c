//! The standard flows of subcontractor invoices and direct costs, from outside: QAD stands
//! as reckoned, to the cent by project, supplier and account, and a second run posts nothing.

use crate::reckoning_costs::{
    compare_papers, compare_payments, direct_cost_papers, owner_payments, payments, subcontractor_papers,
};
use crate::support::{Books, mlc_in, root, scratch};
use mlc::sandbox::contractor;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The files of all standard flows.
fn standards_in(folder: &Path) {
    let from = root().join("pipelines");
    fs::create_dir(folder.join("parts")).expect("a folder");
    for part in ["", "parts"] {
        let files =
            fs::read_dir(from.join(part)).expect("the standard flows").map(|entry| entry.expect("an entry").path());
        for path in files.filter(|path| path.is_file()) {
            fs::copy(&path, folder.join(part).join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
}

/// Runs a pipeline to its end; some records wait for a person.
fn run(folder: &Path, file: &str, arguments: &[&str]) -> Value {
    let mut all = vec!["run", file, "--format", "json"];
    all.extend(arguments);
    let outcome = mlc_in(folder, &all);
    assert_eq!(outcome.code, 1, "{outcome}");
    assert!(!outcome.stderr.contains("panicked"), "{outcome}");
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"))
}

#[test]
fn every_standard_flow_checks_and_its_tests_pass() {
    let dir = scratch();
    standards_in(dir.path());
    for file in ["subcontractor_invoices.mlc", "direct_costs.mlc", "payments.mlc"] {
        let checked = mlc_in(dir.path(), &["check", file]);
        assert!(checked.code == 0 && checked.stdout.contains("all well"), "{checked}");
        let tested = mlc_in(dir.path(), &["test", file]);
        assert_eq!(tested.code, 0, "{tested}");
    }
}

#[test]
fn retainage_materials_and_tax_stand_on_their_accounts_to_the_cent() {
    for seed in ["1", "2"] {
        let dir = scratch();
        standards_in(dir.path());
        let report = run(dir.path(), "subcontractor_invoices.mlc", &["--seed", seed]);
        let of_flow = &report["flows"]["subcontractor_invoices"];
        let contractor = contractor(seed.parse().expect("a number"));
        let papers = subcontractor_papers(&contractor);
        let books = Books::of_pipeline(dir.path(), "subcontractor_invoices");
        let standing = compare_papers(&contractor, &papers, &books.qad);
        assert_eq!(of_flow["posted"].as_u64(), Some(standing.len() as u64), "{report}");
        for account in ["2055", "5290", "5950"] {
            let on = papers.iter().filter(|paper| paper.amounts.keys().any(|(_, of)| of == account)).count();
            assert!(on >= 3, "{on} on {account}");
        }
        let again = run(dir.path(), "subcontractor_invoices.mlc", &["--seed", seed]);
        assert_eq!((&again["posted"], &again["in_doubt"]), (&0.into(), &0.into()), "{again}");
    }
}

#[test]
fn direct_costs_stand_as_reckoned_and_the_rest_is_told_apart() {
    for seed in ["1", "2"] {
        let dir = scratch();
        standards_in(dir.path());
        let report = run(dir.path(), "direct_costs.mlc", &["--seed", seed]);
        let contractor = contractor(seed.parse().expect("a number"));
        let books = Books::of_pipeline(dir.path(), "direct_costs");
        let standing = compare_papers(&contractor, &direct_cost_papers(&contractor), &books.qad);
        let of_flow = &report["flows"]["direct_costs"];
        assert_eq!(of_flow["posted"].as_u64(), Some(standing.len() as u64), "{report}");
        assert!(standing.len() > 50 && of_flow["held"].as_u64() > Some(3), "{report}");
        let again = run(dir.path(), "direct_costs.mlc", &["--seed", seed]);
        assert_eq!((&again["posted"], &again["in_doubt"]), (&0.into(), &0.into()), "{again}");
    }
}

#[test]
fn payments_stand_against_their_invoices_and_receipts_on_the_owners_accounts() {
    for seed in ["1", "2"] {
        let dir = scratch();
        standards_in(dir.path());
        let report = run(dir.path(), "payments.mlc", &["--seed", seed]);
        let contractor = contractor(seed.parse().expect("a number"));
        let papers = subcontractor_papers(&contractor);
        let books = Books::of_pipeline(dir.path(), "payments");
        let standing = compare_papers(&contractor, &papers, &books.qad);
        let made = compare_payments(&payments(&contractor, &papers, &standing), &books.qad["ap_payments"]);
        let received = compare_payments(&owner_payments(&contractor), &books.qad["customer_payments"]);
        let posted = |flow: &str| report["flows"][flow]["posted"].as_u64();
        assert_eq!((posted("payments"), posted("owner_payments")), (Some(made), Some(received)), "{report}");
        assert!(made > 300 && received > 50, "{report}");
        let again = run(dir.path(), "payments.mlc", &["--seed", seed]);
        assert_eq!((&again["posted"], &again["in_doubt"]), (&0.into(), &0.into()), "{again}");
    }
}

#[test]
fn trouble_on_the_way_changes_nothing_of_what_stands_at_the_end() {
    let dir = scratch();
    standards_in(dir.path());
    for _ in 0..3 {
        mlc_in(dir.path(), &["run", "direct_costs.mlc", "--quiet", "--faults", "lost=15%,500=10%,timeout=10%,429=5%"]);
    }
    run(dir.path(), "direct_costs.mlc", &["--retry"]);
    let contractor = contractor(1);
    let books = Books::of_pipeline(dir.path(), "direct_costs");
    compare_papers(&contractor, &direct_cost_papers(&contractor), &books.qad);
}
