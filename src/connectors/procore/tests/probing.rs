//! What `ping` says of a Procore that is well, and of one that is not.

use super::{COMPANY, Outside, START};
use crate::connector::{Health, Operation, Probe, Signature, Wanted};
use crate::value::{Span, Timestamp, Value};
use crate::world::{HttpRequest, HttpResponse};
use std::sync::Arc;

fn wanted() -> Wanted {
    let resources = [
        ("requisitions", vec![Operation::List]),
        ("vendors", vec![Operation::List, Operation::Create, Operation::Update]),
        ("projects", vec![Operation::List]),
    ];
    let signature = Signature { begins: "supplier:".to_owned(), longest: Some(17) };
    Wanted {
        resources: resources.into_iter().map(|(name, operations)| (name.to_owned(), operations)).collect(),
        signatures: [(("vendors".to_owned(), "origin_id".to_owned()), signature)].into(),
    }
}

async fn probed(outside: &Arc<Outside>, wanted: &Wanted) -> Vec<Probe> {
    outside.connect().probe(wanted).await
}

fn of<'a>(probes: &'a [Probe], subject: &str) -> &'a Probe {
    probes.iter().find(|probe| probe.subject == subject).unwrap_or_else(|| panic!("no {subject} in {probes:?}"))
}

fn health(probes: &[Probe]) -> Health {
    probes.iter().map(|probe| probe.health).max().expect("something was looked at")
}

fn json(status: u16, body: &str) -> HttpResponse {
    HttpResponse { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

fn stamped(mut response: HttpResponse, at: Timestamp) -> HttpResponse {
    response.headers.push(("Date".to_owned(), at.http_date().expect("a date")));
    response
}

#[tokio::test]
async fn all_is_well_and_nothing_is_written() {
    let outside = Outside::open();
    outside.bend(|_, answer| stamped(answer, Timestamp::from_unix(START)));
    let probes = probed(&outside, &wanted()).await;
    assert_eq!(health(&probes), Health::Untried, "{probes:?}");
    assert_eq!(of(&probes, "company").finding, format!("Harrow Builders ({COMPANY})"));
    assert_eq!(of(&probes, "projects").finding, "the app sees 3, 2 of them open");
    assert!(of(&probes, "subcontractor invoices").finding.starts_with("can be read"), "{probes:?}");
    assert_eq!(of(&probes, "writing vendors").health, Health::Untried);
    assert_eq!(
        of(&probes, "origin_id of vendors").finding,
        "all 1 look like the pipeline's own, beginning with `supplier:`"
    );
    assert_eq!(of(&probes, "clock").health, Health::Good);
    let seen = outside.seen.lock().expect("free").clone();
    assert!(seen.iter().all(|line| line.starts_with("GET ") || line.ends_with("/oauth/token")), "{seen:?}");
    assert!(seen.len() <= 8, "{seen:?}");
}

#[tokio::test]
async fn a_credential_that_is_refused_is_all_that_is_told() {
    let outside = Outside::open();
    outside.bend(|request, answer| if request.url.contains("/oauth/") { json(401, "{}") } else { answer });
    let probes = probed(&outside, &wanted()).await;
    let [only] = probes.as_slice() else { panic!("{probes:?}") };
    assert_eq!((only.subject.as_str(), only.health), ("sign-in", Health::Bad));
    assert!(only.mend.contains("check the client id and secret"), "{only:?}");
}

#[tokio::test]
async fn a_wrong_company_is_told_with_the_right_ones() {
    let outside = Outside::open();
    let mut settings = outside.fake().settings("https://procore.sandbox.invalid");
    settings.0.insert("company_id".to_owned(), Value::Integer(5));
    let probes = outside.connect_with(settings).probe(&wanted()).await;
    let company = of(&probes, "company");
    assert_eq!(company.health, Health::Bad);
    assert_eq!(company.finding, format!("the app is not connected to company 5; it sees {COMPANY} (Harrow Builders)"));
    assert!(company.mend.contains("`company_id`"), "{company:?}");
    assert_eq!(of(&probes, "all else").health, Health::Untried);
}

/// One resource that may not be read hides no other.
#[tokio::test]
async fn a_permission_that_is_missing_is_named() {
    for (status, body, word) in [
        (403, r#"{"errors":["You do not have access to this tool."]}"#, "permission to read subcontractor invoices"),
        (404, r#"{"message":"Couldn't find Project"}"#, "switched off in that project"),
    ] {
        let outside = Outside::open();
        outside.bend(
            move |request, answer| {
                if request.url.contains("/requisitions") { json(status, body) } else { answer }
            },
        );
        let probes = probed(&outside, &wanted()).await;
        let refused = of(&probes, "subcontractor invoices");
        assert_eq!(refused.health, Health::Bad);
        assert!(refused.finding.contains(&status.to_string()) && refused.mend.contains(word), "{refused:?}");
        assert_eq!(of(&probes, "vendors").health, Health::Good);
    }
}

#[tokio::test]
async fn what_is_hidden_is_doubtful() {
    let outside = Outside::open();
    outside.bend(|request, answer| if request.url.contains("/projects") { json(200, "[]") } else { answer });
    let probes = probed(&outside, &wanted()).await;
    let projects = of(&probes, "projects");
    assert_eq!((projects.health, projects.finding.as_str()), (Health::Bad, "the app sees no project"));
    assert!(projects.mend.contains("permitted projects"), "{projects:?}");
    assert_eq!(of(&probes, "subcontractor invoices").health, Health::Untried);

    let outside = Outside::open();
    outside.bend(|request, answer| if request.url.contains("/vendors") { json(200, "[]") } else { answer });
    let probes = probed(&outside, &wanted()).await;
    assert_eq!(of(&probes, "vendors").health, Health::Doubtful);
    assert_eq!(of(&probes, "vendors").finding, "Procore answers, and shows no vendors");
    assert_eq!(of(&probes, "origin_id of vendors").finding, "none of 0 vendors has one yet");
}

#[tokio::test]
async fn links_of_another_integration_are_told() {
    let outside = Outside::open();
    let mut wanted = wanted();
    let place = ("vendors".to_owned(), "origin_id".to_owned());
    wanted.signatures.insert(place.clone(), Signature { begins: "ledger/".to_owned(), longest: None });
    let probes = probed(&outside, &wanted).await;
    let links = of(&probes, "origin_id of vendors");
    assert_eq!(links.health, Health::Doubtful);
    assert!(links.finding.starts_with("1 of 1 are not of the form that this pipeline writes (`supplier:S001`)"));
    assert!(links.mend.contains("only one integration can own `origin_id`"), "{links:?}");
    wanted.signatures.insert(place, Signature::default());
    assert_eq!(of(&probed(&outside, &wanted).await, "origin_id of vendors").health, Health::Untried);
}

#[tokio::test]
async fn links_of_what_is_marked_are_looked_for_in_the_first_projects() {
    let outside = Outside::open();
    let mut wanted = wanted();
    wanted.signatures.insert(("requisitions".to_owned(), "origin_id".to_owned()), Signature::default());
    let probes = probed(&outside, &wanted).await;
    let links = of(&probes, "origin_id of subcontractor invoices");
    assert_eq!(links.health, Health::Good, "{links:?}");
    assert!(links.finding.ends_with(" subcontractor invoices in the projects tried has one yet"), "{links:?}");
    outside.bend(|request, mut answer| {
        if request.url.contains("/requisitions") {
            let text = String::from_utf8(answer.body).expect("text");
            answer.body = text.replace(r#""origin_id":null"#, r#""origin_id":"SAGE/1""#).into_bytes();
        }
        answer
    });
    let probes = probed(&outside, &wanted).await;
    let links = of(&probes, "origin_id of subcontractor invoices");
    assert_eq!(links.health, Health::Untried, "{links:?}");
    assert!(links.finding.contains("(`SAGE/1`"), "{links:?}");
    assert!(links.mend.contains("before the first run none should have one"), "{links:?}");
}

#[tokio::test]
async fn a_clock_an_hour_off_is_told() {
    let outside = Outside::open();
    let later = |_: &HttpRequest, answer| stamped(answer, Timestamp::from_unix(START).plus(Span::from_secs(3600)));
    outside.bend(later);
    let probes = probed(&outside, &wanted()).await;
    let clock = of(&probes, "clock");
    assert_eq!(
        (clock.health, clock.finding.as_str()),
        (Health::Doubtful, "this machine's clock is 1h behind Procore's")
    );
}
