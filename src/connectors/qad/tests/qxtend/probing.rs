//! What `ping` says of a QXtend that is well, and of one that is not.

use super::{OWN, Office, office, office_with};
use crate::connector::{Health, Operation, Probe, Wanted};
use crate::world::{HttpResponse, TransportError};

fn wanted() -> Wanted {
    let resources = [
        ("goods_receipts", vec![Operation::List]),
        ("gl_accounts", vec![Operation::List]),
        ("supplier_invoices", vec![Operation::List, Operation::Create]),
        ("suppliers", vec![Operation::List]),
    ];
    let resources = resources.into_iter().map(|(name, operations)| (name.to_owned(), operations));
    Wanted { resources: resources.collect(), ..Wanted::default() }
}

async fn probed(office: &Office) -> Vec<Probe> {
    office.connector.probe(&wanted()).await
}

fn of<'a>(probes: &'a [Probe], subject: &str) -> &'a Probe {
    probes.iter().find(|probe| probe.subject == subject).unwrap_or_else(|| panic!("no {subject} in {probes:?}"))
}

fn bad(probes: &[Probe]) -> Vec<&str> {
    probes.iter().filter(|probe| probe.health == Health::Bad).map(|probe| probe.subject.as_str()).collect()
}

fn fault(text: &str) -> Result<HttpResponse, TransportError> {
    let body = format!(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><e:Fault><faultcode>e:Server\
         </faultcode><faultstring>{text}</faultstring></e:Fault></e:Body></e:Envelope>"
    );
    Ok(HttpResponse { status: 500, headers: Vec::new(), body: body.into_bytes() })
}

#[tokio::test]
async fn all_is_well_and_nothing_is_written() {
    let office = office();
    let before = office.books();
    let probes = probed(&office).await;
    assert_eq!(bad(&probes), Vec::<&str>::new(), "{probes:?}");
    assert!(of(&probes, "QXtend").finding.starts_with("receiver `"), "{probes:?}");
    assert!(of(&probes, "read service").finding.ends_with("answers this user"), "{probes:?}");
    assert_eq!(of(&probes, "workspace").finding, "domain 10USA, entity 10USACO");
    assert_eq!(of(&probes, "GL accounts").finding, "can be listed, and found by `code`");
    assert_eq!(of(&probes, "goods receipts").finding, "can be listed, and found by `order`");
    let writing = of(&probes, "writing supplier invoices");
    assert_eq!(writing.health, Health::Untried);
    assert!(writing.finding.contains("the receiver needs "), "{writing:?}");
    assert_eq!(office.books(), before);
    assert!(office.sent() < 16, "{}", office.sent());
}

#[tokio::test]
async fn a_user_who_is_refused_is_tried_once() {
    for how in ["context", "both"] {
        let own = format!("{{credentials: {how}, invoice: {{control_account: '2100'}}}}");
        let office = office_with(&own, "", |_, credential| {
            let password = credential.fields.iter_mut().filter(|(name, _)| name == "password");
            password.for_each(|(_, secret)| *secret = "x".into());
        });
        let probes = probed(&office).await;
        let refused = of(&probes, "sign-in");
        assert!(refused.health == Health::Bad && refused.mend.starts_with("check the credential"), "{probes:?}");
        assert!(of(&probes, "all else").health == Health::Untried && probes.len() == 2, "{probes:?}");
        assert_eq!(office.sent(), 1, "{how}");
    }
}

#[tokio::test]
async fn a_receiver_and_a_domain_that_are_not_there_are_told_once() {
    let lost = office_with("{receiver: elsewhere, invoice: {control_account: '2100'}}", "", |_, _| {});
    let probes = probed(&lost).await;
    assert!(of(&probes, "QXtend").finding.contains("Receiver elsewhere is not defined"), "{probes:?}");
    assert!(of(&probes, "QXtend").mend.contains("receiver (capitals count)"), "{probes:?}");
    let other = office_with(OWN, "", |settings, _| {
        settings.0.insert("domain".into(), "11CAN".into());
    });
    assert!(of(&probed(&other).await, "QXtend").finding.contains("Domain is not valid for this receiver"));
}

#[tokio::test]
async fn an_entity_without_records_is_doubtful() {
    let office = office_with(OWN, "", |settings, _| {
        settings.0.insert("entity".into(), "20USACO".into());
    });
    let probes = probed(&office).await;
    let workspace = of(&probes, "workspace");
    assert_eq!(workspace.health, Health::Doubtful, "{probes:?}");
    assert_eq!(workspace.finding, "domain 10USA has supplier invoices of entity 10USACO, and none of 20USACO");
}

#[tokio::test]
async fn agents_and_licenses_that_are_missing_are_named() {
    for (text, subject, mend) in [
        ("ProcessException001: No session could be started", "agents", "pool of agents"),
        ("No valid license for this adapter", "license", "license code"),
    ] {
        let office = office();
        office.instead(fault(text));
        let probes = probed(&office).await;
        let missing = of(&probes, subject);
        assert!(missing.health == Health::Bad && missing.mend.contains(mend), "{missing:?}");
    }
}

#[tokio::test]
async fn one_resource_that_cannot_be_read_hides_no_other() {
    let wrong = "resources: {gl_accounts: {qxtend: {query: AccountByAllInfo}}}";
    let probes = probed(&office_with(OWN, wrong, |_, _| {})).await;
    assert_eq!(bad(&probes), ["GL accounts"], "{probes:?}");
    assert!(of(&probes, "GL accounts").finding.contains("AccountByAllInfo"), "{probes:?}");
    assert_eq!(of(&probes, "suppliers").health, Health::Good);
    let table = "resources: {gl_accounts: {qxtend: {table: tAccount}}}";
    let probes = probed(&office_with(OWN, table, |_, _| {})).await;
    assert_eq!(of(&probes, "GL accounts").health, Health::Doubtful, "{probes:?}");
}
