//! Three-way match: what waits, for what, and in which words.

use super::{connect, connect_with, day, decimal, invoice, with, world};
use crate::connector::{Connector, ErrorKind, Readiness, Wait};
use crate::value::{Record, Span, Value};

pub(super) const DAY: Span = Span::from_secs(86_400);

/// An invoice over 9,000.00 that bills an order.
pub(super) fn bill(reference: &str, order: &str) -> Record {
    with(invoice(reference), "purchase_order", order)
}

fn of_total(record: Record, total: &str) -> Record {
    with(record, "total", decimal(total))
}

fn by_line(record: Record, amounts: &[(i64, &str)]) -> Record {
    let lines = amounts.iter().map(|(number, amount)| {
        let mut line = Record::new();
        line.insert("gl_account", "5310");
        line.insert("purchase_order_line", Value::Integer(*number));
        line.insert("amount", decimal(amount));
        line.into()
    });
    with(record, "lines", Value::list(lines.collect()))
}

pub(super) async fn asked(connector: &dyn Connector, records: &[Record], quiet: Span) -> Vec<Readiness> {
    let wait = Wait { resource: "supplier_invoices", what: "receipts", quiet, zone: None, records, ahead: &[] };
    let answers = connector.readiness(&wait).await.expect("asked");
    assert_eq!(answers.len(), records.len());
    answers
}

/// One line for each record, the same by both interfaces.
async fn said(records: &[Record]) -> String {
    let world = world();
    let answers = asked(connect(&world).as_ref(), records, DAY).await;
    let by_qxtend = asked(super::qxtend::office().connector(), records, DAY).await;
    assert_eq!(told(&answers), told(&by_qxtend), "REST, QXtend");
    told(&answers)
}

fn told(answers: &[Readiness]) -> String {
    let told = answers.iter().map(|answer| match answer {
        Readiness::Ready => "ready".to_owned(),
        Readiness::Waits { reason, mend } => format!("waits: {reason} [{mend}]"),
        Readiness::Never { reason, mend } => format!("never: {reason} [{mend}]"),
    });
    told.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_is_received_and_quiet_is_ready() {
    let records = [
        bill("A", "4712"),
        invoice("B"),
        of_total(bill("C", "4711"), "7210.00"),
        of_total(bill("D", "4711"), "-5.00"),
        bill("E", "4719"),
    ];
    insta::assert_snapshot!(said(&records).await, @r"
    ready
    ready
    ready
    ready
    ready
    ");
}

#[tokio::test]
async fn what_goes_out_before_is_taken_and_a_credit_gives_nothing_before_it_stands() {
    let world = world();
    let connector = connect(&world);
    let half = |reference: &str| of_total(bill(reference, "4712"), "5000.00");
    let credit = of_total(bill("CR", "4712"), "-5000.00");
    let answers = asked(connector.as_ref(), &[half("A"), credit, half("B")], DAY).await;
    assert!(matches!(answers[..], [Readiness::Ready, Readiness::Ready, Readiness::Waits { .. }]), "{answers:?}");
    let (records, ahead) = ([half("B")], [half("A"), half("C")]);
    let wait = |ahead| Wait {
        resource: "supplier_invoices",
        what: "receipts",
        quiet: DAY,
        zone: None,
        records: &records,
        ahead,
    };
    let ask = async |ahead| connector.readiness(&wait(ahead)).await.expect("asked").remove(0);
    assert_eq!(ask(&[]).await, Readiness::Ready);
    let Readiness::Waits { reason, .. } = ask(&ahead).await else { panic!("it is taken") };
    assert!(reason.contains("10,000.00 of it is invoiced"), "{reason}");
    // What stands already is not taken once more.
    let standing = with(of_total(half("A"), "4000.00"), "lines", Value::list(Vec::new()));
    let standing = with(standing, "status_code", "AP-NOALLOC");
    connector.create("supplier_invoices", &standing).await.expect("posted");
    assert_eq!(ask(&[standing]).await, Readiness::Ready);
}

#[tokio::test]
async fn what_is_not_wholly_received_waits() {
    let records = [bill("A", "4711"), of_total(bill("B", "4712"), "9000.01"), bill("C", "4715")];
    insta::assert_snapshot!(said(&records).await, @r"
    waits: PO 4711 line 3: 120 of 200 received, worth 7,210.00; this invoice asks for 9,000.00 [post the receipt in QAD when the goods are in; the invoice then goes out by itself]
    waits: PO 4712, worth 9,000.00; this invoice asks for 9,000.01 [all is received: compare price and quantity of the order with the invoice, and have the wrong one corrected]
    never: PO 4715 line 1: 50 of 100 received, worth 4,500.00; this invoice asks for 9,000.00; the order is closed, so nothing more will come in [ask purchasing: open the order again for what is missing, or have the invoice corrected]
    ");
}

#[tokio::test]
async fn receipts_must_have_been_quiet() {
    let world = world();
    let connector = connect(&world);
    let records = [bill("A", "4713")];
    insta::assert_snapshot!(told(&asked(connector.as_ref(), &records, DAY).await), @"waits: PO 4713 was received last on 2026-10-01; its receipts are to be quiet for 24h [nothing is to be done; it goes out by itself when no more receipts have come]");
    world.clock.moves(36 * 60 - 1);
    assert_ne!(asked(connector.as_ref(), &records, DAY).await, [Readiness::Ready], "a day is over at its end");
    world.clock.moves(1);
    assert_eq!(asked(connector.as_ref(), &records, DAY).await, [Readiness::Ready]);
}

#[tokio::test]
async fn orders_that_never_will_be_billed_so() {
    let records = [bill("A", "4714"), bill("B", "4716"), bill("C", "4717"), bill("D", "4799")];
    insta::assert_snapshot!(said(&records).await, @r"
    never: PO 4714 is settled by its receipts: QAD makes this invoice itself from the receipt [nothing is to be done; the invoice that QAD made stands there]
    never: PO 4716 was cancelled in QAD [ask purchasing which order takes its place, and correct the number on the contract]
    never: PO 4717 was given to supplier S0003, the invoice is of supplier S0002 [correct the purchase order's number on the contract, or the supplier]
    waits: PO 4799 is not in QAD [enter the purchase order in QAD, or correct its number on the contract]
    ");
}

#[tokio::test]
async fn lines_are_told_apart_where_the_invoice_tells_them() {
    let records = [
        by_line(bill("A", "4718"), &[(1, "9000.00")]),
        by_line(bill("B", "4718"), &[(1, "1000.01"), (2, "100.00")]),
        by_line(bill("C", "4718"), &[(2, "5000.01")]),
        by_line(bill("D", "4718"), &[(3, "10.00")]),
        by_line(bill("E", "4718"), &[(7, "10.00")]),
    ];
    insta::assert_snapshot!(said(&records).await, @r"
    ready
    waits: PO 4718 line 1: 10 of 10 received, worth 10,000.00, 9,000.00 of it is invoiced; this invoice asks for 1,000.01 [all is received: compare price and quantity of the order with the invoice, and have the wrong one corrected]
    waits: PO 4718 line 2: 5 of 10 received, worth 5,000.00; this invoice asks for 5,000.01 [post the receipt in QAD when the goods are in; the invoice then goes out by itself]
    never: PO 4718 line 3 is settled by its receipts: QAD makes this invoice itself from the receipt [nothing is to be done; the invoice that QAD made stands there]
    waits: PO 4718 has no line 7 [correct the line of the purchase order in the mapping, or add it in QAD]
    ");
}

#[tokio::test]
async fn what_is_invoiced_already_counts_but_not_against_itself() {
    let records = [of_total(bill("A", "4712"), "8000.00"), of_total(bill("B", "4712"), "1000.01")];
    insta::assert_snapshot!(said(&records).await, @r"
    ready
    waits: PO 4712, worth 9,000.00, 8,000.00 of it is invoiced; this invoice asks for 1,000.01 [all is received: compare price and quantity of the order with the invoice, and have the wrong one corrected]
    ");
    let world = world();
    let connector = connect(&world);
    connector.create("supplier_invoices", &bill("A", "4712")).await.expect("posted");
    let answers = asked(connector.as_ref(), &[of_total(bill("B", "4712"), "0.01"), bill("A", "4712")], DAY).await;
    assert!(matches!(&answers[0], Readiness::Waits { reason, .. } if reason.contains("9,000.00 of it is invoiced")));
    assert_eq!(answers[1], Readiness::Ready, "the invoice itself, to be changed");
}

#[tokio::test]
async fn a_closed_period_waits_whatever_was_received() {
    let june = |record: Record| with(record, "posting_date", day("2026-06-30"));
    let records = [june(bill("A", "4712")), june(invoice("B")), with(invoice("C"), "invoice_date", day("2031-01-01"))];
    insta::assert_snapshot!(said(&records).await, @r"
    waits: period 2026/06 is closed for purchases, and the posting date is 2026-06-30 [open the period in QAD for purchases, or map another posting date; the date is never moved by itself]
    waits: period 2026/06 is closed for purchases, and the posting date is 2026-06-30 [open the period in QAD for purchases, or map another posting date; the date is never moved by itself]
    ready
    ");
}

#[tokio::test]
async fn a_group_is_asked_for_in_few_requests() {
    let world = world();
    let connector = connect(&world);
    let records: Vec<Record> =
        (0..40).map(|number| bill(&format!("R-{number:02}"), &format!("47{:02}", 11 + number % 9))).collect();
    asked(connector.as_ref(), &records, DAY).await;
    assert_eq!(world.counted(), 1 + 5, "sign-in; periods, orders, lines, receipts, invoices");
    asked(connector.as_ref(), &records, DAY).await;
    assert_eq!(world.counted(), 5);
    asked(connector.as_ref(), &[invoice("A")], DAY).await;
    assert_eq!(world.counted(), 1, "without an order only the period is asked for");
}

#[tokio::test]
async fn an_answer_is_never_made_of_a_misspelt_column() {
    let world = world();
    let profile = "resources: {supplier_invoices: {fields: {purchase_order: {column: supplierInvoice.order}}}}";
    let connector = connect_with(&world, Some(profile), |_, _| {});
    let records = [bill("A", "4712")];
    let wait =
        Wait { resource: "supplier_invoices", what: "receipts", quiet: DAY, zone: None, records: &records, ahead: &[] };
    let error = connector.readiness(&wait).await.expect_err("misspelt column");
    assert!(error.message.ends_with("has no column `supplierInvoice.order`"), "{}", error.message);
    let wait = Wait { what: "goods", ..wait };
    assert_eq!(connector.readiness(&wait).await.expect_err("unknown").kind, ErrorKind::Configuration);
}
