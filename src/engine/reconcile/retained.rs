//! Retainage by contract: what the source says was held back and released, and what stands
//! in the target on the account that it is kept on.
//!
//! Which account that is, nobody has to say: it is the one on which each paper that holds or
//! releases anything books just that.

use super::look::{Line, Look, less, plus, text};
use crate::value::{Decimal, Value};
use serde::Serialize;
use std::collections::BTreeMap;

/// What one paper holds back and releases.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Movement {
    pub contract: String,
    pub name: String,
    pub held: Decimal,
    pub released: Decimal,
}

impl Movement {
    pub fn of(look: Look<'_>) -> Option<Self> {
        let spec = look.paper.retainage.as_ref()?;
        let contract = text(look.record, &spec.contract)?;
        let mut movement = Self {
            name: text(look.record, &spec.name).unwrap_or_else(|| contract.clone()),
            contract,
            held: Decimal::ZERO,
            released: Decimal::ZERO,
        };
        for item in look.items()? {
            let amount = |path: &str| item.at(path).and_then(Value::as_decimal);
            let net = amount(&look.paper.amount).unwrap_or_default();
            let released = spec.released.iter().filter_map(|path| amount(path)).fold(Decimal::ZERO, plus);
            // What the net amount is short of, whatever it is called.
            let held = plus(less(amount(&spec.gross).unwrap_or(net), net), released);
            movement.held = plus(movement.held, held);
            movement.released = plus(movement.released, released);
        }
        Some(movement)
    }

    /// What it adds to the account.
    pub fn booked(&self) -> Decimal {
        less(self.released, self.held)
    }
}

/// One side's retainage of a contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Kept {
    /// In the period.
    pub held: Decimal,
    pub released: Decimal,
    /// What is still held at the end of the period.
    pub remaining: Decimal,
}

impl Kept {
    pub(super) fn add(&mut self, held: Decimal, released: Decimal, in_period: bool) {
        if in_period {
            self.held = plus(self.held, held);
            self.released = plus(self.released, released);
        }
        self.remaining = plus(self.remaining, less(held, released));
    }
}

/// The retainage of one contract on both sides.
#[derive(Clone, Debug, Serialize)]
pub struct Retained {
    pub project: String,
    pub contract: String,
    pub source: Kept,
    /// `None` where the target keeps no retainage apart.
    pub target: Option<Kept>,
}

/// Held and released among lines, by the account that retainage is kept on.
pub(super) fn among(lines: &[Line], account: &str) -> (Decimal, Decimal) {
    lines.iter().filter(|line| line.code == account).fold((Decimal::ZERO, Decimal::ZERO), |(held, released), line| {
        if line.amount.is_negative() {
            (plus(held, line.amount.negated()), released)
        } else {
            (held, plus(released, line.amount))
        }
    })
}

/// The account on which every movement was mapped, and nothing else; `None` where there is none.
pub(super) fn account(papers: &[(&Movement, Vec<Line>)]) -> Option<String> {
    let mut hits: BTreeMap<String, usize> = BTreeMap::new();
    let mut moving = 0;
    for (movement, lines) in papers {
        let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
        for line in lines {
            let sum = sums.entry(&line.code).or_default();
            *sum = plus(*sum, line.amount);
        }
        if movement.held.is_zero() && movement.released.is_zero() {
            continue;
        }
        moving += 1;
        for (account, sum) in sums {
            if sum == movement.booked() {
                *hits.entry(account.to_owned()).or_default() += 1;
            }
        }
    }
    let mut all = hits.into_iter().filter(|(_, count)| *count == moving).map(|(account, _)| account);
    match (all.next(), all.next()) {
        (Some(account), None) => Some(account),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Movement, account, among};
    use crate::engine::reconcile::look::Line;
    use crate::value::Decimal;

    fn line(code: &str, cents: i64) -> Line {
        Line { code: code.to_owned(), beside: Vec::new(), project: String::new(), amount: Decimal::cents(cents) }
    }

    fn movement(held: i64, released: i64) -> Movement {
        let (held, released) = (Decimal::cents(held), Decimal::cents(released));
        Movement { contract: "1".to_owned(), name: "C".to_owned(), held, released }
    }

    #[test]
    fn the_account_is_the_one_that_books_every_movement() {
        let (one, two, none) = (movement(1_000, 0), movement(500, 2_000), movement(0, 0));
        let papers = [
            (&one, vec![line("5310", 10_000), line("2055", -1_000)]),
            (&two, vec![line("5310", 5_000), line("2055", -500), line("2055", 2_000)]),
            (&none, vec![line("5310", 100)]),
        ];
        assert_eq!(account(&papers).as_deref(), Some("2055"));
        assert_eq!(among(&papers[1].1, "2055"), (Decimal::cents(500), Decimal::cents(2_000)));
        assert_eq!(account(&[(&one, vec![line("5310", 9_000)])]), None, "net amounts show none");
    }
}
