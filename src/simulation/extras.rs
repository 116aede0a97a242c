//! What must be so where the customer's file asks for more than the standard flows do:
//! corrections, approvals, and marks in the source.

use super::oracle::{Breach, LISTS, Sight, breach};
use super::programs::{LIMIT, MARK};
use super::reckoning::{COSTS, INVOICES, PAYMENTS, plus};
use super::stands::Stands;
use crate::store::{Intent, Outcome, RecordEntry, RecordId};
use crate::value::Decimal;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// A person's yes.
pub struct Grant {
    pub record: RecordId,
    /// What they were shown.
    pub amount: Option<Decimal>,
    pub content: String,
}

/// Lists of papers, and the flows that read them.
const PAPERS: [(&str, &str); 3] = [("requisitions", INVOICES), ("direct_costs", COSTS), ("payments", PAYMENTS)];

/// No correction stands there that was not announced before it was sent.
pub fn corrections_announced<'a>(
    records: &[RecordEntry],
    intents: &[Intent],
    entries: impl Iterator<Item = &'a Stands>,
) -> Result<(), Breach> {
    let names = |key: &Json, reference: &str| {
        let pairs = key.as_array().into_iter().flatten();
        pairs.filter_map(Json::as_array).any(|pair| pair.get(1).is_some_and(|value| value == reference))
    };
    for entry in entries {
        for correction in &entry.corrections {
            let kept =
                records.iter().flat_map(|record| &record.parts).any(|part| names(&part.key, &correction.reference));
            let open = intents.iter().any(|intent| names(&intent.key, &correction.reference));
            if !kept && !open {
                return breach("nothing is sent that was not announced", entry.shown.clone());
            }
        }
    }
    Ok(())
}

/// Nothing over the limit stands there that nobody said yes to: of each content its own yes.
pub fn approved(sight: &Sight, grants: &[Grant]) -> Result<(), Breach> {
    let limit = Decimal::from(LIMIT);
    let (list, flows) = LISTS[0];
    for entry in sight.ours(list) {
        let owners: BTreeSet<&RecordId> = sight
            .records
            .iter()
            .filter(|record| flows.contains(&record.id.flow.as_str()))
            .filter(|record| sight.had(record).iter().any(|version| version.key == entry.key))
            .map(|record| &record.id)
            .collect();
        let granted: Vec<&Grant> = grants.iter().filter(|grant| owners.contains(&grant.record)).collect();
        if entry.first > limit && !granted.iter().any(|grant| grant.amount == Some(entry.first)) {
            return breach("nothing is posted that waits for a yes", entry.shown.clone());
        }
        let mut total = entry.first;
        let mut needed = usize::from(total > limit);
        for correction in &entry.corrections {
            total = plus(total, correction.total);
            needed += usize::from(total > limit);
        }
        let contents: BTreeSet<&str> = granted.iter().map(|grant| grant.content.as_str()).collect();
        if contents.len() < needed {
            return breach("nothing is posted that waits for a yes", entry.shown.clone());
        }
    }
    Ok(())
}

/// What is written on a paper is the name of what it became.
pub fn marks(sight: &Sight) -> Result<(), Breach> {
    for (list, flow) in PAPERS {
        for paper in sight.papers.get(list).into_iter().flatten() {
            let Some(mark) = paper[MARK].as_str() else { continue };
            let became = of_paper(&sight.records, flow, paper).and_then(|record| record.reference.as_deref());
            if became != Some(mark) {
                return breach("a mark names what the paper became", paper.to_string());
            }
        }
    }
    Ok(())
}

/// What is posted is marked, or it is told why not.
pub fn marked(sight: &Sight) -> Result<(), Breach> {
    for (list, flow) in PAPERS {
        for paper in sight.papers.get(list).into_iter().flatten() {
            let Some(record) = of_paper(&sight.records, flow, paper) else { continue };
            let told = record.mark.as_ref().is_some_and(|mark| mark.refused && !mark.reason.is_empty());
            if record.outcome == Outcome::Posted && paper[MARK].is_null() && !told {
                return breach("what is posted is marked", format!("{}: {paper}", record.id));
            }
        }
    }
    Ok(())
}

fn of_paper<'a>(records: &'a [RecordEntry], flow: &str, paper: &Json) -> Option<&'a RecordEntry> {
    let id = paper["id"].to_string();
    records.iter().find(|record| record.id.flow == flow && record.id.key.rsplit('/').next() == Some(&id))
}
