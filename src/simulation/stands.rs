//! Entries of the ledger as they stand, each with the corrections that were posted beside it.

use super::company::BY_HAND;
use super::reckoning::{Entry, Key, plus};
use crate::value::Decimal;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// By account and cost center.
type Lines = BTreeMap<(String, String), Decimal>;

/// An entry of the ledger: the first post of a paper, and what all of it comes to.
pub struct Stands {
    pub key: Key,
    pub total: Decimal,
    lines: Lines,
    pub order: String,
    pub by_hand: bool,
    pub shown: String,
    /// What was posted under this key alone.
    pub first: Decimal,
    /// In the order of their numbers.
    pub corrections: Vec<Correction>,
}

/// A further post over a difference, under a key of its own.
pub struct Correction {
    number: u32,
    pub reference: String,
    pub total: Decimal,
}

impl Stands {
    /// The entries of a list. A correction whose first post is not there stays by itself.
    pub fn all(list: &[Json]) -> Vec<Self> {
        let (corrections, mut entries): (Vec<Self>, Vec<Self>) =
            list.iter().map(Self::of).partition(|entry| entry.corrects().is_some() && !entry.by_hand);
        for correction in corrections {
            let base = correction.corrects();
            let is_base = |entry: &&mut Self| {
                !entry.by_hand
                    && base.as_ref().is_some_and(|(reference, _)| entry.is_called(&correction.key.0, reference))
            };
            match (entries.iter_mut().find(is_base), &base) {
                (Some(entry), Some((_, number))) => entry.take(*number, correction),
                _ => entries.push(correction),
            }
        }
        entries
    }

    fn of(entry: &Json) -> Self {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let party = entry["supplier"].as_str().or(entry["party"].as_str()).unwrap_or_default();
        let mut lines = Lines::new();
        for line in entry["lines"].as_array().into_iter().flatten() {
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            let sum = lines.entry((text("gl_account"), text("cost_center"))).or_default();
            *sum = plus(*sum, text("amount").parse().unwrap_or_default());
        }
        let total = text("amount").parse().unwrap_or_default();
        Self {
            key: (party.to_owned(), text("reference")),
            total,
            lines,
            order: text("purchase_order"),
            by_hand: text("description") == BY_HAND,
            shown: entry.to_string(),
            first: total,
            corrections: Vec::new(),
        }
    }

    /// The reference of what this would be a correction of, and its number among those.
    fn corrects(&self) -> Option<(String, u32)> {
        let (base, number) = self.key.1.rsplit_once("-C")?;
        Some((base.to_owned(), number.parse().ok()?))
    }

    fn is_called(&self, party: &str, reference: &str) -> bool {
        self.key.0 == party && self.key.1 == reference
    }

    fn take(&mut self, number: u32, correction: Self) {
        self.total = plus(self.total, correction.total);
        for (place, amount) in correction.lines {
            let sum = self.lines.entry(place).or_default();
            *sum = plus(*sum, amount);
        }
        self.shown = format!("{}\n  {}", self.shown, correction.shown);
        self.corrections.push(Correction { number, reference: correction.key.1, total: correction.total });
        self.corrections.sort_by_key(|correction| correction.number);
    }

    /// All keys under which something was posted.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        let corrections = self.corrections.iter().map(|correction| correction.reference.clone());
        std::iter::once(self.key.1.clone()).chain(corrections).map(|reference| (self.key.0.clone(), reference))
    }

    pub fn is(&self, wanted: &Entry) -> bool {
        let nonzero = |lines: &Lines| -> Lines {
            lines.iter().filter(|(_, sum)| !sum.is_zero()).map(|(place, sum)| (place.clone(), *sum)).collect()
        };
        let coded = wanted.order.is_empty();
        self.key == wanted.key
            && self.total == wanted.total
            && self.order == wanted.order
            && (!coded || nonzero(&self.lines) == nonzero(&wanted.lines))
    }
}
