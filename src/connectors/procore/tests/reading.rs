//! What a pipeline reads: whole invoices, all pages, each resource as its catalogue says.

use super::{Outside, PROJECT, SMALL_PAGES, START, amount, at, everything, requisitions};
use crate::connector::{ErrorKind, Fetch};
use crate::value::{Decimal, Timestamp, Value};
use crate::world::HttpResponse;
use std::collections::BTreeSet;

#[tokio::test]
async fn whole_invoices_come_with_their_lines_and_codes() {
    let outside = Outside::open();
    let (records, pages) = everything(&*outside.connect(), requisitions(PROJECT)).await.expect("read");
    assert_eq!((records.len(), pages), (3, 1));
    let second = &records[1];
    assert_eq!(at(second, "vendor_id"), "31");
    assert!(second.get("invoice_number").expect("declared").is_null());
    assert_eq!(at(second, "percent_complete").parse::<Decimal>().ok(), Some(Decimal::cents(24)));
    let items = second.get("items").and_then(Value::as_list).expect("items");
    let item = items[0].as_record().expect("a line");
    assert_eq!((at(item, "wbs_code.cost_code"), at(item, "wbs_code.cost_type")), ("03-300".into(), "S".into()));
    assert_eq!(amount(item, "net_amount"), Decimal::cents(100_002 + 25_000 - 12_500));
    let credit = items[1].as_record().expect("a line");
    assert_eq!(amount(credit, "net_amount"), Decimal::cents(-5_000));
    let unbilled = items[2].as_record().expect("the whole schedule of values");
    assert!(amount(unbilled, "net_amount").is_zero());
    assert!(unbilled.get("id").and_then(Value::as_integer).expect("an id") > 1 << 53);
    assert_eq!(at(unbilled, "item_type"), "change_order_item");
}

#[tokio::test]
async fn sums_and_lines_agree_over_the_wire() {
    let outside = Outside::open();
    let (records, _) = everything(&*outside.connect(), requisitions(SMALL_PAGES)).await.expect("read");
    let mut before = Decimal::ZERO;
    for record in &records {
        let due = amount(record, "summary.current_payment_due");
        let items = record.get("items").and_then(Value::as_list).expect("items");
        let net = items.iter().filter_map(Value::as_record).map(|item| amount(item, "net_amount"));
        assert_eq!(net.fold(Decimal::ZERO, |sum, net| sum.checked_add(net).expect("small")), due);
        assert_eq!(amount(record, "summary.less_previous_certificates_for_payment"), before);
        before = amount(record, "summary.total_earned_less_retainage");
    }
    assert_eq!(records.len(), 45);
}

#[tokio::test]
async fn pages_follow_the_size_that_the_server_gives() {
    let outside = Outside::open();
    let (records, pages) = everything(&*outside.connect(), requisitions(SMALL_PAGES)).await.expect("read");
    let ids: BTreeSet<String> = records.iter().map(|record| at(record, "id")).collect();
    assert_eq!((records.len(), ids.len(), pages), (45, 45, 3));
    assert_eq!(outside.asked_for("page=1&per_page=100"), 1);
    assert_eq!(outside.asked_for("page=3&per_page=20"), 1);
    assert_eq!(outside.asked_for("view=items"), 3, "each page carries its own parameters");
}

#[tokio::test]
async fn only_what_changed_is_asked_for() {
    let outside = Outside::open();
    let since = Timestamp::from_unix(START - 86_400 * 10);
    let fetch = Fetch { changed_since: Some(since), ..requisitions(SMALL_PAGES) };
    let (records, _) = everything(&*outside.connect(), fetch).await.expect("read");
    assert_eq!(records.len(), 6, "numbers 40 to 45");
    let filters = vec![("status".to_owned(), Value::from("draft"))];
    let fetch = Fetch { filters, ..requisitions(PROJECT) };
    let (records, _) = everything(&*outside.connect(), fetch).await.expect("read");
    assert_eq!(records.len(), 1);
    let fetch = Fetch { filters: vec![("vendor_id".to_owned(), Value::Integer(31))], ..requisitions(PROJECT) };
    let error = everything(&*outside.connect(), fetch).await.expect_err("no such filter");
    assert_eq!(error.kind, ErrorKind::Configuration);
}

#[tokio::test]
async fn every_resource_reads_as_its_catalogue_says() {
    let outside = Outside::open();
    let connector = outside.connect();
    let mut counts = Vec::new();
    for (name, resource) in &connector.catalogue().resources {
        let scope = resource.scope.is_some().then_some(Value::Integer(PROJECT));
        let (records, _) = everything(&*connector, Fetch { scope, ..Fetch::all(name) }).await.expect(name);
        // So that the window of ten seconds does not fill.
        outside.pass(1);
        counts.push(format!("{name} {}", records.len()));
    }
    let expected = "companies 1, projects 3, vendors 1, requisitions 3, work_order_contracts 1, \
                    purchase_order_contracts 1, billing_periods 1, cost_codes 2, line_item_types 2, direct_costs 5, \
                    contract_payments 3, prime_contracts 1, prime_contract_payments 1, tax_codes 1, commitments 2, \
                    work_order_contract_line_items 3, purchase_order_contract_line_items 3, change_orders 3, \
                    commitment_change_orders 2, prime_change_orders 1, budget_line_items 2, wbs_codes 5, \
                    wbs_segments 3, sub_jobs 1";
    assert_eq!(counts.join(", "), expected, "closed projects are listed, hidden ones and inactive vendors are not");
}

#[tokio::test]
async fn one_bad_record_does_not_hide_the_others() {
    let outside = Outside::open();
    outside.bend(|_, answer| {
        let text = String::from_utf8(answer.body).expect("text");
        HttpResponse {
            body: text.replacen("\"current_payment_due\":\"", "\"current_payment_due\":\"x", 1).into(),
            ..answer
        }
    });
    let page = outside.connect().fetch(&requisitions(PROJECT)).await.expect("a page");
    let problems: Vec<String> =
        page.records.iter().filter_map(|record| record.as_ref().err()).map(ToString::to_string).collect();
    assert_eq!((page.records.len(), problems.len()), (3, 1));
    assert!(problems[0].contains("subcontractor invoice 701001: field `summary.current_payment_due`"), "{problems:?}");
}
