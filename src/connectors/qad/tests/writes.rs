//! Invoices that are created and updated, and what QAD says of them.

use super::{connect, contractor, day, decimal, invoice, key, line, lines, one, text, with, world};
use crate::connector::{Effect, Error, ErrorKind, Fake, Permanence};
use crate::connectors::qad::fake::{QadFake, answers_nothing};
use crate::value::{Record, Value};
use crate::world::{HttpResponse, TransportError};

async fn refused(record: Record) -> Error {
    refused_as(ErrorKind::Refused, record).await
}

async fn refused_as(kind: ErrorKind, record: Record) -> Error {
    let world = world();
    let error = connect(&world).create("supplier_invoices", &record).await.expect_err("must be refused");
    assert_eq!(world.books(), 31, "nothing may be saved");
    assert_eq!((error.kind, error.permanence, error.effect), (kind, Permanence::Permanent, Effect::None));
    assert!(!error.mend.is_empty());
    error
}

#[tokio::test]
async fn an_invoice_is_created_echoed_and_found_again() {
    let world = world();
    let connector = connect(&world);
    let written = connector.create("supplier_invoices", &invoice("24-002-07")).await.expect("created");
    assert_eq!((written.reference.as_str(), written.warnings.len()), ("10USACO/2026/SI/31", 0));
    let echo = written.echo.expect("echo");
    assert_eq!(echo.get("total").and_then(Value::as_decimal), Some(decimal("9000")));
    let lines = echo.get("lines").and_then(Value::as_list).expect("lines");
    assert_eq!(
        lines[1].as_record().and_then(|line| line.get("amount")).and_then(Value::as_decimal),
        Some(decimal("-1000"))
    );
    let found = connector.find("supplier_invoices", &[key("S0002", "24-002-07")]).await.expect("asked");
    assert_eq!(found[0][0].reference, "10USACO/2026/SI/31");
    assert_eq!(text(&found[0][0].record, "status_code"), "AP-GLALLOC");
    assert_eq!(found[0][0].record.get("posting_date"), Some(&Value::Date(day("2026-09-30"))));
    assert!(world.asked("viewUri=urn%3Abe%3Acom.qad.financials") == 1);
}

#[tokio::test]
async fn a_second_reference_only_warns() {
    let world = world();
    let connector = connect(&world);
    connector.create("supplier_invoices", &invoice("24-002-07")).await.expect("first");
    let second = connector.create("supplier_invoices", &invoice("24-002-07")).await.expect("second");
    assert_eq!(second.warnings, ["The reference already exists on another invoice for this supplier"]);
    let found = connector.find("supplier_invoices", &[key("S0002", "24-002-07")]).await.expect("asked");
    assert_eq!(found[0].len(), 2, "both are shown to whoever asks");
}

#[tokio::test]
async fn an_unknown_code_is_explained() {
    let record = lines(invoice("R1"), vec![line("5310", "C999", "10")], "10");
    let error = refused(record).await;
    assert_eq!(error.message, "QAD refuses the record: cost_center: Cost center is mandatory (sent `C999`)");
    assert!(error.mend.starts_with("check `C999` in QAD: it must exist, be active"), "{}", error.mend);
    let error = refused(with(invoice("R1"), "supplier", "S9999")).await;
    assert_eq!(error.message, "QAD refuses the record: supplier: Supplier is mandatory (sent `S9999`)");
}

#[tokio::test]
async fn accounts_and_suppliers_that_take_nothing_are_named() {
    for (record, says) in [
        (lines(invoice("R1"), vec![line("5399", "", "10")], "10"), "gl_account: GL account 5399 is not active"),
        (lines(invoice("R1"), vec![line("2100", "", "10")], "10"), "GL account 2100 is a control account"),
        (lines(invoice("R1"), vec![line("5310", "", "10")], "10"), "cost_center: Cost center is mandatory"),
        (with(invoice("R1"), "supplier", "S0013"), "supplier: Supplier S0013 is not active"),
    ] {
        let error = refused(record).await;
        assert!(error.message.contains(says), "{} does not say {says}", error.message);
    }
}

#[tokio::test]
async fn a_closed_period_is_said_and_never_moved() {
    let error = refused_as(ErrorKind::NotYet, with(invoice("R1"), "invoice_date", day("2026-06-30"))).await;
    assert_eq!(
        error.message,
        "QAD does not take the record yet: posting_date: Period 2026/06 is closed for purchases (sent `2026-06-30`)"
    );
    assert!(error.mend.contains("never moved by itself"));
    let both = with(with(invoice("R1"), "invoice_date", day("2026-06-30")), "supplier", "S9999");
    assert!(refused(both).await.message.starts_with("QAD refuses the record"), "an open period alone would not help");
    let world = world();
    world.fake.lock().expect("fake").open_from(day("2026-01-01"));
    let record = with(invoice("R1"), "invoice_date", day("2026-06-30"));
    assert!(connect(&world).create("supplier_invoices", &record).await.is_ok());
}

#[tokio::test]
async fn what_qad_would_hide_is_refused_before_it_is_sent() {
    let world = world();
    let connector = connect(&world);
    let record = with(invoice("R1"), "total", decimal("9000.01"));
    assert!(connector.create("supplier_invoices", &record).await.is_err());
    let record = lines(invoice("R1"), vec![line("6000", "", "0.005")], "0.005");
    assert!(connector.create("supplier_invoices", &record).await.is_err());
    assert_eq!(world.counted(), 0);
}

#[tokio::test]
async fn an_answer_without_a_body_is_a_success_without_an_echo() {
    let world = world();
    let connector = connect(&world);
    let reference = (0..).map(|number| format!("E-{number}")).find(|text| answers_nothing(text)).expect("one in fifty");
    let written = connector.create("supplier_invoices", &invoice(&reference)).await.expect("created");
    assert_eq!((written.echo, written.reference), (None, format!("S0002 / {reference}")));
    let found = connector.find("supplier_invoices", &[key("S0002", &reference)]).await.expect("asked");
    assert_eq!(found[0].len(), 1);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_in_doubt() {
    let html = HttpResponse { status: 403, headers: Vec::new(), body: b"<!DOCTYPE html><html></html>".to_vec() };
    let torn = HttpResponse { status: 200, headers: Vec::new(), body: br#"{"data":{"supplierInv"#.to_vec() };
    let down = HttpResponse { status: 503, headers: vec![("Retry-After".into(), "30".into())], body: Vec::new() };
    let lost = TransportError { maybe_sent: true, timeout: true, message: "no answer in 60 s".into() };
    for answer in [Ok(html), Ok(torn), Ok(down), Err(lost)] {
        let world = world();
        world.instead.lock().expect("answers").push_back(answer);
        let error = connect(&world).create("supplier_invoices", &invoice("R1")).await.expect_err("no answer");
        assert_eq!((error.effect, error.permanence), (Effect::Unknown, Permanence::Temporary), "{}", error.message);
        assert_eq!(world.books(), 32, "it took effect all the same");
    }
}

#[tokio::test]
async fn an_invoice_is_updated_with_what_changed() {
    let world = world();
    let connector = connect(&world);
    let found = one(connector.as_ref(), "S0001", "24-001-05").await;
    let change = lines(Record::new(), vec![line("5310", "C300", "120.00")], "120.00");
    let written = connector.update("supplier_invoices", &found, &change).await.expect("updated");
    assert_eq!(written.reference, "10USACO/2026/SI/5");
    assert_eq!(written.echo.expect("echo").get("total").and_then(Value::as_decimal), Some(decimal("120")));
    assert_eq!(world.books(), 31, "no second invoice");
    let error = connector.update("supplier_invoices", &found, &change).await.expect_err("found before the change");
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(error.message, "10USACO/2026/SI/5 changed in QAD since it was read: `total` is another");
}

#[tokio::test]
async fn a_stale_hash_is_a_conflict() {
    let world = world();
    let connector = connect(&world);
    let found = one(connector.as_ref(), "S0001", "24-001-05").await;
    let before = world.ask(&format!("/api/erp/supplierInvoices?{}", found.token.as_deref().expect("keys")));
    let change = |text: &str| with(Record::new(), "description", text);
    connector.update("supplier_invoices", &found, &change("somebody else's")).await.expect("updated");
    world.instead.lock().expect("answers").push_back(Ok(before));
    let error = connector.update("supplier_invoices", &found, &change("ours")).await.expect_err("stale");
    assert_eq!((error.kind, error.effect), (ErrorKind::Conflict, Effect::None));
    assert_eq!(error.message, "the record changed in QAD since it was read");
}

#[tokio::test]
async fn the_books_are_the_stock_and_the_changes() {
    let world = world();
    let connector = connect(&world);
    for number in 1..=5 {
        connector.create("supplier_invoices", &invoice(&format!("24-002-{number:02}"))).await.expect("created");
    }
    let found = one(connector.as_ref(), "S0002", "24-002-03").await;
    connector.update("supplier_invoices", &found, &with(Record::new(), "description", "Other")).await.expect("updated");
    let mut fake = world.fake.lock().expect("fake");
    let changes = fake.take_changes();
    assert_eq!((changes.len(), fake.take_changes().len()), (6, 0));
    let mut again = QadFake::new(&contractor());
    for change in &changes {
        let kept = serde_json::to_string(change).expect("text");
        again.apply(&serde_json::from_str(&kept).expect("change"));
    }
    assert_eq!(again.books(), fake.books());
    drop(fake);
    let (there, url) = (world.ask("/api/erp/supplierInvoices").body, "/api/erp/supplierInvoices");
    *world.fake.lock().expect("fake") = again;
    assert_eq!(world.ask(url).body, there, "vouchers and hashes as well");
}

#[tokio::test]
async fn lines_that_a_status_drops_are_told() {
    let world = world();
    let written = connect(&world).create("supplier_invoices", &with(invoice("R1"), "status_code", "AP-NOALLOC")).await;
    let warnings = written.expect("created").warnings;
    assert!(warnings[0].starts_with("QAD kept 0 of 2 lines; status code `AP-NOALLOC`"), "{warnings:?}");
}

#[tokio::test]
async fn a_kind_that_qad_does_not_know_is_refused_before_it_is_sent() {
    let error = refused(with(invoice("R1"), "type", "RECEIPT")).await;
    assert_eq!(error.message, "`type` is `RECEIPT`, which QAD does not know");
}
