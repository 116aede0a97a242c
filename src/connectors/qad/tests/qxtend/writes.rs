//! Invoices over QXtend, and what is said of them.

use super::super::{day, decimal, invoice, key, line, lines, one, text, with};
use super::{OWN, Office, office, office_with};
use crate::connector::{Effect, Error, ErrorKind, Permanence};
use crate::value::{Record, Value};
use crate::world::{HttpResponse, TransportError};

async fn refused_by(office: &Office, record: Record) -> Error {
    let error = office.connector.create("supplier_invoices", &record).await.expect_err("must be refused");
    assert!(!error.mend.is_empty() && !error.message.contains(&office.password()));
    error
}

async fn refused(record: Record) -> Error {
    let office = office();
    let error = refused_by(&office, record).await;
    assert_eq!(office.books(), 31, "nothing may be saved");
    // A period that is closed today is taken later.
    assert!(matches!(error.kind, ErrorKind::Refused | ErrorKind::NotYet), "{}", error.message);
    error
}

fn xml(status: u16, content: &str) -> Result<HttpResponse, TransportError> {
    let body = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>{content}</e:Body></e:Envelope>"
    );
    Ok(HttpResponse { status, headers: vec![("Content-Type".into(), "text/xml".into())], body: body.into_bytes() })
}

fn answered(result: &str, rows: &str) -> Result<HttpResponse, TransportError> {
    xml(200, &format!("<xResponse><result>{result}</result><dsExceptions>{rows}</dsExceptions></xResponse>"))
}

fn row(severity: &str, text: &str, field: &str, number: &str) -> String {
    format!(
        "<temp_err_msg><tt_msg_context>tApiCInvoiceCIJE#1(1) field({field})</tt_msg_context>\
         <tt_msg_desc>{text}</tt_msg_desc><tt_msg_nbr>{number}</tt_msg_nbr><tt_msg_sev>{severity}</tt_msg_sev></temp_err_msg>"
    )
}

#[tokio::test]
async fn an_invoice_is_created_echoed_and_found_again() {
    let office = office();
    let written = office.connector.create("supplier_invoices", &invoice("24-002-07")).await.expect("created");
    assert_eq!((written.reference.as_str(), written.warnings), ("10USACO/2026/SI/31", Vec::<String>::new()));
    let echo = written.echo.expect("echo");
    assert_eq!(echo.get("total").and_then(Value::as_decimal), Some(decimal("9000")));
    let lines = echo.get("lines").and_then(Value::as_list).expect("lines");
    assert_eq!(lines.len(), 2, "without the control line");
    assert_eq!(
        lines[1].as_record().and_then(|line| line.get("amount")).and_then(Value::as_decimal),
        Some(decimal("-1000"))
    );
    let found = one(office.connector.as_ref(), "S0002", "24-002-07").await;
    assert_eq!(found.reference, "10USACO/2026/SI/31");
    assert_eq!((text(&found.record, "status_code"), text(&found.record, "description")), ("AP-GLALLOC", "24-002-07"));
    assert_eq!(found.record.get("posting_date"), Some(&Value::Date(day("2026-09-30"))));
}

#[tokio::test]
async fn the_books_are_the_same_as_over_rest() {
    let (here, there) = (office(), super::super::world());
    let rest = super::super::connect(&there);
    for record in [
        invoice("24-002-07"),
        with(with(invoice("24-002-08"), "purchase_order", "4712"), "description", "Léon & Söhne <7>"),
        lines(invoice("24-002-09"), vec![line("6000", "", "-12.50")], "-12.50"),
    ] {
        here.connector.create("supplier_invoices", &record).await.expect("by QXtend");
        rest.create("supplier_invoices", &record).await.expect("by REST");
    }
    use crate::connector::Fake as _;
    let books = |world: &super::World| world.fake.lock().expect("fake").books();
    assert_eq!(books(&here.line.world), books(&there));
}

#[tokio::test]
async fn a_second_reference_only_warns() {
    let office = office();
    office.connector.create("supplier_invoices", &invoice("24-002-07")).await.expect("first");
    let second = office.connector.create("supplier_invoices", &invoice("24-002-07")).await.expect("second");
    assert_eq!(second.warnings, ["The reference already exists on another invoice for this supplier"]);
    let found = office.connector.find("supplier_invoices", &[key("S0002", "24-002-07")]).await.expect("asked");
    assert_eq!(found[0].len(), 2, "both are shown to whoever asks");
}

#[tokio::test]
async fn refusals_say_the_same_as_over_rest() {
    for (record, says) in [
        (
            lines(invoice("R1"), vec![line("5310", "C999", "10")], "10"),
            "QAD refuses the record: cost_center: Cost center is mandatory (sent `C999`)",
        ),
        (
            with(invoice("R1"), "supplier", "S9999"),
            "QAD refuses the record: supplier: Supplier is mandatory (sent `S9999`)",
        ),
        (lines(invoice("R1"), vec![line("5399", "", "10")], "10"), "gl_account: GL account 5399 is not active"),
        (lines(invoice("R1"), vec![line("2100", "", "10")], "10"), "GL account 2100 is a control account"),
        (with(invoice("R1"), "supplier", "S0013"), "supplier: Supplier S0013 is not active"),
        (
            with(invoice("R1"), "invoice_date", day("2026-06-30")),
            "QAD does not take the record yet: posting_date: Period 2026/06 is closed for purchases (sent `2026-06-30`)",
        ),
    ] {
        let error = refused(record).await;
        assert!(error.message.contains(says), "{} does not say {says}", error.message);
        assert_eq!(error.effect, Effect::Unknown, "screens have posted in spite of an error: QAD is asked");
    }
}

#[tokio::test]
async fn what_qad_would_hide_is_refused_before_it_is_sent() {
    let office = office();
    for record in [
        with(invoice("R1"), "total", decimal("9000.01")),
        with(invoice("R1"), "supplier", "S00000001"),
        with(invoice("R1"), "description", "bell \u{7}"),
        lines(invoice("R1"), vec![line("6000", "", "0.005")], "0.005"),
    ] {
        let error = refused_by(&office, record).await;
        assert_eq!((error.kind, error.effect), (ErrorKind::Refused, Effect::None));
    }
    assert_eq!(office.sent(), 0);
}

#[tokio::test]
async fn a_reference_that_qxtend_cuts_is_an_error_and_not_posted() {
    let rest = "resources: {supplier_invoices: {fields: {reference: {max: 60}, description: {max: 60}}}}";
    let office = office_with(OWN, rest, |_, _| {});
    let long = "24-002-0123456789-0123456789-0123456789-0123456789";
    let record = with(invoice(long), "description", "short");
    let error = refused_by(&office, record).await;
    assert_eq!(
        (error.kind, error.permanence, error.effect),
        (ErrorKind::Refused, Permanence::Permanent, Effect::Altered)
    );
    assert_eq!(
        error.message,
        "QXtend cut `reference` to fit, and wrote the rest: Submitted data was truncated \
         (tApiCInvoiceCIJE#1(1) field(CInvoiceReference))"
    );
    assert!(error.mend.contains("correct it there; correct its longest length"), "{}", error.mend);
    let written = office.connector.create("supplier_invoices", &with(invoice("R7"), "description", long)).await;
    assert_eq!(
        written.expect("a text only").warnings,
        ["QXtend cut `description` to fit", "QXtend cut `lines.description` to fit"]
    );
}

#[tokio::test]
async fn a_code_that_qxtend_leaves_aside_is_an_error() {
    let rest =
        "resources: {supplier_invoices: {qxtend: {documents: {coded: {fields: {lines.cost_center: tcCostCenter}}}}}}";
    let office = office_with(OWN, rest, |_, _| {});
    let record = lines(invoice("R1"), vec![line("5310", "C300", "10")], "10");
    // The account wants one, so QAD refuses as well; an account that wants none takes it.
    assert!(refused_by(&office, record).await.message.contains("Cost center is mandatory"));
    let record = lines(invoice("R1"), vec![line("6000", "C300", "10")], "10");
    let error = refused_by(&office, record).await;
    assert!(
        error.message.starts_with("QXtend left `lines.cost_center` aside, and wrote the rest"),
        "{}",
        error.message
    );
    assert_eq!(error.effect, Effect::Altered);
}

#[tokio::test]
async fn every_result_counts_for_what_it_is() {
    let unused = row("warning", "Field was unused", "vdTaxed", "");
    let whole = row("warning", "WARNING: Shipper not printed.", "", "");
    let office = office();
    office.instead(answered("warning", &format!("{unused}{whole}")));
    let written = office.connector.create("supplier_invoices", &invoice("A1")).await.expect("a warning is a success");
    assert_eq!(written.warnings, ["QXtend left `vdTaxed` aside", "Shipper not printed"]);
    assert_eq!((written.echo, written.reference.as_str()), (None, "S0002 / A1"));

    for (result, rows, says, kind, permanence) in [
        (
            "error",
            row("", "ERROR: No.", "", "12"),
            "QAD refuses the record: No",
            ErrorKind::Refused,
            Permanence::Permanent,
        ),
        (
            "error",
            row("error", "Changed", "", "8888"),
            "the record changed in QAD",
            ErrorKind::Conflict,
            Permanence::Permanent,
        ),
        (
            "error",
            row("error", "Index lost", "", "OE-1422"),
            "QAD broke off with OE-1422: Index lost",
            ErrorKind::Unavailable,
            Permanence::Temporary,
        ),
        (
            "error",
            row("error", "ProcessException009 time-out", "", ""),
            "QAD did not answer QXtend in time",
            ErrorKind::Unavailable,
            Permanence::Temporary,
        ),
        ("error", String::new(), "does not say why", ErrorKind::Refused, Permanence::Permanent),
        ("", String::new(), "has no result that is known", ErrorKind::Malformed, Permanence::Temporary),
        (
            "warning",
            row("warning", "Iterations were unused", "", ""),
            "QXtend left rows of the supplier invoice aside",
            ErrorKind::Refused,
            Permanence::Permanent,
        ),
    ] {
        office.instead(answered(result, &rows));
        let error = refused_by(&office, invoice("A2")).await;
        assert!(error.message.contains(says), "{} does not say {says}", error.message);
        let effect = if says.contains("left rows") { Effect::Altered } else { Effect::Unknown };
        assert_eq!((error.kind, error.permanence, error.effect), (kind, permanence, effect), "{says}");
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_in_doubt() {
    let html = HttpResponse { status: 200, headers: Vec::new(), body: b"<!DOCTYPE html><html></html>".to_vec() };
    let torn = HttpResponse { status: 200, headers: Vec::new(), body: b"<e:Envelope xmlns:e='x'><e:Bo".to_vec() };
    let down = HttpResponse { status: 503, headers: vec![("Retry-After".into(), "30".into())], body: Vec::new() };
    let broken = HttpResponse { status: 500, headers: Vec::new(), body: b"<html>Internal error</html>".to_vec() };
    let lost = TransportError { maybe_sent: true, timeout: true, message: "no answer in 120 s".into() };
    let fault = "<e:Fault><faultcode>e:Server</faultcode><faultstring>The app-server died.</faultstring></e:Fault>";
    for answer in [Ok(html), Ok(torn), Ok(down), Ok(broken), Err(lost), xml(200, fault), xml(500, fault)] {
        let office = office();
        office.instead(answer);
        let error = refused_by(&office, invoice("R1")).await;
        assert_eq!((error.effect, error.permanence), (Effect::Unknown, Permanence::Temporary), "{}", error.message);
        assert_eq!(office.books(), 32, "it took effect all the same");
    }
}

#[tokio::test]
async fn an_invoice_is_updated_with_what_changed() {
    let office = office();
    let found = one(office.connector.as_ref(), "S0001", "24-001-05").await;
    let change = lines(Record::new(), vec![line("5310", "C300", "120.00")], "120.00");
    let written = office.connector.update("supplier_invoices", &found, &change).await.expect("updated");
    assert_eq!(written.reference, "10USACO/2026/SI/5");
    assert_eq!(written.echo.expect("echo").get("total").and_then(Value::as_decimal), Some(decimal("120")));
    assert_eq!(office.books(), 31, "no second invoice");
    let error =
        office.connector.update("supplier_invoices", &found, &change).await.expect_err("found before the change");
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(error.message, "10USACO/2026/SI/5 changed in QAD since it was read: `lines` is another");
    let after = one(office.connector.as_ref(), "S0001", "24-001-05").await;
    assert_eq!(text(&after.record, "description"), "Keyed in by hand", "the rest stays");
}

#[tokio::test]
async fn an_order_that_is_left_to_matching_goes_without_lines() {
    let office = office();
    let record = with(with(invoice("24-002-07"), "purchase_order", "4712"), "status_code", "AP-NOALLOC");
    let written = office.connector.create("supplier_invoices", &record).await.expect("created");
    assert_eq!(written.warnings, Vec::<String>::new());
    assert_eq!(written.echo.as_ref().and_then(|echo| echo.get("lines")), None, "what was not sent is not missed");
    let sent = office.last();
    assert!(sent.contains("<BCInvoice>") && sent.contains("<CInvoicePOPoNbr>4712</CInvoicePOPoNbr>"), "{sent}");
    assert!(!sent.contains("tcGLCode"), "{sent}");
    let found = one(office.connector.as_ref(), "S0002", "24-002-07").await;
    assert_eq!(found.record.get("total"), Some(&Value::Decimal(decimal("9000"))));
}

#[tokio::test]
async fn the_control_account_must_be_the_suppliers() {
    let office = office_with("{invoice: {control_account: '6000'}}", "", |_, _| {});
    let error = refused_by(&office, invoice("R1")).await;
    assert_eq!(
        error.message,
        "QAD refuses the record: gl_account: One posting line must use the supplier control account"
    );
    assert_eq!(office.books(), 31);
}
