//! What a plan says that schedules cost, held against what runs and reconcile polls really
//! took of the sandbox; and what a run for notices takes.

use crate::house::InMemory;
use crate::support::root;
use mlc::engine::{FlowCost, Options, Report, Setup, Touched, TouchedRecord, Trip, run};
use mlc::serve::Opener;
use mlc::store::Trigger;
use mlc::value::Span;
use std::collections::BTreeSet;

/// A token may have to be renewed meanwhile, which serves for many runs and is in no price.
const TOKEN: u64 = 1;

async fn done(setup: &Setup, options: Options) -> Report {
    run(setup, &options).await.expect("it comes to its end")
}

fn of(cost: &FlowCost, trigger: Trigger) -> Options {
    let lookback = (trigger == Trigger::Reconcile).then(|| Span::from_secs(35 * 24 * 60 * 60));
    Options { flows: vec![cost.flow.clone()], trigger, lookback, ..Options::default() }
}

/// Requests to the source, which reads only: what is asked of the ledger depends on what waits.
fn is_near(told: &Trip, report: &Report, what: &str) {
    let (named, took) = (told.by_connection["procore"], report.requests_by_connection["procore"]);
    // How much has changed is not known ahead: it may bring pages and lists of lines besides.
    let most = named + named / 4 + TOKEN;
    assert!((named..=most).contains(&took), "{what}: {named} were named, {took} were sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_and_polls_cost_what_the_plan_says() {
    let opened = InMemory::default().open(&root().join("examples/acme/acme.mlc"), None);
    let setup = opened.unwrap_or_else(|refusal| panic!("{}", refusal.message)).setup;
    done(&setup, Options::default()).await;
    done(&setup, Options::default()).await;
    let plan = done(&setup, Options { plan: true, ..Options::default() }).await;
    assert_eq!(plan.hourly["procore"], 3_600);
    let cost = |name: &str| plan.costs.iter().find(|cost| cost.flow == name).unwrap_or_else(|| panic!("{name}"));
    let invoices = cost("subcontractor_invoices");
    assert!(invoices.polled_without_webhook && invoices.scopes > 10, "{invoices:?}");
    for name in ["subcontractor_invoices", "direct_costs", "payments"] {
        let cost = cost(name);
        let report = done(&setup, of(cost, Trigger::Schedule)).await;
        is_near(cost.run.as_ref().expect("it runs by schedule"), &report, &format!("{name}, a run"));
        let report = done(&setup, of(cost, Trigger::Reconcile)).await;
        is_near(cost.reconcile.as_ref().expect("it has polls"), &report, &format!("{name}, a poll"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_notices_takes_one_list_of_each_project() {
    let opened = InMemory::default().open(&root().join("examples/acme/acme.mlc"), None);
    let setup = opened.unwrap_or_else(|refusal| panic!("{}", refusal.message)).setup;
    done(&setup, Options::default()).await;
    let plan = done(&setup, Options { plan: true, ..Options::default() }).await;
    let cost = plan.costs.iter().find(|cost| cost.flow == "subcontractor_invoices").expect("the flow");
    let all = setup.store.records(Some("subcontractor_invoices")).expect("records");
    let projects: BTreeSet<&str> = all.iter().filter_map(|entry| entry.id.key.split('/').next()).take(200).collect();
    let projects: BTreeSet<&str> = projects.into_iter().take(3).collect();
    let named = all.iter().filter_map(|entry| entry.id.key.split_once('/'));
    let records: BTreeSet<TouchedRecord> = named
        .filter(|(project, _)| projects.contains(project))
        .map(|(project, record)| TouchedRecord {
            connection: "procore".to_owned(),
            resource: "requisitions".to_owned(),
            scope: Some(project.to_owned()),
            record: record.to_owned(),
            deleted: false,
        })
        .collect();
    let records_told = records.len();
    assert!(records_told > 10, "a burst: {records_told}");
    let newest = Some(setup.clock.now().minus(Span::from_secs(400 * 24 * 60 * 60)));
    let touched = Some(Touched { records, since: newest });
    let report = done(&setup, Options { touched, trigger: Trigger::Webhook, ..Options::default() }).await;
    let run = cost.run.as_ref().expect("it runs by schedule");
    let ahead = run.by_connection["procore"] - run.reading;
    let took = report.requests_by_connection["procore"];
    let lists = took.saturating_sub(ahead);
    // A list may have a second page.
    assert!((3..=6 + TOKEN).contains(&lists), "{lists} lists for 3 projects, {took} requests in all");
    assert!(usize::try_from(lists).is_ok_and(|lists| lists < records_told), "{lists} for {records_told} records");
    assert_eq!(report.flows.keys().collect::<Vec<_>>(), ["subcontractor_invoices"]);
    assert_eq!(report.counts.posted, 0, "{:?}", report.counts);
}
