//! The retainage of each contract, out of the papers of both sides.
//!
//! The source tells all of it. Of the target only the period is read: what earlier papers
//! brought to the account is carried forward as they were posted, and said so.

use super::Reconciliation;
use super::item::{Item, Standing};
use super::ledgers::{Ledger, Side};
use super::look::{Line, Look};
use super::papers::Paper;
use super::retained::{self, Kept, Movement, Retained};
use crate::engine::stored;
use crate::program::Evaluation;
use crate::store::RecordEntry;
use std::collections::{BTreeMap, HashMap};

/// One contract while its papers are added up.
#[derive(Default)]
struct Contract {
    project: String,
    name: String,
    source: Kept,
    target: Kept,
}

pub(super) fn tell(ledger: &Ledger<'_>, entries: &[Vec<RecordEntry>], items: &[Item], out: &mut Reconciliation) {
    let account = account(ledger.sides);
    let mut contracts: BTreeMap<String, Contract> = BTreeMap::new();
    for (side, entries) in ledger.sides.iter().zip(entries) {
        let entries: HashMap<_, &RecordEntry> = entries.iter().map(|entry| (&entry.id, entry)).collect();
        for paper in &side.papers.all {
            let Some(movement) = paper.retained.as_ref() else { continue };
            let contract = contracts.entry(movement.contract.clone()).or_insert_with(|| Contract {
                project: paper.project.clone(),
                name: movement.name.clone(),
                ..Contract::default()
            });
            if paper.now != Evaluation::Skipped && paper.day.is_none_or(|day| day <= ledger.period.to) {
                let in_period = paper.day.is_some_and(|day| ledger.period.has(day));
                contract.source.add(movement.held, movement.released, in_period);
            }
            let (Some(account), Some(entry)) = (&account, entries.get(&paper.id)) else { continue };
            if let Some((lines, in_period)) = stands(ledger, side, paper, entry, items) {
                let (held, released) = retained::among(&lines, account);
                contract.target.add(held, released, in_period);
            }
        }
    }
    for contract in contracts.into_values() {
        if contract.source == Kept::default() && contract.target == Kept::default() {
            continue;
        }
        out.retainage.push(Retained {
            project: contract.project,
            contract: contract.name,
            source: contract.source,
            target: account.as_ref().map(|_| contract.target),
        });
    }
    if out.retainage_account.is_none() {
        out.retainage_account = account;
    }
}

/// The lines of a paper in the target: as they stand there in the period, and before it as
/// they were posted.
fn stands(
    ledger: &Ledger<'_>,
    side: &Side,
    paper: &Paper,
    entry: &RecordEntry,
    items: &[Item],
) -> Option<(Vec<Line>, bool)> {
    let of_period = items.iter().find(|item| item.key == paper.id.key && item.flow == side.flow.name);
    if let Some(item) = of_period {
        let at = ledger.shelf.named_any(&item.reference).filter(|_| item.standing == Standing::Posted)?;
        let look = ledger.shelf.look(*at)?;
        let in_period = look.day().is_some_and(|day| ledger.period.has(day));
        return look.lines().map(|lines| (lines, in_period));
    }
    entry.reference.as_ref()?;
    let sent = stored::partial(&side.flow.target_type, entry.target.as_ref()?)?;
    let look = Look::at(&side.flow.target, &sent)?;
    (look.day()? < ledger.period.from).then(|| (look.lines().unwrap_or_default(), false))
}

fn account(sides: &[Side]) -> Option<String> {
    let mut papers: Vec<(&Movement, Vec<Line>)> = Vec::new();
    for side in sides {
        for paper in &side.papers.all {
            let look = paper.mapped().and_then(|mapped| Look::at(&side.flow.target, mapped));
            if let (Some(movement), Some(lines)) = (&paper.retained, look.and_then(Look::lines)) {
                papers.push((movement, lines));
            }
        }
    }
    retained::account(&papers)
}
