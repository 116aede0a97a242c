//! Supplier invoices.
//!
//! In a pipeline and in the books of a supplier, what is owed is positive and a credit is
//! negative. On the wire a credit note is a kind of its own and its amount positive, on the
//! other side. Lines have their two sides whatever the kind.
//!
//! An invoice of a purchase order waits for its receipts to be matched, which codes the
//! cost: its status keeps no coded lines, so none are sent.

use super::fit::{fields_fit, refused, sum};
use super::{Dress, Terms, dated, filled};
use crate::connector::{Error, ResourceSpec, encode};
use crate::value::{Decimal, Record, Value};

/// How the catalogue names the amount of a posting; on the wire it has two sides.
const AMOUNT: &str = "amountTC";
const DEBIT: &str = "debitAmountTC";
const CREDIT: &str = "creditAmountTC";
/// How the catalogue names the order; on the wire it is a list of orders.
const ORDER: &str = "purchaseOrderNumber";
const ORDERS: &str = "purchaseOrders";
const CREDIT_NOTE: &str = "CREDITNOTE";
/// Fields that stand on the other side in a credit note.
const SIDED: [&str; 2] = ["total", "balance"];

pub struct Invoice;

impl Dress for Invoice {
    fn check(&self, spec: &ResourceSpec, terms: Terms<'_>, record: &Record) -> Result<(), Error> {
        fields_fit(&spec.fields, record)?;
        let total = record.get("total").and_then(Value::as_decimal).unwrap_or_default();
        kind_fits(kind(terms, record), total)?;
        let lines = record.get("lines").and_then(Value::as_list).unwrap_or_default();
        if lines.is_empty() {
            // As it is read back when its status keeps none.
            return if is_matched(terms, record) {
                Ok(())
            } else {
                Err(refused("the invoice has no lines", "map at least one line"))
            };
        }
        match sum(lines) {
            Some(sum) if sum == total => Ok(()),
            Some(sum) => Err(refused(
                format!("the lines come to {}, but the total is {}", sum.money(), total.money()),
                "mend the mapping of `lines` or `total`; QAD takes only an invoice whose lines add up",
            )),
            None => Err(refused("a line has no amount that can be added", "mend the mapping of `lines`")),
        }
    }

    fn changes(&self, spec: &ResourceSpec, terms: Terms<'_>, record: &Record, whole: &Record) -> Record {
        let mut record = if is_debit(kind(terms, whole)) { turned(record) } else { record.clone() };
        if is_matched(terms, whole) {
            record.remove("lines");
        }
        let mut wire = encode(&spec.fields, &record);
        let lines = lines_name(spec);
        if let Some(postings) = wire.get(&lines).and_then(Value::as_list) {
            let sided =
                postings.iter().map(|posting| posting.as_record().map_or_else(|| posting.clone(), to_sides)).collect();
            wire.insert(lines, Value::list(sided));
        }
        if let Some(number) = wire.remove(ORDER) {
            let mut order = Record::new();
            order.insert("domainCode", terms.domain);
            order.insert(ORDER, number);
            wire.insert(ORDERS, Value::list(vec![order.into()]));
        }
        dated(wire, terms.profile.invoice.dates)
    }

    fn defaults(&self, terms: Terms<'_>, record: &Record) -> Vec<(&'static str, Value)> {
        let defaults = &terms.profile.invoice;
        let kind = kind(terms, record);
        let daybook = if is_debit(kind) { &defaults.credit_note_daybook } else { &defaults.daybook };
        vec![
            // QAD wants a description; the reference is what people look for.
            ("description", record.get("reference").cloned().unwrap_or_default()),
            ("entity", terms.entity.into()),
            ("type", kind.into()),
            ("currency", defaults.currency.as_str().into()),
            ("daybook", daybook.as_str().into()),
            ("status_code", status(terms, record).into()),
            // 0 asks the daybook for the next number.
            ("voucher", Value::Integer(0)),
            ("isTaxable", defaults.taxable.into()),
        ]
    }

    fn incoming(&self, spec: &ResourceSpec, mut wire: Record) -> Record {
        let lines = lines_name(spec);
        if let Some(postings) = wire.get(&lines).and_then(Value::as_list) {
            let flat = postings
                .iter()
                .map(|posting| posting.as_record().map_or_else(|| posting.clone(), from_sides))
                .collect();
            wire.insert(lines, Value::list(flat));
        }
        let orders = wire.get(ORDERS).and_then(Value::as_list).unwrap_or_default();
        let order = orders.first().and_then(Value::as_record).and_then(|order| order.get(ORDER)).cloned();
        if let Some(order) = order {
            wire.insert(ORDER, order);
        }
        wire
    }

    fn sent_as<'a>(&self, wire: &'a str) -> Vec<&'a str> {
        match wire {
            AMOUNT => vec![DEBIT, CREDIT],
            ORDER => vec![ORDERS],
            name => vec![name],
        }
    }

    fn seen(&self, record: Record) -> Record {
        let is_debit = record.get("type").and_then(Value::as_text).is_some_and(is_debit);
        if is_debit { turned(&record) } else { record }
    }

    /// Some status codes keep no coded lines, and say nothing.
    fn echoed(&self, terms: Terms<'_>, sent: &Record, mut echo: Record) -> (Record, Option<String>) {
        let count = |record: &Record| record.get("lines").and_then(Value::as_list).map_or(0, <[Value]>::len);
        let (there, kept) = (count(sent), count(&echo));
        if kept == 0 && is_matched(terms, sent) {
            echo.remove("lines");
            return (echo, None);
        }
        let warning = (there != kept).then(|| {
            let status = echo.get("status_code").map(ToString::to_string).unwrap_or_default();
            format!(
                "QAD kept {kept} of {there} lines; status code `{status}` may not keep lines that are coded to accounts"
            )
        });
        (echo, warning)
    }
}

/// What the pipeline says, else what the sign of the total says.
fn kind<'a>(terms: Terms<'a>, record: &'a Record) -> &'a str {
    let total = record.get("total").and_then(Value::as_decimal).unwrap_or_default();
    let unsaid = if total.is_negative() { CREDIT_NOTE } else { terms.profile.invoice.kind.as_str() };
    filled(record, "type").unwrap_or(unsaid)
}

/// Credit notes and their corrections stand on the debit side of the supplier.
fn is_debit(kind: &str) -> bool {
    kind.starts_with(CREDIT_NOTE)
}

/// What the pipeline says, else what goes with or without a purchase order.
fn status<'a>(terms: Terms<'a>, record: &'a Record) -> &'a str {
    let defaults = &terms.profile.invoice;
    let unsaid = match filled(record, "purchase_order") {
        Some(_) => &defaults.status_code_matched,
        None => &defaults.status_code,
    };
    filled(record, "status_code").unwrap_or(unsaid)
}

/// Whether matching its receipts will code the cost.
fn is_matched(terms: Terms<'_>, record: &Record) -> bool {
    filled(record, "purchase_order").is_some() && terms.profile.invoice.is_uncoded(status(terms, record))
}

fn kind_fits(kind: &str, total: Decimal) -> Result<(), Error> {
    match kind {
        CREDIT_NOTE if !total.is_negative() && !total.is_zero() => Err(refused(
            format!("the total of a credit note is negative here, not {}", total.money()),
            "turn the signs of `total` and `lines` in the mapping; QAD is sent positive amounts on the other side",
        )),
        "INVOICE" | "PREPAYMENT" if total.is_negative() => Err(refused(
            format!("the total is {}, which is a credit note, but `type` is `{kind}`", total.money()),
            "leave `type` out of the mapping: a negative total is posted as a credit note",
        )),
        _ => Ok(()),
    }
}

/// The record with its amounts on the other side; lines have sides of their own.
fn turned(record: &Record) -> Record {
    let mut turned = record.clone();
    for name in SIDED {
        if let Some(amount) = record.get(name).and_then(Value::as_decimal) {
            turned.insert(name, amount.negated());
        }
    }
    turned
}

fn lines_name(spec: &ResourceSpec) -> String {
    spec.fields.get("lines").map_or("lines", |field| field.wire_name("lines")).to_owned()
}

fn to_sides(posting: &Record) -> Value {
    let mut posting = posting.clone();
    if let Some(amount) = posting.remove(AMOUNT).and_then(|amount| amount.as_decimal()) {
        let (debit, credit) =
            if amount.is_negative() { (Decimal::ZERO, amount.negated()) } else { (amount, Decimal::ZERO) };
        posting.insert(DEBIT, debit);
        posting.insert(CREDIT, credit);
    }
    posting.into()
}

fn from_sides(posting: &Record) -> Value {
    let side = |name: &str| posting.get(name).and_then(Value::as_decimal);
    let amount = match (side(DEBIT), side(CREDIT)) {
        (None, None) => None,
        (debit, credit) => debit.unwrap_or_default().checked_sub(credit.unwrap_or_default()),
    };
    let mut posting = posting.clone();
    if let Some(amount) = amount {
        posting.insert(AMOUNT, amount);
    }
    posting.into()
}

#[cfg(test)]
mod tests {
    use super::Invoice;
    use crate::connector::{Error, ErrorKind, ResourceSpec};
    use crate::connectors::qad::catalogue::shipped_tenant;
    use crate::connectors::qad::dress::{Dress, Terms, outgoing};
    use crate::value::{Decimal, Record, Value, to_json_string};

    fn spec() -> &'static ResourceSpec {
        &shipped_tenant().catalogue.resources["supplier_invoices"]
    }

    fn terms() -> Terms<'static> {
        Terms { profile: &shipped_tenant().profile, domain: "10USA", entity: "10USACO" }
    }

    fn check(spec: &ResourceSpec, record: &Record) -> Result<(), Error> {
        Invoice.check(spec, terms(), record)
    }

    fn wire_text(record: &Record) -> String {
        to_json_string(&outgoing(&Invoice, spec(), terms(), record).into())
    }

    fn line(amount: &str) -> Value {
        let mut line = Record::new();
        line.insert("gl_account", "5310");
        line.insert("amount", amount.parse::<Decimal>().expect("amount"));
        line.into()
    }

    fn invoice(total: &str, lines: &[&str]) -> Record {
        let mut record = Record::new();
        record.insert("supplier", "S0001");
        record.insert("reference", "24-001-7");
        record.insert("invoice_date", "2026-09-30".parse::<crate::value::Date>().expect("day"));
        record.insert("lines", Value::list(lines.iter().map(|amount| line(amount)).collect()));
        record.insert("total", total.parse::<Decimal>().expect("total"));
        record
    }

    #[test]
    fn lines_must_add_up() {
        assert!(check(spec(), &invoice("9000.00", &["10000", "-1000.00"])).is_ok());
        let error = check(spec(), &invoice("9000.01", &["10000", "-1000.00"])).expect_err("a cent off");
        assert_eq!(error.message, "the lines come to 9,000.00, but the total is 9,000.01");
        assert_eq!(error.kind, ErrorKind::Refused);
    }

    #[test]
    fn digits_are_refused_not_rounded() {
        let error = check(spec(), &invoice("10.005", &["10.005"])).expect_err("three places");
        assert_eq!(
            error.message,
            "`lines[0].amount` is 10.005, but amounts in this currency have 2 digits after the point"
        );
        assert!(check(spec(), &invoice("10.5000", &["10.5"])).is_ok());
    }

    #[test]
    fn text_is_refused_not_cut() {
        let mut record = invoice("1", &["1"]);
        record.insert("supplier", "S00000001");
        assert!(check(spec(), &record).expect_err("nine characters").message.starts_with("`supplier` holds 9"));
        record.insert("supplier", " ");
        assert_eq!(check(spec(), &record).expect_err("empty").message, "`supplier` is empty");
    }

    #[test]
    fn credits_travel_on_their_own_side_and_come_back() {
        let mut record = invoice("9000.00", &["10000", "-1000.00"]);
        record.insert("purchase_order", "PO000017");
        record.insert("status_code", "AP-GLALLOC");
        let wire = outgoing(&Invoice, spec(), terms(), &record);
        let text = to_json_string(&wire.clone().into());
        assert!(text.contains(r#""debitAmountTC":10000.00,"creditAmountTC":0}"#), "{text}");
        assert!(text.contains(r#""debitAmountTC":0,"creditAmountTC":1000.00}"#), "{text}");
        assert!(
            text.contains(r#""purchaseOrders":[{"domainCode":"10USA","purchaseOrderNumber":"PO000017"}]"#),
            "{text}"
        );
        assert!(text.contains(r#""invoiceDate":"2026-09-30""#) && text.contains(r#""voucherNumber":0"#), "{text}");
        let back = Invoice.incoming(spec(), wire);
        let lines = back.get("postings").and_then(Value::as_list).expect("postings");
        assert_eq!(
            lines[1].as_record().and_then(|line| line.get("amountTC")),
            Some(&Value::Decimal(Decimal::cents(-100_000)))
        );
        assert_eq!(back.get("purchaseOrderNumber").and_then(Value::as_text), Some("PO000017"));
    }

    #[test]
    fn an_update_carries_only_what_the_record_has() {
        let mut record = Record::new();
        record.insert("description", "Pay app 7");
        let wire = Invoice.changes(spec(), terms(), &record, &record);
        assert_eq!(to_json_string(&wire.into()), r#"{"description":"Pay app 7"}"#);
    }

    #[test]
    fn a_negative_total_becomes_a_credit_note_with_positive_amounts() {
        let text = wire_text(&invoice("-90.00", &["-100.00", "10.00"]));
        for part in [
            r#""invoiceType":"CREDITNOTE""#,
            r#""invoiceAmount":90.00"#,
            r#""daybookCode":"SC""#,
            r#""debitAmountTC":0,"creditAmountTC":100.00}"#,
            r#""debitAmountTC":10.00,"creditAmountTC":0}"#,
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let mut read = Record::new();
        read.insert("type", "CREDITNOTE");
        read.insert("total", Decimal::cents(9_000));
        assert_eq!(Invoice.seen(read).get("total"), Some(&Value::Decimal(Decimal::cents(-9_000))));
    }

    #[test]
    fn a_kind_and_a_sign_that_do_not_go_together_are_refused() {
        let typed = |total: &str, kind: &str| {
            let mut record = invoice(total, &[total]);
            record.insert("type", kind);
            check(spec(), &record).map_or_else(|error| error.message, |()| "good".to_owned())
        };
        assert_eq!(typed("-5.00", "CREDITNOTE"), "good");
        assert_eq!(typed("5.00", "CREDITNOTE"), "the total of a credit note is negative here, not 5.00");
        assert_eq!(typed("-5.00", "INVOICE"), "the total is -5.00, which is a credit note, but `type` is `INVOICE`");
    }

    #[test]
    fn an_invoice_of_an_order_is_coded_by_its_receipts() {
        let mut record = invoice("9.00", &["9.00"]);
        record.insert("purchase_order", "PO000017");
        let text = wire_text(&record);
        assert!(text.contains(r#""invoiceStatusCode":"AP-NOALLOC""#) && !text.contains("postings"), "{text}");
        let mut echo = record.clone();
        echo.insert("lines", Value::list(Vec::new()));
        let (echo, warning) = Invoice.echoed(terms(), &record, echo);
        assert_eq!((echo.get("lines"), warning), (None, None), "what was never sent is not missed");
        record.insert("status_code", "AP-GLALLOC");
        assert!(wire_text(&record).contains("postings"), "the pipeline may have it coded all the same");
    }
}
