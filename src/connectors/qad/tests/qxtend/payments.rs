//! Payments over QXtend: the same ledger as over REST.

use super::super::payments::{balance, paid, payment, receipt};
use super::super::{all, decimal, text, with};
use super::{Office, office};
use crate::connector::{Effect, ErrorKind, Fake as _, Key};
use crate::value::Value;

fn key(party: &str, code: &str, reference: &str) -> Key {
    Key(vec![(party.into(), code.into()), ("reference".into(), reference.into())])
}

fn payments(office: &Office) -> serde_json::Value {
    office.line.world.fake.lock().expect("fake").books()["ap_payments"].clone()
}

#[tokio::test]
async fn payments_lower_what_is_left_of_their_invoices() {
    let office = office();
    let first = payment("CHK-1", vec![paid("24-001-01", "60.00"), paid("24-001-02", "100")], "160");
    let written = office.connector.create("ap_payments", &first).await.expect("first");
    assert_eq!((written.reference.as_str(), written.warnings.len()), ("10USACO/2026/TRANSFER/1", 0));
    let sent = office.last();
    assert!(sent.contains("<BCDocument>") && sent.contains("<CPayAmountTC>60.00</CPayAmountTC>"), "{sent}");
    let echo = written.echo.expect("echo");
    assert_eq!(echo.get("allocations").and_then(Value::as_list).map(<[Value]>::len), Some(2));
    assert_eq!((text(&echo, "daybook"), text(&echo, "status")), ("BK", "PAID"));
    assert_eq!(balance(office.connector(), "24-001-01").await, ("40.00".to_owned(), Some(true)));
    assert_eq!(balance(office.connector(), "24-001-02").await, ("0.00".to_owned(), Some(false)));
    let found = office.connector.find("ap_payments", &[key("supplier", "S0001", "CHK-1")]).await.expect("asked");
    assert_eq!(found[0][0].reference, "10USACO/2026/TRANSFER/1");
    assert_eq!(found[0][0].record.get("amount").and_then(Value::as_decimal), Some(decimal("160")));
}

#[tokio::test]
async fn both_interfaces_book_the_same_and_show_the_same() {
    let (office, there) = (office(), super::super::world());
    let rest = super::super::connect(&there);
    for (resource, record) in [
        ("ap_payments", payment("CHK-1", vec![paid("24-001-01", "60.00"), paid("24-001-02", "100")], "160")),
        ("ap_payments", with(payment("CHK-2", vec![paid("24-001-01", "40")], "40"), "type", "CHECK")),
        ("customer_payments", with(receipt("OWN-1"), "description", "Draw 3 <final>")),
    ] {
        let here = office.connector.create(resource, &record).await.expect("by QXtend");
        let other = rest.create(resource, &record).await.expect("by REST");
        assert_eq!(here.reference, other.reference, "{resource}");
    }
    let books = |world: &super::World| world.fake.lock().expect("fake").books();
    assert_eq!(books(&office.line.world), books(&there));
    for resource in ["ap_payments", "customer_payments", "supplier_invoices"] {
        assert_eq!(all(office.connector(), resource).await, all(rest.as_ref(), resource).await, "{resource}");
    }
}

#[tokio::test]
async fn what_cannot_be_paid_is_refused_and_said() {
    for (record, says) in [
        (
            payment("C", vec![paid("24-001-01", "100.01")], "100.01"),
            "amount: Allocation exceeds the balance of invoice 24-001-01, 100.00 (sent `100.01`)",
        ),
        (payment("C", vec![paid("24-009-01", "1")], "1"), "reference: Invoice is mandatory (sent `24-009-01`)"),
        (
            with(payment("C", vec![paid("24-001-01", "1")], "1"), "supplier", "S0013"),
            "supplier: Supplier S0013 is not active",
        ),
    ] {
        let office = office();
        let error = office.connector.create("ap_payments", &record).await.expect_err("must be refused");
        assert_eq!((error.kind, error.effect), (ErrorKind::Refused, Effect::Unknown));
        assert!(error.message.contains(says), "{} does not say {says}", error.message);
        assert_eq!(payments(&office), serde_json::json!([]), "nothing may be saved");
    }
    let office = office();
    let short = payment("C", vec![paid("24-001-01", "3")], "5");
    let error = office.connector.create("ap_payments", &short).await.expect_err("not whole");
    assert_eq!((error.message.as_str(), office.sent()), ("the allocations come to 3.00, but the payment is 5.00", 0));
}

#[tokio::test]
async fn a_second_reference_only_warns() {
    let office = office();
    for (number, warnings) in [("24-001-01", 0), ("24-001-02", 1)] {
        let record = payment("CHK-1", vec![paid(number, "10")], "10");
        let written = office.connector.create("ap_payments", &record).await.expect("created");
        assert_eq!(written.warnings.len(), warnings, "{:?}", written.warnings);
    }
    let found = office.connector.find("ap_payments", &[key("supplier", "S0001", "CHK-1")]).await.expect("asked");
    assert_eq!(found[0].len(), 2, "both are shown to whoever asks");
}

#[tokio::test]
async fn a_payment_of_a_customer_is_booked_and_found_again() {
    let office = office();
    let written = office.connector.create("customer_payments", &receipt("OWN-1")).await.expect("created");
    assert_eq!(written.reference, "10USACO/2026/TRANSFER/1");
    assert!(office.last().contains("<BDDocument>"), "{}", office.last());
    let found = office.connector.find("customer_payments", &[key("customer", "C0001", "OWN-1")]).await.expect("asked");
    assert_eq!(found[0][0].record.get("amount").and_then(Value::as_decimal), Some(decimal("50000")));
    let unknown = with(receipt("OWN-2"), "customer", "C9999");
    let error = office.connector.create("customer_payments", &unknown).await.expect_err("refused");
    assert_eq!(error.message, "QAD refuses the record: customer: Customer is mandatory (sent `C9999`)");
}
