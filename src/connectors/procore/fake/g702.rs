//! The arithmetic of an application for payment (form G702, lines of form G703).
//!
//! Takes a commitment and the chain of its invoices up to one of them, each in amounts
//! of its own period; hands on that one in cumulative form. Invariants: the sums of
//! the form hold to the cent, and what is due equals the sum of the lines' net amounts.

use crate::connector::contractor::{Commitment, CommitmentLine, Invoice, InvoiceLine};
use crate::value::Decimal;
use std::collections::BTreeMap;

/// One application, with the whole schedule of values: lines that are not billed in
/// this period stand there with nothing in it, as on the form.
pub struct Application<'a> {
    pub lines: Vec<Line<'a>>,
    /// What was earned less retainage by the application before.
    pub earned_before: Decimal,
    original: Decimal,
    additions: Decimal,
    deductions: Decimal,
}

/// One line of the schedule of values.
pub struct Line<'a> {
    pub scheduled: Option<&'a CommitmentLine>,
    /// `None` if it is not billed in this period.
    pub billed: Option<&'a InvoiceLine>,
    pub before: Standing,
    pub period: Period,
}

/// How a line stood when the period began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    pub work: Decimal,
    pub materials: Decimal,
    /// Retainage held on work, and on materials.
    pub held_work: Decimal,
    pub held_materials: Decimal,
}

/// What the period brought to a line. Retainage is told apart by what it is held on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Period {
    pub work: Decimal,
    pub materials: Decimal,
    pub retained_work: Decimal,
    pub retained_materials: Decimal,
    pub released_work: Decimal,
    pub released_materials: Decimal,
}

/// The sums of the form.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    pub original: Decimal,
    pub change_orders: Decimal,
    pub additions: Decimal,
    pub deductions: Decimal,
    pub contract_sum: Decimal,
    pub completed_and_stored: Decimal,
    pub work: Decimal,
    pub stored_materials: Decimal,
    pub new_materials: Decimal,
    pub retainage_on_work: Decimal,
    pub retainage_on_materials: Decimal,
    pub retainage: Decimal,
    pub earned_less_retainage: Decimal,
    pub less_previous: Decimal,
    pub due: Decimal,
    pub balance_to_finish: Decimal,
}

/// The last invoice of `chain`, which is in the order of their numbers.
pub fn application<'a>(commitment: &'a Commitment, chain: &[&'a Invoice]) -> Application<'a> {
    let mut standing: BTreeMap<i64, Standing> = BTreeMap::new();
    let (last, earlier) = chain.split_last().map_or((None, chain), |(last, earlier)| (Some(*last), earlier));
    for line in earlier.iter().flat_map(|invoice| &invoice.lines) {
        let before = standing.entry(line.line).or_default();
        *before = before.after(period(line, *before));
    }
    let earned_before = total(standing.values().map(|line| sub(line.completed(), line.held())));
    let of_kind = |keep: &dyn Fn(&CommitmentLine) -> bool| {
        total(commitment.lines.iter().filter(|line| keep(line)).map(|line| line.amount))
    };
    Application {
        lines: schedule(commitment, last, standing),
        earned_before,
        original: of_kind(&|line| !line.change_order),
        additions: of_kind(&|line| line.change_order && !line.amount.is_negative()),
        deductions: of_kind(&|line| line.change_order && line.amount.is_negative()),
    }
}

/// The commitment's lines in their order, then what was or is billed outside of them.
fn schedule<'a>(
    commitment: &'a Commitment,
    invoice: Option<&'a Invoice>,
    mut standing: BTreeMap<i64, Standing>,
) -> Vec<Line<'a>> {
    let billed = |id: i64| invoice.into_iter().flat_map(|invoice| &invoice.lines).filter(move |line| line.line == id);
    let mut lines = Vec::new();
    // A line billed twice in one period carries what went before on the first of the two.
    let mut push = |scheduled: Option<&'a CommitmentLine>, id: i64, billed: Option<&'a InvoiceLine>| {
        let before = standing.remove(&id).unwrap_or_default();
        let period = billed.map(|line| period(line, before)).unwrap_or_default();
        lines.push(Line { scheduled, billed, before, period });
    };
    for scheduled in &commitment.lines {
        let mut any = false;
        for line in billed(scheduled.id) {
            any = true;
            push(Some(scheduled), scheduled.id, Some(line));
        }
        if !any {
            push(Some(scheduled), scheduled.id, None);
        }
    }
    let known = |id: i64| commitment.lines.iter().any(|line| line.id == id);
    for line in invoice.into_iter().flat_map(|invoice| &invoice.lines).filter(|line| !known(line.line)) {
        push(None, line.line, Some(line));
    }
    let left = std::mem::take(&mut standing).into_values();
    lines.extend(left.map(|before| Line { scheduled: None, billed: None, before, period: Period::default() }));
    lines
}

fn period(line: &InvoiceLine, before: Standing) -> Period {
    let retained_materials = share(line.retained, line.work, line.materials);
    // What is released comes off the work first.
    let released_materials = sub(line.released, before.held_work).max(Decimal::ZERO).min(before.held_materials);
    let released_materials = released_materials.max(Decimal::ZERO);
    Period {
        work: line.work,
        materials: line.materials,
        retained_work: sub(line.retained, retained_materials),
        retained_materials,
        released_work: sub(line.released, released_materials),
        released_materials,
    }
}

/// The part of the retainage that falls on materials, in proportion, to the cent.
fn share(retained: Decimal, work: Decimal, materials: Decimal) -> Decimal {
    if materials.is_zero() {
        return Decimal::ZERO;
    }
    if work.is_zero() {
        return retained;
    }
    let part = retained.checked_mul(materials).and_then(|part| part.checked_div(add(work, materials)));
    part.unwrap_or_default().rounded(2)
}

impl Standing {
    fn after(self, period: Period) -> Self {
        Self {
            work: add(self.work, period.work),
            materials: add(self.materials, period.materials),
            held_work: sub(add(self.held_work, period.retained_work), period.released_work),
            held_materials: sub(add(self.held_materials, period.retained_materials), period.released_materials),
        }
    }

    pub fn completed(self) -> Decimal {
        add(self.work, self.materials)
    }

    pub fn held(self) -> Decimal {
        add(self.held_work, self.held_materials)
    }
}

impl Period {
    pub fn gross(self) -> Decimal {
        add(self.work, self.materials)
    }
}

impl Line<'_> {
    /// How the line stands when the period ends.
    pub fn after(&self) -> Standing {
        self.before.after(self.period)
    }

    /// What is payable for it now.
    pub fn net(&self) -> Decimal {
        self.billed.map(InvoiceLine::net).unwrap_or_default()
    }

    pub fn scheduled_value(&self) -> Decimal {
        self.scheduled.map(|line| line.amount).unwrap_or_default()
    }
}

impl Application<'_> {
    pub fn summary(&self) -> Summary {
        let after: Vec<Standing> = self.lines.iter().map(Line::after).collect();
        let work = total(after.iter().map(|line| line.work));
        let stored_materials = total(after.iter().map(|line| line.materials));
        let retainage_on_work = total(after.iter().map(|line| line.held_work));
        let retainage_on_materials = total(after.iter().map(|line| line.held_materials));
        let change_orders = add(self.additions, self.deductions);
        let contract_sum = add(self.original, change_orders);
        let completed_and_stored = add(work, stored_materials);
        let retainage = add(retainage_on_work, retainage_on_materials);
        let earned_less_retainage = sub(completed_and_stored, retainage);
        Summary {
            original: self.original,
            change_orders,
            additions: self.additions,
            deductions: self.deductions,
            contract_sum,
            completed_and_stored,
            work,
            stored_materials,
            new_materials: total(self.lines.iter().map(|line| line.period.materials)),
            retainage_on_work,
            retainage_on_materials,
            retainage,
            earned_less_retainage,
            less_previous: self.earned_before,
            due: sub(earned_less_retainage, self.earned_before),
            balance_to_finish: sub(contract_sum, earned_less_retainage),
        }
    }
}

/// `part` of `whole` in percent, to two places; nothing of nothing is nothing.
pub fn percent(part: Decimal, whole: Decimal) -> Decimal {
    let hundredfold = part.checked_mul(Decimal::from(100_i64));
    hundredfold.and_then(|part| part.checked_div(whole)).unwrap_or_default().rounded(2)
}

pub fn total(amounts: impl Iterator<Item = Decimal>) -> Decimal {
    amounts.fold(Decimal::ZERO, add)
}

// Amounts of the sandbox are bounded where they come in, far below what a decimal holds.
pub fn add(left: Decimal, right: Decimal) -> Decimal {
    left.checked_add(right).expect("sandbox amounts are bounded")
}

pub fn sub(left: Decimal, right: Decimal) -> Decimal {
    left.checked_sub(right).expect("sandbox amounts are bounded")
}

#[cfg(test)]
mod tests {
    use super::{Application, add, application, sub, total};
    use crate::connector::contractor::{Commitment, CommitmentLine, Invoice, InvoiceLine};
    use crate::value::{Date, Decimal, Timestamp};
    use proptest::prelude::*;

    fn commitment(amounts: &[i64]) -> Commitment {
        let line = |(index, amount): (usize, &i64)| CommitmentLine {
            id: 100 + index as i64,
            cost_code: 0,
            cost_type: 0,
            description: "line".into(),
            amount: Decimal::cents(*amount),
            change_order: index % 3 == 2,
        };
        Commitment {
            id: 1,
            project: 1,
            vendor: 1,
            subcontract: true,
            number: "SC-1".into(),
            title: "Work".into(),
            approved: true,
            retainage_percent: Decimal::from(10_i64),
            date: Date::new(2026, 1, 1).expect("a day"),
            ledger_order: None,
            lines: amounts.iter().enumerate().map(line).collect(),
        }
    }

    fn invoice(number: i64, lines: &[(usize, i64, i64, i64, i64)]) -> Invoice {
        let line =
            |(index, (at, work, materials, retained, released)): (usize, &(usize, i64, i64, i64, i64))| InvoiceLine {
                id: number * 100 + index as i64,
                line: 100 + *at as i64,
                description: None,
                work: Decimal::cents(*work),
                materials: Decimal::cents(*materials),
                retained: Decimal::cents(*retained),
                released: Decimal::cents(*released),
            };
        Invoice {
            id: number,
            commitment: 1,
            number,
            invoice_number: None,
            period: 1,
            billing_date: None,
            status: "approved".into(),
            is_final: false,
            lines: lines.iter().enumerate().map(line).collect(),
            created: Timestamp::from_unix(0),
            updated: Timestamp::from_unix(0),
        }
    }

    fn check(application: &Application<'_>, previous: Decimal) {
        let sums = application.summary();
        assert_eq!(sums.contract_sum, add(sums.original, sums.change_orders));
        assert_eq!(sums.retainage, add(sums.retainage_on_work, sums.retainage_on_materials));
        assert_eq!(sums.earned_less_retainage, sub(sums.completed_and_stored, sums.retainage));
        assert_eq!(sums.less_previous, previous);
        assert_eq!(sums.due, sub(sums.earned_less_retainage, sums.less_previous));
        assert_eq!(sums.balance_to_finish, sub(sums.contract_sum, sums.earned_less_retainage));
        assert_eq!(sums.due, total(application.lines.iter().map(super::Line::net)));
        for line in &application.lines {
            let parts = add(add(line.before.work, line.period.work), line.after().materials);
            assert_eq!(line.after().completed(), parts);
        }
    }

    #[test]
    fn retainage_is_held_and_released_and_what_is_due_follows() {
        let commitment = commitment(&[48_000_000, 10_000_000, 1_250_000]);
        let first = invoice(1, &[(0, 7_300_000, 0, 730_000, 0)]);
        let second = invoice(2, &[(0, 7_300_000, 100_000, 740_000, 0)]);
        let last = invoice(3, &[(0, 0, 0, 0, 1_470_000)]);
        let due: Vec<String> = [vec![&first], vec![&first, &second], vec![&first, &second, &last]]
            .iter()
            .map(|chain| application(&commitment, chain).summary().due.fixed(2))
            .collect();
        assert_eq!(due, ["65700.00", "66600.00", "14700.00"]);
        let sums = application(&commitment, &[&first, &second, &last]);
        assert!(sums.summary().retainage.is_zero());
        assert_eq!(sums.lines.len(), 3, "the whole schedule of values");
        assert_eq!(sums.lines[0].period.released_materials.fixed(2), "100.00");
    }

    #[test]
    fn a_line_billed_twice_counts_once_for_what_went_before() {
        let commitment = commitment(&[100_000]);
        let first = invoice(1, &[(0, 1_000, 0, 100, 0)]);
        let second = invoice(2, &[(0, 2_000, 0, 200, 0), (0, -500, 0, 0, 0), (9, 300, 0, 0, 0)]);
        let sums = application(&commitment, &[&first, &second]);
        check(&sums, Decimal::cents(900));
        assert_eq!(sums.lines.len(), 3);
        assert_eq!(sums.summary().completed_and_stored, Decimal::cents(2_800));
    }

    proptest! {
        #[test]
        fn the_form_adds_up_for_any_chain(
            amounts in prop::collection::vec(-1_000_000_i64..100_000_000, 1..6),
            chain in prop::collection::vec(
                prop::collection::vec(
                    (0_usize..7, -500_000_i64..5_000_000, -10_000_i64..500_000, 0_i64..500_000, 0_i64..700_000),
                    0..6,
                ),
                1..7,
            ),
        ) {
            let commitment = commitment(&amounts);
            let invoices: Vec<Invoice> =
                chain.iter().enumerate().map(|(index, lines)| invoice(index as i64 + 1, lines)).collect();
            let mut previous = Decimal::ZERO;
            for upto in 1..=invoices.len() {
                let chain: Vec<&Invoice> = invoices[..upto].iter().collect();
                let application = application(&commitment, &chain);
                check(&application, previous);
                previous = application.summary().earned_less_retainage;
            }
        }
    }
}
