//! The awkward cases of a real company's books, each as a scenario with a name: a small
//! company, a change to it or a mishap on the way, one run or several, and what an
//! accountant sees of it afterwards (`tests/scenarios/told`). `docs/awkward.md` lists them.

mod adopted;
mod approved;
mod bills;
mod company;
mod corrected;
mod costs;
mod ledger;
mod matching;
mod mishap;
mod paid;
mod scenario;
mod stage;
mod telling;
mod trouble;
mod vendors;

use crate::support::root;
use scenario::Scenario;
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn all() -> Vec<Scenario> {
    [
        bills::all(),
        ledger::all(),
        approved::all(),
        adopted::all(),
        corrected::all(),
        vendors::all(),
        matching::all(),
        costs::all(),
        paid::all(),
        trouble::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Plays each of them, and holds what is told against the file of its name.
async fn hold(scenarios: Vec<Scenario>) {
    let mut failed = Vec::new();
    for scenario in scenarios {
        let told = telling::tell(&scenario, &stage::play(&scenario).await);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(root().join("tests/scenarios/told"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let holds = catch_unwind(AssertUnwindSafe(|| settings.bind(|| insta::assert_snapshot!(scenario.name, told))));
        if holds.is_err() {
            failed.push(scenario.name);
        }
    }
    assert!(failed.is_empty(), "told otherwise than before: {failed:?}");
}

macro_rules! scenarios {
    ($($name:ident),*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            hold(super::$name::all()).await;
        }
    )* };
}

/// Who mends it reads one form everywhere: no capital at the beginning, no stop at the end.
#[test]
fn what_mends_it_is_said_in_one_form() {
    for entry in fs::read_dir(root().join("tests/scenarios/told")).expect("what is told") {
        let path = entry.expect("an entry").path();
        let told = fs::read_to_string(&path).expect("a text");
        for mend in told.lines().filter_map(|line| line.trim_start().strip_prefix("mend: ")) {
            let begins = mend.chars().next().is_some_and(|first| first.is_lowercase() || first == '`');
            assert!(begins && !mend.ends_with('.'), "{}: {mend}", path.display());
        }
    }
}

/// One test for each family, so that they run side by side.
mod tell {
    use super::hold;
    scenarios!(bills, ledger, approved, adopted, corrected, vendors, matching, costs, paid, trouble);
}

#[test]
fn every_scenario_has_a_name_of_its_own_and_its_line_in_the_docs() {
    let page = fs::read_to_string(root().join("docs/awkward.md")).expect("the page of awkward cases");
    let mut names = BTreeSet::new();
    for scenario in all() {
        assert!(names.insert(scenario.name), "{} stands twice", scenario.name);
        let told = root().join("tests/scenarios/told").join(format!("{}.snap", scenario.name));
        let told = fs::read_to_string(&told).unwrap_or_else(|error| panic!("{}: {error}", told.display()));
        let becomes = told.lines().find_map(|line| line.strip_prefix("Becomes: ")).expect("what becomes of it");
        let row = telling::row(&scenario, becomes);
        assert!(page.lines().any(|line| line == row), "docs/awkward.md lacks this line:\n{row}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| [")).count();
    assert_eq!(rows, names.len(), "docs/awkward.md has lines of scenarios that are gone");
    for entry in fs::read_dir(root().join("tests/scenarios/told")).expect("what is told") {
        let file = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let name = file.split('.').next().unwrap_or_default();
        assert!(names.contains(name), "tests/scenarios/told/{file} belongs to no scenario");
    }
}
