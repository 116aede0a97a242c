//! Lookups whose resource is kept project by project: which projects are read, how often,
//! and what is done when one cannot be read.

use super::bench::{Bench, undisturbed};
use super::pipeline;
use super::side::Fault;
use crate::engine::{Options, RunErrorKind};
use crate::store::Outcome;

/// The bench with lookups before its own, and a step that asks them.
fn bench(lookups: &str, step: &str) -> Bench {
    let (lookups, step) = (format!("{lookups}\n\nlookup account"), format!("{step}\n  let payee"));
    let program = pipeline::amended(&[("lookup account", &lookups), ("let payee", &step)]);
    let mut bench = Bench::new();
    bench.program = program;
    bench.state().page_size = 10;
    bench
}

const OWN: &str = r#"
lookup own(id) -> (amount) {
  from office.bills per project
  missing hold "no bill {{ id }}"
}

lookup numbered(project_id, number) -> (id, project_code) {
  from office.bills per project
  where amount != 0
  missing hold "no bill {{ number }}"
}
"#;

const ASKED: &str = r#"
  let own_bill = own(bill.id)
  let same = numbered(project.id, bill.number)
  require own_bill.amount == bill.amount and same.id == bill.id and same.project_code == project.code
    else reject "another bill"
"#;

#[tokio::test]
async fn only_the_projects_that_the_flow_wants_are_read_and_each_once() {
    let bench = bench(OWN, ASKED);
    let report = bench.run().await;
    assert_eq!(report.counts.posted, 7, "{report:?}");
    assert_eq!(bench.lines(), undisturbed().await);
    let state = bench.state();
    let read = |scope: &str| {
        let of = |fetch: &&crate::connector::Fetch| fetch.scope.as_ref().is_some_and(|id| id.to_string() == scope);
        state.fetches.iter().filter(of).count()
    };
    assert_eq!((read("1"), read("2"), read("3")), (2, 0, 2), "once for both lookups, once for the flow");
    let lists = state.fetches.iter().filter(|fetch| fetch.resource == "projects").count();
    assert_eq!(lists, 1, "the flow moves within the projects that its lookups know");
}

#[tokio::test]
async fn a_plan_reads_the_same_and_writes_nothing() {
    let bench = bench(OWN, ASKED);
    let report = bench.plan().await;
    assert_eq!((report.counts.posted, bench.lines().len()), (7, 0), "{report:?}");
}

#[tokio::test]
async fn a_filter_of_its_own_chooses_the_projects() {
    let own = OWN.replacen("per project", "per project where project.id != 3", 1);
    let bench = bench(&own, ASKED);
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held), (4, 3), "{report:?}");
    assert_eq!(bench.entry(3, 31).reason, "no bill 31");
}

#[tokio::test]
async fn rows_of_two_projects_that_contradict_each_other_are_ambiguous() {
    let lookups = "lookup whose(status) -> (project_code) {\n  from office.bills per project\n  missing hold \"none\"\n}\n\n\
        lookup own(project_id, status) -> (project_code) {\n  from office.bills per project\n  missing hold \"none\"\n}";
    let open = bench(lookups, "let by = whose(bill.status)\n  where by.project_code != \"none\"");
    let report = open.run().await;
    assert_eq!((report.counts.posted, report.counts.held), (0, 7), "{report:?}");
    assert!(open.entry(1, 11).reason.contains("several records with status approved"));
    let named = bench(lookups, "let by = own(project.id, bill.status)\n  where by.project_code != \"none\"");
    assert_eq!(named.run().await.counts.posted, 7);
}

#[tokio::test]
async fn a_project_whose_list_cannot_be_read_stops_the_run_before_anything_is_posted() {
    let calm = bench(OWN, ASKED);
    calm.run().await;
    let first = calm.state().fetches.iter().position(|fetch| fetch.scope.is_some()).expect("a list of a project");
    let bench = bench(OWN, ASKED);
    bench.state().faults.insert(first, Fault::Credentials);
    let error = bench.try_run(&Options::default()).await.expect_err("it stops");
    assert_eq!(error.kind, RunErrorKind::World);
    assert!(error.message.contains("bills of project") && error.message.contains("could not be read"), "{error:?}");
    assert!(bench.lines().is_empty());
    assert_eq!(bench.run().await.counts.posted, 7);
    assert_eq!(bench.entry(3, 31).outcome, Outcome::Posted);
}
