//! Payments, made to suppliers and received from customers, by entity, year, instrument and number.

use super::answer::record;
use super::ledger::InvoiceKey;
use super::session::hash;
use crate::value::{Date, Decimal, Record, Value, to_json_string};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whom it was paid to, or by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Side {
    Supplier,
    Customer,
}

/// What names a payment for good.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PaymentKey {
    pub side: Side,
    pub entity: String,
    pub year: i64,
    pub instrument: String,
    pub number: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    pub key: PaymentKey,
    /// Code of the supplier or the customer.
    pub party: String,
    pub reference: String,
    pub date: Date,
    pub amount: Decimal,
    pub currency: String,
    pub daybook: String,
    pub status: String,
    pub description: String,
    pub project: String,
    pub allocations: Vec<Allocation>,
}

/// What a payment takes of one invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    pub invoice: InvoiceKey,
    pub reference: String,
    pub amount: Decimal,
}

#[derive(Clone, Default)]
pub struct Payments(BTreeMap<PaymentKey, Payment>);

impl Payments {
    pub fn of(&self, side: Side) -> impl Iterator<Item = &Payment> {
        self.0.values().filter(move |payment| payment.key.side == side)
    }

    pub fn get(&self, key: &PaymentKey) -> Option<&Payment> {
        self.0.get(key)
    }

    /// The next number of that year and instrument.
    pub fn next_number(&self, key: &PaymentKey) -> i64 {
        let alike = |other: &&PaymentKey| {
            (other.side, &other.entity, other.year, &other.instrument)
                == (key.side, &key.entity, key.year, &key.instrument)
        };
        self.0.keys().filter(alike).map(|key| key.number).max().unwrap_or(0) + 1
    }

    pub fn save(&mut self, payment: Payment) {
        self.0.insert(payment.key.clone(), payment);
    }

    pub fn has_twin(&self, payment: &Payment) -> bool {
        self.of(payment.key.side).any(|other| {
            other.key != payment.key
                && other.party.eq_ignore_ascii_case(&payment.party)
                && other.reference.eq_ignore_ascii_case(&payment.reference)
        })
    }

    /// Sorted by party and reference; numbers are left out, since they tell only the order of posting.
    pub fn books(&self, side: Side) -> serde_json::Value {
        let mut payments: Vec<&Payment> = self.of(side).collect();
        payments.sort_by_key(|payment| (&payment.party, &payment.reference, &payment.key));
        payments.into_iter().map(Payment::book).collect()
    }
}

impl Payment {
    /// In the catalogue's names.
    pub fn record(&self) -> Record {
        let party = match self.key.side {
            Side::Supplier => "supplier",
            Side::Customer => "customer",
        };
        record([
            (party, self.party.as_str().into()),
            ("reference", self.reference.as_str().into()),
            ("type", self.key.instrument.as_str().into()),
            ("payment_date", self.date.into()),
            ("currency", self.currency.as_str().into()),
            ("daybook", self.daybook.as_str().into()),
            ("status", self.status.as_str().into()),
            ("description", self.description.as_str().into()),
            ("project", self.project.as_str().into()),
            ("allocations", Value::list(self.allocations.iter().map(|paid| paid.record().into()).collect())),
            ("amount", self.amount.into()),
            ("entity", self.key.entity.as_str().into()),
            ("year", self.key.year.into()),
            ("number", self.key.number.into()),
        ])
    }

    /// Payments are never changed once they are saved.
    pub fn concurrency_hash(&self) -> String {
        hash(&to_json_string(&self.record().into()), 8)
    }

    fn book(&self) -> serde_json::Value {
        let allocations: Vec<serde_json::Value> = self
            .allocations
            .iter()
            .map(|paid| serde_json::json!({ "reference": paid.reference, "amount": paid.amount.fixed(2) }))
            .collect();
        serde_json::json!({
            "party": self.party, "reference": self.reference, "type": self.key.instrument,
            "date": self.date.to_string(), "amount": self.amount.fixed(2), "currency": self.currency,
            "status": self.status, "description": self.description, "project": self.project,
            "allocations": allocations,
        })
    }
}

impl Allocation {
    fn record(&self) -> Record {
        record([
            ("reference", self.reference.as_str().into()),
            ("year", self.invoice.year.into()),
            ("invoice_daybook", self.invoice.daybook.as_str().into()),
            ("voucher", self.invoice.voucher.into()),
            ("amount", self.amount.into()),
        ])
    }
}
