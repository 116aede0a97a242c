//! A supplier invoice on its way out and back.
//!
//! Takes a record in the pipeline's names; checks what QAD would only find out late or
//! hide (digits that it would round, lines that do not add up, text that is too long);
//! hands on the wire record with this tenant's defaults. And the other way round.
//! Invariant: no amount and no text is changed to make it fit.

use super::profile::{DateFormat, InvoiceDefaults};
use crate::connector::{Error, ErrorKind, FieldSpec, Permanence, ResourceSpec, encode};
use crate::value::{Decimal, Record, Value};
use indexmap::IndexMap;

/// How the catalogue names the amount of a posting; on the wire it has two sides.
const AMOUNT: &str = "amountTC";
const DEBIT: &str = "debitAmountTC";
const CREDIT: &str = "creditAmountTC";
/// How the catalogue names the order; on the wire it is a list of orders.
const ORDER: &str = "purchaseOrderNumber";
const ORDERS: &str = "purchaseOrders";

/// Refuses a record that would be refused, rounded or cut on the other side.
pub fn check(spec: &ResourceSpec, record: &Record) -> Result<(), Error> {
    fields_fit(&spec.fields, record, "")?;
    let total = record.get("total").and_then(Value::as_decimal).unwrap_or_default();
    let lines = record.get("lines").and_then(Value::as_list).unwrap_or_default();
    if lines.is_empty() {
        return Err(refused("the invoice has no lines", "map at least one line"));
    }
    let sum = lines
        .iter()
        .map(|line| line.as_record().and_then(|line| line.get("amount")).and_then(Value::as_decimal))
        .try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount?));
    match sum {
        Some(sum) if sum == total => Ok(()),
        Some(sum) => Err(refused(
            format!("the lines come to {}, but the total is {}", sum.money(), total.money()),
            "mend the mapping of `lines` or `total`; QAD takes only an invoice whose lines add up",
        )),
        None => Err(refused("a line has no amount that can be added", "mend the mapping of `lines`")),
    }
}

/// What the other side says that it stored, where that is less than was sent: some status
/// codes keep no coded lines, and say nothing.
pub fn dropped(sent: &Record, echo: &Record) -> Option<String> {
    let count = |record: &Record| record.get("lines").and_then(Value::as_list).map(<[Value]>::len);
    let (sent, kept) = (count(sent)?, count(echo)?);
    (sent != kept).then(|| {
        let status = echo.get("status_code").map(ToString::to_string).unwrap_or_default();
        format!("QAD kept {kept} of {sent} lines; status code `{status}` may not keep lines that are coded to accounts")
    })
}

/// The wire record of a new invoice.
pub fn outgoing(
    spec: &ResourceSpec,
    defaults: &InvoiceDefaults,
    domain: &str,
    entity: &str,
    record: &Record,
) -> Record {
    let mut wire = changes(spec, defaults, domain, record);
    let kind = record.get("type").and_then(Value::as_text).unwrap_or(&defaults.kind);
    let daybook = if kind.starts_with("CREDITNOTE") { &defaults.credit_note_daybook } else { &defaults.daybook };
    let wire_name = |name: &str| spec.fields.get(name).map_or(name, |field| field.wire_name(name)).to_owned();
    // QAD wants a description; the reference is what people look for.
    let reference = record.get("reference").cloned().unwrap_or_default();
    let fixed: [(&str, Value); 7] = [
        ("description", reference),
        ("entity", entity.into()),
        ("type", kind.into()),
        ("currency", defaults.currency.as_str().into()),
        ("daybook", daybook.as_str().into()),
        ("status_code", defaults.status_code.as_str().into()),
        // 0 asks the daybook for the next number.
        ("voucher", Value::Integer(0)),
    ];
    for (name, value) in fixed {
        let name = wire_name(name);
        if wire.get(&name).is_none() {
            wire.insert(name, value);
        }
    }
    wire.insert("isTaxable", defaults.taxable);
    wire.insert("concurrencyHash", "");
    wire.insert("dataOperation", "C");
    wire
}

/// The wire fields of those that the record has.
pub fn changes(spec: &ResourceSpec, defaults: &InvoiceDefaults, domain: &str, record: &Record) -> Record {
    let mut wire = encode(&spec.fields, record);
    let lines = lines_name(spec);
    if let Some(postings) = wire.get(&lines).and_then(Value::as_list) {
        let sided =
            postings.iter().map(|posting| posting.as_record().map_or_else(|| posting.clone(), to_sides)).collect();
        wire.insert(lines, Value::list(sided));
    }
    if let Some(number) = wire.remove(ORDER) {
        let mut order = Record::new();
        order.insert("domainCode", domain);
        order.insert(ORDER, number);
        wire.insert(ORDERS, Value::list(vec![order.into()]));
    }
    dated(wire, defaults.dates)
}

/// The wire record as the catalogue describes it.
pub fn incoming(spec: &ResourceSpec, mut wire: Record) -> Record {
    let lines = lines_name(spec);
    if let Some(postings) = wire.get(&lines).and_then(Value::as_list) {
        let flat =
            postings.iter().map(|posting| posting.as_record().map_or_else(|| posting.clone(), from_sides)).collect();
        wire.insert(lines, Value::list(flat));
    }
    let orders = wire.get(ORDERS).and_then(Value::as_list).unwrap_or_default();
    let order = orders.first().and_then(Value::as_record).and_then(|order| order.get(ORDER)).cloned();
    if let Some(order) = order {
        wire.insert(ORDER, order);
    }
    wire
}

/// The names by which a field of the catalogue travels; most have one.
pub fn sent_as(wire: &str) -> Vec<&str> {
    match wire {
        AMOUNT => vec![DEBIT, CREDIT],
        ORDER => vec![ORDERS],
        name => vec![name],
    }
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

/// Calendar days in the form that the entity takes; never shifted by a time zone.
fn dated(wire: Record, format: DateFormat) -> Record {
    let write = |value: &Value| match (value, format) {
        (Value::Date(day), DateFormat::Day) => Value::from(day.to_string()),
        (Value::Date(day), DateFormat::Instant) => Value::from(format!("{day}T00:00:00.000Z")),
        _ => value.clone(),
    };
    wire.iter().map(|(name, value)| (name.clone(), write(value))).collect()
}

fn fields_fit(fields: &IndexMap<String, FieldSpec>, record: &Record, place: &str) -> Result<(), Error> {
    for (name, spec) in fields.iter().filter(|(_, spec)| !spec.read_only && spec.derive.is_empty()) {
        let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        match record.get(name).filter(|value| !value.is_null()) {
            None if spec.required => return Err(refused(format!("`{place}` has no value"), "map it")),
            None => {}
            Some(value) => value_fits(spec, value, &place)?,
        }
    }
    Ok(())
}

fn value_fits(spec: &FieldSpec, value: &Value, place: &str) -> Result<(), Error> {
    match value {
        Value::Text(text) if spec.required && text.trim().is_empty() => {
            Err(refused(format!("`{place}` is empty"), "give it a value in the mapping"))
        }
        Value::Text(text) => match spec.max {
            Some(max) if text.chars().count() > max as usize => Err(refused(
                format!("`{place}` holds {} characters, QAD takes {max}: `{text}`", text.chars().count()),
                "shorten it in the mapping",
            )),
            _ if spec.closed && !spec.values.iter().any(|known| known.as_str() == text.as_ref()) => Err(refused(
                format!("`{place}` is `{text}`, which QAD does not know"),
                &format!("map one of {}", spec.values.join(", ")),
            )),
            _ => Ok(()),
        },
        Value::Decimal(number) => match spec.places {
            Some(places) if number.places() > places => Err(refused(
                format!("`{place}` is {number}, but amounts in this currency have {places} digits after the point"),
                "round it in the mapping, where it can be seen",
            )),
            _ => Ok(()),
        },
        Value::List(items) => items.iter().enumerate().try_for_each(|(index, item)| match item.as_record() {
            Some(item) => fields_fit(&spec.fields, item, &format!("{place}[{index}]")),
            None => Ok(()),
        }),
        _ => Ok(()),
    }
}

fn refused(message: impl Into<String>, mend: &str) -> Error {
    Error::new(ErrorKind::Refused, Permanence::Permanent, message).mend(mend)
}

#[cfg(test)]
mod tests {
    use super::{changes, check, incoming, outgoing};
    use crate::connector::{ErrorKind, ResourceSpec};
    use crate::connectors::qad::catalogue::shipped_tenant;
    use crate::value::{Decimal, Record, Value, to_json_string};

    fn spec() -> &'static ResourceSpec {
        &shipped_tenant().catalogue.resources["supplier_invoices"]
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
        let defaults = &shipped_tenant().profile.invoice;
        let mut record = invoice("9000.00", &["10000", "-1000.00"]);
        record.insert("purchase_order", "PO000017");
        let wire = outgoing(spec(), defaults, "10USA", "10USACO", &record);
        let text = to_json_string(&wire.clone().into());
        assert!(text.contains(r#""debitAmountTC":10000.00,"creditAmountTC":0}"#), "{text}");
        assert!(text.contains(r#""debitAmountTC":0,"creditAmountTC":1000.00}"#), "{text}");
        assert!(
            text.contains(r#""purchaseOrders":[{"domainCode":"10USA","purchaseOrderNumber":"PO000017"}]"#),
            "{text}"
        );
        assert!(text.contains(r#""invoiceDate":"2026-09-30""#) && text.contains(r#""voucherNumber":0"#), "{text}");
        let back = incoming(spec(), wire);
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
        let wire = changes(spec(), &shipped_tenant().profile.invoice, "10USA", &record);
        assert_eq!(to_json_string(&wire.into()), r#"{"description":"Pay app 7"}"#);
    }
}
