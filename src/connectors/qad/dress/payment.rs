//! Payments, made to suppliers and received from customers.

use super::fit::{fields_fit, refused, sum};
use super::{Dress, Terms, filled};
use crate::connector::{Error, ResourceSpec};
use crate::value::{Decimal, Record, Value};

/// Made to a supplier, against invoices that it names.
pub struct SupplierPayment;

/// Received from a customer, on account.
pub struct CustomerPayment;

impl Dress for SupplierPayment {
    fn check(&self, spec: &ResourceSpec, _: Terms<'_>, record: &Record) -> Result<(), Error> {
        fields_fit(&spec.fields, record)?;
        let amount = pays_something(record)?;
        let allocations = record.get("allocations").and_then(Value::as_list).unwrap_or_default();
        if allocations.is_empty() {
            return Err(refused("the payment names no invoice", "map at least one allocation"));
        }
        allocations.iter().filter_map(Value::as_record).try_for_each(names_an_invoice)?;
        match sum(allocations) {
            Some(sum) if sum == amount => Ok(()),
            Some(sum) => Err(refused(
                format!("the allocations come to {}, but the payment is {}", sum.money(), amount.money()),
                "mend the mapping of `allocations` or `amount`: a payment is taken whole",
            )),
            None => Err(refused("an allocation has no amount that can be added", "mend the mapping of `allocations`")),
        }
    }

    fn defaults(&self, terms: Terms<'_>, record: &Record) -> Vec<(&'static str, Value)> {
        defaults(terms, record, &terms.profile.payment.daybook)
    }
}

impl Dress for CustomerPayment {
    fn check(&self, spec: &ResourceSpec, _: Terms<'_>, record: &Record) -> Result<(), Error> {
        fields_fit(&spec.fields, record)?;
        pays_something(record).map(|_| ())
    }

    fn defaults(&self, terms: Terms<'_>, record: &Record) -> Vec<(&'static str, Value)> {
        defaults(terms, record, &terms.profile.payment.receipts_daybook)
    }
}

fn defaults(terms: Terms<'_>, record: &Record, daybook: &str) -> Vec<(&'static str, Value)> {
    let payment = &terms.profile.payment;
    vec![
        ("description", record.get("reference").cloned().unwrap_or_default()),
        ("entity", terms.entity.into()),
        ("type", payment.instrument.as_str().into()),
        ("status", payment.status.as_str().into()),
        ("currency", terms.profile.invoice.currency.as_str().into()),
        ("daybook", daybook.into()),
        // 0 asks for the next number of the year and instrument.
        ("number", Value::Integer(0)),
    ]
}

fn pays_something(record: &Record) -> Result<Decimal, Error> {
    let amount = record.get("amount").and_then(Value::as_decimal).unwrap_or_default();
    if amount.is_negative() || amount.is_zero() {
        return Err(refused(
            format!("the payment is {}; a payment is more than nothing", amount.money()),
            "filter such payments in the flow; a payment that was taken back is voided in QAD by a person",
        ));
    }
    Ok(amount)
}

fn names_an_invoice(allocation: &Record) -> Result<(), Error> {
    let has = |name: &str| allocation.get(name).is_some_and(|value| !value.is_null());
    let by_number = has("voucher") && has("year") && filled(allocation, "invoice_daybook").is_some();
    if by_number || filled(allocation, "reference").is_some() {
        return Ok(());
    }
    Err(refused(
        "an allocation names no invoice",
        "map its `reference`, or its `year`, `invoice_daybook` and `voucher` together",
    ))
}

#[cfg(test)]
mod tests {
    use super::{CustomerPayment, SupplierPayment};
    use crate::connectors::qad::catalogue::shipped_tenant;
    use crate::connectors::qad::dress::{Dress, Terms};
    use crate::value::{Decimal, Record, Value, from_json};

    fn terms() -> Terms<'static> {
        Terms { profile: &shipped_tenant().profile, domain: "10USA", entity: "10USACO" }
    }

    fn payment(amount: &str, allocations: &str) -> Record {
        let mut record = Record::new();
        record.insert("supplier", "S0001");
        record.insert("reference", "CHK-1");
        record.insert("payment_date", Value::Date("2026-10-31".parse().expect("day")));
        record.insert("amount", amount.parse::<Decimal>().expect("amount"));
        record.insert("allocations", from_json(allocations).expect("json"));
        record
    }

    fn said(record: &Record) -> String {
        let spec = &shipped_tenant().catalogue.resources["ap_payments"];
        SupplierPayment.check(spec, terms(), record).map_or_else(|error| error.message, |()| "good".to_owned())
    }

    #[test]
    fn a_payment_is_taken_whole_and_names_its_invoices() {
        assert_eq!(said(&payment("5", r#"[{"reference":"A","amount":3},{"reference":"B","amount":2.00}]"#)), "good");
        assert_eq!(
            said(&payment("5", r#"[{"reference":"A","amount":3}]"#)),
            "the allocations come to 3.00, but the payment is 5.00"
        );
        assert_eq!(said(&payment("5", "[]")), "the payment names no invoice");
        assert_eq!(said(&payment("0", "[]")), "the payment is 0.00; a payment is more than nothing");
        assert_eq!(said(&payment("3", r#"[{"voucher":7,"amount":3}]"#)), "an allocation names no invoice");
        let by_number = r#"[{"voucher":7,"year":2026,"invoice_daybook":"SI","amount":3}]"#;
        assert_eq!(said(&payment("3", by_number)), "good");
    }

    #[test]
    fn a_receipt_from_a_customer_needs_no_allocations() {
        let mut record = payment("5", "[]");
        record.insert("customer", "C0001");
        let spec = &shipped_tenant().catalogue.resources["customer_payments"];
        assert!(CustomerPayment.check(spec, terms(), &record).is_ok());
    }
}
