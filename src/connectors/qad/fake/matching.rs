//! Invoices that come together with their match: receipts that are taken, and costs beside
//! them.

use super::ledger::{Invoice, Line};
use super::posting::{Rules, code};
use super::{QadFake, ledger::Match};
use crate::connectors::qad::error::Complaint;
use crate::value::{Decimal, Record, Value};

/// What a match comes to: the status of an invoice that is confirmed with it.
pub const MATCHED_STATUS: &str = "AP-RMALLOC";

impl QadFake {
    /// Gives an invoice its match, if the receipts bear it and all comes to the total.
    pub fn matched(
        &self,
        rules: &Rules<'_>,
        mut invoice: Invoice,
        matches: &[Match],
        costs: &[Record],
    ) -> Result<Invoice, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let mut complain = |field: &str, message: String, value: String| {
            let code = code::UNMATCHED.to_owned();
            complaints.push(Complaint { field: field.to_owned(), value, code, message });
        };
        for (place, taken) in matches.iter().enumerate() {
            let before = matches[..place].iter().filter(|other| other.is_of(taken)).map(|other| other.quantity);
            let open = before.fold(self.open_quantity(taken), |open, gone| open.checked_sub(gone).unwrap_or_default());
            if taken.quantity.is_negative() || taken.quantity > open {
                let message = format!(
                    "Receiver {} has {open} open on line {} of order {}.",
                    taken.receiver, taken.line, taken.order
                );
                complain("quantity", message, taken.quantity.to_string());
            }
        }
        let mut lines: Vec<Line> = Vec::new();
        let (mut read, mut wrong) = rules.costs(costs, &invoice.description);
        lines.append(&mut read);
        let sum = matches.iter().map(Match::worth).chain(lines.iter().map(|line| line.amount));
        let sum = sum.fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(sum));
        if sum != invoice.total {
            let message = "Invoice amount is not equal to the total of its matching lines.".to_owned();
            complain("total", message, invoice.total.to_string());
        }
        complaints.append(&mut wrong);
        if !complaints.is_empty() {
            return Err(complaints);
        }
        MATCHED_STATUS.clone_into(&mut invoice.status_code);
        invoice.lines = lines;
        invoice.matches = matches.to_vec();
        Ok(invoice)
    }

    /// What of a receiver's line is not matched yet.
    fn open_quantity(&self, taken: &Match) -> Decimal {
        let receipts = self.records("goods_receipts");
        let text = |record: &Record, name: &str| record.get(name).map(ToString::to_string).unwrap_or_default();
        let is_of = |receipt: &&Record| {
            (text(receipt, "receiver"), text(receipt, "order"), text(receipt, "line"))
                == (taken.receiver.clone(), taken.order.clone(), taken.line.to_string())
        };
        let number = |record: &Record, name: &str| record.get(name).and_then(Value::as_decimal).unwrap_or_default();
        let receipt = receipts.iter().find(is_of);
        let open = receipt.and_then(|receipt| number(receipt, "quantity").checked_sub(number(receipt, "matched")));
        open.unwrap_or_default()
    }
}
