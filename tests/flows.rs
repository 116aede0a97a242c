//! All standard flows in one pipeline, from outside: the books of both systems stand as
//! reckoned, to the cent by paper, project, supplier and account; a second run posts nothing.
//! The same by both ways to QAD, and with trouble on the way.
//!
//! A run of everything takes long, so each serves all that is asked of it.

use crate::costs::standards_in;
use crate::reckoning_costs::{
    Paper, Place, compare_balances, compare_papers, compare_payments, compare_totals, compare_vendors,
    direct_cost_papers, owner_payments, payments, subcontractor_papers,
};
use crate::reckoning_orders::{covered, evaluated};
use crate::support::{Books, mlc_in, scratch};
use mlc::connector::contractor::Contractor;
use mlc::sandbox::contractor;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const QXTEND: &str = "connect qad     { sandbox  api = \"qxtend\" }";

/// The standard flows, with QAD reached in one of its two ways.
fn customer(api: &str) -> TempDir {
    let dir = scratch();
    standards_in(dir.path());
    if api == "qxtend" {
        let path = dir.path().join("all.mlc");
        let text = fs::read_to_string(&path).expect("the pipeline");
        let other = text.replace("connect qad     { sandbox }", QXTEND);
        assert_ne!(text, other, "the pipeline connects QAD otherwise");
        fs::write(&path, other).expect("a file");
    }
    dir
}

/// Runs everything to its end; some records wait for a person.
fn run(folder: &Path, arguments: &[&str]) -> Value {
    let outcome = mlc_in(folder, &[&["run", "all.mlc", "--format", "json"], arguments].concat());
    assert_eq!(outcome.code, 1, "{outcome}");
    assert!(!outcome.stderr.contains("panicked"), "{outcome}");
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"))
}

/// What stands in the books, flow by flow.
#[derive(Debug, PartialEq)]
struct Standing {
    subcontractor_invoices: u64,
    direct_costs: u64,
    payments: u64,
    owner_payments: u64,
}

/// Compares both systems' books with the reckoning.
fn compare(contractor: &Contractor, folder: &Path) -> Standing {
    let books = Books::of_pipeline(folder, "all");
    let subcontracts = subcontractor_papers(contractor);
    let of_subcontracts: BTreeSet<i64> = subcontracts.iter().map(|paper| paper.id).collect();
    let (subcontracted, mut papers) = (subcontracts.len(), subcontracts);
    papers.extend(direct_cost_papers(contractor));
    let standing = compare_papers(contractor, &papers, &books.qad);
    compare_totals(contractor, &papers, &standing, &books.qad);
    let paid = payments(contractor, &papers[..subcontracted], &standing);
    let made = compare_payments(&paid, &books.qad["ap_payments"]);
    compare_balances(&paid, &books.qad["supplier_invoices"]);
    let received = compare_payments(&owner_payments(contractor), &books.qad["customer_payments"]);
    compare_vendors(contractor, &books.procore["vendors"]);
    everything_is_there(contractor, &papers, &standing);
    let of_subcontracts = standing.intersection(&of_subcontracts).count();
    Standing {
        subcontractor_invoices: of_subcontracts as u64,
        direct_costs: (standing.len() - of_subcontracts) as u64,
        payments: made,
        owner_payments: received,
    }
}

/// The comparison says something: all that can happen did happen.
fn everything_is_there(contractor: &Contractor, papers: &[Paper], standing: &BTreeSet<i64>) {
    let count = |fits: &dyn Fn(&&Paper) -> bool| papers.iter().filter(fits).count();
    let stands = |paper: &&Paper| standing.contains(&paper.id);
    for account in ["2055", "5290", "5950"] {
        let on = |place: &Place| place.account == account;
        assert!(count(&|paper| stands(paper) && paper.amounts.keys().any(on)) >= 3, "{account}");
    }
    assert!(count(&|paper| stands(paper) && paper.total().is_negative()) >= 2, "credit notes");
    assert!(count(&|paper| stands(paper) && paper.order.is_some()) >= 30, "invoices of orders");
    assert!(count(&|paper| !stands(paper) && paper.order.is_some()) >= 5, "invoices without receipts");
    assert!(count(&|paper| paper.is_for_a_person()) >= 5, "invoices of orders that a person enters");
    let short = |paper: &&Paper| {
        !stands(paper) && paper.order.as_deref().is_some_and(|order| !covered(contractor, order).is_zero())
    };
    assert!(count(&short) >= 1, "invoices of half a delivery");
    assert!(evaluated(contractor).len() >= 4, "invoices that QAD made");
}

/// A whole story: a run, its books, a second run that has nothing to do.
fn story(seed: u64, api: &str) {
    let dir = customer(api);
    let seeded = seed.to_string();
    let report = run(dir.path(), &["--seed", &seeded]);
    let contractor = contractor(seed);
    let standing = compare(&contractor, dir.path());
    let posted = |flow: &str| report["flows"][flow]["posted"].as_u64().expect("a count");
    let told = Standing {
        subcontractor_invoices: posted("subcontractor_invoices"),
        direct_costs: posted("direct_costs"),
        payments: posted("payments"),
        owner_payments: posted("owner_payments"),
    };
    assert_eq!(told, standing, "{report}");
    assert!(standing.direct_costs > 50 && standing.payments > 300 && standing.owner_payments > 50, "{standing:?}");
    let counts = |report: &Value| ["failed", "in_doubt"].map(|name| report[name].as_u64());
    assert_eq!(counts(&report), [Some(0); 2], "{report}");
    let again = run(dir.path(), &["--seed", &seeded]);
    assert_eq!(again["posted"], 0, "{again}");
    assert_eq!(counts(&again), [Some(0); 2], "{again}");
    assert_eq!(compare(&contractor, dir.path()), standing, "the second run changed the books");
    let verified = mlc_in(dir.path(), &["audit", "verify", "all.mlc"]);
    assert_eq!(verified.code, 0, "{verified}");
}

#[test]
fn the_books_stand_as_reckoned() {
    story(1, "rest");
}

#[test]
fn the_books_of_another_company_stand_as_reckoned() {
    story(2, "rest");
}

#[test]
fn the_books_stand_as_reckoned_by_qxtend() {
    story(1, "qxtend");
}

#[test]
fn the_books_of_another_company_stand_as_reckoned_by_qxtend() {
    story(2, "qxtend");
}

#[test]
fn trouble_on_the_way_changes_nothing_of_what_stands_at_the_end() {
    let dir = customer("rest");
    mlc_in(dir.path(), &["run", "all.mlc", "--quiet", "--faults", "lost=2%,500=2%,timeout=2%,torn=2%"]);
    run(dir.path(), &["--retry"]);
    let contractor = contractor(1);
    let standing = compare(&contractor, dir.path());
    let again = run(dir.path(), &[]);
    assert_eq!((&again["posted"], &again["in_doubt"]), (&0.into(), &0.into()), "{again}");
    assert_eq!(compare(&contractor, dir.path()), standing);
}
