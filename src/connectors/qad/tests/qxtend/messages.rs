//! Messages: their form, who may send them, and how many at once.

use super::super::{invoice, key};
use super::{Line, OWN, Office, office, office_with, opened};
use crate::connector::{Effect, ErrorKind, Fetch, Permanence};
use crate::connectors::qad::qxtend::envelope::content;
use crate::connectors::qad::qxtend::session::property;
use crate::connectors::qad::qxtend::xml::{Element, read};
use crate::value::Span;
use crate::world::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use async_trait::async_trait;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Names and namespaces of an element and of those inside it, to this depth.
fn outline(element: &Element, depth: usize) -> Vec<String> {
    let mut lines = vec![format!("{{{}}}{}", element.space, element.name)];
    if depth > 0 {
        lines.extend(element.children.iter().flat_map(|child| outline(child, depth - 1)));
    }
    lines
}

/// The rows of a context by their names, in order.
fn context_rows(content: &Element) -> Vec<String> {
    let rows = content.all("ttContext").into_iter();
    rows.map(|row| format!("{} {}", row.text_of("propertyQualifier"), row.text_of("propertyName"))).collect()
}

/// Runs where the facts are: messages look as the public shapes do.
#[tokio::test]
async fn messages_have_the_public_shape() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/facts/qad/qdoc_shapes.xml");
    let Ok(shapes) = std::fs::read(file) else { return };
    let shapes = read(&shapes).expect("XML");
    let office = office();
    office.connector.create("supplier_invoices", &invoice("24-002-07")).await.expect("created");
    let ours = read(office.last().as_bytes()).expect("XML");
    let theirs = shapes.all("Envelope").into_iter().next().expect("a request");
    assert_eq!(outline(&ours, 0), outline(theirs, 0));
    let header = |envelope: &Element| outline(envelope.child("Header").expect("header"), 3);
    assert_eq!(header(&ours), header(theirs));
    let (mine, shown) = (content(&ours).expect("content"), content(theirs).expect("content"));
    assert_eq!(mine.space, shown.space);
    assert_eq!(
        (outline(&mine.children[0], 0), mine.children[0].name.as_str()),
        (outline(&shown.children[0], 0), "dsSessionContext")
    );
    assert_eq!(outline(mine.all("ttContext")[0], 1), outline(shown.all("ttContext")[0], 1));
    assert_eq!(context_rows(mine)[..6], context_rows(shown)[..]);
    assert_eq!(context_rows(mine)[6..], ["QAD action", "QAD entity"], "and what the Financials API adds");
    assert_eq!(mine.children.last().map(|set| set.name.starts_with("ds")), Some(true), "the data set comes last");

    let answer = shapes.child("response").and_then(|response| response.children.first()).expect("a response");
    let sent = office.line.sent.lock().expect("sent").last().cloned().expect("a message");
    let now = crate::world::Clock::now(office.line.world.as_ref()).plus(Span::from_secs(60));
    let response = crate::connector::Fake::answer(&mut *office.line.world.fake.lock().expect("fake"), &sent, now);
    let response = read(&response.body).expect("XML");
    let ours = content(&response).expect("content");
    let parts = |response: &Element| response.children.iter().map(|part| part.name.clone()).take(3).collect::<Vec<_>>();
    assert_eq!(parts(ours), parts(answer));
    let rows = |response: &Element| {
        outline(response.all("temp_err_msg")[0], 1).iter().map(|name| local(name)).collect::<Vec<_>>()
    };
    assert_eq!(rows(ours), rows(answer), "this is its second time, which is warned of");
}

fn local(name: &str) -> String {
    name.rsplit('}').next().unwrap_or(name).to_owned()
}

#[tokio::test]
async fn the_users_secrets_travel_where_the_tenant_wants_them() {
    for (how, inside, header) in [("context", true, false), ("basic", false, true), ("both", true, true)] {
        let own = format!("{{credentials: {how}, invoice: {{control_account: '2100'}}}}");
        let office = office_with(&own, "", |_, _| {});
        office.connector.create("supplier_invoices", &invoice("24-002-07")).await.expect(how);
        assert_eq!(office.last().contains(&office.password()), inside, "{how}");
        let sent = office.line.sent.lock().expect("sent");
        assert_eq!(sent[0].header("Authorization").is_some(), header, "{how}");
        assert!(sent[0].url.ends_with("invalid/qxi/services/QdocWebService"), "{}", sent[0].url);
        assert!(sent.iter().all(|request| !format!("{request:?}").contains(&office.password())));
    }
}

#[tokio::test]
async fn an_answer_never_shows_the_user() {
    let office = office();
    office.connector.create("supplier_invoices", &invoice("24-002-07")).await.expect("created");
    let sent = office.line.sent.lock().expect("sent").last().cloned().expect("a message");
    let now = crate::world::Clock::now(office.line.world.as_ref()).plus(Span::from_secs(60));
    let response = crate::connector::Fake::answer(&mut *office.line.world.fake.lock().expect("fake"), &sent, now);
    let text = String::from_utf8(response.body.clone()).expect("text");
    assert!(!text.contains(&office.password()), "{text}");
    let root = read(&response.body).expect("XML");
    let context = root.all("dsSessionContext");
    assert_eq!((property(context[0], "username"), property(context[0], "domain")), (Some(""), Some("10USA")));
}

#[tokio::test]
async fn a_password_that_an_answer_repeats_is_not_passed_on() {
    let office = office();
    let text = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><e:Fault><faultcode>Server</faultcode><faultstring>login {} failed</faultstring></e:Fault></e:Body></e:Envelope>",
        office.password()
    );
    office.instead(Ok(HttpResponse { status: 500, headers: Vec::new(), body: text.into_bytes() }));
    let error = office.connector.fetch(&Fetch::all("gl_accounts")).await.expect_err("a fault");
    assert_eq!(error.message, "QXtend could not do it: login *** failed");
}

#[tokio::test]
async fn what_is_wrong_with_an_envelope_is_a_fault_and_nothing_is_written() {
    for (own, says) in [
        ("{receiver: qaderp}", "QXtend does not accept the message: Receiver qaderp is not defined"),
        ("{version: ''}", "QXtend does not accept the message: The session context has no version"),
        ("{version: ERP3_9}", "There is no adapter for BCInvoiceJournalEntry ERP3_9"),
        ("{webapp: qxo}", "there is no QXtend at this address"),
    ] {
        let office = office_with(own, "", |_, _| {});
        let error = office.connector.create("supplier_invoices", &invoice("R1")).await.expect_err(own);
        assert!(error.message.contains(says), "{}", error.message);
        assert_eq!((error.kind, error.effect), (ErrorKind::Configuration, Effect::None), "{own}");
        assert_eq!(office.books(), 31);
    }
}

#[tokio::test]
async fn a_bad_password_is_tried_once() {
    for (how, kind) in [("basic", ErrorKind::Credentials), ("context", ErrorKind::Configuration)] {
        let office = office_with(&format!("{{credentials: {how}}}"), "", |_, credential| {
            for (name, secret) in &mut credential.fields {
                if name == "password" {
                    *secret = "wrong".into();
                }
            }
        });
        for _ in 0..3 {
            let error = office.connector.fetch(&Fetch::all("gl_accounts")).await.expect_err("bad password");
            assert_eq!((error.kind, error.permanence), (kind, Permanence::Permanent), "{how}");
            assert!(!error.message.contains("wrong") && !error.mend.contains("wrong"));
        }
        assert_eq!(office.sent(), if how == "basic" { 1 } else { 3 });
    }
}

#[tokio::test]
async fn no_client_id_is_needed() {
    let office = office_with(OWN, "", |_, credential| credential.fields.retain(|(name, _)| name != "client_id"));
    assert!(office.connector.fetch(&Fetch::all("gl_accounts")).await.is_ok());
}

/// Counts who is on the line at once.
struct Busy {
    line: Arc<Line>,
    now: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Transport for Busy {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        // Whoever could begin meanwhile does.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let answer = self.line.send(request).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

/// The most messages that were under way at once.
async fn most_at_once(own: &str) -> usize {
    let Office { line, .. } = office();
    let busy = Arc::new(Busy { line: line.clone(), now: AtomicUsize::new(0), most: AtomicUsize::new(0) });
    let connector = opened(&line.world, busy.clone(), own);
    let (one, other) = (invoice("24-002-07"), invoice("24-002-08"));
    let (list, keys) = (Fetch::all("gl_accounts"), [key("S0001", "24-001-05")]);
    let (a, b, c, d) = tokio::join!(
        connector.create("supplier_invoices", &one),
        connector.create("supplier_invoices", &other),
        connector.fetch(&list),
        connector.find("supplier_invoices", &keys),
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok() && d.is_ok(), "all of them are answered");
    busy.most.load(Ordering::SeqCst)
}

#[tokio::test]
async fn calls_of_one_connection_never_overlap_unless_the_tenant_says_so() {
    assert_eq!(most_at_once(OWN).await, 1, "whoever calls, the connection sends one message after the other");
    assert_eq!(most_at_once("{concurrency: 2, invoice: {control_account: '2100'}}").await, 2);
}

#[tokio::test]
async fn connections_of_one_run_to_one_tenant_take_turns() {
    let Office { line, .. } = office();
    let busy = Arc::new(Busy { line: line.clone(), now: AtomicUsize::new(0), most: AtomicUsize::new(0) });
    let (one, other) = (opened(&line.world, busy.clone(), OWN), opened(&line.world, busy.clone(), OWN));
    let list = Fetch::all("gl_accounts");
    let (a, b) = tokio::join!(one.fetch(&list), other.fetch(&list));
    assert!(a.is_ok() && b.is_ok(), "both are answered");
    assert_eq!(busy.most.load(Ordering::SeqCst), 1, "the session is the tenant's, not the connection's");
}

#[tokio::test]
async fn one_at_a_time_finds_an_agent_and_many_at_once_do_not() {
    let many = office_with("{concurrency: 5}", "# hurried", |_, _| {});
    let ask = || async { many.connector.fetch(&Fetch::all("gl_accounts")).await };
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    let refused: Vec<_> = [a, b, c].into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(
        (refused[0].kind, refused[0].permanence, refused[0].effect, refused[0].status),
        (ErrorKind::Unavailable, Permanence::Temporary, Effect::None, Some(200))
    );
    assert_eq!(refused[0].message, "all QXtend agents are taken, so it could start no session");
    many.line.world.clock.moves(1);
    assert!(ask().await.is_ok(), "later there is one");
}

/// What another program may send.
#[test]
fn the_fake_wants_a_soap_action() {
    let office = office();
    let send = |headers: Vec<(String, String)>, body: &str| {
        let url = "https://qad.sandbox.invalid/qxi/services/QdocWebService".to_owned();
        let mut headers = headers;
        headers.push(("User-Agent".into(), "test".into()));
        let request =
            HttpRequest { method: Method::Post, url, headers, body: body.into(), timeout: Span::from_secs(1) };
        let now = crate::world::Clock::now(office.line.world.as_ref());
        let answer = crate::connector::Fake::answer(&mut *office.line.world.fake.lock().expect("fake"), &request, now);
        (answer.status, String::from_utf8(answer.body).expect("text"))
    };
    let (status, text) = send(Vec::new(), "<x/>");
    assert!(status == 500 && text.contains("no SOAPAction header!"), "{text}");
    let action = vec![("SOAPAction".to_owned(), String::new())];
    let (status, text) = send(action.clone(), "<x/>");
    assert!(status == 500 && text.contains("VersionMismatch"), "{text}");
    let (status, text) = send(action, "<!DOCTYPE x><x/>");
    assert!(status == 500 && text.contains("Client"), "{text}");
}
