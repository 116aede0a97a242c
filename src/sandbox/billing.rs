//! The chains of subcontractor invoices: month by month, each commitment is billed
//! until little is left of it. Amounts keep to the contract: never more than a line's
//! amount is billed on it, and never more is released than was held back.

use super::jobs::MONTHS;
use super::names::PROGRESS;
use super::random::Random;
use crate::connector::contractor::{BillingPeriod, Commitment, Contractor, Invoice, InvoiceLine, Vendor};
use crate::value::{Date, Decimal, Timestamp};

/// All invoices of all commitments, each with a clean story.
pub fn invoices(contractor: &Contractor) -> Vec<Invoice> {
    let mut random = Random::new(contractor.seed, "billing");
    let mut invoices = Vec::new();
    for commitment in &contractor.commitments {
        let periods: Vec<_> = contractor.periods.iter().filter(|period| period.project == commitment.project).collect();
        let vendor = contractor.vendors.iter().find(|vendor| vendor.id == commitment.vendor);
        let mut chain = Chain::new(commitment, vendor, &mut random);
        let months = random.between(4, 9);
        let first = usize::try_from(i64::from(MONTHS) - months).unwrap_or(0);
        let pending = *random.pick(&[1_i64, 1, 2, 2, 3]);
        for (sequence, period) in (1..=months).zip(periods.iter().skip(first)) {
            let stage = if sequence > months - pending { months - sequence } else { i64::MAX };
            let id = 1_412_000 + i64::try_from(invoices.len()).unwrap_or(0) * 7;
            invoices.push(chain.bill(id, sequence, months, period, stage, &mut random));
        }
    }
    invoices
}

/// One commitment as it is being billed.
struct Chain<'a> {
    commitment: &'a Commitment,
    letters: String,
    next_number: i64,
    /// Per line, in cents: what is left of the contract, and what is held back.
    left: Vec<i64>,
    held: Vec<i64>,
}

impl<'a> Chain<'a> {
    fn new(commitment: &'a Commitment, vendor: Option<&Vendor>, random: &mut Random) -> Self {
        let name = vendor.map_or("", |vendor| vendor.name.as_str());
        let cents = |amount: Decimal| {
            amount.checked_mul(Decimal::from(100_i64)).and_then(Decimal::to_integer).unwrap_or_default()
        };
        Self {
            commitment,
            letters: name.split_whitespace().filter_map(|word| word.chars().find(char::is_ascii_uppercase)).collect(),
            next_number: random.between(100, 900),
            left: commitment.lines.iter().map(|line| cents(line.amount)).collect(),
            held: vec![0; commitment.lines.len()],
        }
    }

    /// `stage`: how many invoices of the chain come after this one, if it is not approved yet.
    fn bill(
        &mut self,
        id: i64,
        sequence: i64,
        months: i64,
        period: &BillingPeriod,
        stage: i64,
        random: &mut Random,
    ) -> Invoice {
        self.next_number += random.between(1, 9);
        let lines = (0..self.commitment.lines.len())
            .filter_map(|index| self.line(index, id, months - sequence, random))
            .collect();
        let billing_date = period.end.plus_days(-random.between(0, 5));
        let (created, updated) = moments(billing_date, random);
        Invoice {
            id,
            commitment: self.commitment.id,
            number: sequence,
            // The commitment keeps numbers of one vendor apart from each other on the same project.
            invoice_number: Some(format!("{}-{}{:02}", self.letters, self.next_number, self.commitment.id / 4 % 100)),
            period: period.id,
            billing_date: Some(billing_date),
            status: status(stage, random).to_owned(),
            is_final: false,
            lines,
            created,
            updated,
        }
    }

    fn line(&mut self, index: usize, invoice: i64, after: i64, random: &mut Random) -> Option<InvoiceLine> {
        // A line is not touched in every month, but its last month is never missed.
        if after > 0 && random.chance(25) {
            return None;
        }
        let share = random.between(60, 130) * self.left[index] / (100 * (after + 2));
        let billed = (share - share % 25).clamp(0, self.left[index]);
        let materials = if random.chance(6) { billed / 4 } else { 0 };
        self.left[index] -= billed;
        let retained = Decimal::cents(billed)
            .checked_mul(self.commitment.retainage_percent)
            .and_then(|amount| amount.checked_div(Decimal::from(100_i64)))
            .and_then(|amount| amount.rounded(2).checked_mul(Decimal::from(100_i64)))
            .and_then(Decimal::to_integer)
            .unwrap_or_default();
        let released = if after < 2 && random.chance(12) { self.held[index] / 2 } else { 0 };
        self.held[index] += retained - released;
        let line = &self.commitment.lines[index];
        Some(InvoiceLine {
            id: invoice * 100 + i64::try_from(index).unwrap_or(0),
            line: line.id,
            description: random.chance(70).then(|| format!("{}: {}", line.description, random.pick(&PROGRESS[..7]))),
            work: Decimal::cents(billed - materials),
            materials: Decimal::cents(materials),
            retained: Decimal::cents(retained),
            released: Decimal::cents(released),
        })
    }
}

/// The newest are still being written, those before them are being looked at.
fn status(stage: i64, random: &mut Random) -> &'static str {
    match stage {
        0 => random.pick::<&'static str>(&["draft", "draft", "under_review"]),
        1 => random.pick::<&'static str>(&["under_review", "under_review", "revise_and_resubmit"]),
        2 => random.pick::<&'static str>(&["under_review", "pending_owner_approval"]),
        _ => random.pick::<&'static str>(&["approved", "approved", "approved", "approved", "approved_as_noted"]),
    }
}

/// Written a few days before the billing date, last touched a few days after it.
fn moments(billing_date: Date, random: &mut Random) -> (Timestamp, Timestamp) {
    let at = |date: Date, seconds: i64| {
        let midnight = date.to_string().parse::<Timestamp>().unwrap_or_else(|_| Timestamp::from_unix(0));
        Timestamp::from_unix(midnight.unix() + seconds)
    };
    (
        at(billing_date.plus_days(-random.between(1, 4)), random.between(46_800, 82_800)),
        at(billing_date.plus_days(random.between(0, 1)), random.between(46_800, 82_800)),
    )
}
