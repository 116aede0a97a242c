//! What QAD asks of a payment before it takes it.
//!
//! Takes the record as it came over the wire; hands on a [`Payment`] without its number, or
//! every complaint.

use super::ledger::{Invoice, InvoiceKey, Ledger};
use super::payments::{Allocation, Payment, PaymentKey, Side};
use super::posting::{Reader, Rules, code};
use crate::connectors::qad::error::Complaint;
use crate::value::{Date, Decimal, Record, Value};
use std::collections::BTreeMap;

const BANK: &str = "BK";
/// An invoice of this status is locked for payment.
const LOCKED: &str = "AP-INITIAL";

impl Rules<'_> {
    /// A payment to a supplier, against invoices of the ledger.
    pub fn read_payment(&self, wire: &Record, ledger: &Ledger) -> Result<Payment, Vec<Complaint>> {
        let mut reader = Reader { fields: self.fields, wire, complaints: Vec::new() };
        let supplier = self.party(&mut reader, "supplier", "suppliers", "Supplier");
        let date = self.paid_on(&mut reader);
        self.period(&mut reader, "payment_date", date);
        let mut payment = self.payment(&mut reader, Side::Supplier, supplier, date);
        payment.allocations = self.allocations(&mut reader, ledger, &payment.party);
        let allocated = payment.allocations.iter().try_fold(Decimal::ZERO, |sum, paid| sum.checked_add(paid.amount));
        if allocated != Some(payment.amount) {
            let message = "Payment amount is not equal to the total of its allocations.";
            reader.complain("amount", code::UNBALANCED, message, &payment.amount.to_string());
        }
        if reader.complaints.is_empty() { Ok(payment) } else { Err(reader.complaints) }
    }

    /// A payment that a customer made, on account.
    pub fn read_receipt(&self, wire: &Record) -> Result<Payment, Vec<Complaint>> {
        let mut reader = Reader { fields: self.fields, wire, complaints: Vec::new() };
        let customer = self.party(&mut reader, "customer", "customers", "Customer");
        let date = self.paid_on(&mut reader);
        let mut payment = self.payment(&mut reader, Side::Customer, customer, date);
        payment.project = reader.text("project");
        if !payment.project.is_empty() && self.masters.get("projects", &payment.project).is_none() {
            reader.complain("project", code::MANDATORY, "Project is mandatory.", &payment.project);
        }
        if reader.complaints.is_empty() { Ok(payment) } else { Err(reader.complaints) }
    }

    fn paid_on(&self, reader: &mut Reader<'_>) -> Date {
        reader.mandatory("payment_date");
        reader.day("payment_date").unwrap_or(self.today)
    }

    fn payment(&self, reader: &mut Reader<'_>, side: Side, party: Option<&Record>, date: Date) -> Payment {
        self.entity(reader);
        let own = &self.own.payment;
        let amount = reader.amount("amount");
        if amount.is_negative() || amount.is_zero() {
            reader.complain("amount", code::SIDE, "Payment amount must be greater than zero.", &amount.to_string());
        }
        reader.too_long();
        Payment {
            key: PaymentKey {
                side,
                entity: self.entity.to_owned(),
                year: i64::from(date.year()),
                instrument: reader.known("type", "TRANSFER"),
                number: 0,
            },
            party: party.and_then(|party| party.get("code")).map(ToString::to_string).unwrap_or_default(),
            reference: reader.mandatory("reference"),
            date,
            amount,
            currency: reader.listed("currency", &[self.currency], self.currency),
            daybook: reader.listed("daybook", &[BANK, &own.daybook, &own.receipts_daybook], BANK),
            status: reader.known("status", "INITIAL"),
            description: reader.text("description"),
            project: String::new(),
            allocations: Vec::new(),
        }
    }

    fn allocations(&self, reader: &mut Reader<'_>, ledger: &Ledger, supplier: &str) -> Vec<Allocation> {
        let Some(spec) = self.fields.get("allocations") else { return Vec::new() };
        let rows = reader.wire.get(spec.wire_name("allocations")).and_then(Value::as_list).unwrap_or_default();
        let mut taken: BTreeMap<InvoiceKey, Decimal> = BTreeMap::new();
        let mut allocations = Vec::with_capacity(rows.len());
        for row in rows.iter().filter_map(Value::as_record) {
            let mut inner = Reader { fields: &spec.fields, wire: row, complaints: Vec::new() };
            allocations.extend(self.allocation(&mut inner, ledger, supplier, &mut taken));
            inner.too_long();
            reader.complaints.append(&mut inner.complaints);
        }
        allocations
    }

    /// What is paid of one invoice: no more than is left of it.
    fn allocation(
        &self,
        reader: &mut Reader<'_>,
        ledger: &Ledger,
        supplier: &str,
        taken: &mut BTreeMap<InvoiceKey, Decimal>,
    ) -> Option<Allocation> {
        let amount = reader.amount("amount");
        let Some(invoice) = self.invoice(reader, ledger, supplier, amount) else {
            let named = [reader.text("reference"), reader.text("voucher")].into_iter().find(|text| !text.is_empty());
            reader.complain("reference", code::MANDATORY, "Invoice is mandatory.", &named.unwrap_or_default());
            return None;
        };
        if invoice.status_code == LOCKED {
            let message = format!("Invoice {} is locked for payment.", invoice.reference);
            reader.complain("reference", code::LOCKED, &message, &invoice.reference);
        }
        let before = taken.entry(invoice.key.clone()).or_default();
        let after = before.checked_add(amount)?;
        *before = after;
        let balance = invoice.balance();
        if after.is_negative() != balance.is_negative() || after.abs() > balance.abs() {
            let message =
                format!("Allocation exceeds the balance of invoice {}, {}.", invoice.reference, balance.fixed(2));
            reader.complain("amount", code::OVERPAID, &message, &amount.to_string());
        }
        Some(Allocation { invoice: invoice.key.clone(), reference: invoice.reference.clone(), amount })
    }

    /// By its number, or by the supplier's own; of several, one on the side of the amount.
    fn invoice<'l>(
        &self,
        reader: &Reader<'_>,
        ledger: &'l Ledger,
        supplier: &str,
        amount: Decimal,
    ) -> Option<&'l Invoice> {
        let reference = reader.text("reference");
        let number = |name: &str| reader.raw(name).and_then(Value::as_integer);
        let numbered = number("voucher").filter(|voucher| *voucher != 0);
        let named = |invoice: &&Invoice| match numbered {
            Some(voucher) => {
                invoice.key.voucher == voucher
                    && Some(invoice.key.year) == number("year")
                    && invoice.key.daybook == reader.text("invoice_daybook")
            }
            None => !reference.is_empty() && invoice.reference.eq_ignore_ascii_case(&reference),
        };
        let own = |invoice: &&Invoice| {
            invoice.key.entity == self.entity && invoice.supplier.eq_ignore_ascii_case(supplier) && named(invoice)
        };
        let on_its_side = |invoice: &&Invoice| {
            !invoice.balance().is_zero() && invoice.balance().is_negative() == amount.is_negative()
        };
        ledger.all().filter(own).find(on_its_side).or_else(|| ledger.all().find(own))
    }
}
