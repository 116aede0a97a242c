//! Three-way match over QXtend: the same judgement, other questions.

use super::super::invoice;
use super::super::readiness::{DAY, asked, bill};
use super::{OWN, office, office_with};
use crate::connector::{ErrorKind, Readiness, Wait};
use crate::value::Record;

#[tokio::test]
async fn a_group_is_asked_for_in_few_messages() {
    let office = office();
    let records: Vec<Record> =
        (0..40).map(|number| bill(&format!("R-{number:02}"), &format!("47{:02}", 11 + number % 9))).collect();
    asked(office.connector(), &records, DAY).await;
    assert_eq!(office.sent(), 4, "periods, orders, receipts, invoices");
    let sent = office.sent();
    asked(office.connector(), &[invoice("A")], DAY).await;
    assert_eq!(office.sent() - sent, 1, "without an order only the period is asked for");
}

#[tokio::test]
async fn what_was_posted_of_an_order_is_found_by_the_order() {
    let office = office();
    office.connector.create("supplier_invoices", &bill("A", "4712")).await.expect("posted");
    let answers = asked(office.connector(), &[bill("A", "4712")], DAY).await;
    assert_eq!(answers, [Readiness::Ready], "the invoice itself, to be changed");
    let last = office.last();
    assert!(last.contains("<tcBusinessFieldName>tCInvoicePO.CInvoicePOPoNbr</tcBusinessFieldName>"), "{last}");
    let answers = asked(office.connector(), &[bill("B", "4712")], DAY).await;
    assert!(matches!(&answers[0], Readiness::Waits { reason, .. } if reason.contains("9,000.00 of it is invoiced")));
}

#[tokio::test]
async fn an_order_that_cannot_be_filtered_by_is_an_error() {
    let rest = "resources: {supplier_invoices: {qxtend: {filters: {purchase_order: tCInvoice.PoNbr}}}}";
    let office = office_with(OWN, rest, |_, _| {});
    office.connector.create("supplier_invoices", &bill("A", "4712")).await.expect("posted");
    let records = [bill("B", "4713")];
    let wait =
        Wait { resource: "supplier_invoices", what: "receipts", quiet: DAY, zone: None, records: &records, ahead: &[] };
    let error = office.connector.readiness(&wait).await.expect_err("a name that QAD does not know");
    assert_eq!(error.kind, ErrorKind::Configuration, "{}", error.message);
    assert!(error.message.contains("does not use `PoNbr`"), "{}", error.message);
}
