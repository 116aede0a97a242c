//! The files of the standard flows: each checks by itself, and its own tests pass. And one
//! of them with more trouble on the way than a run of everything could bear.

use crate::reckoning_costs::{compare_papers, direct_cost_papers};
use crate::support::{Books, mlc_in, root, scratch};
use mlc::sandbox::contractor;
use std::fs;
use std::path::Path;

/// The files of all standard flows.
pub fn standards_in(folder: &Path) {
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

#[test]
fn every_standard_flow_checks_and_its_tests_pass() {
    let dir = scratch();
    standards_in(dir.path());
    for file in ["vendors.mlc", "subcontractor_invoices.mlc", "direct_costs.mlc", "payments.mlc", "all.mlc"] {
        let checked = mlc_in(dir.path(), &["check", file]);
        assert!(checked.code == 0 && checked.stdout.contains("all well"), "{checked}");
        if file != "all.mlc" {
            let tested = mlc_in(dir.path(), &["test", file]);
            assert_eq!(tested.code, 0, "{tested}");
        }
    }
}

#[test]
fn much_trouble_changes_nothing_of_what_stands_at_the_end() {
    let dir = scratch();
    standards_in(dir.path());
    for _ in 0..3 {
        mlc_in(dir.path(), &["run", "direct_costs.mlc", "--quiet", "--faults", "lost=15%,500=10%,timeout=10%,429=5%"]);
    }
    let last = mlc_in(dir.path(), &["run", "direct_costs.mlc", "--quiet", "--retry"]);
    assert_eq!(last.code, 1, "{last}");
    let contractor = contractor(1);
    let books = Books::of_pipeline(dir.path(), "direct_costs");
    let standing = compare_papers(&contractor, &direct_cost_papers(&contractor), &books.qad);
    assert!(standing.len() > 50, "{}", standing.len());
}
