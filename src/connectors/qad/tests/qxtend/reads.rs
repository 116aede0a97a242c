//! Lists and keys over QXtend.

use super::super::{all, day, decimal, key, text};
use super::{OWN, office, office_with};
use crate::connector::{ErrorKind, Fetch, Found, Key, Permanence};
use crate::value::Value;

#[tokio::test]
async fn every_resource_is_read_as_over_rest() {
    let office = office();
    let rest = super::super::connect(&office.line.world);
    for resource in [
        "suppliers",
        "gl_accounts",
        "cost_centers",
        "sub_accounts",
        "projects",
        "items",
        "purchase_orders",
        "goods_receipts",
        "supplier_invoices",
        "customers",
        "periods",
    ] {
        let (here, there) = (all(office.connector.as_ref(), resource).await, all(rest.as_ref(), resource).await);
        assert_eq!(here.len(), there.len(), "{resource}");
        here.iter().zip(&there).for_each(|(here, there)| assert_eq!(here, there, "{resource}"));
    }
}

#[tokio::test]
async fn every_resource_is_read_by_either_way() {
    for (resource, other, count) in [
        ("suppliers", "fin_api", 450),
        ("gl_accounts", "custom_service", 4),
        ("supplier_invoices", "custom_service", 31),
    ] {
        let other = office_with(OWN, &format!("resources: {{{resource}: {{qxtend: {{read: {other}}}}}}}"), |_, _| {});
        let records = all(other.connector.as_ref(), resource).await;
        assert_eq!(records.len(), count);
        let usual = all(office().connector.as_ref(), resource).await;
        records.iter().zip(&usual).for_each(|(other, usual)| assert_eq!(other, usual, "{resource}"));
    }
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let office = office_with("{page_size: 200, invoice: {control_account: '2100'}}", "", |_, _| {});
    let suppliers = all(office.connector.as_ref(), "suppliers").await;
    assert_eq!((suppliers.len(), office.sent()), (450, 3));
    let invoices = all(office.connector.as_ref(), "supplier_invoices").await;
    let lines = invoices[0].get("lines").and_then(Value::as_list).expect("lines");
    assert_eq!(lines.len(), 1, "the control line is the ledger's own");
}

#[tokio::test]
async fn a_filter_travels_with_the_question() {
    let office = office();
    let filtered =
        |resource: &str| Fetch { filters: vec![("active".into(), Value::Bool(false))], ..Fetch::all(resource) };
    let page = office.connector.fetch(&filtered("suppliers")).await.expect("page");
    assert_eq!((page.records.len(), office.sent()), (1, 1));
    assert!(office.last().contains("<inp_t_vd_active>false</inp_t_vd_active>"), "{}", office.last());
    let page = office.connector.fetch(&filtered("gl_accounts")).await.expect("page");
    assert_eq!(page.records.len(), 1);
    assert!(
        office.last().contains(
            "<tFilter><tcBusinessFieldName>tGL.GLIsActive</tcBusinessFieldName><tcDataType>l</tcDataType>\
             <tcOperator>=</tcOperator><tcParameterValue>false</tcParameterValue></tFilter>"
        ),
        "{}",
        office.last()
    );
}

#[tokio::test]
async fn many_keys_travel_in_few_questions() {
    let office = office();
    let keys: Vec<Key> = (1..=40).map(|number| key("s0001", &format!("24-001-{number:02}"))).collect();
    let found = office.connector.find("supplier_invoices", &keys).await.expect("asked");
    assert_eq!(office.sent(), 1, "one range");
    assert!(found[..30].iter().all(|found| found.len() == 1) && found[30..].iter().all(Vec::is_empty));
    assert_eq!(found[4][0].reference, "10USACO/2026/SI/5");
    assert_eq!(found[4][0].record.get("total"), Some(&Value::Decimal(decimal("100"))));
    assert_eq!(found[4][0].record.get("invoice_date"), Some(&Value::Date(day("2026-08-31"))));
    let other = office.connector.find("supplier_invoices", &[key("S0002", "24-001-01")]).await.expect("asked");
    assert_eq!(other, [Vec::<Found>::new()], "another supplier's reference is another invoice");
}

#[tokio::test]
async fn a_range_that_holds_too_much_is_asked_in_halves() {
    let own = "{page_size: 2, most_pages_per_range: 2, invoice: {control_account: '2100'}}";
    let office = office_with(own, "", |_, _| {});
    let keys: Vec<Key> =
        [1, 2, 15, 29, 30, 31].iter().map(|number| key("S0001", &format!("24-001-{number:02}"))).collect();
    let found = office.connector.find("supplier_invoices", &keys).await.expect("asked");
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 0]);
}

#[tokio::test]
async fn an_empty_answer_is_proven_by_a_canary_once() {
    let office = office();
    for _ in 0..3 {
        let found = office.connector.find("supplier_invoices", &[key("S0001", "X-1")]).await.expect("asked");
        assert!(found[0].is_empty());
    }
    assert_eq!(office.sent(), 3 + 2);
    // A misspelt column of the tenant's own service is ignored there: it brings every record.
    let rest = "resources: {supplier_invoices: {qxtend: {read: custom_service, columns: {reference: t_reff}}}}";
    let error = office_with(OWN, rest, |_, _| {})
        .connector
        .find("supplier_invoices", &[key("S0001", "X-1")])
        .await
        .expect_err("no such column");
    assert!(error.message.contains("field `reference` is missing"), "{}", error.message);
}

#[tokio::test]
async fn a_name_that_a_query_does_not_know_is_said() {
    let rest = "resources: {supplier_invoices: {qxtend: {fields: {reference: CInvoiceRef}}}}";
    let error = office_with(OWN, rest, |_, _| {}).connector.find("supplier_invoices", &[key("S0001", "X-1")]).await;
    let error = error.expect_err("unused");
    assert_eq!((error.kind, error.permanence), (ErrorKind::Configuration, Permanence::Permanent));
    assert_eq!(
        error.message,
        "QXtend does not use `reference` when it is asked for supplier invoices: Field was unused"
    );
}

#[tokio::test]
async fn a_query_or_service_that_there_is_not_is_said() {
    let rest = "resources: {projects: {qxtend: {query: ProjectsByName}}}";
    let error = office_with(OWN, rest, |_, _| {}).connector.fetch(&Fetch::all("projects")).await.expect_err("unknown");
    assert_eq!(error.message, "QXtend does not accept the message: There is no adapter for ProjectsByName");
    let rest = "resources: {suppliers: {qxtend: {service: supplier_lst}}}";
    let error = office_with(OWN, rest, |_, _| {}).connector.fetch(&Fetch::all("suppliers")).await.expect_err("unknown");
    assert!(error.message.contains("Could not open/access procedure supplier_lst (10893)"), "{}", error.message);
    assert!(error.mend.contains("whoever runs"), "{}", error.mend);
}

#[tokio::test]
async fn a_server_that_repeats_a_page_is_an_error_not_an_end() {
    let own = "{page_size: 1, fin_api: {first_row: iiStart}}";
    let office = office_with(own, "", |_, _| {});
    let first = office.connector.fetch(&Fetch::all("gl_accounts")).await.expect("page");
    let error = office
        .connector
        .fetch(&Fetch { page: first.next, ..Fetch::all("gl_accounts") })
        .await
        .expect_err("page 1 again");
    assert!(error.message.contains("gives the GL accounts before again from number 2 on"), "{}", error.message);
    assert_eq!(text(first.records[0].as_ref().expect("record"), "code"), "2100");
}
