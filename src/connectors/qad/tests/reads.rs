//! Lists and keys.

use super::{all, connect, connect_with, decimal, key, text, world};
use crate::connector::{Effect, ErrorKind, Fetch, Found, Key};
use crate::connectors::qad::ask::plan;
use crate::connectors::qad::fake::Filter;
use crate::value::{Record, Value};
use proptest::{prop_assert, prop_assert_eq, proptest};

use crate::world::{HttpResponse, Method, TransportError};

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let world = world();
    let connector = connect(&world);
    let suppliers = all(connector.as_ref(), "suppliers").await;
    assert_eq!(suppliers.len(), 450);
    assert_eq!(world.counted(), 1 + 3, "one sign-in, three pages of 200");
    assert_eq!((text(&suppliers[12], "code"), suppliers[12].get("active")), ("S0013", Some(&Value::Bool(false))));
    assert_eq!(all(connector.as_ref(), "gl_accounts").await.len(), 4);
    assert_eq!(all(connector.as_ref(), "cost_centers").await.len(), 1);
}

#[tokio::test]
async fn a_filter_travels_with_the_request() {
    let world = world();
    let request = Fetch { filters: vec![("active".into(), Value::Bool(false))], ..Fetch::all("suppliers") };
    let page = connect(&world).fetch(&request).await.expect("page");
    assert_eq!((page.records.len(), world.counted()), (1, 2));
}

#[tokio::test]
async fn an_empty_list_counts_only_when_the_browse_exists() {
    let world = world();
    assert!(all(connect(&world).as_ref(), "projects").await.is_empty());
    let profile = "resources: {projects: {browse: 'urn:browse:mfg:zz999'}}";
    let connector = connect_with(&world, Some(profile), |_, _| {});
    let error = connector.fetch(&Fetch::all("projects")).await.expect_err("misspelt browse");
    assert_eq!(error.kind, ErrorKind::Configuration);
    assert_eq!(error.message, "QAD has no browse `urn:browse:mfg:zz999` for projects");
}

#[tokio::test]
async fn asking_by_key_is_never_answered_by_a_misspelt_browse() {
    let world = world();
    let profile = "resources: {supplier_invoices: {browse: 'urn:browse:mfg:zz999'}}";
    let connector = connect_with(&world, Some(profile), |_, _| {});
    let error = connector.find("supplier_invoices", &[key("S0001", "24-001-01")]).await.expect_err("misspelt browse");
    assert_eq!(error.kind, ErrorKind::Configuration);
}

#[tokio::test]
async fn a_server_that_repeats_a_page_is_an_error_not_an_end() {
    let world = world();
    let profile = "browse: {page_size: 1}";
    let connector = connect_with(&world, Some(profile), |_, _| {});
    let first = connector.fetch(&Fetch::all("gl_accounts")).await.expect("page");
    let body = br#"{"data":[{"glAccount.glAccountCode":"2100","glAccount.glAccountDescription":"Account 2100","glAccount.isActive":true,"glAccount.glType":"SUPPLIERCONTROL","glAccount.isSubAccountAccount":false,"glAccount.isCostCentreAccount":false,"glAccount.isProjectAccount":false,"local_variables.uniqueId":"1","local_variables.BrowseRowOrderIndex":1}]}"#;
    world.instead.lock().expect("answers").push_back(Ok(HttpResponse {
        status: 200,
        headers: Vec::new(),
        body: body.to_vec(),
    }));
    let error =
        connector.fetch(&Fetch { page: first.next, ..Fetch::all("gl_accounts") }).await.expect_err("page 1 again");
    assert!(error.message.contains("gives the page before again as page 2"), "{}", error.message);
}

#[tokio::test]
async fn many_keys_travel_in_few_requests() {
    let world = world();
    let connector = connect(&world);
    let keys: Vec<Key> = (1..=40).map(|number| key("s0001", &format!("24-001-{number:02}"))).collect();
    let found = connector.find("supplier_invoices", &keys).await.expect("asked");
    assert_eq!(world.counted(), 1 + 1, "one sign-in, one range");
    assert!(found[..30].iter().all(|found| found.len() == 1) && found[30..].iter().all(Vec::is_empty));
    assert_eq!(found[4][0].reference, "10USACO/2026/SI/5");
    assert_eq!(found[4][0].record.get("total"), Some(&Value::Decimal(decimal("100"))));
    let other = connector.find("supplier_invoices", &[key("S0002", "24-001-01")]).await.expect("asked");
    assert_eq!(world.counted(), 1);
    assert_eq!(other, [Vec::<Found>::new()], "another supplier's reference is another invoice");
}

#[tokio::test]
async fn a_range_that_holds_too_much_is_asked_in_halves() {
    let world = world();
    let profile = "browse: {page_size: 2, most_pages_per_range: 2}";
    let connector = connect_with(&world, Some(profile), |_, _| {});
    let keys: Vec<Key> =
        [1, 2, 15, 29, 30, 31].iter().map(|number| key("S0001", &format!("24-001-{number:02}"))).collect();
    let found = connector.find("supplier_invoices", &keys).await.expect("asked");
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 0]);
}

#[tokio::test]
async fn a_whole_invoice_is_read_with_its_lines() {
    let world = world();
    let connector = connect(&world);
    let request = Fetch { filters: vec![("reference".into(), "24-001-03".into())], ..Fetch::all("supplier_invoices") };
    let page = connector.fetch(&request).await.expect("page");
    let record = page.records[0].as_ref().expect("record");
    assert_eq!(record.get("lines").and_then(Value::as_list).map(<[Value]>::len), Some(1));
}

#[tokio::test]
async fn a_read_is_never_in_doubt() {
    let world = world();
    let lost = TransportError { maybe_sent: true, timeout: true, message: "no answer in 60 s".into() };
    world.instead.lock().expect("answers").push_back(Err(lost));
    let error = connect(&world).fetch(&Fetch::all("suppliers")).await.expect_err("no answer");
    assert_eq!(error.effect, Effect::None);
}

#[tokio::test]
async fn a_misspelt_filter_column_is_never_an_answer() {
    let world = world();
    let profile = "resources: {supplier_invoices: {fields: {entity: {column: supplierInvoice.entity}}}}";
    let connector = connect_with(&world, Some(profile), |_, _| {});
    let error = connector.find("supplier_invoices", &[key("S0001", "24-001-01")]).await.expect_err("misspelt column");
    assert!(error.message.ends_with("has no column `supplierInvoice.entity`"), "{}", error.message);
    let key = Key(vec![("reference".into(), "R".into()), ("lines".into(), "PO1".into())]);
    let error = connect(&world).find("supplier_invoices", &[key]).await.expect_err("no such column");
    assert_eq!(error.message, "QAD's list of supplier invoices does not show `lines`");
}

proptest! {
    /// No text may fall outside the filter that is to bring it, or it would be posted again.
    #[test]
    fn every_text_passes_the_filter_that_asks_for_it(
        texts in proptest::collection::btree_set("[0-9]{1,3}-[0-9]{2,3}|[A-Za-z0-9, #/.-]{1,9}|[ -~]{1,4}|24-0[0-9][0-9a-f]{4}", 1..60),
        most in 1_usize..20,
    ) {
        let asks = plan(&texts, most);
        let mut asked = 0;
        for ask in &asks {
            let filter = ask.filter("ref").map(|filter| Filter::parse(&filter));
            for text in ask.texts() {
                asked += 1;
                let mut row = Record::new();
                row.insert("ref", text.as_str());
                prop_assert!(filter.as_ref().is_none_or(|filter| filter.passes(&row)), "{text:?} of {ask:?}");
            }
        }
        prop_assert_eq!(asked, texts.len());
    }

    /// Whatever comes in, the fake answers.
    #[test]
    fn the_fake_answers_anything(
        path in "(/oauth/token|/api/qracore/browses|/api/erp/(supplierInvoices|projects|x))?[/a-z]{0,3}",
        query in "((browseId|page|pageSize|pageAction|filter|voucherNumber|entityCode)=[a-z0-9,:.%-]{0,40}&){0,6}",
        body in r#"[ -~]{0,40}|\{"supplierInvoices":\[\{("(postings|invoiceAmount|invoiceDate)":(\[\{"debitAmountTC":"x"\}\]|-?[0-9]{1,30}|"[0-9-]{0,12}|null),?){0,3}\}\]\}"#,
        post in proptest::bool::ANY,
    ) {
        let answer = world().request(if post { Method::Post } else { Method::Get }, &format!("{path}?{query}"), body.into_bytes());
        prop_assert!((200..500).contains(&answer.status));
    }
}
