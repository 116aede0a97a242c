//! Direct costs with their lines, payments by contract, taxes; and what the fake refuses.

use super::{Outside, PROJECT, SMALL_PAGES, START, amount, at, everything, requisitions};
use crate::connector::Fetch;
use crate::value::{Decimal, Timestamp, Value};
use crate::world::{HttpResponse, Method};

fn of(resource: &str) -> Fetch {
    Fetch { scope: Some(Value::Integer(PROJECT)), ..Fetch::all(resource) }
}

#[tokio::test]
async fn many_direct_costs_get_their_lines_in_one_request() {
    let outside = Outside::open();
    let (costs, _) = everything(&*outside.connect(), of("direct_costs")).await.expect("read");
    assert_eq!((costs.len(), outside.asked_for("/direct_costs")), (5, 2), "one for the list, one for all lines");
    for cost in &costs {
        let lines = cost.get("line_items").and_then(Value::as_list).expect("lines");
        let total = lines.iter().filter_map(Value::as_record).map(|line| amount(line, "total_amount"));
        let total = total.fold(Decimal::ZERO, |sum, line| sum.checked_add(line).expect("small"));
        assert_eq!((lines.len(), total), (2, amount(cost, "grand_total")));
        assert_eq!(amount(cost, "grand_total"), Decimal::cents(100_000 + 8_250 + 5_050));
        assert_eq!(at(cost, "vendor"), "Ash Concrete");
    }
    assert!(costs[1].get("direct_cost_date").expect("declared").is_null(), "1970 is no day");
    let line = costs[0].get("line_items").and_then(Value::as_list).and_then(|lines| lines[0].as_record()).expect("one");
    assert_eq!((at(line, "cost_code.full_code"), at(line, "line_item_type.code")), ("03-300".into(), "M".into()));
    assert_eq!((at(line, "wbs_code.cost_code"), at(line, "wbs_code.cost_type")), ("03-300".into(), "M".into()));
}

#[tokio::test]
async fn the_few_that_changed_are_read_one_by_one() {
    let outside = Outside::open();
    let since = Timestamp::from_unix(START - 86_400 * 2);
    let fetch = Fetch { changed_since: Some(since), ..of("direct_costs") };
    let (costs, _) = everything(&*outside.connect(), fetch).await.expect("read");
    assert_eq!((costs.len(), outside.asked_for("/direct_costs/80"), outside.asked_for("line_items")), (2, 2, 0));
    assert_eq!(at(&costs[0], "vendor"), "Ash Concrete", "an object there, a text in the list");
    assert_eq!(amount(&costs[0], "amount"), Decimal::cents(105_050), "only the list shows it");
}

#[tokio::test]
async fn a_cost_whose_lines_do_not_come_to_its_total_is_read_alone() {
    let outside = Outside::open();
    outside.bend(|request, answer| match request.url.contains("line_items") {
        true => HttpResponse { body: b"[]".to_vec(), headers: Vec::new(), ..answer },
        false => answer,
    });
    let (costs, _) = everything(&*outside.connect(), of("direct_costs")).await.expect("read");
    assert!(costs.iter().all(|cost| cost.get("line_items").and_then(Value::as_list).is_some_and(|l| l.len() == 2)));
    assert_eq!(outside.asked_for("/direct_costs/80"), 5);
}

#[tokio::test]
async fn a_cost_that_is_gone_by_then_is_left_out() {
    let outside = Outside::open();
    outside.bend(|request, answer| match request.url.as_str() {
        url if url.contains("direct_costs/805") => HttpResponse { status: 404, body: b"{}".to_vec(), ..answer },
        url if url.contains("filters%5Bid%5D=805") => HttpResponse { body: b"[]".to_vec(), ..answer },
        _ => answer,
    });
    let since = Timestamp::from_unix(START - 86_400 * 2);
    let fetch = Fetch { changed_since: Some(since), ..of("direct_costs") };
    let (costs, _) = everything(&*outside.connect(), fetch).await.expect("read");
    assert_eq!(costs.len(), 1);
    assert_eq!(outside.asked_for("filters%5Bid%5D=805"), 1, "the list was asked whether it is gone");
}

#[tokio::test]
async fn a_cost_that_is_listed_and_not_shown_is_not_lost() {
    let outside = Outside::open();
    outside.bend(|request, answer| match request.url.contains("direct_costs/805") {
        true => HttpResponse { status: 404, body: b"{}".to_vec(), ..answer },
        false => answer,
    });
    let since = Timestamp::from_unix(START - 86_400 * 2);
    let fetch = Fetch { changed_since: Some(since), ..of("direct_costs") };
    let page = outside.connect().fetch(&fetch).await.expect("read");
    let troubles: Vec<String> = page.records.into_iter().filter_map(|cost| Some(cost.err()?.to_string())).collect();
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert!(troubles[0].contains("`line_items` is missing"), "{troubles:?}");
}

#[tokio::test]
async fn a_contract_takes_its_payments_with_it_only_when_it_is_gone() {
    for gone in [true, false] {
        let outside = Outside::open();
        let mut asked = false;
        outside.bend(move |request, answer| {
            let payments = request.url.contains("contract_payments");
            asked |= payments;
            match payments {
                true => HttpResponse { status: 404, body: b"{}".to_vec(), ..answer },
                false if asked && gone => HttpResponse { body: b"[]".to_vec(), headers: Vec::new(), ..answer },
                false => answer,
            }
        });
        let read = everything(&*outside.connect(), of("contract_payments")).await;
        assert_eq!(read.map_or(usize::MAX, |(payments, _)| payments.len()), if gone { 0 } else { usize::MAX });
    }
}

#[tokio::test]
async fn payments_are_read_per_project_though_they_are_shown_per_contract() {
    let outside = Outside::open();
    let connector = outside.connect();
    let (payments, _) = everything(&*connector, of("contract_payments")).await.expect("read");
    assert_eq!(payments.len(), 3);
    assert_eq!(outside.seen.lock().expect("free").len(), 1 + 2 + 1, "a token, two lists, one contract");
    assert_eq!((at(&payments[0], "requisition_id"), at(&payments[0], "date")), ("701001".into(), "2026-01-15".into()));
    assert_eq!(
        (at(&payments[0], "contract.number"), at(&payments[0], "contract.vendor.name")),
        ("SC-701".into(), "Ash Concrete".into())
    );
    let absent = ["date", "date_payment_initiated"].map(|name| payments[1].get(name).expect("declared").is_null());
    assert_eq!(absent, [true, true], "the first day of 1970 is none");
    assert!(payments[2].get("requisition_id").expect("declared").is_null());

    let (received, _) = everything(&*connector, of("prime_contract_payments")).await.expect("read");
    assert_eq!(
        (at(&received[0], "contract.vendor.origin_code"), at(&received[0], "contract_id")),
        ("CU01".into(), "541".into())
    );
    let elsewhere = Fetch { scope: Some(Value::Integer(SMALL_PAGES)), ..Fetch::all("prime_contract_payments") };
    assert!(everything(&*connector, elsewhere).await.expect("read").0.is_empty(), "no contract, no payments");
}

#[tokio::test]
async fn tax_stands_beside_what_is_due() {
    let outside = Outside::open();
    let (invoices, _) = everything(&*outside.connect(), requisitions(PROJECT)).await.expect("read");
    // Line 7010 of the commitment bears 8.25 percent; what is payable for it is 1,125.01.
    assert_eq!(amount(&invoices[0], "summary.tax_applicable_to_this_payment"), Decimal::cents(9_281));
    assert_eq!(amount(&invoices[0], "summary.current_payment_due"), Decimal::cents(100_001 + 25_000 - 12_500 - 5_000));
}

#[test]
fn a_direct_cost_takes_one_writer_at_a_time_and_none_once_it_is_linked() {
    let outside = Outside::open();
    let path = format!("/rest/v1.1/projects/{PROJECT}/direct_costs/801");
    let write = |body: &str| outside.signed(Method::Patch, &path, &format!("{{\"direct_cost\":{body}}}"));
    let (status, body) = write(r#"{"status":"pending","line_items":[{"id":8010,"manual_amount":12.5}]}"#);
    assert_eq!((status, &body["status"], &body["grand_total"]), (200, &"pending".into(), &"64.03".into()));
    assert_eq!(write(r#"{"status":"approved"}"#).0, 409, "another request is still at it");
    outside.pass(1);
    assert_eq!(write(r#"{"status":"void"}"#).0, 422);
    assert_eq!(write(r#"{"origin_id":"LEDGER:1"}"#).0, 200);
    outside.pass(1);
    assert_eq!(write(r#"{"status":"approved"}"#).0, 422, "locked");
    assert_eq!(outside.signed(Method::Delete, &path, "").0, 422);
    let other = path.replace("801", "803");
    assert_eq!(outside.signed(Method::Delete, &other, "").0, 200);
    assert_eq!(outside.signed(Method::Get, &other, "").0, 404, "gone");
    let (_, listed) = outside.signed(Method::Get, &path.replace("/801", ""), "");
    assert_eq!(listed.as_array().map(Vec::len), Some(4));
}

#[test]
fn a_payment_is_made_changed_and_locked_and_survives_a_new_opening() {
    let outside = Outside::open();
    let body = |fields: &str| format!(r#"{{"project_id":{PROJECT},"contract_id":701,"contract_payment":{fields}}}"#);
    let path = "/rest/v1.0/contract_payments";
    let (status, made) =
        outside.signed(Method::Post, path, &body(r#"{"amount":"75.5","requisition_id":701001,"date":"soon"}"#));
    assert_eq!((status, &made["amount"], &made["date"]), (201, &"75.5".into(), &serde_json::Value::Null));
    let one = format!("{path}/{}", made["id"]);
    assert_eq!(outside.signed(Method::Patch, &one, &body(r#"{"requisition_id":1}"#)).0, 422);
    assert_eq!(outside.signed(Method::Patch, &one, &body(r#"{"origin_id":"LEDGER:9"}"#)).0, 200);
    assert_eq!(outside.signed(Method::Patch, &one, &body(r#"{"amount":"1"}"#)).0, 422, "locked");
    assert_eq!(outside.signed(Method::Patch, &one, &body(r#"{"origin_data":"x"}"#)).0, 200);

    let changes = outside.fake().take_changes();
    let anew = Outside::open();
    changes.iter().for_each(|change| anew.fake().apply(change));
    let asked = format!("{one}?project_id={PROJECT}&contract_id=701");
    assert_eq!(anew.signed(Method::Get, &asked, "").1, outside.signed(Method::Get, &asked, "").1);
    assert_eq!(outside.signed(Method::Get, &format!("{path}?project_id={PROJECT}"), "").0, 400, "always by contract");
}
