//! What purchasing and the ledger's masters show.

use super::{all, connect, connect_with, day, decimal, text, world};
use crate::connector::{ErrorKind, Fetch};
use crate::value::Value;

#[tokio::test]
async fn orders_come_with_their_lines_in_one_more_request() {
    let world = world();
    let orders = all(connect(&world).as_ref(), "purchase_orders").await;
    assert_eq!((orders.len(), world.counted()), (9, 1 + 2), "one sign-in, headers, lines");
    let order = &orders[0];
    assert_eq!((text(order, "number"), text(order, "supplier"), text(order, "status")), ("4711", "S0002", ""));
    let lines = order.get("lines").and_then(Value::as_list).expect("lines");
    let line = lines[1].as_record().expect("line");
    let number = |name: &str| line.get(name).and_then(Value::as_decimal);
    assert_eq!(lines.len(), 2);
    assert_eq!((number("ordered"), number("received")), (Some(decimal("200")), Some(decimal("120"))));
    assert_eq!((number("unit_cost"), text(line, "ers_option")), (Some(decimal("60")), "1"));
    let statuses: Vec<&str> = orders[3..6].iter().map(|order| text(order, "status")).collect();
    assert_eq!(statuses, ["", "c", "x"]);
}

#[tokio::test]
async fn a_filter_of_orders_and_receipts_travels_with_the_request() {
    let world = world();
    let connector = connect(&world);
    let only = |resource: &str, name: &str, value: &str| Fetch {
        filters: vec![(name.into(), value.into())],
        ..Fetch::all(resource)
    };
    let page = connector.fetch(&only("purchase_orders", "supplier", "S0003")).await.expect("page");
    assert_eq!(page.records.len(), 1);
    let page = connector.fetch(&only("goods_receipts", "order", "4711")).await.expect("page");
    let receipts: Vec<_> = page.records.into_iter().map(|receipt| receipt.expect("receipt")).collect();
    assert_eq!(receipts.len(), 3);
    assert_eq!(receipts[2].get("quantity").and_then(Value::as_decimal), Some(decimal("-30")));
    assert_eq!(receipts[2].get("date"), Some(&Value::Date(day("2026-09-22"))));
}

#[tokio::test]
async fn masters_and_periods_are_listed() {
    let world = world();
    let connector = connect(&world);
    assert_eq!(text(&all(connector.as_ref(), "items").await[0], "code"), "REBAR-4");
    assert_eq!(text(&all(connector.as_ref(), "customers").await[0], "name"), "City of Joliet");
    assert_eq!(all(connector.as_ref(), "sub_accounts").await.len(), 3);
    let periods = all(connector.as_ref(), "periods").await;
    let open: Vec<String> = periods
        .iter()
        .filter(|period| period.get("open_for_purchases") == Some(&Value::Bool(true)))
        .map(|period| text_of_day(period.get("from")))
        .collect();
    assert_eq!((periods.len(), open[0].as_str()), (36, "2026-07-01"));
    assert_eq!(periods[17].get("open_for_general_ledger"), Some(&Value::Bool(true)), "though purchases are closed");
}

fn text_of_day(day: Option<&Value>) -> String {
    day.map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn lines_that_a_misspelt_browse_hides_are_never_no_lines() {
    let world = world();
    let profile = "resources: {purchase_orders: {lines_browse: 'urn:browse:mfg:zz999'}}";
    let connector = connect_with(&world, Some(profile), |_, _| {});
    let error = connector.fetch(&Fetch::all("purchase_orders")).await.expect_err("misspelt browse");
    assert_eq!(error.kind, ErrorKind::Configuration);
    assert_eq!(error.message, "QAD has no browse `urn:browse:mfg:zz999` for lines of purchase orders");
}
