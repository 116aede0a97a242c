//! Payments, made and received.

use super::{all, connect, day, decimal, one, text, with, world};
use crate::connector::{Connector, Error, ErrorKind, Fake, Key};
use crate::connectors::qad::fake::QadFake;
use crate::value::{Record, Value};

pub(super) fn paid(reference: &str, amount: &str) -> Value {
    with(with(Record::new(), "reference", reference), "amount", decimal(amount)).into()
}

pub(super) fn payment(reference: &str, allocations: Vec<Value>, amount: &str) -> Record {
    let mut record = Record::new();
    record.insert("supplier", "S0001");
    record.insert("reference", reference);
    record.insert("payment_date", day("2026-09-30"));
    record.insert("allocations", Value::list(allocations));
    record.insert("amount", decimal(amount));
    record
}

pub(super) fn receipt(reference: &str) -> Record {
    let mut record = Record::new();
    record.insert("customer", "C0001");
    record.insert("reference", reference);
    record.insert("payment_date", day("2026-09-30"));
    record.insert("amount", decimal("50000.00"));
    record
}

async fn refused(record: Record) -> Error {
    let world = world();
    let error = connect(&world).create("ap_payments", &record).await.expect_err("must be refused");
    let books = world.fake.lock().expect("fake").books();
    assert_eq!(books["ap_payments"].as_array().map(Vec::len), Some(0), "nothing may be saved");
    error
}

pub(super) async fn balance(connector: &dyn Connector, reference: &str) -> (String, Option<bool>) {
    let found = one(connector, "S0001", reference).await;
    let balance = found.record.get("balance").and_then(Value::as_decimal).unwrap_or_default();
    (balance.fixed(2), found.record.get("open").and_then(Value::as_bool))
}

#[tokio::test]
async fn payments_lower_what_is_left_of_their_invoices() {
    let world = world();
    let connector = connect(&world);
    let first = payment("CHK-1", vec![paid("24-001-01", "60.00"), paid("24-001-02", "100")], "160");
    let written = connector.create("ap_payments", &first).await.expect("first");
    assert_eq!((written.reference.as_str(), written.warnings.len()), ("10USACO/2026/TRANSFER/1", 0));
    let echo = written.echo.expect("echo");
    assert_eq!(echo.get("allocations").and_then(Value::as_list).map(<[Value]>::len), Some(2));
    assert_eq!((text(&echo, "daybook"), text(&echo, "status")), ("BK", "PAID"));
    assert_eq!(balance(connector.as_ref(), "24-001-01").await, ("40.00".to_owned(), Some(true)));
    assert_eq!(balance(connector.as_ref(), "24-001-02").await, ("0.00".to_owned(), Some(false)));
    let rest = payment("CHK-2", vec![paid("24-001-01", "40.00")], "40");
    connector.create("ap_payments", &rest).await.expect("the rest");
    assert_eq!(balance(connector.as_ref(), "24-001-01").await, ("0.00".to_owned(), Some(false)));
    let key = Key(vec![("supplier".into(), "S0001".into()), ("reference".into(), "CHK-1".into())]);
    let found = connector.find("ap_payments", &[key]).await.expect("asked").remove(0);
    assert_eq!(found[0].record.get("amount").and_then(Value::as_decimal), Some(decimal("160")));
    let listed = all(connector.as_ref(), "ap_payments").await;
    let allocations = listed[0].get("allocations").and_then(Value::as_list).expect("allocations");
    assert_eq!((listed.len(), allocations.len()), (2, 2));
}

#[tokio::test]
async fn an_invoice_can_be_named_by_its_number() {
    let world = world();
    let connector = connect(&world);
    let mut by_number = Record::new();
    by_number.insert("year", Value::Integer(2026));
    by_number.insert("invoice_daybook", "SI");
    by_number.insert("voucher", Value::Integer(3));
    by_number.insert("amount", decimal("100"));
    connector.create("ap_payments", &payment("CHK-1", vec![by_number.into()], "100")).await.expect("created");
    assert_eq!(balance(connector.as_ref(), "24-001-03").await.0, "0.00");
}

#[tokio::test]
async fn what_cannot_be_paid_is_refused_and_said() {
    for (record, says) in [
        (
            payment("C", vec![paid("24-001-01", "100.01")], "100.01"),
            "amount: Allocation exceeds the balance of invoice 24-001-01, 100.00 (sent `100.01`)",
        ),
        (
            payment("C", vec![paid("24-001-01", "60"), paid("24-001-01", "60")], "120"),
            "amount: Allocation exceeds the balance of invoice 24-001-01, 100.00",
        ),
        (payment("C", vec![paid("24-009-01", "1")], "1"), "reference: Invoice is mandatory (sent `24-009-01`)"),
        (
            with(payment("C", vec![paid("24-001-01", "1")], "1"), "supplier", "S0013"),
            "supplier: Supplier S0013 is not active",
        ),
        (with(payment("C", vec![paid("24-001-01", "1")], "1"), "supplier", "S0002"), "reference: Invoice is mandatory"),
    ] {
        let error = refused(record).await;
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(error.message.contains(says), "{} does not say {says}", error.message);
    }
    let early = with(payment("C", vec![paid("24-001-01", "1")], "1"), "payment_date", day("2026-06-30"));
    let error = refused(early).await;
    assert_eq!(error.kind, ErrorKind::NotYet);
    assert!(error.message.contains("payment_date: Period 2026/06 is closed for purchases"), "{}", error.message);
}

#[tokio::test]
async fn a_second_reference_only_warns() {
    let world = world();
    let connector = connect(&world);
    for (number, warnings) in [("24-001-01", 0), ("24-001-02", 1)] {
        let record = payment("CHK-1", vec![paid(number, "10")], "10");
        let written = connector.create("ap_payments", &record).await.expect("created");
        assert_eq!(written.warnings.len(), warnings, "{:?}", written.warnings);
    }
}

#[tokio::test]
async fn a_payment_of_a_customer_is_booked_and_found_again() {
    let world = world();
    let connector = connect(&world);
    let written = connector.create("customer_payments", &receipt("OWN-1")).await.expect("created");
    assert_eq!(written.reference, "10USACO/2026/TRANSFER/1");
    let key = Key(vec![("customer".into(), "C0001".into()), ("reference".into(), "OWN-1".into())]);
    let found = connector.find("customer_payments", &[key]).await.expect("asked").remove(0);
    assert_eq!(found[0].record.get("amount").and_then(Value::as_decimal), Some(decimal("50000")));
    let unknown = with(receipt("OWN-2"), "customer", "C9999");
    let error = connector.create("customer_payments", &unknown).await.expect_err("refused");
    assert_eq!(error.message, "QAD refuses the record: customer: Customer is mandatory (sent `C9999`)");
}

#[tokio::test]
async fn the_books_are_the_stock_and_the_payments() {
    let world = world();
    let connector = connect(&world);
    connector.create("ap_payments", &payment("CHK-1", vec![paid("24-001-01", "60")], "60")).await.expect("paid");
    let found = one(connector.as_ref(), "S0001", "24-001-01").await;
    let change = with(Record::new(), "description", "Other");
    connector.update("supplier_invoices", &found, &change).await.expect("what is paid stays paid");
    connector.create("customer_payments", &receipt("OWN-1")).await.expect("received");
    let mut fake = world.fake.lock().expect("fake");
    let mut again = QadFake::new(&super::contractor());
    for change in fake.take_changes() {
        let kept = serde_json::to_string(&change).expect("text");
        again.apply(&serde_json::from_str(&kept).expect("change"));
    }
    assert_eq!(again.books(), fake.books());
    assert_eq!(again.books()["supplier_invoices"][0]["balance"], "40.00");
}
