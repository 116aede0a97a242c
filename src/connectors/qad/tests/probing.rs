//! What `ping` says of a QAD that is well, and of one that is not.

use super::{connect, connect_with, world};
use crate::connector::{Connector, Health, Operation, Probe, Wanted};
use crate::world::{HttpResponse, TransportError};

fn wanted() -> Wanted {
    let resources = [
        ("gl_accounts", vec![Operation::List]),
        ("projects", vec![Operation::List]),
        ("supplier_invoices", vec![Operation::List, Operation::Create]),
    ];
    let resources = resources.into_iter().map(|(name, operations)| (name.to_owned(), operations));
    Wanted { resources: resources.collect(), ..Wanted::default() }
}

async fn probed(connector: &dyn Connector) -> Vec<Probe> {
    connector.probe(&wanted()).await
}

fn of<'a>(probes: &'a [Probe], subject: &str) -> &'a Probe {
    probes.iter().find(|probe| probe.subject == subject).unwrap_or_else(|| panic!("no {subject} in {probes:?}"))
}

fn bad(probes: &[Probe]) -> Vec<&str> {
    probes.iter().filter(|probe| probe.health == Health::Bad).map(|probe| probe.subject.as_str()).collect()
}

#[tokio::test]
async fn all_is_well_and_nothing_is_written() {
    let world = world();
    let before = world.books();
    let probes = probed(connect(&world).as_ref()).await;
    assert_eq!(bad(&probes), Vec::<&str>::new(), "{probes:?}");
    assert_eq!(of(&probes, "session").finding, "it lives 480 minutes, and 30 unused");
    assert_eq!(of(&probes, "workspace").finding, "domain 10USA, entity 10USACO");
    assert!(of(&probes, "GL accounts").finding.starts_with("can be listed, and"), "{probes:?}");
    assert!(of(&probes, "projects").finding.contains("there is none yet"), "{probes:?}");
    let entity = of(&probes, "supplier invoices at /api/erp/supplierInvoices");
    assert!(entity.health == Health::Good && entity.finding.starts_with("shows 10USACO/"), "{entity:?}");
    assert_eq!(of(&probes, "writing supplier invoices").health, Health::Untried);
    assert_eq!(of(&probes, "Swagger").health, Health::Untried);
    assert_eq!(of(&probes, "clock").health, Health::Untried, "the fake alone stamps no date");
    assert_eq!(world.books(), before);
    assert!(world.counted() < 14);
}

#[tokio::test]
async fn a_password_that_is_refused_is_tried_once() {
    let world = world();
    let connector = connect_with(&world, None, |_, credential| {
        credential
            .fields
            .iter_mut()
            .filter(|(name, _)| name == "password")
            .for_each(|(_, secret)| *secret = "x".into());
    });
    let probes = probed(connector.as_ref()).await;
    assert_eq!(bad(&probes), ["sign-in"], "{probes:?}");
    assert_eq!((probes.len(), world.asked("/oauth/")), (1, 1));
}

#[tokio::test]
async fn a_workspace_that_is_not_ones_own_is_told() {
    let world = world();
    let connector = connect_with(&world, None, |settings, _| {
        settings.0.insert("entity".to_owned(), "11CANCO".into());
    });
    let probes = probed(connector.as_ref()).await;
    assert_eq!(bad(&probes), ["workspace"], "{probes:?}");
    assert!(of(&probes, "workspace").finding.starts_with("in domain 10USA, entity 11CANCO: "), "{probes:?}");
    assert!(of(&probes, "workspace").mend.contains("`domain` and `entity`"));
}

#[tokio::test]
async fn a_browse_a_column_and_a_session_that_differ_are_told() {
    let profile = "auth: {session_minutes: 600}\nresources:\n  gl_accounts: {browse: 'urn:browse:mfg:no001'}\n\
                   \x20 projects: {fields: {code: {column: project.no}}}\n";
    let world = world();
    let probes = probed(connect_with(&world, Some(profile), |_, _| {}).as_ref()).await;
    assert_eq!(bad(&probes), ["GL accounts", "projects"], "{probes:?}");
    assert!(of(&probes, "GL accounts").finding.contains("no browse `urn:browse:mfg:no001`"), "{probes:?}");
    assert!(of(&probes, "projects").finding.contains("no column `project.no`"), "{probes:?}");
    let session = of(&probes, "session");
    assert_eq!(session.health, Health::Doubtful);
    assert!(session.mend.contains("{session_minutes: 480, idle_minutes: 30}"), "{session:?}");
}

#[tokio::test]
async fn the_tenants_swagger_is_held_against_the_names() {
    let swagger = "swagger: /api/docs/swagger.json\n";
    let world = world();
    let probes = probed(connect_with(&world, Some(swagger), |_, _| {}).as_ref()).await;
    assert_eq!(bad(&probes), Vec::<&str>::new(), "{probes:?}");
    let told = of(&probes, "supplier invoices in the Swagger");
    assert_eq!(told.finding, "it has /api/erp/supplierInvoices, `supplierInvoices` and all names");

    let differs = "resources:\n  supplier_invoices: {fields: {reference: {wire: invoiceRef}, lines.project: {wire: projCode}}}\n\
                   \x20 gl_accounts: {path: /api/erp/glAccountV2s}\n";
    let probes = probed(connect_with(&world, Some(&format!("{swagger}{differs}")), |_, _| {}).as_ref()).await;
    let invoices = of(&probes, "supplier invoices in the Swagger");
    assert_eq!(invoices.health, Health::Bad);
    assert_eq!(
        invoices.finding,
        "it has no name `invoiceRef` (but `invoiceReference`), no name `postings.projCode` (but `projectCode`)"
    );
    assert!(invoices.mend.contains("`resources.supplier_invoices`"), "{invoices:?}");
    let accounts = of(&probes, "GL accounts in the Swagger");
    assert_eq!(accounts.health, Health::Doubtful, "only listed: the browse counts");
    assert!(accounts.finding.starts_with("it has no path `/api/erp/glAccountV2s` (but `/api/erp/glAccounts`)"));

    let probes = probed(connect_with(&world, Some("swagger: /api/nowhere\n"), |_, _| {}).as_ref()).await;
    assert_eq!(bad(&probes), ["Swagger"], "{probes:?}");
}

#[tokio::test]
async fn a_network_that_is_down_is_told_once() {
    let world = world();
    let down = TransportError { maybe_sent: false, timeout: false, message: "no route".to_owned() };
    let answers: [Result<HttpResponse, TransportError>; 1] = [Err(down)];
    world.instead.lock().expect("answers").extend(answers);
    let probes = probed(connect(&world).as_ref()).await;
    assert_eq!(bad(&probes), ["sign-in"], "{probes:?}");
    assert!(!probes[0].mend.is_empty());
}
