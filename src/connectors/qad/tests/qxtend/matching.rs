//! Invoices on a purchase order that are matched with their receipts as they are posted.

use super::super::readiness::{DAY, asked};
use super::super::{all, decimal, invoice, line, one, text, with};
use super::{Office, office_with};
use crate::connector::{Effect, Error, ErrorKind, Fake as _, Readiness};
use crate::value::{Record, Value};

const MATCHING: &str = "{invoice: {control_account: '2100', match_receipts: true}}";

fn matching() -> Office {
    office_with(MATCHING, "", |_, _| {})
}

/// An invoice on an order: amounts by its lines, and costs beside them.
fn bill(reference: &str, order: &str, amounts: &[(i64, &str)], costs: &[&str], total: &str) -> Record {
    let of_order = amounts.iter().map(|(number, amount)| {
        let Value::Record(record) = line("5310", "C300", amount) else { panic!("a line") };
        with((*record).clone(), "purchase_order_line", Value::Integer(*number)).into()
    });
    let beside = costs.iter().map(|amount| line("6000", "", amount));
    let record = with(invoice(reference), "lines", Value::list(of_order.chain(beside).collect()));
    with(with(record, "purchase_order", order), "total", decimal(total))
}

fn book(office: &Office, reference: &str) -> serde_json::Value {
    let books = office.line.world.fake.lock().expect("fake").books();
    let invoices = books["supplier_invoices"].as_array().expect("invoices").clone();
    invoices.into_iter().find(|invoice| invoice["reference"] == reference).unwrap_or_default()
}

async fn refused(office: &Office, record: &Record) -> Error {
    let before = office.books();
    let error = office.connector.create("supplier_invoices", record).await.expect_err("must be refused");
    assert_eq!(office.books(), before, "nothing may be saved");
    error
}

#[tokio::test]
async fn receipts_are_matched_and_the_rest_is_coded() {
    let office = matching();
    let record = bill("M-1", "4711", &[(2, "10.00"), (3, "6000.00")], &["75.50", "-20.00"], "6065.50");
    let written = office.connector.create("supplier_invoices", &record).await.expect("posted");
    assert_eq!((written.reference.as_str(), written.warnings), ("10USACO/2026/SI/31", Vec::<String>::new()));
    assert_eq!(written.echo.expect("echo").get("lines"), None, "the receipts code the cost");
    let sent = office.last();
    for part in [
        "<BCInvoiceAPMatching>",
        "<tcPurchaseOrderNumber>4711</tcPurchaseOrderNumber><tiPurchaseOrderLineNumber>3</tiPurchaseOrderLineNumber>\
         <tcReceiverNumber>R1</tcReceiverNumber><tdMatchQty>100</tdMatchQty><tdMatchUnitPrice>60.00</tdMatchUnitPrice>\
         <tlIsPvodFinished>false</tlIsPvodFinished>",
        "<tdDebitTC>75.50</tdDebitTC><tdCreditTC>0</tdCreditTC>",
        "<tlIsInitialStatus>false</tlIsInitialStatus>",
    ] {
        assert!(sent.contains(part), "{part} is not in {sent}");
    }
    let book = book(&office, "M-1");
    assert_eq!((&book["status_code"], &book["purchase_order"]), (&"AP-RMALLOC".into(), &"4711".into()));
    assert_eq!((book["lines"].as_array().map(Vec::len), book["matches"].as_array().map(Vec::len)), (Some(2), Some(2)));
    let found = one(office.connector(), "S0002", "M-1").await;
    assert_eq!((text(&found.record, "purchase_order"), found.record.get("lines")), ("4711", None));
}

#[tokio::test]
async fn the_next_invoice_takes_what_is_left() {
    let office = matching();
    let bills = [
        bill("M-1", "4713", &[(1, "4500.00")], &[], "4500.00"),
        bill("M-2", "4713", &[(1, "1234.56")], &[], "1234.56"),
        bill("M-3", "4713", &[(1, "3265.44")], &[], "3265.44"),
    ];
    for record in &bills {
        office.connector.create("supplier_invoices", record).await.expect("posted");
    }
    let receipts = all(office.connector(), "goods_receipts").await;
    let left = receipts.iter().filter(|receipt| text(receipt, "order") == "4713").map(|receipt| {
        let number = |name: &str| receipt.get(name).and_then(Value::as_decimal).unwrap_or_default();
        number("quantity").checked_sub(number("matched")).unwrap_or_default()
    });
    assert_eq!(left.map(|left| left.rounded(6).is_zero()).collect::<Vec<_>>(), [true, true], "all of it is matched");
    let error = refused(&office, &bill("M-4", "4713", &[(1, "0.01")], &[], "0.01")).await;
    assert_eq!((error.kind, error.effect), (ErrorKind::NotYet, Effect::None));
    assert_eq!(
        error.message,
        "PO 4713 line 1: receipts that are not matched yet are worth 0.00; this invoice asks for 0.01"
    );
    let answers = asked(office.connector(), &bills[..1], DAY).await;
    assert!(matches!(&answers[0], Readiness::Waits { .. } | Readiness::Ready), "{answers:?}");
}

#[tokio::test]
async fn two_at_once_never_take_the_same_receipt() {
    let office =
        office_with("{concurrency: 2, invoice: {control_account: '2100', match_receipts: true}}", "", |_, _| {});
    let (one, other) = (
        bill("M-1", "4712", &[(1, "5000.00")], &[], "5000.00"),
        bill("M-2", "4712", &[(1, "5000.00")], &[], "5000.00"),
    );
    let (a, b) = tokio::join!(
        office.connector.create("supplier_invoices", &one),
        office.connector.create("supplier_invoices", &other),
    );
    let error = a.and(b).expect_err("9,000.00 was received");
    assert_eq!(error.kind, ErrorKind::NotYet, "{}", error.message);
    assert_eq!(office.books(), 32);
}

#[tokio::test]
async fn what_cannot_be_matched_is_left_to_people_or_refused() {
    let office = matching();
    let unnamed = with(with(invoice("M-1"), "purchase_order", "4712"), "description", "Rebar");
    office.connector.create("supplier_invoices", &unnamed).await.expect("no line of the order is named");
    assert!(office.last().contains("<BCInvoice>"), "{}", office.last());
    let credit = bill("M-2", "4712", &[(1, "-10.00")], &[], "-10.00");
    office.connector.create("supplier_invoices", &credit).await.expect("a credit");
    assert!(office.last().contains("<BCInvoice>"), "{}", office.last());
    let error = refused(&office, &bill("M-3", "4712", &[(7, "10.00")], &[], "10.00")).await;
    assert_eq!(error.message, "PO 4712 line 7 has no price at which receipts could be matched");
    let unknown =
        office_with(MATCHING, "resources: {goods_receipts: {fields: {matched: {column: x.none}}}}", |_, _| {});
    let error = refused(&unknown, &bill("M-4", "4712", &[(1, "10.00")], &[], "10.00")).await;
    assert_eq!(error.message, "QAD does not show how much of receipt R3 is matched with invoices already");
}

#[tokio::test]
async fn what_is_left_aside_of_a_match_is_an_error() {
    let rest =
        "resources: {supplier_invoices: {qxtend: {documents: {matched: {fields: {matches.finished: tlFinished}}}}}}";
    let office = office_with(MATCHING, rest, |_, _| {});
    let record = bill("M-1", "4712", &[(1, "9000.00")], &[], "9000.00");
    let error = office.connector.create("supplier_invoices", &record).await.expect_err("a name that is not known");
    assert!(error.message.starts_with("QXtend left `matches.finished` aside, and wrote the rest"), "{}", error.message);
    assert_eq!((error.effect, office.books()), (Effect::Altered, 32));
}
