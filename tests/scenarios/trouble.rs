//! Trouble on the way, and doors that are shut.

use super::company::{bill, project};
use super::mishap::{Kind, Mishap, posting, reading};
use super::scenario::Scenario;
use mlc::value::Span;

pub fn all() -> Vec<Scenario> {
    let posted = |name, tells, kind| {
        Scenario::new(name, tells)
            .given(|company| company.invoices = vec![bill(1)])
            .meets(Mishap::new(posting, 1, kind))
            .again()
    };
    let read = |name, tells, kind| {
        Scenario::new(name, tells)
            .given(|company| company.invoices = vec![bill(1)])
            .meets(Mishap::new(reading, 1, kind))
    };
    vec![
        posted("answer-lost", "QAD takes the invoice, and its answer is lost.", Kind::Lost),
        posted("answer-torn", "QAD takes the invoice, and half of its answer arrives.", Kind::Torn),
        posted(
            "tokens-expire",
            "Both systems' tokens expire in the middle of a run.",
            Kind::Later(Span::from_secs(10_800)),
        ),
        posted("qad-unavailable", "QAD is down for a moment and says how long to wait.", Kind::Answer(503, WAIT, "")),
        read("read-torn", "Half of a page of invoices arrives from Procore.", Kind::Torn),
        read("too-many-with-headers", "Procore asks to wait and says how long.", Kind::Answer(429, WAIT, "")),
        read("too-many-without-headers", "Procore asks to wait and does not say how long.", Kind::Answer(429, &[], "")),
        read("procore-unavailable", "Procore is down for a moment.", Kind::Answer(503, WAIT, "<html>503</html>")),
        Scenario::new("qad-down-for-long", "QAD takes nothing during a whole run.")
            .given(|company| company.invoices = vec![bill(1)])
            .meets(Mishap::new(posting, 100, Kind::Answer(503, &[], "<html>503</html>")))
            .again(),
        Scenario::new("wrong-company", "The connection names a company that the credential does not know.")
            .given(|company| company.invoices = vec![bill(1)])
            .in_company(999),
        Scenario::new("project-not-permitted", "A project is taken from the credential after its invoice was posted.")
            .given(|company| {
                company.projects.push(project(1_002, "24-012", "24012", "Elm Street School"));
                company.invoices = vec![bill(1)];
            })
            .then("Procore shows project 24-011 no longer", |company| company.projects[0].permitted = false),
        Scenario::new("project-closed", "A project is closed in Procore after its invoice was posted.")
            .given(|company| company.invoices = vec![bill(1)])
            .then("project 24-011 is closed", |company| company.projects[0].active = false),
    ]
}

const WAIT: &[(&str, &str)] = &[("Retry-After", "7"), ("X-Rate-Limit-Reset", "1793606430")];
