//! Credit notes, and invoices with a purchase order.

use super::{connect, day, decimal, invoice, key, line, lines, one, text, with, world};
use crate::connector::{ErrorKind, Key};
use crate::value::{Record, Value};
use crate::world::Method;

fn credit(reference: &str) -> Record {
    lines(invoice(reference), vec![line("5310", "C300", "-100.00"), line("5310", "C300", "10.00")], "-90.00")
}

#[tokio::test]
async fn a_negative_total_is_posted_as_a_credit_note_and_compares_equal() {
    let world = world();
    let connector = connect(&world);
    let written = connector.create("supplier_invoices", &credit("CR-1")).await.expect("created");
    assert_eq!(written.reference, "10USACO/2026/SC/1", "its own daybook");
    assert!(written.warnings.is_empty(), "{:?}", written.warnings);
    let echo = written.echo.expect("echo");
    assert_eq!(
        (text(&echo, "type"), echo.get("total").and_then(Value::as_decimal)),
        ("CREDITNOTE", Some(decimal("-90")))
    );
    let found = one(connector.as_ref(), "S0002", "CR-1").await;
    assert_eq!(found.record.get("total").and_then(Value::as_decimal), Some(decimal("-90")));
    assert_eq!(found.record.get("balance").and_then(Value::as_decimal), Some(decimal("-90")));
    let shown = world.ask(&format!("/api/erp/supplierInvoices?{}", found.token.as_deref().expect("keys")));
    let shown = String::from_utf8(shown.body).expect("text");
    assert!(shown.contains(r#""invoiceType":"CREDITNOTE""#) && shown.contains(r#""invoiceAmount":90"#), "{shown}");
}

#[tokio::test]
async fn a_credit_note_is_updated_on_its_side() {
    let world = world();
    let connector = connect(&world);
    connector.create("supplier_invoices", &credit("CR-1")).await.expect("created");
    let found = one(connector.as_ref(), "S0002", "CR-1").await;
    let change = lines(Record::new(), vec![line("5310", "C300", "-80.00")], "-80.00");
    let echo = connector.update("supplier_invoices", &found, &change).await.expect("updated").echo.expect("echo");
    assert_eq!(echo.get("total").and_then(Value::as_decimal), Some(decimal("-80")));
    let found = one(connector.as_ref(), "S0002", "CR-1").await;
    let change = lines(Record::new(), vec![line("5310", "C300", "80.00")], "80.00");
    let error = connector.update("supplier_invoices", &found, &change).await.expect_err("the other side");
    assert_eq!(error.message, "the total of a credit note is negative here, not 80.00");
}

#[tokio::test]
async fn an_invoice_and_a_credit_note_may_bear_one_reference() {
    let world = world();
    let connector = connect(&world);
    connector.create("supplier_invoices", &invoice("R-1")).await.expect("invoice");
    let second = connector.create("supplier_invoices", &credit("R-1")).await.expect("credit note");
    assert!(second.warnings.is_empty(), "another kind is no twin: {:?}", second.warnings);
    let typed = |kind: &str| {
        let mut key = key("S0002", "R-1");
        key.0.push(("type".into(), kind.into()));
        key
    };
    let keys: [Key; 2] = [typed("INVOICE"), typed("CREDITNOTE")];
    let found = connector.find("supplier_invoices", &keys).await.expect("asked");
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
}

#[tokio::test]
async fn qad_itself_takes_no_amount_below_nothing() {
    let world = world();
    let post = |part: &str| {
        let body = format!(
            r#"{{"supplierInvoices":[{{"supplierCode":"S0002","invoiceReference":"X","invoiceDate":"2026-09-30",
            "description":"X","invoiceStatusCode":"AP-GLALLOC",{part},
            "postings":[{{"glAccountCode":"6000","debitAmountTC":0,"creditAmountTC":5}}]}}]}}"#
        );
        let answer = world.request(Method::Post, "/api/erp/supplierInvoices", body.into_bytes());
        String::from_utf8(answer.body).expect("text")
    };
    let refused = post(r#""invoiceType":"INVOICE","daybookCode":"SI","invoiceAmount":-5"#);
    assert!(refused.contains("Amount of type INVOICE must not be negative."), "{refused}");
    let refused = post(r#""invoiceType":"CREDITNOTE","daybookCode":"SI","invoiceAmount":5"#);
    assert!(refused.contains(r#""fieldName":"daybookCode""#), "another daybook: {refused}");
    let taken = post(r#""invoiceType":"CREDITNOTE","daybookCode":"SC","invoiceAmount":5"#);
    assert!(taken.contains(r#""success":true"#), "{taken}");
}

#[tokio::test]
async fn an_invoice_of_an_order_waits_for_its_receipts_to_be_matched() {
    let world = world();
    let connector = connect(&world);
    let record = with(invoice("R-1"), "purchase_order", "4712");
    let written = connector.create("supplier_invoices", &record).await.expect("created");
    assert!(written.warnings.is_empty(), "{:?}", written.warnings);
    let echo = written.echo.expect("echo");
    assert_eq!((text(&echo, "status_code"), text(&echo, "purchase_order")), ("AP-NOALLOC", "4712"));
    assert_eq!(echo.get("lines"), None, "none were sent, none are missed");
    let found = one(connector.as_ref(), "S0002", "R-1").await;
    assert_eq!(text(&found.record, "purchase_order"), "4712");
    let change = with(with(Record::new(), "description", "Rebar"), "invoice_date", day("2026-09-29"));
    connector.update("supplier_invoices", &found, &change).await.expect("updated without lines");
    let coded = with(with(invoice("R-2"), "purchase_order", "4712"), "status_code", "AP-GLALLOC");
    let echo = connector.create("supplier_invoices", &coded).await.expect("created").echo.expect("echo");
    assert_eq!(echo.get("lines").and_then(Value::as_list).map(<[Value]>::len), Some(2), "the pipeline says so");
}

#[tokio::test]
async fn an_order_that_is_not_there_or_anothers_is_refused() {
    let world = world();
    let connector = connect(&world);
    for (order, says) in [
        ("9999", "purchase_order: Purchase order is mandatory (sent `9999`)"),
        ("4717", "purchase_order: Purchase order 4717 belongs to another supplier"),
    ] {
        let record = with(invoice("R-1"), "purchase_order", order);
        let error = connector.create("supplier_invoices", &record).await.expect_err("refused");
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(error.message.contains(says), "{}", error.message);
    }
}
