//! What a burst asks for.

use super::bench::{Bench, OURSELVES, WRITER, told};
use crate::serve::webhook::plan::{Plan, flows, touched};
use serde_json::{Value as Json, json};

async fn plan(bench: &Bench, bodies: &[Json]) -> Plan {
    for body in bodies {
        assert!(bench.send(body).await.is_success());
    }
    Plan::of(&bench.customer.opened().setup, bench.customer.store().deliveries(true).expect("store"))
}

#[tokio::test(start_paused = true)]
async fn a_record_is_wanted_once_however_often_it_was_told_of() {
    let bench = Bench::new();
    let mut bodies: Vec<Json> = (0..40).map(|n| told(&format!("d{n}"), "Bills", 101, Some(1))).collect();
    bodies.push(told("e1", "Bill Lines", 101, Some(1)));
    bodies.push(told("e2", "Bills", 101, Some(2)));
    bodies.push(told("e3", "Parties", 5, None));
    let plan = plan(&bench, &bodies).await;
    assert_eq!((plan.named.len(), plan.vague.len(), plan.ignored.len()), (43, 0, 0));
    let touched: Vec<String> = touched(&plan.named)
        .records
        .iter()
        .map(|one| format!("{}.{} {:?} {}", one.connection, one.resource, one.scope, one.record))
        .collect();
    assert_eq!(
        touched,
        ["site.bills Some(\"1\") 101", "site.bills Some(\"2\") 101", "site.parties None 5"],
        "each once, by its project"
    );
    assert_eq!(flows(&plan.named), ["bills", "names"]);
}

#[tokio::test(start_paused = true)]
async fn the_order_in_which_they_come_makes_no_difference() {
    for turned in [false, true] {
        let bench = Bench::new();
        let mut gone = told("d1", "Bills", 101, Some(1));
        gone["event"] = json!("delete");
        let mut bodies = vec![gone, told("d2", "Bills", 101, Some(1))];
        if turned {
            bodies.reverse();
        }
        let touched = touched(&plan(&bench, &bodies).await.named);
        assert_eq!(touched.records.len(), 1);
        assert!(touched.records.iter().all(|record| record.deleted), "turned: {turned}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_flow_runs_on_is_left_out_with_its_reason() {
    let bench = Bench::with(WRITER);
    let bodies = [told("d1", "Bills", 101, Some(1)), told("d2", "Weather", 1, None), told("d3", "Parties", 5, None)];
    let plan = plan(&bench, &bodies).await;
    let ignored: Vec<(&str, &str)> =
        plan.ignored.iter().map(|(delivery, why)| (delivery.id.as_str(), why.as_str())).collect();
    let why = "no flow runs on what it tells of";
    assert_eq!(ignored, [("d1", &*format!("{why}: Bills (update)")), ("d2", &*format!("{why}: Weather (update)"))]);
    assert_eq!(flows(&plan.named), ["names"]);
}

#[tokio::test(start_paused = true)]
async fn our_own_writes_are_left_out_and_those_of_another_pipeline_are_not() {
    let ours = |id: &str| {
        let mut body = told(id, "Parties", 5, None);
        body["user"] = json!(OURSELVES);
        body
    };
    let writer = Bench::with(WRITER);
    let found = plan(&writer, &[ours("d1"), told("d2", "Parties", 6, None)]).await;
    assert_eq!(found.ignored.len(), 1);
    assert_eq!((found.ignored[0].0.id.as_str(), found.named[0].delivery.id.as_str()), ("d1", "d2"));
    // One credential, and a pipeline that writes no parties: somebody else wrote them.
    let reader = Bench::new();
    assert_eq!(plan(&reader, &[ours("d1")]).await.named.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_project_that_changed_asks_for_a_look_at_what_lies_in_projects() {
    let bench = Bench::new();
    let plan = plan(&bench, &[told("d1", "Projects", 2, None)]).await;
    assert_eq!((plan.named.len(), plan.vague.len()), (0, 1));
    assert_eq!(flows(&plan.vague), ["bills"]);
}
