//! What is amended between two runs, outside of the records themselves: their project, the
//! pipeline, the permissions of the credential.

use super::bench::Bench;
use super::pipeline;
use crate::store::Outcome;
use crate::value::{Timestamp, Value};

/// Bill 14 of project 1 is so much newer than the others that they lie before the overlap.
fn age(bench: &Bench) {
    bench.state().bill(1, 14).insert("updated_at", Timestamp::from_unix(1_790_000_000 + 40 * 86_400));
}

/// Touches bill 12 of project 1 without changing what matters.
fn touch(bench: &Bench, seconds: i64) {
    bench.state().bill(1, 12).insert("updated_at", Timestamp::from_unix(1_790_002_000 + seconds));
}

const NEEDS_LEDGER_CODE: (&str, &str) =
    ("let payee", "require project.code != \"P1\" else hold \"no ledger code\"\n  let payee");

#[tokio::test]
async fn what_waits_for_its_project_goes_when_the_project_is_amended() {
    let mut bench = Bench::new();
    bench.program = pipeline::amended(&[NEEDS_LEDGER_CODE]);
    age(&bench);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held), (3, 4));
    // No bill changes, only the project: an incremental read shows none but the newest.
    bench.state().projects[0].insert("code", "Q1");
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held), (4, 0));
    assert_eq!(bench.entry(1, 11).source["scope"]["code"], "Q1");
    assert!(bench.lines().iter().any(|line| line.contains("Q1-N11")), "{:?}", bench.lines());
    bench.check_quiet("the project was amended");
}

#[tokio::test]
async fn what_was_rejected_for_its_project_is_looked_at_again() {
    let mut bench = Bench::new();
    bench.program = pipeline::amended(&[(NEEDS_LEDGER_CODE.0, &NEEDS_LEDGER_CODE.1.replace("hold", "reject"))]);
    age(&bench);
    assert_eq!(bench.run().await.counts.rejected, 4);
    bench.state().projects[0].insert("code", "Q1");
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.rejected), (4, 0));
}

#[tokio::test]
async fn silence_is_noticed_when_only_changes_are_read() {
    let bench = Bench::new();
    bench.run().await;
    bench.state().bills.get_mut(&1).expect("project").clear();
    for _ in 0..2 {
        let report = bench.run().await;
        assert!(report.needs_attention());
        assert!(report.warnings[0].contains("shows no bill any more; 4 were there"), "{:?}", report.warnings);
        assert_eq!(report.flows.values().map(|flow| flow.vanished).sum::<u64>(), 4);
    }
}

#[tokio::test]
async fn a_quiet_project_is_asked_once_and_no_trouble() {
    let bench = Bench::new();
    bench.run().await;
    let before = bench.state().fetches.len();
    assert!(!bench.run().await.needs_attention());
    let state = bench.state();
    // Three bills a page: two pages of project 1, one of project 3, and the projects and accounts.
    assert_eq!(state.fetches.len() - before, 5);
}

#[tokio::test]
async fn a_new_wording_in_the_mapping_touches_nothing_that_was_posted() {
    for rules in ["on change hold", "on change update"] {
        let mut bench = Bench::with_rules(rules);
        bench.run().await;
        let lines = bench.lines();
        bench.program = pipeline::amended(&[("RULES", rules), ("= bill.note", "= \"bill {{ bill.number }}\"")]);
        let report = bench.run().await;
        assert_eq!((report.counts.unchanged, report.counts.held), (7, 0), "{rules}: all is read again");
        for seconds in [1, 2] {
            touch(&bench, seconds);
            let report = bench.run().await;
            assert_eq!((report.counts.unchanged, report.counts.posted), (7, 0), "{rules}: touched at its source");
        }
        assert_eq!(bench.lines(), lines);
        assert!(bench.state().invoices.iter().all(|(_, invoice)| invoice.get("note").is_none_or(Value::is_null)));
        bench.check_quiet(rules);
    }
}

#[tokio::test]
async fn a_change_at_the_source_is_seen_under_a_new_wording_too() {
    let mut bench = Bench::new();
    bench.run().await;
    bench.program = pipeline::amended(&[("= bill.note", "= \"bill {{ bill.number }}\"")]);
    bench.run().await;
    touch(&bench, 1);
    bench.run().await;
    bench.state().bill(1, 12).insert("amount", crate::value::Decimal::cents(13_000));
    for _ in 0..2 {
        assert_eq!(bench.run().await.counts.held, 1);
        assert!(bench.entry(1, 12).reason.contains("total was 120.00, now 130.00"), "{}", bench.entry(1, 12).reason);
    }
    assert_eq!(bench.entry(1, 12).outcome, Outcome::Held);
}

#[tokio::test]
async fn a_narrower_where_or_a_new_require_leaves_alone_what_was_posted() {
    for (from, to) in [
        ("bill.status == \"approved\"", "bill.status == \"approved\" and bill.amount > 1_000"),
        ("bill.amount != 0", "bill.amount > 1_000"),
    ] {
        let mut bench = Bench::new();
        bench.run().await;
        bench.program = pipeline::amended(&[(from, to)]);
        touch(&bench, 1);
        let report = bench.run().await;
        assert_eq!((report.counts.unchanged, report.counts.held), (7, 0), "{to}");
    }
}

/// What stops the record now must not swallow what changed in it meanwhile.
#[tokio::test]
async fn a_change_is_told_although_the_flow_would_leave_the_record_out_by_now() {
    for (from, to) in [
        ("bill.status == \"approved\"", "bill.status == \"approved\" and bill.amount > 1_000"),
        ("bill.amount != 0", "bill.amount > 1_000"),
    ] {
        let mut bench = Bench::new();
        let program = bench.program.clone();
        bench.run().await;
        bench.program = pipeline::amended(&[(from, to)]);
        touch(&bench, 1);
        bench.state().bill(1, 12).insert("amount", crate::value::Decimal::cents(13_000));
        let report = bench.run().await;
        assert_eq!((report.counts.unchanged, report.counts.held), (6, 1), "{to}");
        bench.program = program;
        assert_eq!(bench.run().await.counts.held, 1, "{to}");
        assert!(bench.entry(1, 12).reason.contains("total was 120.00, now 130.00"), "{}", bench.entry(1, 12).reason);
        bench.check_quiet(to);
    }
}

#[tokio::test]
async fn a_project_that_is_not_listed_any_more_is_missed() {
    let bench = Bench::new();
    bench.run().await;
    let project = bench.state().projects.remove(0);
    for _ in 0..2 {
        let report = bench.run().await;
        assert!(report.needs_attention());
        assert!(
            report.warnings[0].contains("does not list project P1 any more; 4 of its bills"),
            "{:?}",
            report.warnings
        );
    }
    bench.state().projects.insert(0, project);
    assert!(!bench.run().await.needs_attention(), "it is back");
    // One that is closed is listed, and left out on purpose.
    bench.state().projects[0].insert("active", false);
    assert!(!bench.run().await.needs_attention());
    bench.state().projects[0].insert("active", true);
    assert_eq!(bench.run().await.counts.posted, 0, "and open again");
    assert_eq!(bench.state().invoices.len(), 7);
}
